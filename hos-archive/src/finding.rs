//! What is wrong with an archive.

use std::fmt;

/// One thing that is wrong with an archive, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The segment, from its first index to before its end; none for the whole.
    pub segment: Option<(u64, u64)>,
    /// The index of the entry, where it is about one.
    pub index: Option<u64>,
    /// What.
    pub kind: Fault,
}

/// What may be wrong with an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fault {
    /// A segment is missing: neither its files nor an archived range beyond it explain it.
    MissingSegment,
    /// Two segments hold the same entries.
    Overlap,
    /// A file of the segment is missing.
    MissingFile,
    /// A file ends before it should.
    Truncated,
    /// A file goes on after its end.
    Trailing,
    /// A file is not the one that the manifest names.
    Digest,
    /// The manifest is no manifest: its bytes, its numbers, its checkpoint or its limits are not
    /// those of one.
    Manifest,
    /// The manifest is not the one that the log names.
    OtherManifest,
    /// It belongs to another log.
    OtherLog,
    /// A member of a file is no gzip.
    Gzip,
    /// A line is longer than a line may be.
    LongLine,
    /// A tile has more or fewer lines than it should.
    LineCount,
    /// A line is no leaf.
    Leaf,
    /// The leaves of a tile have another root.
    TileRoot,
    /// The leaves do not stand where the manifest says in the tree of its checkpoint, or not where
    /// the segment before it ended.
    Tree,
    /// The checkpoint is of another epoch than the entries under it open, or these open epochs out
    /// of order.
    Epoch,
    /// Two checkpoints contradict each other, or one contradicts the leaves that it is over.
    Fork,
    /// No key that is trusted has signed the checkpoint, or a signature of one is wrong.
    Signature,
    /// The tree is not the one that is known from elsewhere.
    Contradiction,
    /// A line is no part, or none of this tile that its leaf commits to.
    Part,
    /// A part that its leaf commits to is missing, and nothing says that it was erased.
    MissingPart,
    /// A part says that it was erased by an entry that is not here, or does not erase it.
    UnprovenErasure,
    /// The sorted lists of the segment are not those of its leaves.
    Index,
    /// An entry was recorded in the future.
    Future,
    /// An entry was recorded later than a witness saw it.
    Late,
    /// A file cannot be read.
    Unreadable,
}

impl Fault {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::MissingSegment => "missing_segment",
            Self::Overlap => "overlap",
            Self::MissingFile => "missing_file",
            Self::Truncated => "truncated",
            Self::Trailing => "trailing_bytes",
            Self::Digest => "digest",
            Self::Manifest => "manifest",
            Self::OtherManifest => "other_manifest",
            Self::OtherLog => "other_log",
            Self::Gzip => "gzip",
            Self::LongLine => "long_line",
            Self::LineCount => "line_count",
            Self::Leaf => "leaf",
            Self::TileRoot => "tile_root",
            Self::Tree => "tree",
            Self::Epoch => "epoch",
            Self::Fork => "fork",
            Self::Signature => "signature",
            Self::Contradiction => "contradiction",
            Self::Part => "part",
            Self::MissingPart => "missing_part",
            Self::UnprovenErasure => "unproven_erasure",
            Self::Index => "index",
            Self::Future => "future",
            Self::Late => "late",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.code())?;
        if let Some((first, end)) = self.segment {
            write!(f, " in segment {first} to before {end}")?;
        }
        self.index.map_or(Ok(()), |index| write!(f, ", entry {index}"))
    }
}

impl std::error::Error for Finding {}
