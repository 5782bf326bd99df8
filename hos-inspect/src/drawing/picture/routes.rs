//! Which way each move goes, and the corners of its line.

use super::layout::{Cell, Grid, LINE_HEIGHT, Move, TRACK, length};
use super::{Point, at};

/// Where the first of the lines between two boxes of one column stands.
const VERTICAL: i32 = 24;
/// From a line up to the base line of its label.
const LIFT: i32 = 5;

/// The way of one move. Slots count from the spine of a box downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// One column on: from the right side to a left side.
    Forward { exit: usize, entry: usize },
    /// One column back in the same row, straight.
    Back { slot: usize },
    /// To the box above or below.
    Vertical,
    /// Down and then back to the right side of what ends.
    Drop { slot: usize, nth: usize },
    /// Below everything.
    Lane { exit: usize, entry: usize, lane: usize },
    /// Over the own box.
    Loop,
}

/// Gives each move its way, and counts the lines at each side of each box.
pub(super) fn plan(cells: &mut [Cell], moves: &[Move]) -> Vec<Route> {
    if let Some(initial) = cells.iter_mut().find(|cell| cell.column == 0) {
        // Where a fresh subject comes in.
        initial.left = 1;
    }
    let mut routes: Vec<Route> = moves.iter().map(|of| kind(cells, of)).collect();
    // What goes straight on takes the spines, then what turns off, then what goes back.
    for pass in 0..5 {
        let mut order: Vec<usize> = (0..moves.len()).collect();
        order.sort_by_key(|index| moves.get(*index).map(|of| place(cells, of, pass)));
        let (mut lanes, mut drops) = (0, Vec::new());
        for index in order {
            let (Some(of), Some(route)) = (moves.get(index), routes.get_mut(index)) else {
                continue;
            };
            match (pass, &mut *route) {
                (0, Route::Forward { .. }) if same_row(cells, of) => {
                    *route = Route::Forward { exit: right(cells, of), entry: left(cells, of) };
                }
                (1, Route::Forward { .. }) if !same_row(cells, of) => {
                    *route = Route::Forward { exit: right(cells, of), entry: left(cells, of) };
                }
                (2, Route::Back { slot }) => *slot = both(cells, of),
                (3, Route::Drop { slot, nth }) => {
                    *nth = drops.iter().filter(|from| **from == of.from).count();
                    drops.push(of.from);
                    *slot = cells.get_mut(of.to).map(|to| take(&mut to.right)).unwrap_or_default();
                }
                (4, Route::Lane { .. }) => {
                    let (exit, entry) = (right(cells, of), left(cells, of));
                    *route = Route::Lane { exit, entry, lane: lanes };
                    lanes += 1;
                }
                _ => {}
            }
        }
    }
    routes
}

/// In which order moves of one sort take their slots.
fn place(cells: &[Cell], of: &Move, pass: usize) -> (usize, usize, usize) {
    let (from, to) = (cell(cells, of.from), cell(cells, of.to));
    if pass == 3 { (from.column, from.row, to.row) } else { (from.column, to.row, from.row) }
}

fn kind(cells: &[Cell], of: &Move) -> Route {
    let (from, to) = (cell(cells, of.from), cell(cells, of.to));
    if of.from == of.to {
        return Route::Loop;
    }
    if to.column == from.column + 1 {
        return Route::Forward { exit: 0, entry: 0 };
    }
    if to.column == from.column && to.row.abs_diff(from.row) == 1 {
        return Route::Vertical;
    }
    if to.column + 1 == from.column && to.row == from.row {
        return Route::Back { slot: 0 };
    }
    let falls = to.terminal && to.row > from.row && to.column < from.column;
    // Boxes of a column stand without holes: none in a row means none further below.
    let below = !cells.iter().any(|cell| cell.column == from.column && cell.row > from.row);
    let passes =
        |column: usize| !cells.iter().any(|cell| cell.column == column && cell.row >= to.row);
    if falls && below && (to.column + 1..from.column).all(passes) {
        return Route::Drop { slot: 0, nth: 0 };
    }
    Route::Lane { exit: 0, entry: 0, lane: 0 }
}

fn cell(cells: &[Cell], index: usize) -> Cell {
    cells.get(index).copied().unwrap_or_default()
}

fn same_row(cells: &[Cell], of: &Move) -> bool {
    cell(cells, of.from).row == cell(cells, of.to).row
}

fn take(slots: &mut usize) -> usize {
    *slots += 1;
    *slots - 1
}

fn right(cells: &mut [Cell], of: &Move) -> usize {
    cells.get_mut(of.from).map(|from| take(&mut from.right)).unwrap_or_default()
}

fn left(cells: &mut [Cell], of: &Move) -> usize {
    cells.get_mut(of.to).map(|to| take(&mut to.left)).unwrap_or_default()
}

/// One slot that is free on the left of where a move starts and on the right of where it ends.
fn both(cells: &mut [Cell], of: &Move) -> usize {
    let slot = cell(cells, of.from).left.max(cell(cells, of.to).right);
    if let Some(from) = cells.get_mut(of.from) {
        from.left = slot + 1;
    }
    if let Some(to) = cells.get_mut(of.to) {
        to.right = slot + 1;
    }
    slot
}

/// The column right of which a move's label stands, if it stands in a gap.
pub(super) fn label_column(cells: &[Cell], of: &Move, route: &Route) -> Option<usize> {
    match route {
        Route::Forward { .. } | Route::Lane { .. } => Some(cell(cells, of.from).column),
        Route::Back { .. } | Route::Drop { .. } => Some(cell(cells, of.to).column),
        Route::Vertical | Route::Loop => None,
    }
}

/// The width that the lines and labels within a column ask for.
pub(super) fn column_width(cells: &[Cell], moves: &[Move], routes: &[Route], column: usize) -> i32 {
    let here = |of: &Move| cell(cells, of.from).column == column;
    let routed = || moves.iter().zip(routes).filter(|(of, _)| here(of));
    let verticals = routed().filter(|(_, route)| **route == Route::Vertical);
    let verticals = verticals.map(|(of, _)| vertical(cells, moves, routes, of) + 6);
    let ends = verticals.zip(routed().filter(|(_, route)| **route == Route::Vertical));
    let ends = ends.map(|(x, (of, _))| x + of.width() + 8).max().unwrap_or_default();
    let loops = routed().filter(|(_, route)| **route == Route::Loop);
    let loops = loops.map(|(of, _)| of.width() + 48).max().unwrap_or_default();
    ends + loops
}

/// How far right in its column a vertical line stands.
fn vertical(cells: &[Cell], moves: &[Move], routes: &[Route], of: &Move) -> i32 {
    let span = |of: &Move| {
        let (from, to) = (cell(cells, of.from), cell(cells, of.to));
        (from.column, from.row.min(to.row))
    };
    let before = moves.iter().zip(routes).take_while(|(other, _)| !std::ptr::eq(*other, of));
    let before =
        before.filter(|(other, route)| **route == Route::Vertical && span(other) == span(of));
    VERTICAL + before.map(|(other, _)| other.width() + 20).sum::<i32>()
}

/// What turns in a gap, from left to right: the move, and whether it comes up from below.
fn turning(cells: &[Cell], moves: &[Move], routes: &[Route], gap: usize) -> Vec<(usize, bool)> {
    let mut keyed: Vec<(usize, usize, usize, usize)> = Vec::new();
    for (index, (of, route)) in moves.iter().zip(routes).enumerate() {
        let (from, to) = (cell(cells, of.from), cell(cells, of.to));
        match *route {
            Route::Forward { exit, entry } if to.column == gap => {
                let (starts, ends) = ((from.row, exit), (to.row, entry));
                if starts < ends {
                    keyed.push((0, usize::MAX - from.row, usize::MAX - exit, index));
                } else if starts > ends {
                    keyed.push((1, from.row, exit, index));
                }
            }
            Route::Lane { exit, entry, .. } => {
                if from.column + 1 == gap {
                    keyed.push((0, usize::MAX - from.row, usize::MAX - exit, index));
                }
                if to.column == gap {
                    keyed.push((2, to.row, entry, index));
                }
            }
            _ => {}
        }
    }
    keyed.sort_unstable();
    keyed.into_iter().map(|(group, _, _, index)| (index, group == 2)).collect()
}

/// How many tracks the gap before a column has.
pub(super) fn tracks_in(cells: &[Cell], moves: &[Move], routes: &[Route], gap: usize) -> usize {
    turning(cells, moves, routes, gap).len()
}

/// For each move the corners of its line, and where its label begins.
pub(super) fn lines(
    cells: &[Cell],
    moves: &[Move],
    routes: &[Route],
    grid: &Grid,
) -> Vec<(Vec<Point>, Point)> {
    let track = |index: usize, gap: usize, up: bool| {
        let turning = turning(cells, moves, routes, gap);
        let nth = turning.iter().position(|other| *other == (index, up)).unwrap_or_default();
        grid.track(gap) + length(nth) * TRACK
    };
    let moves_and_routes = moves.iter().zip(routes).enumerate();
    let line = |(index, (of, route)): (usize, (&Move, &Route))| {
        let (from, to) = (cell(cells, of.from), cell(cells, of.to));
        let (starts, ends) = (Side::of(grid, from), Side::of(grid, to));
        match *route {
            Route::Forward { exit, entry } => {
                let (tail, tip) = (starts.right(exit), ends.left(entry));
                let x = track(index, to.column, false);
                let corners = if tail.y == tip.y {
                    vec![tail, tip]
                } else {
                    vec![tail, at(x, tail.y), at(x, tip.y), tip]
                };
                (corners, beside(of, tail))
            }
            Route::Back { slot } => {
                let tip = ends.right(slot);
                (vec![starts.left(slot), tip], beside(of, tip))
            }
            Route::Vertical => {
                let x = starts.x + vertical(cells, moves, routes, of);
                let upper = if from.row < to.row { starts } else { ends };
                let lower = if from.row < to.row { ends } else { starts };
                let mut corners = vec![at(x, upper.bottom), at(x, lower.top)];
                if from.row > to.row {
                    corners.reverse();
                }
                (corners, at(x + 6, upper.bottom + 18))
            }
            Route::Drop { slot, nth } => {
                let x = starts.x + starts.width / 2 + length(nth) * TRACK;
                let tip = ends.right(slot);
                (vec![at(x, starts.bottom), at(x, tip.y), tip], beside(of, tip))
            }
            Route::Lane { exit, entry, lane } => {
                let (tail, tip) = (starts.right(exit), ends.left(entry));
                let (down, up) =
                    (track(index, from.column + 1, false), track(index, to.column, true));
                let y = grid.lanes + length(lane) * TRACK;
                let turns = [at(down, tail.y), at(down, y), at(up, y), at(up, tip.y)];
                let corners = std::iter::once(tail).chain(turns).chain([tip]).collect();
                (corners, beside(of, tail))
            }
            Route::Loop => {
                let right = starts.x + starts.width;
                let (x, y) = (right - 40, starts.top - 18);
                let corners =
                    vec![at(x, starts.top), at(x, y), at(x + 24, y), at(x + 24, starts.top)];
                (corners, at(right - 4 - of.width(), y - LIFT - of.height() + LINE_HEIGHT))
            }
        }
    };
    moves_and_routes.map(line).collect()
}

/// Above a line, just right of a box.
fn beside(of: &Move, place: Point) -> Point {
    at(place.x + 12, place.y - LIFT - of.lift())
}

/// A box in pixels.
#[derive(Debug, Clone, Copy)]
struct Side {
    x: i32,
    width: i32,
    top: i32,
    bottom: i32,
    slot: i32,
}

impl Side {
    fn of(grid: &Grid, cell: Cell) -> Self {
        let (x, width) = grid.column(cell.column);
        let top = grid.row(cell.row);
        Self { x, width, top, bottom: top + cell.height(), slot: cell.slot }
    }

    fn left(self, slot: usize) -> Point {
        at(self.x, self.top + self.slot + length(slot) * self.slot)
    }

    fn right(self, slot: usize) -> Point {
        at(self.x + self.width, self.top + self.slot + length(slot) * self.slot)
    }
}
