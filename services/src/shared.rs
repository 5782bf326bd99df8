//! One server of each kind for a whole test binary.
//!
//! Nobody kills or stops these: who needs that starts a server of their own.

use std::sync::OnceLock;

use crate::{MariaDb, PgBouncer, Postgres, ServiceError};

/// The PostgreSQL of this process, started by the first who asks.
///
/// # Errors
///
/// As [`Postgres::start`], the same for everyone.
pub fn postgres() -> Result<&'static Postgres, ServiceError> {
    static SERVER: OnceLock<Result<Postgres, ServiceError>> = OnceLock::new();
    SERVER.get_or_init(Postgres::start).as_ref().map_err(Clone::clone)
}

/// The MariaDB of this process, started by the first who asks.
///
/// # Errors
///
/// As [`MariaDb::start`], the same for everyone.
pub fn mariadb() -> Result<&'static MariaDb, ServiceError> {
    static SERVER: OnceLock<Result<MariaDb, ServiceError>> = OnceLock::new();
    SERVER.get_or_init(MariaDb::start).as_ref().map_err(Clone::clone)
}

/// The `PgBouncer` of this process, before [`postgres()`], started by the first who asks.
///
/// # Errors
///
/// As [`Postgres::start`] and [`PgBouncer::start`], the same for everyone.
pub fn pgbouncer() -> Result<&'static PgBouncer, ServiceError> {
    static SERVER: OnceLock<Result<PgBouncer, ServiceError>> = OnceLock::new();
    SERVER.get_or_init(|| PgBouncer::start(postgres()?)).as_ref().map_err(Clone::clone)
}
