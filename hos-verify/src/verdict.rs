//! Verdicts: five lines that each say one thing, and a number for whoever asks no questions.

use std::fmt;

use crate::json::Value;

/// What verification came to, as the exit code of a command; complete, because scripts count on it.
///
/// Where several hold, the first of this order is told: 50, 40, 30, 10, 20, 0. That 10 comes before
/// 20 keeps whoever accepts erased parts from accepting a bundle that anybody could have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: verified under the policy that was given.
    Verified = 0,
    /// 10: consistent in itself, but nothing given from outside vouches for it.
    Unanchored = 10,
    /// 20: verified, with parts erased or leaves withheld as it says itself.
    Incomplete = 20,
    /// 30: it contradicts a checkpoint that is known from elsewhere.
    Contradicted = 30,
    /// 40: something that it says is false.
    Invalid = 40,
    /// 50: it is no bundle, or damaged.
    Unreadable = 50,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Unanchored => 10,
            Self::Incomplete => 20,
            Self::Contradicted => 30,
            Self::Invalid => 40,
            Self::Unreadable => 50,
        }
    }
}

/// How one line ended, from best to worst; complete, because both verifiers count on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Not looked at, because a line before failed.
    Unchecked,
    /// Proved.
    Ok,
    /// Told by the maker and not contradicted; nobody proves it.
    Stated,
    /// Proved as far as it goes; what is missing is named.
    Incomplete,
    /// Neither proved nor contradicted for want of something from outside.
    Unproven,
    /// Contradicts what is known from elsewhere.
    Contradicted,
    /// False.
    Invalid,
    /// No bundle.
    Unreadable,
}

impl Status {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Ok => "ok",
            Self::Stated => "stated",
            Self::Incomplete => "incomplete",
            Self::Unproven => "unproven",
            Self::Contradicted => "contradicted",
            Self::Invalid => "invalid",
            Self::Unreadable => "unreadable",
        }
    }
}

/// One line of a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How it ended.
    pub status: Status,
    /// Why, in sentences without control characters.
    pub words: Vec<String>,
}

/// What is known of a bundle after it was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether every byte is what it should be, and every entry is where it is said to be.
    pub integrity: Line,
    /// Whose log it is, and who has seen its checkpoint.
    pub authenticity: Line,
    /// When it was there.
    pub time: Line,
    /// What is left out.
    pub completeness: Line,
    /// What is opened, withheld and erased.
    pub disclosure: Line,
}

impl Verdict {
    /// The lines under their names, in the order in which they are told.
    #[must_use]
    pub fn lines(&self) -> [(&'static str, &Line); 5] {
        [
            ("INTEGRITY", &self.integrity),
            ("AUTHENTICITY", &self.authenticity),
            ("TIME", &self.time),
            ("COMPLETENESS", &self.completeness),
            ("DISCLOSURE", &self.disclosure),
        ]
    }

    /// The worst of the lines, as a number.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let worst = self.lines().into_iter().map(|(_, line)| line.status).max();
        match worst {
            Some(Status::Unreadable) => Exit::Unreadable,
            Some(Status::Invalid) => Exit::Invalid,
            Some(Status::Contradicted) => Exit::Contradicted,
            Some(Status::Unproven) => Exit::Unanchored,
            Some(Status::Incomplete) => Exit::Incomplete,
            _ => Exit::Verified,
        }
    }

    /// The verdict as canonical JSON: `{"exit":..,"lines":[{"line":..,"status":..,"words":[..]}]}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let lines = self.lines().map(|(name, line)| {
            let words = line.words.iter().map(Value::string).collect();
            Value::object([
                ("line", Value::string(name)),
                ("status", Value::string(line.status.as_str())),
                ("words", Value::Array(words)),
            ])
        });
        let exit = Value::Integer(i64::from(self.exit().code()));
        Value::object([("exit", exit), ("lines", Value::Array(lines.into()))]).encode()
    }

    /// A verdict that ends at its first line.
    pub(crate) fn ends(status: Status, words: Vec<String>) -> Self {
        let unchecked = || Line { status: Status::Unchecked, words: Vec::new() };
        Self {
            integrity: Line { status, words },
            authenticity: unchecked(),
            time: unchecked(),
            completeness: unchecked(),
            disclosure: unchecked(),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, line) in self.lines() {
            writeln!(formatter, "{name:<13} {}", line.status.as_str())?;
            for words in &line.words {
                writeln!(formatter, "              {words}")?;
            }
        }
        Ok(())
    }
}

impl Line {
    pub(crate) const fn new() -> Self {
        Self { status: Status::Unchecked, words: Vec::new() }
    }

    /// Adds a sentence; the worst status stays.
    pub(crate) fn add(&mut self, status: Status, words: impl Into<String>) {
        self.status = self.status.max(status);
        self.words.push(words.into());
    }
}

/// A text from a bundle as a terminal may see it: without control and bidirectional characters.
pub(crate) fn shown(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect()
}
