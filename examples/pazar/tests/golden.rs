//! The golden table: who may do what in each state; and what the lints find.

use hos_conformance::golden::assert_golden;
use hos_inspect::lint::lint;
use hos_inspect::table::Table;

#[test]
fn the_law_decides_what_the_golden_table_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/law.txt");
    assert_golden(path, &Table::new(&pazar::law::law().unwrap()).to_string());
}

#[test]
fn the_lints_find_what_the_golden_list_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/lint.txt");
    let findings = lint(&pazar::law::law().unwrap());
    let lines: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    assert_golden(path, &lines);
}
