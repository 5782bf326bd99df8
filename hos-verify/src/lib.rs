#![doc = include_str!("../README.md")]

pub mod checkpoint;
pub mod commitment;
pub mod cosignature;
pub mod merkle;
pub mod note;
mod text;
pub mod tile;
