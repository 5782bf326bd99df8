//! `hos seal epoch`: goes on with a database that came back from an older backup.

use std::path::PathBuf;

use clap::Args;
use hos_core::checkpoint;
use hos_core::command::EpochOpening;
use hos_core::digest::Digest;
use hos_core::epoch::split;
use hos_core::error::{Fault, FaultKind};
use hos_core::hos::{Sealer, Sealing};
use hos_core::id::Tenant;
use hos_core::note::SignedNote;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::{Checkpoint, Keeper as _, LogName, Signer as _};
use hos_work::DirectoryKeeper;
use serde_json::json;

use super::act::{Act, Sitting};
use crate::database::DatabaseArguments;
use crate::exit::{Exit, Trouble};
use crate::keys::KeyArguments;
use crate::scope::logs;
use crate::voice::{GOOD, Voice};

/// Begins a new epoch of each log of a world that is refused because the database came back from an
/// older backup, and seals it.
///
/// What was signed since that backup stays lost: an entry `epoch/1` says so to everybody, with the
/// last note that the keeper knows and the reason. The newer database, where there is one, is the
/// better way out. It cannot be undone.
#[derive(Debug, Args)]
pub(super) struct Epoch {
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    keys: KeyArguments,
    #[command(flatten)]
    act: Act,
    /// The directory in which the last note of each log is remembered.
    #[arg(long, value_name = "DIR", required = true)]
    keeper: Option<PathBuf>,
    /// Why: what happened, and who decided.
    #[arg(long, required = true)]
    reason: Option<String>,
    /// Only this tenant; `@world` is the world itself.
    #[arg(long)]
    tenant: Option<String>,
    /// Only the log of the deployment.
    #[arg(long, conflicts_with = "tenant")]
    deployment: bool,
    /// Does it; without this it is only told of which logs.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn obey(voice: &Voice, order: &Epoch) -> Result<Exit, Trouble> {
    let keys = order.keys.require()?;
    let public = keys.keys().to_vec();
    let keeper = DirectoryKeeper::open(order.keeper.clone().unwrap_or_default())?;
    let sitting = order.act.sit(&order.database).await?;
    let sealer = sitting.hos.sealer(keys, keeper.clone())?;
    sitting.number().await?;
    let (mut told, mut would) = (Vec::new(), Vec::new());
    for log in wanted(order, &sitting).await? {
        let origin = sitting.hos.origin(&log);
        let Some(note) = keeper.last(&origin).await? else { continue };
        let why = match refused(seal(&sealer, &log).await)? {
            Some(fault) => Some(fault.to_string()),
            None => outgrown(&sitting, &log, &note).await?,
        };
        let Some(why) = why else { continue };
        if !order.yes {
            would.push(format!("{log}: {why}"));
            continue;
        }
        let opening = opening(order, &sitting, &log, &note);
        let receipt = sitting.hos.open_epoch(&opening, &public).await?;
        sitting.number().await?;
        let checkpoint = sealed(seal(&sealer, &log).await?);
        let epoch = sitting.hos.epochs(&log).await?.last().map_or(1, |last| last.number);
        let size = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
        let rest = format!(" epoch {epoch} of {log}: entry {}, sealed at {size}", receipt.proof_id);
        voice.styled(GOOD, "opened", rest);
        told.push(json!({
            "log": origin, "epoch": epoch, "entry": receipt.proof_id, "note": note,
            "checkpoint": checkpoint.map(|checkpoint| checkpoint.note),
        }));
    }
    if !would.is_empty() {
        let message = format!("{} logs would begin a new epoch, for good", would.len());
        let advice = "restore the newer database, or give `--yes`";
        return Err(Trouble { causes: would, ..Trouble::new(Exit::Usage, message, advice) });
    }
    if told.is_empty() {
        voice.line("no log is refused: nothing was lost that the keeper knows of");
    }
    voice.document("seal", json!({"event": "epoch", "logs": told}));
    Ok(Exit::Done)
}

/// The logs that are looked at: those of tenants before that of the deployment, which takes what
/// they are sealed with.
async fn wanted(order: &Epoch, sitting: &Sitting) -> Result<Vec<LogName>, Trouble> {
    if order.deployment {
        return Ok(vec![LogName::Deployment]);
    }
    if let Some(tenant) = &order.tenant {
        return Ok(vec![LogName::of(&sitting.world, &Tenant::from_stored(tenant)?)]);
    }
    let (mut wanted, mut after) = (Vec::new(), None);
    loop {
        let page = logs(&sitting.opened, after.as_ref()).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        let own = page.iter().filter(|log| log.world == sitting.world);
        wanted.extend(own.map(|log| LogName::of(&log.world, &log.tenant)));
    }
    wanted.push(LogName::Deployment);
    Ok(wanted)
}

async fn seal(sealer: &Sealer, log: &LogName) -> Result<Sealing, Fault> {
    for _ in 0..GROWING_MAX {
        let sealing = match log {
            LogName::Deployment => sealer.anchor_round(PAGE_MAX).await?.sealing,
            LogName::Tenant(world, tenant) => sealer.seal(world, tenant).await?,
        };
        if sealing != Sealing::Growing {
            return Ok(sealing);
        }
    }
    Ok(Sealing::Growing)
}

/// The most calls that write tiles of one log: four billion entries.
const GROWING_MAX: u32 = 4_096;

/// Why a log is refused, where it is because the database came back from a backup.
fn refused(sealed: Result<Sealing, Fault>) -> Result<Option<Fault>, Fault> {
    match sealed {
        Ok(_) => Ok(None),
        Err(fault) if fault.kind() == FaultKind::Restored => Ok(Some(fault)),
        Err(fault) => Err(fault),
    }
}

/// Why a log that has not grown since the backup will be refused as soon as it does.
async fn outgrown(sitting: &Sitting, log: &LogName, note: &str) -> Result<Option<String>, Trouble> {
    let signed = SignedNote::parse(note.as_bytes()).ok();
    let known = signed.and_then(|signed| checkpoint::Checkpoint::parse(signed.text()).ok());
    let state = sitting.opened.backend.seals().state(log).await?;
    let is_beyond = |known: &checkpoint::Checkpoint| {
        known.size() > state.size && split(known.origin()).1 >= state.epoch
    };
    let known = known.filter(is_beyond).map(|known| known.size());
    let told = |known| format!("it has {} entries, {known} were signed", state.size);
    Ok(known.map(told))
}

fn sealed(sealing: Sealing) -> Option<Checkpoint> {
    match sealing {
        Sealing::Sealed(checkpoint) => Some(checkpoint),
        Sealing::Unchanged(last) => last,
        _ => None,
    }
}

/// Under a key that is made of what is said: whoever says it again is answered as before.
fn opening(order: &Epoch, sitting: &Sitting, log: &LogName, note: &str) -> EpochOpening {
    let reason = order.reason.as_deref().unwrap_or_default();
    let Sitting { actor, world, .. } = sitting;
    let opening = match log {
        LogName::Deployment => EpochOpening::of_deployment(actor, world, note, reason),
        LogName::Tenant(world, tenant) => EpochOpening::new(actor, world, tenant, note, reason),
    };
    let of = format!("{note}{reason}");
    opening.key(format!("hos.epoch:{}", Digest::of(of.as_bytes())))
}
