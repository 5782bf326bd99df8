//! Every case of the suite on PostgreSQL, listed by name.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test binary")]

mod ground;

use std::process::ExitCode;

use hos_sqlx::PostgresOptions;

use ground::PostgresFactory;

fn main() -> ExitCode {
    let server = match ground::server() {
        Ok(server) => server,
        Err(error) => {
            hos_services::skip_or_fail(&error);
            return ExitCode::SUCCESS;
        }
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let factory = PostgresFactory::new(server, |url| PostgresOptions::new(url).connections(8));
    hos_conformance::harness::main(factory, move |case| runtime.block_on(case))
}
