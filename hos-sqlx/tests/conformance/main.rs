//! Every case of the suite on SQLite, listed by name.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test binary")]

mod ground;

use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    hos_conformance::harness::main(ground::SqliteFactory, move |case| runtime.block_on(case))
}
