//! The golden table: who may do what in each state.

use hos_conformance::golden::{assert_golden, table};

#[test]
fn the_law_decides_what_the_golden_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/law.txt");
    assert_golden(path, &table(&pazar::law::law().unwrap()));
}
