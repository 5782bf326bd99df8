//! Seals as databases keep them.

use hos_core::error::{Fault, FaultKind};
use hos_core::merkle::{HASH_BYTES, Hash};
use hos_core::seal::{AttestationKind, LogName, Publication, Published, Span};
use hos_core::store::Seals;

use crate::fault::corrupt;

/// The names of a log; none, which no world has, for the deployment's.
pub(crate) fn names(log: &LogName) -> (&str, &str) {
    match log {
        LogName::Deployment => ("", ""),
        LogName::Tenant(world, tenant) => (world.as_str(), tenant.as_str()),
    }
}

/// The names of logs in one text, for a statement that looks for all of them.
#[cfg(any(feature = "mysql", feature = "sqlite"))]
pub(crate) fn all_names<'l>(logs: impl Iterator<Item = &'l LogName>) -> String {
    let names = logs.map(|log| serde_json::json!(names(log)));
    serde_json::Value::from_iter(names).to_string()
}

/// What publications came to, of which these were done; the others were outrun.
pub(crate) async fn published(
    seals: &impl Seals,
    publications: &[Publication],
    done: &[bool],
) -> Result<Vec<Published>, Fault> {
    if publications.len() != done.len() {
        return Err(corrupt("another number of answers than of publications"));
    }
    let outrun = publications.iter().zip(done).filter(|(_, done)| !**done);
    let outrun: Vec<LogName> = outrun.map(|(publication, _)| publication.log.clone()).collect();
    let states = if outrun.is_empty() { Vec::new() } else { seals.states(&outrun).await? };
    let mut lasts = states.into_iter().map(|state| state.sealed);
    let answer = |done: &bool| {
        if *done { Published::Done } else { Published::Outrun(lasts.next().flatten()) }
    };
    Ok(done.iter().map(answer).collect())
}

/// A tile's level as a database takes it.
#[cfg(feature = "postgres")]
pub(crate) fn level(tile: &hos_core::seal::Tile) -> i32 {
    i32::from(tile.level)
}

/// Reads the hashes of a span.
pub(crate) fn hashes(log: &LogName, span: Span, bytes: &[u8]) -> Result<Vec<Hash>, Fault> {
    let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
    if !rest.is_empty() || hashes.len() != span.count() {
        let message = format!("the log of {log} lacks hashes: {span:?}");
        return Err(Fault::new(FaultKind::Corrupt, message));
    }
    Ok(hashes.to_vec())
}

pub(crate) fn attestation_kind(name: &str) -> Result<AttestationKind, Fault> {
    AttestationKind::parse(name).ok_or_else(|| corrupt("an attestation of another kind"))
}

pub(crate) fn no_checkpoint() -> Fault {
    Fault::new(FaultKind::Limit, "the deployment's log has no checkpoint of this size")
}

/// Raises the alarm about an entry that is not what was recorded: its leaf, or its hash, was
/// changed before it had its place, or it is gone.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn set_aside(scope: i64, entry: impl std::fmt::Display) {
    tracing::error!(
        target: "hos::quarantine", scope, %entry,
        "an entry is not what was recorded; it was set aside and has no place in its log"
    );
}

/// Logs whose head cannot be read: their entries wait, and hold up those of no other.
#[cfg(any(feature = "mysql", feature = "postgres"))]
#[derive(Debug, Default)]
pub(crate) struct DamagedLogs {
    scopes: std::collections::BTreeSet<i64>,
    fault: Option<Fault>,
}

#[cfg(any(feature = "mysql", feature = "postgres"))]
impl DamagedLogs {
    /// Leaves a log out from now on, and raises the alarm.
    pub(crate) fn add(&mut self, scope: i64, fault: Fault) {
        if self.scopes.insert(scope) {
            tracing::error!(
                target: "hos::quarantine", scope, %fault,
                "the head of a log is damaged; its entries wait for their places"
            );
        }
        self.fault.get_or_insert(fault);
    }

    #[cfg(feature = "mysql")]
    pub(crate) fn has(&self, scope: i64) -> bool {
        self.scopes.contains(&scope)
    }

    pub(crate) fn scopes(&self) -> Vec<i64> {
        self.scopes.iter().copied().collect()
    }

    /// Nothing is left to be done; the fault of the first of these logs, where there is one.
    pub(crate) fn nothing_left(self) -> Result<u32, Fault> {
        self.fault.map_or(Ok(0), Err)
    }
}

/// Why a log cannot grow whose head can be read.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn blocked() -> Fault {
    corrupt("a leaf of the log is beyond its head, or of an entry that waits")
}

/// A span as its level, place or first hash, and how many; 0 for a whole tile.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn line(span: Span) -> (i32, i64, i32) {
    let (level, first, count) = match span {
        Span::Tile { level, place } => (level, place, 0),
        Span::Edge { level, first, count } => (level, first, count),
    };
    (i32::from(level), crate::encoding::signed(first), i32::from(count))
}

/// Spans of logs as lists: of which log, from 1 on, and what [`line`] tells.
#[cfg(feature = "postgres")]
#[derive(Default)]
pub(crate) struct Spans {
    pub(crate) logs: Vec<i32>,
    pub(crate) levels: Vec<i32>,
    pub(crate) firsts: Vec<i64>,
    pub(crate) counts: Vec<i32>,
}

#[cfg(feature = "postgres")]
impl Spans {
    pub(crate) fn of<'s>(asked: impl Iterator<Item = &'s [Span]>) -> Self {
        let mut spans = Self::default();
        for (log, span) in (1..).zip(asked).flat_map(|(log, of)| of.iter().map(move |s| (log, s))) {
            let (level, first, count) = line(*span);
            spans.logs.push(log);
            spans.levels.push(level);
            spans.firsts.push(first);
            spans.counts.push(count);
        }
        spans
    }
}
