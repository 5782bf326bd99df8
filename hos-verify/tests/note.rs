//! Notes, keys and checkpoints against the published examples, and against every kind of damage.

use hos_verify::checkpoint::{Checkpoint, CheckpointError};
use hos_verify::cosignature::TIME_MAX;
use hos_verify::note::{
    Algorithm, KEY_NAME_BYTES_MAX, NOTE_BYTES_MAX, NoteError, SIGNATURES_MAX, Signature,
    SignedNote, SigningKey, VerifierKey,
};
use proptest::prelude::*;

/// The example of Go's `golang.org/x/mod/sumdb/note`, with the keys that its documentation prints.
const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const SKEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngot\
    pRZb6KE6RyyBwJnAM=\n";

/// The example of C2SP `tlog-checkpoint`.
const CHECKPOINT: &str = "example.com/behind-the-sofa\n20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

#[test]
fn the_published_note_is_read_verified_and_signed_alike() {
    let key = SigningKey::parse(SKEY).unwrap();
    assert_eq!(key.secret_text(), SKEY);
    assert_eq!(key.verifier_key().to_string(), VKEY);
    let known = [VerifierKey::parse(VKEY).unwrap()];
    let note = SignedNote::parse(NOTE.as_bytes()).unwrap();
    assert_eq!(note.verify(&known).unwrap().len(), 1);
    let made = SignedNote::new(note.text(), vec![key.sign(note.text())]).unwrap();
    assert_eq!(made.to_string(), NOTE);
}

#[test]
fn every_single_byte_of_a_note_counts() {
    let known = [VerifierKey::parse(VKEY).unwrap()];
    for at in 0..NOTE.len() {
        for other in 0..=255 {
            let mut changed = NOTE.as_bytes().to_vec();
            if changed[at] == other {
                continue;
            }
            changed[at] = other;
            let verified =
                SignedNote::parse(&changed).and_then(|note| note.verify(&known).map(drop));
            assert!(verified.is_err(), "byte {at} as {other}");
        }
    }
}

#[test]
fn a_note_out_of_form_is_refused() {
    let line = NOTE.rsplit_once("\n\n").unwrap().1;
    let refused = |note: &str, error: NoteError| {
        assert_eq!(SignedNote::parse(note.as_bytes()), Err(error), "{note:?}");
    };
    refused("", NoteError::NoSignature);
    refused("text\n", NoteError::NoSignature);
    refused("text\n\n", NoteError::Signature);
    refused(&format!("text\n{line}"), NoteError::NoSignature);
    refused(&format!("text\n\n{}", line.trim_end()), NoteError::Signature);
    refused(&format!("text\n\n{line}\n"), NoteError::Signature);
    refused(&format!("te\rxt\n\n{line}"), NoteError::Characters);
    refused(&format!("text\n\n{}", line.replace('—', "-")), NoteError::Signature);
    refused(&format!("text\n\n{}", line.replace("Peter", "Peter+")), NoteError::KeyName);
    refused(&format!("text\n\n{}", line.replace("PeterNeumann", "")), NoteError::KeyName);
    refused(&format!("text\n\n{}", line.replace("AM=", "AN=")), NoteError::Signature);
    refused("text\n\n— name eDhnbw==\n", NoteError::Signature);
    refused(&format!("text\n\n{}", line.repeat(65)), NoteError::TooManySignatures { count: 65 });
    let long = "x".repeat(NOTE_BYTES_MAX);
    refused(&long, NoteError::NoSignature);
    refused(&format!("{long}x"), NoteError::TooLong { length: NOTE_BYTES_MAX + 1 });
    assert_eq!(SignedNote::parse(b"\xff\n\n"), Err(NoteError::Characters));
    assert_eq!(SIGNATURES_MAX, 64);
}

#[test]
fn what_is_made_can_be_read() {
    let key = SigningKey::from_seed("log.example.com", &[7; 32]).unwrap();
    let made = |text: &str, signatures| SignedNote::new(text, signatures).map(drop);
    let signature = key.sign("a\n");
    assert_eq!(made("a\n\nb\n", vec![signature.clone()]), Ok(()));
    assert_eq!(made("a", vec![signature.clone()]), Err(NoteError::Text));
    assert_eq!(made("a\t\n", vec![signature.clone()]), Err(NoteError::Characters));
    assert_eq!(made("a\n", Vec::new()), Err(NoteError::NoSignature));
    let named = |name: &str| Signature { name: name.to_owned(), ..signature.clone() };
    assert_eq!(made("a\n", vec![named("a b")]), Err(NoteError::KeyName));
    assert_eq!(made("a\n", vec![named("a\u{2003}b")]), Err(NoteError::KeyName));
    assert_eq!(made("a\n", vec![named(&"n".repeat(KEY_NAME_BYTES_MAX))]), Ok(()));
    assert_eq!(
        made("a\n", vec![named(&"n".repeat(KEY_NAME_BYTES_MAX + 1))]),
        Err(NoteError::KeyName)
    );
    let empty = Signature { bytes: Vec::new(), ..signature };
    assert_eq!(made("a\n", vec![empty]), Err(NoteError::Signature));
}

#[test]
fn strangers_are_ignored_and_known_keys_are_not() {
    let [log, other] =
        [1, 2].map(|seed| SigningKey::from_seed("log.example", &[seed; 32]).unwrap());
    let text = "text\n";
    let verified = |signatures: Vec<Signature>| {
        let note = SignedNote::new(text, signatures).unwrap();
        note.verify(&[log.verifier_key()]).map(|keys| keys.len())
    };
    let mut bad = log.sign(text);
    bad.bytes[0] ^= 1;
    let name = || "log.example".to_owned();
    assert_eq!(verified(vec![other.sign(text), log.sign(text)]), Ok(1));
    assert_eq!(verified(vec![other.sign(text)]), Err(NoteError::Unknown));
    assert_eq!(verified(vec![bad, log.sign(text)]), Err(NoteError::BadSignature { name: name() }));
    assert_eq!(
        verified(vec![log.sign(text), log.sign(text)]),
        Err(NoteError::Repeated { name: name() })
    );
    assert_eq!(verified(vec![log.sign("other\n")]), Err(NoteError::BadSignature { name: name() }));
}

#[test]
fn a_witness_signs_a_time_too() {
    let witness = SigningKey::from_seed("witness.example", &[3; 32]).unwrap();
    let known = [witness.cosigner_key()];
    let note =
        SignedNote::new(CHECKPOINT, vec![witness.cosign(1_679_315_147, CHECKPOINT)]).unwrap();
    let read = SignedNote::parse(note.to_string().as_bytes()).unwrap();
    let [verified] = read.verify(&known).unwrap()[..] else { panic!("one signature") };
    assert_eq!(verified.time, Some(1_679_315_147));
    assert_eq!(known[0].algorithm(), Algorithm::Cosignature);
    // The plain key of the same bytes and name is another key.
    assert_eq!(read.verify(&[witness.verifier_key()]), Err(NoteError::Unknown));

    let late = SignedNote::new(CHECKPOINT, vec![witness.cosign(TIME_MAX + 1, CHECKPOINT)]).unwrap();
    assert!(matches!(late.verify(&known), Err(NoteError::BadSignature { .. })));
    let mut moved = witness.cosign(1_679_315_147, CHECKPOINT);
    moved.bytes[7] ^= 1;
    let moved = SignedNote::new(CHECKPOINT, vec![moved]).unwrap();
    assert!(matches!(moved.verify(&known), Err(NoteError::BadSignature { .. })));
}

#[test]
fn keys_out_of_form_are_refused() {
    let refused = |vkey: &str, error: NoteError| {
        assert_eq!(VerifierKey::parse(vkey), Err(error), "{vkey}");
    };
    refused("", NoteError::Key);
    refused("name+00000000", NoteError::Key);
    refused(&VKEY.replace("c74f20a3", "c74f20a4"), NoteError::KeyId);
    refused(&VKEY.replace("c74f20a3", "C74F20A3"), NoteError::Key);
    refused(&VKEY.replace("Peter", "Petra"), NoteError::KeyId);
    refused(&VKEY.replace("Peter", "Pe ter"), NoteError::KeyName);
    refused(&VKEY.replace("+ARpc", "+Apc"), NoteError::Key);
    refused(&VKEY.replace("+ARpc", "+Ahpc"), NoteError::Algorithm { byte: 2 });
    let shown = |secret: &str| SigningKey::parse(secret).map(|key| format!("{key:?}"));
    assert_eq!(shown(SKEY), Ok(format!("SigningKey({VKEY})")));
    assert_eq!(shown(&format!("{SKEY}\n")), Ok(format!("SigningKey({VKEY})")));
    assert_eq!(shown(VKEY), Err(NoteError::Key));
    assert_eq!(shown(&SKEY.replace("c74f20a3", "c74f20a4")), Err(NoteError::KeyId));
    assert_eq!(shown(&SKEY.replace("+AYEK", "+BIEK")), Err(NoteError::Algorithm { byte: 4 }));
}

/// The eight points of small order, and spellings of points with a y coordinate of 2^255 - 19 and
/// more: no key may be one of them.
#[test]
fn keys_that_sign_for_everybody_are_refused() {
    let mut weak: Vec<[u8; 32]> = Vec::new();
    for text in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ] {
        let byte =
            |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2).unwrap(), 16).unwrap();
        weak.push(std::array::from_fn(byte));
    }
    for low in 0xed..=0xff {
        for high in [0x7f, 0xff] {
            let mut spelled = [0xff; 32];
            spelled[0] = low;
            spelled[31] = high;
            weak.push(spelled);
        }
    }
    for public in weak {
        let key = VerifierKey::new("name", Algorithm::Ed25519, &public);
        assert_eq!(key, Err(NoteError::WeakKey), "{public:02x?}");
    }
}

#[test]
fn the_published_checkpoint_is_read_and_written_alike() {
    let checkpoint = Checkpoint::parse(CHECKPOINT).unwrap();
    assert_eq!(checkpoint.origin(), "example.com/behind-the-sofa");
    assert_eq!(checkpoint.size(), 20_852_163);
    assert_eq!(checkpoint.to_text(), CHECKPOINT);
    let extended = format!("{CHECKPOINT}an extension\n");
    assert_eq!(Checkpoint::parse(&extended), Ok(checkpoint));
}

#[test]
fn a_checkpoint_out_of_form_is_refused() {
    let refused = |text: &str, error: CheckpointError| {
        assert_eq!(Checkpoint::parse(text), Err(error), "{text:?}");
    };
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    refused("", CheckpointError::Lines);
    refused("origin\n1\n", CheckpointError::Lines);
    refused(&format!("origin\n1\n{root}"), CheckpointError::Lines);
    refused(&format!("\n1\n{root}\n"), CheckpointError::Origin);
    refused(&format!("{}\n1\n{root}\n", "o".repeat(1_025)), CheckpointError::Origin);
    for size in ["", "01", "+1", "-1", "1 ", "0x1", "18446744073709551616"] {
        refused(&format!("origin\n{size}\n{root}\n"), CheckpointError::Size);
    }
    for root in ["", "AAAA", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J="] {
        refused(&format!("origin\n1\n{root}\n"), CheckpointError::Root);
    }
    refused(&format!("origin\n1\n{root}\n\n"), CheckpointError::Extension);
    refused(&format!("origin\n1\n{root}\n{}", "x\n".repeat(17)), CheckpointError::Extension);
}

proptest! {
    #[test]
    fn parsers_never_panic_on_damage(
        at in 0..NOTE.len(), bytes in proptest::collection::vec(any::<u8>(), 0..9),
        cut in 0..20_usize,
    ) {
        for vector in [NOTE, VKEY, SKEY, CHECKPOINT] {
            let mut damaged = vector.as_bytes().to_vec();
            let at = at % damaged.len();
            let end = (at + cut).min(damaged.len());
            damaged.splice(at..end, bytes.clone());
            if let Ok(note) = SignedNote::parse(&damaged) {
                prop_assert_eq!(note.to_string().into_bytes(), damaged.clone());
            }
            let text = String::from_utf8_lossy(&damaged);
            if let Ok(key) = VerifierKey::parse(&text) {
                prop_assert_eq!(key.to_string(), text.clone());
            }
            let _read = SigningKey::parse(&text);
            if let Ok(checkpoint) = Checkpoint::parse(&text) {
                prop_assert!(text.starts_with(checkpoint.to_text().as_str()));
            }
        }
    }
}
