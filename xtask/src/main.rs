//! The workspace's own commands. `cargo xtask --help` lists them.
#![expect(clippy::print_stdout, reason = "what this binary makes is what it prints")]

mod campaign;
mod cli;
mod clock;
mod failure;
mod gate;
mod interrupt;
mod services;
mod step;
mod system;
mod tool;
mod tree;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::step::Step;

fn main() -> ExitCode {
    match obey(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn obey(command: Command) -> Result<(), Failure> {
    match command {
        Command::Test => gate::test(),
        Command::Ci => gate::ci(),
        Command::Campaign(order) => campaign::obey(&order),
        Command::Bless => bless().run(),
        Command::Smoke => smoke().run(),
        Command::Services => services::run(),
    }
}

/// Every golden test rewrites its file, so one failing test must not stop the others.
fn bless() -> Step {
    Step::cargo(["test", "--workspace", "--all-features", "--no-fail-fast"]).env("HOS_BLESS", "1")
}

/// The test starts the release server itself, on a free port, and waits for its health.
fn smoke() -> Step {
    Step::cargo(["test", "--release", "--locked", "-p", "pazar", "--test", "smoke"])
}
