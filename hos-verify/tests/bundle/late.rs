//! Entries that were set aside and have their place later than what came after them.

use hos_verify::bundle::Claim;
use hos_verify::json::Value;

use crate::archive::{pack, unpack};
use crate::cases::{Case, subject};
use crate::log::{Log, erasure, id, transition};

/// Entries by the times at which they were made: revision 2 of the first subject has its place
/// after revision 3, and two entries of the second have theirs after erasures of their parts.
fn log() -> Log {
    let mut log = Log::default();
    log.push(transition(0, "order:7f", 1));
    log.push(transition(2, "order:7f", 3));
    log.push(transition(1, "order:7f", 2));
    log.push(erasure(4, vec![("target", Value::string("u-1"))]));
    let named =
        Value::object([("id", Value::string(id(6).to_string())), ("n", Value::string("input"))]);
    log.push(erasure(7, vec![("erased", Value::Array(vec![named]))]));
    log.push(transition(3, "order:80", 1));
    log.push(transition(6, "order:80", 2));
    log
}

/// A bundle of these entries with another manifest.
fn forged(log: &Log, indexes: &[u64], old: &str, new: &str) -> Vec<u8> {
    let mut files = unpack(&log.make(&log.draft(indexes.iter().copied(), Claim::Entries)));
    let manifest = files.get_mut("manifest.json").unwrap();
    let text = String::from_utf8(manifest.clone()).unwrap();
    assert!(text.contains(old), "{text}");
    *manifest = text.replacen(old, new, 1).into_bytes();
    pack(&files)
}

fn claiming(log: &Log, indexes: &[u64], revisions: u64) -> Vec<u8> {
    let claim = format!("\"kind\":\"subject\",\"revisions\":{revisions},\"subject\":\"order:7f\"");
    forged(log, indexes, "\"kind\":\"entries\"", &claim)
}

/// The input of one entry was erased by another, both by index, with the numbers of their ids.
fn erasing(log: &Log, entry: (u64, u64), by: (u64, u64)) -> Vec<u8> {
    let (of, by_id) = (id(entry.1), id(by.1));
    let told = format!("\"erased\":[{{\"by\":\"{by_id}\",\"id\":\"{of}\",\"n\":\"input\"}}]");
    forged(log, &[by.0, entry.0], "\"erased\":[]", &told)
}

/// Bundles of such logs, honest and not.
pub(crate) fn late() -> Vec<Case> {
    let log = log();
    let range = log.draft(0..7, Claim::Range { from: 0, to: 7 });
    let mut twice = log.clone();
    twice.push(transition(9, "order:7f", 2));
    vec![
        Case::new("a life with a revision placed late", claiming(&log, &[0, 1, 2], 3), 0),
        Case::new("a range with it", log.make(&range), 0),
        Case::new("a late revision without the first", claiming(&log, &[1, 2], 3), 40),
        Case::new("a late revision left out", claiming(&log, &[0, 1], 2), 40),
        Case::new("a late revision instead of the last", claiming(&log, &[0, 2], 3), 40),
        Case::new("a revision twice", claiming(&twice, &[0, 1, 2, 7], 4), 40),
        Case::new("a revision twice, one claimed", claiming(&twice, &[0, 1, 2, 7], 3), 40),
        Case::new("a person's part placed late", erasing(&log, (5, 3), (3, 4)), 20),
        Case::new("a named part placed late", erasing(&log, (6, 6), (4, 7)), 20),
        Case::new("a part after its person", erasing(&log, (6, 6), (3, 4)), 40),
        Case::new("a part that was not named", erasing(&log, (5, 3), (4, 7)), 40),
    ]
}

#[test]
fn what_was_placed_late_is_told_and_no_fault() {
    for case in late() {
        let verdict = case.verdict();
        assert_eq!(verdict.exit().code(), case.exit, "{}:\n{verdict}", case.name);
    }
    let words = |name: &str| {
        let case = late().into_iter().find(|case| case.name == name);
        case.unwrap().verdict().to_string()
    };
    let life = words("a life with a revision placed late");
    assert!(life.contains("stand behind a later one in the log: 1, the first is 2\n"), "{life}");
    for name in ["a person's part placed late", "a named part placed late"] {
        assert!(
            words(name).contains("; that entry stands before it in the log"),
            "{}",
            words(name)
        );
    }
}

/// What the bundle's maker holds it to is what a receiver does.
#[test]
fn a_life_with_a_revision_placed_late_can_be_made() {
    let log = log();
    let made = log.make(&log.draft(0..3, subject(3)));
    assert_eq!(Case::new("made", made, 0).verdict().exit().code(), 0);
}
