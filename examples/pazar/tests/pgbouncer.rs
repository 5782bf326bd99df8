//! Flows, races and lists through PgBouncer: the same tests, by an address that says so.

#![expect(clippy::duplicate_mod, reason = "each of them brings the same house")]

#[path = "flows.rs"]
mod flows;
#[path = "lists.rs"]
mod lists;
#[path = "races.rs"]
mod races;
