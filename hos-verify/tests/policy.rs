//! Trust files and single proofs: what is accepted, and every fault of what is not.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use hos_verify::note::{NoteError, Signature, SignedNote, SigningKey};
use hos_verify::policy::{Policy, PolicyFaultKind};
use hos_verify::proof::{Proof, ProofError};
use proptest::prelude::*;

const TEXT: &str = "log.example/a\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, &[seed; 32]).unwrap()
}

fn witness(number: u8) -> SigningKey {
    key(&format!("w{number}.example"), 50 + number)
}

/// The example of the specification, with keys: two of X1..X3 and one of Y1..Y3.
fn policy() -> String {
    let mut text = format!("log {}\n\n", key("log.example", 1).verifier_key());
    for number in 0..6 {
        let (letter, place) = (["X", "Y"].get(usize::from(number / 3)).unwrap(), number % 3 + 1);
        let vkey = witness(number).cosigner_key();
        text.push_str(&format!(" witness\t{letter}{place} {vkey} https://w.example\n"));
    }
    text.push_str("# comment\n  # another\ngroup X-witnesses 2 X1 X2 X3\n");
    text.push_str("group Y-witnesses any Y1 Y2 Y3\ngroup X-and-Y all X-witnesses Y-witnesses\n");
    text + "quorum X-and-Y\n"
}

fn signed(signatures: Vec<Signature>) -> SignedNote {
    SignedNote::new(TEXT, signatures).unwrap()
}

#[test]
fn a_quorum_is_counted_as_the_groups_say() {
    let policy = Policy::parse(policy().as_bytes()).unwrap();
    let log = key("log.example", 1);
    let is_witnessed = |numbers: &[u8]| {
        let mut signatures = vec![log.sign(TEXT)];
        signatures.extend(numbers.iter().map(|number| witness(*number).cosign(7, TEXT)));
        let endorsement = policy.endorsement(&signed(signatures), "log.example/a").unwrap();
        assert_eq!(endorsement.logs, ["log.example"]);
        assert_eq!(endorsement.witnesses.len(), numbers.len());
        endorsement.is_witnessed
    };
    for numbers in 0..64_u8 {
        let chosen: Vec<u8> = (0..6).filter(|number| numbers >> number & 1 == 1).collect();
        let expected = (numbers & 7).count_ones() >= 2 && numbers >> 3 != 0;
        assert_eq!(is_witnessed(&chosen), expected, "{chosen:?}");
    }
}

#[test]
fn a_log_key_signs_for_its_own_origins_only() {
    let policy = Policy::parse(policy().as_bytes()).unwrap();
    let note = signed(vec![key("log.example", 1).sign(TEXT)]);
    for origin in ["log.example", "log.example/a", "log.example/w/x/t/y/main"] {
        assert!(policy.endorsement(&note, origin).is_ok(), "{origin}");
    }
    for origin in ["log.example.evil", "log.exampl", "", "x/log.example", "log.examplea"] {
        assert_eq!(policy.endorsement(&note, origin), Err(NoteError::Unknown), "{origin}");
    }
    let witnessed = signed(vec![witness(0).cosign(7, TEXT)]);
    assert!(policy.endorsement(&witnessed, "log.example").unwrap().logs.is_empty());
}

#[test]
fn all_faults_of_a_trust_file_are_told_at_once() {
    let log = key("log.example", 1).verifier_key();
    let one = witness(0).cosigner_key();
    let text = format!(
        "log {one}\nlog {log}\nlog {log}\nlog x\nwitness a {one}\nwitness a {one}\n\
         witness none {one}\nwitness b {log}\ngroup g 2 a\ngroup g 0 a\ngroup g any none\n\
         group g any\ngroup g any a a\nquorum z\nquorum none\nlog {log} a b\nlogs\n\u{7f}\n"
    );
    let faults = Policy::parse(text.as_bytes()).unwrap_err();
    let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [1, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
    for fault in &faults {
        assert!(fault.to_string().starts_with(&format!("line {}: ", fault.line)), "{fault}");
    }
    let kinds = |text: &str| -> Vec<PolicyFaultKind> {
        Policy::parse(text.as_bytes()).unwrap_err().into_iter().map(|fault| fault.kind).collect()
    };
    assert_eq!(kinds(""), [PolicyFaultKind::Quorum]);
    assert_eq!(kinds("quorum none\r\n"), [PolicyFaultKind::Characters, PolicyFaultKind::Quorum]);
    assert_eq!(kinds(&" ".repeat(1_048_577)), [PolicyFaultKind::TooLong]);
    assert!(Policy::parse(b"quorum none").is_ok());
}

/// The shape of the specification's example, with hashes of its own.
const PROOF: &str = "c2sp.org/tlog-proof@v1\nextra YWdl\nindex 73894\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
    AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n\
    example.com/fancylog\n109482\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— a b\n";

#[test]
fn a_proof_has_one_spelling() {
    let proof = Proof::parse(PROOF.as_bytes()).unwrap();
    assert_eq!((proof.index, proof.hashes.len()), (73_894, 2));
    assert_eq!(proof.extra.as_deref(), Some(&b"age"[..]));
    assert!(proof.checkpoint.starts_with("example.com/fancylog\n109482\n"));
    assert_eq!(proof.to_string(), PROOF);
    let refused = |old: &str, new: &str, error: ProofError| {
        let changed = PROOF.replacen(old, new, 1);
        assert_ne!(changed, PROOF);
        assert_eq!(Proof::parse(changed.as_bytes()), Err(error), "{new}");
    };
    refused("@v1", "@v2", ProofError::Header);
    refused("index 73894", "index 073894", ProofError::Index);
    refused("index 73894\n", "", ProofError::Index);
    refused("extra YWdl", "extra YWd", ProofError::Extra);
    refused("extra YWdl\n", "extra YWdl\nextra YWdl\n", ProofError::Index);
    refused("AAEC", "AA=C", ProofError::Hashes);
    refused("Hh8=", "Hh9=", ProofError::Hashes);
    assert_eq!(Proof::parse(b"c2sp.org/tlog-proof@v1\nindex 0\n"), Err(ProofError::Checkpoint));
    let long =
        PROOF.replacen("AAEC", &"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n".repeat(63), 1);
    assert_eq!(Proof::parse(long.as_bytes()), Err(ProofError::Hashes));
    assert!(matches!(Proof::parse(&[b'x'; 200_000]), Err(ProofError::TooLong { .. })));
}

proptest! {
    #[test]
    fn parsers_never_panic_on_damage(
        at in any::<usize>(), cut in 0..30_usize,
        bytes in proptest::collection::vec(any::<u8>(), 0..9),
    ) {
        for vector in [PROOF.to_owned(), policy()] {
            let mut damaged = vector.into_bytes();
            let at = at % damaged.len();
            let end = (at + cut).min(damaged.len());
            damaged.splice(at..end, bytes.clone());
            if let Ok(proof) = Proof::parse(&damaged) {
                prop_assert_eq!(proof.to_string().into_bytes(), damaged.clone());
            }
            let _read = Policy::parse(&damaged);
        }
    }
}

/// What bounds a key is read strictly, and the keys of other readers' files mean what they meant.
#[test]
fn what_bounds_a_key_is_one_of_two_words_a_size_and_an_origin() {
    let vkey = key("log.example", 1).verifier_key();
    let fault = |more: &str| {
        let policy = Policy::parse(format!("log {vkey}{more}\nquorum none\n").as_bytes());
        policy.err().map(|faults| faults[0].kind.clone())
    };
    for sound in [
        "",
        " URL",
        " from",
        " from 3 log.example",
        " URL until 3 log.example/a",
        " from 3 log.example from 4 log.example/a until 18446744073709551615 log.example/a/e2",
    ] {
        assert_eq!(fault(sound), None, "{sound}");
    }
    for form in [" from 3", " from 3 log.example from 3"] {
        assert_eq!(fault(form), Some(PolicyFaultKind::Form), "{form}");
    }
    for wrong in [
        " after 3 log.example",
        " From 3 log.example",
        " from 03 log.example",
        " from -1 log.example",
        " from 18446744073709551616 log.example",
        " from 3 other.example",
        " from 3 log.exampleb",
        " from log.example 3",
        " URL from 3",
    ] {
        assert_eq!(fault(wrong), Some(PolicyFaultKind::Bound), "{wrong}");
    }
    let most = " from 3 log.example".repeat(1_024);
    assert_eq!(fault(&most), None);
    assert_eq!(fault(&(most + " from 3 log.example")), Some(PolicyFaultKind::TooMany));
}

/// A note that says no size is no checkpoint, and within no bound.
#[test]
fn a_bounded_key_signs_checkpoints_only() {
    let signer = key("log.example", 1);
    let policy = |bound: &str| {
        let text = format!("log {}{bound}\nquorum none\n", signer.verifier_key());
        Policy::parse(text.as_bytes()).unwrap()
    };
    let note = SignedNote::new("a text\n", vec![signer.sign("a text\n")]).unwrap();
    assert!(policy("").endorsement(&note, "log.example").is_ok());
    let bounded = policy(" from 0 log.example");
    assert!(bounded.endorsement(&note, "log.example").is_err());
    assert!(bounded.endorsement(&note, "log.example/a").is_ok());
}
