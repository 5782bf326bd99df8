//! Rust enums for what a law names: exhaustive matches, and the law stays data.
//!
//! An enum of [`Names`] that breaks the grammar, or names two variants alike, does not compile. A
//! [`Machine`] ties such enums to the contracts of one kind; abilities and roles are named for a
//! whole world. A law that does not fit them is refused when it is opened
//! ([`HosOptions::machine`](crate::hos::HosOptions::machine), `abilities`, `roles`) and when
//! another is put in force. So no name is wrong at run time.
//!
//! ```
//! use hos_core::actor::Actor;
//! use hos_core::contract::{ActionDefinition, Contract};
//! use hos_core::typed::{Machine, Names as _, Untyped};
//! use hos_core::value::Type;
//!
//! hos_core::names! {
//!     /// Where an order is.
//!     pub enum OrderState { Pending = "pending", Paid = "paid", Cancelled = "cancelled" }
//! }
//! hos_core::names! {
//!     /// What is done to an order.
//!     pub enum OrderAction { Pay = "pay", Cancel = "cancel" }
//! }
//! hos_core::acts! {
//!     /// With what it is done.
//!     pub enum OrderAct for OrderAction { Pay {}, Cancel { reason: String } }
//! }
//!
//! struct Order;
//!
//! impl Machine for Order {
//!     type State = OrderState;
//!     type Action = OrderAction;
//!     type Attribute = Untyped;
//!     type Act = OrderAct;
//!     const WORLD: &'static str = "pazar";
//!     const KIND: &'static str = "order";
//! }
//!
//! // The contract is written with the same names, or read from a file and held to them.
//! let contract = Contract::builder(Order::KIND, "1")
//!     .states(OrderState::names())
//!     .initial(OrderState::Pending.name())
//!     .terminal([OrderState::Cancelled.name()])
//!     .open("order.create", [""; 0])
//!     .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
//!     .action(
//!         ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel")
//!             .input("reason", Type::String),
//!     )
//!     .build()?;
//! let law = hos_core::law::Law::builder("pazar", "1").contract(contract).build()?;
//! Order::check(&law)?;
//!
//! let order = Order::subject("firm-1", "o-17")?;
//! let act = OrderAct::Cancel { reason: "late".to_owned() };
//! let command = Order::act(&Actor::user("u-1")?, &order, act).key("k-1");
//! let colour = |state| match state {
//!     OrderState::Pending => "grey",
//!     OrderState::Paid => "green",
//!     OrderState::Cancelled => "red",
//! };
//! assert_eq!(colour(OrderState::Paid), "green");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ```compile_fail
//! hos_core::names! { enum Wrong { Paid = "Paid" } }
//! ```
//!
//! ```compile_fail
//! hos_core::names! { enum Twice { Paid = "paid", Settled = "paid" } }
//! ```

mod acts;
mod holding;

use std::fmt;

pub use acts::{ActField, Acts, FieldOrigin, FieldType, give_fact, give_input};
pub(crate) use holding::{check_abilities, check_roles};

use crate::actor::Actor;
use crate::command::Command;
use crate::error::LawError;
use crate::id::{ActionName, IdError, NAME_BYTES_MAX};
use crate::law::Law;
use crate::receipt::StepReceipt;
use crate::subject::{Snapshot, Subject};

/// A closed set of names of a law, as an enum; made by [`names!`](crate::names).
pub trait Names: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// Every one, in the order of the enum.
    const ALL: &'static [Self];

    /// Its name in the law.
    fn name(self) -> &'static str;

    /// The one of a name.
    #[must_use]
    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.name() == name)
    }

    /// The names of all, in the order of the enum.
    fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|one| one.name())
    }
}

/// No names: what a [`Machine`] leaves as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "nothing is ever added to nothing")]
pub enum Untyped {}

impl Names for Untyped {
    const ALL: &'static [Self] = &[];

    fn name(self) -> &'static str {
        match self {}
    }
}

/// An enum of names, each checked against the grammar while it compiles: names of states,
/// actions, attributes, input, facts and roles (`paid`), or abilities (`order.pay`).
#[macro_export]
macro_rules! names {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $type:ident {
            $($(#[$of_variant:meta])* $variant:ident = $name:literal),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility enum $type {
            $(
                $(#[$of_variant])*
                #[doc = concat!("`", $name, "`")]
                $variant,
            )+
        }

        impl $crate::typed::Names for $type {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str($crate::typed::Names::name(*self))
            }
        }

        const _: () = $crate::typed::assert_names(&[$($name),+]);
    };
}

/// What makes [`names!`](crate::names) fail to compile.
#[doc(hidden)]
pub const fn assert_names(names: &[&str]) {
    let mut rest = names;
    while let [first, others @ ..] = rest {
        assert!(is_name(first.as_bytes()), "a name is [a-z][a-z0-9_]*, an ability two of these");
        let mut later = others;
        while let [other, after @ ..] = later {
            assert!(!is_same(first.as_bytes(), other.as_bytes()), "two variants have one name");
            later = after;
        }
        rest = others;
    }
}

const fn is_name(text: &[u8]) -> bool {
    let mut rest = text;
    let (mut length, mut dots) = (0, 0);
    while let [byte, after @ ..] = rest {
        match byte {
            b'a'..=b'z' => {}
            b'0'..=b'9' | b'_' if length > 0 => {}
            b'.' if length > 0 && dots == 0 => {
                (length, dots) = (0, 1);
                rest = after;
                continue;
            }
            _ => return false,
        }
        length += 1;
        if length > NAME_BYTES_MAX {
            return false;
        }
        rest = after;
    }
    length > 0
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let (mut one, mut other) = (one, other);
    loop {
        match (one, other) {
            ([], []) => return true,
            ([a, left @ ..], [b, right @ ..]) if *a == *b => (one, other) = (left, right),
            _ => return false,
        }
    }
}

/// What a contract said that no variant of an enum is called: its law was never checked, or no
/// longer has the contract version under which the subject ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no name of `{kind}`; check the law when it is opened")]
pub struct Unnamed {
    kind: &'static str,
    name: String,
}

/// What a receipt says of a move, in the names of a [`Machine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Move<S, A> {
    /// The state before; none for an opening.
    pub from: Option<S>,
    /// The state after.
    pub to: S,
    /// What was done; none for what is no action, as an opening.
    pub action: Option<A>,
}

/// The contracts of one kind in the names of a program.
///
/// A live subject may pin any version of the contract that the law holds, so each state and action
/// of each of them must have its variant; and each variant must be of one of them. Attributes are
/// what a program reads: each variant must be of one of them, and what a program has no use for
/// needs none. Acts are what it does: each must fit its action in every version that has it.
pub trait Machine: Sized + 'static {
    /// The states.
    type State: Names;
    /// The actions.
    type Action: Names;
    /// Attributes that the program names; [`Untyped`] where it names none.
    type Attribute: Names;
    /// Actions with what they are given; [`Untyped`] where the program gives it as text.
    type Act: Acts<Self::Action>;
    /// The world of the subjects.
    const WORLD: &'static str;
    /// Their kind.
    const KIND: &'static str;

    /// Holds a law to the names.
    ///
    /// # Errors
    ///
    /// [`LawError`] with every name that one of the two lacks: `unknown_kind`, `unknown_state`,
    /// `unknown_action`, `unknown_attribute` for a name that no version of the law has;
    /// `unnamed_state`, `unnamed_action` for one that the program lacks, at each version that has
    /// it; and at each version with whose action an act does not agree: `unknown_input`,
    /// `unknown_fact`, `unnamed_input`, `unnamed_fact`, `input_type`, `fact_type`,
    /// `required_input`, `required_fact`.
    fn check(law: &Law) -> Result<(), LawError> {
        holding::check_machine::<Self>(law)
    }

    /// Names a subject.
    ///
    /// # Errors
    ///
    /// [`IdError`] of the first part that is ill-formed.
    fn subject(tenant: &str, id: &str) -> Result<Subject, IdError> {
        Subject::new(Self::WORLD, tenant, Self::KIND, id)
    }

    /// Begins a command of an action that is given nothing, or what is named in text.
    fn command(actor: &Actor, subject: &Subject, action: Self::Action) -> Command {
        Command::new(actor, subject, action.name())
    }

    /// Begins a command.
    fn act(actor: &Actor, subject: &Subject, act: Self::Act) -> Command {
        let command = Self::command(actor, subject, act.action());
        act.give(command)
    }

    /// Does something to another subject, in the same commit.
    fn and(command: Command, subject: &Subject, act: Self::Act) -> Command {
        let command = command.and(subject, act.action().name());
        act.give(command)
    }

    /// The state of a subject.
    ///
    /// # Errors
    ///
    /// [`Unnamed`] under a law that was not checked.
    fn state(snapshot: &Snapshot) -> Result<Self::State, Unnamed> {
        named(Self::KIND, snapshot.state.as_str())
    }

    /// What a receipt says.
    ///
    /// # Errors
    ///
    /// [`Unnamed`] for a receipt of another kind, or under a law that was not checked.
    fn moved(step: &StepReceipt) -> Result<Move<Self::State, Self::Action>, Unnamed> {
        let from = step.from.as_ref().map(|from| named(Self::KIND, from.as_str()));
        let to = step.to.as_ref().map_or("", AsRef::as_ref);
        let action = Self::Action::parse(step.action.as_str());
        Ok(Move { from: from.transpose()?, to: named(Self::KIND, to)?, action })
    }

    /// What an interface may offer, from
    /// [`Policy::allowed_actions`](crate::laws::Policy::allowed_actions).
    ///
    /// # Errors
    ///
    /// [`Unnamed`] under a law that was not checked.
    fn actions(allowed: &[ActionName]) -> Result<Vec<Self::Action>, Unnamed> {
        allowed.iter().map(|action| named(Self::KIND, action.as_str())).collect()
    }
}

fn named<N: Names>(kind: &'static str, name: &str) -> Result<N, Unnamed> {
    N::parse(name).ok_or_else(|| Unnamed { kind, name: name.to_owned() })
}
