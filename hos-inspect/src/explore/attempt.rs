//! Every way in which something may be tried.

use hos_core::actor::{Actor, ActorKind};
use hos_core::condition::{Path, Root};
use hos_core::contract::{Action, ActionDefinition, Fields};
use hos_core::id::{ActorId, Name};
use hos_core::time::Timestamp;
use hos_core::value::{Attributes, Type, Value};

use super::reads::Reads;
use super::search::Search;

/// One way in which an action may be tried.
pub(super) struct Attempt {
    pub(super) actor: Actor,
    pub(super) now: Timestamp,
    pub(super) input: Attributes,
    pub(super) facts: Attributes,
    /// Whether it may be made as well after all the time that is looked at.
    pub(super) lasts: bool,
}

impl Search<'_> {
    pub(super) fn attempts(
        &self,
        action: &Action,
        definition: &ActionDefinition,
        now: Timestamp,
        is_timed: bool,
    ) -> impl Iterator<Item = Attempt> {
        let reads = self.live.of_action(action, definition);
        let given = |root: Root, fields: &Fields| -> (Vec<Name>, Vec<Vec<Option<Value>>>) {
            let choices = fields.schema().iter().map(|(name, type_)| {
                let path = Path { root, name: name.clone() };
                let is_read = reads.paths.contains(&path);
                let choices =
                    self.choices(&path, *type_, is_read, fields.required().contains(name));
                (name.clone(), choices)
            });
            choices.unzip()
        };
        let (inputs, input_choices) = given(Root::Input, action.input());
        let (facts, fact_choices) = given(Root::Facts, action.facts());
        let times = self.times(&reads, Some(now));
        let last = times.last().copied();
        let actors = self.actors(&reads, is_timed);
        let who: Vec<(Timestamp, Actor)> = times
            .into_iter()
            .flat_map(|now| actors.iter().map(move |actor| (now, actor.clone())))
            .collect();
        let split = inputs.len();
        let choices: Vec<_> = input_choices.into_iter().chain(fact_choices).collect();
        Product::new(choices).flat_map(move |values| {
            let (input, fact) = values.split_at(split.min(values.len()));
            let input = bag(&inputs.iter().collect::<Vec<_>>(), input.to_vec());
            let facts = bag(&facts.iter().collect::<Vec<_>>(), fact.to_vec());
            let attempt = |(now, actor): &(Timestamp, Actor)| Attempt {
                actor: actor.clone(),
                now: *now,
                input: input.clone(),
                facts: facts.clone(),
                lasts: Some(*now) == last,
            };
            who.iter().map(attempt).collect::<Vec<_>>()
        })
    }

    /// What a value may be: absent, or one that stands for others; one alone where nobody reads it.
    pub(super) fn choices(
        &self,
        path: &Path,
        type_: Type,
        is_read: bool,
        is_required: bool,
    ) -> Vec<Option<Value>> {
        let mut values = self.domains.values(path, type_).into_iter().map(Some);
        match (is_read, is_required) {
            (true, true) => values.collect(),
            (true, false) => std::iter::once(None).chain(values).collect(),
            (false, true) => values.next().into_iter().collect(),
            (false, false) => vec![None],
        }
    }

    /// From a time on. Where nobody asks for it no time passes: it can pass as well before the
    /// next step that does.
    pub(super) fn times(&self, reads: &Reads, from: Option<Timestamp>) -> Vec<Timestamp> {
        let mut times = self.domains.times();
        if let Some(from) = from {
            times.retain(|time| *time >= from);
        }
        let asked = Reads::of(self.invariant.map(|invariant| invariant.expression().clone())).now;
        if !reads.now && !asked {
            times.truncate(1);
        }
        times
    }

    pub(super) fn actors(&self, reads: &Reads, is_timed: bool) -> Vec<Actor> {
        let reads = |name: &str| {
            reads.paths.iter().any(|path| path.root == Root::Actor && path.name.as_str() == name)
        };
        let kinds = match (reads("kind"), is_timed) {
            (true, _) => ActorKind::ALL.to_vec(),
            (false, true) => vec![ActorKind::User, ActorKind::Job],
            (false, false) => vec![ActorKind::User],
        };
        let id = Name::new("id").map(|name| Path { root: Root::Actor, name });
        let ids = id.map(|path| self.domains.values(&path, Type::String)).unwrap_or_default();
        let ids = ids.into_iter().filter_map(|value| match value {
            Value::String(text) => ActorId::new(&*text).ok(),
            _ => None,
        });
        let ids: Vec<ActorId> = ids.take(if reads("id") { usize::MAX } else { 1 }).collect();
        kinds
            .into_iter()
            .flat_map(|kind| ids.iter().map(move |id| Actor::new(kind, id.clone())))
            .collect()
    }
}

pub(super) fn bag(names: &[&Name], values: Vec<Option<Value>>) -> Attributes {
    let mut bag = Attributes::new();
    for (name, value) in names.iter().zip(values) {
        if let Some(value) = value {
            bag.set((*name).clone(), value);
        }
    }
    bag
}

/// One of each, in every way.
pub(super) struct Product {
    choices: Vec<Vec<Option<Value>>>,
    at: Option<Vec<usize>>,
}

impl Product {
    pub(super) fn new(choices: Vec<Vec<Option<Value>>>) -> Self {
        let some = choices.iter().all(|choices| !choices.is_empty());
        let at = some.then(|| vec![0; choices.len()]);
        Self { choices, at }
    }
}

impl Iterator for Product {
    type Item = Vec<Option<Value>>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at.as_mut()?;
        let chosen = self.choices.iter().zip(&*at);
        let item = chosen.filter_map(|(choices, at)| choices.get(*at).cloned()).collect();
        let mut carried = true;
        for (choices, at) in self.choices.iter().zip(at.iter_mut()) {
            *at += 1;
            carried = *at == choices.len();
            if !carried {
                break;
            }
            *at = 0;
        }
        if carried {
            self.at = None;
        }
        Some(item)
    }
}
