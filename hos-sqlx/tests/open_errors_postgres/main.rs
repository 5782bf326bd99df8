//! What a PostgreSQL that is not right answers: a typed fault or a retry that nobody sees, and
//! nothing half written.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test binary")]

#[path = "../support/audit.rs"]
mod audit;
#[cfg_attr(feature = "mysql", expect(dead_code, reason = "MariaDB is struck elsewhere"))]
#[path = "../support/backend.rs"]
mod backend;
#[path = "../support/certificate.rs"]
mod certificate;
mod door;
mod encryption;
#[path = "../support/job.rs"]
mod job;
mod lost;
mod migrators;
mod parting;
mod pressure;
#[path = "../support/proxy.rs"]
mod proxy;
mod transaction;
mod wall;

use hos_core::error::{Fault, FaultKind};
use hos_services::{Postgres, shared};
use hos_sqlx::{PostgresOptions, PostgresStore};

/// The server that these tests share. None, loudly, where it cannot be started.
fn server() -> Option<&'static Postgres> {
    shared::postgres().inspect_err(hos_services::skip_or_fail).ok()
}

/// A database's name in its address.
fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

/// Runs a text as the superuser.
fn superuser(url: &str, sql: &str) -> String {
    shared::postgres().unwrap().query(name(url), sql, &[]).unwrap()
}

/// What kind of fault opening ends with.
async fn kind(options: PostgresOptions) -> FaultKind {
    fault(options).await.kind()
}

async fn fault(options: PostgresOptions) -> Fault {
    match PostgresStore::open_with(options).await {
        Ok(_) => panic!("it was opened"),
        Err(fault) => fault,
    }
}
