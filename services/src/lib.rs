#![doc = include_str!("../README.md")]

pub mod shared;

mod account;
mod authority;
mod error;
mod home;
mod install;
mod mariadb;
mod pgbouncer;
mod port;
mod postgres;
mod program;
mod server;
mod skip;

pub use authority::Authority;
pub use error::ServiceError;
pub use install::install;
pub use mariadb::MariaDb;
pub use pgbouncer::PgBouncer;
pub use postgres::Postgres;
pub use server::wait_until;
pub use skip::skip_or_fail;
