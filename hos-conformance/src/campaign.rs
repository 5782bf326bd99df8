//! How long a run is, and from which seed: told by the environment, small without it.

use std::ops::Range;

/// The size and the seed of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Campaign {
    /// How many units: commands, injected failures.
    pub size: u64,
    /// Where chance begins.
    pub seed: u64,
}

impl Campaign {
    /// Reads `HOS_CAMPAIGN_SIZE` and `HOS_CAMPAIGN_SEED`; a size for ordinary tests without them.
    ///
    /// # Panics
    ///
    /// When one of them is set and no number.
    #[must_use]
    pub fn from_environment(size_default: u64) -> Self {
        let read = |name: &str, default| match std::env::var(name) {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number: `{text}`")),
            Err(_) => default,
        };
        let (size, seed) = (read("HOS_CAMPAIGN_SIZE", size_default), read("HOS_CAMPAIGN_SEED", 1));
        Self { size, seed }
    }

    /// So many seeds, from this one on.
    #[must_use]
    pub fn seeds(&self, count: u64) -> Range<u64> {
        self.seed..self.seed.saturating_add(count)
    }
}
