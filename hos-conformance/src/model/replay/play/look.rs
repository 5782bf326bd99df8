//! What is kept, compared with what the model keeps.

use hos_core::id::{ActorId, CommandKey};
use hos_core::proof::{EntryType, LogEntry, PAGE_MAX};
use hos_core::standing::{Generations, Mode, Standing, WorldStatus};
use hos_core::store::Ask;
use hos_core::subject::Snapshot;

use super::Play;
use crate::model::replay::job::{WORKER, key, turned};
use crate::model::state::{Action, Entry, Group, State};

impl Play<'_> {
    /// Compares the job and its standing, and keeps both for whoever remembers them later.
    pub(super) async fn look(&mut self) {
        let standing = self.load(None).await;
        let snapshot = standing.subjects[0].clone().expect("the job is there");
        self.compare_snapshot(&snapshot);
        self.compare_standing(&standing);
        let kept = &self.state.kept;
        if self.standings.len() <= kept.changes.len() {
            self.standings.push(standing);
        }
    }

    fn compare_snapshot(&mut self, snapshot: &Snapshot) {
        let row = self.state.kept.row;
        let found = (snapshot.state.as_str(), snapshot.revision);
        assert_eq!((row.stage.as_str(), row.revision), found, "the job:{}", self.way());
        match self.snapshots.get(&row.proof) {
            Some(known) => assert_eq!(known, snapshot, "nobody moved it:{}", self.way()),
            None => {
                let mut others = self.snapshots.values();
                let fresh = others.all(|known| known.proof_id != snapshot.proof_id);
                assert!(fresh, "a move has a proof of its own:{}", self.way());
                self.snapshots.insert(row.proof, snapshot.clone());
            }
        }
    }

    fn compare_standing(&self, standing: &Standing) {
        let kept = &self.state.kept;
        let first = self.standings.first().map_or(standing.versions, |first| first.versions);
        let raised = |group: Group| {
            let count = kept.changes.iter().filter(|change| **change == group).count();
            u64::try_from(count).unwrap()
        };
        let tenant = Generations {
            members: first.tenant.members + raised(Group::Members),
            bans: first.tenant.bans + raised(Group::Bans),
            grants: first.tenant.grants + raised(Group::Grants),
            modes: first.tenant.modes + raised(Group::Modes),
            status: first.tenant.status,
        };
        let status = first.world.status + raised(Group::Status);
        let world = Generations { status, ..first.world };
        assert_eq!(tenant, standing.versions.tenant, "generations:{}", self.way());
        assert_eq!(world, standing.versions.world, "generations:{}", self.way());
        let found = [
            standing.actor.roles.is_empty(),
            standing.actor.banned,
            !standing.actor.grants.is_empty(),
            standing.modes.tenant.all == Some(Mode::Off),
            standing.world == Some(WorldStatus::Closed),
        ];
        let expected = Group::ALL.map(|group| turned(kept, group));
        assert_eq!(expected, found, "standing:{}", self.way());
    }

    /// Compares keys, log and messages once nobody moves any more.
    pub(in crate::model::replay) async fn end(mut self) -> (Vec<Action>, State) {
        self.replay.processes.iter().for_each(|seat| seat.gate.open());
        self.tasks = [const { None }; crate::model::state::PROCESSES];
        self.look().await;
        self.compare_log().await;
        self.compare_keys().await;
        self.compare_outbox().await;
        (self.trace, self.state)
    }

    async fn compare_keys(&self) {
        for (number, told) in self.state.kept.receipts.iter().enumerate() {
            let stored = self.load(Some(&key(number))).await.receipt;
            assert_eq!(told.is_some(), stored.is_some(), "key {number}:{}", self.way());
            let (Some(told), Some(stored)) = (told, stored) else { continue };
            self.compare_told(*told, &stored.receipt);
            if let Some(first) = &self.receipts[number] {
                assert_eq!(*first, stored.receipt, "key {number}:{}", self.way());
            }
        }
    }

    /// One entry for each of the model's, in its order, and no more.
    async fn compare_log(&self) {
        let (store, job) = (self.replay.observer.store(), &self.job);
        let page = store.page(&job.world, &job.tenant, 0, PAGE_MAX).await.expect("a log");
        let of_job = |entry: &&LogEntry| {
            [EntryType::Opened, EntryType::Transition, EntryType::Denial]
                .iter()
                .any(|type_| is_of(entry, *type_))
        };
        let found: Vec<&LogEntry> = page.iter().filter(of_job).collect();
        let log = &self.state.kept.log;
        assert_eq!(log.len(), found.len(), "entries:{}", self.way());
        for (at, (entry, found)) in log.iter().zip(found).enumerate() {
            let named = match entry {
                Entry::Opened => is_of(found, EntryType::Opened),
                Entry::Denied { .. } => is_of(found, EntryType::Denial),
                Entry::Moved { intent, from, to, revision } => {
                    let wish = self.protocol.intents[*intent].wish.as_str();
                    is_of(found, EntryType::Transition)
                        && found.leaf.contains(&format!(r#""action":"{wish}""#))
                        && found.leaf.contains(&format!(r#""from":"{}""#, from.as_str()))
                        && found.leaf.contains(&format!(r#""to":"{}""#, to.as_str()))
                        && found.leaf.contains(&format!(r#""revision":{revision}"#))
                }
            };
            assert!(named, "entry {at}: {entry:?} is {}:{}", found.leaf, self.way());
            if let Some(snapshot) = self.snapshots.get(&at) {
                assert_eq!(snapshot.proof_id, found.id, "entry {at}:{}", self.way());
            }
        }
    }

    /// One message for each move, in the order of revisions.
    async fn compare_outbox(&self) {
        let waiting = self.replay.observer.store().waiting(PAGE_MAX).await.expect("an outbox");
        let found: Vec<u64> =
            waiting.iter().filter(|row| row.subject == self.job).map(|row| row.revision).collect();
        let expected: Vec<u64> = (2..=self.state.kept.row.revision).collect();
        assert_eq!(expected, found, "messages:{}", self.way());
    }

    async fn load(&self, key: Option<&str>) -> Standing {
        let ask = Ask {
            world: self.job.world.clone(),
            tenant: self.job.tenant.clone(),
            actor: ActorId::new(WORKER).unwrap(),
            subjects: vec![self.job.clone()],
            key: key.map(|key| CommandKey::new(key).unwrap()),
        };
        let loaded = self.replay.observer.store().load_all(&[ask]).await;
        loaded.expect("a standing").pop().expect("one for each ask")
    }
}

fn is_of(entry: &LogEntry, type_: EntryType) -> bool {
    entry.leaf.contains(&format!(r#""typ":"{}""#, type_.as_str()))
}
