//! What a law speaks of in pieces that are faulty themselves: nobody may call it unknown.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::contract::ContractDefinition;
use crate::id::{Ability, Name};
use crate::value::Schema;

/// Names that stand in faulty pieces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mentioned {
    roles: BTreeSet<String>,
    abilities: BTreeSet<String>,
    kinds: BTreeSet<String>,
    faulty: Vec<Faulty>,
    /// Whether a piece does not even tell its name.
    any_role: bool,
    any_ability: bool,
    any_kind: bool,
    /// Whether claims or context could not be read.
    any_name: bool,
}

/// What a contract declares that is faulty.
#[derive(Debug, Clone)]
struct Faulty {
    kind: String,
    abilities: BTreeSet<Ability>,
    attributes: Schema,
}

impl Mentioned {
    pub(crate) fn role<T>(&mut self, raw: &Value) -> Option<T> {
        match text(raw, "name") {
            Some(name) => drop(self.roles.insert(name.to_owned())),
            None => self.any_role = true,
        }
        None
    }

    /// A permit declares the abilities that it names.
    pub(crate) fn rule<T>(&mut self, raw: &Value) -> Option<T> {
        let named = raw.get("abilities").and_then(Value::as_array);
        let texts: Option<Vec<&str>> =
            named.and_then(|named| named.iter().map(Value::as_str).collect());
        match texts {
            Some(texts) => self.abilities.extend(texts.into_iter().map(ToOwned::to_owned)),
            None => self.any_ability = true,
        }
        None
    }

    pub(crate) fn contract<T>(&mut self, raw: &Value) -> Option<T> {
        match text(raw, "kind") {
            Some(kind) => drop(self.kinds.insert(kind.to_owned())),
            None => self.any_kind = true,
        }
        // Its actions may ask for any ability; those that can be told are not the only ones.
        self.any_ability = true;
        None
    }

    /// A contract that was read and is faulty.
    pub(crate) fn faulty(&mut self, contract: &ContractDefinition) {
        self.kinds.insert(contract.kind.clone());
        let abilities = contract.actions.iter().map(|action| &action.ability);
        let abilities = abilities.chain([&contract.open.ability]);
        let attributes = contract.attributes.iter();
        self.faulty.push(Faulty {
            kind: contract.kind.clone(),
            abilities: abilities.filter_map(|text| Ability::new(text).ok()).collect(),
            attributes: attributes
                .filter_map(|(name, type_)| Some((Name::new(name).ok()?, *type_)))
                .collect(),
        });
    }

    /// The abilities that faulty contracts ask for.
    pub(crate) fn asked(&self) -> impl Iterator<Item = &Ability> {
        let asked = self.faulty.iter().flat_map(|contract| &contract.abilities);
        asked.filter(|ability| ability.resource() != "hos")
    }

    /// What faulty contracts declare of the subjects that abilities are about.
    pub(crate) fn declared<'m>(
        &'m self,
        abilities: &BTreeSet<Ability>,
    ) -> impl Iterator<Item = &'m Schema> {
        let about = |contract: &&Faulty| {
            abilities.iter().any(|ability| {
                ability.resource() == contract.kind || contract.abilities.contains(ability)
            })
        };
        self.faulty.iter().filter(about).map(|contract| &contract.attributes)
    }

    pub(crate) fn abilities_are_missing(&mut self, are: bool) {
        self.any_ability |= are;
    }

    pub(crate) fn names_are_missing(&mut self, are: bool) {
        self.any_name |= are;
    }

    /// Whether a role may be declared in a faulty piece.
    pub(crate) fn has_role(&self, name: &str) -> bool {
        self.any_role || self.roles.contains(name)
    }

    /// Whether an ability, or one of a resource (`order.*`), may be asked for in a faulty piece.
    pub(crate) fn has_ability(&self, text: &str) -> bool {
        let resource = text.split_once('.').map_or("", |(resource, _)| resource);
        self.any_ability
            || self.abilities.contains(text)
            || text.ends_with(".*")
                && self
                    .abilities
                    .iter()
                    .any(|ability| ability.split_once('.').is_some_and(|(own, _)| own == resource))
    }

    /// Whether a contract version may be a faulty piece.
    pub(crate) fn has_kind(&self, kind: &str) -> bool {
        self.any_kind || self.kinds.contains(kind)
    }

    /// Whether what a condition about these abilities reads may be declared in a faulty piece.
    pub(crate) fn has_names_of(&self, abilities: &[String]) -> bool {
        self.any_name || abilities.iter().any(|text| self.has_ability(text))
    }
}

/// A text of an object that could not be read as a whole.
fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str()
}
