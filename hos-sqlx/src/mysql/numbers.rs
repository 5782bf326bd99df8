//! The numbers of scopes and subjects that were seen: a row is found by its number for less.
//!
//! A number never becomes another row's, except where a fail-over lost commits. So whoever finds a
//! row by its number compares what it holds: the name of a scope, the proof of a subject.

use hos_core::subject::Subject;

use super::scope::ScopeKey;
use crate::cache::{self, Cache};

/// How many numbers of scopes, and as many of subjects, are remembered: some 20 MiB each.
const REMEMBERED: u64 = 1 << 16;

/// The numbers that were seen last.
#[derive(Debug)]
pub(super) struct Numbers {
    scopes: Cache<ScopeKey, i64>,
    subjects: Cache<Subject, i64>,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { scopes: cache::of_items(REMEMBERED), subjects: cache::of_items(REMEMBERED) }
    }
}

impl Numbers {
    pub(super) fn scope(&self, key: &ScopeKey) -> Option<i64> {
        self.scopes.get(key)
    }

    pub(super) fn saw_scope(&self, key: &ScopeKey, number: i64) {
        if self.scope(key) != Some(number) {
            self.scopes.insert(key.clone(), number);
        }
    }

    pub(super) fn subject(&self, subject: &Subject) -> Option<i64> {
        self.subjects.get(subject)
    }

    pub(super) fn saw_subject(&self, subject: &Subject, number: i64) {
        if self.subject(subject) != Some(number) {
            self.subjects.insert(subject.clone(), number);
        }
    }
}
