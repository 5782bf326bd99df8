//! Keys, keepers, time-stamps and rounds of seals.

#![expect(clippy::unwrap_used, reason = "tests")]

mod keeper;
mod keys;
mod rounds;
mod timestamp;
