//! Validates a contract definition: every fault at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::definition::{
    ActionDefinition, ContractDefinition, FieldDefinition, GuardDefinition, TimerDefinition,
    Written,
};
use super::digest::digest;
use super::{Action, Contract, Fields, Guard, Open, TIMER_SECONDS_MAX, Timer, graph, limits};
use crate::actor::ACTOR_BUILT_INS;
use crate::condition::{Checked, Condition, Expression, ExpressionError, Scope};
use crate::digest::Digest;
use crate::error::{LawError, LawFaults, Place};
use crate::id::{Ability, ActionName, Kind, Name, State, Topic, Version};
use crate::subject::SUBJECT_BUILT_INS;
use crate::value::{Schema, Type};

/// What every actor has: `actor.id` and `actor.kind`.
pub(crate) fn actor_schema() -> Schema {
    ACTOR_BUILT_INS.into_iter().filter_map(built_in).collect()
}

/// What every subject has beside its declared attributes.
pub(crate) fn subject_schema(attributes: &Schema) -> Schema {
    let built_ins = SUBJECT_BUILT_INS.into_iter().filter_map(built_in);
    built_ins.chain(attributes.clone()).collect()
}

fn built_in((name, type_): (&str, Type)) -> Option<(Name, Type)> {
    Name::new(name).ok().map(|name| (name, type_))
}

pub(super) fn contract(definition: ContractDefinition) -> Result<Contract, LawError> {
    let at = Place::whole(format!("contract {}/{}", definition.kind, definition.version));
    let mut reader = Reader { faults: LawFaults::default(), at, subject: Schema::new() };
    let contract = reader.contract(&definition);
    let contract = contract.map(|mut contract| {
        contract.digest = digest(&contract);
        contract.definition = definition;
        contract
    });
    reader.faults.finish(contract)
}

struct Reader {
    faults: LawFaults,
    at: Place,
    subject: Schema,
}

impl Reader {
    fn contract(&mut self, definition: &ContractDefinition) -> Option<Contract> {
        let kind = self.faults.keep(&self.at.field("kind"), Kind::new(&definition.kind));
        let version =
            self.faults.keep(&self.at.field("version"), Version::new(&definition.version));
        limits::check(&mut self.faults, &self.at, definition);
        let states = self.states(definition);
        let at = self.at.field("initial");
        let initial = self.known_state(&at, &states, &definition.initial, "initial state");
        let at = self.at.field("terminal");
        let terminal = self.known_states(&at, &states, &definition.terminal, "terminal state");
        let attributes = self.attributes(definition);
        self.subject = subject_schema(&attributes);
        let open = self.open(definition, &attributes);
        let numbered = definition.actions.iter().enumerate();
        let actions: Vec<Action> =
            numbered.filter_map(|action| self.action(action, &states, &attributes)).collect();
        let numbered = definition.timers.iter().enumerate();
        let timers: Vec<Timer> = numbered.filter_map(|timer| self.timer(timer, &actions)).collect();
        let aliases = self.aliases(definition, &states);
        self.duplicate_entries(&actions);
        self.duplicate_timers(&timers);
        graph::check(&mut self.faults, &self.at, &states, initial.as_ref(), &terminal, &actions);
        Some(Contract {
            kind: kind?,
            version: version?,
            digest: Digest::of(&[]),
            states,
            initial: initial?,
            terminal,
            attributes,
            open: open?,
            actions,
            timers,
            aliases,
            definition: ContractDefinition::new("", ""),
        })
    }

    fn states(&mut self, definition: &ContractDefinition) -> Vec<State> {
        let mut states = Vec::new();
        for (index, text) in definition.states.iter().enumerate() {
            let at = self.at.field("states").item(index);
            let Some(state) = self.faults.keep(&at, State::new(text)) else { continue };
            if states.contains(&state) {
                let message = format!("state `{state}` is declared twice");
                self.faults.add("duplicate_state", &at, message);
            } else {
                states.push(state);
            }
        }
        states
    }

    fn known_state(
        &mut self,
        at: &Place,
        states: &[State],
        text: &str,
        what: &str,
    ) -> Option<State> {
        let state = states.iter().find(|state| *state == text).cloned();
        if state.is_none() {
            self.faults.add("unknown_state", at, format!("{what} `{text}` is not declared"));
        }
        state
    }

    fn known_states(
        &mut self,
        at: &Place,
        states: &[State],
        texts: &[String],
        what: &str,
    ) -> Vec<State> {
        let mut known = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let at = at.item(index);
            match self.known_state(&at, states, text, what) {
                Some(state) if known.contains(&state) => {
                    let message = format!("{what} `{state}` is listed twice");
                    self.faults.add("duplicate_state", &at, message);
                }
                Some(state) => known.push(state),
                None => {}
            }
        }
        known
    }

    fn attributes(&mut self, definition: &ContractDefinition) -> Schema {
        let mut attributes = Schema::new();
        for (text, type_) in &definition.attributes {
            let at = self.at.field("attributes").field(text);
            if SUBJECT_BUILT_INS.iter().any(|(name, _)| name == text) {
                let message = format!("attribute `{text}` is built in");
                self.faults.add("reserved_name", &at, message);
            }
            if let Some(name) = self.faults.keep(&at, Name::new(text)) {
                attributes.insert(name, *type_);
            }
        }
        attributes
    }

    fn open(&mut self, definition: &ContractDefinition, attributes: &Schema) -> Option<Open> {
        let at = self.at.field("open").named("open");
        let open = &definition.open;
        let ability = self.faults.keep(&at.field("ability"), Ability::new(&open.ability));
        let mut required = Vec::new();
        for (index, text) in open.required.iter().enumerate() {
            match attributes.keys().find(|name| *name == text.as_str()) {
                Some(name) => required.push(name.clone()),
                None => {
                    let message = format!("attribute `{text}` is not declared");
                    let at = at.field("required").item(index);
                    self.faults.add("unknown_attribute", &at, message);
                }
            }
        }
        let guards = self.guards(&at, &open.guards, &Schema::new(), &Schema::new());
        let topics = self.topics(&at, &open.topics);
        Some(Open { ability: ability?, required, guards, topics })
    }

    fn action(
        &mut self,
        (index, definition): (usize, &ActionDefinition),
        states: &[State],
        attributes: &Schema,
    ) -> Option<Action> {
        let at = limits::action_place(&self.at, index, definition);
        let from = self.known_states(&at.field("from"), states, &definition.from, "state");
        let to = self.known_state(&at.field("to"), states, &definition.to, "state");
        if definition.from.is_empty() {
            let message = "the action starts in no state";
            self.faults.add("unreachable_action", &at.field("from"), message);
        }
        let name = self.faults.keep(&at.field("name"), ActionName::new(&definition.name));
        let ability = self.faults.keep(&at.field("ability"), Ability::new(&definition.ability));
        let input = self.fields(&at.field("input"), &definition.input);
        let facts = self.fields(&at.field("facts"), &definition.facts);
        let guards = self.guards(&at, &definition.guards, &input.schema, &facts.schema);
        let set = self.assignments(&at, definition, attributes, (&input.schema, &facts.schema));
        let topics = self.topics(&at, &definition.topics);
        let proof = definition.proof.as_ref();
        let proof = proof.map(|text| self.faults.keep(&at.field("proof"), Name::new(text)));
        Some(Action {
            name: name?,
            from,
            to: to?,
            ability: ability?,
            input,
            facts,
            guards,
            set,
            topics,
            proof: proof.flatten(),
            critical: definition.critical,
        })
    }

    fn fields(&mut self, at: &Place, fields: &BTreeMap<String, FieldDefinition>) -> Fields {
        let mut read = Fields::default();
        for (text, field) in fields {
            let Some(name) = self.faults.keep(&at.field(text), Name::new(text)) else { continue };
            if !field.optional {
                read.required.push(name.clone());
            }
            read.schema.insert(name, field.type_);
        }
        read
    }

    fn guards(
        &mut self,
        at: &Place,
        guards: &[GuardDefinition],
        input: &Schema,
        facts: &Schema,
    ) -> Vec<Guard> {
        let mut read: Vec<Guard> = Vec::new();
        for (index, guard) in guards.iter().enumerate() {
            let at = at.field("guards").item(index).named(format_args!("guard {}", guard.code));
            let code = self.faults.keep(&at.field("code"), Name::new(&guard.code));
            let when = at.field("when");
            let condition = self.checked(&when, &guard.when, (input, facts), Condition::new);
            let (Some(code), Some(condition)) = (code, condition) else { continue };
            if read.iter().any(|other| other.code == code) {
                self.faults.add("duplicate_guard", &at, "the code is used twice");
            }
            read.push(Guard { code, condition });
        }
        read
    }

    fn assignments(
        &mut self,
        at: &Place,
        definition: &ActionDefinition,
        attributes: &Schema,
        (input, facts): (&Schema, &Schema),
    ) -> Vec<(Name, Checked)> {
        let mut read = Vec::new();
        for (text, source) in &definition.set {
            let at = at.field("set").field(text).named(format_args!("set {text}"));
            let Some((name, type_)) = attributes.iter().find(|(name, _)| *name == text.as_str())
            else {
                self.faults.add("unknown_attribute", &at, "the attribute is not declared");
                continue;
            };
            let checked = self.checked(&at, source, (input, facts), Checked::new);
            let Some(checked) = checked else { continue };
            if checked.result_type() == *type_ {
                read.push((name.clone(), checked));
            } else {
                let found = checked.result_type();
                let message = format!("the attribute is a {type_}, the value a {found}");
                self.faults.add("type_mismatch", &at, message);
            }
        }
        read
    }

    fn checked<T>(
        &mut self,
        at: &Place,
        written: &Written,
        (input, facts): (&Schema, &Schema),
        check_in: impl FnOnce(Expression, Scope<'_>) -> Result<T, Vec<ExpressionError>>,
    ) -> Option<T> {
        let actor = actor_schema();
        let scope = Scope {
            actor: Some(&actor),
            subject: Some(&self.subject),
            context: None,
            input: Some(input),
            facts: Some(facts),
        };
        check(&mut self.faults, at, written, |expression| check_in(expression, scope))
    }

    fn topics(&mut self, at: &Place, topics: &[String]) -> Vec<Topic> {
        let read = |(index, text): (usize, &String)| {
            self.faults.keep(&at.field("topics").item(index), Topic::new(text))
        };
        topics.iter().enumerate().filter_map(read).collect()
    }

    fn timer(
        &mut self,
        (index, definition): (usize, &TimerDefinition),
        actions: &[Action],
    ) -> Option<Timer> {
        let at = self.at.field("timers").item(index);
        let at = at.named(format_args!("timer {}", definition.state));
        if !(1..=TIMER_SECONDS_MAX).contains(&definition.after_seconds) {
            let message = format!("a timer waits 1 to {TIMER_SECONDS_MAX} seconds");
            self.faults.add("timer_out_of_range", &at.field("after_seconds"), message);
        }
        let entry =
            actions.iter().find(|a| a.name == *definition.action && a.starts_in(&definition.state));
        let Some(entry) = entry else {
            let (action, state) = (&definition.action, &definition.state);
            let message = format!("no action `{action}` starts in `{state}`");
            self.faults.add("unknown_action", &at.field("action"), message);
            return None;
        };
        if !entry.input.required.is_empty() || !entry.facts.required.is_empty() {
            let message = "nobody gives a timer the input and facts that its action requires";
            self.faults.add("unfireable_timer", &at, message);
        }
        let state = entry.from.iter().find(|state| *state == definition.state.as_str())?.clone();
        let after = Duration::from_secs(definition.after_seconds);
        Some(Timer { state, after, action: entry.name.clone() })
    }

    fn aliases(
        &mut self,
        definition: &ContractDefinition,
        states: &[State],
    ) -> Vec<(State, State)> {
        let mut read = Vec::new();
        for (old, state) in &definition.aliases {
            let at = self.at.field("aliases").field(old);
            if states.iter().any(|state| state == old.as_str()) {
                let message = format!("alias `{old}` is the name of a state");
                self.faults.add("duplicate_state", &at, message);
            }
            let old = self.faults.keep(&at, State::new(old));
            let state = self.known_state(&at, states, state, "state");
            read.extend(old.zip(state));
        }
        read
    }

    fn duplicate_entries(&mut self, actions: &[Action]) {
        let mut seen = BTreeSet::new();
        for action in actions {
            for state in &action.from {
                if !seen.insert((&action.name, state)) {
                    let message = format!("`{}` starts in `{state}` twice", action.name);
                    self.faults.add("duplicate_action", &self.at.field("actions"), message);
                }
            }
        }
    }

    /// A subject has one time for one action.
    fn duplicate_timers(&mut self, timers: &[Timer]) {
        let mut seen = BTreeSet::new();
        for timer in timers {
            if !seen.insert((&timer.state, &timer.action)) {
                let message = format!("`{}` is timed twice in `{}`", timer.action, timer.state);
                self.faults.add("duplicate_timer", &self.at.field("timers"), message);
            }
        }
    }
}

/// Parses and type-checks one expression, and keeps its faults.
pub(crate) fn check<T>(
    faults: &mut LawFaults,
    at: &Place,
    written: &Written,
    check: impl FnOnce(Expression) -> Result<T, Vec<ExpressionError>>,
) -> Option<T> {
    let checked = written.parse().map_err(|error| vec![error]).and_then(check);
    let add = |error: ExpressionError| {
        faults.add_in(error.kind.code(), at, error.to_string(), error.at);
    };
    checked.map_err(|errors| errors.into_iter().for_each(add)).ok()
}
