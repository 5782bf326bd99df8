//! An archive as long as one likes, of copies of one segment: each goes on where the one before
//! ended, and stands under a checkpoint of its own.

use std::path::Path;

use hos_archive::{File, FileName, directory};
use hos_core::digest::Digest;
use hos_core::note::SigningKey;
use hos_core::proof::SEGMENT_ENTRIES_MAX;
use hos_verify::checkpoint::Checkpoint;
use hos_verify::merkle::{Frontier, Hash};
use hos_verify::note::SignedNote;
use serde_json::{Value, json};

/// Writes it from the first segment of another archive, which is of the largest size.
pub(crate) fn write(from: &Path, to: &Path, origin: &str, key: &SigningKey, segments: u64) {
    let (from, to) = (from.join(directory(origin)), to.join(directory(origin)));
    std::fs::create_dir_all(&to).unwrap();
    let listed = std::fs::read_dir(&from).unwrap().map(|item| item.unwrap().file_name());
    let named = listed.filter_map(|name| FileName::parse(name.to_str()?));
    let first: Vec<FileName> = named.filter(|name| name.first == 0).collect();
    let manifest = first.iter().find(|name| name.file == File::Manifest).unwrap();
    let bytes = std::fs::read(from.join(manifest.to_string())).unwrap();
    let mut manifest: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(manifest["end"], SEGMENT_ENTRIES_MAX, "too few entries");
    let root: Digest = serde_json::from_value(manifest["root"].clone()).unwrap();
    let root: Hash = *root.as_bytes();
    let mut tree = Frontier::new();
    for place in 0..segments {
        let (start, end) = (place * SEGMENT_ENTRIES_MAX, (place + 1) * SEGMENT_ENTRIES_MAX);
        let peaks = tree.peaks().iter().map(|peak| Digest::from_bytes(*peak));
        manifest["proof"] = json!(peaks.collect::<Vec<Digest>>());
        tree.push(root).unwrap();
        let text = Checkpoint::new(origin, end, tree.root()).unwrap().to_text();
        let note = SignedNote::new(&text, vec![key.sign(&text)]).unwrap();
        manifest["checkpoint"] = json!(note.to_string());
        (manifest["first"], manifest["end"]) = (json!(start), json!(end));
        let bytes = serde_json::to_vec(&manifest).unwrap();
        let name = FileName::new((start, end), &Digest::of(&bytes), File::Manifest);
        std::fs::write(to.join(name.to_string()), bytes).unwrap();
        for file in first.iter().filter(|name| name.file != File::Manifest) {
            let copy = FileName { first: start, end, ..*file };
            std::fs::hard_link(from.join(file.to_string()), to.join(copy.to_string())).unwrap();
        }
    }
}
