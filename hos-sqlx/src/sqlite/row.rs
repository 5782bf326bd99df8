//! Reads columns and turns them into words of the law.

use hos_core::digest::Digest;
use hos_core::error::Fault;
use hos_core::id::IdError;
use hos_core::merkle::Hash;
use hos_core::receipt::StoredReceipt;
use hos_core::time::ProofId;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};

use super::fault::classify;
use crate::fault::corrupt;

/// One column.
pub(super) fn column<'r, T>(row: &'r SqliteRow, at: usize) -> Result<T, Fault>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(at).map_err(classify)
}

/// One column whose type the statement guarantees.
pub(super) fn unchecked<'r, T: Decode<'r, Sqlite>>(
    row: &'r SqliteRow,
    at: usize,
) -> Result<T, Fault> {
    row.try_get_unchecked(at).map_err(classify)
}

/// One column that is parsed as what its constructor accepts.
pub(super) fn parsed<'r, T>(
    row: &'r SqliteRow,
    at: usize,
    parse: impl FnOnce(&'r str) -> Result<T, IdError>,
) -> Result<T, Fault> {
    parse(unchecked(row, at)?).map_err(|error| corrupt("a name").caused_by(error))
}

/// One column that counts.
pub(super) fn count(row: &SqliteRow, at: usize) -> Result<u64, Fault> {
    let count: i64 = unchecked(row, at)?;
    u64::try_from(count).map_err(|error| corrupt("a negative count").caused_by(error))
}

/// One column of 32 bytes.
pub(super) fn hash(row: &SqliteRow, at: usize) -> Result<Hash, Fault> {
    let bytes: &[u8] = unchecked(row, at)?;
    bytes.try_into().map_err(|error| corrupt("a hash").caused_by(error))
}

/// One column of 16 bytes.
pub(super) fn proof_id(row: &SqliteRow, at: usize) -> Result<ProofId, Fault> {
    optional_proof_id(row, at)?.ok_or_else(|| corrupt("no number of an entry"))
}

/// One column of 16 bytes or null.
pub(super) fn optional_proof_id(row: &SqliteRow, at: usize) -> Result<Option<ProofId>, Fault> {
    let bytes: Option<&[u8]> = unchecked(row, at)?;
    let bytes = bytes.map(TryInto::try_into).transpose();
    let bytes = bytes.map_err(|error| corrupt("a number of an entry").caused_by(error))?;
    Ok(bytes.map(ProofId::from_bytes))
}

/// A receipt, in two columns from this one on.
pub(super) fn stored_receipt(row: &SqliteRow, at: usize) -> Result<Option<StoredReceipt>, Fault> {
    let Some(receipt) = unchecked::<Option<&str>>(row, at + 1)? else { return Ok(None) };
    let receipt =
        serde_json::from_str(receipt).map_err(|error| corrupt("a receipt").caused_by(error))?;
    Ok(Some(StoredReceipt { fingerprint: Digest::from_bytes(hash(row, at)?), receipt }))
}
