//! Lets the rows of archived segments go, and the files that nobody recorded.

use hos_core::error::{Error, Fault};
use hos_core::id::{Tenant, World};
use hos_core::proof::{PAGE_MAX, SegmentRecord};
use hos_core::store::RELEASE_MAX;

use super::Archivist;
use crate::name::{File, FileName, directory};
use crate::writer::{Holds, Job};

impl Archivist {
    /// The last step of [`Archivist::archive`], for a segment that was archived by somebody who
    /// was broken off: if rows of it are left, verifies its files once more, lets the rows go, and
    /// deletes files of it that were begun and never recorded. Answers how many entries went.
    ///
    /// # Errors
    ///
    /// A [`Refusal`](hos_core::error::Refusal): `held` while somebody of the tenant is. `Corrupt`
    /// when the files are not what was archived. Nothing goes then. What store and target say;
    /// call again.
    pub async fn release(
        &self,
        world: &World,
        tenant: &Tenant,
        segment: &SegmentRecord,
    ) -> Result<u64, Error> {
        if !segment.is_archived() {
            return Ok(0);
        }
        let left = self.hos.store().page(world, tenant, segment.first, 1).await?;
        if left.first().is_none_or(|entry| entry.index >= Some(segment.end)) {
            self.sweep(world, tenant, segment).await?;
            return Ok(0);
        }
        let holds = self.require_not_held(world, tenant).await?;
        if holds == Holds::Unknown {
            self.require_known_of_rows(world, tenant, segment).await?;
        }
        let origin = self.origin(world, tenant);
        let target = self.shelf.target();
        let job = Job { hos: &self.hos, target, world, tenant, origin: &origin, holds };
        let range = (segment.first, segment.end);
        job.verify_files(range, segment.manifest, self.hos.now()).await?;
        self.let_go(world, tenant, segment).await
    }

    async fn require_known_of_rows(
        &self,
        world: &World,
        tenant: &Tenant,
        segment: &SegmentRecord,
    ) -> Result<(), Fault> {
        let mut from = Some(segment.first);
        while let Some(at) = from.filter(|at| *at < segment.end) {
            let page = self.hos.store().page(world, tenant, at, PAGE_MAX).await?;
            for entry in page.iter().filter(|entry| entry.index < Some(segment.end)) {
                Holds::Unknown.require_known_of(entry)?;
            }
            from = page.last().and_then(|entry| entry.index).map(|last| last + 1);
        }
        Ok(())
    }

    pub(super) async fn let_go(
        &self,
        world: &World,
        tenant: &Tenant,
        segment: &SegmentRecord,
    ) -> Result<u64, Error> {
        let mut released = 0;
        loop {
            self.require_not_held(world, tenant).await?;
            let store = self.hos.store();
            match store.release(world, tenant, segment.first, RELEASE_MAX).await? {
                0 => break,
                gone => released += u64::from(gone),
            }
        }
        self.sweep(world, tenant, segment).await?;
        Ok(released)
    }

    /// Deletes files that were begun for entries of an archived segment and never recorded. Whoever
    /// is still at them is refused when they are to be recorded. Of a segment that was restored, or
    /// taken away anew, since it was looked at, nothing is deleted: its next files are there before
    /// they are recorded.
    async fn sweep(
        &self,
        world: &World,
        tenant: &Tenant,
        segment: &SegmentRecord,
    ) -> Result<(), Fault> {
        let log = self.origin(world, tenant);
        let manifest = self.shelf.manifest(&log, segment).await?;
        let place = directory(&log);
        let own = File::ALL.map(|file| manifest.name(file));
        let meets = |name: &FileName| name.first < segment.end && segment.first < name.end;
        let listed = self.shelf.target().list(&place).await?;
        // Files that were listed before this are of what stood then, or of nobody.
        if self.standing_at(world, tenant, segment.first).await?.as_ref() != Some(segment) {
            return Ok(());
        }
        for name in listed.into_iter().filter(|name| meets(name) && !own.contains(name)) {
            self.shelf.target().remove(&place, name).await?;
        }
        Ok(())
    }

    /// Lets go what was left of every archived segment when somebody was broken off. Answers how
    /// many entries went.
    ///
    /// # Errors
    ///
    /// As [`Archivist::release`].
    pub async fn tidy(&self, world: &World, tenant: &Tenant) -> Result<u64, Error> {
        let (mut after, mut released) = (0, 0);
        loop {
            let segments = self.hos.segments(world, tenant, after, PAGE_MAX).await?;
            let Some(last) = segments.last() else { return Ok(released) };
            after = last.end;
            for segment in &segments {
                released += self.release(world, tenant, segment).await?;
            }
        }
    }
}
