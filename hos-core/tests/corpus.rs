//! What fuzzing kept, replayed: each file of a corpus through the body of its fuzz target.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the bodies of fuzz targets fail by panicking"
)]

use std::fs;
use std::path::Path;

#[path = "../../fuzz/checks/condition_text.rs"]
mod condition_text;
#[path = "../../fuzz/checks/contract_file.rs"]
mod contract_file;
#[path = "../../fuzz/checks/law_file.rs"]
mod law_file;
#[path = "../../fuzz/checks/leaf_encoding.rs"]
mod leaf_encoding;
#[path = "../../fuzz/checks/proof_verification.rs"]
mod proof_verification;

fn replay(target: &str, check: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut replayed = 0;
    for entry in fs::read_dir(&corpus).unwrap() {
        let path = entry.unwrap().path();
        let data = fs::read(&path).unwrap();
        let outcome = std::panic::catch_unwind(|| check(&data));
        assert!(outcome.is_ok(), "{}", path.display());
        replayed += 1;
    }
    assert!(replayed >= 5, "{} holds {replayed} files", corpus.display());
}

#[test]
fn condition_texts() {
    replay("condition_text", condition_text::check);
}

#[test]
fn contract_files() {
    replay("contract_file", contract_file::check);
}

#[test]
fn law_files() {
    replay("law_file", law_file::check);
}

#[test]
fn leaf_encodings() {
    replay("leaf_encoding", leaf_encoding::check);
}

#[test]
fn proof_verifications() {
    replay("proof_verification", proof_verification::check);
}
