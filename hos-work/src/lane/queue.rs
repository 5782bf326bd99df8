//! What waits in a lane: first come, first served within a tenant, in turn between tenants.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A queue per key, drained in turn.
///
/// INVARIANT: `turns` names each key of `waiting` once, and no queue in `waiting` is empty.
#[derive(Debug)]
pub(super) struct FairQueue<K, T> {
    waiting: HashMap<K, VecDeque<T>>,
    turns: VecDeque<K>,
    length: usize,
}

impl<K, T> Default for FairQueue<K, T> {
    fn default() -> Self {
        Self { waiting: HashMap::new(), turns: VecDeque::new(), length: 0 }
    }
}

impl<K: Hash + Eq + Clone, T> FairQueue<K, T> {
    pub(super) fn push(&mut self, key: K, item: T) {
        let queue = self.waiting.entry(key.clone()).or_default();
        if queue.is_empty() {
            self.turns.push_back(key);
        }
        queue.push_back(item);
        self.length += 1;
    }

    /// One item of the key whose turn it is; its next one waits behind the other keys.
    pub(super) fn pop(&mut self) -> Option<T> {
        let key = self.turns.pop_front()?;
        let queue = self.waiting.get_mut(&key)?;
        let item = queue.pop_front();
        if queue.is_empty() {
            self.waiting.remove(&key);
        } else {
            self.turns.push_back(key);
        }
        self.length -= usize::from(item.is_some());
        item
    }

    /// Everything at once, in no particular order.
    pub(super) fn into_items(self) -> impl Iterator<Item = T> {
        self.waiting.into_values().flatten()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn len_of(&self, key: &K) -> usize {
        self.waiting.get(key).map_or(0, VecDeque::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_take_turns_and_each_keeps_its_order() {
        let mut queue = FairQueue::default();
        for (key, item) in [('a', 1), ('a', 2), ('a', 3), ('b', 4), ('c', 5), ('c', 6)] {
            queue.push(key, item);
        }
        assert_eq!((queue.len(), queue.len_of(&'a'), queue.len_of(&'d')), (6, 3, 0));
        let drained: Vec<i32> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(drained, [1, 4, 5, 2, 6, 3]);
        assert!(queue.is_empty() && queue.waiting.is_empty() && queue.turns.is_empty());
    }

    #[test]
    fn a_key_that_comes_back_waits_behind_the_others() {
        let mut queue = FairQueue::default();
        queue.push('a', 1);
        queue.push('b', 2);
        assert_eq!(queue.pop(), Some(1));
        queue.push('a', 3);
        assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some(2), Some(3), None));
    }
}
