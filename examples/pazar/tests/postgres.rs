//! The main flows, races and books on PostgreSQL: the same tests, on another database.

#![expect(clippy::duplicate_mod, reason = "each of them brings the same house")]

#[path = "flows.rs"]
mod flows;
#[path = "money.rs"]
mod money;
#[path = "races.rs"]
mod races;
