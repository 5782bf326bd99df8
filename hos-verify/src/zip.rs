//! The one ZIP that a bundle is: stored files in order of name, and not a byte that could differ.
//!
//! No compression, encryption, extra fields, comments, data descriptors or zip64; every date is the
//! same. A reader that knows the files' names and bytes therefore knows the whole archive, and
//! compares it: what lies before, between or behind the files cannot exist.

use std::fmt;

/// The most files.
pub(crate) const FILES_MAX: usize = 65_000;
/// The longest name, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 160;

/// A file of an archive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File<'a> {
    pub(crate) name: &'a str,
    pub(crate) data: &'a [u8],
}

/// Writes the archive of these files, whose names are in ascending order.
///
/// None if there are too many of them or they are too large for the format.
pub(crate) fn write(files: &[File<'_>]) -> Option<Vec<u8>> {
    let mut archive = Vec::new();
    let mut headers = Vec::new();
    for file in files {
        let header = Header::of(file, archive.len())?;
        archive.extend(header.local());
        archive.extend(file.data);
        headers.push(header);
    }
    let directory = directory(&headers, archive.len())?;
    archive.extend(directory);
    Some(archive)
}

/// Reads an archive; accepts exactly what [`write()`] writes.
pub(crate) fn read(archive: &[u8]) -> Result<Vec<File<'_>>, ZipError> {
    let (mut files, mut headers) = (Vec::<File<'_>>::new(), Vec::new());
    let mut rest = archive;
    while rest.starts_with(LOCAL) {
        let start = archive.len() - rest.len();
        let bad = ZipError { at: start };
        let file = next(rest).ok_or(bad)?;
        let header = Header::of(&file, start).ok_or(bad)?;
        let is_next =
            files.len() < FILES_MAX && files.last().is_none_or(|last| last.name < file.name);
        rest = rest.strip_prefix(header.local().as_slice()).filter(|_| is_next).ok_or(bad)?;
        rest = rest.get(file.data.len()..).ok_or(bad)?;
        files.push(file);
        headers.push(header);
    }
    let start = archive.len() - rest.len();
    let expected = directory(&headers, start).ok_or(ZipError { at: start })?;
    if expected != rest || files.is_empty() {
        return Err(ZipError { at: start });
    }
    Ok(files)
}

/// Where an archive stops being one that [`write()`] writes: at the start of a file, or of the
/// directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ZipError {
    pub(crate) at: usize,
}

impl fmt::Display for ZipError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no plain stored ZIP from byte {} on", self.at)
    }
}

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
/// Needed version 1.0, no flags, stored, midnight of 1980-01-01.
const FIXED: [u8; 10] = [10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];

/// The file that an archive goes on with, as far as its header tells.
fn next(archive: &[u8]) -> Option<File<'_>> {
    let size = u32::from_le_bytes(*archive.get(18..22)?.first_chunk()?);
    let name = u16::from_le_bytes(*archive.get(26..28)?.first_chunk()?);
    let (_, rest) = archive.split_at_checked(30)?;
    let (name, rest) = rest.split_at_checked(usize::from(name))?;
    let (data, _) = rest.split_at_checked(usize::try_from(size).ok()?)?;
    Some(File { name: std::str::from_utf8(name).ok()?, data })
}

/// What both headers of a file say.
struct Header<'a> {
    name: &'a str,
    check: u32,
    size: u32,
    offset: u32,
}

impl<'a> Header<'a> {
    fn of(file: &File<'a>, offset: usize) -> Option<Self> {
        let is_name = !file.name.is_empty() && file.name.len() <= NAME_BYTES_MAX;
        let size = u32::try_from(file.data.len()).ok().filter(|_| is_name)?;
        let offset = u32::try_from(offset).ok()?;
        Some(Self { name: file.name, check: crc32(file.data), size, offset })
    }

    fn local(&self) -> Vec<u8> {
        [LOCAL, &FIXED, &self.shared(), self.name.as_bytes()].concat()
    }

    fn central(&self) -> Vec<u8> {
        let places = [&[0; 10], self.offset.to_le_bytes().as_slice()].concat();
        [CENTRAL, &[10, 0], &FIXED, &self.shared(), &places, self.name.as_bytes()].concat()
    }

    /// Checksum, both sizes, the length of the name, no extra field.
    fn shared(&self) -> Vec<u8> {
        // OK because a name has at most 160 bytes.
        let name = u16::try_from(self.name.len()).unwrap_or_default();
        let size = self.size.to_le_bytes();
        [&self.check.to_le_bytes(), &size, &size, &name.to_le_bytes()[..], &[0, 0]].concat()
    }
}

/// All that follows the files.
fn directory(headers: &[Header<'_>], start: usize) -> Option<Vec<u8>> {
    let count = u16::try_from(headers.len()).ok().filter(|_| headers.len() <= FILES_MAX)?;
    let mut directory: Vec<u8> = headers.iter().flat_map(Header::central).collect();
    let size = u32::try_from(directory.len()).ok()?;
    let start = u32::try_from(start).ok()?;
    directory.extend([END, &[0; 4], &count.to_le_bytes(), &count.to_le_bytes()].concat());
    directory.extend([&size.to_le_bytes()[..], &start.to_le_bytes(), &[0; 2]].concat());
    Some(directory)
}

/// The checksum of ISO-HDLC, as PKWARE's APPNOTE 4.4.7 asks.
fn crc32(data: &[u8]) -> u32 {
    let step = |check: u32, byte: &u8| {
        let [low, ..] = check.to_le_bytes();
        let entry = TABLE.get(usize::from(low ^ byte)).copied().unwrap_or_default();
        check >> 8 ^ entry
    };
    !data.iter().fold(u32::MAX, step)
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    let mut value = 0_u32;
    while at < 256 {
        let mut entry = value;
        let mut bit = 0;
        while bit < 8 {
            entry = entry >> 1 ^ if entry & 1 == 1 { 0xedb8_8320 } else { 0 };
            bit += 1;
        }
        #[expect(clippy::indexing_slicing, reason = "computed while compiling, below 256")]
        {
            table[at] = entry;
        }
        at += 1;
        value += 1;
    }
    table
};
