//! Flows, races, books, pages, evidence, lists and law on MariaDB: the same tests, on another
//! database.

#![expect(clippy::duplicate_mod, reason = "each of them brings the same house")]

#[path = "evidence.rs"]
mod evidence;
#[path = "files.rs"]
mod files;
#[path = "flows.rs"]
mod flows;
#[path = "law.rs"]
mod law;
#[path = "lists.rs"]
mod lists;
#[path = "money.rs"]
mod money;
#[path = "pages.rs"]
mod pages;
#[path = "races.rs"]
mod races;
