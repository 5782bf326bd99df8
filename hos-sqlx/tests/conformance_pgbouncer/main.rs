//! Every case of the suite on PostgreSQL through PgBouncer in transaction mode, listed by name.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test binary")]

#[path = "../conformance_postgres/ground.rs"]
mod ground;

use std::process::ExitCode;

use hos_services::PgBouncer;
use hos_sqlx::{Pooler, PostgresOptions};

use ground::PostgresFactory;

fn main() -> ExitCode {
    let started = ground::server().and_then(|server| Ok((server, PgBouncer::start(server)?)));
    let (server, bouncer) = match started {
        Ok(started) => started,
        Err(error) => {
            hos_services::skip_or_fail(&error);
            return ExitCode::SUCCESS;
        }
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let factory = PostgresFactory::new(server, move |url| {
        let database = url.rsplit('/').next().unwrap();
        PostgresOptions::new(bouncer.url(database)).pooler(Pooler::Transaction).connections(8)
    });
    hos_conformance::harness::main(factory, move |case| runtime.block_on(case))
}
