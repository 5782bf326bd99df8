//! Reads entries where they were archived: the manifest, a page of a list, one tile.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hos_core::digest::Digest;
use hos_core::error::{Fault, FaultKind};
use hos_core::proof::{LogEntry, PAGE_MAX, SEGMENT_TILE, SegmentRecord};
use hos_core::store::ArchiveReader;
use hos_core::subject::Subject;
use hos_core::time::ProofId;

use crate::finding;
use crate::gzip::Member;
use crate::index::{from, id_key, page_of, subject_key};
use crate::manifest::{MANIFEST_BYTES_MAX, Manifest};
use crate::name::{File, FileName, directory};
use crate::target::ArchiveTarget;
use crate::tile::{Leaves, Parts};

/// Manifests by their digests, the oldest first.
type Remembered = VecDeque<(Digest, Arc<Manifest>)>;

/// How many manifests are remembered; each was verified, and none ever changes.
const MANIFESTS_MAX: usize = 16;

/// An archive that the law reads in place. Clones share what they remember.
///
/// Everything that it answers was verified against the manifest that the store's record names: a
/// changed byte is a fault of the kind `Corrupt`, never a wrong answer, and never none.
#[derive(Clone)]
pub struct Shelf {
    target: Arc<dyn ArchiveTarget>,
    manifests: Arc<Mutex<Remembered>>,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").finish_non_exhaustive()
    }
}

impl Shelf {
    /// Reads from a target.
    pub fn new(target: impl ArchiveTarget + 'static) -> Self {
        Self::over(Arc::new(target))
    }

    pub(crate) fn over(target: Arc<dyn ArchiveTarget>) -> Self {
        Self { target, manifests: Arc::default() }
    }

    pub(crate) fn target(&self) -> &Arc<dyn ArchiveTarget> {
        &self.target
    }

    /// The manifest that a segment's record names.
    pub(crate) async fn manifest(
        &self,
        log: &str,
        segment: &SegmentRecord,
    ) -> Result<Arc<Manifest>, Fault> {
        if let Some(known) = self.remembered(&segment.manifest) {
            return Ok(known);
        }
        let range = (segment.first, segment.end);
        let name = FileName::new(range, &segment.manifest, File::Manifest);
        let bytes = self.target.read(&directory(log), name, 0, MANIFEST_BYTES_MAX + 1).await?;
        let bytes = bytes.ok_or_else(|| missing(name))?;
        let manifest = Manifest::parse(&bytes).ok().filter(|manifest| {
            let is_named = Digest::of(&bytes) == segment.manifest;
            is_named && manifest.origin() == log && manifest.range() == range
        });
        let manifest = Arc::new(manifest.ok_or_else(|| corrupt(name, "is not the one recorded"))?);
        let mut known = self.manifests.lock().unwrap_or_else(PoisonError::into_inner);
        known.push_back((segment.manifest, Arc::clone(&manifest)));
        while known.len() > MANIFESTS_MAX {
            known.pop_front();
        }
        Ok(manifest)
    }

    fn remembered(&self, digest: &Digest) -> Option<Arc<Manifest>> {
        let known = self.manifests.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(own, _)| own == digest).map(|(_, manifest)| Arc::clone(manifest))
    }

    /// The entries of one tile, with their parts.
    async fn tile(&self, manifest: &Manifest, tile: usize) -> Result<Vec<LogEntry>, Fault> {
        let broken = |file| move |fault: finding::Fault| corrupt(manifest.name(file), fault.code());
        let bytes = self.member(manifest, File::Leaves, tile).await?;
        let leaves = Member::unpack(&bytes, Leaves::kept(manifest.origin()));
        let leaves = leaves.map_err(broken(File::Leaves))?;
        let root = Digest::from_bytes(leaves.root().map_err(broken(File::Leaves))?);
        if manifest.tiles.get(tile).is_none_or(|tile| tile.root != root) {
            return Err(corrupt(manifest.name(File::Leaves), "has a tile of another root"));
        }
        let bytes = self.member(manifest, File::Parts, tile).await?;
        if manifest.tiles.get(tile).is_none_or(|tile| tile.sha256 != Digest::of(&bytes)) {
            return Err(corrupt(manifest.name(File::Parts), "has a tile of other parts"));
        }
        let parts = Member::unpack(&bytes, Parts::kept(leaves.commitments()));
        let mut parts = parts.map_err(broken(File::Parts))?;
        let first = manifest.first + u64::try_from(tile).unwrap_or_default() * SEGMENT_TILE;
        Ok(leaves.entries(first, &mut parts.kept))
    }

    async fn member(&self, manifest: &Manifest, file: File, tile: usize) -> Result<Vec<u8>, Fault> {
        let (from, length) = manifest.member(file, tile).unwrap_or_default();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.bytes(manifest, file, from, length).await
    }

    /// Exactly so many bytes of a file, or fewer where it ends and `length` is that of a page.
    async fn bytes(
        &self,
        manifest: &Manifest,
        file: File,
        from: u64,
        length: usize,
    ) -> Result<Vec<u8>, Fault> {
        let name = manifest.name(file);
        let bytes = self.target.read(&directory(manifest.origin()), name, from, length).await?;
        bytes.ok_or_else(|| missing(name))
    }

    /// A page of a list.
    async fn page(&self, manifest: &Manifest, file: File, page: usize) -> Result<Vec<u8>, Fault> {
        let (list, length) = manifest.list(file);
        let Some(known) = list.pages.get(page) else { return Ok(Vec::new()) };
        let from = u64::try_from(page * length).unwrap_or(u64::MAX);
        let bytes = self.bytes(manifest, file, from, length).await?;
        if Digest::of(&bytes) != known.sha256 {
            return Err(corrupt(manifest.name(file), "has a page that is another"));
        }
        Ok(bytes)
    }

    /// The entry on a line.
    async fn line(&self, manifest: &Manifest, line: u32) -> Result<Option<LogEntry>, Fault> {
        let (tile, at) = place(line);
        Ok(self.tile(manifest, tile).await?.into_iter().nth(at))
    }
}

fn place(line: u32) -> (usize, usize) {
    let line = usize::try_from(line).unwrap_or(usize::MAX);
    let width = usize::try_from(SEGMENT_TILE).unwrap_or(1);
    (line / width, line % width)
}

fn missing(name: FileName) -> Fault {
    let message = format!("the archive's file {name} is missing; bring it back");
    Fault::new(FaultKind::Corrupt, message)
}

fn corrupt(name: FileName, why: &str) -> Fault {
    Fault::new(FaultKind::Corrupt, format!("the archive's file {name} is damaged: {why}"))
}

#[async_trait]
impl ArchiveReader for Shelf {
    async fn entries(
        &self,
        log: &str,
        segment: &SegmentRecord,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let manifest = self.manifest(log, segment).await?;
        let limit = usize::try_from(limit.min(PAGE_MAX)).unwrap_or(usize::MAX);
        let mut entries = Vec::new();
        let before = from.saturating_sub(manifest.first) / SEGMENT_TILE;
        let mut tile = usize::try_from(before).unwrap_or(usize::MAX);
        while entries.len() < limit && tile < manifest.tile_count() {
            let read = self.tile(&manifest, tile).await?;
            entries.extend(read.into_iter().filter(|entry| entry.index >= Some(from)));
            tile += 1;
        }
        entries.truncate(limit);
        Ok(entries)
    }

    async fn find(
        &self,
        log: &str,
        segment: &SegmentRecord,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        let manifest = self.manifest(log, segment).await?;
        let key = id_key(id);
        let page = page_of(&manifest.ids.pages, &key);
        let page = self.page(&manifest, File::Ids, page).await?;
        let found = from(&page, &key).next().filter(|(found, _)| *found == key);
        match found.map(|(_, line)| line) {
            None => Ok(None),
            Some(line) => self.line(&manifest, line).await,
        }
    }

    async fn history(
        &self,
        log: &str,
        segment: &SegmentRecord,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let manifest = self.manifest(log, segment).await?;
        let limit = usize::try_from(limit.min(PAGE_MAX)).unwrap_or(usize::MAX);
        let key = subject_key(&subject.to_string(), after.saturating_add(1));
        let mut lines = Vec::new();
        let mut page = page_of(&manifest.subjects.pages, &key);
        loop {
            let bytes = self.page(&manifest, File::Subjects, page).await?;
            let own = |(found, _): &(&[u8], u32)| found.iter().take(16).eq(key.iter().take(16));
            let later: Vec<_> = from(&bytes, &key).collect();
            lines.extend(later.iter().filter(|found| own(found)).map(|(_, line)| *line));
            // Another subject's record ends it; a page that ends with this one's may go on.
            let goes_on = later.last().is_none_or(own);
            page += 1;
            if !goes_on || lines.len() >= limit || page >= manifest.subjects.pages.len() {
                break;
            }
        }
        lines.truncate(limit);
        let mut entries: Vec<LogEntry> = Vec::with_capacity(lines.len());
        let mut open: Option<(usize, Vec<LogEntry>)> = None;
        for line in lines {
            let (tile, at) = place(line);
            let read = match open.take() {
                Some((own, read)) if own == tile => read,
                _ => self.tile(&manifest, tile).await?,
            };
            entries.extend(read.get(at).cloned());
            open = Some((tile, read));
        }
        Ok(entries)
    }
}
