//! A small run of the campaign, and faults that it must find.

use hos_peers::differential::{Mutation, Tally, law};

const SEED: u64 = 20_261_122;
const QUESTIONS: u64 = 500;
/// A planted fault is found before this many questions were asked.
const QUESTIONS_TO_FIND_MAX: u64 = 50_000;

#[test]
fn the_law_and_cedar_answer_alike() {
    let mut tally = Tally::default();
    for number in 0..60 {
        tally += law(SEED, number, QUESTIONS, None).unwrap_or_else(|difference| {
            panic!("seed {SEED}, {difference}");
        });
    }
    println!("seed {SEED}: {tally}");
    let seen = [
        tally.refused,
        tally.allowed,
        tally.denied,
        tally.permit_erred,
        tally.forbid_erred,
        tally.skipped_by_cedar,
    ];
    assert!(seen.iter().all(|count| *count > 0), "{tally:?}");
    assert_eq!(tally.questions, 60 * QUESTIONS);
}

#[test]
fn a_wrong_operator_is_found() {
    for mutation in Mutation::ALL {
        let most = QUESTIONS_TO_FIND_MAX / QUESTIONS;
        let found = (0..most).find_map(|number| law(SEED, number, QUESTIONS, Some(mutation)).err());
        let difference = found.unwrap_or_else(|| panic!("{mutation:?} was not found"));
        println!("{mutation:?}: found in law {}", difference.law);
        assert!(difference.shown.contains("the answers differ"), "{difference}");
    }
}

#[test]
fn the_same_seed_asks_the_same() {
    assert_eq!(law(SEED, 7, 100, None), law(SEED, 7, 100, None));
}
