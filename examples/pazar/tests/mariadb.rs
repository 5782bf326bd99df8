//! The main flows, races and books on MariaDB: the same tests, on another database.

#[path = "flows.rs"]
mod flows;
#[path = "money.rs"]
mod money;
#[path = "races.rs"]
mod races;
