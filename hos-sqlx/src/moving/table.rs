//! The tables that move, in their order: entries come before the states that they prove, and logs
//! before their checkpoints.

use serde::{Deserialize, Serialize};

use super::cell::{Cell, Row};

/// A table as it is read and written: an entry is one with its place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Table {
    Scope,
    Law,
    Contract,
    Entry,
    Dedup,
    Part,
    Log,
    Epoch,
    Tile,
    Deployment,
    Checkpoint,
    Attestation,
    Subject,
    Receipt,
    Outbox,
    Timer,
    Member,
    Ban,
    Grant,
    Mode,
}

/// How a column's values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Integer,
    Boolean,
    Text,
    Bytes,
    Uuid,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
}

const fn integer(name: &'static str) -> Column {
    Column { name, shape: Shape::Integer }
}

const fn boolean(name: &'static str) -> Column {
    Column { name, shape: Shape::Boolean }
}

const fn text(name: &'static str) -> Column {
    Column { name, shape: Shape::Text }
}

const fn bytes(name: &'static str) -> Column {
    Column { name, shape: Shape::Bytes }
}

const fn uuid(name: &'static str) -> Column {
    Column { name, shape: Shape::Uuid }
}

impl Table {
    pub(crate) const ALL: [Self; 20] = [
        Self::Scope,
        Self::Law,
        Self::Contract,
        Self::Entry,
        Self::Dedup,
        Self::Part,
        Self::Log,
        Self::Epoch,
        Self::Tile,
        Self::Deployment,
        Self::Checkpoint,
        Self::Attestation,
        Self::Subject,
        Self::Receipt,
        Self::Outbox,
        Self::Timer,
        Self::Member,
        Self::Ban,
        Self::Grant,
        Self::Mode,
    ];

    /// How many rows, of a table that is kept under its own name.
    pub(crate) fn count(self) -> &'static str {
        match self {
            Self::Scope => "SELECT count(*) FROM hos_scope",
            Self::Law => "SELECT count(*) FROM hos_law",
            Self::Contract => "SELECT count(*) FROM hos_contract",
            Self::Entry => "SELECT count(*) FROM hos_entry",
            Self::Dedup => "SELECT count(*) FROM hos_dedup",
            Self::Part => "SELECT count(*) FROM hos_part",
            Self::Log => "SELECT count(*) FROM hos_log",
            Self::Epoch => "SELECT count(*) FROM hos_log_epoch",
            Self::Tile => "SELECT count(*) FROM hos_tile",
            Self::Checkpoint => "SELECT count(*) FROM hos_checkpoint",
            Self::Deployment => "SELECT count(*) FROM hos_deployment",
            Self::Attestation => "SELECT count(*) FROM hos_attestation",
            Self::Subject => "SELECT count(*) FROM hos_subject",
            Self::Receipt => "SELECT count(*) FROM hos_receipt",
            Self::Outbox => "SELECT count(*) FROM hos_outbox",
            Self::Timer => "SELECT count(*) FROM hos_timer",
            Self::Member => "SELECT count(*) FROM hos_member",
            Self::Ban => "SELECT count(*) FROM hos_ban",
            Self::Grant => "SELECT count(*) FROM hos_grant",
            Self::Mode => "SELECT count(*) FROM hos_mode",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scope => "hos_scope",
            Self::Law => "hos_law",
            Self::Contract => "hos_contract",
            Self::Entry => "hos_entry",
            Self::Dedup => "hos_dedup",
            Self::Part => "hos_part",
            Self::Log => "hos_log",
            Self::Epoch => "hos_log_epoch",
            Self::Tile => "hos_tile",
            Self::Checkpoint => "hos_checkpoint",
            Self::Deployment => "hos_deployment",
            Self::Attestation => "hos_attestation",
            Self::Subject => "hos_subject",
            Self::Receipt => "hos_receipt",
            Self::Outbox => "hos_outbox",
            Self::Timer => "hos_timer",
            Self::Member => "hos_member",
            Self::Ban => "hos_ban",
            Self::Grant => "hos_grant",
            Self::Mode => "hos_mode",
        }
    }

    /// The columns, those of the key first.
    pub(crate) fn columns(self) -> &'static [Column] {
        match self {
            Self::Scope => SCOPE,
            Self::Law => LAW,
            Self::Contract => CONTRACT,
            Self::Entry => ENTRY,
            Self::Dedup => DEDUP,
            Self::Part => PART,
            Self::Log => LOG,
            Self::Epoch => EPOCH,
            Self::Tile => TILE,
            Self::Checkpoint => CHECKPOINT,
            Self::Deployment => DEPLOYMENT,
            Self::Attestation => ATTESTATION,
            Self::Subject => SUBJECT,
            Self::Receipt => RECEIPT,
            Self::Outbox => OUTBOX,
            Self::Timer => TIMER,
            Self::Member => MEMBER,
            Self::Ban => BAN,
            Self::Grant => GRANT,
            Self::Mode => MODE,
        }
    }

    /// The columns that order the rows and tell them apart.
    pub(crate) fn key(self) -> &'static [Column] {
        let columns = self.columns();
        let length = match self {
            Self::Scope | Self::Law | Self::Contract | Self::Log => 1,
            Self::Subject | Self::Outbox | Self::Grant | Self::Deployment => 1,
            Self::Entry | Self::Dedup | Self::Part | Self::Receipt | Self::Epoch => 2,
            Self::Timer | Self::Member | Self::Ban | Self::Mode | Self::Checkpoint => 2,
            Self::Tile | Self::Attestation => 3,
        };
        columns.get(..length).unwrap_or(columns)
    }

    /// The key of a row.
    pub(crate) fn key_of(self, row: &Row) -> Row {
        row.iter().take(self.key().len()).cloned().collect()
    }

    /// The key before every row.
    pub(crate) fn start(self) -> Row {
        self.key().iter().map(|column| Cell::least(column.shape)).collect()
    }
}

const SCOPE: &[Column] = &[
    integer("number"),
    text("world"),
    text("tenant"),
    text("status"),
    integer("members"),
    integer("bans"),
    integer("grants"),
    integer("modes"),
    integer("status_generation"),
];
const LAW: &[Column] =
    &[integer("number"), integer("scope"), text("version"), bytes("digest"), text("deployment")];
const CONTRACT: &[Column] =
    &[integer("number"), integer("scope"), text("kind"), text("version"), bytes("digest")];
/// The scope, the index, the number, the hash and the leaf stand at 0, 1, 2, 8 and 9.
const ENTRY: &[Column] = &[
    integer("scope"),
    integer("leaf_index"),
    uuid("id"),
    integer("subject"),
    integer("revision"),
    integer("recorded_at"),
    boolean("moves"),
    text("type"),
    bytes("leaf_hash"),
    text("leaf"),
];
const DEDUP: &[Column] = &[integer("scope"), bytes("dedup")];
const PART: &[Column] =
    &[uuid("entry"), text("name"), integer("scope"), bytes("salt"), text("body")];
const LOG: &[Column] = &[integer("scope"), integer("size"), bytes("frontier")];
const EPOCH: &[Column] =
    &[integer("scope"), integer("number"), integer("recorded_in"), uuid("entry")];
const TILE: &[Column] =
    &[integer("scope"), integer("level"), integer("place"), bytes("root"), bytes("hashes")];
const CHECKPOINT: &[Column] =
    &[integer("scope"), integer("size"), integer("sealed_at"), text("note")];
const DEPLOYMENT: &[Column] =
    &[integer("leaf_index"), integer("scope"), integer("size"), bytes("leaf_hash"), text("note")];
const ATTESTATION: &[Column] = &[integer("size"), text("kind"), text("attester"), bytes("body")];
const SUBJECT: &[Column] = &[
    integer("number"),
    integer("world"),
    integer("scope"),
    integer("revision"),
    uuid("proof_id"),
    boolean("terminal"),
    boolean("timed"),
    text("kind"),
    text("id"),
    text("state"),
    text("contract"),
    text("attributes"),
];
const RECEIPT: &[Column] =
    &[integer("scope"), bytes("key"), integer("expires_at"), bytes("fingerprint"), text("receipt")];
const OUTBOX: &[Column] = &[
    integer("id"),
    integer("scope"),
    integer("subject"),
    integer("revision"),
    uuid("entry"),
    text("topic"),
    text("payload"),
    text("traceparent"),
];
const TIMER: &[Column] = &[
    integer("subject"),
    text("action"),
    integer("world"),
    integer("scope"),
    integer("revision"),
    integer("due_at"),
];
const MEMBER: &[Column] = &[integer("scope"), text("actor"), text("roles")];
const BAN: &[Column] = &[integer("scope"), text("actor")];
const GRANT: &[Column] = &[
    integer("number"),
    integer("scope"),
    text("actor"),
    uuid("id"),
    text("pattern"),
    integer("until"),
    boolean("break_glass"),
];
const MODE: &[Column] = &[integer("scope"), text("ability"), text("mode")];
