//! What a check found.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// The most findings that a report lists; all are counted.
pub const FINDINGS_MAX: usize = 1_000;

/// The longest text of a finding, in bytes; what is beyond is cut off.
const TEXT_BYTES_MAX: usize = 1_000;

/// What a check saw and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Tenants and worlds, each with a log of its own.
    pub logs: u64,
    /// Entries that have a place in their log.
    pub entries: u64,
    /// Entries that wait for one.
    pub waiting: u64,
    /// Bytes of leaves that were hashed.
    pub bytes: u64,
    /// Tiles that were compared with those that the entries make.
    pub tiles: u64,
    /// Checkpoints that were compared with the roots of the entries.
    pub checkpoints: u64,
    /// Those of them that a key of the policy signed; 0 without a policy.
    pub signed: u64,
    /// Leaves of the deployment's log.
    pub anchors: u64,
    /// What outsiders said about its checkpoints.
    pub attestations: u64,
    /// Sealed parts whose inside was compared with their leaves; 0 without a vault.
    pub opened: u64,
    /// Subjects that were compared with the logs.
    pub subjects: u64,
    /// Lines of standing that were compared with the logs.
    pub standing: u64,
    /// Subjects that cannot be rebuilt because the part of a migration's entry that lists them was
    /// erased; no faults.
    pub not_rebuilt: u64,
    /// Known checkpoints of an earlier epoch over entries that were lost when the log came back
    /// from a backup, as an entry says; no faults.
    pub lost: u64,
    /// What is wrong.
    pub findings: Findings,
}

impl Report {
    /// Whether nothing is wrong but that logs could not be read without their archive.
    #[must_use]
    pub fn lacks_archive_only(&self) -> bool {
        let archived = self.findings.by_code.get(&FindingCode::Archived);
        archived.is_some_and(|archived| *archived == self.findings.total)
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.total == 0
    }
}

/// What is wrong: all counted, the first listed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Findings {
    /// How many there are.
    pub total: u64,
    /// How many of each code.
    pub by_code: BTreeMap<FindingCode, u64>,
    /// The first [`FINDINGS_MAX`].
    pub listed: Vec<Finding>,
}

impl Findings {
    pub(crate) fn add(&mut self, mut finding: Finding) {
        self.total += 1;
        *self.by_code.entry(finding.code).or_default() += 1;
        if self.listed.len() < FINDINGS_MAX {
            // What was written around the law may be of any length.
            finding.message.truncate(finding.message.floor_char_boundary(TEXT_BYTES_MAX));
            if let Some(about) = &mut finding.about {
                about.truncate(about.floor_char_boundary(TEXT_BYTES_MAX));
            }
            self.listed.push(finding);
        }
    }
}

impl Finding {
    pub(crate) fn new(
        code: FindingCode,
        world: &str,
        tenant: &str,
        message: impl Into<String>,
    ) -> Self {
        let (index, entry, about) = (None, None, None);
        let (world, tenant) = (world.to_owned(), tenant.to_owned());
        Self { code, world, tenant, index, entry, about, message: message.into() }
    }

    /// The same, from an index on.
    pub(crate) fn at(self, index: u64) -> Self {
        Self { index: Some(index), ..self }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The stable code.
    pub code: FindingCode,
    /// The world; empty for the deployment's log, and for what is in no log.
    pub world: String,
    /// The tenant; `@deployment` for the deployment's log.
    pub tenant: String,
    /// The first index of the log that it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// The entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The subject as `kind:id`, or the row of standing as `group:key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// In words: what was found, and what should be there.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (world, tenant) = (self.world.escape_debug(), self.tenant.escape_debug());
        write!(f, "{} {world}/{tenant}", self.code.as_str())?;
        self.index.map_or(Ok(()), |index| write!(f, " index {index}"))?;
        self.entry.as_ref().map_or(Ok(()), |entry| write!(f, " entry {entry}"))?;
        // What was written around the law may hold anything, and is shown on a terminal.
        self.about.as_ref().map_or(Ok(()), |about| write!(f, " {}", about.escape_debug()))?;
        write!(f, ": {}", self.message.escape_debug())
    }
}

/// The stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingCode {
    /// A leaf does not hash to what was stored with it.
    LeafHash,
    /// A leaf is not what a leaf is.
    LeafUnreadable,
    /// A leaf is another entry's, or of another log.
    LeafForeign,
    /// A part is not the one that its leaf is bound to.
    PartChanged,
    /// Entries are missing from a log.
    EntriesMissing,
    /// A log has entries that its head does not tell of.
    EntriesBeyondHead,
    /// The head of a log cannot be read.
    HeadUnreadable,
    /// The tree over the entries is not the one that the head tells of.
    RootDiffers,
    /// An entry neither has a place in its log nor waits for one.
    EntryWithoutPlace,
    /// A part that its leaf is bound to is gone, and no entry says that it was erased.
    PartMissing,
    /// A part is sealed under a key that the vault does not have.
    KeyUnknown,
    /// A key or a part is said to be erased by an entry that does not erase it.
    ErasureDiffers,
    /// A column beside a leaf is not what the leaf says.
    ColumnDiffers,
    /// The names of a tenant are none that a tenant can have.
    ScopeUnreadable,
    /// A tile is not the one that the entries make.
    TileDiffers,
    /// A tile over sealed entries is not there.
    TileMissing,
    /// A checkpoint is not what a checkpoint is.
    CheckpointUnreadable,
    /// A checkpoint is of another log, or over other entries.
    CheckpointDiffers,
    /// A checkpoint is not signed as the policy asks.
    CheckpointUnsigned,
    /// A log is not the one that a known checkpoint is over.
    KnownDiffers,
    /// A checkpoint is of another epoch than the entries of its log open, or one of these opens
    /// none.
    EpochDiffers,
    /// A leaf of the deployment's log is not the checkpoint that it should be.
    AnchorDiffers,
    /// What an outsider said is not about the checkpoint that is kept.
    AttestationDiffers,
    /// An entry does not follow on the one before it about the same subject.
    HistoryBroken,
    /// A subject is not what the logs say.
    SubjectDiffers,
    /// A subject of which no entry tells.
    SubjectWithoutEntry,
    /// Entries tell of a subject that is not there.
    SubjectMissing,
    /// Entries of the log are archived and the archive was not given: the log was not checked.
    Archived,
    /// A row of standing is not what the logs say.
    StandingDiffers,
    /// A row of standing of which no entry tells.
    StandingWithoutEntry,
    /// Entries tell of a row of standing that is not there.
    StandingMissing,
}

impl FindingCode {
    /// The code as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LeafHash => "leaf_hash",
            Self::LeafUnreadable => "leaf_unreadable",
            Self::LeafForeign => "leaf_foreign",
            Self::PartChanged => "part_changed",
            Self::EntriesMissing => "entries_missing",
            Self::EntriesBeyondHead => "entries_beyond_head",
            Self::HeadUnreadable => "head_unreadable",
            Self::RootDiffers => "root_differs",
            Self::EntryWithoutPlace => "entry_without_place",
            Self::PartMissing => "part_missing",
            Self::KeyUnknown => "key_unknown",
            Self::ErasureDiffers => "erasure_differs",
            Self::ColumnDiffers => "column_differs",
            Self::ScopeUnreadable => "scope_unreadable",
            Self::TileDiffers => "tile_differs",
            Self::TileMissing => "tile_missing",
            Self::CheckpointUnreadable => "checkpoint_unreadable",
            Self::CheckpointDiffers => "checkpoint_differs",
            Self::CheckpointUnsigned => "checkpoint_unsigned",
            Self::KnownDiffers => "known_differs",
            Self::EpochDiffers => "epoch_differs",
            Self::AnchorDiffers => "anchor_differs",
            Self::AttestationDiffers => "attestation_differs",
            Self::HistoryBroken => "history_broken",
            Self::SubjectDiffers => "subject_differs",
            Self::SubjectWithoutEntry => "subject_without_entry",
            Self::SubjectMissing => "subject_missing",
            Self::Archived => "archived",
            Self::StandingDiffers => "standing_differs",
            Self::StandingWithoutEntry => "standing_without_entry",
            Self::StandingMissing => "standing_missing",
        }
    }
}
