//! Witnesses and time-stamp authorities, as an operator asks them and keeps what they answer.

use hos_core::note::{SignedNote, SigningKey};
use hos_core::time::{Clock as _, SystemClock};
use hos_services::{Authority, skip_or_fail};

use crate::clinic::Clinic;
use crate::program::{ends, hos};

#[test]
fn what_a_witness_answered_is_kept_and_counts() {
    let clinic = Clinic::sqlite().with_key();
    let [head, answer] = ["head.note", "answer.note"].map(|name| clinic.desk.path(name));
    let ask = ["seal", "checkpoint", "--db", &clinic.url, "--out", &head];
    ends(&hos(&ask), 3, &["no checkpoint yet", "hos seal --once"]);
    clinic.seal();
    ends(&hos(&ask), 0, &["written", "head.note"]);
    ends(&hos(&ask), 4, &["is there already"]);

    let witness = SigningKey::from_seed("witness.example", &[9; 32]).unwrap();
    let now = u64::try_from(SystemClock.now().as_micros() / 1_000_000).unwrap();
    let note = SignedNote::parse(&std::fs::read(&head).unwrap()).unwrap();
    let mut signatures = note.signatures().to_vec();
    signatures.push(witness.cosign(now, note.text()));
    let cosigned = SignedNote::new(note.text(), signatures).unwrap().to_string();
    std::fs::write(&answer, cosigned).unwrap();

    let policy = clinic.desk.path("witnessed.policy");
    let known = std::fs::read_to_string(&clinic.policy).unwrap();
    let line = format!("witness w {}\nquorum w\n", witness.cosigner_key());
    std::fs::write(&policy, known.replace("quorum none\n", &line)).unwrap();
    let bundle = clinic.desk.path("bundle.zip");
    let judged = |code, words: &[&str]| {
        std::fs::remove_file(&bundle).ok();
        clinic.written(&["--range", "0..3"], &bundle);
        ends(&hos(&["verify", &bundle, "--policy", &policy]), code, words);
    };
    judged(10, &["AUTHENTICITY"]);
    let (known, stranger) = (witness.cosigner_key().to_string(), "w+00000000+AAAA");
    let keep = |note: &str, key: &str| {
        hos(&["seal", "attest", "--db", &clinic.url, "--cosigned", note, "--witness", key])
    };
    ends(&keep(&answer, stranger), 2, &["`--witness`"]);
    ends(&keep(&head, &known), 4, &["no known key signed the note", "nothing is kept"]);
    ends(&keep(&answer, &known), 0, &["kept", "1 cosignatures"]);
    judged(0, &["witness.example"]);
    let bare = ["seal", "attest", "--db", &clinic.url];
    ends(&hos(&bare), 2, &["--cosigned"]);
}

#[test]
fn a_time_stamp_is_kept_once_it_is_checked() {
    let authority = match Authority::new() {
        Ok(authority) => authority,
        Err(error) => return skip_or_fail(&error),
    };
    let clinic = Clinic::sqlite().with_key();
    clinic.seal();
    let [text, response] = ["head.txt", "head.tsr"].map(|name| clinic.desk.path(name));
    let ask = ["seal", "checkpoint", "--db", &clinic.url, "--unsigned", "--out", &text];
    ends(&hos(&ask), 0, &["written"]);
    let stamped = authority.stamp(&std::fs::read(&text).unwrap()).unwrap();
    std::fs::write(&response, &stamped).unwrap();
    let keep = |text: &str, roots: &std::path::Path| {
        let what = ["seal", "attest", "--db", &clinic.url, "--stamped", text];
        let by = ["--response", &response, "--authority", "tsa.example"];
        hos(&[&what[..], &by, &["--roots", roots.to_str().unwrap()]].concat())
    };
    ends(&keep(&text, &authority.certificate()), 4, &["the time-stamp is none"]);
    let other = clinic.desk.put("other.txt", "hos.local/deployment\n1\nAAAA\n");
    ends(&keep(&other, &authority.roots()), 4, &["hos seal checkpoint"]);
    let bundle = clinic.desk.path("bundle.zip");
    clinic.written(&["--range", "0..3"], &bundle);
    assert!(!holds(&bundle, &stamped));
    ends(&keep(&text, &authority.roots()), 0, &["kept", "tsa.example"]);
    std::fs::remove_file(&bundle).unwrap();
    clinic.written(&["--range", "0..3"], &bundle);
    assert!(holds(&bundle, &stamped), "an outsider is given it");
    clinic.is_judged(&bundle, 0, &["INTEGRITY"]);
}

fn holds(bundle: &str, token: &[u8]) -> bool {
    std::fs::read(bundle).unwrap().windows(token.len()).any(|window| window == token)
}
