//! `hos tail`.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use hos_core::id::{IdError, Tenant, World};
use hos_core::proof::{LogEntry, PAGE_MAX};
use serde_json::{Value, json};

use crate::database::{DatabaseArguments, Opened};
use crate::exit::{Exit, Trouble};
use crate::voice::Voice;

/// The most logs that are followed at once.
const LOGS_MAX: usize = 1_000;
/// How many entries of each log are shown unless it is told from where.
const LAST: u64 = 10;

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
    let mut places = places(&opened, &world, tenant.as_ref(), order.from).await?;
    loop {
        for (tenant, place) in &mut places {
            show(voice, &opened, (&world, tenant), place).await?;
        }
        if !order.follow {
            return Ok(Exit::Done);
        }
        tokio::time::sleep(Duration::from_millis(order.poll)).await;
        if tenant.is_none() {
            add_new(&opened, &world, &mut places).await?;
        }
    }
}

/// The logs that are followed, and where each begins.
async fn places(
    opened: &Opened,
    world: &World,
    tenant: Option<&Tenant>,
    from: Option<u64>,
) -> Result<Places, Trouble> {
    let mut picture = opened.survey.picture().await?;
    let mut places = Places::new();
    let mut after: Option<(String, String)> = None;
    loop {
        let last = after.as_ref().map(|(world, tenant)| (world.as_str(), tenant.as_str()));
        let page = picture.scopes(last, PAGE_MAX).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.world.clone(), last.tenant.clone()));
        for row in page {
            // What cannot be a tenant's name is for `hos verify` to tell.
            let Ok(own) = Tenant::from_stored(&row.tenant) else { continue };
            if row.world == world.as_str() && tenant.is_none_or(|tenant| own == *tenant) {
                places.insert(own, from.unwrap_or(row.size.saturating_sub(LAST)));
                require_few(&places)?;
            }
        }
    }
    if places.is_empty() {
        let message = "there is no such world or tenant in this database";
        return Err(Trouble::new(Exit::Address, message, "check `--world` and `--tenant`"));
    }
    Ok(places)
}

/// Tenants that came to be meanwhile are shown from the beginning of their logs.
async fn add_new(opened: &Opened, world: &World, places: &mut Places) -> Result<(), Trouble> {
    let mut after: Option<Tenant> = None;
    loop {
        let page = opened.backend.tenants(world, after.as_ref(), PAGE_MAX).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        for tenant in page {
            places.entry(tenant).or_insert(0);
            require_few(places)?;
        }
    }
}

fn require_few(places: &Places) -> Result<(), Trouble> {
    if places.len() <= LOGS_MAX {
        return Ok(());
    }
    let message = format!("the world has more than {LOGS_MAX} logs");
    Err(Trouble::new(Exit::Usage, message, "follow one of them: give `--tenant`"))
}

/// Shows what a log has from a place on, and moves the place.
async fn show(
    voice: &Voice,
    opened: &Opened,
    (world, tenant): (&World, &Tenant),
    place: &mut u64,
) -> Result<(), Trouble> {
    loop {
        let page = opened.backend.page(world, tenant, *place, PAGE_MAX).await?;
        let Some(last) = page.last().and_then(|entry| entry.index) else { return Ok(()) };
        for entry in &page {
            line(voice, world, tenant, entry);
        }
        *place = last + 1;
    }
}

fn line(voice: &Voice, world: &World, tenant: &Tenant, entry: &LogEntry) {
    let leaf: Value = serde_json::from_str(&entry.leaf).unwrap_or(Value::Null);
    let index = entry.index;
    voice.document(
        "tail",
        json!({
            "world": world, "tenant": tenant, "index": index, "id": entry.id,
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
        "{world}/{tenant} {:>6} {} {} {} {about}{path}{} by {actor}",
        index.unwrap_or_default(),
        member("at"),
        member("typ"),
        member("action"),
        revision.unwrap_or_default(),
    );
    voice.line(shown.escape_debug());
}
