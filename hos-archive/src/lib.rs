#![doc = include_str!("../README.md")]

mod archivist;
mod check;
mod finding;
mod gzip;
mod index;
mod manifest;
mod name;
mod part;
mod reader;
mod report;
mod survey;
mod target;
mod tile;
mod verify;
mod writer;

pub use archivist::{Archivist, Draft, Due, Written};
pub use check::{CHUNK_BYTES, OPENINGS_MAX, SegmentCheck, Want};
pub use finding::{Fault as FindingKind, Finding};
pub use manifest::{FORMAT, MANIFEST_BYTES_MAX, Manifest, ManifestFault};
pub use name::{File, FileName, directory};
pub use part::PART_LINE_BYTES_MAX;
pub use reader::Shelf;
pub use report::{ArchiveReport, FINDINGS_MAX, PartCounts};
pub use survey::Surveyed;
pub use target::{
    ArchiveTarget, ArchiveWriter, DirectoryTarget, FILES_MAX, Files, LOGS_MAX, LogArchive,
    MemoryTarget, SystemFiles,
};
pub use verify::{Expectation, Source, verify_archive};
