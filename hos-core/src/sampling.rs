//! One in so many, and not always the same one: callers may take turns.

use std::num::NonZeroU64;

/// Whether the one with so many before it is chosen: exactly one of each block of `every`, at
/// another place in each block, so that no rhythm of the callers hides some of them. The very first
/// is chosen.
pub(crate) fn is_chosen(before: u64, every: NonZeroU64) -> bool {
    scattered(before / every) % every == before % every
}

/// A number from which the next block's is not told by a rhythm; 0 of 0.
fn scattered(block: u64) -> u64 {
    let mixed = (block ^ (block >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_has_one_and_every_place_of_a_rhythm_has_its_turn() {
        for every in
            [1, 2, 3, 64, 100, 1_000, u64::MAX].map(|every| NonZeroU64::new(every).unwrap())
        {
            assert!(is_chosen(0, every));
            for block in 0..50.min(u64::MAX / every) {
                let first = block * every.get();
                let chosen =
                    (first..first + every.get().min(1_000)).filter(|at| is_chosen(*at, every));
                assert_eq!(chosen.count(), 1, "{every}, {block}");
            }
        }
        for rhythm in [2, 8, 20, 50, 64, 100] {
            let every = NonZeroU64::new(100).unwrap();
            let mut met = vec![0; 100];
            let chosen = (0..1_000_000_u64).filter(|at| is_chosen(*at, every));
            chosen.for_each(|at| met[usize::try_from(at % rhythm).unwrap()] += 1);
            let fair = 10_000 / rhythm;
            let met = &met[..usize::try_from(rhythm).unwrap()];
            assert!(met.iter().all(|count| (fair / 2..fair * 2).contains(count)), "{met:?}");
        }
    }
}
