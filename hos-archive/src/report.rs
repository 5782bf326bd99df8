//! What an archive comes to, finding by finding and in the five lines of a verdict.

use std::collections::BTreeMap;

use hos_core::time::Timestamp;
use hos_verify::epoch::Opening;
use hos_verify::time::Time;
use hos_verify::verdict::{Line, Status, Verdict};
use hos_verify::verify::AHEAD_SECONDS_MAX;

use crate::finding::{Fault, Finding};

/// The most findings that a report lists; all are counted.
pub const FINDINGS_MAX: usize = 100;

/// What an archive comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ArchiveReport {
    /// The origin of the log.
    pub origin: String,
    /// How many segments were read.
    pub segments: u64,
    /// How many entries verified.
    pub entries: u64,
    /// What became of the parts.
    pub parts: PartCounts,
    /// One more than the last index that everything before was verified to.
    pub size: u64,
    /// When the last entry was recorded, as it says itself.
    pub latest: Option<Timestamp>,
    /// The witnesses of the policy that have seen the last checkpoint, and when, in seconds.
    pub seen: Vec<(String, u64)>,
    /// What is wrong, at most [`FINDINGS_MAX`], the first of each segment.
    pub findings: Vec<Finding>,
    /// How much is wrong.
    pub finding_count: u64,
    /// The entries that open epochs, each with its index.
    pub openings: Vec<(u64, Opening)>,
    /// Where what is known was lost when the log came back from a backup: the entry that says so,
    /// with its index.
    pub lost: Option<(u64, Opening)>,
    pub(crate) by_kind: BTreeMap<Fault, u64>,
    pub(crate) asked: Asked,
    /// Whether some tree of it is the one that is known.
    pub(crate) is_compared: bool,
    /// How many segments stand under no checkpoint that as many witnesses have seen as the policy
    /// asks for.
    pub(crate) unwitnessed: u64,
}

/// What became of the parts that leaves commit to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PartCounts {
    /// Each is what its leaf commits to.
    pub bound: u64,
    /// Each is sealed under a person's key: what is inside is not seen here.
    pub sealed: u64,
    /// Each names the entry that erased it.
    pub erased: u64,
    /// Nothing stands in their place.
    pub missing: u64,
}

/// What was given to judge it by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    pub(crate) now: Timestamp,
    pub(crate) has_policy: bool,
    /// The size of the tree that is known.
    pub(crate) known: Option<u64>,
    pub(crate) names_segments: bool,
}

impl ArchiveReport {
    /// The verdict, as on a bundle: five lines, and a number for whoever asks no questions.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict {
            integrity: self.integrity(),
            authenticity: self.authenticity(),
            time: self.time(),
            completeness: self.completeness(),
            disclosure: self.disclosure(),
        }
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        *self.by_kind.entry(finding.kind).or_default() += 1;
        self.finding_count += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }

    fn integrity(&self) -> Line {
        let mut line = self.line(Aspect::Integrity);
        let Self { origin, segments, entries, .. } = self;
        if *segments == 0 && self.finding_count == 0 {
            add(&mut line, Status::Unreadable, "there is no segment of an archive".to_owned());
        } else if line.status == Status::Unchecked {
            let origin = shown(origin);
            let words = format!("entries proved: {entries}, in {segments} segments of {origin}");
            add(&mut line, Status::Ok, words);
        }
        line
    }

    fn authenticity(&self) -> Line {
        let mut line = self.line(Aspect::Authenticity);
        if self.segments == 0 {
            return line;
        }
        let is_contradicted = line.status == Status::Contradicted;
        match (self.asked.known, &self.lost) {
            (Some(size), Some((index, opening))) => {
                let Opening { number, size: back, .. } = opening;
                let words = format!(
                    "the known checkpoint of size {size} is of an earlier epoch: entry {index} \
                     says that epoch {number} began with {back} entries that came back; what was \
                     signed beyond them this log need not have"
                );
                add(&mut line, Status::Incomplete, words);
            }
            (Some(size), None) if self.is_compared => {
                let words = format!("agrees with the known checkpoint of size {size}");
                add(&mut line, Status::Ok, words);
            }
            (Some(size), None) if !is_contradicted => {
                let words =
                    format!("the known checkpoint of size {size} cannot be compared with this");
                add(&mut line, Status::Unproven, words);
            }
            _ => {}
        }
        if !self.asked.has_policy {
            let words = "no policy was given: who made this is not known, and anybody could have";
            add(&mut line, Status::Unproven, words.to_owned());
        } else if self.unwitnessed > 0 {
            let words = "fewer witnesses have seen it than the policy asks for";
            add(&mut line, Status::Unproven, format!("{} segments: {words}", self.unwitnessed));
        } else if line.status < Status::Unproven {
            let words = "every checkpoint is signed as the policy asks";
            add(&mut line, Status::Ok, words.to_owned());
        }
        line
    }

    fn time(&self) -> Line {
        let mut line = self.line(Aspect::Time);
        if self.segments == 0 {
            return line;
        }
        let of = |at: Timestamp| u64::try_from(at.as_micros()).ok().and_then(Time::from_micros);
        let (latest, now) = (self.latest.and_then(of), of(self.asked.now));
        for (name, seconds) in &self.seen {
            let name = shown(name);
            let time = Time::from_seconds(*seconds)
                .filter(|time| now.is_none_or(|now| *time <= now.plus_seconds(AHEAD_SECONDS_MAX)));
            let (status, words) = match (time, latest) {
                (None, _) => (Status::Invalid, format!("{name} signed in the future")),
                (Some(time), Some(latest)) if latest > time.plus_seconds(AHEAD_SECONDS_MAX) => {
                    let words =
                        format!("an entry of {latest} is later than {name} saw it at {time}");
                    (Status::Invalid, words)
                }
                (Some(time), _) => (Status::Ok, format!("{name} saw it at {time}")),
            };
            add(&mut line, status, words);
        }
        if self.seen.is_empty() {
            let words = "the times are those that the law wrote: no trusted witness confirms them";
            add(&mut line, Status::Stated, words.to_owned());
        }
        line
    }

    fn completeness(&self) -> Line {
        let mut line = self.line(Aspect::Completeness);
        for (index, opening) in &self.openings {
            let Opening { number, size, known, .. } = opening;
            let words = format!(
                "epoch {number} began at entry {index}: the log was restored from a backup, {size} \
                 entries of {} that were signed came back",
                known.size()
            );
            add(&mut line, Status::Stated, words);
        }
        if self.segments == 0 || line.status > Status::Stated {
            return line;
        }
        if self.asked.names_segments {
            let words = format!("all {} segments that the log names are here", self.segments);
            add(&mut line, Status::Ok, words);
        } else if self.size > 0 {
            let words = format!(
                "nothing is left out from index 0 to {}; whether later segments were written, this \
                 does not show",
                self.size - 1
            );
            add(&mut line, Status::Stated, words);
        }
        line
    }

    fn disclosure(&self) -> Line {
        let mut line = self.line(Aspect::Disclosure);
        if self.segments > 0 {
            let PartCounts { bound, sealed, erased, missing } = self.parts;
            let words = format!("parts: {bound}, erased: {erased}, missing: {missing}");
            add(&mut line, Status::Ok, words);
            if sealed > 0 {
                let words = format!(
                    "{sealed} more are sealed under persons' keys, whose holder sees what is inside"
                );
                add(&mut line, Status::Stated, words);
            }
        }
        line
    }

    /// What was found about one aspect.
    fn line(&self, aspect: Aspect) -> Line {
        let mut line = Line { status: Status::Unchecked, words: Vec::new() };
        let own = self.by_kind.iter().filter(|(kind, _)| judged(**kind).0 == aspect);
        let total: u64 = own.clone().map(|(_, count)| *count).sum();
        line.status = own.map(|(kind, _)| judged(*kind).1).max().unwrap_or(Status::Unchecked);
        let listed = self.findings.iter().filter(|finding| judged(finding.kind).0 == aspect);
        line.words.extend(listed.map(ToString::to_string));
        if let more @ 1.. = total - u64::try_from(line.words.len()).unwrap_or(total) {
            line.words.push(format!("and {more} more"));
        }
        line
    }
}

/// Which line a finding belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aspect {
    Integrity,
    Authenticity,
    Time,
    Completeness,
    Disclosure,
}

fn judged(kind: Fault) -> (Aspect, Status) {
    match kind {
        Fault::Contradiction | Fault::OtherManifest => (Aspect::Authenticity, Status::Contradicted),
        Fault::Signature => (Aspect::Authenticity, Status::Invalid),
        Fault::Future | Fault::Late => (Aspect::Time, Status::Invalid),
        Fault::MissingSegment => (Aspect::Completeness, Status::Incomplete),
        Fault::MissingPart | Fault::UnprovenErasure => (Aspect::Disclosure, Status::Incomplete),
        Fault::Unreadable => (Aspect::Integrity, Status::Unreadable),
        _ => (Aspect::Integrity, Status::Invalid),
    }
}

/// Adds a sentence; the worst status stays.
fn add(line: &mut Line, status: Status, words: String) {
    line.status = line.status.max(status);
    line.words.push(words);
}

/// A text of an archive as a terminal may see it.
fn shown(text: &str) -> String {
    text.chars().flat_map(|c| c.escape_debug()).collect()
}
