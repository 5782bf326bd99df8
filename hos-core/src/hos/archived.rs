//! Reads logs across the cut: what is in the store, and what is in the archive.
//!
//! A store is read first and its segments after it: rows go only after their segment was recorded,
//! so whatever was missing is explained then.

use std::collections::BTreeMap;

use super::Hos;
use super::settle::ask;
use crate::actor::Actor;
use crate::error::{Fault, FaultKind};
use crate::id::{Tenant, World};
use crate::proof::{LeafFacts, LogEntry, PAGE_MAX, SegmentRecord};
use crate::seal::LogName;
use crate::store::{ArchiveReader, Archived};
use crate::subject::Subject;
use crate::time::ProofId;

/// How often a piece of a log is read again because its segment moved meanwhile.
const ATTEMPTS_MAX: u32 = 4;

impl Hos {
    pub(super) async fn found(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        if let Some(entry) = self.store.find(world, tenant, id).await? {
            let Some(index) = entry.index else { return Ok(Some(entry)) };
            let segment = self.next_archived(world, tenant, index).await?;
            return match segment.filter(|segment| segment.covers(index)) {
                None => Ok(Some(entry)),
                Some(segment) => self.in_archive(world, tenant, &segment, id).await,
            };
        }
        let mut after = 0;
        loop {
            let segments = self.store.segments(world, tenant, after, PAGE_MAX).await?;
            let Some(last) = segments.last() else { return Ok(None) };
            after = last.end;
            let may_hold = |segment: &&SegmentRecord| segment.is_archived() && segment.may_hold(id);
            for segment in segments.iter().filter(may_hold) {
                if let Some(entry) = self.in_archive(world, tenant, segment, id).await? {
                    return Ok(Some(entry));
                }
            }
        }
    }

    /// As [`Hos::found`], for whoever would change what stands beside the entry: a fault of the
    /// kind `Archived` where that is not in the store.
    pub(super) async fn found_here(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        let Some(entry) = self.found(world, tenant, id).await? else { return Ok(None) };
        let Some(index) = entry.index else { return Ok(Some(entry)) };
        match self.next_archived(world, tenant, index).await? {
            Some(segment) if segment.covers(index) => Err(archived(&segment)),
            _ => Ok(Some(entry)),
        }
    }

    async fn in_archive(
        &self,
        world: &World,
        tenant: &Tenant,
        segment: &SegmentRecord,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        self.reader(segment)?.find(&self.origin(&LogName::of(world, tenant)), segment, id).await
    }

    pub(super) async fn paged(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let limit = limit.min(PAGE_MAX);
        let mut page: Vec<LogEntry> = Vec::new();
        loop {
            let left = limit.saturating_sub(u32::try_from(page.len()).unwrap_or(limit));
            let last = page.last().and_then(|last| last.index);
            let at = last.map_or(from, |last| last.saturating_add(1));
            if left == 0 {
                return Ok(page);
            }
            let (piece, is_last) = match self.piece(world, tenant, at, left).await {
                // The next call says so.
                Err(fault) if fault.kind() == FaultKind::Archived && !page.is_empty() => {
                    return Ok(page);
                }
                piece => piece?,
            };
            page.extend(piece);
            if is_last {
                return Ok(page);
            }
        }
    }

    /// Entries from an index on, all of them from one side of a cut, and whether nothing follows
    /// them.
    async fn piece(
        &self,
        world: &World,
        tenant: &Tenant,
        at: u64,
        limit: u32,
    ) -> Result<(Vec<LogEntry>, bool), Fault> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let mut piece = self.store.page(world, tenant, at, limit).await?;
            let segment = self.next_archived(world, tenant, at).await?;
            if let Some(segment) = segment.as_ref().filter(|segment| segment.covers(at)) {
                let log = self.origin(&LogName::of(world, tenant));
                let piece = self.reader(segment)?.entries(&log, segment, at, limit).await?;
                let is_empty = piece.is_empty();
                return Ok((piece, is_empty));
            }
            let is_whole = piece.first().is_none_or(|first| first.index == Some(at));
            if is_whole || attempts == ATTEMPTS_MAX {
                let is_kept = |entry: &LogEntry| {
                    let first = segment.as_ref().map(|segment| segment.first);
                    first.is_none_or(|first| entry.index.is_some_and(|index| index < first))
                };
                let is_short = u32::try_from(piece.len()).is_ok_and(|length| length < limit);
                piece.retain(is_kept);
                let is_last = piece.is_empty() || (is_short && segment.is_none());
                return Ok((piece, is_last));
            }
        }
    }

    /// Whether the entry at an index of a log is archived; none of the deployment's is.
    pub(super) async fn is_archived(&self, log: &LogName, index: u64) -> Result<bool, Fault> {
        let LogName::Tenant(world, tenant) = log else { return Ok(false) };
        let segment = self.next_archived(world, tenant, index).await?;
        Ok(segment.is_some_and(|segment| segment.covers(index)))
    }

    pub(super) async fn lived(
        &self,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let Subject { world, tenant, .. } = subject;
        let limit = limit.min(PAGE_MAX);
        let kept = self.store.history(subject, after, limit).await?;
        let Some(mut segment) = self.next_archived(world, tenant, 0).await? else {
            return Ok(kept);
        };
        let mut lived: BTreeMap<u64, LogEntry> = kept.into_iter().filter_map(by_revision).collect();
        let last = self.revision(subject).await?.min(after.saturating_add(u64::from(limit)));
        let log = self.origin(&LogName::of(world, tenant));
        // Revisions rise along the log, so nothing before a gap needs to be looked for behind it.
        while (after.saturating_add(1)..=last).any(|revision| !lived.contains_key(&revision)) {
            let found = self.reader(&segment)?.history(&log, &segment, subject, after, limit);
            lived.extend(found.await?.into_iter().filter_map(by_revision));
            match self.next_archived(world, tenant, segment.end).await? {
                Some(next) => segment = next,
                None => break,
            }
        }
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(lived.into_values().take(most).collect())
    }

    /// The subject's revision; 0 when there is no such subject.
    async fn revision(&self, subject: &Subject) -> Result<u64, Fault> {
        let actor = Actor::service("hos").map_err(super::internal)?;
        let ask = ask(&subject.world, &subject.tenant, &actor, vec![subject.clone()], None);
        let standing = self.load(&ask).await?;
        let snapshot = standing.subjects.into_iter().next().flatten();
        Ok(snapshot.map_or(0, |snapshot| snapshot.revision))
    }

    /// The first segment that ends after an index and is not restored.
    async fn next_archived(
        &self,
        world: &World,
        tenant: &Tenant,
        after: u64,
    ) -> Result<Option<SegmentRecord>, Fault> {
        let (mut after, mut limit) = (after, 1);
        loop {
            let segments = self.store.segments(world, tenant, after, limit).await?;
            let Some(last) = segments.last() else { return Ok(None) };
            after = last.end;
            if let Some(archived) = segments.into_iter().find(SegmentRecord::is_archived) {
                return Ok(Some(archived));
            }
            limit = PAGE_MAX;
        }
    }

    fn reader(&self, segment: &SegmentRecord) -> Result<&dyn ArchiveReader, Fault> {
        self.archive.as_deref().ok_or_else(|| archived(segment))
    }
}

fn archived(segment: &SegmentRecord) -> Fault {
    let archived = Archived::from(segment);
    let message = format!("{archived}; open the law with their archive, or restore them");
    Fault::new(FaultKind::Archived, message).caused_by(archived)
}

fn by_revision(entry: LogEntry) -> Option<(u64, LogEntry)> {
    let revision = LeafFacts::parse(entry.leaf.as_bytes())?.revision?;
    Some((revision, entry))
}
