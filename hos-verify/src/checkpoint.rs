//! Checkpoints (C2SP `tlog-checkpoint`): which log had which root at which size.

use std::error::Error;
use std::fmt;

use crate::merkle::Hash;
use crate::text::{base64, decimal, hash};

/// The longest origin, in bytes.
pub const ORIGIN_BYTES_MAX: usize = 1_024;
/// The most extension lines that are read; none are written.
pub const EXTENSION_LINES_MAX: usize = 16;

/// The text of a checkpoint. A signed note of this text is the checkpoint.
///
/// ```
/// use hos_verify::checkpoint::Checkpoint;
/// use hos_verify::merkle::leaf_hash;
///
/// let checkpoint = Checkpoint::new("example.com/log", 1, leaf_hash(b"entry"))?;
/// assert_eq!(Checkpoint::parse(&checkpoint.to_text())?, checkpoint);
/// # Ok::<(), hos_verify::checkpoint::CheckpointError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
}

impl Checkpoint {
    /// A checkpoint of a log's origin, its number of entries and their root.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Origin`] if the origin is empty, too long or holds a control character.
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        let is_sound = !origin.is_empty() && origin.len() <= ORIGIN_BYTES_MAX;
        if !is_sound || origin.contains(|c: char| c < ' ') {
            return Err(CheckpointError::Origin);
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Reads the text of a note. Extension lines are accepted and dropped: nobody can audit them.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] for the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Lines);
        };
        let size = decimal(size).ok_or(CheckpointError::Size)?;
        let root = hash(root).ok_or(CheckpointError::Root)?;
        let checkpoint = Self::new(origin, size, root)?;
        let mut extensions = 0;
        for extension in lines {
            extensions += 1;
            if extension.is_empty() || extensions > EXTENSION_LINES_MAX {
                return Err(CheckpointError::Extension);
            }
        }
        Ok(checkpoint)
    }

    /// Which log it is of.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries the log had.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over these entries (RFC 9162 section 2.1.1).
    #[must_use]
    pub const fn root(&self) -> &Hash {
        &self.root
    }

    /// The text to be signed: three lines.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, base64(&self.root))
    }
}

/// Which line of a text keeps it from being a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// There are fewer than three lines, or the last one does not end.
    Lines,
    /// The origin is empty, too long or holds a control character.
    Origin,
    /// The size is no decimal number in its shortest form.
    Size,
    /// The root is not the base64 of 32 bytes.
    Root,
    /// An extension line is empty, or one too many.
    Extension,
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines => write!(formatter, "a checkpoint is three lines, each with its end"),
            Self::Origin => write!(
                formatter,
                "an origin is 1 to {ORIGIN_BYTES_MAX} bytes without control characters"
            ),
            Self::Size => write!(formatter, "the size of a checkpoint is a plain decimal number"),
            Self::Root => write!(formatter, "the root of a checkpoint is base64 of 32 bytes"),
            Self::Extension => write!(
                formatter,
                "extension lines are not empty, and at most {EXTENSION_LINES_MAX}"
            ),
        }
    }
}

impl Error for CheckpointError {}
