//! Reads what `verify.sql` says of a batch, and lays out what is written.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use hos_core::commit::Commit;
use hos_core::error::Fault;
use hos_core::merkle::Frontier;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::{Log, Prepared, ScopeKey, scope_key};
use crate::decide::{Decision, Facts, Now};
use crate::fault::corrupt;
use crate::frontier::frontier;
use crate::sqlite::fault::classify;
use crate::sqlite::row::{column, count, optional_proof_id, stored_receipt, unchecked};
use crate::sqlite::step::{self, ScopeNumbers};

/// What the rows say of the scopes: their numbers, and the heads of their logs.
#[derive(Default)]
pub(super) struct Found {
    scopes: HashMap<ScopeKey, (Option<ScopeNumbers>, Frontier)>,
}

impl Found {
    pub(super) fn read(
        &mut self,
        commit: &Commit,
        rows: &[&SqliteRow],
        known: Option<&Log>,
    ) -> Result<Facts, Fault> {
        let Some(first) = rows.first() else { return Err(corrupt("fewer answers than commits")) };
        if let Entry::Vacant(scope) = self.scopes.entry(scope_key(commit)) {
            let own: Option<i64> = unchecked(first, verify::SCOPE)?;
            let world: Option<i64> = unchecked(first, verify::WORLD_SCOPE)?;
            let size = count(first, verify::LOG_SIZE)?;
            let frontier = match (unchecked::<Option<&[u8]>>(first, verify::FRONTIER)?, known) {
                (Some(bytes), _) => frontier(size, bytes)?,
                (None, Some(log)) if own.is_some() => log.frontier.clone(),
                (None, _) => Frontier::new(),
            };
            let numbers = own.map(|own| ScopeNumbers { own, world: world.unwrap_or_default() });
            scope.insert((numbers, frontier));
        }
        let generations =
            (count(first, verify::GENERATION)?, count(first, verify::WORLD_GENERATION)?);
        let mut subjects = Vec::with_capacity(commit.changes().len());
        let mut duplicate = false;
        for (at, row) in rows.iter().enumerate() {
            if at < commit.changes().len() {
                let terminal: bool = unchecked(row, verify::TERMINAL)?;
                subjects.push(Now { proof: optional_proof_id(row, verify::PROOF_ID)?, terminal });
            }
            duplicate |= unchecked::<bool>(row, verify::DUPLICATE)?;
        }
        let receipt = match commit.receipt() {
            Some(_) => stored_receipt(first, verify::FINGERPRINT)?,
            None => None,
        };
        Ok(Facts { generations, receipt, duplicate, subjects })
    }

    pub(super) async fn lay_out<'c>(
        mut self,
        connection: &mut SqliteConnection,
        commits: &'c [Commit],
        decisions: Vec<Decision>,
    ) -> Result<Prepared<'c>, Fault> {
        let mut steps = Vec::new();
        let mut last_steps: HashMap<ScopeKey, (u64, usize)> = HashMap::new();
        for (commit, decision) in commits.iter().zip(&decisions) {
            if !decision.is_write() {
                continue;
            }
            let key = scope_key(commit);
            let Some((numbers, frontier)) = self.scopes.get_mut(&key) else { continue };
            let scope = match *numbers {
                Some(scope) => scope,
                None => *numbers.insert(add_scope(connection, &key).await?),
            };
            let base = frontier.size();
            steps.extend(step::steps(commit, scope, frontier, false)?);
            if frontier.size() > base {
                let last = last_steps.entry(key).or_insert((base, 0));
                last.1 = steps.len() - 1;
            }
        }
        let mut heads = Vec::with_capacity(last_steps.len());
        for (key, (base, at)) in last_steps {
            let Some((Some(scope), frontier)) = self.scopes.remove(&key) else { continue };
            if let Some(step) = steps.get_mut(at) {
                step.head = Some((base, frontier.clone()));
            }
            heads.push((key, Log { scope, frontier }));
        }
        Ok(Prepared { decisions, steps, heads })
    }
}

/// Gives a scope that is written to for the first time its number. An empty scope means nothing,
/// so it may stay even when what comes after does not.
async fn add_scope(
    connection: &mut SqliteConnection,
    (world, tenant): &ScopeKey,
) -> Result<ScopeNumbers, Fault> {
    let row = sqlx::query(include_str!("../add_scope.sql"))
        .bind(world.as_str())
        .bind(tenant.as_str())
        .fetch_one(connection)
        .await
        .map_err(classify)?;
    // The world's number is not needed: under the write lock nothing is compared again.
    Ok(ScopeNumbers { own: column(&row, 0)?, world: 0 })
}

/// The columns of `verify.sql`.
mod verify {
    pub(super) const SCOPE: usize = 0;
    pub(super) const GENERATION: usize = 1;
    pub(super) const WORLD_SCOPE: usize = 2;
    pub(super) const WORLD_GENERATION: usize = 3;
    pub(super) const LOG_SIZE: usize = 4;
    pub(super) const FRONTIER: usize = 5;
    pub(super) const PROOF_ID: usize = 6;
    pub(super) const TERMINAL: usize = 7;
    pub(super) const FINGERPRINT: usize = 8;
    pub(super) const DUPLICATE: usize = 10;
}
