#![doc = include_str!("../README.md")]
#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "its product is assertions"
)]

pub mod campaign;
pub mod case;
pub mod cases;
pub mod differential;
pub mod faults;
mod forward;
pub mod golden;
pub mod ground;
pub mod harness;
pub mod law;
pub mod laws;
pub mod model;
pub mod planted;
pub mod random;
mod sealing;
mod stage;
mod vaulted;
pub mod watched;
