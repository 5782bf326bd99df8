//! Runs the suite as a test binary that lists every case by its name.

use std::process::ExitCode;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use libtest_mimic::{Arguments, Trial};

use crate::case::Case;
use crate::cases::cases;
use crate::ground::Factory;

/// Runs every case on a backend, with the arguments of the command line.
///
/// For a test target with `harness = false`. `block_on` drives one case to its end, on the
/// runtime that the backend needs.
///
/// ```no_run
/// use hos_conformance::ground::MemoryFactory;
///
/// fn main() -> std::process::ExitCode {
///     hos_conformance::harness::main(MemoryFactory, |case| futures_executor::block_on(case))
/// }
/// ```
pub fn main(
    factory: impl Factory + 'static,
    block_on: impl Fn(BoxFuture<'_, ()>) + Send + Sync + 'static,
) -> ExitCode {
    let arguments = Arguments::from_args();
    let stand = Arc::new((factory, block_on));
    let trial = |case: Case| {
        let stand = Arc::clone(&stand);
        Trial::test(case.name(), move || {
            let (factory, block_on) = &*stand;
            block_on(case.run(factory));
            Ok(())
        })
    };
    let trials = cases().into_iter().map(trial).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
