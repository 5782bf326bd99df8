//! Bundles from the outside: made, verified, damaged and forged, by both verifiers.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod archive;
mod cases;
mod damage;
mod epoch;
mod form;
mod golden;
mod hostile;
mod keys;
mod large;
mod late;
mod log;
mod python;
