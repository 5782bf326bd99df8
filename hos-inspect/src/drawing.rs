//! Machines as drawings: one contract under one law, with who may make each move and under which
//! guards; as Mermaid, as DOT, as SVG and as a section of a page.

mod dot;
mod markdown;
mod mermaid;
mod picture;

use std::time::Duration;

use hos_core::contract::{Action, Contract, Guard};
use hos_core::id::{Ability, State};
use hos_core::law::Law;

pub use picture::{
    Arrow, CHARACTER_WIDTH, Drawing, LABEL_ASCENT, LABEL_DESCENT, LINE_HEIGHT, Named, Point,
    StateBox,
};

use crate::holders::{Holder, holders};

/// A contract's states and moves, with the roles that a law lets make them.
///
/// ```
/// use hos_core::contract::{ActionDefinition, Contract};
/// use hos_core::law::Law;
/// use hos_inspect::drawing::Machine;
///
/// let door = Contract::builder("door", "1")
///     .states(["shut", "walled"])
///     .initial("shut")
///     .terminal(["walled"])
///     .open("door.build", [] as [&str; 0])
///     .action(ActionDefinition::new("wall_up", ["shut"], "walled", "door.wall_up"))
///     .build()?;
/// let law = Law::builder("house", "1")
///     .roles(["mason"])
///     .allow("door.wall_up", ["mason"])
///     .contract(door.clone())
///     .build()?;
/// let mermaid = Machine::new(&law, &door).to_mermaid();
/// assert!(mermaid.contains("s_shut --> s_walled : wall_up (door.wall_up)<br>mason"));
/// # Ok::<(), hos_core::error::LawError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Machine<'a> {
    contract: &'a Contract,
    openers: Vec<Holder<'a>>,
    edges: Vec<Edge<'a>>,
}

/// One action from one of the states that it starts in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Edge<'a> {
    /// The state that it leaves.
    pub from: &'a State,
    /// What is done: its name, where it leads, its ability and its guards.
    pub action: &'a Action,
    /// Who may, in the order of the law's roles.
    pub holders: Vec<Holder<'a>>,
    /// After how long in the state a job does it, if one does.
    pub after: Option<Duration>,
}

/// The longest line of a label, in characters, unless one name is longer. Mermaid would break
/// longer lines by itself.
const LINE_MAX: usize = 26;

impl<'a> Machine<'a> {
    /// A contract as a law stands to it; one that the law does not hold is drawn too, with the
    /// roles that hold its abilities.
    #[must_use]
    pub fn new(law: &'a Law, contract: &'a Contract) -> Self {
        let mut edges = Vec::new();
        for action in contract.actions() {
            let holders = holders(law, action.ability().as_str());
            for from in action.from() {
                let mut timers = contract.timers().iter();
                let timer = timers.find(|t| t.state() == from && t.action() == action.name());
                let (holders, after) = (holders.clone(), timer.map(|timer| timer.after()));
                edges.push(Edge { from, action, holders, after });
            }
        }
        Self { contract, openers: holders(law, contract.open().ability().as_str()), edges }
    }

    /// The contract that is drawn.
    #[must_use]
    pub fn contract(&self) -> &'a Contract {
        self.contract
    }

    /// Who may open one.
    #[must_use]
    pub fn openers(&self) -> &[Holder<'a>] {
        &self.openers
    }

    /// The moves in catalogue order, each once from each state that it starts in.
    #[must_use]
    pub fn edges(&self) -> &[Edge<'a>] {
        &self.edges
    }

    /// A Mermaid state diagram, as pages of Markdown show it.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        mermaid::diagram(self)
    }

    /// A Graphviz graph; conditions are tooltips.
    #[must_use]
    pub fn to_dot(&self) -> String {
        dot::graph(self)
    }

    /// An SVG with the labels of the other drawings, for a file or a page.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let label = |named: Named<'_>| match named {
            Named::State(name) => name.to_owned(),
            Named::Move(from, action) => {
                let mut edges = self.edges.iter();
                let edge = edges.find(|e| e.from == from && std::ptr::eq(e.action, action));
                edge.map(|edge| edge.lines().join("\n")).unwrap_or_default()
            }
        };
        let moves = self.edges.iter().map(|edge| {
            format!("{} to {}: {}", edge.from, edge.action.to(), edge.lines().join("; "))
        });
        let description = moves.collect::<Vec<_>>().join(". ");
        Drawing::new(self.contract, &label).svg(&self.title(), &description, None)
    }

    /// States, moves, roles and guards as Markdown, conditions spelled out.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        markdown::section(self)
    }

    fn title(&self) -> String {
        format!("{} {}", self.contract.kind(), self.contract.version())
    }

    /// What opening asks for, line by line.
    fn opening_lines(&self) -> Vec<String> {
        let open = self.contract.open();
        lines("open", open.ability(), &self.openers, open.guards(), None)
    }

    /// The moves between each two states, in catalogue order of the first of them.
    fn arrows(&self) -> Vec<Vec<&Edge<'a>>> {
        let mut arrows: Vec<Vec<&Edge<'a>>> = Vec::new();
        for edge in &self.edges {
            let same = |arrow: &&mut Vec<&Edge<'_>>| {
                let mut moves = arrow.iter();
                moves.any(|e| e.from == edge.from && e.action.to() == edge.action.to())
            };
            match arrows.iter_mut().find(same) {
                Some(arrow) => arrow.push(edge),
                None => arrows.push(vec![edge]),
            }
        }
        arrows
    }
}

impl Edge<'_> {
    /// What is written beside it: action and ability, who may, what guards refuse, timer.
    fn lines(&self) -> Vec<String> {
        let action = self.action;
        let name = action.name().as_str();
        lines(name, action.ability(), &self.holders, action.guards(), self.after)
    }
}

fn lines(
    name: &str,
    ability: &Ability,
    holders: &[Holder<'_>],
    guards: &[Guard],
    after: Option<Duration>,
) -> Vec<String> {
    let mut lines = vec![format!("{name} ({ability})")];
    wrap(&mut lines, "", holders.iter().map(Holder::mark));
    if holders.is_empty() {
        lines.push("no role".to_owned());
    }
    wrap(&mut lines, "unless ", guards.iter().map(|guard| guard.code().to_string()));
    lines.extend(after.map(|after| format!("after {}", span(after))));
    lines
}

/// Words with commas between them, on as many lines as they need.
fn wrap(lines: &mut Vec<String>, start: &str, words: impl Iterator<Item = String>) {
    let mut words = words.peekable();
    let mut line = start.to_owned();
    while let Some(word) = words.next() {
        line.push_str(&word);
        let Some(next) = words.peek() else {
            lines.push(line);
            return;
        };
        line.push(',');
        if line.chars().count() + 1 + next.chars().count() > LINE_MAX {
            lines.push(std::mem::take(&mut line));
        } else {
            line.push(' ');
        }
    }
}

/// A time span in the largest unit that leaves nothing over.
fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let whole = units.iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    whole
        .map_or_else(|| format!("{seconds} s"), |(unit, name)| format!("{} {name}", seconds / unit))
}
