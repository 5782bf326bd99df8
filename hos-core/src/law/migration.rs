//! Maps from one contract version to another: data of the law, checked for totality.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::condition::{Checked, Environment, Scope};
use crate::contract::validate::{check, subject_schema};
use crate::contract::{Contract, STATES_MAX, Written};
use crate::encoding::ObjectWriter;
use crate::error::{LawFaults, Place};
use crate::id::{Kind, Name, State};
use crate::policy::mentioned::Mentioned;
use crate::subject::SubjectView;
use crate::time::Timestamp;
use crate::value::{ATTRIBUTES_MAX, Attributes, Schema};

/// The most migrations of one law.
pub const MIGRATIONS_MAX: usize = 64;

/// A migration before it is validated: what becomes of live subjects of one contract version
/// under another. What has the same name, and for an attribute the same type, in both is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrationDefinition {
    /// The kind of subject.
    pub kind: String,
    /// The version that subjects pin.
    pub from: String,
    /// The version that they come to pin.
    pub to: String,
    /// Old states and what they become.
    #[serde(default)]
    pub states: BTreeMap<String, String>,
    /// New attributes and the expressions over the old subject whose values they take; absent
    /// where the expression reads something that is.
    #[serde(default)]
    pub attributes: BTreeMap<String, Written>,
    /// Old attributes that are not kept.
    #[serde(default)]
    pub dropped: Vec<String>,
}

impl MigrationDefinition {
    /// A migration of a kind from one version to another, which keeps all that it can.
    #[must_use]
    pub fn new(kind: &str, from: &str, to: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            states: BTreeMap::new(),
            attributes: BTreeMap::new(),
            dropped: Vec::new(),
        }
    }

    /// Says what an old state becomes.
    #[must_use]
    pub fn state(mut self, old: &str, new: &str) -> Self {
        self.states.insert(old.to_owned(), new.to_owned());
        self
    }

    /// Gives a new attribute the value of an expression over the old subject.
    #[must_use]
    pub fn set(mut self, attribute: &str, value: impl Into<Written>) -> Self {
        self.attributes.insert(attribute.to_owned(), value.into());
        self
    }

    /// Does not keep an old attribute.
    #[must_use]
    pub fn dropping(mut self, attribute: &str) -> Self {
        self.dropped.push(attribute.to_owned());
        self
    }

    pub(super) fn encode(&self, object: &mut ObjectWriter<'_>) {
        object.objects("attributes", &self.attributes, |object, (name, source)| {
            object.string("name", name);
            let value = source.parse().map(|expression| expression.to_string());
            object.optional("value", value.as_deref().ok());
        });
        object.strings("dropped", &self.dropped);
        object.string("from", &self.from);
        object.string("kind", &self.kind);
        object.objects("states", &self.states, |object, (old, new)| {
            object.string("from", old);
            object.string("to", new);
        });
        object.string("to", &self.to);
    }
}

/// A validated migration: total over the states and attributes of the old version.
#[derive(Debug, Clone)]
pub struct MigrationMap {
    from: Arc<Contract>,
    to: Arc<Contract>,
    states: Vec<(State, State)>,
    kept: Vec<Name>,
    set: Vec<(Name, Checked)>,
}

impl MigrationMap {
    /// The contract that subjects pin.
    #[must_use]
    pub fn from(&self) -> &Contract {
        &self.from
    }

    /// The contract that they come to pin.
    #[must_use]
    pub fn to(&self) -> &Contract {
        &self.to
    }

    /// What an old state becomes.
    #[must_use]
    pub fn state(&self, old: &str) -> Option<&State> {
        self.states.iter().find(|(state, _)| state == old).map(|(_, new)| new)
    }

    /// Every old state and what it becomes, as the old contract declares them.
    pub fn states(&self) -> impl Iterator<Item = (&State, &State)> {
        self.states.iter().map(|(old, new)| (old, new))
    }

    /// The attributes that become of a subject's. Whether the new contract admits them is still to
    /// be checked.
    pub(crate) fn attributes(&self, old: &SubjectView<'_>, now: Timestamp) -> Attributes {
        let environment = Environment { subject: old, ..Environment::at(now) };
        let mut attributes = Attributes::new();
        for name in &self.kept {
            if let Some(value) = old.attributes.get(name.as_str()) {
                attributes.set(name.clone(), value.clone());
            }
        }
        for (name, source) in &self.set {
            if let Ok(value) = source.evaluate(&environment) {
                attributes.set(name.clone(), value);
            }
        }
        attributes
    }
}

/// Validates the migrations of a law; keeps every fault.
pub(super) fn migrations(
    definitions: &[MigrationDefinition],
    (contracts, mentioned): (&BTreeMap<Kind, Vec<Arc<Contract>>>, &Mentioned),
    faults: &mut LawFaults,
) -> Vec<MigrationMap> {
    let all = Place::whole("law").field("migrations");
    faults.limit(&all, "migrations", definitions.len(), MIGRATIONS_MAX);
    let mut maps: Vec<MigrationMap> = Vec::new();
    for (index, definition) in definitions.iter().enumerate() {
        let MigrationDefinition { kind, from, to, .. } = definition;
        let at = all.item(index).called(format!("migration {kind}/{from} to {to}"));
        let version = |label: &str, faults: &mut LawFaults| {
            let versions = contracts.get(kind.as_str()).into_iter().flatten();
            let found = versions.clone().find(|contract| contract.version() == label);
            if found.is_none() && !mentioned.has_kind(kind) {
                let message = format!("the law holds no contract `{kind}/{label}`");
                faults.add("unknown_contract", &at, message);
            }
            found.cloned()
        };
        let (old, new) = (version(from, faults), version(to, faults));
        if from == to {
            faults.add("same_version", &at, "a subject is migrated to another version");
        }
        let (Some(old), Some(new)) = (old, new) else { continue };
        if maps.iter().any(|map| map.is_of(kind, from, to)) {
            faults.add("duplicate_migration", &at, "the migration stands twice");
        }
        maps.push(Reader { definition, at: &at, old, new, faults }.map());
    }
    maps
}

impl MigrationMap {
    /// Whether it is the map of a kind between two versions.
    pub(super) fn is_of(&self, kind: &str, from: &str, to: &str) -> bool {
        self.from.kind() == kind && self.from.version() == from && self.to.version() == to
    }
}

struct Reader<'a> {
    definition: &'a MigrationDefinition,
    at: &'a Place,
    old: Arc<Contract>,
    new: Arc<Contract>,
    faults: &'a mut LawFaults,
}

impl Reader<'_> {
    fn map(mut self) -> MigrationMap {
        let states = self.states();
        let set = self.set();
        self.dropped();
        let kept = self.kept();
        self.required(&kept);
        MigrationMap { from: self.old, to: self.new, states, kept, set }
    }

    fn fault(&mut self, code: &'static str, message: String) {
        self.faults.add(code, self.at, message);
    }

    fn states(&mut self) -> Vec<(State, State)> {
        let (old, new) = (Arc::clone(&self.old), Arc::clone(&self.new));
        self.faults.limit(self.at, "states", self.definition.states.len(), STATES_MAX);
        for state in self.definition.states.keys() {
            if !old.states().iter().any(|known| known == state.as_str()) {
                self.fault("unknown_state", format!("the old contract has no state `{state}`"));
            }
        }
        let mut states = Vec::new();
        for state in old.states() {
            let said = self.definition.states.get(state.as_str());
            let becomes = said.map_or(state.as_str(), String::as_str);
            let Some(target) = new.states().iter().find(|known| *known == becomes) else {
                if said.is_some() {
                    let message = format!("the new contract has no state `{becomes}`");
                    self.fault("unknown_state", message);
                } else {
                    let message = format!("nothing says what state `{state}` becomes");
                    self.fault("unmapped_state", message);
                }
                continue;
            };
            match (old.is_terminal(state.as_str()), new.is_terminal(becomes)) {
                (true, false) => {
                    let message = format!("`{state}` is terminal, `{becomes}` is not");
                    self.fault("terminal_revives", message);
                }
                (false, true) => {
                    let message = format!("`{state}` would end as `{becomes}` without an action");
                    self.fault("ends_without_action", message);
                }
                _ => states.push((state.clone(), target.clone())),
            }
        }
        states
    }

    fn set(&mut self) -> Vec<(Name, Checked)> {
        let (old, new) = (subject_schema(self.old.attributes()), Arc::clone(&self.new));
        let definition = self.definition;
        self.faults.limit(self.at, "attributes", definition.attributes.len(), ATTRIBUTES_MAX);
        let mut set = Vec::new();
        for (text, source) in &definition.attributes {
            let at =
                self.at.field("attributes").field(text).named(format_args!("attribute {text}"));
            let declared = new.attributes().iter().find(|(name, _)| *name == text.as_str());
            if declared.is_none() {
                self.faults.add("unknown_attribute", &at, "the new contract does not declare it");
            }
            let scope = Scope { subject: Some(&old), ..Scope::default() };
            let checked = check(self.faults, &at, source, |e| Checked::new(e, scope));
            let (Some((name, type_)), Some(checked)) = (declared, checked) else { continue };
            let found = checked.result_type();
            if found == *type_ {
                set.push((name.clone(), checked));
            } else {
                let message = format!("the attribute is a {type_}, the value a {found}");
                self.faults.add("type_mismatch", &at, message);
            }
        }
        set
    }

    fn dropped(&mut self) {
        let definition = self.definition;
        self.faults.limit(self.at, "dropped attributes", definition.dropped.len(), ATTRIBUTES_MAX);
        for (at, text) in definition.dropped.iter().enumerate() {
            if !declares(self.old.attributes(), text) {
                let message = format!("the old contract declares no attribute `{text}`");
                self.fault("unknown_attribute", message);
            }
            if definition.dropped.iter().take(at).any(|other| other == text) {
                self.fault("duplicate_attribute", format!("`{text}` is dropped twice"));
            }
        }
    }

    /// The old attributes that are kept under their names.
    fn kept(&mut self) -> Vec<Name> {
        let (old, new) = (Arc::clone(&self.old), Arc::clone(&self.new));
        let mut kept = Vec::new();
        for (name, type_) in old.attributes() {
            let is_set = self.definition.attributes.contains_key(name.as_str());
            if is_set || self.definition.dropped.iter().any(|text| *name == text.as_str()) {
                continue;
            }
            match new.attributes().get(name) {
                Some(now) if now == type_ => kept.push(name.clone()),
                Some(now) => {
                    let message = format!("`{name}` was a {type_} and is a {now}: set or drop it");
                    self.fault("type_mismatch", message);
                }
                None => {
                    let message = format!("nothing says what attribute `{name}` becomes: drop it");
                    self.fault("unmapped_attribute", message);
                }
            }
        }
        kept
    }

    /// What the new contract requires of a fresh subject, a migrated one has too.
    fn required(&mut self, kept: &[Name]) {
        let new = Arc::clone(&self.new);
        for name in new.open().required() {
            let is_set = self.definition.attributes.contains_key(name.as_str());
            if !is_set && !kept.contains(name) {
                let message = format!("the new contract requires `{name}`: set it");
                self.fault("missing_attribute", message);
            }
        }
    }
}

fn declares(schema: &Schema, text: &str) -> bool {
    schema.keys().any(|name| *name == text)
}
