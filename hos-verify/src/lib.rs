#![doc = include_str!("../README.md")]

pub mod anchor;
pub mod bundle;
pub mod checkpoint;
pub mod commitment;
pub mod cosignature;
pub mod epoch;
pub mod json;
pub mod leaf;
pub mod merkle;
pub mod note;
pub mod policy;
pub mod proof;
mod text;
pub mod tile;
pub mod time;
pub mod verdict;
pub mod verify;
mod zip;
