//! How the files of an archive are called: a directory for each log, five files for each segment.

use std::fmt;

use hos_core::digest::Digest;

/// The most characters of a log's name that its directory shows.
const SHOWN_MAX: usize = 64;

/// The directory of a log: what can be read of its origin, and 32 hexadecimal digits of its
/// SHA-256, which tell logs apart whatever a file system thinks of case and length.
///
/// ```
/// let directory = hos_archive::directory("evidence.example/w/pazar/t/../main");
/// assert!(directory.starts_with("evidence.example-w-pazar-t-..-main-"));
/// ```
#[must_use]
pub fn directory(origin: &str) -> String {
    let digest = Digest::of(origin.as_bytes()).to_string();
    let shown = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let shown: String = origin.chars().map(shown).take(SHOWN_MAX).collect();
    let mut name = format!("{shown}-{digest}");
    name.truncate(shown.len() + 1 + 32);
    name
}

/// The files of a segment.
///
/// Exhaustive: the format names no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the format names no other")]
pub enum File {
    /// The leaves, one a line, in gzip members of one tile each.
    Leaves,
    /// The parts, one a line, in gzip members that belong to the same tiles.
    Parts,
    /// The numbers of the entries in their order, each with its line.
    Ids,
    /// What raised the revision of which subject, in order, each with its line.
    Subjects,
    /// What proves all of them.
    Manifest,
}

impl File {
    /// The files in the order in which they are written: what proves the others comes last.
    pub const ALL: [Self; 5] =
        [Self::Leaves, Self::Parts, Self::Ids, Self::Subjects, Self::Manifest];

    fn ending(self) -> &'static str {
        match self {
            Self::Leaves => "jsonl.gz",
            Self::Parts => "parts.jsonl.gz",
            Self::Ids => "ids",
            Self::Subjects => "subjects",
            Self::Manifest => "json",
        }
    }
}

/// The name of a file within the directory of its log: `<first>-<end>-<tag>.<ending>`, the numbers
/// in thirteen digits, so that the order of names is that of segments.
///
/// The tag is taken from the bytes of the file: two who archive the same entries at once, under
/// other heads of the log or after a part was erased, never write over each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a name is these")]
pub struct FileName {
    /// The index of the segment's first entry.
    pub first: u64,
    /// One more than the index of its last entry.
    pub end: u64,
    /// The first eight bytes of the SHA-256 of the file.
    pub tag: u64,
    /// Which of its files.
    pub file: File,
}

impl FileName {
    /// The name of a file of a segment whose bytes have a digest.
    #[must_use]
    pub fn new((first, end): (u64, u64), digest: &Digest, file: File) -> Self {
        let tag = digest.as_bytes().iter().take(8);
        let tag = tag.fold(0, |tag, byte| tag << 8 | u64::from(*byte));
        Self { first, end, tag, file }
    }

    /// Reads a name; none for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (numbers, ending) = text.split_once('.')?;
        let (first, rest) = numbers.split_once('-')?;
        let (end, tag) = rest.split_once('-')?;
        let tag = u64::from_str_radix(tag, 16).ok()?;
        let file = File::ALL.into_iter().find(|file| file.ending() == ending)?;
        let name = Self { first: first.parse().ok()?, end: end.parse().ok()?, tag, file };
        // One spelling only: no sign, no missing or added zero.
        (name.to_string() == text).then_some(name)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, end, tag, file } = self;
        write!(f, "{first:013}-{end:013}-{tag:016x}.{}", file.ending())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        let name = FileName { first: 256, end: 65_792, tag: 0xab, file: File::Parts };
        let text = "0000000000256-0000000065792-00000000000000ab.parts.jsonl.gz";
        assert_eq!((name.to_string().as_str(), FileName::parse(text)), (text, Some(name)));
        let others = ["", "x", "256-65792-ab.json", "../../etc/passwd"].map(str::to_owned);
        let spelled = [text.replacen('0', "+", 1), text.replace("ab", "AB"), text.to_uppercase()];
        for text in others.iter().chain(&spelled) {
            assert_eq!(FileName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_directory_never_leaves_its_place_and_never_meets_another() {
        for origin in ["..", "../../x", "/", "A/w/b/t/c/main", &"ü".repeat(600)] {
            let name = directory(origin);
            assert!(!name.contains(['/', '\\']) && name.len() <= 97, "{name}");
            assert!(name != ".." && name != ".");
        }
        assert_ne!(directory("a/b").to_lowercase(), directory("A/B").to_lowercase());
    }
}
