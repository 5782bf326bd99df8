//! The connections, and who stands between them and the server.

use std::ops::Deref;

use sqlx::Postgres;
use sqlx::postgres::PgPool;

use super::options::Pooler;
use crate::connections::Connections;

/// The connections, and who stands between them and the server.
#[derive(Debug)]
pub(super) struct Pooled {
    connections: Connections<Postgres>,
    pooler: Pooler,
}

impl Pooled {
    pub(super) fn new(pool: PgPool, pooler: Pooler) -> Self {
        Self { connections: Connections::new(pool), pooler }
    }

    pub(super) fn pooler(&self) -> Pooler {
        self.pooler
    }
}

impl Deref for Pooled {
    type Target = Connections<Postgres>;

    fn deref(&self) -> &Self::Target {
        &self.connections
    }
}
