//! The scopes that a batch rests on: their numbers and generations, held until it ends.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hos_core::commit::Commit;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use serde_json::{Value, json};
use sqlx::MySql;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::fault::classify;
use super::lease::Lease;
use super::lines::Lines;
use super::numbers::Numbers;
use super::row::{count, parsed, unchecked};
use crate::connections::Connections;
use crate::standing::raises;

static SCOPES_BY_NUMBER: LazyLock<Lines> =
    LazyLock::new(|| Lines::new(include_str!("scopes_by_number.sql")));

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

/// Holds the generations until the transaction ends: shared, or alone where one of them rises.
/// Answers the scopes that have no row yet where there are any.
pub(super) async fn hold_scopes(
    connection: &mut MySqlConnection,
    commits: &[Commit],
    numbers: &Numbers,
) -> Result<Result<Scopes, Vec<ScopeKey>>, Fault> {
    let keys = scope_keys(commits);
    let raises = keys.values().any(|raised| *raised);
    if !raises && let Some(scopes) = hold_known(connection, &keys, numbers).await? {
        return Ok(Ok(scopes));
    }
    let scopes = hold_named(connection, &keys, raises).await?;
    for (key, scope) in &scopes {
        numbers.saw_scope(key, scope.number);
    }
    let missing: Vec<ScopeKey> = keys.into_keys().filter(|key| !scopes.contains_key(key)).collect();
    Ok(if missing.is_empty() { Ok(scopes) } else { Err(missing) })
}

/// The scopes that commits rest on, in the one order in which they are held, and whether each of
/// them changes.
fn scope_keys(commits: &[Commit]) -> BTreeMap<ScopeKey, bool> {
    let mut keys = BTreeMap::new();
    for commit in commits {
        let raised = commit.standing().is_some_and(|standing| raises(standing.row()));
        keys.entry((commit.world().clone(), Tenant::world())).or_insert(false);
        *keys.entry(scope_key(commit)).or_insert(false) |= raised;
    }
    keys
}

/// Finds them by their numbers; none unless each is remembered and still has its name.
async fn hold_known(
    connection: &mut MySqlConnection,
    keys: &BTreeMap<ScopeKey, bool>,
    numbers: &Numbers,
) -> Result<Option<Scopes>, Fault> {
    let known: Option<Vec<i64>> = keys.keys().map(|key| numbers.scope(key)).collect();
    let Some(known) = known else { return Ok(None) };
    let scopes = read(&SCOPES_BY_NUMBER.fetch(connection, &known).await?)?;
    Ok(keys.keys().all(|key| scopes.contains_key(key)).then_some(scopes))
}

async fn hold_named(
    connection: &mut MySqlConnection,
    keys: &BTreeMap<ScopeKey, bool>,
    raises: bool,
) -> Result<Scopes, Fault> {
    let text =
        if raises { include_str!("scopes_for_change.sql") } else { include_str!("scopes.sql") };
    let names = keys.keys().map(|(world, tenant)| json!([world.as_str(), tenant.as_str()]));
    let names = Value::from(names.collect::<Vec<_>>()).to_string();
    let rows = sqlx::query(text).bind(names).fetch_all(connection).await.map_err(classify)?;
    read(&rows)
}

fn read(rows: &[MySqlRow]) -> Result<Scopes, Fault> {
    let scope = |row| {
        let key = (parsed(row, 0, World::new)?, parsed(row, 1, Tenant::from_stored)?);
        Ok((key, Scope { number: unchecked(row, 2)?, generation: count(row, 3)? }))
    };
    rows.iter().map(scope).collect()
}

/// Gives scopes that are written to for the first time their rows. A scope without anything in it
/// means nothing, so it may stay even when what comes after does not.
pub(super) async fn add_scopes(
    connections: &Connections<MySql>,
    missing: &[ScopeKey],
) -> Result<(), Fault> {
    let mut lease = Lease::at_hand(connections).await?;
    for (world, tenant) in missing {
        sqlx::query(include_str!("add_scope.sql"))
            .bind(world.as_str().as_bytes())
            .bind(tenant.as_str().as_bytes())
            .execute(lease.connection())
            .await
            .map_err(classify)?;
    }
    lease.release();
    Ok(())
}
