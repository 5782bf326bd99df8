//! Reads a log once: pages one after the other, each checked beside the reading of the next.

use std::collections::VecDeque;
use std::sync::Arc;

use hos_core::error::{Fault, FaultKind};
use hos_core::proof::PAGE_MAX;
use hos_core::store::{EntryRow, Picture};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::options::Progress;
use crate::page::{Checked, Manner, Wanted, check};
use crate::scope::Scope;

/// How many pages are being checked at once.
const PAGES_AHEAD: usize = 4;
/// The most entries that are read first.
const ENTRIES_AT_FIRST: u32 = 250;
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

    /// Whether enough is going on.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() > PAGES_AHEAD
    }

    /// Begins some work.
    pub(crate) fn begin(&mut self, work: impl FnOnce() -> R + Send + 'static) {
        self.0.push_back(spawn_blocking(work));
    }

    /// Waits for the oldest; none when nothing is going on.
    pub(crate) async fn end(&mut self) -> Result<Option<R>, Fault> {
        let Some(oldest) = self.0.pop_front() else { return Ok(None) };
        let lost = |error| Fault::new(FaultKind::Internal, "a check was lost").caused_by(error);
        oldest.await.map(Some).map_err(lost)
    }
}

/// The entries of a log, then those that wait for their place, in order.
#[derive(Debug)]
pub(crate) struct Pages<'s> {
    scope: &'s Arc<Scope>,
    manner: Manner,
    ahead: Ahead<Checked>,
    next: Next,
    most: u32,
}

#[derive(Debug)]
enum Next {
    Placed(u64),
    Waiting(u64),
    Nothing,
}

impl<'s> Pages<'s> {
    pub(crate) fn new(scope: &'s Arc<Scope>, wanted: Wanted) -> Self {
        let (ahead, next) = (Ahead::new(), Next::Placed(0));
        let manner = Manner { wanted, opens: false };
        Self { scope, manner, ahead, next, most: ENTRIES_AT_FIRST }
    }

    /// The same, with the sealed parts that are to be opened.
    pub(crate) fn with_sealed(self, opens: bool) -> Self {
        Self { manner: Manner { opens, ..self.manner }, ..self }
    }

    /// The next page, checked; none at the end.
    pub(crate) async fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<Checked>, Fault> {
        while !self.ahead.is_full() && !matches!(self.next, Next::Nothing) {
            let page = self.read(&mut *reader.picture).await?;
            if !page.is_empty() {
                reader.advance(page.len());
                let (scope, manner) = (Arc::clone(self.scope), self.manner);
                self.ahead.begin(move || check(&scope, &page, manner));
            }
        }
        self.ahead.end().await
    }

    async fn read(&mut self, picture: &mut dyn Picture) -> Result<Vec<EntryRow>, Fault> {
        let (world, tenant, most) = (&self.scope.world, &self.scope.tenant, self.most);
        let page = match self.next {
            Next::Placed(from) => {
                let page = picture.entries(world, tenant, from, most).await?;
                let last = page.last().and_then(|entry| entry.index);
                self.next = match last {
                    Some(last) if !is_shorter(&page, most) => Next::Placed(last.saturating_add(1)),
                    _ => Next::Waiting(0),
                };
                page
            }
            Next::Waiting(after) => {
                let page = picture.waiting_entries(world, tenant, after, most).await?;
                self.next = match page.last() {
                    Some((last, _)) if !is_shorter(&page, most) => Next::Waiting(*last),
                    _ => Next::Nothing,
                };
                page.into_iter().map(|(_, entry)| entry).collect()
            }
            Next::Nothing => Vec::new(),
        };
        self.most = next_most(&page);
        Ok(page)
    }
}

/// Whether nothing comes after a page of the largest size.
pub(crate) fn is_short<T>(page: &[T]) -> bool {
    is_shorter(page, PAGE_MAX)
}

fn is_shorter<T>(page: &[T], most: u32) -> bool {
    u32::try_from(page.len()).is_ok_and(|length| length < most)
}

/// How many entries to read next, by how large these are.
fn next_most(page: &[EntryRow]) -> u32 {
    let of_parts = |entry: &EntryRow| entry.parts.iter().map(|part| part.body.len()).sum::<usize>();
    let bytes: usize = page.iter().map(|entry| entry.leaf.len() + of_parts(entry)).sum();
    let fit = PAGE_BYTES.saturating_mul(page.len()) / bytes.max(1);
    u32::try_from(fit).unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX)
}
