//! Whether a history of concurrent commands and reads is strictly serializable.
//!
//! Every state of a subject has a revision, so the order of its writes is known, and with it every
//! dependency: who wrote what another saw, who overwrote it, and who had ended before another
//! began. A cycle among these is an anomaly (Adya, "Weak Consistency", 1999).

use std::collections::{BTreeMap, VecDeque};

/// What a subject is opened in, at revision 1, before everything.
pub(crate) const INITIAL: &str = "awake";
pub(crate) const TERMINAL: &str = "done";

/// One command or read that was answered.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) name: String,
    /// Before it was first sent, and after it was answered, on one clock.
    pub(crate) start: u64,
    pub(crate) finish: u64,
    pub(crate) seen: Vec<Seen>,
}

/// What an operation found of a subject, and what it left when it moved it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) subject: u64,
    pub(crate) found: Version,
    pub(crate) left: Option<Version>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) revision: u64,
    pub(crate) state: String,
}

/// What must not be; each with the names of those who are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Anomaly {
    /// Two produced one revision, or one was not made from the one before it.
    Fork(String),
    /// A revision that nobody produced lies below one that somebody did.
    Gap(u64),
    /// Somebody found what nobody left.
    Dirty(String),
    /// A terminal state was left.
    Revived(String),
    /// No order of all operations explains what they found.
    Cycle(Vec<String>),
}

/// Every anomaly of a history; of cycles the first that is found.
pub(crate) fn check(operations: &[Operation]) -> Vec<Anomaly> {
    let mut anomalies = Vec::new();
    let writers = writers(operations, &mut anomalies);
    for (subject, revision) in writers.keys() {
        if *revision > 2 && !writers.contains_key(&(*subject, revision - 1)) {
            anomalies.push(Anomaly::Gap(*subject));
        }
    }
    for operation in operations {
        for seen in &operation.seen {
            if !was_left(&writers, seen) {
                anomalies.push(Anomaly::Dirty(operation.name.clone()));
            }
        }
    }
    anomalies.extend(cycle(operations, &dependencies(operations, &writers)));
    anomalies
}

/// Who produced which revision of which subject.
type Writers<'o> = BTreeMap<(u64, u64), (usize, &'o Version)>;

fn writers<'o>(operations: &'o [Operation], anomalies: &mut Vec<Anomaly>) -> Writers<'o> {
    let mut writers = Writers::new();
    for (at, operation) in operations.iter().enumerate() {
        for seen in &operation.seen {
            let Some(left) = &seen.left else { continue };
            let other = writers.insert((seen.subject, left.revision), (at, left));
            if other.is_some() || left.revision != seen.found.revision + 1 {
                anomalies.push(Anomaly::Fork(operation.name.clone()));
            }
            if seen.found.state == TERMINAL {
                anomalies.push(Anomaly::Revived(operation.name.clone()));
            }
        }
    }
    writers
}

fn was_left(writers: &Writers<'_>, seen: &Seen) -> bool {
    match writers.get(&(seen.subject, seen.found.revision)) {
        Some((_, left)) => **left == seen.found,
        None => seen.found.revision == 1 && seen.found.state == INITIAL,
    }
}

/// Who comes before whom. Beside the operations stand the moments at which they finished, each
/// before the next, so that real time takes few edges.
fn dependencies(operations: &[Operation], writers: &Writers<'_>) -> Vec<Vec<usize>> {
    let count = operations.len();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count * 2];
    for (at, operation) in operations.iter().enumerate() {
        for seen in &operation.seen {
            let by = |revision| writers.get(&(seen.subject, revision)).map(|(by, _)| *by);
            if let Some(writer) = by(seen.found.revision).filter(|writer| *writer != at) {
                after[writer].push(at);
            }
            if let Some(next) = by(seen.found.revision + 1).filter(|next| *next != at) {
                after[at].push(next);
            }
        }
    }
    let mut finished: Vec<usize> = (0..count).collect();
    finished.sort_by_key(|at| operations[*at].finish);
    for (moment, at) in finished.iter().enumerate() {
        after[*at].push(count + moment);
        if moment + 1 < count {
            after[count + moment].push(count + moment + 1);
        }
    }
    for (at, operation) in operations.iter().enumerate() {
        let ended = finished.partition_point(|other| operations[*other].finish < operation.start);
        if ended > 0 {
            after[count + ended - 1].push(at);
        }
    }
    after
}

/// The names along a cycle, if there is one.
fn cycle(operations: &[Operation], after: &[Vec<usize>]) -> Option<Anomaly> {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); after.len()];
    for (at, next) in after.iter().enumerate() {
        next.iter().for_each(|next| before[*next].push(at));
    }
    let mut waiting: Vec<usize> = before.iter().map(Vec::len).collect();
    let free = |(at, count): (usize, &usize)| (*count == 0).then_some(at);
    let mut ready: VecDeque<usize> = waiting.iter().enumerate().filter_map(free).collect();
    while let Some(at) = ready.pop_front() {
        for next in &after[at] {
            waiting[*next] -= 1;
            if waiting[*next] == 0 {
                ready.push_back(*next);
            }
        }
    }
    // Whoever still waits, waits for another who does: going back ends where it was before.
    let mut path = vec![waiting.iter().position(|count| *count > 0)?];
    loop {
        let last = path[path.len() - 1];
        let previous = *before[last].iter().find(|at| waiting[**at] > 0)?;
        if let Some(first) = path.iter().position(|at| *at == previous) {
            let named = path[first..].iter().rev().filter_map(|at| operations.get(*at));
            return Some(Anomaly::Cycle(named.map(|operation| operation.name.clone()).collect()));
        }
        path.push(previous);
    }
}
