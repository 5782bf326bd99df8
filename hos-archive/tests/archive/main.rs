//! Archives from their files alone: what is whole verifies, and whatever is not has a name.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod anchors;
mod bytes;
mod directory;
mod hostile;
mod large;
mod scene;
