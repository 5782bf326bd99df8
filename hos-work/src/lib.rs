#![doc = include_str!("../README.md")]

mod lane;

pub use lane::{Lane, LaneOptions};
