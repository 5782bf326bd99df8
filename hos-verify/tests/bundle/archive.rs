//! ZIPs and manifests written by hand, for bundles that no honest maker makes.

use std::collections::BTreeMap;

use hos_verify::json::Value;
use sha2::{Digest as _, Sha256};

/// Files by name.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Takes a sound archive apart.
pub(crate) fn unpack(archive: &[u8]) -> Files {
    let mut files = Files::new();
    let mut at = 0;
    while archive[at..].starts_with(b"PK\x03\x04") {
        let word = |at: usize| usize::from(u16::from_le_bytes([archive[at], archive[at + 1]]));
        let size = word(at + 18) + (word(at + 20) << 16);
        let name = at + 30..at + 30 + word(at + 26);
        let data = name.end..name.end + size;
        at = data.end;
        let name = String::from_utf8(archive[name].to_vec()).unwrap();
        files.insert(name, archive[data].to_vec());
    }
    files
}

/// Puts files together in order of name, with a manifest that lists them.
pub(crate) fn pack(files: &Files) -> Vec<u8> {
    let mut files = files.clone();
    // What is no manifest any more is packed as it is.
    let Ok(Value::Object(mut fields)) = Value::parse(&files["manifest.json"]) else {
        return zip(&files.into_iter().collect::<Vec<_>>());
    };
    let listed = files.iter().filter(|(name, _)| *name != "manifest.json").map(|(name, data)| {
        let digest = Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect();
        Value::object([
            ("name", Value::string(name.as_str())),
            ("sha256", Value::String(digest)),
            ("size", Value::Integer(i64::try_from(data.len()).unwrap())),
        ])
    });
    let listed = Value::Array(listed.collect());
    for (key, value) in &mut fields {
        if key == "files" {
            *value = listed.clone();
        }
    }
    files.insert("manifest.json".to_owned(), Value::Object(fields).encode().into_bytes());
    let files: Vec<_> = files.into_iter().collect();
    zip(&files)
}

/// A stored ZIP of these files in this order.
pub(crate) fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in files {
        let offset = u32::try_from(out.len()).unwrap().to_le_bytes();
        let size = u32::try_from(data.len()).unwrap().to_le_bytes();
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let fixed = [10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        let shared = [&crc32(data).to_le_bytes()[..], &size, &size, &length, &[0, 0]].concat();
        out.extend([b"PK\x03\x04", &fixed[..], &shared, name.as_bytes(), data].concat());
        directory
            .extend([b"PK\x01\x02", &[10, 0][..], &fixed, &shared, &[0; 10], &offset].concat());
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let start = u32::try_from(out.len()).unwrap().to_le_bytes();
    out.extend(directory);
    out.extend([b"PK\x05\x06", &[0; 4][..], &count, &count, &size, &start, &[0, 0]].concat());
    out
}

/// Bit by bit, as the polynomial says.
fn crc32(data: &[u8]) -> u32 {
    let mut check = u32::MAX;
    for byte in data {
        check ^= u32::from(*byte);
        for _ in 0..8 {
            check = if check & 1 == 1 { check >> 1 ^ 0xedb8_8320 } else { check >> 1 };
        }
    }
    !check
}
