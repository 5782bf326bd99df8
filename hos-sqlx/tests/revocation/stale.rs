//! A planted fault: a store that goes on answering what somebody once had, under the generations
//! of now, as if a cache were never told and a write compared nothing. Who never had anything is
//! not told that a law came into force.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hos_conformance::watched::fronted;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::Fault;
use hos_core::id::{ActorId, Tenant};
use hos_core::standing::{Standing, WorldStatus};
use hos_core::store::{Ask, Backend, Store};

pub(crate) fn stale(inner: impl Backend + 'static) -> impl Backend {
    let inner: Arc<dyn Backend> = Arc::new(inner);
    let front =
        Stale { inner: Arc::clone(&inner), had: Mutex::default(), status: Mutex::default() };
    fronted(Box::new(front), inner)
}

struct Stale {
    inner: Arc<dyn Backend>,
    had: Mutex<BTreeMap<(Tenant, ActorId), Standing>>,
    /// The generation of the world's status as it was seen first.
    status: Mutex<Option<u64>>,
}

impl Stale {
    fn by_heart(&self, ask: &Ask, now: Standing) -> Standing {
        let mut had = self.had.lock().unwrap_or_else(PoisonError::into_inner);
        let whose = (ask.tenant.clone(), ask.actor.clone());
        let actor = &now.actor;
        let has = !(actor.roles.is_empty()
            && actor.world_roles.is_empty()
            && actor.grants.is_empty()
            && now.modes.is_enforced());
        if has && !actor.banned && now.world == Some(WorldStatus::Open) {
            had.insert(whose, now.clone());
            return now;
        }
        match had.get(&whose).cloned() {
            Some(Standing { world, actor, modes, .. }) => Standing { world, actor, modes, ..now },
            None => {
                let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
                let mut now = now;
                now.versions.world.status = *status.get_or_insert(now.versions.world.status);
                now
            }
        }
    }
}

#[async_trait]
impl Store for Stale {
    fn recall(&self, _: &Ask) -> Option<Standing> {
        None
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        let now = self.inner.load_all(asks).await?;
        Ok(asks.iter().zip(now).map(|(ask, now)| self.by_heart(ask, now)).collect())
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        self.inner.commit_all(commits).await
    }
}
