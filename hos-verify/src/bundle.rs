//! Bundles, `hosproof/1`: one file with all that an outsider needs to check some entries offline.
//!
//! A bundle is an uncompressed ZIP; `docs/proof/formats.md` lays down every file in it.
//! [`verify`](crate::verify::verify) judges it, [`make`](make::make) makes it.

mod form;
pub mod make;
mod manifest;
mod name;

use sha2::{Digest, Sha256};

use crate::zip;

pub(crate) use form::{ConsistencyFile, RangeFile};
pub use manifest::{Claim, Listed};
pub(crate) use manifest::{Erased, Manifest, Opening};
pub(crate) use name::Name;

/// The format that is written and read.
pub const FORMAT: &str = "hosproof/1";
/// The largest bundle, in bytes: 64 MiB.
pub const BUNDLE_BYTES_MAX: usize = 67_108_864;
/// The most entries of a bundle.
pub const ENTRIES_MAX: usize = 20_000;
/// The most claims of a bundle.
pub const CLAIMS_MAX: usize = 16;
/// The most checkpoints of the log beside the one that the proofs lead to.
pub const EARLIER_MAX: usize = 64;
/// The largest manifest, in bytes.
pub(crate) const MANIFEST_BYTES_MAX: usize = 8_388_608;

/// A bundle in its strict form, with nothing proved yet.
#[derive(Debug)]
pub(crate) struct Bundle<'a> {
    pub(crate) manifest: Manifest,
    files: Vec<(Name, &'a [u8])>,
}

impl<'a> Bundle<'a> {
    /// Takes a file apart.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, &'static str> {
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err("larger than a bundle may be");
        }
        let files = zip::read(bytes).map_err(|_| "not a plain stored ZIP, or damaged")?;
        let named = |file: &zip::File<'a>| Some((Name::parse(file.name)?, file.data));
        let files: Option<Vec<_>> = files.iter().map(named).collect();
        let files = files.ok_or("a file has a name that no bundle has")?;
        let manifest = find(&files, &Name::Manifest).ok_or("manifest.json is missing")?;
        let manifest = Manifest::parse(manifest).ok_or("manifest.json is not in order")?;
        Ok(Self { manifest, files })
    }

    /// The bytes of a file.
    pub(crate) fn file(&self, name: &Name) -> Option<&'a [u8]> {
        find(&self.files, name)
    }

    /// The files in order of name.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&Name, &'a [u8])> {
        self.files.iter().map(|(name, data)| (name, *data))
    }
}

/// Files are in order of their printed names, which is not that of their kinds.
fn find<'a>(files: &[(Name, &'a [u8])], name: &Name) -> Option<&'a [u8]> {
    let text = name.to_string();
    let at = files.binary_search_by(|(other, _)| other.to_string().cmp(&text)).ok()?;
    files.get(at).map(|(_, data)| *data)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
