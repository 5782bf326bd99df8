//! The program as an operator runs it: what it says and how it exits.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test binary"
)]

mod archive;
mod attest;
mod bundle;
mod check;
mod clinic;
mod databases;
mod evil;
mod explain;
mod follow;
mod general;
mod life;
mod look;
mod moving;
mod program;
mod replay;
mod shop;
