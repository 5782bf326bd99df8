//! A law as tables: who may do what, in which state.
//!
//! No rule is weighed here. Every cell is a question put to the public judge, asked again in every
//! setting that the conditions about it tell apart: with each value that they compare with, those
//! next to it, another, and none. A cell whose answer turns on the setting says where it holds.

mod ask;
mod cells;
mod formula;
mod html;
mod rules;
mod settings;
mod text;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hos_core::actor::ActorKind;
use hos_core::contract::{Contract, Guard};
use hos_core::digest::Digest;
use hos_core::id::{Ability, ActionName, Kind, State, Version, World};
use hos_core::law::Law;
use hos_core::policy::RoleDefinition;

pub use html::Html;

use ask::holders;
use cells::Asking;

/// The most comparisons that a cell spells out.
///
/// A cell that turns on more says `A:..`: the policy allows somewhere, and the cell is too small
/// to say where.
pub const RELATIONS_SHOWN_MAX: usize = 8;
/// The most settings that one cell is asked in.
///
/// A cell that there are more for says `A:..` where some are allowed and some denied, else `?`, or
/// `A:?` if all that were tried are allowed.
pub const SETTINGS_MAX: usize = 2_048;
/// The most settings that all cells of one table are asked in; those after it are asked in none.
pub const SETTINGS_TOTAL_MAX: usize = 4_000_000;

/// A whole law as tables: abilities by role, then each contract with its edges, and in each state
/// each action, and each ability of the kind that moves nothing, by role.
///
/// A column is one role by itself, without the implicit roles of a kind of actor; the first,
/// `outsider`, has no role. Guards are not part of a cell: what they ask for is listed with the
/// edges. The same law gives the same tables, byte for byte, as text ([`fmt::Display`]) and as a
/// page ([`Table::html`]).
///
/// ```
/// use hos_core::law::Law;
/// use hos_inspect::table::Table;
///
/// let law = Law::builder("shop", "1").roles(["owner"]).allow("report.read", ["owner"]).build()?;
/// let table = Table::new(&law);
/// assert!(table.to_string().contains("\n  report.read      .         A\n"));
/// assert!(table.html().to_string().starts_with("<!doctype html>"));
/// # Ok::<(), hos_core::error::LawError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The world.
    pub world: World,
    /// The version label.
    pub version: Version,
    /// The digest of the law.
    pub digest: Digest,
    /// The roles, as declared.
    pub roles: Vec<RoleRow>,
    /// The heads of the columns of every row of cells.
    pub holders: Vec<String>,
    /// Every ability, asked of a fresh subject of its resource's current contract.
    pub abilities: Vec<Row>,
    /// Every contract, all versions.
    pub contracts: Vec<ContractTable>,
}

/// A role and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRow {
    /// The name.
    pub name: String,
    /// In words: `world`, `superuser`, `every user`, `inherits ..`.
    pub traits: Vec<String>,
}

/// One row of cells: an ability or an action, by role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The ability or the action.
    pub name: String,
    /// Whether a denied attempt leaves evidence; in the table of abilities only.
    pub critical: bool,
    /// One cell for each of [`Table::holders`].
    pub cells: Vec<Cell>,
}

/// What one role may do, here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The answer, where there is one that allows.
    pub sign: Sign,
    /// Where it holds, as a sum of products of what the conditions compare; `..` if that is more
    /// than a cell can say, `?` if not all was tried; none if it always does.
    pub when: Option<String>,
    /// The conditions behind it, where the cell does not say all: so that two cells that differ in
    /// what they do not say are not equal.
    pub behind: Option<Arc<str>>,
}

/// The answer of a cell, the weakest first.
///
/// Exhaustive: policy and contract leave four, and a question too large to be asked a fifth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// `.`: policy does not allow.
    Denied,
    /// `?`: denied wherever it was tried, and not all could be tried.
    Unknown,
    /// `-`: allowed, but not possible from here.
    Impossible,
    /// `=`: allowed, and the subject is there already.
    Already,
    /// `A`: policy allows, and the action starts here.
    Allowed,
}

/// One version of one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractTable {
    /// The kind of subject.
    pub kind: Kind,
    /// The version label.
    pub version: Version,
    /// The digest of the contract.
    pub digest: Digest,
    /// The opening first, then each action once for each state that it starts in.
    pub edges: Vec<Edge>,
    /// The timers.
    pub timers: Vec<TimerRow>,
    /// Old names of states, with the states.
    pub aliases: Vec<(String, String)>,
    /// Each state with its actions, and the kind's abilities that move nothing, by role.
    pub states: Vec<StateTable>,
}

/// One move from one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Where it starts; none for the opening.
    pub from: Option<State>,
    /// Which action; none for the opening.
    pub action: Option<ActionName>,
    /// Whether a denied attempt leaves evidence.
    pub critical: bool,
    /// Where it leads.
    pub to: State,
    /// What it needs.
    pub ability: Ability,
    /// The codes of its guards.
    pub guards: Vec<String>,
}

/// One timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerRow {
    /// The state that it runs in.
    pub state: State,
    /// How long.
    pub after: Duration,
    /// What the job does then.
    pub action: ActionName,
}

/// One state of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateTable {
    /// The state.
    pub state: State,
    /// Whether a fresh subject is in it.
    pub initial: bool,
    /// Whether nothing leaves it.
    pub terminal: bool,
    /// The actions in catalogue order, then the abilities that move nothing.
    pub rows: Vec<Row>,
}

impl Table {
    /// Asks everything. Takes time by the settings that the conditions about each cell tell apart,
    /// at most [`SETTINGS_MAX`] for one and [`SETTINGS_TOTAL_MAX`] for all; never by what the world
    /// holds. Roles about which the same rules are share an answer.
    #[must_use]
    pub fn new(law: &Law) -> Self {
        let holders = holders(law);
        let asking = Asking::new(law, &holders);
        let contracts = law.contracts().map(|found| contract(&asking, found)).collect();
        Self {
            world: law.world().clone(),
            version: law.version().clone(),
            digest: law.digest(),
            roles: law.roles().iter().map(role).collect(),
            abilities: abilities(&asking),
            contracts,
            holders: holders.iter().map(|holder| holder.name.clone()).collect(),
        }
    }

    /// The tables as one HTML page, written when it is displayed: no script, one style element.
    #[must_use]
    pub fn html(&self) -> Html<'_> {
        Html(self)
    }
}

impl Cell {
    /// A cell that says no.
    pub const DENIED: Self = Self { sign: Sign::Denied, when: None, behind: None };
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.when {
            None => f.write_str(self.sign.as_str()),
            Some(when) => write!(f, "{}:{when}", self.sign.as_str()),
        }
    }
}

impl Sign {
    /// The sign in the tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denied => ".",
            Self::Unknown => "?",
            Self::Impossible => "-",
            Self::Already => "=",
            Self::Allowed => "A",
        }
    }
}

fn role(role: &RoleDefinition) -> RoleRow {
    let mut traits = Vec::new();
    traits.extend(role.world.then(|| "world".to_owned()));
    traits.extend(role.superuser.then(|| "superuser".to_owned()));
    traits.extend(role.implicit.map(|kind: ActorKind| format!("every {}", kind.as_str())));
    if !role.inherits.is_empty() {
        traits.push(format!("inherits {}", role.inherits.join(" ")));
    }
    RoleRow { name: role.name.clone(), traits }
}

fn abilities(asking: &Asking<'_>) -> Vec<Row> {
    let law = asking.law();
    let row = |ability: Ability| {
        let contract = law.contract(ability.resource());
        let about = contract.map(|contract| (contract.initial(), contract.as_ref()));
        let critical = law.rules().is_critical(ability.as_str());
        Row { name: ability.to_string(), critical, cells: asking.ability(&ability, about) }
    };
    law.rules().abilities().into_iter().map(row).collect()
}

fn contract(asking: &Asking<'_>, contract: &Contract) -> ContractTable {
    let state = |state: &State| StateTable {
        state: state.clone(),
        initial: state == contract.initial(),
        terminal: contract.is_terminal(state.as_str()),
        rows: rows(asking, contract, state),
    };
    let timers = contract.timers().iter().map(|timer| TimerRow {
        state: timer.state().clone(),
        after: timer.after(),
        action: timer.action().clone(),
    });
    let aliases = &contract.definition().aliases;
    ContractTable {
        kind: contract.kind().clone(),
        version: contract.version().clone(),
        digest: contract.digest(),
        edges: edges(contract),
        timers: timers.collect(),
        aliases: aliases.iter().map(|(old, state)| (old.clone(), state.clone())).collect(),
        states: contract.states().iter().map(state).collect(),
    }
}

fn edges(contract: &Contract) -> Vec<Edge> {
    let codes = |guards: &[Guard]| guards.iter().map(|guard| guard.code().to_string()).collect();
    let open = contract.open();
    let mut edges = vec![Edge {
        from: None,
        action: None,
        critical: false,
        to: contract.initial().clone(),
        ability: open.ability().clone(),
        guards: codes(open.guards()),
    }];
    for action in contract.actions() {
        edges.extend(action.from().iter().map(|from| Edge {
            from: Some(from.clone()),
            action: Some(action.name().clone()),
            critical: action.is_critical(),
            to: action.to().clone(),
            ability: action.ability().clone(),
            guards: codes(action.guards()),
        }));
    }
    edges
}

fn rows(asking: &Asking<'_>, contract: &Contract, state: &State) -> Vec<Row> {
    let row = |name: String, cells| Row { name, critical: false, cells };
    let actions = ask::distinct(contract).into_iter();
    let actions = actions
        .map(|action| row(action.name().to_string(), asking.action(contract, state, action)));
    let unmoving = ask::unmoving(asking.law(), contract).into_iter();
    let unmoving = unmoving
        .map(|ability| row(ability.to_string(), asking.ability(&ability, Some((state, contract)))));
    actions.chain(unmoving).collect()
}

#[cfg(test)]
mod tests;
