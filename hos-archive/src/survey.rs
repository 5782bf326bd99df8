//! Sees a deployment whole, what is archived included: for checks of everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{Tenant, World};
use hos_core::proof::{PAGE_MAX, SegmentRecord, origin};
use hos_core::store::{
    ArchiveReader as _, Archived, Backend, Beside, EntryRow, Picture, ScopeRow, StandingGroup,
    StandingLine, SubjectRow, Survey,
};
use hos_core::time::ProofId;

use crate::reader::Shelf;

/// A store as it is in one moment, with the entries that it let go read where they are archived.
///
/// Without an archive a walk that comes to an archived entry ends with a fault of the kind
/// [`Archived`](FaultKind::Archived): never with a gap that looks like a loss.
#[derive(Clone)]
pub struct Surveyed {
    survey: Arc<dyn Survey>,
    store: Arc<dyn Backend>,
    shelf: Option<Shelf>,
}

impl std::fmt::Debug for Surveyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surveyed").field("shelf", &self.shelf).finish_non_exhaustive()
    }
}

impl Surveyed {
    /// Sees a store, given twice for what it is asked, and its archive.
    #[must_use]
    pub fn new(survey: Arc<dyn Survey>, store: Arc<dyn Backend>, shelf: Option<Shelf>) -> Self {
        Self { survey, store, shelf }
    }
}

#[async_trait]
impl Survey for Surveyed {
    async fn picture(&self) -> Result<Box<dyn Picture>, Fault> {
        let picture = self.survey.picture().await?;
        let (store, shelf) = (Arc::clone(&self.store), self.shelf.clone());
        Ok(Box::new(Whole { picture, store, shelf, origins: BTreeMap::new() }))
    }
}

/// A picture and what is archived of it. Segments are looked at after the picture was made: one
/// that was archived meanwhile is in both.
struct Whole {
    picture: Box<dyn Picture>,
    store: Arc<dyn Backend>,
    shelf: Option<Shelf>,
    /// The deployment of each world, as its first law names it.
    origins: BTreeMap<World, String>,
}

impl Whole {
    async fn origin(&mut self, world: &World, tenant: &Tenant) -> Result<String, Fault> {
        if !self.origins.contains_key(world) {
            let laws = self.store.laws(world).await?;
            let deployment = laws.into_iter().next().map(|law| law.deployment);
            self.origins.insert(world.clone(), deployment.unwrap_or_default());
        }
        let deployment = self.origins.get(world).map_or("", String::as_str);
        Ok(origin(deployment, world, tenant))
    }

    /// The leaf of an entry that the picture lacks, if it is archived.
    async fn leaf(
        &mut self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<String>, Fault> {
        let (log, mut after) = (self.origin(world, tenant).await?, 0);
        loop {
            let segments = self.store.segments(world, tenant, after, PAGE_MAX).await?;
            let Some(last) = segments.last() else { return Ok(None) };
            after = last.end;
            let may_hold = |segment: &&SegmentRecord| segment.is_archived() && segment.may_hold(id);
            for segment in segments.iter().filter(may_hold) {
                let shelf = shelf(self.shelf.as_ref(), segment)?;
                if let Some(entry) = shelf.find(&log, segment, id).await? {
                    return Ok(Some(entry.leaf));
                }
            }
        }
    }
}

/// The first archived segment that ends after an index.
async fn archived(
    store: &dyn Backend,
    world: &World,
    tenant: &Tenant,
    after: u64,
) -> Result<Option<SegmentRecord>, Fault> {
    let mut after = after;
    loop {
        let segments = store.segments(world, tenant, after, PAGE_MAX).await?;
        let Some(last) = segments.last() else { return Ok(None) };
        after = last.end;
        if let Some(archived) = segments.into_iter().find(SegmentRecord::is_archived) {
            return Ok(Some(archived));
        }
    }
}

/// Where a segment is read.
fn shelf(shelf: Option<&Shelf>, segment: &SegmentRecord) -> Result<Shelf, Fault> {
    shelf.cloned().ok_or_else(|| {
        let archived = Archived::from(segment);
        let message = format!("{archived}; give the archive");
        Fault::new(FaultKind::Archived, message).caused_by(archived)
    })
}

#[async_trait]
impl Picture for Whole {
    async fn scopes(
        &mut self,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<ScopeRow>, Fault> {
        self.picture.scopes(after, limit).await
    }

    fn beside(&mut self) -> &mut dyn Beside {
        self.picture.beside()
    }

    async fn entries(
        &mut self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<EntryRow>, Fault> {
        let mut page: Vec<EntryRow> = Vec::new();
        let limit = limit.min(PAGE_MAX);
        loop {
            let left = limit.saturating_sub(u32::try_from(page.len()).unwrap_or(limit));
            let last = page.last().and_then(|last| last.index);
            let at = last.map_or(from, |last| last.saturating_add(1));
            if left == 0 {
                return Ok(page);
            }
            let segment = archived(&*self.store, world, tenant, at).await?;
            let piece = match segment {
                Some(segment) if segment.covers(at) => {
                    let log = self.origin(world, tenant).await?;
                    let shelf = shelf(self.shelf.as_ref(), &segment)?;
                    let piece = shelf.entries(&log, &segment, at, left).await?;
                    piece.into_iter().map(EntryRow::from).collect()
                }
                segment => {
                    let mut piece = self.picture.entries(world, tenant, at, left).await?;
                    let first = segment.map_or(u64::MAX, |segment| segment.first);
                    piece.retain(|entry| entry.index.is_some_and(|index| index < first));
                    piece
                }
            };
            // A gap is left as it is, for whoever looks for gaps.
            let follows = piece.first().is_some_and(|entry| entry.index == Some(at));
            let is_last = !follows || piece.is_empty();
            page.extend(piece);
            if is_last {
                return Ok(page);
            }
        }
    }

    async fn waiting_entries(
        &mut self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, EntryRow)>, Fault> {
        self.picture.waiting_entries(world, tenant, after, limit).await
    }

    async fn subjects(
        &mut self,
        world: &World,
        tenant: &Tenant,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, Fault> {
        let mut subjects = self.picture.subjects(world, tenant, after, limit).await?;
        for subject in &mut subjects {
            if subject.leaf.is_none() {
                subject.leaf = self.leaf(world, tenant, subject.proof_id).await?;
            }
        }
        Ok(subjects)
    }

    async fn standing(
        &mut self,
        world: &World,
        tenant: &Tenant,
        group: StandingGroup,
        after: &str,
        limit: u32,
    ) -> Result<Vec<StandingLine>, Fault> {
        self.picture.standing(world, tenant, group, after, limit).await
    }
}
