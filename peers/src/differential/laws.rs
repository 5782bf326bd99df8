//! Random laws: few names, so that rules meet.

use hos_core::actor::ActorKind;
use hos_core::contract::{ActionDefinition, Contract, ContractBuilder, Written};
use hos_core::law::{Law, LawDefinition};
use hos_core::policy::{RoleDefinition, RuleDefinition, RuleEffect};
use hos_core::value::Type;
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};

use super::conditions::condition;

/// Of every subject under a contract. One name has one type wherever it stands.
pub(super) const ATTRIBUTES: [(&str, Type); 12] = [
    ("s", Type::String),
    ("like", Type::String),
    ("n", Type::Integer),
    ("m", Type::Integer),
    ("b", Type::Bool),
    ("c", Type::Bool),
    ("t", Type::Time),
    ("u", Type::Time),
    ("ss", Type::StringSet),
    ("ns", Type::IntegerSet),
    ("ts", Type::TimeSet),
    ("bs", Type::BoolSet),
];
/// Of actors.
pub(super) const CLAIMS: [(&str, Type); 5] = [
    ("s", Type::String),
    ("n", Type::Integer),
    ("b", Type::Bool),
    ("t", Type::Time),
    ("ss", Type::StringSet),
];
/// Of requests.
pub(super) const CONTEXT: [(&str, Type); 4] =
    [("n", Type::Integer), ("b", Type::Bool), ("ss", Type::StringSet), ("ns", Type::IntegerSet)];

pub(super) const ABILITIES: [&str; 7] = [
    "order.create",
    "order.pay",
    "order.cancel",
    "report.write",
    "report.read",
    "audit.read",
    "hos.ban",
];
const PATTERNS: [&str; 10] = [
    "order.create",
    "order.pay",
    "order.cancel",
    "report.write",
    "report.read",
    "audit.read",
    "hos.ban",
    "order.*",
    "report.*",
    "*",
];

/// The type of a text or a set, by its name.
pub(super) fn type_of(name: &str) -> Type {
    let built_ins = ["id", "kind", "state", "tenant"].map(|name| (name, Type::String));
    let mut all = built_ins.iter().chain(&ATTRIBUTES);
    all.find(|(of, _)| *of == name).map(|(_, type_)| *type_).expect("a declared name")
}

/// A valid law; the id of each rule is its own.
pub(super) fn law(rng: &mut StdRng) -> LawDefinition {
    let law = Law::builder("world", "1")
        .roles(roles(rng))
        .contract(contract("order", ["create", "pay", "cancel"]))
        .contract(contract("report", ["write", "read", "write"]));
    let law = ABILITIES[..6].iter().fold(law, |law, ability| law.ability(ability));
    let law = CLAIMS.iter().fold(law, |law, (name, type_)| law.claim(name, *type_));
    let law = CONTEXT.iter().fold(law, |law, (name, type_)| law.context(name, *type_));
    let mut definition = law.build().expect("a law without rules").definition().clone();
    for number in 0..rng.random_range(1..12) {
        let rule = rule(rng, &definition.roles, number);
        definition.rules.push(rule);
        // The same rule may not stand twice; anything else that is refused would be a fault here.
        if let Err(error) = Law::new(&definition) {
            assert!(error.has("duplicate_rule"), "{error}");
            definition.rules.pop();
        }
    }
    definition
}

fn contract(kind: &str, [open, go, leave]: [&str; 3]) -> Contract {
    let ability = |verb| format!("{kind}.{verb}");
    let builder: ContractBuilder = Contract::builder(kind, "1")
        .states(["pending", "paid"])
        .initial("pending")
        .terminal(["paid"])
        .open(&ability(open), [""; 0])
        .action(ActionDefinition::new("go", ["pending"], "paid", &ability(go)))
        .action(ActionDefinition::new("leave", ["pending"], "paid", &ability(leave)));
    let named = ATTRIBUTES.iter().fold(builder, |b, (name, type_)| b.attribute(name, *type_));
    named.build().expect("a contract")
}

/// Inherited are roles that stand before, so that there is no cycle.
fn roles(rng: &mut StdRng) -> Vec<RoleDefinition> {
    let mut roles: Vec<RoleDefinition> = Vec::new();
    if rng.random_range(0..8) == 0 {
        roles.push(RoleDefinition::superuser("root"));
    }
    for number in 0..rng.random_range(2..6) {
        let name = format!("r{number}");
        let mut role = match rng.random_range(0..10) {
            0 | 1 => RoleDefinition::world(&name),
            2 => RoleDefinition::implicit(&name, *ActorKind::ALL.choose(rng).expect("some")),
            _ => RoleDefinition::new(&name),
        };
        for other in &roles {
            // A tenant's role may not become a superuser's.
            let may = role.world || !is_super(&roles, other);
            if may && rng.random_range(0..4) == 0 {
                role.inherits.push(other.name.clone());
            }
        }
        roles.push(role);
    }
    roles.shuffle(rng);
    roles
}

fn is_super(roles: &[RoleDefinition], role: &RoleDefinition) -> bool {
    let inherited = |name: &String| {
        let role = roles.iter().find(|role| role.name == *name);
        role.is_some_and(|role| is_super(roles, role))
    };
    role.superuser || role.inherits.iter().any(inherited)
}

fn rule(rng: &mut StdRng, roles: &[RoleDefinition], number: u32) -> RuleDefinition {
    let forbids = rng.random_range(0..10) < 2;
    let mut abilities = vec![*PATTERNS.choose(rng).expect("some")];
    if rng.random_range(0..4) == 0 && !abilities[0].contains('*') {
        abilities.push(ABILITIES.iter().find(|other| **other != abilities[0]).expect("another"));
    }
    let named = match (forbids, rng.random_range(0..4)) {
        (true, 0) => 0,
        (_, 3) => 2,
        _ => 1,
    };
    let rich = !abilities.iter().all(|ability| ["audit.read", "hos.ban"].contains(ability));
    let when = (rng.random_range(0..6) > 0).then(|| {
        let depth = rng.random_range(0..4);
        condition(rng, depth, rich).to_string()
    });
    RuleDefinition {
        id: Some(format!("rule-{number}")),
        effect: if forbids { RuleEffect::Forbid } else { RuleEffect::Permit },
        abilities: abilities.into_iter().map(str::to_owned).collect(),
        roles: roles.sample(rng, named).map(|role| role.name.clone()).collect(),
        when: when.as_deref().map(Written::from),
    }
}
