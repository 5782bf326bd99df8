//! What an error of sqlx or PostgreSQL means to the law.
//!
//! Messages name SQLSTATE codes and never a value that was bound.

use std::io;

use hos_core::error::{Fault, FaultKind};
use sqlx::Error;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::fault::ambiguous;

/// An error of a statement after which nothing was written.
pub(super) fn classify(error: Error) -> Fault {
    let kind = kind(&error);
    Fault::new(kind, message(kind, &error)).caused_by(error)
}

/// An error of a statement that commits: unless the server says that it refused, and lives on,
/// nobody knows whether it was committed.
pub(super) fn classify_commit(error: Error) -> Fault {
    let known = state(&error).is_some_and(|state| !is_goodbye(&state)) && !is_last_word(&error);
    if known || matches!(error, Error::PoolTimedOut | Error::PoolClosed | Error::Encode(_)) {
        classify(error)
    } else {
        ambiguous().caused_by(error)
    }
}

/// An error in a transaction of the caller's: with nearly every one PostgreSQL has aborted it, so
/// that nothing can be sent again in it.
pub(super) fn classify_caller(error: Error) -> Fault {
    let message = match state(&error).as_deref() {
        Some("55P03" | "57014") => {
            "others held the database for too long; roll the transaction back and begin it again"
        }
        Some("23505") if is_of_subject(&error) => {
            "another opened the subject meanwhile; roll the transaction back and begin it again"
        }
        Some("25P02") => "an earlier statement of the transaction failed; roll it back",
        Some("40001" | "40P01") => "the transaction met another; roll it back and begin it again",
        Some("42883" | "42P01") => "the transaction is on a database without the law's schema",
        _ => return classify(error),
    };
    Fault::new(FaultKind::Transaction, message).caused_by(error)
}

/// An error while the schema is brought up to date: a name that it needs may be another's.
pub(super) fn classify_migration(error: Error) -> Fault {
    let message = match state(&error).as_deref() {
        Some("42P07" | "42710" | "42723" | "42703" | "42809") => {
            "another application's object has a name that the law needs; give the law a database \
             or a schema of its own"
        }
        _ => return classify(error),
    };
    Fault::new(FaultKind::Foreign, message).caused_by(error)
}

/// Whether the same statement may succeed at once, for it met another that has ended by now.
pub(super) fn is_collision(error: &Error) -> bool {
    matches!(state(error).as_deref(), Some("40001" | "40P01"))
}

/// Whether others held a row for longer than the lock timeout.
pub(super) fn is_lock_wait(fault: &Fault) -> bool {
    let error = std::error::Error::source(fault).and_then(|source| source.downcast_ref::<Error>());
    error.and_then(state).as_deref() == Some("55P03")
}

/// Whether another commit has taken a key meanwhile; nothing was done.
pub(super) fn is_taken_key(error: &Error) -> bool {
    let constraint = error.as_database_error().and_then(|error| error.constraint());
    constraint == Some("hos_receipt_pkey")
}

/// Whether a leaf is in the place already that another was to have, or has one already.
pub(super) fn is_taken_place(fault: &Fault) -> bool {
    let error = std::error::Error::source(fault).and_then(|source| source.downcast_ref::<Error>());
    let error = error.and_then(Error::as_database_error);
    let constraint = error.and_then(|error| error.constraint());
    matches!(constraint, Some("hos_leaf_pkey" | "hos_leaf_entry"))
}

/// Whether the connection was dead, or its prepared statements were of another schema, before the
/// statement began: nothing was done, and another connection may do it.
pub(super) fn is_stale(error: &Error) -> bool {
    match error {
        Error::Io(error) => error.kind() != io::ErrorKind::TimedOut,
        Error::Protocol(_) => true,
        error => state(error).is_some_and(|state| is_goodbye(&state) || state == "0A000"),
    }
}

/// Whether the error concerns the subjects' table.
fn is_of_subject(error: &Error) -> bool {
    error.as_database_error().and_then(|error| error.table()) == Some("hos_subject")
}

/// The server ends the session: administrator's command, crash, start-up.
fn is_goodbye(state: &str) -> bool {
    matches!(state, "57P01" | "57P02" | "57P03" | "57P05") || state.starts_with("08")
}

/// Whether the session, or the server, ended with the error, whatever its SQLSTATE: a full disk
/// under the write-ahead log is a panic, and a commit that it met may be there after the recovery.
fn is_last_word(error: &Error) -> bool {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref());
    error.is_some_and(|error: &PgDatabaseError| {
        matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic)
    })
}

/// The SQLSTATE.
fn state(error: &Error) -> Option<String> {
    error.as_database_error()?.code().map(String::from)
}

const TOO_MANY_CONNECTIONS: &str = "53300";

// https://www.postgresql.org/docs/15/errcodes-appendix.html
fn kind(error: &Error) -> FaultKind {
    let Some(state) = state(error) else {
        return match error {
            // What TLS says of a certificate that it does not believe.
            Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                FaultKind::Unauthorized
            }
            Error::PoolTimedOut
            | Error::PoolClosed
            | Error::Io(_)
            | Error::WorkerCrashed
            | Error::Protocol(_) => FaultKind::Unavailable,
            Error::Tls(_) | Error::Configuration(_) => FaultKind::Unauthorized,
            Error::BeginFailed | Error::InvalidSavePointStatement => FaultKind::Transaction,
            Error::ColumnDecode { .. } | Error::Decode(_) => FaultKind::Corrupt,
            _ => FaultKind::Internal,
        };
    };
    match state.as_str() {
        "40001" | "40P01" | "55P03" | "57014" => FaultKind::Busy,
        TOO_MANY_CONNECTIONS => FaultKind::Unavailable,
        "25006" => FaultKind::ReadOnly,
        "53100" | "53200" => FaultKind::Full,
        "25P02" => FaultKind::Transaction,
        // The schema's own.
        "HO003" => FaultKind::Corrupt,
        "XX001" | "XX002" => FaultKind::Corrupt,
        "54000" | "22001" => FaultKind::Limit,
        "42501" | "3D000" | "3F000" => FaultKind::Unauthorized,
        state if state.starts_with("28") => FaultKind::Unauthorized,
        state if is_goodbye(state) => FaultKind::Unavailable,
        _ => FaultKind::Internal,
    }
}

fn message(kind: FaultKind, error: &Error) -> String {
    let is_crowded = matches!(error, Error::PoolTimedOut)
        || state(error).is_some_and(|state| state == TOO_MANY_CONNECTIONS);
    let what = match kind {
        FaultKind::Unavailable if is_crowded => {
            "no connection was free; give the pool or the server more, or send again"
        }
        FaultKind::Busy => "others held the database for too long; send the command again",
        FaultKind::ReadOnly => "the database is read-only; is the URL that of a standby?",
        FaultKind::Unavailable => "the database cannot be reached; check the URL and the server",
        FaultKind::Unauthorized => {
            "the database refused; check user, password, TLS, database name and rights"
        }
        FaultKind::Corrupt => "the database's bytes are damaged; restore it from a backup",
        FaultKind::Full => "the database's disk or memory is full; make room",
        FaultKind::Limit => "a limit of the database was exceeded by the call",
        FaultKind::Transaction => "the transaction cannot be used",
        _ => "the database did not do what was asked",
    };
    match state(error) {
        Some(state) => format!("{what} (SQLSTATE {state})"),
        None => what.to_owned(),
    }
}
