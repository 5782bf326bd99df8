//! `hos erase repeat`.

use clap::Args;
use hos_core::hos::Hos;
use hos_core::id::{Tenant, World};
use hos_core::proof::PAGE_MAX;
use hos_core::store::ScopeRow;
use indicatif::ProgressBar;
use serde_json::json;

use crate::database::{DatabaseArguments, Opened};
use crate::exit::{Exit, Trouble};
use crate::scope::{join, nowhere};
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
}

pub(super) async fn obey(voice: &Voice, order: &Repeat) -> Result<Exit, Trouble> {
    let world = order.world.as_deref().map(World::new).transpose()?;
    let tenant = order.tenant.as_deref().map(Tenant::from_stored).transpose()?;
    let vault = order.vault.require().await?;
    let opened = order.database.parse()?.open().await?;
    let hos = join(&opened, [], options(Some(&vault))).await?;
    let bar = bar();
    let mut done = Done::default();
    let mut after: Option<(World, Tenant)> = None;
    loop {
        let page = scopes(&opened, after.as_ref()).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.world.clone(), last.tenant.clone()));
        let is_wanted = |row: &&ScopeRow| {
            world.as_ref().is_none_or(|world| row.world == *world)
                && tenant.as_ref().is_none_or(|tenant| row.tenant == *tenant)
        };
        for row in page.iter().filter(is_wanted) {
            walk(&hos, row, &mut done, &bar).await?;
        }
    }
    bar.finish_and_clear();
    if done.logs == 0 {
        return Err(nowhere());
    }
    let Done { logs, entries, keys, parts } = done;
    voice.document(
        "erase",
        json!({
            "done": "repeated", "logs": logs, "entries": entries, "keys": keys, "parts": parts
        }),
    );
    let rest = format_args!(": {entries} entries of {logs} logs were walked");
    voice.styled(GOOD, "repeated", rest);
    voice.line(format_args!("  {keys} keys and {parts} parts had come back, and are gone again"));
    Ok(Exit::Done)
}

/// The picture is let go before a log is walked: a walk may take long.
async fn scopes(
    opened: &Opened,
    after: Option<&(World, Tenant)>,
) -> Result<Vec<ScopeRow>, Trouble> {
    let mut picture = opened.survey.picture().await?;
    Ok(picture.scopes(after.map(|(world, tenant)| (world, tenant)), PAGE_MAX).await?)
}

async fn walk(
    hos: &Hos,
    row: &ScopeRow,
    done: &mut Done,
    bar: &ProgressBar,
) -> Result<(), Trouble> {
    bar.inc_length(row.size);
    done.logs += 1;
    let mut next = Some(0);
    while let Some(from) = next {
        let repeated = hos.repeat_erasures(&row.world, &row.tenant, from).await?;
        done.keys = done.keys.saturating_add(u64::from(repeated.keys));
        done.parts = done.parts.saturating_add(u64::from(repeated.parts));
        next = repeated.next;
        let walked = next.unwrap_or(from).saturating_sub(from);
        done.entries = done.entries.saturating_add(walked);
        bar.inc(walked);
    }
    Ok(())
}
