//! A machine without the servers.

use crate::ServiceError;

/// Says on standard error that a test is skipped because its server cannot run.
///
/// # Panics
///
/// Where the environment's `CI` is set and not empty: there, a skip is a failure.
#[track_caller]
pub fn skip_or_fail(error: &ServiceError) {
    tell(error, std::env::var_os("CI").is_some_and(|value| !value.is_empty()));
}

#[track_caller]
#[expect(clippy::panic, reason = "it fails the test that calls it")]
#[expect(clippy::print_stderr, reason = "a skip is loud")]
fn tell(error: &ServiceError, is_ci: bool) {
    if is_ci {
        panic!("SKIPPED in CI: {error}");
    }
    eprintln!("SKIPPED: {error}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing() -> ServiceError {
        ServiceError::Missing { program: "initdb".to_owned(), package: "postgresql".to_owned() }
    }

    #[test]
    fn a_skip_passes_on_a_laptop() {
        tell(&missing(), false);
    }

    #[test]
    #[should_panic(expected = "SKIPPED in CI: `initdb` is missing; run `cargo xtask test`")]
    fn a_skip_fails_in_ci() {
        tell(&missing(), true);
    }
}
