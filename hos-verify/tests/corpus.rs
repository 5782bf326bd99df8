//! What fuzzing kept, replayed: each file of a corpus through the body of its fuzz target.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the bodies of fuzz targets fail by panicking"
)]

use std::fs;
use std::path::Path;

#[path = "../../fuzz/checks/bundle.rs"]
mod bundle;

#[test]
fn bundles() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/bundle");
    let mut replayed = 0;
    for entry in fs::read_dir(&corpus).unwrap() {
        let path = entry.unwrap().path();
        let data = fs::read(&path).unwrap();
        let outcome = std::panic::catch_unwind(|| bundle::check(&data));
        assert!(outcome.is_ok(), "{}", path.display());
        replayed += 1;
    }
    assert!(replayed >= 5, "{} holds {replayed} files", corpus.display());
}

/// A short campaign that anybody can repeat.
#[test]
fn bundles_from_a_seed() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    for _ in 0..300 {
        let data: Vec<u8> = (0..160).map(|_| byte()).collect();
        bundle::check(&data);
    }
}
