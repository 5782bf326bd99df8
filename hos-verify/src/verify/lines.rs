use super::AHEAD_SECONDS_MAX;
use super::evidence::Evidence;
use crate::bundle::{Claim, Name};
use crate::epoch::{Opening, split};
use crate::leaf::Leaf;
use crate::time::Time;
use crate::verdict::{Line, Status, shown};

pub(super) fn integrity(evidence: &Evidence<'_>) -> Line {
    let mut line = Line::new();
    let (origin, size) = (evidence.head.checkpoint.origin(), evidence.head.checkpoint.size());
    let entries = evidence.entries.len();
    let origin = shown(origin);
    line.add(Status::Ok, format!("entries proved: {entries}, in the log {origin} of size {size}"));
    for other in &evidence.others {
        let size = other.checkpoint.size();
        line.add(Status::Ok, format!("at size {size} it was the same log"));
    }
    if evidence.anchor.is_some() {
        line.add(Status::Ok, "the checkpoint is in the log of the deployment");
    }
    line
}

/// What is recorded must be before now, and before the witnesses that saw it.
pub(super) fn time(evidence: &Evidence<'_>, seen: &[(String, u64)], now: Option<Time>) -> Line {
    let mut line = Line::new();
    let created = evidence.bundle.manifest.created;
    let latest = evidence.entries.iter().map(|(_, leaf)| leaf.at).max().unwrap_or(created);
    if latest > created.plus_seconds(AHEAD_SECONDS_MAX) {
        line.add(Status::Invalid, format!("an entry of {latest} is later than the bundle"));
    }
    if let Some(now) = now
        && latest.max(created) > now.plus_seconds(AHEAD_SECONDS_MAX)
    {
        let latest = latest.max(created);
        line.add(Status::Invalid, format!("{latest} is in the future"));
    }
    for (name, seconds) in seen {
        let name = shown(name);
        match Time::from_seconds(*seconds) {
            Some(time) if now.is_none_or(|now| time <= now.plus_seconds(AHEAD_SECONDS_MAX)) => {
                if latest > time.plus_seconds(AHEAD_SECONDS_MAX) {
                    let words =
                        format!("an entry of {latest} is later than {name} saw it at {time}");
                    line.add(Status::Invalid, words);
                } else {
                    line.add(Status::Ok, format!("{name} saw it at {time}"));
                }
            }
            _ => line.add(Status::Invalid, format!("{name} signed in the future")),
        }
    }
    if seen.is_empty() {
        line.add(
            Status::Stated,
            "the times are those that the law wrote: no trusted witness confirms them",
        );
    }
    let is_token = |(name, _): &(&Name, &[u8])| matches!(name, Name::Token(_));
    let tokens = evidence.bundle.files().filter(is_token).count();
    if tokens > 0 {
        let words = "not judged here: ask openssl ts -verify";
        line.add(Status::Stated, format!("time-stamp tokens enclosed: {tokens}, {words}"));
    }
    line
}

pub(super) fn completeness(evidence: &Evidence<'_>) -> Line {
    let mut line = Line::new();
    let log = split(evidence.head.checkpoint.origin()).0;
    for (index, opening) in evidence.openings.iter().filter(|(_, of)| of.log() == log) {
        let Opening { number, size, known, .. } = opening;
        let words = format!(
            "epoch {number} began at entry {index}: the log was restored from a backup, {size} \
             entries of {} that were signed came back",
            known.size()
        );
        line.add(Status::Stated, words);
    }
    for claim in &evidence.bundle.manifest.claims {
        match claim {
            Claim::Entries => {
                let entries = evidence.entries.len();
                let words = "nothing is said of those left out";
                line.add(Status::Stated, format!("entries selected: {entries}; {words}"));
            }
            Claim::Range { from, to } => range(&mut line, evidence, *from, *to),
            Claim::Subject { subject, revisions } => {
                whole_subject(&mut line, evidence, subject, *revisions);
            }
        }
    }
    line
}

fn range(line: &mut Line, evidence: &Evidence<'_>, from: u64, to: u64) {
    let inside = evidence.entries.iter().filter(|(listed, _)| (from..to).contains(&listed.index));
    let given = u64::try_from(inside.count()).unwrap_or(u64::MAX);
    let withheld = (to - from).saturating_sub(given);
    let last = to - 1;
    if withheld == 0 {
        line.add(Status::Ok, format!("nothing is left out from index {from} to {last}"));
    } else {
        let words = format!("withheld from index {from} to {last}: {withheld}");
        line.add(Status::Incomplete, words);
    }
}

fn whole_subject(line: &mut Line, evidence: &Evidence<'_>, subject: &str, revisions: u64) {
    let of_subject = |leaf: &&Leaf| leaf.moves() && leaf.subject.as_deref() == Some(subject);
    let moves = evidence.entries.iter().map(|(_, leaf)| leaf).filter(of_subject);
    let moves: Vec<Option<u64>> = moves.map(|leaf| leaf.revision).collect();
    let mut in_turn = moves.clone();
    in_turn.sort_unstable();
    // What was set aside has its place later: the order of the log is not that of the revisions.
    let is_whole = in_turn.iter().copied().eq((1..=revisions).map(Some)) && !moves.is_empty();
    let (subject, size) = (shown(subject), evidence.head.checkpoint.size());
    if is_whole {
        let words = format!(
            "revisions 1 to {revisions} of {subject} are here without a gap; whether a later one \
             is among the log's {size} entries, this does not show"
        );
        line.add(Status::Ok, words);
        tell_late(line, &subject, &moves);
    } else {
        let words = format!("revisions 1 to {revisions} of {subject} are not here without a gap");
        line.add(Status::Invalid, words);
    }
}

/// Tells of revisions that have their place in the log behind later ones.
fn tell_late(line: &mut Line, subject: &str, moves: &[Option<u64>]) {
    let mut highest = None;
    let mut late: Vec<u64> = Vec::new();
    for revision in moves {
        if *revision < highest {
            late.extend(revision);
        }
        highest = highest.max(*revision);
    }
    if let [first, ..] = late.as_slice() {
        let count = late.len();
        let words = "stand behind a later one in the log";
        let words = format!("revisions of {subject} that {words}: {count}, the first is {first}");
        line.add(Status::Ok, words);
    }
}

pub(super) fn disclosure(evidence: &Evidence<'_>) -> Line {
    let mut line = Line::new();
    let erased = &evidence.bundle.manifest.erased;
    let bound: usize = evidence.entries.iter().map(|(_, leaf)| leaf.parts.len()).sum();
    let opened = evidence.opened;
    let withheld = bound.saturating_sub(opened).saturating_sub(erased.len());
    line.add(Status::Ok, format!("parts opened: {opened}, withheld: {withheld}"));
    for erased in erased {
        let by = evidence.entry(erased.by);
        let (part, id) = (&erased.part, erased.id);
        let index = by.map(|(listed, _)| listed.index).unwrap_or_default();
        let mut words = format!("part {part} of {id} was erased lawfully by entry {index}");
        // Whose a part was, no leaf says: not even whoever acted need have owned it.
        if by.is_some_and(|(_, by)| by.erased.is_empty()) {
            words.push_str(", which names a person; that the part was theirs is the maker's word");
        }
        if evidence.entry(id).is_some_and(|(listed, _)| listed.index > index) {
            words.push_str("; that entry stands before it in the log");
        }
        line.add(Status::Incomplete, words);
    }
    line
}
