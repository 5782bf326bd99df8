//! What is hostile costs no more than its length: counted in allocations, which no machine's speed
//! changes.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use allocation_counter::measure;
use hos_core::contract::{Contract, FILE_BYTES_MAX};
use hos_core::error::LawFault;
use hos_core::law::Law;
use hos_core::policy::ROLES_MAX;

/// What refusing takes where nothing is to be read: the words of the fault.
const REFUSING_BYTES_MAX: u64 = 16 << 10;
/// What reading takes at most at one time, for each byte of the file: its tree with places too.
const BYTES_OF_A_BYTE_MAX: u64 = 100;
/// How often reading allocates at most, for each byte of the file.
const ALLOCATIONS_OF_A_BYTE_MAX: u64 = 6;

/// Refuses a text both as a law and as a contract; answers the law's faults, and the most bytes
/// that were held at one time and the number of allocations.
fn refused(text: &str) -> (Vec<LawFault>, u64, u64) {
    let mut found = Vec::new();
    let law = measure(|| found = Law::from_json(text).unwrap_err().faults().to_vec());
    let contract = measure(|| drop(Contract::from_json(text).unwrap_err()));
    let most = |one: u64, other: u64| one.max(other);
    (found, most(law.bytes_max, contract.bytes_max), most(law.count_total, contract.count_total))
}

fn codes(faults: &[LawFault]) -> Vec<&'static str> {
    faults.iter().map(|fault| fault.code).collect()
}

#[test]
fn ten_megabytes_are_refused_unread() {
    let size = 10 << 20;
    let rule = r#"{"effect":"permit","abilities":["a.b"],"roles":["r"]},"#;
    for text in [
        format!("{{\"world\": \"{}\"}}", "x".repeat(size)),
        format!("{{\"world\":\"w\",\"version\":\"1\",\"rules\":[{}]}}", rule.repeat(size / 50)),
        "[".repeat(size),
        "{\"a\":".repeat(size / 5),
        "\u{feff}\"".repeat(size / 4),
    ] {
        assert!(text.len() > FILE_BYTES_MAX);
        let (faults, bytes, _) = refused(&text);
        assert_eq!(codes(&faults), ["too_many"]);
        assert!(bytes < REFUSING_BYTES_MAX, "{bytes} bytes");
    }
}

#[test]
fn what_is_too_deep_is_refused_before_it_is_built() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let levels = FILE_BYTES_MAX / (open.len() + close.len()) - 1;
        let whole = format!("{}1{}", open.repeat(levels), close.repeat(levels));
        for text in [whole, open.repeat(levels)] {
            let (faults, bytes, _) = refused(&text);
            assert_eq!(codes(&faults), ["unreadable"]);
            assert!(bytes < REFUSING_BYTES_MAX, "{bytes} bytes");
        }
    }
}

#[test]
fn a_condition_that_is_too_deep_is_refused_in_bounded_memory() {
    for (open, close) in [("(", ")"), ("!", ""), ("-", ""), ("[", "]"), ("size(", ")")] {
        let levels = (FILE_BYTES_MAX - 1_000) / (open.len() + close.len());
        let when = format!("{}1{}", open.repeat(levels), close.repeat(levels));
        let text = format!(
            "{{\"world\":\"w\",\"version\":\"1\",\"roles\":[{{\"name\":\"r\"}}],\"rules\":[{{\
             \"effect\":\"permit\",\"abilities\":[\"a.b\"],\"roles\":[\"r\"],\
             \"when\":\"{when}\"}}]}}"
        );
        let (faults, bytes, _) = refused(&text);
        assert_eq!(faults.len(), 1, "{:?}", codes(&faults));
        assert!(bytes < 8 * u64::try_from(text.len()).unwrap(), "{bytes} bytes");
    }
}

#[test]
fn cycles_end() {
    let ring = |count: usize| {
        let role = |n: usize| {
            // Each inherits from all: as many cycles as there can be.
            let all: Vec<String> = (0..count).map(|other| format!("\"r{other}\"")).collect();
            format!("{{\"name\":\"r{n}\",\"inherits\":[{}]}}", all.join(","))
        };
        let roles: Vec<String> = (0..count).map(role).collect();
        format!("{{\"world\":\"w\",\"version\":\"1\",\"roles\":[{}]}}", roles.join(","))
    };
    let text = ring(ROLES_MAX);
    let (faults, bytes, allocations) = refused(&text);
    assert_eq!(codes(&faults), ["inheritance_cycle"; ROLES_MAX], "each role is told once");
    bounded(&text, bytes, allocations);
    let states = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("\"s{n}\"")).collect();
        let all = names.join(",");
        let action = |n: usize| {
            format!("{{\"name\":\"a{n}\",\"from\":[{all}],\"to\":\"s{n}\",\"ability\":\"c.a\"}}")
        };
        let actions: Vec<String> = (0..count).map(action).collect();
        format!(
            "{{\"kind\":\"c\",\"version\":\"1\",\"states\":[{all}],\"initial\":\"s0\",\
             \"terminal\":[],\"open\":{{\"ability\":\"c.o\",\"required\":[]}},\"actions\":[{}]}}",
            actions.join(",")
        )
    };
    let text = states(64);
    let (_, bytes, allocations) = refused(&text);
    bounded(&text, bytes, allocations);
}

#[test]
fn as_many_faults_as_a_file_holds_cost_what_its_length_does() {
    let fit = |piece: &str| piece.repeat((FILE_BYTES_MAX / 4) / piece.len());
    for text in [
        format!("{{\"world\":\"w\",\"version\":\"1\",\"rules\":[{}{{}}]}}", fit("{},")),
        format!("{{\"world\":\"w\",\"version\":\"1\",\"roles\":[{}{{}}]}}", fit("{},\n")),
        format!("{{\"world\":\"w\",\"version\":\"1\",\"contracts\":[{}{{}}]}}", fit("{},")),
        format!("{{{}\"b\":1}}", fit("\"a\":1,")),
        format!("[{}1]", fit("1,")),
        format!("{{\"a\":[{}1]}}", fit("[],")),
    ] {
        let (_, bytes, allocations) = refused(&text);
        bounded(&text, bytes, allocations);
    }
}

fn bounded(text: &str, bytes: u64, allocations: u64) {
    let length = u64::try_from(text.len()).unwrap();
    let start = text.get(..60.min(text.len())).unwrap_or_default();
    assert!(bytes <= length * BYTES_OF_A_BYTE_MAX, "{bytes} bytes for {length}: {start}");
    let most = length * ALLOCATIONS_OF_A_BYTE_MAX;
    assert!(allocations <= most, "{allocations} allocations for {length} bytes: {start}");
}
