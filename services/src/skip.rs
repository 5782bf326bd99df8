//! A machine without the servers.

use crate::ServiceError;

/// Says on standard error that a test is skipped because its server cannot run.
///
/// # Panics
///
/// Where the environment's `CI` is set and not empty: there, a skip is a failure.
#[track_caller]
#[expect(clippy::panic, reason = "it fails the test that calls it")]
#[expect(clippy::print_stderr, reason = "a skip is loud")]
pub fn skip_or_fail(error: &ServiceError) {
    if std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
        panic!("SKIPPED in CI: {error}");
    }
    eprintln!("SKIPPED: {error}");
}
