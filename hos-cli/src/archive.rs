//! `hos archive`, and archives by themselves.

mod told;
pub(crate) mod verifying;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use hos_archive::{Archivist, DirectoryTarget};
use hos_core::actor::Actor;
use hos_core::error::{Error, Refusal};
use hos_core::hos::Hos;
use hos_core::id::{Tenant, World};
use hos_core::proof::{PAGE_MAX, SegmentRecord};

use crate::database::{DatabaseArguments, Opened};
use crate::exit::{Exit, Trouble};
use crate::facts::bag;
use crate::law::law;
use crate::scope::{actor, join, logs, nowhere};
use crate::vaults::{self, VaultArguments};
use crate::verify::bar;
use crate::voice::Voice;

use told::Told;

/// Moves old entries of the logs of a world into files that prove themselves, or brings them back.
///
/// What is sealed and old goes, in whole segments: files are written and read back, an entry
/// records them, and then their rows go. The actor is judged by the policy of the law in force, in
/// the whole world (the ability `hos.archive`). While somebody of a tenant is held, nothing of its
/// log goes; the others' does. Broken off anywhere, the same command goes on.
#[derive(Debug, Args)]
pub(crate) struct Archive {
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    vault: VaultArguments,
    /// The world.
    #[arg(long)]
    world: String,
    /// Only this tenant; `@world` is the world itself.
    #[arg(long)]
    tenant: Option<String>,
    /// The directory of the archive, on another disk than the database's.
    #[arg(long, value_name = "DIR")]
    target: PathBuf,
    /// The law of the world, as it is in force: the database has its digest only.
    #[arg(long, value_name = "FILE", required_unless_present = "due")]
    law: Option<PathBuf>,
    /// Who does it: the opaque id of an actor whom the policy permits it.
    #[arg(long, required_unless_present = "due")]
    actor: Option<String>,
    /// What sort of actor: user, service, job or webhook.
    #[arg(long, default_value = "user")]
    actor_kind: String,
    /// A claim of the actor, `name=value`; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    claim: Vec<String>,
    /// How old entries are before they go, such as 90d or 12h.
    #[arg(long, value_name = "AGE", default_value = "90d", value_parser = age)]
    older_than: Duration,
    /// Tells what is due, and does nothing.
    #[arg(long, conflicts_with = "restore")]
    due: bool,
    /// Brings the segments back that hold these indexes, such as 0..256.
    #[arg(long, value_name = "FROM..TO", requires = "tenant", value_parser = range)]
    restore: Option<(u64, u64)>,
    /// Takes the segments away again that were brought back and hold these indexes: their files are
    /// written anew, without the parts that were erased meanwhile.
    #[arg(long, value_name = "FROM..TO", requires = "tenant", value_parser = range)]
    #[arg(conflicts_with_all = ["restore", "due"])]
    again: Option<(u64, u64)>,
}

/// What an order is carried out with.
struct Bench {
    hos: Hos,
    archivist: Archivist,
    world: World,
    tenants: Vec<Tenant>,
}

/// Archives, restores, or says what is due.
pub(crate) async fn obey(voice: &Voice, order: &Archive) -> Result<Exit, Trouble> {
    let bench = bench(order).await?;
    match (order.restore, order.again) {
        (Some(range), _) => restore(voice, &bench, range).await,
        (None, Some(range)) => again(voice, &bench, range).await,
        (None, None) if order.due => due(voice, &bench).await,
        (None, None) => archive(voice, &bench).await,
    }
}

async fn bench(order: &Archive) -> Result<Bench, Trouble> {
    let world = World::new(order.world.as_str())?;
    let tenant = order.tenant.as_deref().map(Tenant::from_stored).transpose()?;
    let (laws, actor) = match (&order.law, &order.actor) {
        (Some(path), Some(id)) => {
            let law = law(path)?;
            if *law.world() != world {
                let message =
                    format!("the law is of the world `{}`, not of `{world}`", law.world());
                return Err(Trouble::new(Exit::Address, message, "check `--world` and `--law`"));
            }
            let claims = bag("claim", &order.claim, law.actor())?;
            let actor = actor(&order.actor_kind, id, &claims)?;
            (vec![law], actor)
        }
        _ => (Vec::new(), Actor::service("hos")?),
    };
    let vault = order.vault.open().await?;
    let opened = order.database.parse()?.open().await?;
    let tenants = tenants(&opened, &world, tenant.as_ref()).await?;
    let hos = join(&opened, laws, vaults::options(vault.as_ref())).await?;
    let archivist = Archivist::new(&hos, DirectoryTarget::new(&order.target), &actor);
    Ok(Bench { hos, archivist: archivist.older_than(order.older_than), world, tenants })
}

/// The tenants of a world that have a log, or the one that is named.
async fn tenants(
    opened: &Opened,
    world: &World,
    only: Option<&Tenant>,
) -> Result<Vec<Tenant>, Trouble> {
    let (mut tenants, mut after) = (Vec::new(), None);
    loop {
        let page = logs(opened, after.as_ref()).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        let own = page.into_iter().filter(|log| log.world == *world).map(|log| log.tenant);
        tenants.extend(own.filter(|tenant| only.is_none_or(|only| only == tenant)));
    }
    if tenants.is_empty() { Err(nowhere()) } else { Ok(tenants) }
}

async fn due(voice: &Voice, bench: &Bench) -> Result<Exit, Trouble> {
    let mut told = Told::default();
    for tenant in &bench.tenants {
        let due = bench.archivist.due(&bench.world, tenant).await?;
        told.due(voice, tenant, &due);
    }
    told.end(voice, &bench.world);
    Ok(Exit::Done)
}

async fn archive(voice: &Voice, bench: &Bench) -> Result<Exit, Trouble> {
    let Bench { archivist, world, tenants, .. } = bench;
    let (mut told, bar) = (Told::default(), bar());
    for tenant in tenants {
        bar.inc_length(archivist.due(world, tenant).await?.entries);
    }
    for tenant in tenants {
        match one(voice, bench, tenant, &mut told, &bar).await {
            Err(Error::Refused(Refusal::Held(matter))) => told.held(voice, tenant, &matter),
            done => done?,
        }
    }
    bar.finish_and_clear();
    told.end(voice, world);
    Ok(if told.is_held() { Exit::Held } else { Exit::Done })
}

async fn one(
    voice: &Voice,
    bench: &Bench,
    tenant: &Tenant,
    told: &mut Told,
    bar: &indicatif::ProgressBar,
) -> Result<(), Error> {
    let Bench { archivist, world, .. } = bench;
    let left = archivist.tidy(world, tenant).await?;
    told.ended(voice, tenant, left);
    while let Some(written) = archivist.archive(world, tenant).await? {
        bar.inc(written.files.end - written.files.first);
        bar.suspend(|| told.archived(voice, tenant, &written));
    }
    Ok(())
}

async fn restore(voice: &Voice, bench: &Bench, range: (u64, u64)) -> Result<Exit, Trouble> {
    let mut told = Told::default();
    for (tenant, segment) in segments(bench, range).await? {
        let is_back = !segment.is_archived();
        let segment = bench.archivist.restore(&bench.world, tenant, segment.first).await?;
        told.restored(voice, tenant, &segment, is_back);
    }
    if !told.has_restored() {
        let (from, to) = range;
        let message = format!("no entry from {from} to before {to} was ever archived");
        return Err(Trouble::new(Exit::Address, message, "see `hos archive --due`"));
    }
    told.end(voice, &bench.world);
    Ok(Exit::Done)
}

async fn again(voice: &Voice, bench: &Bench, range: (u64, u64)) -> Result<Exit, Trouble> {
    let mut told = Told::default();
    let mut is_any = false;
    for (tenant, segment) in segments(bench, range).await? {
        if segment.is_archived() {
            continue;
        }
        let written = bench.archivist.archive_again(&bench.world, tenant, segment.first).await?;
        is_any = true;
        if let Some(written) = written {
            told.archived(voice, tenant, &written);
        }
    }
    if !is_any {
        let (from, to) = range;
        let message = format!("no entry from {from} to before {to} was brought back");
        return Err(Trouble::new(Exit::Address, message, "see `hos archive --restore`"));
    }
    told.end(voice, &bench.world);
    Ok(Exit::Done)
}

/// The segments that hold some of these indexes, as they stand now.
async fn segments(
    bench: &Bench,
    (from, to): (u64, u64),
) -> Result<Vec<(&Tenant, SegmentRecord)>, Trouble> {
    let mut found = Vec::new();
    for tenant in &bench.tenants {
        let mut at = from;
        while at < to {
            let page = bench.hos.segments(&bench.world, tenant, at, PAGE_MAX).await?;
            let Some(end) = page.last().map(|segment| segment.end) else { break };
            let own = page.into_iter().filter(|segment| segment.first < to);
            found.extend(own.map(|segment| (tenant, segment)));
            at = end;
        }
    }
    Ok(found)
}

/// Reads an age: an integer and `d`, `h`, `m` or `s`, up to 100 years.
fn age(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match text.strip_prefix(digits) {
        Some("d") => 86_400,
        Some("h") => 3_600,
        Some("m") => 60,
        Some("s") => 1,
        _ => return Err("write it as 90d, 12h, 30m or 0s".to_owned()),
    };
    let seconds = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit));
    let seconds = seconds.filter(|seconds| *seconds <= AGE_SECONDS_MAX);
    seconds.map(Duration::from_secs).ok_or_else(|| "0s to 36500d are expected".to_owned())
}

const AGE_SECONDS_MAX: u64 = 36_500 * 86_400;

/// Reads two indexes, the second of which is not among those that are meant.
fn range(text: &str) -> Result<(u64, u64), String> {
    let read = text.split_once("..").and_then(|(from, to)| {
        let range: (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
        (range.0 < range.1).then_some(range)
    });
    read.ok_or_else(|| "write it as 0..256".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_ranges_are_read() {
        assert_eq!(age("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert_eq!(age("0s"), Ok(Duration::ZERO));
        for text in ["", "d", "90", "-1d", "1w", "36501d", "99999999999999999999d", "1 d"] {
            assert!(age(text).is_err(), "{text}");
        }
        assert_eq!(range("0..256"), Ok((0, 256)));
        for text in ["", "7", "..", "9..9", "a..b", "0..99999999999999999999"] {
            assert!(range(text).is_err(), "{text}");
        }
    }
}
