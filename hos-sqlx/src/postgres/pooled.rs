//! The connections, and who stands between them and the server.

use std::ops::Deref;

use sqlx::Postgres;
use sqlx::postgres::PgPool;

use super::options::Pooler;
use crate::connections;

/// The connections, and who stands between them and the server.
#[derive(Debug)]
pub(super) struct Connections {
    own: connections::Connections<Postgres>,
    pooler: Pooler,
}

impl Connections {
    pub(super) fn new(pool: PgPool, pooler: Pooler) -> Self {
        Self { own: connections::Connections::new(pool), pooler }
    }

    pub(super) fn pooler(&self) -> Pooler {
        self.pooler
    }
}

impl Deref for Connections {
    type Target = connections::Connections<Postgres>;

    fn deref(&self) -> &Self::Target {
        &self.own
    }
}
