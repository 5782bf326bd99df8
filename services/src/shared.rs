//! One server of each kind for a whole test binary.
//!
//! Nobody kills or stops these: who needs that starts a server of their own.

use std::sync::OnceLock;

use crate::{Postgres, ServiceError};

/// The PostgreSQL of this process, started by the first who asks.
///
/// # Errors
///
/// As [`Postgres::start`], the same for everyone.
pub fn postgres() -> Result<&'static Postgres, ServiceError> {
    static SERVER: OnceLock<Result<Postgres, ServiceError>> = OnceLock::new();
    SERVER.get_or_init(Postgres::start).as_ref().map_err(Clone::clone)
}
