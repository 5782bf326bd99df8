//! `hos verify BUNDLE`: the golden bundle of the verifier, whole and harmed.

use std::path::Path;

use crate::program::{Desk, command, document, ends, hos};

fn golden(name: &str) -> String {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hos-verify/tests/golden");
    golden.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_bundle_is_judged_under_a_policy() {
    let (bundle, policy, known) =
        (golden("bundle.zip"), golden("policy.txt"), golden("known.checkpoint"));
    let now = ["--now", "2100-01-01T00:00:00Z"];
    let with = |more: &[&str]| hos(&[&["verify", &bundle], more, &now].concat());
    ends(&with(&[]), 10, &["INTEGRITY", "AUTHENTICITY", "unproven"]);
    let words = ["INTEGRITY     ok", "DISCLOSURE    incomplete"];
    ends(&with(&["--policy", &policy, "--known", &known]), 20, &words);
    let words = ["verify", &bundle, "--policy", &policy, "--now", "2100-01-01T00:00:00Z"];
    let told = document(&words, 20);
    assert_eq!((&told["exit"], &told["lines"][0]["status"]), (&20.into(), &"ok".into()));
    let origin = told["lines"][0]["words"][0].as_str().unwrap();
    let origin = origin.split_whitespace().find(|word| word.contains("/w/")).unwrap();
    ends(&with(&["--policy", &policy, "--log", origin]), 20, &[origin]);
    let other = format!("{origin}-2");
    let refusal = format!("of the log {origin}, not of {other}");
    ends(&with(&["--policy", &policy, "--log", &other]), 40, &[&refusal]);
    // A database in the environment is not asked.
    let mut beside = command(&words);
    let output = beside.env("DATABASE_URL", "postgres://law@127.0.0.1:1/none").output().unwrap();
    ends(&output, 20, &["INTEGRITY"]);
}

#[test]
fn bad_bundles_and_bad_trust_have_codes_of_their_own() {
    let desk = Desk::new();
    let (bundle, policy) = (golden("bundle.zip"), golden("policy.txt"));
    let mut bytes = std::fs::read(&bundle).unwrap();
    let place = bytes.windows(9).position(|bytes| bytes == b"\"actor\":{").unwrap();
    bytes[place + 1] ^= 1;
    let edited = desk.put("edited.zip", &bytes);
    let output = hos(&["verify", &edited, "--policy", &policy]);
    assert!([Some(40), Some(50)].contains(&output.status.code()));
    let cut = desk.put("cut.zip", &bytes[..100]);
    ends(&hos(&["verify", &cut]), 50, &["unreadable"]);
    let large = desk.put("large.zip", vec![0; (64 << 20) + 2]);
    ends(&hos(&["verify", &large]), 50, &["more than"]);
    ends(&hos(&["verify", &desk.path("none.zip")]), 4, &["cannot be read"]);
    let words = ["verify", &bundle, "--policy", &bundle];
    ends(&hos(&words), 4, &["is no policy"]);
    ends(&hos(&["verify", &bundle, "--known", &policy]), 4, &["is no checkpoint"]);
    for now in ["noon", "1969-12-31T23:59:59Z"] {
        ends(&hos(&["verify", &bundle, "--now", now]), 2, &["is no time"]);
    }
    // What is followed is held to the time that was given, too.
    let follow = ["verify", &bundle, "--policy", &policy, "--follow", &bundle, "--now"];
    let follow = |now: &str| hos(&[&follow[..], &[now]].concat());
    ends(&follow("2001-01-01T00:00:00Z"), 4, &["announces no key", "is in the future"]);
    ends(&hos(&["verify", "--policy", &policy]), 2, &["no database"]);
    ends(&hos(&["verify"]), 2, &["no database", "DATABASE_URL"]);
}
