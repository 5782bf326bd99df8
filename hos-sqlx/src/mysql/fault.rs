//! What an error of sqlx or of the server means to the law.
//!
//! Messages name codes and never a value that was bound.

use std::io;

use hos_core::error::{Fault, FaultKind};
use sqlx::Error;
use sqlx::mysql::MySqlDatabaseError;

use crate::fault::{ambiguous, same};

/// An error of a statement after which nothing was written.
pub(super) fn classify(error: Error) -> Fault {
    let kind = kind(&error);
    Fault::new(kind, message(kind, &error)).caused_by(error)
}

/// An error of a statement that may have been the last of its transaction: unless the server says
/// that it refused, nobody knows whether it was committed.
pub(super) fn classify_commit(error: Error) -> Fault {
    let refused = code(&error).is_some_and(|code| !UNCERTAIN.contains(&code));
    if refused { classify(error) } else { ambiguous().caused_by(error) }
}

/// An error in a transaction of the caller's.
pub(super) fn classify_caller(error: Error) -> Fault {
    let message = match code(&error) {
        Some(DEADLOCK) => {
            "the database undid the whole transaction to end a deadlock; begin it again"
        }
        Some(RECORD_CHANGED) => {
            "a row changed after the transaction's snapshot; begin it with READ COMMITTED"
        }
        Some(TRANSACTION_ENDED) => {
            "the server has ended the transaction: a deadlock undid it, or a statement such as \
             CREATE TABLE committed it; roll back and begin another"
        }
        Some(INTERRUPTED | TIMED_OUT) => {
            "a statement of the law was broken off; roll back and begin another transaction"
        }
        Some(NO_SUCH_TABLE | NO_SUCH_PROCEDURE) => {
            "the transaction is on a database without the law's tables"
        }
        _ => return classify(error),
    };
    Fault::new(FaultKind::Transaction, message).caused_by(error)
}

/// Whether the same transaction may succeed when it is done again at once: somebody else was
/// quicker with a key or a subject.
pub(super) fn is_race(fault: &Fault) -> bool {
    code_of(fault).is_some_and(|code| matches!(code, DUPLICATE | DEADLOCK | RECORD_CHANGED))
}

/// Whether a key that was to be written is there.
pub(super) fn is_duplicate(fault: &Fault) -> bool {
    code_of(fault) == Some(DUPLICATE)
}

/// Whether nobody answered.
pub(super) fn is_silence(fault: &Fault) -> bool {
    matches!(error_of(fault), Some(Error::Io(error)) if error.kind() == io::ErrorKind::TimedOut)
}

/// Whether others held a row for longer than the lock timeout.
pub(super) fn is_lock_wait(fault: &Fault) -> bool {
    code_of(fault) == Some(LOCK_WAIT)
}

/// Whether the server broke a statement off and ran no handler: what a procedure had begun may be
/// open, and what it had written stays written, until somebody rolls back.
pub(super) fn is_broken_off(fault: &Fault) -> bool {
    code_of(fault).is_some_and(|code| matches!(code, INTERRUPTED | TIMED_OUT))
}

fn code_of(fault: &Fault) -> Option<u16> {
    code(error_of(fault)?)
}

fn error_of(fault: &Fault) -> Option<&Error> {
    std::error::Error::source(fault)?.downcast_ref()
}

/// What the fault of a commit means when its transaction is known to have stayed open.
pub(super) fn not_committed(fault: &Fault) -> Fault {
    let Some(error) = error_of(fault) else { return same(fault) };
    let kind = kind(error);
    Fault::new(kind, message(kind, error))
}

/// Whether the server answered to all of a statement, so that the connection is still of use.
pub(super) fn is_answer(error: &Error) -> bool {
    code(error).is_some_and(|code| !matches!(code, SHUTDOWN | KILLED | INTERRUPTED | TIMED_OUT))
}

/// The server's error number.
fn code(error: &Error) -> Option<u16> {
    let error = error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>()?;
    Some(error.number())
}

// https://mariadb.com/kb/en/mariadb-error-codes/
const DEADLOCK: u16 = 1213;
const DUPLICATE: u16 = 1062;
const ERROR_DURING_COMMIT: u16 = 1180;
const INTERRUPTED: u16 = 1317;
const KILLED: u16 = 1927;
const LOCK_WAIT: u16 = 1205;
const NO_SUCH_PROCEDURE: u16 = 1305;
const NO_SUCH_TABLE: u16 = 1146;
const RECORD_CHANGED: u16 = 1020;
const SHUTDOWN: u16 = 1053;
const TIMED_OUT: u16 = 1969;
const TOO_MANY_CONNECTIONS: u16 = 1040;
/// The schema's own: a commit was broken off and is undone.
const BROKEN_OFF: u16 = 30_002;
/// The schema's own.
const TRANSACTION_ENDED: u16 = 30_001;
/// Shut down, interrupted, killed, out of time; aborted, and the network's. Each may come after the
/// commit, as may an error during it.
const UNCERTAIN: [u16; 11] = [
    SHUTDOWN,
    INTERRUPTED,
    KILLED,
    TIMED_OUT,
    1152,
    1158,
    1159,
    1160,
    1161,
    1184,
    ERROR_DURING_COMMIT,
];

fn kind(error: &Error) -> FaultKind {
    let Some(code) = code(error) else {
        return match error {
            // What TLS says of a certificate that it does not believe.
            Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                FaultKind::Unauthorized
            }
            Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed | Error::Io(_) => {
                FaultKind::Unavailable
            }
            Error::Tls(_) | Error::Configuration(_) => FaultKind::Unauthorized,
            Error::BeginFailed | Error::InvalidSavePointStatement => FaultKind::Transaction,
            Error::ColumnDecode { .. } | Error::Decode(_) => FaultKind::Corrupt,
            _ => FaultKind::Internal,
        };
    };
    match code {
        DEADLOCK | LOCK_WAIT | RECORD_CHANGED | DUPLICATE | 3572 | 4031 | TIMED_OUT
        | BROKEN_OFF => FaultKind::Busy,
        TOO_MANY_CONNECTIONS | 1203 | 1226 => FaultKind::Unavailable,
        // To the server, to the database, to a table, to a procedure; and no such database.
        1044 | 1045 | 1698 | 1142 | 1143 | 1227 | 1370 | 1049 => FaultKind::Unauthorized,
        INTERRUPTED | SHUTDOWN | KILLED | 1152 | 1158..=1161 | 1184 => FaultKind::Unavailable,
        1036 | 1290 | 1792 | 1836 => FaultKind::ReadOnly,
        1021 | 1041 | 1114 | 3675 => FaultKind::Full,
        126 | 127 | 1034 | 1194 | 1712 => FaultKind::Corrupt,
        1153 | 1406 | 1390 => FaultKind::Limit,
        _ => FaultKind::Internal,
    }
}

fn message(kind: FaultKind, error: &Error) -> String {
    let code = code(error);
    let what = match (kind, code) {
        (FaultKind::Unavailable, None) if matches!(error, Error::PoolTimedOut) => {
            "no connection was free; give the pool more, or send again"
        }
        (FaultKind::Unavailable, Some(TOO_MANY_CONNECTIONS | 1203 | 1226)) => {
            "the server has too many connections; lower the pools or raise its limit"
        }
        (FaultKind::Busy, Some(TIMED_OUT | BROKEN_OFF)) => {
            "the statement ran for too long and was broken off; send the command again"
        }
        (FaultKind::Busy, _) => {
            "another writer held the store for too long; send the command again"
        }
        (FaultKind::Unauthorized, Some(1142 | 1143 | 1227 | 1370)) => {
            "the server's user lacks a right on the law's tables or procedures; grant it"
        }
        (FaultKind::Unauthorized, Some(1049)) => "there is no such database; check its name",
        (FaultKind::Unauthorized, _) => "the server denies access; check user and password",
        (FaultKind::ReadOnly, _) => "the server is read-only; connect to the one that writes",
        (FaultKind::Unavailable, _) => "the server cannot be reached; check the address",
        (FaultKind::Corrupt, _) => "the store's bytes are damaged; restore it from a backup",
        (FaultKind::Full, _) => "the server's disk or memory is full; make room",
        (FaultKind::Limit, _) => "the store's limit was exceeded by the call",
        (FaultKind::Transaction, _) => "the transaction cannot be used",
        _ => "the store did not do what was asked",
    };
    code.map_or_else(|| what.to_owned(), |code| format!("{what} (MariaDB code {code})"))
}
