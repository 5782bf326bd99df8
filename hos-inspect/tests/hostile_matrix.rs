//! A hostile matrix costs no more than its length: counted in allocations, which no machine's speed
//! changes.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use allocation_counter::measure;
use hos_core::contract::FILE_BYTES_MAX;
use hos_core::policy::ROLES_MAX;
use hos_inspect::matrix::{FAULTS_MAX, Matrix, MatrixError};

/// What refusing takes where nothing is to be read: the words of the fault.
const REFUSING_BYTES_MAX: u64 = 16 << 10;
/// What reading takes at most at one time, for each byte of the file.
const BYTES_OF_A_BYTE_MAX: u64 = 150;
/// How often reading allocates at most, for each byte of the file.
const ALLOCATIONS_OF_A_BYTE_MAX: u64 = 4;

fn refused(
    read: fn(&str) -> Result<Matrix, MatrixError>,
    text: &str,
) -> (Vec<&'static str>, u64, u64) {
    let mut codes = Vec::new();
    let spent = measure(|| {
        let error = read(text).unwrap_err();
        codes = error.faults().iter().map(|fault| fault.code).collect();
    });
    (codes, spent.bytes_max, spent.count_total)
}

fn bounded(text: &str, bytes: u64, allocations: u64) {
    let length = u64::try_from(text.len()).unwrap();
    let start = text.get(..60.min(text.len())).unwrap_or_default();
    assert!(bytes <= length * BYTES_OF_A_BYTE_MAX, "{bytes} bytes for {length}: {start}");
    let most = length * ALLOCATIONS_OF_A_BYTE_MAX;
    assert!(allocations <= most, "{allocations} allocations for {length} bytes: {start}");
}

#[test]
fn ten_megabytes_are_refused_unread() {
    for piece in ["x", "a.b,x\n", "a = 1\n", "[", "[[a]]\n"] {
        let text = piece.repeat((10 << 20) / piece.len());
        for read in [Matrix::from_csv, Matrix::from_toml] {
            let (codes, bytes, _) = refused(read, &text);
            assert_eq!(codes, ["too_many"]);
            assert!(bytes < REFUSING_BYTES_MAX, "{bytes} bytes");
        }
    }
}

#[test]
fn toml_that_is_too_deep_is_refused() {
    let deep = |open: &str, close: &str| {
        let levels = (FILE_BYTES_MAX - 100) / (open.len() + close.len());
        format!("roles = {}1{}", open.repeat(levels), close.repeat(levels))
    };
    let dotted = |levels: usize| vec!["a"; levels].join(".");
    let most = FILE_BYTES_MAX / 2 - 100;
    for text in [
        deep("[", "]"),
        deep("{a=", "}"),
        deep("[{a=", "}]"),
        deep("[", ""),
        format!("{} = 1\n", dotted(most)),
        format!("[{}]\n", dotted(most)),
        format!("[[{}]]\n", dotted(most)),
        format!("roles = {{ {} = 1 }}\n", dotted(most)),
    ] {
        let (codes, bytes, allocations) = refused(Matrix::from_toml, &text);
        assert!(!codes.is_empty() && codes.len() <= FAULTS_MAX);
        bounded(&text, bytes, allocations);
    }
}

#[test]
fn as_many_cells_and_faults_as_a_file_holds_cost_what_its_length_does() {
    let fit = |piece: &str| piece.repeat((FILE_BYTES_MAX / 4) / piece.len());
    let strangers: String = (0..100_000).map(|n| format!("r{n} = 'actor.age == {n}'\n")).collect();
    let head = "roles = ['owner']\n[matrix.'order.pay']\n";
    // A file of one line: whoever walks it for each of its names never comes to an end.
    let one_line = "1,".repeat(FILE_BYTES_MAX / 2 - 100);
    let text = format!("roles = [{one_line}1]\n[matrix]\n");
    let (codes, bytes, allocations) = refused(Matrix::from_toml, &text);
    assert_eq!((codes.len(), codes.last().copied()), (ROLES_MAX + 1, Some("too_many")));
    bounded(&text, bytes, allocations);
    for text in [
        // Roles that are no columns, each with a condition of its own.
        format!("{head}{strangers}"),
        format!("{head}{}", fit("= ")),
        format!("{head}{}", fit("a = 1\n")),
        format!("roles = [{}1]\n[matrix]\n", fit("1,")),
        format!("roles = ['owner']\n{}", fit("[[a]]\n")),
    ] {
        let (codes, bytes, allocations) = refused(Matrix::from_toml, &text);
        assert!(codes.len() <= FAULTS_MAX, "{}", codes.len());
        bounded(&text, bytes, allocations);
    }
    for text in [format!("ability,owner\n{}", fit("?,?\n")), fit(","), fit("\"\n")] {
        let (codes, bytes, allocations) = refused(Matrix::from_csv, &text);
        assert!(codes.len() <= FAULTS_MAX, "{}", codes.len());
        bounded(&text, bytes, allocations);
    }
}
