//! SQLite, where it differs from any other backend: files, triggers, plans, transactions, cancels.

#![cfg(feature = "sqlite")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper that cannot do its part fails its test"
)]

mod alone;
mod cancel;
mod damaged;
#[path = "../support/epoch.rs"]
mod epoch;
mod guard;
mod open_errors;
mod plans;
mod schema;
mod seals;
mod shop;
mod two_stores;
mod vault;
mod within;
