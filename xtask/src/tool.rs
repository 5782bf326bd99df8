//! Cargo's subcommands that the gates need, each at a pinned version.

use crate::failure::Failure;
use crate::step::Step;

/// A cargo subcommand that does not come with the toolchain.
#[derive(Debug)]
pub(crate) struct Tool {
    subcommand: &'static str,
    package: &'static str,
    version: &'static str,
}

pub(crate) const DENY: Tool = Tool { subcommand: "deny", package: "cargo-deny", version: "0.20.2" };
pub(crate) const FUZZ: Tool = Tool { subcommand: "fuzz", package: "cargo-fuzz", version: "0.13.2" };
pub(crate) const HACK: Tool = Tool { subcommand: "hack", package: "cargo-hack", version: "0.6.46" };
pub(crate) const MUTANTS: Tool =
    Tool { subcommand: "mutants", package: "cargo-mutants", version: "27.1.0" };

impl Tool {
    /// Installs the pinned version unless some version answers already.
    pub(crate) fn ensure(&self) -> Result<(), Failure> {
        if Step::cargo([self.subcommand, "--version"]).output().is_ok() {
            return Ok(());
        }
        Step::cargo(["install", "--locked", self.package, "--version", self.version]).run()
    }
}

/// Whether a nightly toolchain answers; fuzzing needs its sanitizers.
pub(crate) fn has_nightly() -> bool {
    Step::cargo(["+nightly", "--version"]).output().is_ok()
}
