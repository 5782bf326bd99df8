//! The whole law of the marketplace, written in any order, answers alike and for the same reasons.
//!
//! Everything changes places: roles, rules, their abilities and roles, contracts, states, actions,
//! guards, timers, and the fields of every object. Only the versions of one contract keep their
//! order, for the last one is current.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::BTreeMap;

use hos_conformance::random::Random;
use hos_core::actor::Actor;
use hos_core::command::Command;
use hos_core::condition::Nothing;
use hos_core::contract::Contract;
use hos_core::error::Refusal;
use hos_core::id::Name;
use hos_core::judge::Judge;
use hos_core::law::Law;
use hos_core::policy::Question;
use hos_core::standing::{ActorStanding, Modes, Standing, Versions, WorldStatus};
use hos_core::subject::{Snapshot, Subject, SubjectView};
use hos_core::time::{ProofId, SeededIds, Timestamp};
use hos_core::value::{Attributes, Schema, Type, Value};
use serde_json::Value as Json;

const SEED: u64 = 20_261_123;
const LOADS: usize = 1_000;
/// How much each of the loaded laws is asked: about abilities, and about moves.
const QUESTIONS: usize = 60;
const ROLES: [&str; 4] = ["super_admin", "owner", "staff", "nobody"];
/// Texts that the law's conditions compare with, and one that they do not.
const TEXTS: [&str; 8] =
    ["u-1", "u-2", "draft", "sale", "booking", "online", "cash_on_delivery", "order"];

#[test]
fn the_whole_law_in_any_order_answers_alike_and_for_the_same_reasons() {
    let law = pazar::law::law().unwrap();
    let written = serde_json::to_value(law.definition()).unwrap();
    let mut random = Random::new(SEED);
    let mut told = BTreeMap::new();
    for load in 0..LOADS {
        let text = text(&shuffled(&written, "", &mut random), &mut random);
        let other = Law::from_json(&text).unwrap();
        for _ in 0..QUESTIONS {
            let asked = Asked::any(&law, &mut random);
            for answer in [Asked::abilities, Asked::moves] {
                let (expected, found) = (answer(&asked, &law), answer(&asked, &other));
                assert_eq!(found, expected, "seed {SEED}, load {load}: {asked:?}\n{text}");
                *told.entry(expected).or_insert(0_u64) += 1;
            }
        }
    }
    assert!(told.len() > 200, "the questions are too much alike: {}", told.len());
}

#[test]
fn a_law_that_says_something_else_is_found_out() {
    let law = pazar::law::law().unwrap();
    let mut definition = law.definition().clone();
    let refund = |rule: &hos_core::policy::RuleDefinition| rule.abilities == ["order.refund"];
    definition.rules.retain(|rule| !refund(rule));
    let other = Law::new(&definition).unwrap();
    let mut random = Random::new(SEED);
    let differs = |asked: Asked| asked.abilities(&law) != asked.abilities(&other);
    assert!((0..LOADS * QUESTIONS).any(|_| differs(Asked::any(&law, &mut random))));
}

/// Every list in another order.
fn shuffled(value: &Json, field: &str, random: &mut Random) -> Json {
    match value {
        Json::Array(items) => {
            let mut items: Vec<Json> =
                items.iter().map(|item| shuffled(item, "", random)).collect();
            for at in (1..items.len()).rev() {
                items.swap(at, below(random, at + 1));
            }
            if field == "contracts" {
                // Stable: the kinds as they fell, each with its versions in their order.
                let kinds: Vec<Json> = items.iter().map(|item| item["kind"].clone()).collect();
                let place = |item: &Json| kinds.iter().position(|kind| *kind == item["kind"]);
                items.sort_by_key(|item| (place(item), item["version"].to_string()));
            }
            items.into()
        }
        Json::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), shuffled(value, name, random)))
            .collect(),
        other => other.clone(),
    }
}

/// Every object's fields in any order.
fn text(value: &Json, random: &mut Random) -> String {
    match value {
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| text(item, random)).collect();
            format!("[{}]", items.join(","))
        }
        Json::Object(fields) => {
            let mut fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{}:{}", Json::from(&**name), text(value, random)))
                .collect();
            for at in (1..fields.len()).rev() {
                fields.swap(at, below(random, at + 1));
            }
            format!("{{{}}}", fields.join(","))
        }
        other => other.to_string(),
    }
}

fn below(random: &mut Random, bound: usize) -> usize {
    usize::try_from(random.below(u64::try_from(bound).unwrap())).unwrap()
}

/// Somebody, something in a state, and a move of it.
#[derive(Debug)]
struct Asked {
    actor: Actor,
    subject: Subject,
    command: Command,
    standing: Standing,
    context: Attributes,
}

impl Asked {
    fn any(law: &Law, random: &mut Random) -> Self {
        let contracts: Vec<&Contract> = law.contracts().map(|contract| &**contract).collect();
        let contract = *random.one_of(&contracts);
        let state = random.one_of(contract.states()).clone();
        let actors = [Actor::user("u-1"), Actor::webhook("u-1"), Actor::job("u-1")];
        let actor = random.one_of(&actors).clone().unwrap();
        let roles = match *random.one_of(&ROLES) {
            "nobody" => Vec::new(),
            role => vec![role.parse().unwrap()],
        };
        let is_root = roles.iter().any(|role: &hos_core::id::Role| role.as_str() == "super_admin");
        let (world_roles, roles) = if is_root { (roles, Vec::new()) } else { (Vec::new(), roles) };
        let subject = Subject::new("pazar", "kilim", contract.kind().as_str(), "t-1").unwrap();
        // Now and then an action of another state.
        let here: Vec<_> = contract.actions_from(state.as_str()).collect();
        let all: Vec<_> = contract.actions().iter().collect();
        let of = if here.is_empty() || random.below(8) == 0 { &all } else { &here };
        let action = *random.one_of(of);
        let mut command = Command::new(&actor, &subject, action.name().as_str()).key("k");
        for (name, value) in any_of(action.input().schema(), random).iter() {
            command = command.input(name.as_str(), value.clone());
        }
        for (name, value) in any_of(action.facts().schema(), random).iter() {
            command = command.fact(name.as_str(), value.clone());
        }
        let mut context = Attributes::new();
        if random.below(2) == 0 {
            let settles = random.below(2) == 0;
            context.set(Name::new("settles").unwrap(), settles);
            command = command.context("settles", settles);
        }
        let snapshot = Snapshot {
            state,
            revision: 1,
            attributes: any_of(contract.attributes(), random).into(),
            contract: contract.version().clone(),
            proof_id: ProofId::from_bytes([0; 16]),
        };
        let standing = Standing {
            world: Some(WorldStatus::Open),
            tenant_exists: true,
            versions: Versions::default(),
            actor: ActorStanding { roles, world_roles, ..ActorStanding::default() }.into(),
            modes: Modes::default().into(),
            subjects: vec![Some(snapshot)],
            receipt: None,
        };
        Self { actor, subject, command, standing, context }
    }

    /// Every ability about the subject, with every reason, and one about none.
    fn abilities(&self, law: &Law) -> String {
        let snapshot = self.standing.subjects[0].as_ref().unwrap();
        let view = SubjectView::of(&self.subject, snapshot);
        let mut told = String::new();
        for ability in law.rules().abilities() {
            let is_about = ability.resource() == self.subject.kind.as_str();
            let question = Question {
                actor: &self.actor,
                ability: ability.as_str(),
                subject: if is_about { &view } else { &Nothing },
                context: &self.context,
                standing: &self.standing.actor,
                modes: &self.standing.modes,
                now: Timestamp::EPOCH,
            };
            told.push_str(&format!("{ability} {:?}\n", law.rules().explain(&question)));
        }
        told
    }

    /// What becomes of the move, with everything that stands in its way, and what may be done
    /// instead; lists are told in the order of their names, for a catalogue has the law's order.
    fn moves(&self, law: &Law) -> String {
        let ids = SeededIds::new(1);
        let judge = Judge::new(law, "shuffled.example", Timestamp::EPOCH, &ids);
        let rehearsed = judge.rehearse(&self.command, &self.standing);
        let mut told = format!("{:?}\n", rehearsed.refusal.as_ref().map(tell));
        for step in &rehearsed.steps {
            let obstacles: Vec<String> = step.obstacles.iter().map(tell).collect();
            told.push_str(&format!(
                "{:?} {:?} {:?} {obstacles:?}\n",
                step.action, step.to, step.from
            ));
        }
        let (actor, standing) = (&self.actor, &self.standing);
        let mut allowed = judge.allowed_actions(actor, &self.subject, &self.context, standing);
        allowed.sort();
        told.push_str(&format!("{allowed:?}"));
        told
    }
}

fn tell(refusal: &Refusal) -> String {
    let mut refusal = refusal.clone();
    match &mut refusal {
        Refusal::GuardFailed(guards) => guards.sort(),
        Refusal::InvalidTransition { allowed, .. } => allowed.sort(),
        Refusal::InvalidInput(faults) => faults.sort_by(|one, other| one.field.cmp(&other.field)),
        _ => {}
    }
    format!("{refusal:?}")
}

/// Some values of each type; one in six is absent.
fn any_of(schema: &Schema, random: &mut Random) -> Attributes {
    let mut attributes = Attributes::new();
    for (name, type_) in schema {
        if random.below(6) > 0 {
            attributes.set(name.clone(), any(*type_, random));
        }
    }
    attributes
}

fn any(type_: Type, random: &mut Random) -> Value {
    match type_ {
        Type::Bool => (random.below(2) == 0).into(),
        Type::Integer => i64::try_from(random.below(4)).unwrap().into(),
        Type::String => (*random.one_of(&TEXTS)).into(),
        Type::Time => Timestamp::from_micros(i64::try_from(random.below(3)).unwrap()).into(),
        set => {
            let member = set.member().unwrap();
            (0..random.below(3)).map(|_| any(member, random)).collect()
        }
    }
}
