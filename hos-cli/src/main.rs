#![doc = include_str!("../README.md")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its operator")]

mod arguments;
mod database;
mod exit;
mod migrate;
mod moving;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Order};

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().order {
        Order::Move(order) => moving::obey(&order).await,
        Order::Migrate(order) => migrate::obey(&order).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => exit::tell(&fault),
    }
}
