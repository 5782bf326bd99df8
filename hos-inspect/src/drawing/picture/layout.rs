//! Where the states stand, and how wide everything is.
//!
//! Distance from the initial state gives the column, so that no move skips one going forward.
//! Between two columns lies a gap: first a zone that holds labels and nothing but the straight
//! beginnings of lines, then a zone of tracks, one for each line that turns there. What goes back
//! and has no shorter way runs below everything.

use std::collections::BTreeMap;

use hos_core::contract::Contract;

use super::routes::{self, Route};
use super::{Arrow, Drawing, Named, StateBox, at};

/// The width that is reserved for one character.
pub const CHARACTER_WIDTH: i32 = 8;
/// How far a label reaches above its base line.
pub const LABEL_ASCENT: i32 = 11;
/// How far a label reaches below its base line.
pub const LABEL_DESCENT: i32 = 3;
/// From one line of a label to the next.
pub const LINE_HEIGHT: i32 = 15;
/// How far apart lines leave or reach a box under labels of one line; the first stands as far below
/// the upper edge.
pub(super) const SLOT: i32 = 20;
/// From the boxes of one row to those of the next, under labels of one line.
const ROW_GAP: i32 = 44;
/// How far apart lines run side by side.
pub(super) const TRACK: i32 = 14;
/// The room that a loop takes above its box, below its label.
const LOOP_HEIGHT: i32 = 21;
const MARGIN: i32 = 16;

/// A move between two states, with all actions that make it.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) actions: Vec<String>,
    pub(super) label: Vec<String>,
}

/// A state on the grid.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    pub(super) column: usize,
    pub(super) row: usize,
    pub(super) terminal: bool,
    /// How far apart its lines stand: what the tallest label of the picture needs.
    pub(super) slot: i32,
    /// How many lines its left and its right side have.
    pub(super) left: usize,
    pub(super) right: usize,
}

/// Columns, rows and gaps in pixels.
#[derive(Debug, Default)]
pub(super) struct Grid {
    /// The left edge and the width of each column.
    pub(super) columns: Vec<(i32, i32)>,
    /// The upper edge of each row.
    pub(super) rows: Vec<i32>,
    /// Where the tracks begin in the gap before each column, and after the last.
    pub(super) tracks: Vec<i32>,
    /// The first lane below everything.
    pub(super) lanes: i32,
}

pub(super) fn lay_out(contract: &Contract, name: &dyn Fn(Named<'_>) -> String) -> Drawing {
    let moves = moves(contract, name);
    let mut cells = cells(contract, SLOT + more(&moves));
    let routes = routes::plan(&mut cells, &moves);
    let names: Vec<String> =
        contract.states().iter().map(|state| name(Named::State(state.as_str()))).collect();
    let grid = grid(&cells, &moves, &routes, &names);
    let states = contract.states().iter().zip(&names).zip(&cells);
    let boxes: Vec<StateBox> = states
        .map(|((state, name), cell)| {
            let (x, width) = grid.column(cell.column);
            StateBox {
                state: state.to_string(),
                name: name.clone(),
                corner: at(x, grid.row(cell.row)),
                width,
                height: cell.height(),
                terminal: cell.terminal,
                initial: state == contract.initial(),
                spine: cell.slot,
            }
        })
        .collect();
    let lines = routes::lines(&cells, &moves, &routes, &grid);
    let lanes = routes.iter().filter(|route| matches!(route, Route::Lane { .. })).count();
    let last = grid.tracks.last().copied().unwrap_or_default();
    let turning = routes::tracks_in(&cells, &moves, &routes, grid.columns.len());
    let arrows = moves.into_iter().zip(lines).map(|(of, (corners, label_at))| Arrow {
        from: contract.states().get(of.from).map(ToString::to_string).unwrap_or_default(),
        to: contract.states().get(of.to).map(ToString::to_string).unwrap_or_default(),
        actions: of.actions,
        label: of.label,
        label_at,
        corners,
    });
    let height = grid.lanes + length(lanes) * TRACK + if lanes > 0 { MARGIN } else { 0 };
    Drawing {
        width: last + length(turning) * TRACK + MARGIN,
        height,
        boxes,
        arrows: arrows.collect(),
    }
}

/// Each state's column is its distance from the initial state; what ends stands below the rest.
fn cells(contract: &Contract, slot: i32) -> Vec<Cell> {
    let mut distance: BTreeMap<&str, usize> = BTreeMap::new();
    let mut open = vec![contract.initial().as_str()];
    let mut column = 0;
    while !open.is_empty() {
        let reached: Vec<&str> =
            open.drain(..).filter(|state| distance.insert(state, column).is_none()).collect();
        let next = reached.iter().flat_map(|state| contract.actions_from(state));
        open = next
            .map(|action| action.to().as_str())
            .filter(|to| !distance.contains_key(to))
            .collect();
        open.sort_unstable();
        open.dedup();
        column += 1;
    }
    let cell = |state: &hos_core::id::State| Cell {
        column: distance.get(state.as_str()).copied().unwrap_or_default(),
        terminal: contract.is_terminal(state.as_str()),
        slot,
        ..Cell::default()
    };
    let mut cells: Vec<Cell> = contract.states().iter().map(cell).collect();
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    for terminal in [false, true] {
        for cell in cells.iter_mut().filter(|cell| cell.terminal == terminal) {
            let row = rows.entry(cell.column).or_default();
            cell.row = *row;
            *row += 1;
        }
    }
    cells
}

/// The moves, one for each pair of states, in catalogue order.
fn moves(contract: &Contract, name: &dyn Fn(Named<'_>) -> String) -> Vec<Move> {
    let number = |state: &hos_core::id::State| contract.states().iter().position(|s| s == state);
    let mut moves: Vec<Move> = Vec::new();
    for action in contract.actions() {
        let Some(to) = number(action.to()) else { continue };
        for from in action.from() {
            let text = name(Named::Move(from, action));
            let Some(from) = number(from) else { continue };
            match moves.iter_mut().find(|known| (known.from, known.to) == (from, to)) {
                Some(known) => {
                    known.actions.push(action.name().to_string());
                    known.say(&text);
                }
                None => moves.push(Move {
                    from,
                    to,
                    actions: vec![action.name().to_string()],
                    label: text.lines().map(str::to_owned).collect(),
                }),
            }
        }
    }
    moves
}

impl Move {
    /// Beside a line short names share a line; over a loop each action has its own.
    fn say(&mut self, text: &str) {
        let short = self.label.len() == 1 && text.lines().count() == 1;
        match self.label.last_mut() {
            Some(last) if short && self.from != self.to => {
                last.push_str(", ");
                last.push_str(text);
            }
            _ => self.label.extend(text.lines().map(str::to_owned)),
        }
    }

    /// The room that the label takes.
    pub(super) fn width(&self) -> i32 {
        self.label.iter().map(|line| text_width(line)).max().unwrap_or_default()
    }

    /// The height of the label.
    pub(super) fn height(&self) -> i32 {
        length(self.label.len()) * LINE_HEIGHT
    }

    /// The height of the label above its last line.
    pub(super) fn lift(&self) -> i32 {
        length(self.label.len().saturating_sub(1)) * LINE_HEIGHT
    }
}

/// How much taller than one line the tallest label beside a line is.
fn more(moves: &[Move]) -> i32 {
    let beside = moves.iter().filter(|of| of.from != of.to);
    beside.map(Move::lift).max().unwrap_or_default()
}

/// The room that a text takes.
fn text_width(text: &str) -> i32 {
    length(text.chars().count()) * CHARACTER_WIDTH
}

/// A count as a length; a contract's limits keep it small.
pub(super) fn length(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX / 1_000)
}

impl Cell {
    pub(super) fn height(&self) -> i32 {
        let (last, below) = (self.left.max(self.right).saturating_sub(1), SLOT);
        self.slot + length(last) * self.slot + below
    }
}

impl Grid {
    pub(super) fn column(&self, column: usize) -> (i32, i32) {
        self.columns.get(column).copied().unwrap_or_default()
    }

    pub(super) fn row(&self, row: usize) -> i32 {
        self.rows.get(row).copied().unwrap_or_default()
    }

    /// Where the tracks begin in the gap before a column.
    pub(super) fn track(&self, gap: usize) -> i32 {
        self.tracks.get(gap).copied().unwrap_or_default()
    }
}

fn grid(cells: &[Cell], moves: &[Move], routes: &[Route], names: &[String]) -> Grid {
    let mut grid = Grid::default();
    let columns = cells.iter().map(|cell| cell.column + 1).max().unwrap_or_default();
    let rows = cells.iter().map(|cell| cell.row + 1).max().unwrap_or_default();
    let mut x = MARGIN;
    for column in 0..=columns {
        // The gap before the column: labels of what leaves the one before, then tracks.
        let labels = moves.iter().zip(routes).filter(|(of, route)| {
            routes::label_column(cells, of, route).is_some_and(|found| found + 1 == column)
        });
        x += labels.map(|(of, _)| of.width() + 20).max().unwrap_or_default();
        grid.tracks.push(x + 8);
        if column == columns {
            break;
        }
        x += length(routes::tracks_in(cells, moves, routes, column)) * TRACK + 28;
        let named = cells.iter().zip(names).filter(|(cell, _)| cell.column == column);
        let named = named.map(|(_, name)| text_width(name) + 28).max().unwrap_or_default();
        let width = named.max(routes::column_width(cells, moves, routes, column));
        grid.columns.push((x, width));
        x += width;
    }
    let (mut y, gap) = (MARGIN, ROW_GAP + more(moves));
    for row in 0..rows {
        let here = |of: &&Move| cells.get(of.from).is_some_and(|cell| cell.row == row);
        let loops = moves.iter().filter(here).filter(|of| of.from == of.to);
        y += loops.map(|of| LOOP_HEIGHT + of.height()).max().unwrap_or_default();
        grid.rows.push(y);
        let heights = cells.iter().filter(|cell| cell.row == row).map(Cell::height);
        y += heights.max().unwrap_or_default() + if row + 1 < rows { gap } else { MARGIN };
    }
    grid.lanes = y;
    grid
}
