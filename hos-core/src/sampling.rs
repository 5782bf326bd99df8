//! Which of many that come one after the other are looked at.

/// Whether the one with this number is chosen, of which exactly one in every so many is; and not
/// always the one in the same place, for callers may take turns.
pub(crate) fn is_chosen(number: u64, every: u64) -> bool {
    let (turn, place) = (number / every, number % every);
    let scattered = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    scattered % every == place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_every_so_many_is_chosen_and_callers_that_take_turns_are_all_met() {
        for every in [1, 2, 7, 100] {
            for turn in 0..50 {
                let turn = turn * every..(turn + 1) * every;
                assert_eq!(turn.filter(|number| is_chosen(*number, every)).count(), 1);
            }
        }
        let met = (0..100_000).filter(|number| is_chosen(*number, 100)).map(|number| number % 20);
        assert_eq!(met.collect::<std::collections::BTreeSet<u64>>().len(), 20);
    }
}
