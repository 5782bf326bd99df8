//! Reads a log once: pages one after the other, each checked beside the reading of the next.

use std::collections::VecDeque;
use std::sync::Arc;

use hos_core::error::{Fault, FaultKind};
use hos_core::merkle::Frontier;
use hos_core::proof::{LogEntry, PAGE_MAX};
use hos_core::store::{Picture, ScopeRow};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::options::Progress;
use crate::page::{Checked, Wanted, check};
use crate::report::{FindingCode, Findings};
use crate::scope::Scope;

/// How many pages are being checked at once.
const PAGES_AHEAD: usize = 4;
/// The most entries that are read at once.
const ENTRIES_AT_ONCE_MAX: u32 = 250;
/// How large a page should be, in bytes, parts included: entries of migrations are large.
const PAGE_BYTES: usize = 4 << 20;

/// The picture that is read, and who is told how far.
pub(crate) struct Reader<'a> {
    pub(crate) picture: Box<dyn Picture>,
    pub(crate) progress: Progress,
    pub(crate) tell: &'a (dyn Fn(Progress) + Sync),
}

impl Reader<'_> {
    pub(crate) fn advance(&mut self, rows: usize) {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        self.progress.read = self.progress.read.saturating_add(rows);
        (self.tell)(self.progress);
    }
}

/// Work on pages that goes on while the next ones are read; what comes of it, in order.
#[derive(Debug)]
pub(crate) struct Ahead<R>(VecDeque<JoinHandle<R>>);

impl<R: Send + 'static> Ahead<R> {
    pub(crate) fn new() -> Self {
        Self(VecDeque::new())
    }

    /// Begins some work; answers the oldest when enough is going on.
    pub(crate) async fn begin(
        &mut self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<Option<R>, Fault> {
        self.0.push_back(spawn_blocking(work));
        if self.0.len() > PAGES_AHEAD { self.end().await } else { Ok(None) }
    }

    /// Waits for the oldest; none when nothing is going on.
    pub(crate) async fn end(&mut self) -> Result<Option<R>, Fault> {
        let Some(oldest) = self.0.pop_front() else { return Ok(None) };
        let lost = |error| Fault::new(FaultKind::Internal, "a check was lost").caused_by(error);
        oldest.await.map(Some).map_err(lost)
    }
}

/// Reads the entries of a log, then those that wait for their place, in order.
pub(crate) async fn read(
    reader: &mut Reader<'_>,
    scope: &Arc<Scope>,
    wanted: Wanted,
    mut each: impl FnMut(Checked) + Send,
) -> Result<(), Fault> {
    let mut ahead = Ahead::new();
    let (mut from, mut most) = (0, ENTRIES_AT_ONCE_MAX);
    loop {
        let page = reader.picture.entries(&scope.world, &scope.tenant, from, most).await?;
        let next = page.last().and_then(|entry| entry.index).map(|index| index + 1);
        let is_last = is_shorter(&page, most);
        most = next_most(&page);
        work(reader, &mut ahead, scope, wanted, page).await?.into_iter().for_each(&mut each);
        match next {
            Some(next) if !is_last => from = next,
            _ => break,
        }
    }
    let mut after = 0;
    loop {
        let picture = &mut reader.picture;
        let page = picture.waiting_entries(&scope.world, &scope.tenant, after, most).await?;
        let next = page.last().map(|(number, _)| *number);
        let page: Vec<LogEntry> = page.into_iter().map(|(_, entry)| entry).collect();
        let is_last = is_shorter(&page, most);
        most = next_most(&page);
        work(reader, &mut ahead, scope, wanted, page).await?.into_iter().for_each(&mut each);
        match next {
            Some(next) if !is_last => after = next,
            _ => break,
        }
    }
    while let Some(checked) = ahead.end().await? {
        each(checked);
    }
    Ok(())
}

/// Whether nothing comes after a page of the largest size.
pub(crate) fn is_short<T>(page: &[T]) -> bool {
    is_shorter(page, PAGE_MAX)
}

fn is_shorter<T>(page: &[T], most: u32) -> bool {
    u32::try_from(page.len()).is_ok_and(|length| length < most)
}

/// How many entries to read next, by how large these are.
fn next_most(page: &[LogEntry]) -> u32 {
    let of_parts = |entry: &LogEntry| entry.parts.iter().map(|part| part.body.len()).sum::<usize>();
    let bytes: usize = page.iter().map(|entry| entry.leaf.len() + of_parts(entry)).sum();
    let fit = PAGE_BYTES.saturating_mul(page.len()) / bytes.max(1);
    u32::try_from(fit).unwrap_or(ENTRIES_AT_ONCE_MAX).clamp(1, ENTRIES_AT_ONCE_MAX)
}

async fn work(
    reader: &mut Reader<'_>,
    ahead: &mut Ahead<Checked>,
    scope: &Arc<Scope>,
    wanted: Wanted,
    page: Vec<LogEntry>,
) -> Result<Option<Checked>, Fault> {
    if page.is_empty() {
        return Ok(None);
    }
    reader.advance(page.len());
    let scope = Arc::clone(scope);
    ahead.begin(move || check(&scope, &page, wanted)).await
}

/// The tree over a log's entries, as they come.
#[derive(Debug)]
pub(crate) struct Tree {
    next: u64,
    /// None once an entry was missing: the tree cannot be made then.
    frontier: Option<Frontier>,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self { next: 0, frontier: Some(Frontier::new()) }
    }

    pub(crate) fn size(&self) -> u64 {
        self.next
    }

    /// Takes a page in.
    pub(crate) fn add(&mut self, scope: &Scope, checked: &Checked, findings: &mut Findings) {
        for entry in &checked.entries {
            let Some(index) = entry.index else { continue };
            if index != self.next {
                missing(scope, self.next, index, findings);
                self.frontier = None;
            }
            let pushed = self.frontier.as_mut().map(|frontier| frontier.push(entry.hash));
            if pushed.is_some_and(|pushed| pushed.is_err()) {
                self.frontier = None;
            }
            self.next = index.saturating_add(1);
        }
    }

    /// Compares the whole with the head.
    pub(crate) fn compare(&self, scope: &Scope, row: &ScopeRow, findings: &mut Findings) {
        if self.next < row.size {
            missing(scope, self.next, row.size, findings);
        }
        if self.next > row.size {
            let message =
                format!("the head tells of {} entries, there are {}", row.size, self.next);
            let mut finding = scope.finding(FindingCode::EntriesBeyondHead, message);
            finding.index = Some(row.size);
            findings.add(finding);
        }
        let head = match Frontier::from_bytes(row.size, &row.frontier) {
            Ok(head) => head,
            Err(error) => {
                findings.add(scope.finding(FindingCode::HeadUnreadable, error.to_string()));
                return;
            }
        };
        let made = self.frontier.as_ref().filter(|made| made.size() == head.size());
        if let Some((from, until)) = made.and_then(|made| first_difference(made, &head)) {
            let message = format!(
                "an entry from index {from} to {} is not the one that the head was made of",
                until.saturating_sub(1)
            );
            let mut finding = scope.finding(FindingCode::RootDiffers, message);
            finding.index = Some(from);
            findings.add(finding);
        }
    }
}

fn missing(scope: &Scope, from: u64, until: u64, findings: &mut Findings) {
    let message = match until.saturating_sub(from) {
        1 => "the entry is missing".to_owned(),
        count => format!("{count} entries are missing, from here to index {}", until - 1),
    };
    let mut finding = scope.finding(FindingCode::EntriesMissing, message);
    finding.index = Some(from);
    findings.add(finding);
}

/// The leaves under the first peak that is not the same.
fn first_difference(made: &Frontier, head: &Frontier) -> Option<(u64, u64)> {
    let (mut from, mut left) = (0, made.size());
    for (one, other) in made.peaks().iter().zip(head.peaks()) {
        let leaves = left.checked_ilog2().map_or(0, |power| 1_u64 << power);
        if one != other {
            return Some((from, from + leaves));
        }
        from += leaves;
        left -= leaves;
    }
    None
}
