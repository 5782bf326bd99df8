//! The law in PostgreSQL: the second wall, guarded columns, protections, partitions.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod guard;
mod protection;
mod rotation;
mod shop;
mod wall;
