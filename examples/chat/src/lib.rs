#![doc = include_str!("../README.md")]

pub mod application;
pub mod law;
pub mod post;
