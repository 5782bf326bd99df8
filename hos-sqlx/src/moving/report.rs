//! What is told of a move.

use std::time::Duration;

/// What is being done with a table.
///
/// Exhaustive: every row is written once and compared once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every row is written once and compared once")]
pub enum Stage {
    /// Its rows are copied.
    Copying,
    /// Its rows are compared on both sides.
    Comparing,
}

/// How far a table has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// The table.
    pub table: &'static str,
    /// How many of its rows are done, those of an earlier run included.
    pub rows: u64,
    /// How many there are.
    pub total: u64,
}

/// A table that was moved whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Moved {
    /// Its name.
    pub table: &'static str,
    /// How many rows it has, on both sides.
    pub rows: u64,
}

/// A finished move.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// What was moved by this run and those that it went on with, in the order in which it was;
    /// nothing when the move was finished before.
    pub tables: Vec<Moved>,
    /// Whether it went on with an earlier, unfinished move.
    pub resumed: bool,
    /// Whether the same move was finished before this run, which then did nothing.
    pub finished_before: bool,
    /// How long copying took in this run.
    pub copied: Duration,
    /// How long everything took in this run.
    pub elapsed: Duration,
}

impl Report {
    pub(super) fn finished_before(elapsed: Duration) -> Self {
        Self {
            tables: Vec::new(),
            resumed: false,
            finished_before: true,
            copied: Duration::ZERO,
            elapsed,
        }
    }
}
