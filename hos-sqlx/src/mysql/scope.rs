//! The scopes that a batch rests on: their numbers and generations, held until it ends.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::commit::Commit;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use serde_json::{Value, json};
use sqlx::mysql::MySqlConnection;

use super::fault::classify;
use super::lease::Lease;
use super::numbers::Numbers;
use super::pooled::Pooled;
use super::row::{count, parsed, unchecked};
use crate::standing::raises;

pub(super) type ScopeKey = (World, Tenant);

/// A scope as it is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    pub(super) number: i64,
    pub(super) generation: u64,
}

pub(super) type Scopes = BTreeMap<ScopeKey, Scope>;

pub(super) fn scope_key(commit: &Commit) -> ScopeKey {
    (commit.world().clone(), commit.tenant().clone())
}

/// The scopes that a batch rests on, in the one order in which they are held: worlds first.
pub(super) struct Rests {
    keys: Vec<ScopeKey>,
    /// Whether a generation rises.
    raises: bool,
}

impl Rests {
    pub(super) fn of(commits: &[Commit]) -> Self {
        let mut keys = BTreeSet::new();
        for commit in commits {
            keys.insert((commit.world().clone(), Tenant::world()));
            keys.insert(scope_key(commit));
        }
        let (worlds, tenants): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|(_, tenant)| tenant.is_world());
        let keys = [worlds, tenants].concat();
        let mut standings = commits.iter().filter_map(Commit::standing);
        Self { keys, raises: standings.any(|standing| raises(standing.row())) }
    }

    /// Their numbers, if all are remembered and none is to be held alone.
    pub(super) fn numbers(&self, numbers: &Numbers) -> Option<Vec<i64>> {
        if self.raises {
            return None;
        }
        self.keys.iter().map(|key| numbers.scope(key)).collect()
    }

    /// Those that are not among the held ones.
    pub(super) fn missing(&self, held: &Scopes) -> Vec<ScopeKey> {
        self.keys.iter().filter(|key| !held.contains_key(key)).cloned().collect()
    }

    /// Holds the generations until the transaction ends: shared, or alone where one of them rises.
    pub(super) async fn hold(
        &self,
        connection: &mut MySqlConnection,
        numbers: &Numbers,
    ) -> Result<Scopes, Fault> {
        let text = if self.raises {
            include_str!("scopes_for_change.sql")
        } else {
            include_str!("scopes.sql")
        };
        let names = self.keys.iter();
        let names = names.map(|(world, tenant)| json!([world.as_str(), tenant.as_str()]));
        let names = Value::from(names.collect::<Vec<_>>()).to_string();
        let rows = sqlx::query(text).bind(names).fetch_all(connection).await.map_err(classify)?;
        let mut scopes = Scopes::new();
        for row in &rows {
            let key = (parsed(row, 0, World::new)?, parsed(row, 1, Tenant::from_stored)?);
            let scope = Scope { number: unchecked(row, 2)?, generation: count(row, 3)? };
            numbers.saw_scope(&key, scope.number);
            scopes.insert(key, scope);
        }
        Ok(scopes)
    }
}

/// Gives scopes that are written to for the first time their rows. A scope without anything in it
/// means nothing, so it may stay even when what comes after does not.
pub(super) async fn add_scopes(connections: &Pooled, missing: &[ScopeKey]) -> Result<(), Fault> {
    let mut lease = Lease::at_hand(connections).await?;
    for (world, tenant) in missing {
        let query = sqlx::query(include_str!("add_scope.sql"))
            .bind(world.as_str().as_bytes())
            .bind(tenant.as_str().as_bytes());
        let (connection, watch) = lease.watched();
        watch.over(query.execute(connection)).await.map_err(classify)?;
    }
    lease.release();
    Ok(())
}
