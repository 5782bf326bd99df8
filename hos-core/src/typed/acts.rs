//! Actions with all that they are given, as an enum.

use std::collections::BTreeSet;

use super::{Names, Untyped};
use crate::command::Command;
use crate::time::Timestamp;
use crate::value::{Type, Value};

/// Actions with their input and facts, as an enum; made by [`acts!`](crate::acts).
pub trait Acts<A: Names>: Send + Sync + 'static {
    /// What is done by a variant, in the order of the enum.
    const ACTIONS: &'static [A];

    /// Every field that a variant gives.
    fn fields() -> Vec<ActField>;

    /// What is done.
    fn action(&self) -> A;

    /// Gives its fields to the step added last.
    fn give(self, command: Command) -> Command;
}

/// One field that an act gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActField {
    /// The action that is given it.
    pub action: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Whether the client says it, or the world observed it.
    pub origin: FieldOrigin,
    /// Its type.
    pub type_: Type,
    /// Whether it may be left out.
    pub optional: bool,
}

/// Who says what a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an action is given nothing else")]
pub enum FieldOrigin {
    /// The client: input.
    Input,
    /// The world: a fact.
    Fact,
}

/// A Rust type of a field: `bool`, `i64`, `String`, [`Timestamp`], a `BTreeSet` of one of these,
/// or an `Option` of one of all these.
pub trait FieldType {
    /// The law's type.
    const TYPE: Type;
    /// Whether it may be left out.
    const OPTIONAL: bool;

    /// What is given; nothing where it is left out.
    fn value(self) -> Option<Value>;
}

macro_rules! field_types {
    ($($rust:ty => $one:ident, $set:ident;)+) => {$(
        impl FieldType for $rust {
            const TYPE: Type = Type::$one;
            const OPTIONAL: bool = false;

            fn value(self) -> Option<Value> {
                Some(self.into())
            }
        }

        impl FieldType for BTreeSet<$rust> {
            const TYPE: Type = Type::$set;
            const OPTIONAL: bool = false;

            fn value(self) -> Option<Value> {
                Some(self.into_iter().collect())
            }
        }
    )+};
}

field_types! {
    bool => Bool, BoolSet;
    i64 => Integer, IntegerSet;
    String => String, StringSet;
    Timestamp => Time, TimeSet;
}

impl<F: FieldType> FieldType for Option<F> {
    const TYPE: Type = F::TYPE;
    const OPTIONAL: bool = true;

    fn value(self) -> Option<Value> {
        self.and_then(F::value)
    }
}

impl<A: Names> Acts<A> for Untyped {
    const ACTIONS: &'static [A] = &[];

    fn fields() -> Vec<ActField> {
        Vec::new()
    }

    fn action(&self) -> A {
        match *self {}
    }

    fn give(self, _: Command) -> Command {
        match self {}
    }
}

/// Actions with their input and, after `facts`, with what the world observed: each variant has the
/// name of its action's, each field that of the law's.
///
/// ```
/// use hos_core::typed::Acts as _;
///
/// hos_core::names! {
///     /// What is done to an order.
///     pub enum OrderAction { Pay = "pay", Cancel = "cancel" }
/// }
/// hos_core::acts! {
///     /// What is done to an order, and with what.
///     pub enum OrderAct for OrderAction {
///         Pay {} facts { amount: i64 },
///         Cancel { reason: String, note: Option<String> },
///     }
/// }
///
/// let act = OrderAct::Cancel { reason: "late".to_owned(), note: None };
/// assert_eq!(act.action(), OrderAction::Cancel);
/// ```
#[macro_export]
macro_rules! acts {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $type:ident for $action:ident {
            $(
                $(#[$of_variant:meta])*
                $variant:ident { $($input:ident: $of_input:ty),* $(,)? }
                $(facts { $($fact:ident: $of_fact:ty),* $(,)? })?
            ),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        $visibility enum $type {
            $(
                $(#[$of_variant])*
                #[doc = concat!("`", stringify!($variant), "`, with what it is given")]
                $variant {
                    $(
                        #[doc = concat!("Input `", stringify!($input), "`")]
                        $input: $of_input,
                    )*
                    $($(
                        #[doc = concat!("Fact `", stringify!($fact), "`")]
                        $fact: $of_fact,
                    )*)?
                },
            )+
        }

        impl $crate::typed::Acts<$action> for $type {
            const ACTIONS: &'static [$action] = &[$($action::$variant),+];

            fn fields() -> ::std::vec::Vec<$crate::typed::ActField> {
                use $crate::typed::FieldOrigin::{Fact as _Fact, Input as _Input};
                let fields: &[$crate::typed::ActField] = &[$(
                    $($crate::typed::ActField::of::<$of_input>(
                        $crate::typed::Names::name($action::$variant),
                        stringify!($input),
                        _Input,
                    ),)*
                    $($($crate::typed::ActField::of::<$of_fact>(
                        $crate::typed::Names::name($action::$variant),
                        stringify!($fact),
                        _Fact,
                    ),)*)?
                )+];
                fields.to_vec()
            }

            fn action(&self) -> $action {
                match self {
                    $(Self::$variant { .. } => $action::$variant,)+
                }
            }

            fn give(self, command: $crate::command::Command) -> $crate::command::Command {
                match self {
                    $(Self::$variant { $($input,)* $($($fact,)*)? } => {
                        $(let command = $crate::typed::give_input(
                            command, stringify!($input), $input,
                        );)*
                        $($(let command = $crate::typed::give_fact(
                            command, stringify!($fact), $fact,
                        );)*)?
                        command
                    })+
                }
            }
        }
    };
}

impl ActField {
    /// What [`acts!`](crate::acts) says of one.
    #[doc(hidden)]
    #[must_use]
    pub fn of<F: FieldType>(action: &'static str, name: &'static str, origin: FieldOrigin) -> Self {
        Self { action, name, origin, type_: F::TYPE, optional: F::OPTIONAL }
    }
}

/// What [`acts!`](crate::acts) gives with.
#[doc(hidden)]
pub fn give_input(command: Command, name: &str, field: impl FieldType) -> Command {
    match field.value() {
        Some(value) => command.input(name, value),
        None => command,
    }
}

/// What [`acts!`](crate::acts) gives with.
#[doc(hidden)]
pub fn give_fact(command: Command, name: &str, field: impl FieldType) -> Command {
    match field.value() {
        Some(value) => command.fact(name, value),
        None => command,
    }
}
