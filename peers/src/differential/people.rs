//! Who asks, about what and when: the same for both sides.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Context, Entity, EntityUid, RestrictedExpression};
use hos_core::actor::{Actor, ActorKind};
use hos_core::condition::{Lookup, Nothing};
use hos_core::id::{ActorId, State};
use hos_core::law::{Law, LawDefinition};
use hos_core::policy::Question;
use hos_core::standing::{ActorStanding, Modes};
use hos_core::subject::{Subject, SubjectView};
use hos_core::time::Timestamp;
use hos_core::value::{Attributes, Type, Value};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::conditions::{literal, time};
use super::laws::{ABILITIES, ATTRIBUTES, CLAIMS, CONTEXT};

const ACTORS: usize = 16;
const SUBJECTS: usize = 16;
const CONTEXTS: usize = 8;
const TENANT: &str = "firm-1";

/// Everybody of one trial; a question picks from each list.
pub(super) struct People {
    pub(super) abilities: Vec<&'static str>,
    actors: Vec<(Actor, ActorStanding)>,
    subjects: Vec<Thing>,
    contexts: Vec<(Attributes, Timestamp)>,
    modes: Modes,
}

/// A subject and what a store would say of it; none where the law asks about no subject.
struct Thing {
    subject: Subject,
    kept: Option<(State, u64, Attributes)>,
}

/// Which of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask {
    pub(super) actor: usize,
    pub(super) ability: usize,
    pub(super) subject: usize,
    pub(super) context: usize,
}

impl People {
    pub(super) fn new(rng: &mut StdRng, law: &LawDefinition) -> Self {
        Self {
            abilities: ABILITIES.to_vec(),
            actors: (0..ACTORS).map(|_| (actor(rng), standing(rng, law))).collect(),
            subjects: (0..SUBJECTS).map(|number| thing(rng, number)).collect(),
            contexts: (0..CONTEXTS).map(|_| (attributes(rng, &CONTEXT), time(rng))).collect(),
            modes: Modes::default(),
        }
    }

    pub(super) fn ask(&self, rng: &mut StdRng) -> Ask {
        Ask {
            actor: rng.random_range(0..ACTORS),
            ability: rng.random_range(0..self.abilities.len()),
            subject: rng.random_range(0..SUBJECTS),
            context: rng.random_range(0..CONTEXTS),
        }
    }

    /// The question, for as long as the view of its subject lives.
    pub(super) fn with_question<T>(&self, ask: &Ask, of: impl FnOnce(&Question<'_>) -> T) -> T {
        let (actor, standing) = &self.actors[ask.actor];
        let (context, now) = &self.contexts[ask.context];
        self.subjects[ask.subject].viewed(|subject| {
            of(&Question {
                actor,
                ability: self.abilities[ask.ability],
                subject,
                context,
                standing,
                modes: &self.modes,
                now: *now,
            })
        })
    }

    pub(super) fn shown(&self, ask: &Ask) -> String {
        let (actor, standing) = &self.actors[ask.actor];
        let kept = &self.subjects[ask.subject].kept;
        let (ability, context) = (self.abilities[ask.ability], &self.contexts[ask.context]);
        format!("{ability}\n  {actor:?}\n  {standing:?}\n  {kept:?}\n  {context:?}")
    }

    /// A role in the wrong scope grants nothing, so nobody is its child.
    pub(super) fn actor_entities(&self, law: &Law) -> Vec<Entity> {
        let numbered = self.actors.iter().enumerate();
        let entity = |(number, (actor, standing)): (usize, &(Actor, ActorStanding))| {
            let ours = standing.roles.iter().map(|role| (role, false));
            let worlds = standing.world_roles.iter().map(|role| (role, true));
            let in_scope = |role: &str, world| {
                law.roles().iter().any(|declared| declared.name == role && declared.world == world)
            };
            let roles = ours.chain(worlds).filter(|(role, world)| in_scope(role.as_str(), *world));
            let mut parents: HashSet<EntityUid> =
                roles.map(|(role, _)| uid("Role", role.as_str())).collect();
            parents.insert(uid("ActorKind", actor.kind().as_str()));
            let mut attributes = expressions(actor.claims(), &CLAIMS);
            let texts = [("id", actor.id().as_str()), ("kind", actor.kind().as_str())];
            for (name, text) in texts.into_iter().chain([("inTenant", TENANT)]) {
                attributes.insert(name.to_owned(), text_expression(text));
            }
            let banned = RestrictedExpression::new_bool(standing.banned);
            attributes.insert("isBanned".to_owned(), banned);
            let uid = uid("Actor", &format!("a{number}"));
            Entity::new(uid, attributes, parents).expect("plain attributes")
        };
        numbered.map(entity).collect()
    }

    pub(super) fn subject_entities(&self) -> Vec<Entity> {
        let entity = |thing: &Thing| {
            let mut attributes = HashMap::new();
            if let Some((state, revision, declared)) = &thing.kept {
                attributes = expressions(declared, &ATTRIBUTES);
                let texts = [
                    ("id", thing.subject.id.as_str()),
                    ("kind", thing.subject.kind.as_str()),
                    ("tenant", TENANT),
                    ("state", state.as_str()),
                ];
                for (name, text) in texts {
                    attributes.insert(name.to_owned(), text_expression(text));
                }
                let revision = i64::try_from(*revision).expect("a small revision");
                let revision = RestrictedExpression::new_long(revision);
                attributes.insert("revision".to_owned(), revision);
            }
            attributes.insert("inTenant".to_owned(), text_expression(TENANT));
            let type_ = format!("Subject::{}", thing.subject.kind);
            let uid = uid(&type_, thing.subject.id.as_str());
            Entity::new(uid, attributes, HashSet::new()).expect("plain attributes")
        };
        self.subjects.iter().map(entity).collect()
    }

    pub(super) fn cedar_contexts(&self) -> Vec<Context> {
        let context = |(attributes, now): &(Attributes, Timestamp)| {
            let mut pairs = expressions(attributes, &CONTEXT);
            let now = RestrictedExpression::new_long(now.as_micros());
            pairs.insert("decidedAt".to_owned(), now);
            Context::from_pairs(pairs).expect("plain pairs")
        };
        self.contexts.iter().map(context).collect()
    }
}

impl Thing {
    fn viewed<T>(&self, of: impl FnOnce(&dyn Lookup) -> T) -> T {
        match &self.kept {
            None => of(&Nothing),
            Some((state, revision, attributes)) => {
                let subject = &self.subject;
                of(&SubjectView { subject, state, revision: *revision, attributes })
            }
        }
    }
}

fn actor(rng: &mut StdRng) -> Actor {
    let id = ActorId::new(*["u0", "u1", "a"].choose(rng).expect("some")).expect("an id");
    let kind = *ActorKind::ALL.choose(rng).expect("some");
    let mut actor = Actor::new(kind, id);
    for (name, value) in attributes(rng, &CLAIMS).iter() {
        actor = actor.claim(name.as_str(), value.clone()).expect("a name");
    }
    actor
}

/// Roles of either scope, perhaps in the wrong one.
fn standing(rng: &mut StdRng, law: &LawDefinition) -> ActorStanding {
    let mut standing =
        ActorStanding { banned: rng.random_range(0..16) == 0, ..ActorStanding::default() };
    for role in &law.roles {
        let name = role.name.parse().expect("a role");
        match rng.random_range(0..16) {
            0 => standing.roles.push(name),
            1 => standing.world_roles.push(name),
            2..10 if role.world => standing.world_roles.push(name),
            2..10 => standing.roles.push(name),
            _ => {}
        }
    }
    standing
}

fn thing(rng: &mut StdRng, number: usize) -> Thing {
    let kind = *["order", "order", "report", "report", "audit", "hos"].choose(rng).expect("some");
    let id = format!("s{number}");
    let subject = Subject::new("world", TENANT, kind, &id).expect("a subject");
    let state = *["pending", "paid"].choose(rng).expect("some");
    let kept = match kind {
        "hos" => None,
        "audit" => Some(Attributes::new()),
        _ => Some(attributes(rng, &ATTRIBUTES)),
    };
    let kept = kept
        .map(|attributes| (state.parse().expect("a state"), rng.random_range(0..3), attributes));
    Thing { subject, kept }
}

/// Some are absent and some of another type than declared, which is as good as absent.
fn attributes(rng: &mut StdRng, declared: &[(&str, Type)]) -> Attributes {
    let mut attributes = Attributes::new();
    for (name, type_) in declared {
        let value = match rng.random_range(0..24) {
            0..3 => continue,
            3 => literal(rng, if *type_ == Type::Bool { Type::Integer } else { Type::Bool }),
            4 | 5 if type_.member().is_some() => Value::from_iter([false; 0]),
            _ => literal(rng, *type_),
        };
        attributes.set(name.parse().expect("a name"), value);
    }
    attributes
}

fn uid(type_: &str, id: &str) -> EntityUid {
    format!("{type_}::\"{id}\"").parse().expect("plain names")
}

/// Without what is of another type than declared: no schema would let it in.
fn expressions(
    attributes: &Attributes,
    declared: &[(&str, Type)],
) -> HashMap<String, RestrictedExpression> {
    let typed = attributes.iter().filter(|(name, value)| {
        declared.iter().any(|(of, type_)| *name == of && type_.admits(value))
    });
    typed.map(|(name, value)| (name.to_string(), expression(value))).collect()
}

fn expression(value: &Value) -> RestrictedExpression {
    match value {
        Value::Bool(value) => RestrictedExpression::new_bool(*value),
        Value::Integer(number) => RestrictedExpression::new_long(*number),
        Value::String(text) => text_expression(text),
        Value::Time(time) => RestrictedExpression::new_long(time.as_micros()),
        Value::Set(members) => RestrictedExpression::new_set(members.iter().map(expression)),
    }
}

fn text_expression(text: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(text.to_owned())
}
