//! What is remembered of actors between asks.

use std::sync::Arc;

use hos_core::error::Fault;
use hos_core::id::{ActorId, Tenant, World};
use hos_core::standing::{ActorStanding, Modes, Standing};
use hos_core::store::Ask;
use hos_core::weave::point;

use crate::cache::{self, Cache};

use crate::fault::corrupt;
use crate::standing::StandingRows;

/// How many different standings, and different modes, are kept once for all who share them.
const SHAPES: u64 = 1_024;

/// What is remembered of an actor in a tenant: everything but subjects and receipts.
///
/// It is true as long as the sum of all generations of tenant and world is the one that it was
/// read with, for each of them only ever rises. The statement that loads compares it.
///
/// Many actors stand alike, and most tenants have the same modes: what is equal is kept once, so
/// that what ten thousand actors may do is read from near memory.
#[derive(Debug)]
pub(crate) struct Known {
    standings: Cache<Who, (i64, Standing)>,
    actors: Cache<Arc<ActorStanding>, Arc<ActorStanding>>,
    modes: Cache<Arc<Modes>, Arc<Modes>>,
}

type Who = (World, Tenant, ActorId);

impl Known {
    pub(crate) fn new(capacity: u64) -> Self {
        Self {
            standings: cache::of_items(capacity),
            actors: cache::of_items(SHAPES),
            modes: cache::of_items(SHAPES),
        }
    }

    /// The standing and the sum of generations that it was read with.
    pub(crate) fn get(&self, ask: &Ask) -> Option<(i64, Standing)> {
        point();
        self.standings.get(&who(ask))
    }

    /// Remembers a standing, and gives it back as it is kept.
    pub(crate) fn insert(&self, ask: &Ask, generation: i64, standing: Standing) -> Standing {
        let standing = Standing {
            actor: once(&self.actors, standing.actor),
            modes: once(&self.modes, standing.modes),
            ..standing
        };
        point();
        self.standings.insert(who(ask), (generation, standing.clone()));
        standing
    }
}

/// What is remembered of an ask, while a statement says whether it still holds.
pub(crate) struct Remembered<'k> {
    known: Option<&'k Known>,
    standing: Option<(i64, Standing)>,
}

impl<'k> Remembered<'k> {
    /// Nothing, where nothing may be remembered: what a caller's transaction sees may yet be rolled
    /// back.
    pub(crate) fn of(known: Option<&'k Known>, ask: &Ask) -> Self {
        Self { known, standing: known.and_then(|known| known.get(ask)) }
    }

    /// The sum of generations that the statement compares.
    pub(crate) fn generation(&self) -> Option<i64> {
        self.standing.as_ref().map(|(generation, _)| *generation)
    }

    /// The standing, from what the statement answered: the sum of generations as it is, and with it
    /// a fresh standing as JSON, unless what is remembered holds.
    pub(crate) fn settle(
        self,
        ask: &Ask,
        generation: i64,
        fresh: Option<&str>,
    ) -> Result<Standing, Fault> {
        let Some(json) = fresh else {
            let remembered = self.standing.map(|(_, standing)| standing);
            return remembered.ok_or_else(|| corrupt("no standing"));
        };
        let rows: StandingRows =
            serde_json::from_str(json).map_err(|error| corrupt("a standing").caused_by(error))?;
        let standing = rows.standing(&ask.tenant)?;
        Ok(match self.known {
            Some(known) => known.insert(ask, generation, standing),
            None => standing,
        })
    }
}

fn who(ask: &Ask) -> Who {
    (ask.world.clone(), ask.tenant.clone(), ask.actor.clone())
}

fn once<T>(kept: &Cache<Arc<T>, Arc<T>>, value: Arc<T>) -> Arc<T>
where
    T: std::hash::Hash + Eq,
{
    kept.get(&value).unwrap_or_else(|| {
        kept.insert(Arc::clone(&value), Arc::clone(&value));
        value
    })
}
