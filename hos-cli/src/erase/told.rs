//! What the officer is told: before, and after.

use hos_core::id::ActorId;
use hos_core::receipt::Receipt;
use hos_core::time::ProofId;
use serde_json::{Value, json};

use super::found::Found;
use super::request::Sitting;
use crate::exit::Trouble;
use crate::voice::{GOOD, Voice};

/// Where single parts lie besides the rows.
const BROUGHT_BACK: &str = "of a segment that was brought back the old files hold them still: \
                            `hos archive --again FROM..TO`";
/// What no key opens and no erasure takes.
const REMAINS: &str = "\
    what remains: entries that name the id, with times, codes and commitments; parts that were \
    recorded without a vault, which are under no key (erase them with `--part`); attributes of \
    present states, messages in the outbox and the world's own tables, which are the world's to \
    change; and the vault's own backups, until they end";

/// The entry that records something, as it is kept.
pub(super) struct Recorded {
    id: ProofId,
    index: Option<u64>,
    at: String,
    was_before: bool,
}

/// Gives the entry its place, so that it can be named by it.
pub(super) async fn recorded(sitting: &Sitting, receipt: &Receipt) -> Result<Recorded, Trouble> {
    sitting.number().await?;
    let (world, tenant) = (&sitting.scope.world, &sitting.scope.tenant);
    let entry = sitting.opened.backend.find(world, tenant, receipt.proof_id).await?;
    Ok(Recorded {
        id: receipt.proof_id,
        index: entry.and_then(|entry| entry.index),
        at: receipt.recorded_at.to_string(),
        was_before: receipt.replayed,
    })
}

impl Recorded {
    pub(super) fn to_json(&self) -> Value {
        let Self { id, index, at, was_before } = self;
        json!({"entry": id.to_string(), "index": index, "at": at, "before": was_before})
    }

    pub(super) fn show(&self, voice: &Voice) {
        let Self { id, index, at, was_before } = self;
        let place = index.map(|index| format!(" at index {index}")).unwrap_or_default();
        let before = if *was_before { ", by an earlier run with this key" } else { "" };
        voice.line(format_args!("  recorded by entry {id}{place}, {at}{before}"));
    }
}

pub(super) fn before(
    voice: &Voice,
    sitting: &Sitting,
    found: Option<&Found>,
    person: Option<&ActorId>,
    parts: &[(ProofId, String)],
) {
    let (world, tenant) = (&sitting.scope.world, &sitting.scope.tenant);
    match (found, person) {
        (Some(found), Some(person)) => {
            let Found { keys, before, .. } = found;
            voice.line(format_args!("{person} in {world}/{tenant}"));
            voice.line(format_args!("  {} keys of theirs seal parts", keys.len()));
            if let Some(before) = before {
                voice.line(format_args!("  erased before, by entry {before}"));
            }
            if keys.is_empty() && before.is_none() {
                voice.warn("nothing that is sealed is about this person: is the id right?");
            }
        }
        _ => voice.line(format_args!("{} parts of {world}/{tenant}", parts.len())),
    }
}

pub(super) fn dry(
    voice: &Voice,
    sitting: &Sitting,
    found: Option<&Found>,
    parts: &[(ProofId, String)],
) {
    let mut told = about(sitting, found);
    told.extend([("done".to_owned(), json!("nothing")), ("rows".to_owned(), json!(parts.len()))]);
    voice.document("erase", Value::Object(told));
    voice.line("nothing was erased");
}

pub(super) fn after(
    voice: &Voice,
    basis: Option<&str>,
    sitting: &Sitting,
    found: Option<&Found>,
    recorded: &Recorded,
) {
    let mut told = about(sitting, found);
    told.insert("done".to_owned(), json!("erased"));
    told.insert("basis".to_owned(), json!(basis));
    told.insert("actor".to_owned(), json!(sitting.actor.id()));
    told.insert("recorded".to_owned(), recorded.to_json());
    voice.document("erase", Value::Object(told));
    match found {
        Some(Found { person, keys, .. }) => {
            let keys = keys.len();
            let rest = format_args!(" {person}: what {keys} keys sealed can be read no more");
            voice.styled(GOOD, "erased", rest);
        }
        None => {
            voice.styled(GOOD, "erased", " the parts that were named");
            voice.line(format_args!("  {BROUGHT_BACK}"));
        }
    }
    recorded.show(voice);
    voice.line(format_args!("  {REMAINS}"));
    let id = recorded.id;
    voice.line(format_args!("once it is sealed, prove it: hos bundle .. --entry {id}"));
}

fn about(sitting: &Sitting, found: Option<&Found>) -> serde_json::Map<String, Value> {
    let mut told = serde_json::Map::new();
    told.insert("world".to_owned(), json!(sitting.scope.world));
    told.insert("tenant".to_owned(), json!(sitting.scope.tenant));
    if let Some(found) = found {
        told.insert("person".to_owned(), json!(found.person));
        told.insert("keys".to_owned(), json!(found.keys.len()));
        told.insert("before".to_owned(), json!(found.before));
    }
    told
}
