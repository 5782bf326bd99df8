//! What `hos archive` tells of its work, line by line and in one document.

use hos_archive::{Due, Written};
use hos_core::id::{Name, Tenant, World};
use hos_core::proof::SegmentRecord;
use serde_json::{Value, json};

use crate::voice::{GOOD, Voice, WARNING};

/// What was told.
#[derive(Default)]
pub(super) struct Told {
    due: Vec<Value>,
    archived: Vec<Value>,
    ended: Vec<Value>,
    restored: Vec<Value>,
    held: Vec<Value>,
}

impl Told {
    pub(super) fn due(&mut self, voice: &Voice, tenant: &Tenant, due: &Due) {
        let Due { from, entries, segments, .. } = due;
        self.due.push(
            json!({"tenant": tenant, "from": from, "entries": entries, "segments": segments}),
        );
        let line = format!("{tenant}: {entries} entries from index {from} on, {segments} segments");
        voice.line(line.escape_debug());
    }

    pub(super) fn archived(&mut self, voice: &Voice, tenant: &Tenant, written: &Written) {
        let (files, entry) = (&written.files, written.entry);
        self.archived.push(json!({
            "tenant": tenant, "first": files.first, "end": files.end, "entry": entry,
            "manifest": files.manifest, "released": written.released,
        }));
        let last = files.end - 1;
        let line = format!(" {tenant}: {} to {last}, by entry {entry}", files.first);
        voice.styled(GOOD, "archived", line.escape_debug());
    }

    /// Rows that somebody left who was broken off.
    pub(super) fn ended(&mut self, voice: &Voice, tenant: &Tenant, released: u64) {
        if released > 0 {
            self.ended.push(json!({"tenant": tenant, "released": released}));
            let line = format!("{tenant}: {released} entries went that were archived before");
            voice.line(line.escape_debug());
        }
    }

    pub(super) fn restored(
        &mut self,
        voice: &Voice,
        tenant: &Tenant,
        segment: &SegmentRecord,
        was_back: bool,
    ) {
        let SegmentRecord { first, end, entry, .. } = segment;
        self.restored.push(json!({
            "tenant": tenant, "first": first, "end": end, "entry": entry, "was_back": was_back,
        }));
        let line = format!(" {tenant}: {first} to {}, by entry {entry}", end - 1);
        voice.styled(GOOD, if was_back { "was back" } else { "restored" }, line.escape_debug());
    }

    pub(super) fn held(&mut self, voice: &Voice, tenant: &Tenant, matter: &Name) {
        self.held.push(json!({"tenant": tenant, "matter": matter.as_str()}));
        let line = format!(" {tenant}: somebody is held for `{matter}`; nothing of it goes");
        voice.styled(WARNING, "held", line.escape_debug());
    }

    pub(super) fn is_held(&self) -> bool {
        !self.held.is_empty()
    }

    pub(super) fn has_restored(&self) -> bool {
        !self.restored.is_empty()
    }

    pub(super) fn end(&self, voice: &Voice, world: &World) {
        if [&self.due, &self.archived, &self.ended, &self.restored, &self.held]
            .iter()
            .all(|told| told.is_empty())
        {
            voice.line("nothing is due");
        }
        let Self { due, archived, ended, restored, held } = self;
        voice.document(
            "archive",
            json!({
                "world": world, "due": due, "archived": archived, "ended": ended,
                "restored": restored, "held": held,
            }),
        );
    }
}
