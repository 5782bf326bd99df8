//! Writes the files of a segment, tile after tile, and reads them back.

use std::sync::Arc;

use hos_core::cipher::SealedPart;
use hos_core::digest::Digest;
use hos_core::error::{Error, Fault, FaultKind};
use hos_core::hos::Hos;
use hos_core::id::{Tenant, World};
use hos_core::proof::{LeafFacts, LogEntry, PAGE_MAX, SEGMENT_TILE, SegmentFiles};
use hos_core::seal::{Checkpoint, LogName};
use hos_core::time::{ProofId, Timestamp};
use hos_verify::merkle::{Hash, leaf_hash, root_of};
use sha2::{Digest as _, Sha256};

use crate::check::SegmentCheck;
use crate::gzip::pack;
use crate::index::{Records, id_key, subject_key};
use crate::manifest::{MANIFEST_BYTES_MAX, Manifest, Tile, Whole};
use crate::name::{File, FileName, directory};
use crate::part;
use crate::target::{ArchiveTarget, ArchiveWriter};

/// Where a segment is written from and to.
pub(crate) struct Job<'a> {
    pub(crate) hos: &'a Hos,
    pub(crate) target: &'a Arc<dyn ArchiveTarget>,
    pub(crate) world: &'a World,
    pub(crate) tenant: &'a Tenant,
    pub(crate) origin: &'a str,
    pub(crate) holds: Holds,
}

/// Whether it is known who is held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// It is: nobody.
    Known,
    /// The law was opened without the vault.
    Unknown,
}

impl Holds {
    /// Whether whom a sealed part is about is held, only the vault knows.
    pub(crate) fn require_known_of(self, entry: &LogEntry) -> Result<(), Fault> {
        let sealed = entry.rows().into_iter().find(SealedPart::is_sealed);
        let Some(part) = sealed.filter(|_| self == Self::Unknown) else { return Ok(()) };
        let message = format!(
            "whether whom the part `{}` of {} is about is held is known with the vault only; open \
             the law with it",
            part.name, entry.id
        );
        Err(Fault::new(FaultKind::Unsupported, message))
    }
}

impl Job<'_> {
    /// Writes a segment; or says where the tile begins of which an entry is younger than it may
    /// be.
    pub(crate) async fn write(
        &self,
        (first, end): (u64, u64),
        before: Timestamp,
        checkpoint: &Checkpoint,
        anchor: Option<String>,
    ) -> Result<Result<SegmentFiles, u64>, Error> {
        let mut files = Writing::begin(self).await?;
        let mut at = first;
        while at < end {
            let tile = self.tile(at).await?;
            if tile.iter().any(|entry| entry.recorded_at > before) {
                return Ok(Err(at));
            }
            files.add(self, tile).await?;
            at += SEGMENT_TILE;
        }
        let log = LogName::of(self.world, self.tenant);
        let proof = self.hos.prove_range(&log, checkpoint, first, end).await?;
        let unlike = || {
            let message = format!(
                "the entries from {first} to before {end} of {} are not those that were sealed; \
                 nothing was archived",
                self.origin
            );
            Fault::new(FaultKind::Corrupt, message)
        };
        let manifest = Manifest::new(self.origin, (first, end), (&checkpoint.note, anchor), &proof);
        let manifest = manifest.map_err(|error| unlike().caused_by(error))?;
        manifest.verify(&files.hashes).map_err(|error| unlike().caused_by(error))?;
        Ok(Ok(files.finish(self, manifest).await?))
    }

    /// The entries of one tile as the store has them.
    async fn tile(&self, at: u64) -> Result<Vec<LogEntry>, Fault> {
        let count = u32::try_from(SEGMENT_TILE).unwrap_or(PAGE_MAX);
        // As it is stored: what is sealed under a person's key stays so.
        let page = self.hos.store().page(self.world, self.tenant, at, count).await?;
        let mut indexes = page.iter().zip(at..);
        let follow = indexes.all(|(entry, index)| entry.index == Some(index));
        if follow && u64::try_from(page.len()) == Ok(SEGMENT_TILE) {
            return Ok(page);
        }
        let message = format!("the log {} has a gap at {at} or soon after it", self.origin);
        Err(Fault::new(FaultKind::Corrupt, message))
    }

    /// Reads the files of a segment back and checks every byte of them.
    pub(crate) async fn verify(&self, files: &SegmentFiles, now: Timestamp) -> Result<(), Fault> {
        self.verify_files((files.first, files.end), files.manifest, now).await
    }

    /// Checks every byte of the files that a manifest of this digest names.
    pub(crate) async fn verify_files(
        &self,
        range: (u64, u64),
        digest: Digest,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let place = directory(self.origin);
        let name = FileName::new(range, &digest, File::Manifest);
        let bytes = self.target.read(&place, name, 0, MANIFEST_BYTES_MAX + 1).await?;
        let bytes = bytes.filter(|bytes| Digest::of(bytes) == digest);
        let manifest = bytes.and_then(|bytes| Manifest::parse(&bytes).ok());
        let manifest = manifest.filter(|manifest| manifest.origin() == self.origin);
        let manifest = manifest.ok_or_else(|| unlike(&"its manifest is another"))?;
        let mut check = SegmentCheck::new(manifest, now);
        while let Some(want) = check.want() {
            let bytes = self.target.read(&place, want.name, want.from, want.length).await?;
            let bytes = bytes.ok_or_else(|| unlike(&format!("{} is missing", want.name)))?;
            check.give(&bytes).map_err(|finding| unlike(&finding).caused_by(finding))?;
        }
        Ok(())
    }
}

fn unlike(why: &dyn std::fmt::Display) -> Fault {
    let message = format!("the archive does not hold what was written: {why}");
    Fault::new(FaultKind::Corrupt, message)
}

/// The files of a segment while they grow.
struct Writing {
    leaves: Growing,
    parts: Growing,
    tiles: Vec<Tile>,
    hashes: Vec<Hash>,
    ids: Records<16>,
    subjects: Records<24>,
}

struct Growing {
    writer: Box<dyn ArchiveWriter>,
    digest: Sha256,
    bytes: u64,
}

impl Growing {
    async fn begin(job: &Job<'_>) -> Result<Self, Fault> {
        let writer = job.target.create(&directory(job.origin)).await?;
        Ok(Self { writer, digest: Sha256::new(), bytes: 0 })
    }

    async fn write(&mut self, bytes: Vec<u8>) -> Result<u64, Fault> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.digest.update(&bytes);
        self.bytes = self.bytes.saturating_add(length);
        self.writer.write(bytes).await?;
        Ok(length)
    }

    async fn finish(self, range: (u64, u64), file: File) -> Result<Whole, Fault> {
        let sha256 = Digest::from_bytes(self.digest.finalize().into());
        self.writer.finish(FileName::new(range, &sha256, file)).await?;
        Ok(Whole { bytes: self.bytes, sha256 })
    }
}

impl Writing {
    async fn begin(job: &Job<'_>) -> Result<Self, Fault> {
        Ok(Self {
            leaves: Growing::begin(job).await?,
            parts: Growing::begin(job).await?,
            tiles: Vec::new(),
            hashes: Vec::new(),
            ids: Records::default(),
            subjects: Records::default(),
        })
    }

    async fn add(&mut self, job: &Job<'_>, tile: Vec<LogEntry>) -> Result<(), Fault> {
        let start = self.hashes.len();
        let mut parts = Vec::new();
        for entry in &tile {
            self.add_entry(job, entry)?;
            job.holds.require_known_of(entry)?;
            for part in entry.rows() {
                let line = part::encode(entry.id, &part).ok_or_else(|| {
                    let message = format!("the part `{}` of {} is too long", part.name, entry.id);
                    Fault::new(FaultKind::Limit, message)
                })?;
                parts.push(line);
            }
        }
        let packed = pack(tile.iter().map(|entry| entry.leaf.as_bytes())).map_err(unpacked)?;
        let leaves = self.leaves.write(packed).await?;
        let packed = pack(parts.iter().map(Vec::as_slice)).map_err(unpacked)?;
        let sha256 = Digest::of(&packed);
        let parts = self.parts.write(packed).await?;
        let root = Digest::from_bytes(root_of(self.hashes.iter().skip(start).copied()));
        self.tiles.push(Tile { leaves, parts, root, sha256 });
        Ok(())
    }

    fn add_entry(&mut self, job: &Job<'_>, entry: &LogEntry) -> Result<(), Fault> {
        let damaged = |what: &str| {
            let message =
                format!("entry {} of {} {what}; nothing was archived", entry.id, job.origin);
            Fault::new(FaultKind::Corrupt, message)
        };
        if leaf_hash(entry.leaf.as_bytes()) != entry.leaf_hash {
            return Err(damaged("is not what its hash says"));
        }
        let facts = LeafFacts::parse(entry.leaf.as_bytes()).ok_or_else(|| damaged("is no leaf"))?;
        if facts.log != job.origin || facts.id != entry.id {
            return Err(damaged("belongs to another log or number"));
        }
        let line = u32::try_from(self.hashes.len()).unwrap_or(u32::MAX);
        self.ids.push(id_key(entry.id), line);
        if let (Some((kind, id)), Some(revision), true) =
            (&facts.subject, facts.revision, facts.moves())
        {
            self.subjects.push(subject_key(&format!("{kind}:{id}"), revision), line);
        }
        self.hashes.push(entry.leaf_hash);
        Ok(())
    }

    async fn finish(self, job: &Job<'_>, mut manifest: Manifest) -> Result<SegmentFiles, Fault> {
        let range = manifest.range();
        let ids = self.ids.least_and_greatest();
        let (least, greatest) = ids.unwrap_or(([0; 16], [u8::MAX; 16]));
        manifest.leaves = self.leaves.finish(range, File::Leaves).await?;
        manifest.parts = self.parts.finish(range, File::Parts).await?;
        let (ids, list) = self.ids.encode();
        manifest.ids = list;
        whole(job, range, File::Ids, ids).await?;
        let (subjects, list) = self.subjects.encode();
        manifest.subjects = list;
        whole(job, range, File::Subjects, subjects).await?;
        let root = root_of(self.tiles.iter().map(|tile| *tile.root.as_bytes()));
        manifest.root = Digest::from_bytes(root);
        manifest.tiles = self.tiles;
        let bytes = manifest.encode();
        if bytes.len() > MANIFEST_BYTES_MAX {
            let message = format!("a manifest of more than {MANIFEST_BYTES_MAX} bytes");
            return Err(Fault::new(FaultKind::Limit, message));
        }
        let sha256 = whole(job, range, File::Manifest, bytes).await?;
        Ok(SegmentFiles {
            first: range.0,
            end: range.1,
            manifest: sha256,
            leaves: manifest.leaves.sha256,
            parts: manifest.parts.sha256,
            root,
            least: ProofId::from_bytes(least),
            greatest: ProofId::from_bytes(greatest),
        })
    }
}

async fn whole(
    job: &Job<'_>,
    range: (u64, u64),
    file: File,
    bytes: Vec<u8>,
) -> Result<Digest, Fault> {
    let mut growing = Growing::begin(job).await?;
    growing.write(bytes).await?;
    Ok(growing.finish(range, file).await?.sha256)
}

fn unpacked(error: std::io::Error) -> Fault {
    Fault::new(FaultKind::Internal, "a tile could not be packed").caused_by(error)
}
