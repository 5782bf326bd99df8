//! MariaDB, where it differs from any other backend: triggers, plans, transactions, cancels,
//! partitions.

#![cfg(feature = "mysql")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that cannot do its part fails its test"
)]

mod alone;
mod cancel;
#[path = "../support/certificate.rs"]
mod certificate;
mod encryption;
mod ended;
#[path = "../support/epoch.rs"]
mod epoch;
mod guard;
mod in_progress;
mod lost;
mod open_errors;
mod plans;
mod pressure;
mod quarantine;
mod recall;
mod schema;
mod shop;
mod timers;
mod upkeep;
mod vault;
mod within;
