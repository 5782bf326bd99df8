//! Every setting that some conditions tell apart.
//!
//! The conditions are evaluated with nothing known; whatever they ask for is set to each value
//! that stands for others, and to none, and they are evaluated again. So only what is read is
//! tried, and where a condition stops reading nothing more is.

use std::cell::RefCell;
use std::collections::BTreeMap;

use hos_core::actor::{Actor, ActorKind};
use hos_core::condition::{
    Condition, Environment, Expression, Lookup, Nothing, Path, Root, Scope, ValueRef,
};
use hos_core::contract::Contract;
use hos_core::id::{ActorId, State};
use hos_core::law::Law;
use hos_core::subject::{SUBJECT_BUILT_INS, Subject};
use hos_core::time::Timestamp;
use hos_core::value::{Attributes, Schema, Type, Value};

use super::SETTINGS_MAX;
use super::formula::Truth;
use crate::explore::domain::Domains;
use crate::explore::reads::{asks_now, paths};

/// The id of whoever asks, where no condition reads it.
const ME: &str = "me";
const TENANT: &str = "tenant";
const SUBJECT: &str = "subject";

/// What some conditions read: none where it is absent.
type Known = BTreeMap<Path, Option<Value>>;

/// What is asked about: a subject's state and contract, if there is one, and which kinds of actor
/// may ask.
pub(super) struct Ground<'a> {
    pub(super) law: &'a Law,
    pub(super) about: Option<(&'a State, &'a Contract)>,
    pub(super) kinds: &'a [ActorKind],
    subject: Schema,
}

/// One world to ask in: who asks, when, about what, in which context.
pub(super) struct Setting {
    pub(super) actor: Actor,
    pub(super) now: Timestamp,
    pub(super) subject: Option<Subject>,
    pub(super) revision: u64,
    pub(super) attributes: Attributes,
    pub(super) context: Attributes,
    known: Known,
}

/// All that was found.
pub(super) struct Settings {
    pub(super) all: Vec<Setting>,
    /// Whether every setting there is answers as one of these does.
    pub(super) is_whole: bool,
}

impl<'a> Ground<'a> {
    pub(super) fn new(
        law: &'a Law,
        about: Option<(&'a State, &'a Contract)>,
        kinds: &'a [ActorKind],
    ) -> Self {
        let mut subject = about.map(|(_, c)| c.attributes().clone()).unwrap_or_default();
        let built_ins = SUBJECT_BUILT_INS.into_iter();
        subject.extend(built_ins.filter_map(|(name, type_)| Some((name.parse().ok()?, type_))));
        Self { law, about, kinds, subject }
    }

    /// None for what this kind of subject does not declare: no rule about it says such a thing.
    pub(super) fn condition(&self, expression: &Expression) -> Option<Condition> {
        let scope = Scope {
            actor: Some(self.law.actor()),
            subject: Some(&self.subject),
            context: Some(self.law.context()),
            ..Scope::default()
        };
        Condition::new(expression.clone(), scope).ok()
    }

    /// The settings that some conditions tell apart, at most [`SETTINGS_MAX`] and at most so many.
    pub(super) fn settings(&self, expressions: &[&Expression], budget: usize) -> Settings {
        let conditions = expressions.iter().map(|expression| self.condition(expression));
        let conditions: Vec<Condition> = conditions.flatten().collect();
        let first = ("subject.revision", vec![Value::Integer(1)]);
        let beside: Vec<_> = self.constants().into_iter().chain([first]).collect();
        let domains = Domains::of_conditions(expressions, &beside);
        let is_timed = expressions.iter().any(|expression| asks_now(expression));
        let times = if is_timed { domains.times() } else { vec![Timestamp::EPOCH] };
        let mut is_whole = conditions.len() == expressions.len()
            && (!is_timed || domains.is_whole("now", Type::Time));
        let read = expressions.iter().flat_map(|expression| paths(expression));
        is_whole &= read.into_iter().all(|path| {
            self.type_of(&path).is_none_or(|type_| domains.is_whole(&path.to_string(), type_))
        });
        let most = SETTINGS_MAX.min(budget);
        let mut open: Vec<(Timestamp, Known)> =
            times.into_iter().rev().map(|now| (now, Known::new())).collect();
        let mut all = Vec::new();
        while let Some((now, known)) = open.pop() {
            if all.len() >= most {
                is_whole = false;
                break;
            }
            let Some(path) = missing(&conditions, &known, now) else {
                match self.setting(known, now) {
                    Some(setting) => all.push(setting),
                    None => is_whole = false,
                }
                continue;
            };
            let choices = self.choices(&path, &domains);
            is_whole &= !choices.is_empty();
            for choice in choices.into_iter().rev() {
                let mut known = known.clone();
                known.insert(path.clone(), choice);
                open.push((now, known));
            }
        }
        Settings { all, is_whole }
    }

    fn type_of(&self, path: &Path) -> Option<Type> {
        let schema = match path.root {
            Root::Subject => &self.subject,
            Root::Actor => self.law.actor(),
            _ => self.law.context(),
        };
        schema.get(path.name.as_str()).copied()
    }

    /// What is one of a few things, however many values it is compared with.
    fn constants(&self) -> Vec<(&'static str, Vec<Value>)> {
        let kinds = self.kinds.iter().map(|kind| Value::from(kind.as_str())).collect();
        let mut constants = vec![("actor.kind", kinds)];
        if let Some((state, contract)) = self.about {
            constants.push(("subject.state", vec![Value::from(state.as_str())]));
            constants.push(("subject.kind", vec![Value::from(contract.kind().as_str())]));
        }
        constants
    }

    /// What a path may be here. Identities are always there, and no text but a well-formed one.
    fn choices(&self, path: &Path, domains: &Domains) -> Vec<Option<Value>> {
        let name = path.to_string();
        let fixed = self.constants().into_iter().find(|(constant, _)| *constant == name);
        if let Some((_, values)) = fixed {
            return values.into_iter().map(Some).collect();
        }
        if path.root == Root::Subject && self.about.is_none() {
            return vec![None];
        }
        let Some(type_) = self.type_of(path) else { return vec![None] };
        let values = domains.values(path, type_).into_iter();
        let is_well_formed = |value: &Value| match (name.as_str(), value) {
            ("actor.id", Value::String(id)) => id.parse::<ActorId>().is_ok(),
            ("subject.id", Value::String(id)) => self.subject(TENANT, id).is_some(),
            ("subject.tenant", Value::String(tenant)) => self.subject(tenant, SUBJECT).is_some(),
            ("subject.revision", Value::Integer(revision)) => *revision > 0,
            _ => true,
        };
        let is_given = path.root == Root::Subject
            && SUBJECT_BUILT_INS.iter().any(|(built_in, _)| *built_in == path.name.as_str());
        let absent = (!is_given && name != "actor.id").then_some(None);
        absent.into_iter().chain(values.filter(is_well_formed).map(Some)).collect()
    }

    fn subject(&self, tenant: &str, id: &str) -> Option<Subject> {
        let (_, contract) = self.about?;
        Subject::new(self.law.world().as_str(), tenant, contract.kind().as_str(), id).ok()
    }

    /// None for what is larger than a request or a subject may be.
    fn setting(&self, known: Known, now: Timestamp) -> Option<Setting> {
        let text = |name: &str, otherwise: &str| {
            let value = known.iter().find(|(path, _)| path.to_string() == name);
            match value {
                Some((_, Some(Value::String(text)))) => text.to_string(),
                _ => otherwise.to_owned(),
            }
        };
        let kind = text("actor.kind", "");
        let kind = self.kinds.iter().find(|known| known.as_str() == kind);
        let kind = kind.or(self.kinds.first()).copied()?;
        let mut actor = Actor::new(kind, text("actor.id", ME).parse().ok()?);
        let subject = self.subject(&text("subject.tenant", TENANT), &text("subject.id", SUBJECT));
        let (mut attributes, mut context, mut revision) = (Attributes::new(), Attributes::new(), 1);
        for (path, value) in &known {
            let (name, Some(value)) = (&path.name, value) else { continue };
            match (path.root, name.as_str(), value) {
                (Root::Actor, "id" | "kind", _) => {}
                (Root::Actor, name, value) => actor = actor.claim(name, value.clone()).ok()?,
                (Root::Subject, "id" | "kind" | "tenant" | "state", _) => {}
                (Root::Subject, "revision", Value::Integer(number)) => {
                    revision = u64::try_from(*number).ok()?;
                }
                (Root::Subject, _, value) => attributes.set(name.clone(), value.clone()),
                (_, _, value) => context.set(name.clone(), value.clone()),
            }
        }
        let bags = [&attributes, &context, actor.claims()];
        bags.iter().all(|bag| bag.is_within_limits()).then_some(())?;
        Some(Setting { actor, now, subject, revision, attributes, context, known })
    }
}

impl Setting {
    /// What a condition comes to here.
    pub(super) fn truth(&self, condition: &Condition) -> Truth {
        let unknown = RefCell::new(None);
        match evaluate(condition, &self.known, self.now, &unknown) {
            _ if unknown.borrow().is_some() => Truth::Unread,
            Some(true) => Truth::Holds,
            Some(false) => Truth::Fails,
            None => Truth::Errs,
        }
    }
}

/// The first that is asked for and not known.
fn missing(conditions: &[Condition], known: &Known, now: Timestamp) -> Option<Path> {
    let unknown = RefCell::new(None);
    for condition in conditions {
        evaluate(condition, known, now, &unknown);
        if unknown.borrow().is_some() {
            break;
        }
    }
    unknown.into_inner()
}

/// None where something that is read is absent.
fn evaluate(
    condition: &Condition,
    known: &Known,
    now: Timestamp,
    unknown: &RefCell<Option<Path>>,
) -> Option<bool> {
    let root = |root| Traced { root, known, unknown };
    let (actor, subject, context) = (root(Root::Actor), root(Root::Subject), root(Root::Context));
    let (input, facts) = (&Nothing, &Nothing);
    let environment =
        Environment { actor: &actor, subject: &subject, context: &context, input, facts, now };
    condition.holds(&environment).ok()
}

/// Remembers the first name that it was asked for and did not know.
struct Traced<'k> {
    root: Root,
    known: &'k Known,
    unknown: &'k RefCell<Option<Path>>,
}

impl Lookup for Traced<'_> {
    fn lookup(&self, name: &str) -> Option<ValueRef<'_>> {
        let path = Path::new(self.root, name).ok()?;
        match self.known.get(&path) {
            Some(value) => value.as_ref().map(ValueRef::from),
            None => {
                self.unknown.borrow_mut().get_or_insert(path);
                None
            }
        }
    }
}
