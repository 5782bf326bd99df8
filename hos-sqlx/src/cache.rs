//! What is remembered, within a bound.
//!
//! To look something up takes a shared lock and tells nobody: a cache that keeps a record of each
//! read, to be gone through later, took a sixth of what a batch costs here.

use std::hash::Hash;

use foldhash::quality::RandomState;
use quick_cache::sync::{Cache as Quick, DefaultLifecycle};
use quick_cache::{UnitWeighter, Weighter};

/// What was used last.
pub(crate) type Cache<K, V, W = UnitWeighter> = Quick<K, V, W, RandomState>;

/// Remembers about so many.
pub(crate) fn of_items<K, V>(items: u64) -> Cache<K, V>
where
    K: Eq + Hash,
    V: Clone,
{
    weighed(items, items, UnitWeighter)
}

/// Remembers about so many, and no more than so much as they weigh.
pub(crate) fn weighed<K, V, W>(items: u64, weight: u64, weigher: W) -> Cache<K, V, W>
where
    K: Eq + Hash,
    V: Clone,
    W: Weighter<K, V> + Clone,
{
    let items = usize::try_from(items).unwrap_or(usize::MAX);
    Quick::with(items, weight, weigher, RandomState::default(), DefaultLifecycle::default())
}
