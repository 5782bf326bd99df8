#![doc = include_str!("../README.md")]

mod keeper;
mod keys;
mod lane;
mod sealing;
mod timestamp;

pub use keeper::DirectoryKeeper;
pub use keys::{KEYS_BYTES_MAX, keys_from_environment, keys_from_file};
pub use lane::{Lane, LaneOptions};
pub use sealing::{SealingOptions, seal_forever};
pub use timestamp::verify_timestamp;
