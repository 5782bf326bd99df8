//! What an error of sqlx or SQLite means to the law.
//!
//! Messages name codes and never a value that was bound.

use hos_core::error::{Fault, FaultKind};
use sqlx::Error;

use crate::fault::ambiguous;

/// An error of a statement after which nothing was written.
pub(super) fn classify(error: Error) -> Fault {
    let kind = kind(&error);
    Fault::new(kind, message(kind, &error)).caused_by(error)
}

/// An error of a statement that may have been the last of its transaction: unless SQLite says
/// that it refused, nobody knows whether it was committed.
pub(super) fn classify_commit(error: Error) -> Fault {
    let refused = result_code(&error).is_some_and(|code| code & 0xff != IOERR);
    if refused { classify(error) } else { ambiguous().caused_by(error) }
}

/// An error in a transaction of the caller's.
pub(super) fn classify_caller(error: Error) -> Fault {
    match result_code(&error) {
        // A transaction with the write lock is never busy: this one was begun without it.
        Some(code) if matches!(code & 0xff, BUSY | LOCKED) => Fault::new(
            FaultKind::Transaction,
            "the transaction does not hold the write lock; begin it with BEGIN IMMEDIATE",
        )
        .caused_by(error),
        Some(ERROR) if is_missing_table(&error) => Fault::new(
            FaultKind::Transaction,
            "the transaction is on a database without the law's tables",
        )
        .caused_by(error),
        _ => classify(error),
    }
}

/// Whether a statement of [`hos_write`](super::step) refused because something had changed: by
/// its own comparison or by a unique index.
pub(super) fn is_conflict(error: &Error) -> bool {
    result_code(error).is_some_and(|code| code & 0xff == CONSTRAINT)
}

/// Whether SQLite answered at all, so that the connection is still of use.
pub(super) fn is_answer(error: &Error) -> bool {
    result_code(error).is_some()
}

/// SQLite's extended result code.
fn result_code(error: &Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

fn is_missing_table(error: &Error) -> bool {
    error.as_database_error().is_some_and(|error| error.message().starts_with("no such table"))
}

// https://www.sqlite.org/rescode.html; the low byte of an extended code is its primary code.
const ERROR: i32 = 1;
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const NOMEM: i32 = 7;
const READONLY: i32 = 8;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const TOOBIG: i32 = 18;
const CONSTRAINT: i32 = 19;
const NOTADB: i32 = 26;
/// The shared memory of the write-ahead log cannot be created in a read-only directory.
const READONLY_CANTINIT: i32 = 1288;

fn kind(error: &Error) -> FaultKind {
    let Some(code) = result_code(error) else {
        return match error {
            Error::PoolTimedOut => FaultKind::Busy,
            Error::PoolClosed | Error::WorkerCrashed | Error::Io(_) => FaultKind::Unavailable,
            Error::BeginFailed | Error::InvalidSavePointStatement => FaultKind::Transaction,
            Error::ColumnDecode { .. } | Error::Decode(_) => FaultKind::Corrupt,
            _ => FaultKind::Internal,
        };
    };
    match code & 0xff {
        BUSY | LOCKED => FaultKind::Busy,
        _ if code == READONLY_CANTINIT => FaultKind::ReadOnly,
        READONLY => FaultKind::ReadOnly,
        NOMEM | IOERR | CANTOPEN => FaultKind::Unavailable,
        CORRUPT | NOTADB => FaultKind::Corrupt,
        FULL => FaultKind::Full,
        TOOBIG => FaultKind::Limit,
        _ => FaultKind::Internal,
    }
}

fn message(kind: FaultKind, error: &Error) -> String {
    let what = match kind {
        FaultKind::Busy => "another writer held the store for too long; send the command again",
        FaultKind::ReadOnly => "the store is read-only; check the file's and directory's rights",
        FaultKind::Unavailable => "the store cannot be reached; check the path and the disk",
        FaultKind::Corrupt => "the store's bytes are damaged; restore it from a backup",
        FaultKind::Full => "the store's disk is full; make room",
        FaultKind::Limit => "the store's limit was exceeded by the call",
        FaultKind::Transaction => "the transaction cannot be used",
        _ => "the store did not do what was asked",
    };
    match result_code(error) {
        Some(code) => format!("{what} (SQLite code {code})"),
        None => what.to_owned(),
    }
}
