#![doc = include_str!("../README.md")]

pub mod actor;
pub mod command;
pub mod commit;
pub mod condition;
pub mod contract;
pub mod digest;
mod encoding;
pub mod error;
pub mod hos;
pub mod id;
pub mod judge;
pub mod law;
pub mod laws;
pub mod memory;
pub mod merkle;
pub mod policy;
pub mod proof;
pub mod receipt;
pub mod standing;
pub mod store;
pub mod subject;
pub mod time;
pub mod value;
