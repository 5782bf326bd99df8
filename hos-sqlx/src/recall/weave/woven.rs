//! A store that remembers with the steps of the databases' stores; only its statements are those of
//! the store in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome, SubjectAfter};
use hos_core::error::Fault;
use hos_core::standing::Standing;
use hos_core::store::{Ask, Backend, Store};
use hos_core::subject::Snapshot;
use hos_core::weave::point;
use serde_json::json;

use crate::known::Remembered;
use crate::recall::Recall;
use crate::standing::generation;

/// What a store does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plant {
    None,
    /// It says of a standing that it is of the time before the statement.
    EarlyGeneration,
    /// It remembers what was not committed.
    RemembersConflicts,
}

pub(super) struct Woven {
    inner: Arc<dyn Backend>,
    recall: Recall,
    fault: Plant,
    /// What the one subject was, by its revision.
    seen: Mutex<BTreeMap<u64, Snapshot>>,
}

impl Woven {
    pub(super) fn new(inner: Arc<dyn Backend>, fault: Plant) -> Self {
        let (recall, seen) = (Recall::new(16, 1 << 20), Mutex::default());
        Self { inner, recall, fault, seen }
    }

    /// A subject is one thing at one revision, whoever tells of it.
    fn saw(&self, snapshot: &Snapshot) {
        let mut seen = self.seen.lock().unwrap();
        let known = seen.entry(snapshot.revision).or_insert_with(|| snapshot.clone());
        assert_eq!(known, snapshot, "of several times");
    }
}

#[async_trait]
impl Store for Woven {
    fn recall(&self, ask: &Ask) -> Option<Standing> {
        let standing = self.recall.standing(ask)?;
        standing.subjects.iter().flatten().for_each(|snapshot| self.saw(snapshot));
        Some(standing)
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        let known = Some(&self.recall.known);
        let remembered: Vec<_> = asks.iter().map(|ask| Remembered::of(known, ask)).collect();
        point();
        let before = self.inner.load_all(asks).await?;
        point();
        let loaded = self.inner.load_all(asks).await?;
        point();
        let mut standings = Vec::with_capacity(asks.len());
        for ((ask, remembered), (before, loaded)) in
            asks.iter().zip(remembered).zip(before.iter().zip(loaded))
        {
            let early = self.fault == Plant::EarlyGeneration;
            let generation = generations(if early { before } else { &loaded });
            let fresh = (remembered.generation() != Some(generation)).then(|| rows(&loaded));
            let bare = remembered.settle(ask, generation, fresh.as_deref())?;
            assert_eq!(bare.actor, loaded.actor, "answered by heart");
            assert_eq!(bare.versions, loaded.versions, "answered by heart");
            loaded.subjects.iter().flatten().for_each(|snapshot| self.saw(snapshot));
            let Standing { subjects, receipt, .. } = loaded;
            standings.push(Standing { subjects, receipt, ..bare });
        }
        self.recall.loaded(asks, &standings);
        Ok(standings)
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        let outcomes = self.inner.commit_all(commits).await;
        point();
        for (commit, _) in commits.iter().zip(&outcomes).filter(|(_, outcome)| is_written(outcome))
        {
            let after = commit.changes().iter().filter_map(|change| change.after());
            after.map(SubjectAfter::snapshot).for_each(|snapshot| self.saw(snapshot));
        }
        if self.fault == Plant::RemembersConflicts {
            let all: Vec<_> = commits.iter().map(|_| Ok(Outcome::Committed)).collect();
            self.recall.answered(commits, &all);
        } else {
            self.recall.answered(commits, &outcomes);
        }
        outcomes
    }
}

fn is_written(outcome: &Result<Outcome, Fault>) -> bool {
    matches!(outcome, Ok(Outcome::Committed))
}

/// The sum of all generations, as the statement of a database answers it.
fn generations(standing: &Standing) -> i64 {
    let sum = generation(&standing.versions.tenant) + generation(&standing.versions.world);
    i64::try_from(sum).unwrap()
}

/// A fresh standing, as the statement of a database answers it. Here nobody has a grant or a mode.
fn rows(standing: &Standing) -> String {
    let generations = [standing.versions.tenant, standing.versions.world]
        .map(|of| [of.members, of.bans, of.grants, of.modes, of.status]);
    json!({
        "world": standing.world,
        "tenant": standing.tenant_exists.then_some("open"),
        "tenant_generations": generations[0],
        "world_generations": generations[1],
        "roles": standing.actor.roles,
        "world_roles": standing.actor.world_roles,
        "banned": u8::from(standing.actor.banned),
        "grants": [],
        "world_grants": [],
        "modes": [],
        "world_modes": [],
    })
    .to_string()
}
