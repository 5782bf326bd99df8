//! `hos doctor`.

mod seals;

use clap::Args;
use hos_sqlx::doctor::{Checkup, Level};
use hos_sqlx::{MysqlStore, PostgresStore, SqliteStore};
use serde_json::json;

use crate::database::{Database, DatabaseArguments};
use crate::exit::{Exit, Trouble};
use crate::keys::KeyArguments;
use crate::voice::{BAD, GOOD, Voice, WARNING};

use seals::Look;

/// Looks at a database as an operator should know it, and says what to do.
///
/// Server and its version, isolation, SQLite's library, pooler, clocks, schema, rights, triggers
/// and row-level security, and what waits: proofs, seals, messages, timers, partitions.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    keys: KeyArguments,
}

/// Looks, and ends as the worst of what was found.
pub(crate) async fn obey(voice: &Voice, order: &Doctor) -> Result<Exit, Trouble> {
    let checkups = match order.database.parse()? {
        Database::Sqlite(path) => SqliteStore::examine(path).await?,
        Database::Postgres(options) => PostgresStore::examine(&options).await?,
        Database::Mysql(options) => MysqlStore::examine(&options).await?,
    };
    let mut looks: Vec<Look> = checkups.into_iter().map(Look::from).collect();
    if looks.iter().any(|look| look.name == "schema" && look.level == Level::Good) {
        looks.extend(seals::look(order.database.parse()?, &order.keys).await);
    }
    let worst = looks.iter().map(|look| look.level).max().unwrap_or(Level::Good);
    let rows = looks.iter().map(|look| {
        let Look { name, level, found, advice } = look;
        json!({"name": name, "level": level.as_str(), "found": found, "advice": advice})
    });
    let rows: Vec<_> = rows.collect();
    voice.document("doctor", json!({"worst": worst.as_str(), "checks": rows}));
    for Look { name, level, found, advice } in &looks {
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

impl From<Checkup> for Look {
    fn from(checkup: Checkup) -> Self {
        let Checkup { name, level, found, advice, .. } = checkup;
        Self { name, level, found, advice }
    }
}
