//! The lane: nobody stranded, nothing run twice, whoever leaves, panics or shuts down.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod crowd;
mod door;
mod faults;
mod law;
mod store;
