//! Contracts as plain data: what a file holds and what the builder fills.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::condition::{Expression, ExpressionError};
use crate::value::Type;

/// A contract before it is validated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractDefinition {
    /// The kind of subject.
    pub kind: String,
    /// The version label.
    pub version: String,
    /// All states.
    pub states: Vec<String>,
    /// The state of a fresh subject.
    pub initial: String,
    /// The states that nothing leaves.
    pub terminal: Vec<String>,
    /// Attributes and their types.
    #[serde(default)]
    pub attributes: BTreeMap<String, Type>,
    /// How a subject is opened.
    pub open: OpenDefinition,
    /// The actions, in catalogue order.
    #[serde(default)]
    pub actions: Vec<ActionDefinition>,
    /// The timers.
    #[serde(default)]
    pub timers: Vec<TimerDefinition>,
    /// Old state names and what they are called now; accepted on input only.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
}

/// How a subject is opened.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenDefinition {
    /// What an actor needs.
    pub ability: String,
    /// The attributes that must be given.
    #[serde(default)]
    pub required: Vec<String>,
    /// Conditions on the fresh subject.
    #[serde(default)]
    pub guards: Vec<GuardDefinition>,
    /// Where an opening is published.
    #[serde(default)]
    pub topics: Vec<String>,
}

/// One action before it is validated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionDefinition {
    /// The name.
    pub name: String,
    /// The states that it starts in.
    pub from: Vec<String>,
    /// The state that it leads to.
    pub to: String,
    /// What an actor needs.
    pub ability: String,
    /// What the client gives.
    #[serde(default)]
    pub input: BTreeMap<String, FieldDefinition>,
    /// What the world has observed.
    #[serde(default)]
    pub facts: BTreeMap<String, FieldDefinition>,
    /// What must hold.
    #[serde(default)]
    pub guards: Vec<GuardDefinition>,
    /// Attributes and the expressions whose values they take.
    #[serde(default)]
    pub set: BTreeMap<String, Written>,
    /// Where a move is published.
    #[serde(default)]
    pub topics: Vec<String>,
    /// The world's own name for the proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// Whether an attempt that is denied leaves evidence.
    #[serde(default)]
    pub critical: bool,
}

/// A declared input or fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldDefinition {
    /// The type.
    #[serde(rename = "type")]
    pub type_: Type,
    /// Whether it may be left out.
    #[serde(default)]
    pub optional: bool,
}

/// A guard before it is validated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuardDefinition {
    /// The code that a refusal lists.
    pub code: String,
    /// What must hold.
    pub when: Written,
}

/// A timer before it is validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimerDefinition {
    /// The state that it runs in.
    pub state: String,
    /// How long after the subject entered the state, in seconds.
    pub after_seconds: u64,
    /// What the job does then.
    pub action: String,
}

/// An expression as a definition holds it: its text, or its tree.
///
/// Exhaustive: a person writes the text form, a program the tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "a text or a tree, there is no third form")]
pub enum Written {
    /// The CEL subset.
    Text(String),
    /// The tree.
    Tree(Box<Expression>),
}

impl Written {
    /// The expression.
    ///
    /// # Errors
    ///
    /// [`ExpressionError`] of a text that does not parse.
    pub fn parse(&self) -> Result<Expression, ExpressionError> {
        match self {
            Self::Text(text) => Expression::parse(text),
            Self::Tree(expression) => Ok(expression.as_ref().clone()),
        }
    }
}

impl From<&str> for Written {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Expression> for Written {
    fn from(expression: Expression) -> Self {
        Self::Tree(Box::new(expression))
    }
}

impl ContractDefinition {
    pub(super) fn new(kind: &str, version: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            version: version.to_owned(),
            states: Vec::new(),
            initial: String::new(),
            terminal: Vec::new(),
            attributes: BTreeMap::new(),
            open: OpenDefinition::default(),
            actions: Vec::new(),
            timers: Vec::new(),
            aliases: BTreeMap::new(),
        }
    }
}

impl GuardDefinition {
    /// A code and what must hold.
    #[must_use]
    pub fn new(code: &str, when: impl Into<Written>) -> Self {
        Self { code: code.to_owned(), when: when.into() }
    }
}

impl ActionDefinition {
    /// An action that starts in some states, leads to one, and needs an ability.
    #[must_use]
    pub fn new<S: Into<String>>(
        name: &str,
        from: impl IntoIterator<Item = S>,
        to: &str,
        ability: &str,
    ) -> Self {
        Self {
            name: name.to_owned(),
            from: from.into_iter().map(Into::into).collect(),
            to: to.to_owned(),
            ability: ability.to_owned(),
            input: BTreeMap::new(),
            facts: BTreeMap::new(),
            guards: Vec::new(),
            set: BTreeMap::new(),
            topics: Vec::new(),
            proof: None,
            critical: false,
        }
    }

    /// Declares an input that must be given.
    #[must_use]
    pub fn input(mut self, name: &str, type_: Type) -> Self {
        self.input.insert(name.to_owned(), FieldDefinition { type_, optional: false });
        self
    }

    /// Declares an input that may be left out.
    #[must_use]
    pub fn optional_input(mut self, name: &str, type_: Type) -> Self {
        self.input.insert(name.to_owned(), FieldDefinition { type_, optional: true });
        self
    }

    /// Declares a fact that must be given.
    #[must_use]
    pub fn fact(mut self, name: &str, type_: Type) -> Self {
        self.facts.insert(name.to_owned(), FieldDefinition { type_, optional: false });
        self
    }

    /// What must hold, and the code that is listed when it does not.
    #[must_use]
    pub fn guard(mut self, code: &str, when: impl Into<Written>) -> Self {
        self.guards.push(GuardDefinition::new(code, when));
        self
    }

    /// Gives an attribute the value of an expression.
    #[must_use]
    pub fn set(mut self, attribute: &str, value: impl Into<Written>) -> Self {
        self.set.insert(attribute.to_owned(), value.into());
        self
    }

    /// Publishes the move.
    #[must_use]
    pub fn topic(mut self, topic: &str) -> Self {
        self.topics.push(topic.to_owned());
        self
    }

    /// Names the proof.
    #[must_use]
    pub fn proof(mut self, name: &str) -> Self {
        self.proof = Some(name.to_owned());
        self
    }

    /// Leaves evidence of an attempt that is denied.
    #[must_use]
    pub fn critical(mut self) -> Self {
        self.critical = true;
        self
    }
}
