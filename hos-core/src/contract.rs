//! The second law: a versioned state machine for one kind of subject, as data.

mod definition;
pub(crate) mod validate;

use std::time::Duration;

pub use definition::{
    ActionDefinition, ContractDefinition, FieldDefinition, GuardDefinition, OpenDefinition,
    TimerDefinition, Written,
};

use crate::condition::{Checked, Condition, Environment};
use crate::digest::Digest;
use crate::error::{LawError, LawFaults};
use crate::id::{Ability, ActionName, Kind, Name, State, Topic, Version};
use crate::value::{Attributes, Schema, Type};

/// The most states of one contract.
pub const STATES_MAX: usize = 64;
/// The most actions of one contract.
pub const ACTIONS_MAX: usize = 128;
/// The most guards, assignments or topics of one action.
pub const ACTION_PARTS_MAX: usize = 32;
/// The most timers of one contract.
pub const TIMERS_MAX: usize = 32;
/// The longest a timer may wait, in seconds: ten years.
pub const TIMER_SECONDS_MAX: u64 = 10 * 366 * 86_400;
/// The largest contract or law file, in bytes.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// A validated contract.
///
/// ```
/// use hos_core::contract::{ActionDefinition, Contract};
/// use hos_core::value::Type;
///
/// let order = Contract::builder("order", "1")
///     .states(["pending", "paid", "cancelled"])
///     .initial("pending")
///     .terminal(["cancelled"])
///     .attribute("customer", Type::String)
///     .open("order.create", ["customer"])
///     .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
///     .action(
///         ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel")
///             .input("reason", Type::String)
///             .guard("reason_too_short", "size(input.reason) >= 3"),
///     )
///     .build()?;
/// assert_eq!(order.initial(), "pending");
/// assert!(order.is_terminal("cancelled"));
/// # Ok::<(), hos_core::error::LawError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Contract {
    kind: Kind,
    version: Version,
    digest: Digest,
    states: Vec<State>,
    initial: State,
    terminal: Vec<State>,
    attributes: Schema,
    open: Open,
    actions: Vec<Action>,
    timers: Vec<Timer>,
    aliases: Vec<(State, State)>,
    definition: ContractDefinition,
}

/// How a subject comes under its contract.
#[derive(Debug, Clone)]
pub struct Open {
    ability: Ability,
    required: Vec<Name>,
    guards: Vec<Guard>,
    topics: Vec<Topic>,
}

/// What a button does: a move from some states to one, and the ability that it needs.
#[derive(Debug, Clone)]
pub struct Action {
    name: ActionName,
    from: Vec<State>,
    to: State,
    ability: Ability,
    input: Fields,
    facts: Fields,
    guards: Vec<Guard>,
    set: Vec<(Name, Checked)>,
    topics: Vec<Topic>,
    proof: Option<Name>,
    critical: bool,
}

/// A condition with the code that a refusal lists.
#[derive(Debug, Clone)]
pub struct Guard {
    code: Name,
    condition: Condition,
}

/// The declared input or facts of an action.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    schema: Schema,
    required: Vec<Name>,
}

/// After so long in a state, a job does the action.
#[derive(Debug, Clone)]
pub struct Timer {
    state: State,
    after: Duration,
    action: ActionName,
}

impl Contract {
    /// Starts a contract of a kind under a version label.
    pub fn builder(kind: &str, version: &str) -> ContractBuilder {
        ContractBuilder(ContractDefinition::new(kind, version))
    }

    /// Validates a definition, as read from a file.
    ///
    /// # Errors
    ///
    /// [`LawError`] with every fault: ill-formed names, unknown or unreachable states, a
    /// non-terminal state from which no terminal state can be reached, an exit from a terminal
    /// state, two entries for one (state, action), conditions that do not type-check, limits.
    pub fn new(definition: ContractDefinition) -> Result<Self, LawError> {
        validate::contract(definition)
    }

    /// Reads a JSON file's text and validates it.
    ///
    /// # Errors
    ///
    /// [`LawError`] with the code `unreadable` for a text that is no contract file, else as
    /// [`Contract::new`].
    pub fn from_json(text: &str) -> Result<Self, LawError> {
        let mut faults = LawFaults::default();
        if text.len() > FILE_BYTES_MAX {
            faults.limit("contract file", "bytes", text.len(), FILE_BYTES_MAX);
            return faults.finish(None);
        }
        match serde_json::from_str(text) {
            Ok(definition) => Self::new(definition),
            Err(error) => {
                faults.add("unreadable", "contract file", error.to_string());
                faults.finish(None)
            }
        }
    }

    /// The kind of subject.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The version label, pinned by each subject when it is opened.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The digest of what was validated.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The states, as declared.
    #[must_use]
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// The state of a fresh subject.
    #[must_use]
    pub fn initial(&self) -> &State {
        &self.initial
    }

    /// The states that nothing leaves.
    #[must_use]
    pub fn terminal(&self) -> &[State] {
        &self.terminal
    }

    /// Whether nothing leaves this state.
    #[must_use]
    pub fn is_terminal(&self, state: &str) -> bool {
        self.terminal.iter().any(|terminal| terminal == state)
    }

    /// The declared attributes.
    #[must_use]
    pub fn attributes(&self) -> &Schema {
        &self.attributes
    }

    /// How a subject is opened.
    #[must_use]
    pub fn open(&self) -> &Open {
        &self.open
    }

    /// The actions, in catalogue order.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The timers.
    #[must_use]
    pub fn timers(&self) -> &[Timer] {
        &self.timers
    }

    /// The definition that was validated.
    #[must_use]
    pub fn definition(&self) -> &ContractDefinition {
        &self.definition
    }

    pub(crate) fn into_definition(self) -> ContractDefinition {
        self.definition
    }

    /// A state by its name or by an alias (an old name, accepted on input only).
    #[must_use]
    pub fn resolve_state(&self, name: &str) -> Option<&State> {
        self.states.iter().find(|state| *state == name).or_else(|| {
            let alias = self.aliases.iter().find(|(old, _)| old == name);
            alias.map(|(_, state)| state)
        })
    }

    /// The entry of an action that starts in a state.
    #[must_use]
    pub fn action_from(&self, state: &str, action: &str) -> Option<&Action> {
        self.actions.iter().find(|entry| entry.name == action && entry.starts_in(state))
    }

    /// The first entry of an action, wherever it starts.
    #[must_use]
    pub fn action(&self, action: &str) -> Option<&Action> {
        self.actions.iter().find(|entry| entry.name == action)
    }

    /// The actions that start in a state, in catalogue order.
    pub fn actions_from<'a>(&'a self, state: &'a str) -> impl Iterator<Item = &'a Action> {
        self.actions.iter().filter(move |entry| entry.starts_in(state))
    }
}

impl Open {
    /// What an actor needs to open one.
    #[must_use]
    pub fn ability(&self) -> &Ability {
        &self.ability
    }

    /// The attributes that must be given.
    #[must_use]
    pub fn required(&self) -> &[Name] {
        &self.required
    }

    /// The conditions on a fresh subject.
    #[must_use]
    pub fn guards(&self) -> &[Guard] {
        &self.guards
    }

    /// Where an opening is published.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }
}

impl Action {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &ActionName {
        &self.name
    }

    /// The states that it starts in.
    #[must_use]
    pub fn from(&self) -> &[State] {
        &self.from
    }

    /// Whether it starts in this state.
    #[must_use]
    pub fn starts_in(&self, state: &str) -> bool {
        self.from.iter().any(|from| from == state)
    }

    /// The state that it leads to.
    #[must_use]
    pub fn to(&self) -> &State {
        &self.to
    }

    /// What an actor needs.
    #[must_use]
    pub fn ability(&self) -> &Ability {
        &self.ability
    }

    /// The declared input: the client's.
    #[must_use]
    pub fn input(&self) -> &Fields {
        &self.input
    }

    /// The declared facts: observed by the world, for guards and assignments only.
    #[must_use]
    pub fn facts(&self) -> &Fields {
        &self.facts
    }

    /// The guards.
    #[must_use]
    pub fn guards(&self) -> &[Guard] {
        &self.guards
    }

    /// Where a move is published.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// The world's own name for the proof of this move.
    #[must_use]
    pub fn proof(&self) -> Option<&Name> {
        self.proof.as_ref()
    }

    /// Whether an attempt that is denied leaves evidence.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        self.critical
    }

    /// The attributes after the move, and those of them that changed.
    ///
    /// An assignment whose source is absent leaves its attribute as it was.
    pub(crate) fn assign(&self, before: &Attributes, environment: &Environment<'_>) -> Attributes {
        let mut changes = Attributes::new();
        for (name, source) in &self.set {
            if let Ok(value) = source.evaluate(environment)
                && before.get(name.as_str()) != Some(&value)
            {
                changes.set(name.clone(), value);
            }
        }
        changes
    }
}

impl Guard {
    /// The code that a refusal lists.
    #[must_use]
    pub fn code(&self) -> &Name {
        &self.code
    }

    /// What must hold.
    #[must_use]
    pub fn condition(&self) -> &Condition {
        &self.condition
    }
}

/// The codes of the guards that do not hold; one that errs does not hold.
pub(crate) fn failing(guards: &[Guard], environment: &Environment<'_>) -> Vec<Name> {
    let fails = |guard: &&Guard| !matches!(guard.condition.holds(environment), Ok(true));
    guards.iter().filter(fails).map(|guard| guard.code.clone()).collect()
}

impl Fields {
    /// Names and types.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The names that must be given.
    #[must_use]
    pub fn required(&self) -> &[Name] {
        &self.required
    }
}

impl Timer {
    /// The state that it runs in.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// How long after the subject entered the state.
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }

    /// What the job does then.
    #[must_use]
    pub fn action(&self) -> &ActionName {
        &self.action
    }
}

/// Builds a [`Contract`] in code.
#[derive(Debug, Clone)]
#[must_use]
pub struct ContractBuilder(ContractDefinition);

impl ContractBuilder {
    /// The states.
    pub fn states<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.0.states.extend(states.into_iter().map(Into::into));
        self
    }

    /// The state of a fresh subject.
    pub fn initial(mut self, state: &str) -> Self {
        state.clone_into(&mut self.0.initial);
        self
    }

    /// The states that nothing leaves.
    pub fn terminal<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.0.terminal.extend(states.into_iter().map(Into::into));
        self
    }

    /// Declares an attribute.
    pub fn attribute(mut self, name: &str, type_: Type) -> Self {
        self.0.attributes.insert(name.to_owned(), type_);
        self
    }

    /// What opening needs: an ability, and attributes that must be given.
    pub fn open<S: Into<String>>(
        mut self,
        ability: &str,
        required: impl IntoIterator<Item = S>,
    ) -> Self {
        ability.clone_into(&mut self.0.open.ability);
        self.0.open.required = required.into_iter().map(Into::into).collect();
        self
    }

    /// A condition on a fresh subject.
    pub fn open_guard(mut self, code: &str, when: &str) -> Self {
        self.0.open.guards.push(GuardDefinition::new(code, when));
        self
    }

    /// Where an opening is published.
    pub fn open_topic(mut self, topic: &str) -> Self {
        self.0.open.topics.push(topic.to_owned());
        self
    }

    /// Adds an action; the order is the catalogue's.
    pub fn action(mut self, action: ActionDefinition) -> Self {
        self.0.actions.push(action);
        self
    }

    /// After so long in a state, a job does the action.
    pub fn timer(mut self, state: &str, after: Duration, action: &str) -> Self {
        self.0.timers.push(TimerDefinition {
            state: state.to_owned(),
            after_seconds: after.as_secs(),
            action: action.to_owned(),
        });
        self
    }

    /// An old name of a state, accepted on input only.
    pub fn alias(mut self, old: &str, state: &str) -> Self {
        self.0.aliases.insert(old.to_owned(), state.to_owned());
        self
    }

    /// Validates.
    ///
    /// # Errors
    ///
    /// As [`Contract::new`].
    pub fn build(self) -> Result<Contract, LawError> {
        Contract::new(self.0)
    }
}
