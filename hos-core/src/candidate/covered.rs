//! For how long a candidate was really on trial.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The most spans of time that one report tells apart; the shortest ones are given up first.
pub const SPANS_MAX: usize = 1_024;

/// Spans of time, in order and apart from each other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(Timestamp, Timestamp)>", into = "Vec<(Timestamp, Timestamp)>")]
pub struct Covered(Vec<(Timestamp, Timestamp)>);

impl Covered {
    /// One span. Where the clock went backwards, nothing.
    #[must_use]
    pub fn span(since: Timestamp, until: Timestamp) -> Self {
        vec![(since, until)].into()
    }

    /// Every span, with its beginning and its end.
    pub fn spans(&self) -> impl ExactSizeIterator<Item = (Timestamp, Timestamp)> {
        self.0.iter().copied()
    }

    /// How long they are together.
    #[must_use]
    pub fn total(&self) -> Duration {
        total(self.spans())
    }

    /// How long they are together after a time.
    #[must_use]
    pub fn after(&self, time: Timestamp) -> Duration {
        let later = self.spans().filter(|(_, until)| *until > time);
        total(later.map(|(since, until)| (since.max(time), until)))
    }

    /// What either covers; what both cover counts once.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.spans().chain(other.spans()).collect::<Vec<_>>().into()
    }
}

fn total(spans: impl Iterator<Item = (Timestamp, Timestamp)>) -> Duration {
    spans.map(|(since, until)| until.since(since)).fold(Duration::ZERO, Duration::saturating_add)
}

impl From<Vec<(Timestamp, Timestamp)>> for Covered {
    fn from(mut spans: Vec<(Timestamp, Timestamp)>) -> Self {
        spans.retain(|(since, until)| since < until);
        spans.sort();
        let mut apart: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(spans.len());
        for (since, until) in spans {
            match apart.last_mut() {
                Some((_, end)) if since <= *end => *end = until.max(*end),
                _ => apart.push((since, until)),
            }
        }
        if apart.len() > SPANS_MAX {
            apart.sort_by_key(|(since, until)| std::cmp::Reverse(until.since(*since)));
            apart.truncate(SPANS_MAX);
            apart.sort();
        }
        Self(apart)
    }
}

impl From<Covered> for Vec<(Timestamp, Timestamp)> {
    fn from(covered: Covered) -> Self {
        covered.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(spans: &[(i64, i64)]) -> Covered {
        let at = Timestamp::from_micros;
        spans.iter().map(|(since, until)| (at(*since), at(*until))).collect::<Vec<_>>().into()
    }

    #[test]
    fn what_two_cover_counts_once() {
        let both = covered(&[(0, 10), (20, 30)]).and(&covered(&[(5, 12), (30, 40), (50, 50)]));
        assert_eq!(both, covered(&[(0, 12), (20, 40)]));
        assert_eq!(both.total(), Duration::from_micros(32));
        assert_eq!(both.after(Timestamp::from_micros(11)), Duration::from_micros(21));
        assert_eq!(both.after(Timestamp::from_micros(40)), Duration::ZERO);
        assert_eq!(covered(&[(9, 3)]), Covered::default(), "a clock that went backwards");
    }

    #[test]
    fn the_longest_spans_are_kept() {
        let max = i64::try_from(SPANS_MAX).unwrap();
        let many: Vec<(i64, i64)> = (0..=max).map(|n| (n * 10, n * 10 + 1 + n % 2)).collect();
        let kept = covered(&many);
        assert_eq!(kept.spans().len(), SPANS_MAX);
        assert!(kept.total() >= covered(&many[1..]).total());
    }

    #[test]
    fn text_is_put_in_order() {
        let text = serde_json::to_string(&covered(&[(0, 10), (20, 30)])).unwrap();
        assert_eq!(serde_json::from_str::<Covered>(&text).unwrap(), covered(&[(0, 10), (20, 30)]));
        let inner = text.strip_prefix('[').unwrap().strip_suffix(']').unwrap();
        let doubled = format!("[{inner},{inner}]");
        assert_eq!(serde_json::from_str::<Covered>(&doubled).unwrap().total().as_micros(), 20);
    }
}
