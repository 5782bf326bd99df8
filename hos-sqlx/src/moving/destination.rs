//! Where to.

#[cfg(feature = "mysql")]
use crate::mysql::MysqlOptions;
#[cfg(feature = "postgres")]
use crate::postgres::PostgresOptions;

/// The database that a deployment moves into. Options turn into it by themselves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Destination {
    /// A MariaDB database.
    #[cfg(feature = "mysql")]
    Mysql(MysqlOptions),
    /// A PostgreSQL database.
    #[cfg(feature = "postgres")]
    Postgres(PostgresOptions),
}

#[cfg(feature = "mysql")]
impl From<MysqlOptions> for Destination {
    fn from(options: MysqlOptions) -> Self {
        Self::Mysql(options)
    }
}

#[cfg(feature = "postgres")]
impl From<PostgresOptions> for Destination {
    fn from(options: PostgresOptions) -> Self {
        Self::Postgres(options)
    }
}
