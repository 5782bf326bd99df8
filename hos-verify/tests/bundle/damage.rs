//! Every single byte of a bundle counts.

use crate::archive::{pack, unpack};
use crate::cases::{Case, honest, witnessed};
use crate::log::{NOON, input, policy, shop};
use hos_verify::bundle::Claim;
use proptest::prelude::*;
use std::sync::LazyLock;

/// A small bundle with one of everything that a byte can stand in.
fn small() -> Case {
    let log = shop();
    let mut draft = log.draft([5, 6], Claim::Range { from: 5, to: 7 });
    draft.entries[0].opened = vec![input(5)];
    draft.others = vec![log.note(13)];
    draft.tokens = vec![b"token".to_vec()];
    draft.anchor = Some(crate::log::anchor(&draft.checkpoint, &[(1, NOON)]));
    Case::new("small", log.make(&draft), 0).policy(Some(policy("one")))
}

#[test]
fn every_single_byte_of_a_bundle_counts() {
    let sound = small();
    assert_eq!(sound.verdict().exit().code(), 0, "{}", sound.verdict());
    for at in 0..sound.bundle.len() {
        for flip in [0x01, 0x20, 0x80] {
            let mut bundle = sound.bundle.clone();
            bundle[at] ^= flip;
            let case = Case::new("damaged", bundle, 0).policy(sound.policy.clone());
            assert!(case.verdict().exit().code() >= 40, "byte {at} by {flip}: {}", case.verdict());
        }
    }
}

#[test]
fn every_byte_that_is_cut_off_or_added_counts() {
    let sound = small();
    let judged = |bundle: Vec<u8>| Case::new("cut", bundle, 0).verdict().exit().code();
    for length in 0..sound.bundle.len() {
        assert_eq!(judged(sound.bundle[..length].to_vec()), 50, "{length} bytes");
    }
    for at in [0, 1, sound.bundle.len() / 2, sound.bundle.len()] {
        let mut longer = sound.bundle.clone();
        longer.insert(at, 0);
        assert_eq!(judged(longer), 50, "one more byte at {at}");
    }
}

/// Whoever mends checksums and manifest after a change is found by what lies deeper.
#[test]
fn every_byte_of_note_leaf_proof_and_part_counts_under_a_mended_manifest() {
    let log = shop();
    let mut draft = witnessed(NOON);
    draft.entries[0].opened = vec![input(5)];
    let files = unpack(&log.make(&draft));
    for (name, data) in &files {
        let flips: Vec<u8> = match name.as_str() {
            "manifest.json" => continue,
            "log/20.checkpoint" => (0..8).map(|bit| 1 << bit).collect(),
            _ => vec![0x01, 0x20, 0x80],
        };
        for at in 0..data.len() {
            for flip in &flips {
                let mut changed = files.clone();
                changed.get_mut(name).unwrap()[at] ^= flip;
                let case = Case::new("mended", pack(&changed), 0).policy(Some(policy("one")));
                let exit = case.verdict().exit().code();
                assert_eq!(exit, 40, "{name} byte {at} by {flip}: {}", case.verdict());
            }
        }
    }
}

proptest! {
    #[test]
    fn damaged_bundles_end_in_a_verdict(
        which in 0..18_usize, at in 0..20_000_usize, cut in 0..40_usize,
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        static HONEST: LazyLock<Vec<Case>> = LazyLock::new(honest);
        let sound = &HONEST[which % HONEST.len()].bundle;
        let at = at % sound.len();
        let end = (at + cut).min(sound.len());
        let mut damaged = sound.clone();
        damaged.splice(at..end, bytes);
        let case = Case::new("damaged", damaged.clone(), 0);
        prop_assert!(damaged == *sound || case.verdict().exit().code() >= 40);
    }
}
