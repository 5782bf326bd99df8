//! `hos tail`.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use hos_core::id::{IdError, Tenant, World};
use hos_core::proof::{LogEntry, PAGE_MAX};
use hos_core::store::ScopeRow;
use serde_json::{Value, json};

use crate::database::{DatabaseArguments, Opened};
use crate::exit::{Exit, Trouble};
use crate::voice::Voice;

/// The most logs that are followed at once.
const LOGS_MAX: usize = 1_000;
/// How often the logs are asked again, at most and at least.
const POLL: std::ops::RangeInclusive<u64> = 100..=60_000;

/// Shows the last entries of a log, or of all logs of a world, one a line, and follows them.
#[derive(Debug, Args)]
pub(crate) struct Tail {
    #[command(flatten)]
    database: DatabaseArguments,
    /// The world.
    #[arg(long)]
    world: String,
    /// The tenant; `@world` is the world itself. Else every tenant of the world.
    #[arg(long)]
    tenant: Option<String>,
    /// From this index of each log on; else the last ten.
    #[arg(long, value_name = "INDEX")]
    from: Option<u64>,
    /// Waits for more.
    #[arg(short, long)]
    follow: bool,
    /// Milliseconds between two looks.
    #[arg(long, value_name = "MS", default_value_t = 1_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(100..=60_000))]
    poll: u64,
}

/// Where each log is to be read on.
type Places = BTreeMap<Tenant, u64>;

/// Shows entries until there are none, or for ever.
pub(crate) async fn obey(voice: &Voice, order: &Tail) -> Result<Exit, Trouble> {
    let wrong = |error: IdError| Trouble::new(Exit::Usage, error.to_string(), "");
    let world = World::new(order.world.as_str()).map_err(wrong)?;
    let tenant = order.tenant.as_deref().map(Tenant::from_stored).transpose().map_err(wrong)?;
    let opened = order.database.parse()?.open().await?;
    let mut places = Places::new();
    let mut is_first = true;
    loop {
        let rows = scopes(&opened, &world, tenant.as_ref()).await?;
        if rows.is_empty() {
            let message = "there is no such world or tenant in this database";
            return Err(Trouble::new(Exit::Address, message, "check `--world` and `--tenant`"));
        }
        for row in &rows {
            // A log that comes to be while others are followed is shown from its beginning.
            let last = if is_first { row.size.saturating_sub(10) } else { 0 };
            let place = places.entry(row.tenant.clone()).or_insert(order.from.unwrap_or(last));
            show(voice, &opened, row, place).await?;
        }
        if !order.follow {
            return Ok(Exit::Done);
        }
        is_first = false;
        let poll = order.poll.clamp(*POLL.start(), *POLL.end());
        tokio::time::sleep(Duration::from_millis(poll)).await;
    }
}

/// The logs that are followed, with their sizes.
async fn scopes(
    opened: &Opened,
    world: &World,
    tenant: Option<&Tenant>,
) -> Result<Vec<ScopeRow>, Trouble> {
    let mut picture = opened.survey.picture().await?;
    let mut rows: Vec<ScopeRow> = Vec::new();
    let mut after: Option<(World, Tenant)> = None;
    loop {
        let last = after.as_ref().map(|(world, tenant)| (world, tenant));
        let page = picture.scopes(last, PAGE_MAX).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        after = Some((last.world.clone(), last.tenant.clone()));
        let is_wanted = |row: &ScopeRow| {
            row.world == *world && tenant.is_none_or(|tenant| row.tenant == *tenant)
        };
        rows.extend(page.into_iter().filter(is_wanted));
        if rows.len() > LOGS_MAX {
            let message = format!("the world has more than {LOGS_MAX} logs");
            return Err(Trouble::new(Exit::Usage, message, "follow one of them: give `--tenant`"));
        }
    }
}

/// Shows what a log has from a place on, and moves the place.
async fn show(
    voice: &Voice,
    opened: &Opened,
    row: &ScopeRow,
    place: &mut u64,
) -> Result<(), Trouble> {
    while *place < row.size {
        let page = opened.backend.page(&row.world, &row.tenant, *place, PAGE_MAX).await?;
        let Some(last) = page.last().and_then(|entry| entry.index) else { return Ok(()) };
        for entry in &page {
            line(voice, row, entry);
        }
        *place = last + 1;
    }
    Ok(())
}

fn line(voice: &Voice, row: &ScopeRow, entry: &LogEntry) {
    let leaf: Value = serde_json::from_str(&entry.leaf).unwrap_or(Value::Null);
    let index = entry.index;
    voice.document(
        "tail",
        json!({
            "world": row.world, "tenant": row.tenant, "index": index, "id": entry.id,
            "leaf": leaf,
        }),
    );
    let member = |name: &str| leaf.get(name).and_then(Value::as_str).unwrap_or_default();
    let actor = leaf.pointer("/actor/p").and_then(Value::as_str).unwrap_or_default();
    let about = [member("subject"), member("target")].concat();
    let path = match (member("from"), member("to")) {
        ("", "") => String::new(),
        ("", to) => format!(" to {to}"),
        (from, to) => format!(" {from} to {to}"),
    };
    let revision = leaf.get("revision").map(|revision| format!(" r{revision}"));
    // Ids may hold signs that a terminal would obey.
    let shown = format!(
        "{}/{} {:>6} {} {} {} {about}{path}{} by {actor}",
        row.world,
        row.tenant,
        index.unwrap_or_default(),
        member("at"),
        member("typ"),
        member("action"),
        revision.unwrap_or_default(),
    );
    voice.line(shown.escape_debug());
}
