//! Reads columns and turns them into words of the law.

use hos_core::digest::Digest;
use hos_core::error::Fault;
use hos_core::id::IdError;
use hos_core::merkle::Hash;
use hos_core::receipt::StoredReceipt;
use hos_core::time::ProofId;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type};
use uuid::Uuid;

use super::fault::classify;
use crate::fault::corrupt;

/// One column.
pub(super) fn column<'r, T>(row: &'r PgRow, at: usize) -> Result<T, Fault>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    row.try_get(at).map_err(classify)
}

/// One column that is parsed as what its constructor accepts.
pub(super) fn parsed<'r, T>(
    row: &'r PgRow,
    at: usize,
    parse: impl FnOnce(&'r str) -> Result<T, IdError>,
) -> Result<T, Fault> {
    parse(column(row, at)?).map_err(|error| corrupt("a name").caused_by(error))
}

/// One column that counts.
pub(super) fn count(row: &PgRow, at: usize) -> Result<u64, Fault> {
    let count: i64 = column(row, at)?;
    u64::try_from(count).map_err(|error| corrupt("a negative count").caused_by(error))
}

/// One column of 32 bytes.
pub(super) fn hash(row: &PgRow, at: usize) -> Result<Hash, Fault> {
    let bytes: &[u8] = column(row, at)?;
    bytes.try_into().map_err(|error| corrupt("a hash").caused_by(error))
}

/// The number of an entry.
pub(super) fn proof_id(row: &PgRow, at: usize) -> Result<ProofId, Fault> {
    let id: Uuid = column(row, at)?;
    Ok(ProofId::from_bytes(id.into_bytes()))
}

/// The number of an entry as the database keeps it.
pub(super) fn uuid(id: ProofId) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}

/// A receipt, in two columns from this one on.
pub(super) fn stored_receipt(row: &PgRow, at: usize) -> Result<Option<StoredReceipt>, Fault> {
    let Some(receipt) = column::<Option<&str>>(row, at + 1)? else { return Ok(None) };
    let receipt =
        serde_json::from_str(receipt).map_err(|error| corrupt("a receipt").caused_by(error))?;
    Ok(Some(StoredReceipt { fingerprint: Digest::from_bytes(hash(row, at)?), receipt }))
}
