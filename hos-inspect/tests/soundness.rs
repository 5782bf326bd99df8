//! What a finding claims is so: without the rule, policy answers as with it. And what is said not
//! to have changed has not.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

#[path = "support/conditions.rs"]
mod conditions;

use std::collections::BTreeSet;

use hos_core::actor::{Actor, ActorKind};
use hos_core::contract::{ActionDefinition, Contract, Written};
use hos_core::id::State;
use hos_core::law::{Law, LawDefinition};
use hos_core::policy::{
    Answer, DecisionEffect, Question, RoleDefinition, RuleDefinition, RuleEffect,
};
use hos_core::standing::{ActorStanding, Modes};
use hos_core::subject::{Subject, SubjectView};
use hos_core::time::Timestamp;
use hos_core::value::{Attributes, Type, Value};
use hos_inspect::change::Change;
use hos_inspect::lint::{FindingCode, lint};
use proptest::prelude::*;

use crate::conditions::condition;

const ABILITIES: [&str; 4] = ["order.create", "order.pay", "order.read", "report.read"];
const PATTERNS: [&str; 6] =
    ["*", "order.*", "order.create", "order.pay", "order.read", "report.read"];
const ROLES: [&str; 4] = ["root", "staff", "owner", "customer"];
const ATOMS: [&str; 17] = [
    "true",
    "false",
    "subject.a == 'x'",
    "subject.a != 'x'",
    "subject.a == 'y'",
    "subject.a in ['x', 'y']",
    "subject.n > 0",
    "subject.n < 1",
    "subject.n < 2",
    "subject.n == 1",
    "subject.b",
    "has(subject.a)",
    "has(context.c)",
    "context.c",
    "actor.kind == 'user'",
    "actor.kind == 'job'",
    "subject.state == 'paid'",
];

fn definition(rules: Vec<RuleDefinition>) -> LawDefinition {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid"])
        .initial("pending")
        .terminal(["paid"])
        .attribute("a", Type::String)
        .attribute("b", Type::Bool)
        .attribute("n", Type::Integer)
        .open("order.create", [""; 0])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
        .build()
        .unwrap();
    let report = Contract::builder("report", "1")
        .states(["open", "closed"])
        .initial("open")
        .terminal(["closed"])
        .attribute("a", Type::String)
        .attribute("b", Type::Bool)
        .attribute("n", Type::Integer)
        .open("report.write", [""; 0])
        .action(ActionDefinition::new("close", ["open"], "closed", "report.write"))
        .build()
        .unwrap();
    let law = Law::builder("shop", "1")
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::new("staff"),
            RoleDefinition::new("owner").inherits("staff"),
            RoleDefinition::implicit("customer", ActorKind::User),
        ])
        .context("c", Type::Bool);
    let law = ABILITIES.into_iter().fold(law, |law, ability| law.ability(ability));
    let law = law.contract(order).contract(report).build().unwrap();
    LawDefinition { rules, ..law.definition().clone() }
}

fn rule() -> impl Strategy<Value = RuleDefinition> {
    let effect = prop_oneof![4 => Just(RuleEffect::Permit), 1 => Just(RuleEffect::Forbid)];
    let ability = prop::sample::select(&PATTERNS[..]);
    let roles = prop::sample::subsequence(&ROLES[..], 0..=2);
    let when = prop::option::weighted(0.6, condition(&ATOMS));
    (effect, ability, roles, when).prop_filter_map("a permit names roles", |rule| {
        let (effect, ability, roles, when) = rule;
        (effect == RuleEffect::Forbid || !roles.is_empty()).then(|| RuleDefinition {
            id: None,
            effect,
            abilities: vec![ability.to_owned()],
            roles: roles.into_iter().map(str::to_owned).collect(),
            when: when.as_deref().map(Written::from),
        })
    })
}

/// Rules with ids; what would stand twice stands once.
fn rules() -> impl Strategy<Value = Vec<RuleDefinition>> {
    prop::collection::vec(rule(), 1..8).prop_map(|rules| {
        let mut rules = rules;
        let mut bodies = BTreeSet::new();
        rules.retain(|rule| {
            let when = rule.when.as_ref().map(|when| when.parse().unwrap().to_string());
            bodies.insert((rule.effect, rule.abilities.clone(), rule.roles.clone(), when))
        });
        for (at, rule) in rules.iter_mut().enumerate() {
            rule.id = Some(format!("r{at}"));
        }
        rules
    })
}

/// One of three values for each attribute, or none.
fn settings() -> Vec<(Attributes, Attributes, &'static str)> {
    let a = [None, Some(Value::from("x")), Some(Value::from("y")), Some(Value::from("z"))];
    let n = [None, Some(Value::Integer(0)), Some(Value::Integer(1))];
    let flags = [None, Some(Value::Bool(false)), Some(Value::Bool(true))];
    let mut settings = Vec::new();
    for (at, (a, n)) in a.iter().flat_map(|a| n.iter().map(move |n| (a, n))).enumerate() {
        let (mut subject, mut context) = (Attributes::new(), Attributes::new());
        // Every pair of `a` and `n`, and with it some of the others.
        let (b, c) = (&flags[at % 3], &flags[(at / 2) % 3]);
        for (name, value) in [("a", a), ("n", n), ("b", b)] {
            if let Some(value) = value {
                subject.set(name.parse().unwrap(), value.clone());
            }
        }
        if let Some(value) = c {
            context.set("c".parse().unwrap(), value.clone());
        }
        settings.push((subject, context, ["pending", "paid"][at % 2]));
    }
    settings
}

/// The answers to everybody, for everything, everywhere.
fn answers(law: &Law) -> Vec<Option<Answer>> {
    let mut answers = Vec::new();
    let subject = Subject::new("shop", "tenant", "order", "o-1").unwrap();
    for (attributes, context, state) in settings() {
        let state: State = state.parse().unwrap();
        let view =
            SubjectView { subject: &subject, state: &state, revision: 1, attributes: &attributes };
        for held in 0..8_u8 {
            let mut standing = ActorStanding::default();
            standing.world_roles.extend((held & 1 != 0).then(|| "root".parse().unwrap()));
            standing.roles.extend((held & 2 != 0).then(|| "staff".parse().unwrap()));
            standing.roles.extend((held & 4 != 0).then(|| "owner".parse().unwrap()));
            for kind in [ActorKind::User, ActorKind::Job] {
                let actor = Actor::new(kind, "me".parse().unwrap());
                answers.extend(ABILITIES.map(|ability| {
                    law.rules().answer(&Question {
                        actor: &actor,
                        ability,
                        subject: &view,
                        context: &context,
                        standing: &standing,
                        modes: &Modes::default(),
                        now: Timestamp::EPOCH,
                    })
                }));
            }
        }
    }
    answers
}

fn without(definition: &LawDefinition, ids: &BTreeSet<String>) -> Law {
    let mut rest = definition.clone();
    rest.rules.retain(|rule| !rule.id.as_ref().is_some_and(|id| ids.contains(id)));
    Law::new(&rest).unwrap()
}

/// An erring permit that never grants makes a denial indeterminate: both deny.
fn same(one: Option<Answer>, other: Option<Answer>, exactly: bool) -> bool {
    let allows = |answer: Option<Answer>| answer.unwrap().effect == DecisionEffect::Allow;
    one == other || !exactly && !allows(one) && !allows(other)
}

/// One thing that another version of a law writes otherwise; some of them mean nothing.
#[derive(Debug, Clone, Copy)]
enum Edit {
    Respell,
    Rename,
    MoveRule,
    MoveRole,
    MoveInherited,
    DropRule,
    Condition(&'static str),
    Declare(&'static str),
    Undeclare,
    Critical(&'static str),
    Claim(Type),
    Retention(u64),
    World,
    SameContract,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        Just(Edit::Respell),
        Just(Edit::Rename),
        Just(Edit::MoveRule),
        Just(Edit::MoveRole),
        Just(Edit::MoveInherited),
        Just(Edit::DropRule),
        prop::sample::select(&ATOMS[..]).prop_map(Edit::Condition),
        prop::sample::select(&ABILITIES[..]).prop_map(Edit::Declare),
        Just(Edit::Undeclare),
        prop::sample::select(&ABILITIES[..]).prop_map(Edit::Critical),
        prop::sample::select(&[Type::Bool, Type::String][..]).prop_map(Edit::Claim),
        prop::sample::select(&[604_800_u64, 604_801][..]).prop_map(Edit::Retention),
        Just(Edit::World),
        Just(Edit::SameContract),
    ]
}

fn edited(law: &LawDefinition, edits: &[Edit]) -> LawDefinition {
    let mut law = law.clone();
    for edit in edits {
        let conditions = law.rules.iter_mut().filter_map(|rule| rule.when.as_mut());
        match *edit {
            Edit::Respell => conditions.for_each(|when| {
                *when = Written::from(format!("({})", when.parse().unwrap()).as_str());
            }),
            Edit::Rename => law.rules.iter_mut().take(1).for_each(|rule| rule.id = None),
            Edit::MoveRule => {
                let by = usize::from(!law.rules.is_empty());
                law.rules.rotate_left(by);
            }
            Edit::MoveRole => law.roles.rotate_left(1),
            Edit::MoveInherited => {
                law.roles.iter_mut().for_each(|role| role.inherits.reverse());
            }
            Edit::DropRule => drop(law.rules.pop()),
            Edit::Condition(text) => {
                law.rules.iter_mut().take(1).for_each(|rule| rule.when = Some(text.into()));
            }
            Edit::Declare(ability) => law.abilities.push(ability.to_owned()),
            Edit::Undeclare => drop(law.abilities.pop()),
            Edit::Critical(ability) => law.critical.push(ability.to_owned()),
            Edit::Claim(type_) => drop(law.actor.insert("firm".to_owned(), type_)),
            Edit::Retention(seconds) => law.key_retention_seconds = seconds,
            Edit::World => law.world.push('s'),
            Edit::SameContract => law.contracts.reverse(),
        }
    }
    law
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn without_a_rule_that_was_found_idle_the_answers_are_the_same(rules in rules()) {
        let definition = definition(rules);
        let law = Law::new(&definition).unwrap();
        let before = answers(&law);
        let mut all = BTreeSet::new();
        for finding in lint(&law) {
            let id = finding.about.strip_prefix("rule `").and_then(|id| id.strip_suffix('`'));
            let idle = [
                FindingCode::ShadowedRule,
                FindingCode::NeverMatching,
                FindingCode::ContradictoryRules,
            ];
            let Some(id) = id.filter(|_| idle.contains(&finding.code)) else { continue };
            let rule = definition.rules.iter().find(|rule| rule.id.as_deref() == Some(id)).unwrap();
            let exactly = rule.effect == RuleEffect::Forbid
                || finding.code == FindingCode::ShadowedRule;
            let after = answers(&without(&definition, &BTreeSet::from([id.to_owned()])));
            for (before, after) in before.iter().zip(after) {
                prop_assert!(same(*before, after, exactly), "{finding}: {before:?} {after:?}");
            }
            all.insert(id.to_owned());
        }
        for (before, after) in before.iter().zip(answers(&without(&definition, &all))) {
            prop_assert!(same(*before, after, false), "{all:?}: {before:?} {after:?}");
        }
    }

    #[test]
    fn the_same_law_gives_the_same_findings(rules in rules()) {
        let law = Law::new(&definition(rules)).unwrap();
        prop_assert_eq!(lint(&law), lint(&law));
    }

    #[test]
    fn what_has_not_changed_but_for_its_label_has_the_same_digest(
        rules in rules(),
        edits in prop::collection::vec(edit(), 0..3),
    ) {
        let definition = definition(rules);
        let old = Law::new(&definition).unwrap();
        let edited = edited(&definition, &edits);
        let Ok(same_label) = Law::new(&edited) else { return Ok(()) };
        let new = Law::new(&LawDefinition { version: "2".to_owned(), ..edited }).unwrap();
        let change = Change::between(&old, &new);
        prop_assert_eq!(change.is_empty(), old.digest() == same_label.digest(), "{}", change);
        prop_assert!(change.turns.is_empty() || !change.parts.is_empty(), "{}", change);
    }
}
