//! `hos erase repeat`.

use std::path::PathBuf;

use clap::Args;
use hos_archive::{DirectoryTarget, Shelf};
use hos_core::hos::{ErasureWalk, Hos};
use hos_core::id::{Tenant, World};
use hos_core::proof::PAGE_MAX;
use indicatif::ProgressBar;
use serde_json::json;

use crate::database::DatabaseArguments;
use crate::exit::{Exit, Trouble};
use crate::scope::{Log, join, logs, nowhere};
use crate::vaults::{VaultArguments, options};
use crate::verify::bar;
use crate::voice::{GOOD, Voice};

/// Does every recorded erasure again, and places holds again: after the vault was restored from a
/// backup, before anybody else is let in.
#[derive(Debug, Args)]
pub(super) struct Repeat {
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    vault: VaultArguments,
    /// The archive, where erasures may have gone into it.
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    /// Only this world.
    #[arg(long)]
    world: Option<String>,
    /// Only this tenant; `@world` is the world itself.
    #[arg(long)]
    tenant: Option<String>,
}

/// What was done again.
#[derive(Default)]
struct Done {
    logs: u64,
    entries: u64,
    keys: u64,
    parts: u64,
    holds: u64,
    unseen: u64,
}

pub(super) async fn obey(voice: &Voice, order: &Repeat) -> Result<Exit, Trouble> {
    let world = order.world.as_deref().map(World::new).transpose()?;
    let tenant = order.tenant.as_deref().map(Tenant::from_stored).transpose()?;
    let vault = order.vault.require().await?;
    let opened = order.database.parse()?.open().await?;
    let mut options = options(Some(&vault));
    if let Some(directory) = &order.archive {
        options = options.archive(Shelf::new(DirectoryTarget::new(directory)));
    }
    let hos = join(&opened, [], options).await?;
    let bar = bar();
    let mut done = Done::default();
    let mut after = None;
    loop {
        let page = logs(&opened, after.as_ref()).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        let is_wanted = |log: &&Log| {
            world.as_ref().is_none_or(|world| log.world == *world)
                && tenant.as_ref().is_none_or(|tenant| log.tenant == *tenant)
        };
        for log in page.iter().filter(is_wanted) {
            walk(&hos, log, &mut done, &bar).await?;
        }
    }
    bar.finish_and_clear();
    if done.logs == 0 {
        return Err(nowhere());
    }
    let Done { logs, entries, keys, parts, holds, unseen } = done;
    voice.document(
        "erase",
        json!({
            "done": "repeated", "logs": logs, "entries": entries,
            "keys": keys, "parts": parts, "holds": holds, "unseen": unseen
        }),
    );
    let rest = format_args!(": {entries} entries of {logs} logs were walked");
    voice.styled(GOOD, "repeated", rest);
    voice.line(format_args!("  {keys} keys and {parts} parts had come back, and are gone again"));
    voice.line(format_args!("  {holds} holds were missing, and are placed again"));
    if unseen > 0 {
        let message = format!(
            "{unseen} entries went into an archive, and what they erased was not looked at"
        );
        return Err(Trouble::new(Exit::Incomplete, message, "say `--archive DIR`"));
    }
    Ok(Exit::Done)
}

async fn walk(hos: &Hos, log: &Log, done: &mut Done, bar: &ProgressBar) -> Result<(), Trouble> {
    bar.inc_length(log.size);
    done.logs += 1;
    let mut walk = ErasureWalk::new(&log.world, &log.tenant);
    let mut left = log.size;
    let mut unseen = 0_u64;
    while !walk.is_over() {
        let repeated = hos.repeat_erasures(&mut walk).await?;
        done.keys = done.keys.saturating_add(u64::from(repeated.keys));
        done.parts = done.parts.saturating_add(u64::from(repeated.parts));
        done.holds = done.holds.saturating_add(u64::from(repeated.holds));
        unseen = unseen.saturating_add(repeated.unseen);
        // The last page is a short one, and the log may have grown meanwhile.
        let walked = if walk.is_over() { left } else { left.min(u64::from(PAGE_MAX)) };
        left -= walked;
        bar.inc(walked);
    }
    done.entries = done.entries.saturating_add(log.size.saturating_sub(unseen));
    done.unseen = done.unseen.saturating_add(unseen);
    Ok(())
}
