//! Reads columns and turns them into words of the law.

use hos_core::digest::Digest;
use hos_core::error::Fault;
use hos_core::id::{IdError, Kind, SubjectId, Tenant, World};
use hos_core::merkle::{Frontier, Hash};
use hos_core::receipt::StoredReceipt;
use hos_core::subject::Subject;
use hos_core::time::ProofId;
use sqlx::mysql::MySqlRow;
use sqlx::{Decode, MySql, Row};

use super::fault::classify;
use crate::fault::corrupt;

/// One column whose type the statement guarantees.
pub(super) fn unchecked<'r, T: Decode<'r, MySql>>(
    row: &'r MySqlRow,
    at: usize,
) -> Result<T, Fault> {
    row.try_get_unchecked(at).map_err(classify)
}

/// One column of text or null. Names are bytes to the database.
pub(super) fn optional_text(row: &MySqlRow, at: usize) -> Result<Option<&str>, Fault> {
    let bytes: Option<&[u8]> = unchecked(row, at)?;
    let text = bytes.map(std::str::from_utf8).transpose();
    text.map_err(|error| corrupt("a text").caused_by(error))
}

/// One column of text.
pub(super) fn text(row: &MySqlRow, at: usize) -> Result<&str, Fault> {
    optional_text(row, at)?.ok_or_else(|| corrupt("no text"))
}

/// One column that is parsed as what its constructor accepts.
pub(super) fn parsed<'r, T>(
    row: &'r MySqlRow,
    at: usize,
    parse: impl FnOnce(&'r str) -> Result<T, IdError>,
) -> Result<T, Fault> {
    parse(text(row, at)?).map_err(|error| corrupt("a name").caused_by(error))
}

/// One column that counts.
pub(super) fn count(row: &MySqlRow, at: usize) -> Result<u64, Fault> {
    let count: i64 = unchecked(row, at)?;
    u64::try_from(count).map_err(|error| corrupt("a negative count").caused_by(error))
}

/// One column of 32 bytes.
pub(super) fn hash(row: &MySqlRow, at: usize) -> Result<Hash, Fault> {
    let bytes: &[u8] = unchecked(row, at)?;
    bytes.try_into().map_err(|error| corrupt("a hash").caused_by(error))
}

/// One column of 16 bytes.
pub(super) fn proof_id(row: &MySqlRow, at: usize) -> Result<ProofId, Fault> {
    optional_proof_id(row, at)?.ok_or_else(|| corrupt("no number of an entry"))
}

/// One column of 16 bytes or null.
pub(super) fn optional_proof_id(row: &MySqlRow, at: usize) -> Result<Option<ProofId>, Fault> {
    let bytes: Option<&[u8]> = unchecked(row, at)?;
    let bytes = bytes.map(TryInto::try_into).transpose();
    let bytes = bytes.map_err(|error| corrupt("a number of an entry").caused_by(error))?;
    Ok(bytes.map(ProofId::from_bytes))
}

/// A receipt, in two columns from this one on.
pub(super) fn stored_receipt(row: &MySqlRow, at: usize) -> Result<Option<StoredReceipt>, Fault> {
    let Some(receipt) = optional_text(row, at + 1)? else { return Ok(None) };
    let receipt =
        serde_json::from_str(receipt).map_err(|error| corrupt("a receipt").caused_by(error))?;
    Ok(Some(StoredReceipt { fingerprint: Digest::from_bytes(hash(row, at)?), receipt }))
}

/// A subject, in four columns from this one on.
pub(super) fn subject(row: &MySqlRow, at: usize) -> Result<Subject, Fault> {
    Ok(Subject {
        world: parsed(row, at, World::new)?,
        tenant: parsed(row, at + 1, Tenant::from_stored)?,
        kind: parsed(row, at + 2, Kind::new)?,
        id: parsed(row, at + 3, SubjectId::new)?,
    })
}

/// The frontier of a log, in two columns from this one on: its size and its peaks.
pub(super) fn frontier(row: &MySqlRow, at: usize) -> Result<Frontier, Fault> {
    Frontier::from_bytes(count(row, at)?, unchecked(row, at + 1)?)
        .map_err(|error| corrupt("the head of a log").caused_by(error))
}
