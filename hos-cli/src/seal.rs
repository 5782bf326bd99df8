//! `hos seal`.

mod act;
mod attest;
mod epoch;
mod made;
mod rounds;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use hos_core::seal::{MemoryKeeper, Signer as _};
use hos_work::DirectoryKeeper;
use serde_json::json;

use crate::database::DatabaseArguments;
use crate::exit::{Exit, Trouble};
use crate::keys::KeyArguments;
use crate::scope::join;
use crate::vaults::options;
use crate::voice::Voice;

/// Seals the logs of a database: numbers what waits, signs checkpoints, anchors them.
///
/// Beside the world, in as many processes as you like. An entry is proof from its seal on. The keys
/// come from a file that is open to its owner only, or from the environment; one that is missing,
/// damaged or of another deployment is said, and none is ever made in its place.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Seal {
    #[command(subcommand)]
    order: Option<Other>,
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    keys: KeyArguments,
    /// The directory in which the last note of each log is remembered, on another disk than the
    /// database's and never in its backups: without it a restored backup is signed upon unseen.
    #[arg(long, value_name = "DIR")]
    keeper: Option<PathBuf>,
    /// Seals and anchors what is there, and ends.
    #[arg(long, conflicts_with_all = ["every", "anchor_every"])]
    once: bool,
    /// How long after the begin of one round the next one begins, such as 250ms, 1s, 2m.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    every: Duration,
    /// How long after one round of the deployment's log the next one comes, such as 1h.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    anchor_every: Duration,
}

/// What else there is to be done about seals.
#[derive(Debug, Subcommand)]
enum Other {
    Announce(made::Announce),
    Attest(attest::Attest),
    Checkpoint(attest::Head),
    Epoch(epoch::Epoch),
    NewKey(made::NewKey),
    Policy(made::Policy),
}

/// Seals, or makes what is needed to.
pub(crate) async fn obey(voice: &Voice, order: &Seal) -> Result<Exit, Trouble> {
    match &order.order {
        Some(Other::Announce(order)) => made::announce(voice, order).await,
        Some(Other::Attest(order)) => attest::attest(voice, order).await,
        Some(Other::Checkpoint(order)) => attest::checkpoint(voice, order).await,
        Some(Other::Epoch(order)) => epoch::obey(voice, order).await,
        Some(Other::NewKey(order)) => made::new_key(voice, order).await,
        Some(Other::Policy(order)) => made::policy(voice, order),
        None => seal(voice, order).await,
    }
}

async fn seal(voice: &Voice, order: &Seal) -> Result<Exit, Trouble> {
    let keys = order.keys.require()?;
    let names: Vec<String> = keys.keys().iter().map(ToString::to_string).collect();
    let keeper = order.keeper.as_ref().map(DirectoryKeeper::open).transpose()?;
    let opened = order.database.parse()?.open().await?;
    let hos = join(&opened, [], options(None)).await?;
    let sealer = match keeper {
        Some(keeper) => hos.sealer(keys, keeper)?,
        None => {
            voice.warn("without `--keeper` a restored backup is signed upon unseen");
            hos.sealer(keys, MemoryKeeper::default())?
        }
    };
    voice.line(format_args!("sealing under {}", names.join(" and ")));
    if order.once {
        return rounds::once(voice, &sealer, &opened).await;
    }
    voice.document("seal", json!({"keys": names, "event": "begin"}));
    rounds::forever(voice, &sealer, &opened, (order.every, order.anchor_every)).await
}

/// Reads a length of time: an integer and `ms`, `s`, `m` or `h`; 10 ms to a day.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match text.strip_prefix(digits) {
        Some("ms") => 1,
        Some("s") => 1_000,
        Some("m") => 60_000,
        Some("h") => 3_600_000,
        _ => return Err("write it as 250ms, 1s, 2m or 1h".to_owned()),
    };
    let count = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit));
    let count = count.filter(|count| (EVERY_MS_MIN..=EVERY_MS_MAX).contains(count));
    count.map(Duration::from_millis).ok_or_else(|| "10ms to 24h are expected".to_owned())
}

const EVERY_MS_MIN: u64 = 10;
const EVERY_MS_MAX: u64 = 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read() {
        for (text, millis) in [("250ms", 250), ("1s", 1_000), ("2m", 120_000), ("1h", 3_600_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)));
        }
        for text in ["", "s", "1", "1ms", "25h", "-1s", "1.5s", "99999999999999999999h", "1 s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
