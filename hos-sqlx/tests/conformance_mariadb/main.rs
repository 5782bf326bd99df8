//! Every case of the suite on MariaDB, listed by name.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test binary")]

mod ground;

use std::process::ExitCode;
use std::sync::Arc;

use ground::MariaDbFactory;
use hos_services::MariaDb;

fn main() -> ExitCode {
    // Each case has tables of its own, and nothing here is meant to outlive the machine.
    let server = match MariaDb::start_with(&[("innodb-flush-method", "nosync")]) {
        Ok(server) => server,
        Err(error) => {
            hos_services::skip_or_fail(&error);
            return ExitCode::SUCCESS;
        }
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let factory = MariaDbFactory {
        server: Arc::new(server),
        options: |url| hos_sqlx::MysqlOptions::new(url),
    };
    hos_conformance::harness::main(factory, move |case| runtime.block_on(case))
}
