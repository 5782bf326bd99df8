//! What changed between two versions of a law: who may do more, who may do less, and where.
//!
//! Who gains and who loses is not read from the rules: both laws are asked the same questions, as
//! in [`crate::table`], and the answers are compared; so a rule that was written anew and compares
//! the same things turns no cell. A cell too small to say all turns wherever the conditions behind
//! it are others. What turns no cell is still named among the parts: laws of which nothing but the
//! version label differs, and no others, have not changed.

mod cells;
mod html;
mod parts;
mod text;

use hos_core::digest::Digest;
use hos_core::id::{Version, World};
use hos_core::law::Law;

pub use html::Html;

use crate::table::{Cell, Table};

/// What changed between two laws.
///
/// As text ([`std::fmt::Display`]) and as a page ([`Change::html`]); the same two laws give the
/// same, byte for byte.
///
/// ```
/// use hos_core::law::Law;
/// use hos_inspect::change::{Change, Turn};
///
/// let law = |version| Law::builder("shop", version).roles(["owner", "staff"]);
/// let old = law("1").allow("report.read", ["owner"]).build()?;
/// let new = law("2").allow("report.read", ["owner", "staff"]).build()?;
/// let change = Change::between(&old, &new);
/// assert_eq!(change.turns.len(), 1);
/// assert_eq!((change.turns[0].turn, change.turns[0].role.as_str()), (Turn::Gains, "staff"));
/// # Ok::<(), hos_core::error::LawError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The law before.
    pub old: Side,
    /// The law after.
    pub new: Side,
    /// What was added, removed, or is something else now; in the order of [`PartKind`], by name.
    pub parts: Vec<PartChange>,
    /// The cells that differ: who gains, then who loses, then what turns on something else now.
    ///
    /// Among those who gain, who was denied before comes first.
    pub turns: Vec<CellChange>,
}

/// One of the two laws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// The world.
    pub world: World,
    /// The version label.
    pub version: Version,
    /// The digest.
    pub digest: Digest,
}

/// One part of a law that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartChange {
    /// What sort of part.
    pub kind: PartKind,
    /// Its name: `staff`, `order.cancel`, `order/2`, `order: cancel, guard paid`.
    pub name: String,
    /// What it was; none if it was added.
    pub old: Option<String>,
    /// What it is; none if it was removed.
    pub new: Option<String>,
}

/// What sort of part of a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PartKind {
    /// What holds for the whole law: its world, how long a command key is kept.
    Setting,
    /// A role, and what it inherits.
    Role,
    /// A claim of actors, and its type.
    Claim,
    /// A name in the context of requests, and its type.
    Context,
    /// An ability, whether a denied attempt at it leaves evidence, and whether the law declares it.
    Ability,
    /// A rule by the id that reasons name, and all that it says.
    Rule,
    /// A version of a contract, and its digest.
    Contract,
    /// A state of the current contract of a kind.
    State,
    /// An action, or the opening, of the current contract of a kind.
    Action,
    /// A guard, and its condition.
    Guard,
    /// A timer.
    Timer,
    /// The order in which the law has its roles, rules, declarations or contracts: the first place
    /// where it is another.
    Order,
}

/// A cell that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellChange {
    /// Which way.
    pub turn: Turn,
    /// Whose.
    pub role: String,
    /// The ability or the action.
    pub what: String,
    /// Where: none for the abilities of a fresh subject.
    pub place: Option<Place>,
    /// The answer before: denied too where the role, the action or the state was not there.
    pub old: Cell,
    /// The answer after, likewise.
    pub new: Cell,
}

/// A state of a contract.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// `order/2`, or `order/1 to 2` where fresh subjects pin another version now.
    pub contract: String,
    /// The state.
    pub state: String,
}

/// Which way a cell turned.
///
/// Exhaustive: more, less, or otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// The role may do more.
    Gains,
    /// The role may do less.
    Loses,
    /// The role may do it where something else holds than before, or in a way that the cell is too
    /// small to say.
    Differs,
}

impl Change {
    /// Asks both laws and compares.
    ///
    /// A contract version that both laws have is compared with itself, for the subjects that
    /// pinned it; where fresh subjects pin another version now, those two are compared as well.
    #[must_use]
    pub fn between(old: &Law, new: &Law) -> Self {
        Self {
            old: Side::of(old),
            new: Side::of(new),
            parts: parts::changes(old, new),
            turns: cells::changes((old, &Table::new(old)), (new, &Table::new(new))),
        }
    }

    /// Whether nothing changed but the version label: with one label, the digests would be equal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.turns.is_empty()
    }

    /// The change as one HTML page, written when it is displayed: no script, one style element.
    #[must_use]
    pub fn html(&self) -> Html<'_> {
        Html(self)
    }

    fn turned(&self, turn: Turn) -> impl Iterator<Item = &CellChange> {
        self.turns.iter().filter(move |change| change.turn == turn)
    }
}

impl Side {
    fn of(law: &Law) -> Self {
        Self { world: law.world().clone(), version: law.version().clone(), digest: law.digest() }
    }
}

impl PartKind {
    /// The word for one of them.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Setting => "setting",
            Self::Role => "role",
            Self::Claim => "claim",
            Self::Context => "context",
            Self::Ability => "ability",
            Self::Rule => "rule",
            Self::Contract => "contract",
            Self::State => "state",
            Self::Action => "action",
            Self::Guard => "guard",
            Self::Timer => "timer",
            Self::Order => "order",
        }
    }
}

impl Turn {
    /// The word in the tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gains => "gains",
            Self::Loses => "loses",
            Self::Differs => "differs",
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}", self.contract, self.state)
    }
}

#[cfg(test)]
mod tests;
