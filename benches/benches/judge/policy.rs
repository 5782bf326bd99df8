//! `can` on the pure judge: the actor's standing looked up, then the rules.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use foldhash::fast::RandomState;
use hos_benches::{Row, Target, table, timed};
use hos_core::actor::{Actor, ActorKind};
use hos_core::condition::{Lookup as _, ValueRef};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::id::{Ability, ActorId, Role, Tenant};
use hos_core::law::Law;
use hos_core::policy::{Question, RoleDefinition};
use hos_core::standing::{ActorStanding, Mode, Modes};
use hos_core::subject::{Snapshot, Subject, SubjectView};
use hos_core::time::{ProofId, Timestamp};
use hos_core::value::{Attributes, Type};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

const TENANTS: usize = 1_000;
const MEMBERS: usize = 10_000;
const QUESTIONS: usize = 4_096;
const ABILITIES: usize = 40;
const ROLES: [&str; 4] = ["super_admin", "owner", "staff", "customer"];

/// What the in-memory map gives for (tenant, actor): as a store's cache of standings does, which
/// keeps equal ones once.
struct Member {
    standing: Arc<ActorStanding>,
    modes: Arc<Modes>,
}

/// One question as strings, and what both sides look at besides.
struct Asked {
    actor: Actor,
    key: (Tenant, ActorId),
    ability: String,
    subject: Subject,
    snapshot: Snapshot,
    customer: String,
}

/// The world as the law sees it.
struct World {
    law: Law,
    members: HashMap<(Tenant, ActorId), Member, RandomState>,
    strangers: Member,
    asked: Vec<Asked>,
}

/// The same world as bits: the least that could answer.
struct Bare {
    members: HashMap<(Tenant, ActorId), u8, RandomState>,
    abilities: HashMap<String, usize, RandomState>,
    /// Per ability: the roles that hold it, and those that hold it over what is their own.
    matrix: Vec<(u8, u8)>,
}

fn resource(ability: usize) -> &'static str {
    ["order", "payment", "listing", "booking"].get(ability % 4).unwrap()
}

fn ability(number: usize) -> String {
    format!("{}.do_{number}", resource(number))
}

/// Which role bits hold an ability outright, and which over their own: as bits of [`ROLES`].
fn holds(ability: usize) -> (u8, u8) {
    let staff = if ability.is_multiple_of(3) { 0b0100 } else { 0 };
    let customer = if ability.is_multiple_of(4) { 0b1000 } else { 0 };
    (0b0001 | 0b0010 | staff, customer)
}

fn law() -> Law {
    let order = Contract::builder("order", "1")
        .states(["pending", "done"])
        .initial("pending")
        .terminal(["done"])
        .attribute("customer", Type::String)
        .open("order.create", ["customer"])
        .action(ActionDefinition::new("finish", ["pending"], "done", "order.finish"))
        .build()
        .unwrap();
    let mut law = Law::builder("pazar", "1").contract(order).roles([
        RoleDefinition::superuser("super_admin"),
        RoleDefinition::new("owner"),
        RoleDefinition::new("staff"),
        RoleDefinition::implicit("customer", ActorKind::User),
    ]);
    for number in 0..ABILITIES {
        let (always, own) = holds(number);
        law = law.allow(&ability(number), ["owner"]);
        if always & 0b0100 != 0 {
            law = law.allow(&ability(number), ["staff"]);
        }
        if own != 0 {
            let condition = "subject.customer == actor.id";
            law = law.allow_if(&ability(number), ["customer"], condition);
        }
    }
    law.build().unwrap()
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
        15 => ActorStanding { banned: true, ..none },
        _ => none,
    }
}

/// None of its own, and one ability in shadow.
fn modes() -> [Arc<Modes>; 2] {
    let mut shadowed = Modes::default();
    shadowed.tenant.abilities.insert(Ability::new(ability(7)).unwrap(), Mode::Shadow);
    [Arc::default(), Arc::new(shadowed)]
}

fn world() -> World {
    let mut rng = StdRng::seed_from_u64(1);
    let [plain, shadowed] = modes();
    let standings: Vec<_> = (0..20).map(|number| Arc::new(standing(number))).collect();
    let member = |number: usize| Member {
        standing: Arc::clone(standings.get(number % 20).unwrap()),
        modes: Arc::clone(if number.is_multiple_of(10) { &shadowed } else { &plain }),
    };
    let members: Vec<_> = (0..MEMBERS).map(|number| (key(number), member(number))).collect();
    let asked = (0..QUESTIONS).map(|number| {
        let key = members.choose(&mut rng).unwrap().0.clone();
        let own = rng.random_range(0..2) == 0;
        let customer = if own { key.1.as_str().to_owned() } else { id("actor", MEMBERS + number) };
        let mut attributes = Attributes::new();
        attributes.set("customer".parse().unwrap(), customer.as_str());
        let ability = ability(rng.random_range(0..ABILITIES));
        let order = id("order", number);
        Asked {
            actor: Actor::user(key.1.as_str()).unwrap(),
            subject: Subject::new("pazar", key.0.as_str(), "order", &order).unwrap(),
            key,
            ability,
            snapshot: Snapshot {
                state: "pending".parse().unwrap(),
                revision: 1,
                attributes: attributes.into(),
                contract: "1".parse().unwrap(),
                proof_id: ProofId::from_bytes([0; 16]),
            },
            customer,
        }
    });
    World {
        law: law(),
        asked: asked.collect(),
        members: members.into_iter().collect(),
        strangers: Member { standing: Arc::default(), modes: Arc::default() },
    }
}

fn bare(world: &World) -> Bare {
    let bits = |member: &Member| {
        let names = member.standing.roles.iter().chain(&member.standing.world_roles);
        let at = |role: &Role| ROLES.iter().position(|name| role == name).unwrap();
        names.fold(0b1000_u8, |bits, role| bits | 1 << at(role))
    };
    let members = world.members.iter();
    Bare {
        members: members.map(|(key, member)| (key.clone(), bits(member))).collect(),
        abilities: (0..ABILITIES).map(|number| (ability(number), number)).collect(),
        matrix: (0..ABILITIES).map(holds).collect(),
    }
}

impl World {
    fn can(&self, asked: &Asked, context: &Attributes) -> bool {
        let member = self.members.get(&asked.key).unwrap_or(&self.strangers);
        let answer = self.law.rules().answer(&Question {
            actor: &asked.actor,
            ability: &asked.ability,
            subject: &SubjectView::of(&asked.subject, &asked.snapshot),
            context,
            standing: &member.standing,
            modes: &member.modes,
            now: Timestamp::EPOCH,
        });
        answer.is_some_and(|answer| answer.permits())
    }
}

impl Bare {
    fn can(&self, asked: &Asked) -> bool {
        let roles = self.members.get(&asked.key).copied().unwrap_or(0b1000);
        let ability = self.abilities.get(&asked.ability);
        let Some((always, own)) = ability.and_then(|ability| self.matrix.get(*ability)) else {
            return false;
        };
        roles & always != 0 || (roles & own != 0 && asked.customer == asked.key.1.as_str())
    }
}

/// All questions, so many times over. A question was just read and its subject just loaded, so
/// both are warm; where the actor stands is as far away as it happens to be.
fn all(world: &World, times: u32, mut can: impl FnMut(&Asked) -> bool) -> Duration {
    let rounds = usize::try_from(times).unwrap().div_ceil(QUESTIONS);
    let mut spent = Duration::ZERO;
    for asked in std::iter::repeat_n(world.asked.chunks(32), rounds).flatten() {
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
    let view = SubjectView::of(&asked.subject, &asked.snapshot);
    let Some(ValueRef::String(customer)) = view.lookup("customer") else { return };
    let texts =
        [tenant, actor, asked.actor.id().as_str(), &asked.ability, &asked.customer, customer];
    black_box(texts.map(|text| text.bytes().map(u64::from).sum::<u64>()));
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let (world, context) = (world(), Attributes::new());
    let bare = bare(&world);
    let mut at = 0;
    let mut next = || {
        at = (at + 1) % QUESTIONS;
        world.asked.get(at).unwrap()
    };
    criterion.bench_function("bare look-up", |b| b.iter(|| bare.can(next())));
    criterion.bench_function("can", |b| b.iter(|| world.can(next(), &context)));
}

pub(crate) fn compare() {
    let (world, context) = (world(), Attributes::new());
    let bare = bare(&world);
    agree(&world, &bare, &context);
    let counted = allocation_counter::measure(|| {
        black_box(world.asked.iter().filter(|asked| world.can(asked, &context)).count());
    });
    assert_eq!(counted.count_total, 0, "`can` allocated");
    let times = u32::try_from(QUESTIONS * 100).unwrap();
    let rows = &mut [
        Row {
            name: "bare look-up of the same strings + bits",
            target: None,
            times,
            run: Box::new(|times| all(&world, times, |asked| bare.can(asked))),
        },
        Row {
            name: "can: standing looked up + rules, 0 allocations",
            target: Some(Target::TimesAsLong(2.0)),
            times,
            run: Box::new(|times| all(&world, times, |asked| world.can(asked, &context))),
        },
    ];
    table("Policy: 4 roles x 40 abilities, 1,000 tenants, 10,000 members", 15, rows);
}

/// Both sides say the same, but for bans and modes, which bits do not know.
fn agree(world: &World, bare: &Bare, context: &Attributes) {
    for asked in &world.asked {
        let member = world.members.get(&asked.key).unwrap();
        let plain = *member.modes == Modes::default() && !member.standing.banned;
        if plain {
            assert_eq!(world.can(asked, context), bare.can(asked), "{}", asked.ability);
        }
    }
}
