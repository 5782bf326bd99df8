//! How the transaction of a batch begins and ends: each is several statements in one message.
//!
//! They are texts, because what is prepared is one statement. Nothing in them but digits comes from
//! outside: numbers, and the ids of entries in hexadecimal.

use std::collections::HashMap;
use std::fmt::Write as _;

use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::proof::Entry;
use sqlx::AssertSqlSafe;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::fault::{classify, classify_commit};
use super::row::{count, parsed, unchecked};
use super::scope::{Scope, Scopes};
use super::verify::{Held, read_subject};
use crate::decide::Now;
use crate::encoding::hex;

/// What is held when a transaction has begun.
#[derive(Default)]
pub(super) struct Begun {
    pub(super) scopes: Scopes,
    /// By their numbers.
    pub(super) subjects: HashMap<i64, (Now, Held)>,
}

impl Begun {
    fn add(&mut self, row: &MySqlRow) -> Result<(), Fault> {
        if unchecked::<i64>(row, 0)? == 0 {
            let key = (parsed(row, 1, World::new)?, parsed(row, 2, Tenant::from_stored)?);
            let scope = Scope { number: unchecked(row, 3)?, generation: count(row, 4)? };
            self.scopes.insert(key, scope);
        } else {
            self.subjects.insert(unchecked(row, 1)?, read_subject(row, 1)?);
        }
        Ok(())
    }
}

/// Begins a transaction and holds rows until it ends, in the order in which they are named: scopes
/// shared, subjects alone.
pub(super) async fn begin(
    connection: &mut MySqlConnection,
    scopes: &[i64],
    subjects: &[i64],
) -> Result<Begun, Fault> {
    let mut text = "START TRANSACTION".to_owned();
    for (statement, numbers) in [
        (include_str!("scopes_by_number.sql"), scopes),
        (include_str!("subjects_by_number.sql"), subjects),
    ] {
        if !numbers.is_empty() {
            let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
            text.push_str(";\n");
            text.push_str(&statement.replace("{numbers}", &numbers.join(", ")));
        }
    }
    // Safe because every number is digits.
    let rows = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(connection).await.map_err(classify)?;
    let mut begun = Begun::default();
    for row in &rows {
        begun.add(row)?;
    }
    Ok(begun)
}

/// Lets entries wait for their places, in this order, and commits.
pub(super) async fn commit(
    connection: &mut MySqlConnection,
    pending: impl Iterator<Item = (&Entry, i64)>,
) -> Result<(), Fault> {
    let mut text = String::new();
    for (entry, scope) in pending {
        let start =
            if text.is_empty() { "INSERT INTO hos_pending (scope, entry) VALUES\n" } else { ",\n" };
        let entry = hex(entry.id().as_bytes());
        // OK because writing to a string cannot fail.
        let _infallible = write!(text, "{start}({scope}, x'{entry}')");
    }
    if !text.is_empty() {
        text.push_str(";\n");
    }
    text.push_str("COMMIT");
    // Safe because numbers and ids are digits. The first that fails is the last that is executed.
    let done = sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await;
    done.map(drop).map_err(classify_commit)
}
