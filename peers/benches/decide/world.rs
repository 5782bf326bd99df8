//! The questions, the law, and what the answers should be.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::RandomState;
use hos_benches::timed;
use hos_core::actor::{Actor, ActorKind};
use hos_core::condition::{Lookup as _, ValueRef};
use hos_core::contract::{ActionDefinition, Contract, Written};
use hos_core::id::{ActorId, Role, Tenant};
use hos_core::law::Law;
use hos_core::policy::{Question, RoleDefinition, RuleDefinition, RuleEffect};
use hos_core::standing::{ActorStanding, Modes};
use hos_core::subject::{Snapshot, Subject, SubjectView};
use hos_core::time::{ProofId, Timestamp};
use hos_core::value::{Attributes, Type};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

pub(crate) const TENANTS: usize = 1_000;
pub(crate) const MEMBERS: usize = 10_000;
pub(crate) const QUESTIONS: usize = 4_096;
pub(crate) const ABILITIES: usize = 40;
pub(crate) const KINDS: [&str; 3] = ["order", "listing", "booking"];
pub(crate) const ROLES: [&str; 4] = ["super_admin", "owner", "staff", "customer"];

/// One question, as strings and as each side wants it, and its answer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) number: usize,
    pub(crate) actor: Actor,
    pub(crate) key: (Tenant, ActorId),
    pub(crate) ability: String,
    pub(crate) subject: Subject,
    snapshot: Snapshot,
    pub(crate) customer: String,
    pub(crate) standing: Arc<ActorStanding>,
    pub(crate) expected: bool,
}

/// The world as the law sees it. Equal standings are kept once, as a store's cache does.
pub(crate) struct World {
    pub(crate) law: Law,
    pub(crate) abilities: Vec<String>,
    pub(crate) members: HashMap<(Tenant, ActorId), Arc<ActorStanding>, RandomState>,
    pub(crate) asked: Vec<Asked>,
    /// How many rules there are about guests, each of an ability and of one customer.
    pub(crate) guests: usize,
    modes: Modes,
    context: Attributes,
}

impl World {
    pub(crate) fn new(abilities: usize, members: usize) -> Self {
        Self::with_rules(abilities, members, 0)
    }

    /// With so many more rules, which change no answer here.
    pub(crate) fn with_rules(abilities: usize, members: usize, more: usize) -> Self {
        let standings: Vec<_> = (0..20).map(|number| Arc::new(standing(number))).collect();
        let keyed = (0..members).map(|number| (key(number), Arc::clone(&standings[number % 20])));
        let named: Vec<String> = (0..abilities).map(ability).collect();
        Self {
            law: law(&named, more),
            asked: asked(&named, members, &standings),
            abilities: named,
            guests: more,
            members: keyed.collect(),
            modes: Modes::default(),
            context: Attributes::new(),
        }
    }

    pub(crate) fn can(&self, asked: &Asked) -> bool {
        let Some(standing) = self.members.get(&asked.key) else { return false };
        self.decide(asked, standing)
    }

    /// The rules alone: where the actor stands is at hand.
    pub(crate) fn decide(&self, asked: &Asked, standing: &ActorStanding) -> bool {
        let answer = self.law.rules().answer(&Question {
            actor: &asked.actor,
            ability: &asked.ability,
            subject: &SubjectView::of(&asked.subject, &asked.snapshot),
            context: &self.context,
            standing,
            modes: &self.modes,
            now: Timestamp::EPOCH,
        });
        answer.is_some_and(|answer| answer.permits())
    }
}

fn ability(number: usize) -> String {
    format!("{}.do_{number}", KINDS[number % 3])
}

/// Which role bits hold an ability outright, and which over their own: as bits of [`ROLES`].
pub(crate) fn holds(ability: usize) -> (u8, u8) {
    let staff = if ability.is_multiple_of(3) { 0b0100 } else { 0 };
    let customer = if ability.is_multiple_of(4) { 0b1000 } else { 0 };
    (0b0001 | 0b0010 | staff, customer)
}

/// A rule for each grant: what a person would write. The others are about a role of nobody here.
fn law(abilities: &[String], more: usize) -> Law {
    let contract = |kind: &str| {
        Contract::builder(kind, "1")
            .states(["pending", "done"])
            .initial("pending")
            .terminal(["done"])
            .attribute("customer", Type::String)
            .open(&format!("{kind}.create"), ["customer"])
            .action(ActionDefinition::new("go", ["pending"], "done", &format!("{kind}.go")))
            .build()
            .unwrap()
    };
    let law = Law::builder("pazar", "1").roles([
        RoleDefinition::superuser("super_admin"),
        RoleDefinition::new("owner"),
        RoleDefinition::new("staff"),
        RoleDefinition::new("guest"),
        RoleDefinition::implicit("customer", ActorKind::User),
    ]);
    let law = KINDS.iter().fold(law, |law, kind| law.contract(contract(kind)));
    let mut definition = law.build().unwrap().definition().clone();
    for (number, ability) in abilities.iter().enumerate() {
        let (always, own) = holds(number);
        let mut grant = |role: &str, when: Option<&str>| {
            definition.rules.push(RuleDefinition {
                id: None,
                effect: RuleEffect::Permit,
                abilities: vec![ability.clone()],
                roles: vec![role.to_owned()],
                when: when.map(Written::from),
            });
        };
        grant("owner", None);
        if always & 0b0100 != 0 {
            grant("staff", None);
        }
        if own != 0 {
            grant("customer", Some("subject.customer == actor.id"));
        }
    }
    for number in 0..more {
        definition.rules.push(RuleDefinition {
            id: None,
            effect: RuleEffect::Permit,
            abilities: vec![abilities[number % abilities.len()].clone()],
            roles: vec!["guest".to_owned()],
            when: Some(Written::from(format!("subject.customer == '{}'", guest(number)).as_str())),
        });
    }
    Law::new(&definition).unwrap()
}

pub(crate) fn guest(number: usize) -> String {
    format!("guest-{number}")
}

/// Thirty bytes.
fn id(what: &str, number: usize) -> String {
    format!("{what}-{number:0>width$}", width = 29 - what.len())
}

fn key(number: usize) -> (Tenant, ActorId) {
    let tenant = Tenant::new(id("firm", number % TENANTS)).unwrap();
    (tenant, ActorId::new(id("actor", number)).unwrap())
}

fn standing(number: usize) -> ActorStanding {
    let role = |name: &str| vec![Role::new(name).unwrap()];
    let none = ActorStanding::default();
    match number % 20 {
        0 => ActorStanding { world_roles: role("super_admin"), ..none },
        1..5 => ActorStanding { roles: role("owner"), ..none },
        5..15 => ActorStanding { roles: role("staff"), ..none },
        _ => none,
    }
}

/// The one of [`ROLES`] that a member has beside being a customer.
pub(crate) fn role_of(standing: &ActorStanding) -> Option<&str> {
    standing.roles.iter().chain(&standing.world_roles).next().map(Role::as_str)
}

fn asked(abilities: &[String], members: usize, standings: &[Arc<ActorStanding>]) -> Vec<Asked> {
    let mut rng = StdRng::seed_from_u64(1);
    let ask = |number: usize| {
        let member = rng.random_range(0..members);
        let key = key(member);
        let own = rng.random_range(0..2) == 0;
        let customer = if own { key.1.as_str().to_owned() } else { id("other", number) };
        let at = rng.random_range(0..abilities.len());
        let mut attributes = Attributes::new();
        attributes.set("customer".parse().unwrap(), customer.as_str());
        let kind = KINDS[at % 3];
        let (always, over_own) = holds(at);
        let standing = Arc::clone(&standings[member % standings.len()]);
        let has = role_of(&standing)
            .map_or(0, |role| 1_u8 << ROLES.iter().position(|name| *name == role).unwrap());
        Asked {
            number,
            actor: Actor::user(key.1.as_str()).unwrap(),
            subject: Subject::new("pazar", key.0.as_str(), kind, &id(kind, number)).unwrap(),
            key,
            ability: abilities[at].clone(),
            snapshot: Snapshot {
                state: "pending".parse().unwrap(),
                revision: 1,
                attributes: attributes.into(),
                contract: "1".parse().unwrap(),
                proof_id: ProofId::from_bytes([0; 16]),
            },
            customer,
            standing,
            expected: has & always != 0 || (over_own != 0 && own),
        }
    };
    (0..QUESTIONS).map(ask).collect()
}

/// All questions, so many times over. A question was just read and its subject just loaded, so
/// both are warm; where the actor stands is as far away as it happens to be.
pub(crate) fn all(world: &World, times: u32, can: &mut dyn FnMut(&Asked) -> bool) -> Duration {
    let mut left = usize::try_from(times).unwrap();
    let mut spent = Duration::ZERO;
    for asked in world.asked.chunks(32).cycle() {
        if left == 0 {
            return spent;
        }
        let asked = &asked[..asked.len().min(left)];
        left -= asked.len();
        asked.iter().for_each(warm);
        spent += timed(|| {
            for asked in asked {
                black_box(can(asked));
            }
        });
    }
    spent
}

fn warm(asked: &Asked) {
    let (tenant, actor) = (asked.key.0.as_str(), asked.key.1.as_str());
    let texts = [tenant, actor, asked.actor.id().as_str(), &asked.ability, &asked.customer];
    black_box(texts.map(|text| text.bytes().map(u64::from).sum::<u64>()));
    let view = SubjectView::of(&asked.subject, &asked.snapshot);
    let Some(ValueRef::String(kept)) = view.lookup("customer") else { return };
    black_box(kept.bytes().map(u64::from).sum::<u64>());
}
