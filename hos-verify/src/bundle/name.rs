use std::fmt;

use crate::leaf::{EntryId, is_part_name};
use crate::text::decimal;

/// The name of a file of a bundle; there are no others, so no name leads anywhere else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    Manifest,
    Readme,
    Page,
    Keys,
    Openings,
    Entry(EntryId),
    Proof(EntryId),
    Range(u64, u64),
    Checkpoint(u64),
    Consistency(u64, u64),
    Anchor,
    Token(u64),
    Part(EntryId, String),
}

impl Name {
    /// Reads what is printed and nothing else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let name = Self::read(text)?;
        (name.to_string() == text).then_some(name)
    }

    fn read(text: &str) -> Option<Self> {
        let fixed = match text {
            "manifest.json" => Some(Self::Manifest),
            "README.txt" => Some(Self::Readme),
            "oku-readme.html" => Some(Self::Page),
            "keys/history.txt" => Some(Self::Keys),
            "openings.json" => Some(Self::Openings),
            "anchor/proof.tlog-proof" => Some(Self::Anchor),
            _ => None,
        };
        fixed.or_else(|| {
            let (room, rest) = text.split_once('/')?;
            let (stem, kind) = rest.rsplit_once('.')?;
            match (room, kind) {
                ("entries", "json") => EntryId::parse(stem).map(Self::Entry),
                ("proofs", "tlog-proof") => EntryId::parse(stem).map(Self::Proof),
                ("range", "range") => pair(stem).map(|(from, to)| Self::Range(from, to)),
                ("log", "checkpoint") => decimal(stem).map(Self::Checkpoint),
                ("log", "consistency") => pair(stem).map(|(old, new)| Self::Consistency(old, new)),
                ("anchor", "tsr") => decimal(stem).map(Self::Token),
                ("parts", "bin") => {
                    let (id, part) = stem.split_once('/')?;
                    let part = Some(part.to_owned()).filter(|part| is_part_name(part))?;
                    Some(Self::Part(EntryId::parse(id)?, part))
                }
                _ => None,
            }
        })
    }
}

fn pair(stem: &str) -> Option<(u64, u64)> {
    let (one, other) = stem.split_once('-')?;
    Some((decimal(one)?, decimal(other)?))
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest => write!(formatter, "manifest.json"),
            Self::Readme => write!(formatter, "README.txt"),
            Self::Page => write!(formatter, "oku-readme.html"),
            Self::Keys => write!(formatter, "keys/history.txt"),
            Self::Openings => write!(formatter, "openings.json"),
            Self::Entry(id) => write!(formatter, "entries/{id}.json"),
            Self::Proof(id) => write!(formatter, "proofs/{id}.tlog-proof"),
            Self::Range(from, to) => write!(formatter, "range/{from}-{to}.range"),
            Self::Checkpoint(size) => write!(formatter, "log/{size}.checkpoint"),
            Self::Consistency(old, new) => write!(formatter, "log/{old}-{new}.consistency"),
            Self::Anchor => write!(formatter, "anchor/proof.tlog-proof"),
            Self::Token(at) => write!(formatter, "anchor/{at}.tsr"),
            Self::Part(id, name) => write!(formatter, "parts/{id}/{name}.bin"),
        }
    }
}
