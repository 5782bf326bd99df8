//! `hos doctor`.

use clap::Args;
use hos_sqlx::doctor::{Checkup, Level};
use hos_sqlx::{MysqlStore, PostgresStore, SqliteStore};
use serde_json::json;

use crate::database::{Database, DatabaseArguments};
use crate::exit::{Exit, Trouble};
use crate::voice::{BAD, GOOD, Voice, WARNING};

/// Looks at a database as an operator should know it, and says what to do.
///
/// Server and its version, isolation, SQLite's library, pooler, clocks, schema, rights, triggers
/// and row-level security, and what waits: proofs, messages, timers, partitions.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    database: DatabaseArguments,
}

/// Looks, and ends as the worst of what was found.
pub(crate) async fn obey(voice: &Voice, order: &Doctor) -> Result<Exit, Trouble> {
    let checkups = match order.database.parse()? {
        Database::Sqlite(path) => SqliteStore::examine(path).await?,
        Database::Postgres(options) => PostgresStore::examine(&options).await?,
        Database::Mysql(options) => MysqlStore::examine(&options).await?,
    };
    let worst = checkups.iter().map(|checkup| checkup.level).max().unwrap_or(Level::Good);
    let rows = checkups.iter().map(|checkup| {
        let Checkup { name, level, found, advice, .. } = checkup;
        json!({"name": name, "level": level.as_str(), "found": found, "advice": advice})
    });
    let rows: Vec<_> = rows.collect();
    voice.document("doctor", json!({"worst": worst.as_str(), "checks": rows}));
    for Checkup { name, level, found, advice, .. } in &checkups {
        let style = match level {
            Level::Good => GOOD,
            Level::Warning => WARNING,
            Level::Failure => BAD,
        };
        let word = format!("{:<8}", level.as_str());
        voice.styled(style, &word, format_args!("{name:<20} {found}"));
        if !advice.is_empty() {
            voice.line(format_args!("{:<29}{advice}", ""));
        }
    }
    Ok(match worst {
        Level::Good => Exit::Done,
        Level::Warning => Exit::Warned,
        Level::Failure => Exit::Wrong,
    })
}
