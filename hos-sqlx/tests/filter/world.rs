//! A law of random rules, rows under it, and what `can` says of them.

use std::collections::BTreeSet;

use hos_conformance::random::Random;
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::id::{Kind, Name};
use hos_core::laws::Filter;
use hos_core::memory::MemoryStore;
use hos_core::prelude::*;
use hos_core::time::Timestamp;
use hos_core::value::Value;

use crate::conditions::{INTEGERS, TEXTS, TIMES, ZERO_TEXTS, condition};

/// How many abilities a law has, each with rules of its own.
pub(crate) const ABILITIES: usize = 32;
/// How many rows each firm has.
pub(crate) const ROWS: usize = 16;
pub(crate) const FIRMS: [&str; 2] = ["firm", "Firm"];

/// A row of a world's table; `id` is one in all tenants.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) subject: Subject,
    pub(crate) state: String,
    pub(crate) revision: i64,
    pub(crate) attributes: Attributes,
}

pub(crate) struct Rows {
    has_zeros: bool,
    hos: Hos,
    actor: Actor,
    context: Attributes,
    pub(crate) rules: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

fn contract() -> Contract {
    Contract::builder("row", "1")
        .states(["open", "shut", "gone"])
        .initial("open")
        .terminal(["gone"])
        .attribute("b", Type::Bool)
        .attribute("i", Type::Integer)
        .attribute("s", Type::String)
        .attribute("u", Type::String)
        .attribute("t", Type::Time)
        .attribute("ss", Type::StringSet)
        .open("row.create", Vec::<String>::new())
        .action(ActionDefinition::new("shut", ["open"], "shut", "row.create"))
        .action(ActionDefinition::new("leave", ["shut"], "gone", "row.create"))
        .build()
        .unwrap()
}

fn law(random: &mut Random) -> (Law, Vec<String>) {
    let mut law = Law::builder("list", "1")
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::implicit("user", ActorKind::User),
        ])
        .claim("name", Type::String)
        .context("b", Type::Bool)
        .context("i", Type::Integer)
        .context("s", Type::String)
        .context("t", Type::Time)
        .context("ss", Type::StringSet)
        .allow("row.create", ["user"]);
    let mut rules = Vec::new();
    for ability in 0..ABILITIES {
        let mut seen = BTreeSet::new();
        let ability = format!("row.a{ability}");
        law = law.ability(&ability);
        for effect in ["permit", "permit", "forbid"].iter().take(1 + ability.len() % 3) {
            let when = condition(random, 4);
            if when.parse::<hos_core::condition::Expression>().is_err()
                || !seen.insert((effect, when.clone()))
            {
                continue;
            }
            rules.push(format!("{effect} {ability} if {when}"));
            law = match *effect {
                "permit" => law.allow_if(&ability, ["user"], &*when),
                _ => law.forbid_if(&ability, ["user"], &*when),
            };
        }
    }
    (law.contract(contract()).build().unwrap(), rules)
}

fn name(name: &str) -> Name {
    Name::new(name).unwrap()
}

fn time(random: &mut Random) -> Timestamp {
    Timestamp::parse(random.one_of::<&str>(&TIMES)).unwrap()
}

fn attributes(random: &mut Random) -> Attributes {
    let mut attributes = Attributes::new();
    let values: [(&str, Value); 5] = [
        ("b", (random.below(2) == 0).into()),
        ("i", (*random.one_of(&INTEGERS)).into()),
        ("s", (*random.one_of::<&str>(&TEXTS)).into()),
        ("u", (*random.one_of::<&str>(&TEXTS)).into()),
        ("t", time(random).into()),
    ];
    for (attribute, value) in values {
        if random.below(4) > 0 {
            attributes.set(name(attribute), value);
        }
    }
    attributes
}

impl Rows {
    /// With texts of zero bytes, where the database keeps them.
    pub(crate) async fn new(seed: u64, has_zeros: bool) -> Self {
        let random = &mut Random::new(seed);
        let (law, rules) = law(random);
        let hos = Hos::open([law], MemoryStore::new()).await.unwrap();
        let (world, root) = (World::new("list").unwrap(), ActorId::new("root").unwrap());
        hos.bootstrap(&world, &root, &Role::new("root").unwrap(), b"boot").await.unwrap();
        for firm in FIRMS {
            let tenant = Tenant::new(firm).unwrap();
            let root = Actor::user("root").unwrap();
            let add = StandingCommand::new(&root, &world, &tenant, StandingChange::AddTenant);
            hos.change_standing(&add.key(firm)).await.unwrap();
        }
        let actor = Actor::user("a").unwrap();
        let actor = match random.below(3) {
            0 => actor,
            _ => actor.claim("name", *random.one_of::<&str>(&TEXTS)).unwrap(),
        };
        let context = context(random);
        let rows = Vec::new();
        let mut all = Self { has_zeros, hos, actor, context, rules, rows };
        for firm in FIRMS {
            for number in 0..ROWS {
                all.open(random, firm, number).await;
            }
        }
        all
    }

    async fn open(&mut self, random: &mut Random, firm: &str, number: usize) {
        let id = match TEXTS.get(number) {
            Some(text) if !text.is_empty() => (*text).to_owned(),
            _ => format!("row {number}"),
        };
        let subject = Subject::new("list", firm, "row", &id).unwrap();
        let mut attributes = attributes(random);
        if self.has_zeros && random.below(4) == 0 {
            attributes.set(name("s"), *random.one_of::<&str>(&ZERO_TEXTS));
        }
        let key = format!("{firm} {id}");
        let actor = &self.actor;
        let opened = self.hos.open_subject(actor, &subject, attributes.clone(), key.clone());
        let (mut state, mut revision) = ("open", opened.await.unwrap().revision);
        for (action, to) in [("shut", "shut"), ("leave", "gone")] {
            if random.below(2) == 0 {
                let command = Command::new(actor, &subject, action).key(format!("{key} {action}"));
                (state, revision) = (to, self.hos.transition(&command).await.unwrap().revision);
            } else {
                break;
            }
        }
        let revision = i64::try_from(revision).unwrap();
        self.rows.push(Row { subject, state: state.to_owned(), revision, attributes });
    }

    fn with_context(&self, query: Query) -> Query {
        let names = self.context.iter();
        names.fold(query, |query, (name, value)| query.context(name.as_str(), value.clone()))
    }

    /// The tenant and the ids of its rows that `can` permits, one by one.
    pub(crate) async fn permitted(&self, firm: &str, ability: &str) -> BTreeSet<(String, String)> {
        let own = self.rows.iter().filter(|row| row.subject.tenant.as_str() == firm);
        let own: Vec<&Row> = own.collect();
        let query = |row: &&Row| self.with_context(Query::new(&self.actor, ability, &row.subject));
        let queries: Vec<Query> = own.iter().map(query).collect();
        let decisions = self.hos.can_all(&queries).await;
        let permitted = own
            .iter()
            .zip(decisions)
            .filter(|(_, decision)| decision.as_ref().is_ok_and(hos_core::laws::Decision::permits));
        permitted.map(|(row, _)| (firm.to_owned(), row.subject.id.to_string())).collect()
    }

    pub(crate) async fn filter(&self, firm: &str, ability: &str) -> Filter {
        let (world, tenant) = (World::new("list").unwrap(), Tenant::new(firm).unwrap());
        let query = Query::in_tenant(&self.actor, ability, &world, &tenant);
        let kind = Kind::new("row").unwrap();
        self.hos.filter(&self.with_context(query), &kind).await.unwrap()
    }
}

fn context(random: &mut Random) -> Attributes {
    let mut context = attributes(random);
    let some = (0..random.below(4)).map(|_| Value::from(*random.one_of::<&str>(&TEXTS)));
    context.set(name("ss"), some.collect::<Value>());
    let names = ["b", "i", "s", "t", "ss"];
    let mut only = Attributes::new();
    for name in names.map(name) {
        if let Some(value) = context.get(name.as_str()).cloned() {
            only.set(name, value);
        }
    }
    only
}
