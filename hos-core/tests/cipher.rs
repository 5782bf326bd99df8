//! Sealed parts and master keys: whatever was changed is found, and nothing secret is printed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use hos_core::cipher::{KeyId, PART_PADDING, SealedPart, SecretKey};
use hos_core::error::FaultKind;
use hos_core::proof::{LogEntry, Part, Withholding};
use hos_core::time::{IdSource as _, ProofId, SeededIds, Timestamp};
use hos_core::vault::{KeyWrapper as _, MASTER_KEYS_MAX, MasterKeys, Wrapped};
use proptest::prelude::*;

const ONE: &str = "2026 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
const TWO: &str = "2025 ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA";

struct Sealed {
    ids: SeededIds,
    entry: ProofId,
    secret: SecretKey,
    part: Part,
    sealed: SealedPart,
}

fn seal(seed: u64, body: &str) -> Sealed {
    let ids = SeededIds::new(seed);
    let entry = ids.proof_id(Timestamp::EPOCH);
    let secret = SecretKey::random(&ids);
    let part = Part { name: "input".to_owned(), salt: ids.salt(), body: body.to_owned() };
    let sealed = SealedPart::seal(&part, entry, KeyId::random(&ids), &secret, &ids).unwrap();
    Sealed { ids, entry, secret, part, sealed }
}

fn bare(id: ProofId) -> LogEntry {
    LogEntry {
        index: None,
        id,
        leaf: String::new(),
        leaf_hash: [0; 32],
        recorded_at: Timestamp::EPOCH,
        parts: Vec::new(),
        withheld: Vec::new(),
    }
}

fn read(entry: ProofId, row: Part) -> Option<SealedPart> {
    let read = bare(entry).with_rows([row]);
    match read.withheld.into_iter().next().map(|withheld| withheld.why) {
        Some(Withholding::Sealed(sealed)) => Some(sealed),
        Some(Withholding::Damaged(_)) => None,
        other => panic!("sealed or damaged: {other:?}"),
    }
}

proptest! {
    #[test]
    fn what_was_sealed_opens_as_it_was(seed: u64, body in "\\{\"[a-zç\u{1f600}\"\\\\]{0,300}\\}") {
        let Sealed { entry, secret, part, sealed, .. } = seal(seed, &body);
        let kept = read(entry, sealed.row("input")).unwrap();
        prop_assert_eq!(&kept, &sealed);
        prop_assert_eq!(kept.open(entry, "input", &secret).unwrap(), part);
        let short = bare(entry).with_rows([sealed.row("input")]);
        prop_assert_eq!(short.rows(), [sealed.row("input")]);
    }

    #[test]
    fn any_text_of_a_row_is_kept_as_it_is(text in "[~-]?[A-Za-z0-9_~{}-]{0,120}") {
        let row = Part { name: "input".to_owned(), salt: [0; 32], body: text };
        let read = bare(ProofId::from_bytes([7; 16])).with_rows([row.clone()]);
        prop_assert_eq!(read.parts.len() + read.withheld.len(), 1);
        // Texts of a byte string that end otherwise are its only other spellings.
        if !matches!(read.withheld.first().map(|one| &one.why), Some(Withholding::Sealed(_))) {
            prop_assert_eq!(read.rows(), [row]);
        }
    }
}

#[test]
fn every_changed_byte_is_found_and_entry_and_part_are_named() {
    let Sealed { entry, secret, sealed, .. } = seal(1, "{\"note\":\"ring twice\"}");
    let row = sealed.row("input");
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut opened = 0;
    for at in 1..row.body.len() {
        let old = row.body.as_bytes()[at];
        for digit in digits.bytes().filter(|digit| *digit != old).step_by(7) {
            let mut body = row.body.clone().into_bytes();
            body[at] = digit;
            let body = String::from_utf8(body).unwrap();
            let Some(changed) = read(entry, Part { body, ..row.clone() }) else { continue };
            // The first sixteen bytes are the key's number, which finds the key.
            match changed.open(entry, "input", &secret) {
                Ok(_) => {
                    assert_ne!(changed.key(), sealed.key(), "byte {at}");
                    opened += 1;
                }
                Err(fault) => {
                    assert_eq!(fault.kind(), FaultKind::Corrupt);
                    assert!(fault.to_string().contains(&entry.to_string()), "{fault}");
                    assert!(fault.to_string().contains("`input`"), "{fault}");
                }
            }
        }
    }
    assert!(opened > 0);
}

#[test]
fn a_part_opens_in_its_own_place_only() {
    let Sealed { ids, entry, secret, sealed, .. } = seal(2, "{}");
    assert!(sealed.open(entry, "input", &secret).is_ok());
    assert!(sealed.open(ids.proof_id(Timestamp::EPOCH), "input", &secret).is_err());
    assert!(sealed.open(entry, "facts", &secret).is_err());
    assert!(sealed.open(entry, "input", &SecretKey::random(&ids)).is_err());
}

#[test]
fn the_stored_length_tells_little_of_the_body() {
    let length = |body: &str| seal(3, body).sealed.row("input").body.len();
    assert_eq!(length("{}"), length("{\"a\":\"twenty letters....\"}"));
    assert!(length("{}") < length(&format!("{{\"a\":\"{}\"}}", "x".repeat(PART_PADDING))));
}

#[test]
fn nothing_secret_is_printed() {
    let Sealed { secret, sealed, .. } = seal(4, "{\"note\":\"ring twice\"}");
    let masters = MasterKeys::parse(&format!("{ONE}\n{TWO}")).unwrap();
    assert_eq!(format!("{secret:?}"), "SecretKey(..)");
    assert_eq!(format!("{masters:?}"), "MasterKeys { current: \"2026\", .. }");
    assert_eq!(format!("{sealed:?}"), format!("SealedPart {{ key: {}, .. }}", sealed.key()));
    let wrapped = Wrapped { master: "2026".to_owned(), bytes: vec![1, 2, 3] };
    assert_eq!(format!("{wrapped:?}"), "Wrapped { master: \"2026\", .. }");
}

#[test]
fn master_keys_are_read_or_refused_without_being_told() {
    assert_eq!(MasterKeys::parse(ONE).unwrap().master(), "2026");
    let text = format!("# rotated in January\n\n  {TWO}  \n{ONE}\n");
    assert_eq!(MasterKeys::parse(&text).unwrap().master(), "2025");
    let many = |count: usize| {
        let lines = (0..count).map(|at| ONE.replace("2026", &format!("k{at}")));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert!(MasterKeys::parse(&many(MASTER_KEYS_MAX)).is_ok());
    let long = format!("{} {}", "k".repeat(65), "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY");
    let wrong = [
        String::new(),
        "# nothing".to_owned(),
        "2026".to_owned(),
        "2026 short".to_owned(),
        ONE.replace("2026", "ü"),
        format!("{ONE}\n{ONE}"),
        many(MASTER_KEYS_MAX + 1),
        long,
        format!("{ONE}A"),
    ];
    for text in wrong {
        let fault = MasterKeys::parse(&text).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unauthorized, "{text}");
        assert!(!fault.to_string().contains("MDEy"), "{fault}");
    }
    assert!(MasterKeys::from_file("no/such/file").is_err());
    assert!(MasterKeys::from_environment("HOS_NO_SUCH_VARIABLE").is_err());
}

#[test]
fn a_wrapped_key_opens_under_its_master_for_its_person_only() {
    let both = MasterKeys::parse(&format!("{ONE}\n{TWO}")).unwrap();
    let secret = SecretKey::random(&SeededIds::new(5));
    let wrapped = futures_block_on(both.wrap(&secret, b"whose")).unwrap();
    assert_eq!(wrapped.master, "2026");
    let unwrap = |masters: &MasterKeys, wrapped: &Wrapped, whose: &[u8]| {
        let unwrapped = futures_block_on(masters.unwrap(wrapped, whose));
        unwrapped.map(|secret| *secret.as_bytes()).map_err(|fault| fault.kind())
    };
    assert_eq!(unwrap(&both, &wrapped, b"whose"), Ok(*secret.as_bytes()));
    assert_eq!(unwrap(&both, &wrapped, b"another's"), Err(FaultKind::Corrupt));
    let old = MasterKeys::parse(TWO).unwrap();
    assert_eq!(unwrap(&old, &wrapped, b"whose"), Err(FaultKind::Unauthorized));
    for at in 0..wrapped.bytes.len() {
        let mut bytes = wrapped.bytes.clone();
        bytes[at] ^= 1;
        let changed = Wrapped { bytes, ..wrapped.clone() };
        assert_eq!(unwrap(&both, &changed, b"whose"), Err(FaultKind::Corrupt), "byte {at}");
    }
    let cut = Wrapped { bytes: wrapped.bytes[..10].to_vec(), ..wrapped };
    assert_eq!(unwrap(&both, &cut, b"whose"), Err(FaultKind::Corrupt));
}

fn futures_block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
