//! The second law: a versioned state machine for one kind of subject, as data.

mod builder;
mod definition;
mod digest;
pub(crate) mod file;
pub(crate) mod form;
mod graph;
mod limits;
mod parts;
pub(crate) mod validate;

pub use builder::ContractBuilder;
pub use definition::{
    ActionDefinition, ContractDefinition, FieldDefinition, GuardDefinition, OpenDefinition,
    TimerDefinition, Written,
};
pub(crate) use parts::failing;
pub use parts::{Action, Fields, Guard, Open, Timer};

use crate::digest::Digest;
use crate::error::LawError;
use crate::id::{Ability, Kind, State, Version};
use crate::value::Schema;

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
pub const FILE_BYTES_MAX: usize = 4 << 20;
/// The most commas in such a file, those within texts too: a value takes more than a hundred times
/// its own length while it is read.
pub const FILE_COMMAS_MAX: usize = 1 << 18;

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
    /// [`LawError`] with every fault, each with its line and column: `unreadable` for what has not
    /// the form of a contract file, `duplicate_field`; where the form is right, as
    /// [`Contract::new`].
    pub fn from_json(text: &str) -> Result<Self, LawError> {
        file::read(text, "contract file", form::contract, Self::new)
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

    /// The abilities that openings and actions need.
    pub fn abilities(&self) -> impl Iterator<Item = &Ability> {
        std::iter::once(&self.open.ability).chain(self.actions.iter().map(|action| &action.ability))
    }

    /// Whether conditions on an ability read this contract's attributes: it is one of the kind's
    /// own, or an opening or an action needs it.
    #[must_use]
    pub fn is_about(&self, ability: &Ability) -> bool {
        ability.resource() == self.kind.as_str() || self.abilities().any(|asked| asked == ability)
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
