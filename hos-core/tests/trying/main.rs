//! Another law is tried before it is enforced: beside the one in force, and on recorded decisions.
//! And a command is tried without being done.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "helpers of tests"
)]

mod attempts;
mod beginnings;
mod candidate;
mod conflicts;
mod desk;
mod readiness;
mod recording;
mod rehearsal;
mod typed;
