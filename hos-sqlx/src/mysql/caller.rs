//! A transaction of the caller's as a store.

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::standing::Standing;
use hos_core::store::{Ask, Store};
use hos_core::subject::Subject;
use serde_json::{Value, json};
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _, MySql, Transaction};
use tokio::sync::Mutex;

use super::call::{self, Argument};
use super::fault::classify_caller;
use super::{commit, load, single};
use crate::known::Remembered;
use crate::within::{Caller, sealed};

/// A borrowed transaction as a store; see [`WithinExt`](crate::WithinExt).
#[derive(Debug)]
pub struct MysqlCaller<'t> {
    // Calls that run at the same time take turns.
    connection: Mutex<&'t mut MySqlConnection>,
}

impl sealed::Sealed for &mut MySqlConnection {}

impl<'t> Caller<'t> for &'t mut MySqlConnection {
    type Store = MysqlCaller<'t>;

    fn into_store(self) -> MysqlCaller<'t> {
        MysqlCaller { connection: Mutex::new(self) }
    }
}

impl sealed::Sealed for &mut Transaction<'_, MySql> {}

impl<'t> Caller<'t> for &'t mut Transaction<'_, MySql> {
    type Store = MysqlCaller<'t>;

    fn into_store(self) -> MysqlCaller<'t> {
        MysqlCaller { connection: Mutex::new(self) }
    }
}

#[async_trait]
impl Store for MysqlCaller<'_> {
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        let mut connection = self.connection.lock().await;
        require_transaction(&connection)?;
        if let Some(fault) = load::too_large(asks) {
            return Err(fault);
        }
        let mut standings = Vec::with_capacity(asks.len());
        for ask in asks {
            standings.push(hold(&mut connection, ask).await?);
        }
        Ok(standings)
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        let mut connection = self.connection.lock().await;
        if let Some(fault) = require_transaction(&connection).err() {
            return commit::every(commits, &fault);
        }
        if let Some(fault) = commit::too_large(commits) {
            return commit::every(commits, &fault);
        }
        let mut outcomes = Vec::with_capacity(commits.len());
        for commit in commits {
            outcomes.push(single::commit_in_caller(&mut connection, commit).await);
        }
        outcomes
    }
}

fn require_transaction(connection: &MySqlConnection) -> Result<(), Fault> {
    if connection.is_in_transaction() {
        return Ok(());
    }
    let message = "not in a transaction; begin one with sqlx's `begin`";
    Err(Fault::new(FaultKind::Transaction, message))
}

/// Answers an ask and holds what it answers until the transaction ends.
async fn hold(connection: &mut MySqlConnection, ask: &Ask) -> Result<Standing, Fault> {
    let mut named: Vec<_> = ask.subjects.iter().enumerate().collect();
    named.sort_by_key(|(_, subject)| *subject);
    let name = |(place, subject): (usize, &Subject)| {
        json!([place, subject.kind.as_str(), subject.id.as_str()])
    };
    let mut subjects: Vec<Value> = named.into_iter().map(name).collect();
    if subjects.is_empty() {
        subjects.push(json!([0, null, null]));
    }
    let arguments = [
        Argument::name(ask.world.as_str()),
        Argument::name(ask.tenant.as_str()),
        Argument::name(ask.actor.as_str()),
        Argument::Bytes(ask.key.as_ref().map(|key| key.as_bytes().to_vec())),
        Argument::Text(Some(Value::from(subjects).to_string())),
    ];
    // Safe because every argument is digits.
    let text = AssertSqlSafe(call::text("hos_hold", &arguments));
    let rows = sqlx::raw_sql(text).fetch_all(connection).await.map_err(classify_caller)?;
    let rows = load::in_order(rows)?;
    load::standing(ask, &rows.iter().collect::<Vec<_>>(), Remembered::of(None, ask))
}
