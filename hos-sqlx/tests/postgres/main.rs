//! The law in PostgreSQL: the second wall, guarded columns, protections, partitions.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod batch;
#[path = "../support/epoch.rs"]
mod epoch;
mod guard;
mod in_progress;
mod protection;
mod quarantine;
mod recall;
mod rotation;
mod shop;
mod timers;
mod trips;
mod vault;
mod wall;
