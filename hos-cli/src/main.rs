#![doc = include_str!("../README.md")]

mod archive;
mod arguments;
mod bundle;
mod bundling;
mod check;
mod completions;
mod database;
mod doctor;
mod erase;
mod exit;
mod explain;
mod facts;
mod fsck;
mod graph;
mod keys;
mod law;
mod manual;
mod migrate;
mod moving;
mod replay;
mod scope;
mod seal;
mod secret;
mod table;
mod tail;
mod vaults;
mod verify;
mod voice;
mod writing;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use arguments::{Arguments, Order};
use exit::{Exit, Trouble};
use voice::Voice;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return exit::usage(&error),
    };
    tell_alarms();
    let voice = Voice::new(arguments.json);
    let exit = match obey(&voice, arguments.order).await {
        Ok(exit) => exit,
        Err(trouble) => voice.trouble(&trouble),
    };
    exit.into()
}

/// What the law warns of beside its answers, as an entry that is set aside, goes to standard error.
fn tell_alarms() {
    let ours = Targets::new().with_target("hos", LevelFilter::WARN);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}

async fn obey(voice: &Voice, order: Order) -> Result<Exit, Trouble> {
    match order {
        Order::Archive(order) => archive::obey(voice, &order).await,
        Order::Bundle(order) => bundling::obey(voice, &order).await,
        Order::Check(order) => check::obey(voice, &order),
        Order::Completions(order) => completions::obey(voice, &order),
        Order::Doctor(order) => doctor::obey(voice, &order).await,
        Order::Erase(order) => erase::obey(voice, &order).await,
        Order::Explain(order) => explain::obey(voice, &order).await,
        Order::Fsck(order) => fsck::obey(voice, &order).await,
        Order::Graph(order) => graph::obey(voice, &order),
        Order::Manual(order) => manual::obey(voice, &order),
        Order::Migrate(order) => migrate::obey(voice, &order).await,
        Order::Move(order) => moving::obey(voice, &order).await,
        Order::Replay(order) => replay::obey(voice, &order),
        Order::Seal(order) => seal::obey(voice, &order).await,
        Order::Table(order) => table::obey(voice, &order),
        Order::Tail(order) => tail::obey(voice, &order).await,
        Order::Verify(order) => verify::obey(voice, &order).await,
    }
}
