//! The checker finds every anomaly that is planted, and none in a history that is sound.

use crate::checker::{Anomaly, Operation, Seen, Version, check};

fn version(revision: u64, state: &str) -> Version {
    Version { revision, state: state.to_owned() }
}

fn read(subject: u64, revision: u64, state: &str) -> Seen {
    Seen { subject, found: version(revision, state), left: None }
}

/// From a revision and a state to the next revision and a state.
fn moved(subject: u64, revision: u64, from: &str, to: &str) -> Seen {
    let left = Some(version(revision + 1, to));
    Seen { subject, found: version(revision, from), left }
}

fn operation(name: &str, start: u64, finish: u64, seen: impl Into<Vec<Seen>>) -> Operation {
    Operation { name: name.to_owned(), start, finish, seen: seen.into() }
}

#[test]
fn a_sound_history_is_accepted() {
    let history = [
        operation("first", 0, 9, [moved(0, 1, "awake", "asleep"), read(1, 1, "awake")]),
        operation("early", 1, 3, [read(0, 1, "awake")]),
        operation("late", 4, 8, [read(0, 2, "asleep")]),
        operation("second", 10, 20, [moved(0, 2, "asleep", "awake")]),
        operation("end", 21, 22, [moved(0, 3, "awake", "done")]),
        operation("after", 23, 24, [read(0, 4, "done")]),
    ];
    assert_eq!(check(&history), []);
    assert_eq!(check(&[]), []);
}

#[test]
fn a_lost_update_is_found() {
    let history = [
        operation("one", 0, 5, [moved(0, 1, "awake", "awake")]),
        operation("two", 1, 6, [moved(0, 1, "awake", "awake")]),
    ];
    assert!(check(&history).contains(&Anomaly::Fork("two".to_owned())));
}

#[test]
fn a_revision_that_nobody_produced_is_found() {
    let history = [
        operation("one", 0, 5, [moved(0, 1, "awake", "awake")]),
        operation("two", 6, 7, [moved(0, 3, "awake", "awake")]),
    ];
    assert!(check(&history).contains(&Anomaly::Gap(0)));
}

#[test]
fn a_leap_over_a_revision_is_found() {
    let mut leap = moved(0, 1, "awake", "awake");
    leap.left = Some(version(3, "awake"));
    let history = [operation("one", 0, 5, [leap])];
    assert!(check(&history).contains(&Anomaly::Fork("one".to_owned())));
}

#[test]
fn a_read_of_what_was_never_committed_is_found() {
    let history = [
        operation("one", 0, 5, [moved(0, 1, "awake", "awake")]),
        operation("state", 6, 7, [read(0, 2, "asleep")]),
        operation("revision", 6, 7, [read(0, 3, "awake")]),
        operation("origin", 6, 7, [read(1, 1, "asleep")]),
    ];
    let dirty = |name: &str| Anomaly::Dirty(name.to_owned());
    assert_eq!(check(&history), [dirty("state"), dirty("revision"), dirty("origin")]);
}

#[test]
fn a_read_before_the_write_began_is_found() {
    let history = [
        operation("read", 0, 1, [read(0, 2, "awake")]),
        operation("write", 2, 3, [moved(0, 1, "awake", "awake")]),
    ];
    assert_cycle(&history, &["read", "write"]);
}

#[test]
fn a_stale_read_is_found() {
    let history = [
        operation("write", 0, 1, [moved(0, 1, "awake", "awake")]),
        operation("read", 2, 3, [read(0, 1, "awake")]),
    ];
    assert_cycle(&history, &["read", "write"]);
}

#[test]
fn reads_that_go_back_are_found() {
    let history = [
        operation("write", 0, 9, [moved(0, 1, "awake", "awake")]),
        operation("new", 1, 2, [read(0, 2, "awake")]),
        operation("old", 3, 4, [read(0, 1, "awake")]),
    ];
    assert_cycle(&history, &["new", "old", "write"]);
}

#[test]
fn a_revived_terminal_state_is_found() {
    let history = [
        operation("end", 0, 1, [moved(0, 1, "awake", "done")]),
        operation("again", 2, 3, [moved(0, 2, "done", "awake")]),
    ];
    assert_eq!(check(&history), [Anomaly::Revived("again".to_owned())]);
}

#[test]
fn a_terminal_state_that_is_not_shown_later_is_found() {
    let history = [
        operation("end", 0, 1, [moved(0, 1, "awake", "done")]),
        operation("read", 2, 3, [read(0, 1, "awake")]),
    ];
    assert_cycle(&history, &["end", "read"]);
}

#[test]
fn write_skew_is_found() {
    let history = [
        operation("one", 0, 5, [moved(0, 1, "awake", "asleep"), read(1, 1, "awake")]),
        operation("two", 1, 6, [moved(1, 1, "awake", "asleep"), read(0, 1, "awake")]),
    ];
    assert_cycle(&history, &["one", "two"]);
}

/// A cycle through exactly these, wherever it begins.
fn assert_cycle(history: &[Operation], names: &[&str]) {
    let anomalies = check(history);
    let [Anomaly::Cycle(found)] = anomalies.as_slice() else { panic!("{anomalies:?}") };
    let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, names);
}
