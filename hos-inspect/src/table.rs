//! A law as tables: who may do what, in which state.
//!
//! No rule is weighed here. Every cell is a question put to the public judge, asked again with each
//! relation between actor and subject switched on and off; a cell whose answer turns on such
//! relations names them. From the rules comes only which attributes their conditions read, so that
//! nothing is asked for the others' sake.

mod ask;
mod html;
mod reads;
mod relations;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hos_core::actor::ActorKind;
use hos_core::contract::{Contract, Guard};
use hos_core::digest::Digest;
use hos_core::id::{Ability, ActionName, Kind, State, Version, World};
use hos_core::law::Law;
use hos_core::policy::RoleDefinition;
use hos_core::value::Schema;

pub use html::Html;

use ask::{Holder, holders};
use reads::Reads;
use relations::Settings;

/// The most relations that a cell spells out: it is asked in every combination of them.
///
/// A cell that turns on more says `A:..`: the policy allows somewhere, and the cell is too small
/// to say where.
pub const RELATIONS_SHOWN_MAX: usize = 8;

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
    /// Where it holds, as a sum of products of relations; none if it always does.
    pub when: Option<String>,
}

/// The answer of a cell, the weakest first.
///
/// Exhaustive: policy and contract leave these four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sign {
    /// `.`: policy does not allow.
    Denied,
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
    /// Asks everything. Takes time by roles x abilities x states, and by what the rules about one
    /// ability read between them; never by what the world holds.
    ///
    /// Of a law with 64 roles, 512 abilities, 2,048 rules and one contract of two states, that is
    /// 100,000 cells: under a second of one core where few rules are about one ability, ten where
    /// some five hundred are, and twenty where each cell turns on eight relations. Each state of
    /// each contract adds its own.
    #[must_use]
    pub fn new(law: &Law) -> Self {
        let (holders, reads) = (holders(law), Reads::new(law));
        let contracts = law.contracts().map(|c| contract(law, c, &reads, &holders)).collect();
        Self {
            world: law.world().clone(),
            version: law.version().clone(),
            digest: law.digest(),
            roles: law.roles().iter().map(role).collect(),
            abilities: abilities(law, &reads, &holders),
            contracts,
            holders: holders.into_iter().map(|holder| holder.name).collect(),
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
    pub const DENIED: Self = Self { sign: Sign::Denied, when: None };
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

fn abilities(law: &Law, reads: &Reads, holders: &[Holder]) -> Vec<Row> {
    let nothing = Schema::new();
    let kinds = law.contracts().filter_map(|contract| law.contract(contract.kind().as_str()));
    let settings: BTreeMap<&str, Settings<'_>> =
        kinds.map(|c| (c.kind().as_str(), Settings::new(law, c.attributes(), reads))).collect();
    let without_subject = Settings::new(law, &nothing, reads);
    let mut rows = Vec::new();
    for ability in law.rules().abilities() {
        let settings = settings.get(ability.resource()).unwrap_or(&without_subject);
        let contract = law.contract(ability.resource());
        let about = contract.map(|contract| (contract.initial(), contract.as_ref()));
        let cell = |holder| ask::ability(settings, holder, &ability, about);
        let critical = law.rules().is_critical(ability.as_str());
        let cells = holders.iter().map(cell).collect();
        rows.push(Row { name: ability.to_string(), critical, cells });
    }
    rows
}

fn contract(law: &Law, contract: &Contract, reads: &Reads, holders: &[Holder]) -> ContractTable {
    let settings = Settings::new(law, contract.attributes(), reads);
    let state = |state: &State| StateTable {
        state: state.clone(),
        initial: state == contract.initial(),
        terminal: contract.is_terminal(state.as_str()),
        rows: rows(law, contract, &settings, state, holders),
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

fn rows(
    law: &Law,
    contract: &Contract,
    settings: &Settings<'_>,
    state: &State,
    holders: &[Holder],
) -> Vec<Row> {
    let mut rows = Vec::new();
    for action in ask::distinct(contract) {
        let cell = |holder| ask::action(settings, holder, contract, state, action);
        let cells = holders.iter().map(cell).collect();
        rows.push(Row { name: action.name().to_string(), critical: false, cells });
    }
    for ability in ask::unmoving(law, contract) {
        let cell = |holder| ask::ability(settings, holder, &ability, Some((state, contract)));
        let cells = holders.iter().map(cell).collect();
        rows.push(Row { name: ability.to_string(), critical: false, cells });
    }
    rows
}

#[cfg(test)]
mod tests;
