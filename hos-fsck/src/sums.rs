//! Whether the logs rebuild the subjects, in memory that does not grow with either.
//!
//! Each entry that moves a subject takes away what the subject was and adds what it is; each
//! subject that is kept takes away what it is. If each sum of a bucket of subjects ends at nothing,
//! the logs lead from nothing to what is kept, for no two different states have one number but by
//! a chance of 2^-128: the numbers are digests under a secret that is new in each run.
//!
//! Sums do not tell in which order the entries stand. That an entry comes after the one that it
//! follows on is asked of a filter of the states so far, which misses fewer than 1 in 500 while it
//! has 16 bits for each entry: up to 16,777,216 entries of one log.

use std::collections::BTreeSet;
use std::hash::Hasher as _;

use hos_core::digest::Digest;
use rand::RngExt as _;

use crate::entry::{Fact, SubjectFact, SubjectState};

/// The most buckets, which is what differences are looked for in again.
const BUCKETS_MAX: u64 = 1 << 16;
/// How many entries share a bucket, about.
const ENTRIES_PER_BUCKET: u64 = 8;

/// The secret of a run, and into how many buckets subjects go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed {
    secret: [u8; 32],
    buckets: u64,
}

impl Seed {
    pub(crate) fn new() -> Self {
        let mut secret = [0; 32];
        rand::rng().fill(&mut secret);
        Self { secret, buckets: 1 }
    }

    /// Enough buckets for a log of some size.
    pub(crate) fn sized(self, entries: u64) -> Self {
        let buckets = (entries / ENTRIES_PER_BUCKET).clamp(1, BUCKETS_MAX).next_power_of_two();
        Self { buckets, ..self }
    }

    /// The bucket of a subject.
    pub(crate) fn bucket(&self, subject: &str) -> usize {
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write(&self.secret);
        hasher.write(subject.as_bytes());
        usize::try_from(hasher.finish() & (self.buckets - 1)).unwrap_or(0)
    }

    /// Of so many parts, the one that a key belongs to.
    pub(crate) fn part(&self, key: &str, of: u64) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write(&self.secret);
        hasher.write(key.as_bytes());
        hasher.finish() % of.max(1)
    }

    /// What an entry adds and takes away.
    pub(crate) fn terms(&self, fact: &Fact, terms: &mut Vec<Term>) {
        match fact {
            Fact::Subject(fact) => self.moved(fact, terms),
            Fact::Migrated(fact) => {
                fact.subjects.iter().flatten().for_each(|fact| self.moved(fact, terms));
            }
            Fact::Standing(_) => {}
        }
    }

    fn moved(&self, fact: &SubjectFact, terms: &mut Vec<Term>) {
        let bucket = self.bucket(&fact.subject);
        let after = Some(self.number(&fact.subject, &fact.after));
        let before = fact.before.as_ref().map(|before| self.number(&fact.subject, before));
        terms.push(Term { bucket, before, after });
    }

    /// What a subject takes away that is kept so.
    pub(crate) fn kept(&self, subject: &str, state: &SubjectState) -> Term {
        let before = Some(self.number(subject, state));
        Term { bucket: self.bucket(subject), before, after: None }
    }

    fn number(&self, subject: &str, state: &SubjectState) -> u128 {
        let texts = [subject, &state.state, &state.contract];
        let mut bytes = Vec::with_capacity(192);
        bytes.extend_from_slice(&self.secret);
        bytes.extend_from_slice(&state.revision.to_be_bytes());
        for text in texts {
            let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        let digest = Digest::of(&bytes);
        let first = digest.as_bytes().first_chunk().copied().unwrap_or_default();
        u128::from_be_bytes(first)
    }
}

/// What is added to the sum of a bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Term {
    bucket: usize,
    /// The number of the state that is taken away.
    before: Option<u128>,
    /// The number of the state that is added.
    after: Option<u128>,
}

/// The sum of each bucket, how many terms it has, and whether a fault is known already.
#[derive(Debug)]
pub(crate) struct Sums {
    buckets: Vec<(u128, u64)>,
    faulty: BTreeSet<usize>,
    seen: Seen,
}

impl Sums {
    pub(crate) fn new(seed: &Seed, entries: u64) -> Self {
        let buckets = usize::try_from(seed.buckets).unwrap_or(1);
        let (faulty, seen) = (BTreeSet::new(), Seen::sized(entries));
        Self { buckets: vec![(0, 0); buckets], faulty, seen }
    }

    pub(crate) fn add(&mut self, term: Term) {
        let Term { bucket, before, after } = term;
        if let Some((sum, terms)) = self.buckets.get_mut(bucket) {
            let value = after.unwrap_or(0).wrapping_sub(before.unwrap_or(0));
            *sum = sum.wrapping_add(value);
            *terms += 1;
        }
        if before.is_some_and(|before| !self.seen.has(before)) {
            self.faulty.insert(bucket);
        }
        if let Some(after) = after {
            self.seen.put(after);
        }
    }

    /// A subject of the bucket is to be looked at again.
    pub(crate) fn doubt(&mut self, bucket: usize) {
        self.faulty.insert(bucket);
    }

    /// The buckets that do not end at nothing, in rounds that hold at most so many subjects each,
    /// unless one bucket alone holds more.
    pub(crate) fn rounds(&self, subjects: u64) -> Vec<BTreeSet<usize>> {
        let mut rounds: Vec<BTreeSet<usize>> = Vec::new();
        let mut held = u64::MAX;
        for (bucket, (sum, terms)) in self.buckets.iter().enumerate() {
            if *sum == 0 && !self.faulty.contains(&bucket) {
                continue;
            }
            held = held.saturating_add(*terms);
            if held > subjects || rounds.is_empty() {
                rounds.push(BTreeSet::new());
                held = *terms;
            }
            if let Some(round) = rounds.last_mut() {
                round.insert(bucket);
            }
        }
        rounds
    }
}

/// A filter (Bloom's) of numbers that are as good as random.
#[derive(Debug)]
struct Seen(Vec<u64>);

/// How many bits tell of a number.
const BITS_OF_NUMBER: u32 = 4;
/// How many bits there are for each entry, and at most.
const BITS_PER_ENTRY: u64 = 16;
const BITS_MAX: u64 = 1 << 28;

impl Seen {
    fn sized(entries: u64) -> Self {
        let bits = entries.saturating_mul(BITS_PER_ENTRY).clamp(1 << 10, BITS_MAX);
        let words = usize::try_from(bits.next_power_of_two() / 64).unwrap_or(16);
        Self(vec![0; words])
    }

    /// The words and the bits in them of a number.
    fn places(&self, number: u128) -> impl Iterator<Item = (usize, u64)> + use<> {
        let mask = u128::try_from(self.0.len()).unwrap_or(1).saturating_mul(64) - 1;
        (0..BITS_OF_NUMBER).map(move |part| {
            let place = number >> (32 * part) & mask;
            let word = usize::try_from(place / 64).unwrap_or(0);
            (word, 1 << (place % 64))
        })
    }

    fn has(&self, number: u128) -> bool {
        let mut places = self.places(number);
        places.all(|(word, bit)| self.0.get(word).is_some_and(|word| word & bit != 0))
    }

    fn put(&mut self, number: u128) {
        for (word, bit) in self.places(number) {
            if let Some(word) = self.0.get_mut(word) {
                *word |= bit;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(revision: u64, state: &str) -> SubjectState {
        SubjectState { revision, state: state.to_owned(), contract: "c".to_owned() }
    }

    fn moved(subject: &str, before: Option<SubjectState>, after: SubjectState) -> Fact {
        Fact::Subject(SubjectFact { subject: subject.to_owned(), before, after })
    }

    fn sums(facts: &[Fact], kept: &[(&str, SubjectState)]) -> Vec<BTreeSet<usize>> {
        let seed = Seed::new().sized(64);
        let (mut sums, mut terms) = (Sums::new(&seed, 64), Vec::new());
        facts.iter().for_each(|fact| seed.terms(fact, &mut terms));
        terms.into_iter().for_each(|term| sums.add(term));
        kept.iter().for_each(|(subject, state)| sums.add(seed.kept(subject, state)));
        sums.rounds(100)
    }

    #[test]
    fn what_the_entries_lead_to_ends_at_nothing() {
        let facts = [
            moved("o:1", None, state(1, "a")),
            moved("o:2", None, state(1, "a")),
            moved("o:1", Some(state(1, "a")), state(2, "b")),
        ];
        assert!(sums(&facts, &[("o:1", state(2, "b")), ("o:2", state(1, "a"))]).is_empty());
        assert!(!sums(&facts, &[("o:1", state(1, "a")), ("o:2", state(1, "a"))]).is_empty());
        assert!(!sums(&facts, &[("o:1", state(2, "b"))]).is_empty());
        let swapped = [("o:1", state(1, "a")), ("o:2", state(2, "b"))];
        assert!(!sums(&facts, &swapped).is_empty());
    }

    #[test]
    fn an_entry_before_the_one_that_it_follows_on_is_seen() {
        let opened = moved("o:1", None, state(1, "a"));
        let paid = moved("o:1", Some(state(1, "a")), state(2, "b"));
        let kept = [("o:1", state(2, "b"))];
        assert!(sums(&[opened.clone(), paid.clone()], &kept).is_empty());
        assert!(!sums(&[paid, opened], &kept).is_empty());
    }

    #[test]
    fn few_are_missed_by_the_filter() {
        let numbers = |from: u32| {
            (from..from + 10_000).map(|number| {
                let digest = Digest::of(&number.to_be_bytes());
                u128::from_be_bytes(*digest.as_bytes().first_chunk().unwrap())
            })
        };
        let mut seen = Seen::sized(10_000);
        numbers(0).for_each(|number| seen.put(number));
        assert!(numbers(0).all(|number| seen.has(number)));
        let missed = numbers(1_000_000).filter(|number| seen.has(*number)).count();
        assert!(missed < 20, "{missed}");
    }

    #[test]
    fn rounds_hold_no_more_than_they_may() {
        let seed = Seed::new().sized(8 * 64);
        let mut sums = Sums::new(&seed, 640);
        for number in 0..640 {
            sums.add(seed.kept(&format!("o:{number}"), &state(1, "a")));
        }
        let rounds = sums.rounds(100);
        assert!(rounds.len() >= 7, "{}", rounds.len());
        assert_eq!(rounds.iter().map(BTreeSet::len).sum::<usize>(), 64);
    }
}
