//! The law in a server, against the bare commit of one updated row through the same pool, and
//! against the same rows written by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::desk::{Desk, Whose, all};
use crate::{Row, Target, table, timed};

/// How many rows a floor has.
pub const ROWS: i64 = 20_000;
/// How long a leaf is, in bytes: as the law's own.
pub const LEAF_BYTES: usize = 520;
/// How long a receipt is, in bytes: as the law's own.
pub const RECEIPT_BYTES: usize = 330;

/// What a server does without the law.
pub trait Floor: Clone + Send + 'static {
    /// Updates one row and commits.
    fn update(&self, row: i64) -> impl Future<Output = ()> + Send;

    /// Writes the rows that a transition writes, statement after statement in one transaction.
    fn by_hand(&self, row: i64) -> impl Future<Output = ()> + Send;
}

/// How often each thing is done in a round.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Updates of a row of one's own.
    pub updates: u32,
    /// Updates of the same row, which wait for each other.
    pub same: u32,
    /// Rows by hand, and transitions without the lane.
    pub by_hand: u32,
    /// Transitions through the lane.
    pub transitions: u32,
}

/// What is asked of the law.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// Against the update of one row.
    pub update: Option<Target>,
    /// Against the same rows by hand.
    pub by_hand: Option<Target>,
    /// On one tenant.
    pub one_tenant: Option<Target>,
    /// On one subject.
    pub one_subject: Option<Target>,
}

/// Measures everything beside each other, and prints the medians of five rounds.
pub fn compare(
    title: &str,
    runtime: &Runtime,
    (floor, desk): (&impl Floor, &Desk),
    callers: u32,
    times: Times,
    asked: Asked,
) {
    let turn = &Arc::new(AtomicI64::new(0));
    let floor_row = |name, times, one, by_hand| Row {
        name,
        target: None,
        times,
        run: Box::new(move |times| crowd(runtime, floor, turn, times, callers, one, by_hand)),
    };
    let law_row = |name, target, times, whose, gathered| Row {
        name,
        target,
        times,
        run: Box::new(move |times| desk.crowd(runtime, times, callers, whose, gathered)),
    };
    let many = times.transitions;
    let rows = &mut [
        floor_row("UPDATE of one row each", times.updates, false, false),
        floor_row("by hand", times.by_hand, false, true),
        law_row(
            "law without the lane, 1,000 tenants",
            None,
            times.by_hand,
            Whose::Everybodys,
            false,
        ),
        law_row("law, 1,000 tenants", asked.update, many, Whose::Everybodys, true),
        law_row(
            "law, 1,000 tenants (against by hand)",
            asked.by_hand,
            many,
            Whose::Everybodys,
            true,
        ),
        law_row("law, ONE tenant", asked.one_tenant, many, Whose::OneFirms, true),
        floor_row("UPDATE of the same row", times.same, true, false),
        law_row("law, ONE subject", asked.one_subject, many / 2, Whose::One, true),
    ];
    table(&format!("{title}, {callers} caller(s)"), 5, rows);
}

fn crowd(
    runtime: &Runtime,
    floor: &impl Floor,
    turn: &Arc<AtomicI64>,
    times: u32,
    callers: u32,
    one: bool,
    by_hand: bool,
) -> Duration {
    let task = |_| {
        let (floor, turn) = (floor.clone(), Arc::clone(turn));
        async move {
            for _ in 0..times.div_ceil(callers) {
                // Far from the one before, or always the same.
                let row = if one { 0 } else { turn.fetch_add(7_919, Ordering::Relaxed) % ROWS };
                if by_hand { floor.by_hand(row).await } else { floor.update(row).await }
            }
        }
    };
    let tasks: Vec<_> = (0..callers).map(task).collect();
    timed(|| drop(runtime.block_on(all(tasks))))
}
