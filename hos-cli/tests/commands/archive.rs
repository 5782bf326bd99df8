//! `hos archive`, `hos verify DIR`, and checks across the cut.

use std::path::{Path, PathBuf};

use crate::clinic::Clinic;
use crate::program::{document, ends, hos, said};

/// The words that archive the clinic, and more.
fn words<'a>(clinic: &'a Clinic, target: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let base = ["archive", "--db", &clinic.url, "--world", "clinic", "--target", target];
    [&base[..], &["--older-than", "0s"], more].concat()
}

fn files(target: &str) -> Vec<PathBuf> {
    let log = std::fs::read_dir(target).unwrap().next().unwrap().unwrap().path();
    let mut files: Vec<_> = std::fs::read_dir(log).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files
}

fn of<'f>(files: &'f [PathBuf], ending: &str) -> &'f Path {
    files.iter().find(|path| path.to_str().unwrap().ends_with(ending)).unwrap()
}

#[test]
fn old_entries_go_are_verified_and_come_back() {
    let clinic = Clinic::sqlite().with_key();
    clinic.visited(300);
    clinic.seal();
    let target = clinic.desk.path("archive");
    let who = ["--law", &clinic.law, "--actor", "root"];
    let due = document(&words(&clinic, &target, &["--due", "--tenant", "firm-1"]), 0);
    assert_eq!((&due["due"][0]["entries"], &due["due"][0]["from"]), (&256.into(), &0.into()));
    let young = ["--due", "--tenant", "firm-1", "--older-than", "1d"];
    let base = ["archive", "--db", &clinic.url, "--world", "clinic", "--target", &target];
    assert_eq!(document(&[&base[..], &young].concat(), 0)["due"][0]["entries"], 0);

    // Who may not is refused; what is sealed needs the vault; a hold stops it.
    let nobody = ["--law", &clinic.law, "--actor", "n-1"];
    let keys = clinic.keys();
    let refused = hos(&words(&clinic, &target, &[&nobody[..], &keys].concat()));
    ends(&refused, 8, &["does not allow"]);
    assert!(!said(&refused).contains("recorded"), "none is: {}", said(&refused));
    ends(&hos(&words(&clinic, &target, &who)), 4, &["vault"]);
    let hold = |order, key| {
        let more = [order, "--matter", "case_17", "--key", key];
        clinic.request(&more, "dpo-1").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let run = |words: Vec<String>| hos(&words.iter().map(String::as_str).collect::<Vec<_>>());
    ends(&run(hold("hold", "h-1")), 0, &[]);
    let full = [&who[..], &keys].concat();
    ends(&hos(&words(&clinic, &target, &full)), 9, &["case_17"]);
    ends(&run(hold("lift", "l-1")), 0, &[]);
    let told = document(&words(&clinic, &target, &full), 0);
    assert_eq!(told["archived"][0]["released"], 256, "{told}");
    assert_eq!(document(&words(&clinic, &target, &full), 0)["archived"], serde_json::json!([]));

    // By itself: under a policy, under none, and where something is wrong.
    let verify = |more: &[&str]| hos(&[&["verify", &target], more].concat());
    let policy = ["--policy", clinic.policy.as_str()];
    ends(&verify(&policy), 0, &["INTEGRITY     ok", "AUTHENTICITY  ok", "parts: "]);
    ends(&verify(&[]), 10, &["unproven", "no policy was given"]);
    let other = ["--log", "hos.local/w/clinic/t/firm-2/main"];
    ends(&verify(&[&policy[..], &other].concat()), 40, &["other_log"]);
    let past = ["--now", "2020-01-01T00:00:00Z"];
    ends(&verify(&[&policy[..], &past].concat()), 40, &["TIME          invalid", "future"]);
    ends(&hos(&["verify", clinic.desk.path("keeper").as_str()]), 50, &["holds no archive"]);
    is_found_when_harmed(&clinic, &target);

    // Of the database: with the archive and without it.
    for command in ["fsck", "verify"] {
        ends(&hos(&[command, "--db", &clinic.url]), 20, &["archived", "--archive DIR"]);
        ends(&hos(&[command, "--db", &clinic.url, "--archive", &target]), 0, &["sound in"]);
    }
    is_bundled_across_the_cut(&clinic, &target);
    is_erased_across_the_cut(&clinic, &target);
    let restore = [&full[..], &["--tenant", "firm-1", "--restore", "0..1"]].concat();
    assert_eq!(document(&words(&clinic, &target, &restore), 0)["restored"][0]["end"], 256);
    ends(&hos(&["fsck", "--db", &clinic.url]), 0, &["sound in"]);
    // And away again, once.
    let again = [&full[..], &["--tenant", "firm-1", "--again", "0..1"]].concat();
    let told = document(&words(&clinic, &target, &again), 0);
    assert_eq!(
        (&told["archived"][0]["end"], &told["archived"][0]["released"]),
        (&256.into(), &256.into())
    );
    ends(&hos(&words(&clinic, &target, &again)), 4, &["was brought back"]);
    ends(&hos(&["fsck", "--db", &clinic.url, "--archive", &target]), 0, &["sound in"]);
    let never = [&full[..], &["--tenant", "firm-1", "--restore", "256..257"]].concat();
    ends(&hos(&words(&clinic, &target, &never)), 4, &["was ever archived"]);
}

/// What left the database is proved to an outsider as before.
fn is_bundled_across_the_cut(clinic: &Clinic, target: &str) {
    let out = clinic.desk.path("across.zip");
    let words = ["bundle", "--db", &clinic.url, "--world", "clinic", "--tenant", "firm-1"];
    let words = [&words[..], &["--range", "254..258", "--out", &out]].concat();
    ends(&hos(&words), 20, &["archived", "--archive DIR"]);
    assert!(!Path::new(&out).exists());
    let told = document(&[&words[..], &["--archive", target]].concat(), 0);
    assert_eq!(told["entries"], 4, "{told}");
    ends(&hos(&["verify", &out, "--policy", &clinic.policy]), 0, &["COMPLETENESS  ok"]);
}

/// A person is erased wherever their parts lie; a single part is where it can be erased, or not.
fn is_erased_across_the_cut(clinic: &Clinic, target: &str) {
    let keys = clinic.keys();
    let part = format!("{}/payload", clinic.said);
    let one = ["erase", "--db", &clinic.url, "--world", "clinic", "--tenant", "firm-1"];
    let who = ["--law", &clinic.law, "--actor", "dpo-1", "--key", "part", "--yes"];
    let what = ["--part", &part, "--basis", "mistake"];
    let one = [&one[..], &who, &what, &keys].concat();
    ends(&hos(&one), 20, &["archived", "hos archive --restore"]);
    let repeat = [&["erase", "repeat", "--db", &clinic.url][..], &keys].concat();
    ends(&hos(&repeat), 20, &["was not looked at", "say `--archive DIR`"]);
    let archive = ["--archive", target];
    assert_eq!(document(&[&repeat[..], &archive].concat(), 0)["unseen"], 0);
    let fsck = ["fsck", "--db", &clinic.url, "--archive", target];
    let fsck = [&fsck[..], &keys].concat();
    ends(&hos(&fsck), 0, &["4 sealed parts opened", "sound in"]);
    let erase = clinic.request(&["--basis", "asked", "--key", "r-1", "--yes"], "dpo-1");
    ends(&hos(&erase), 0, &["what 1 keys sealed can be read no more"]);
    ends(&hos(&fsck), 0, &["1 sealed parts opened", "sound in"]);
}

fn is_found_when_harmed(clinic: &Clinic, target: &str) {
    let files = files(target);
    let judged = |exit, words: &[&str]| {
        ends(&hos(&["verify", target, "--policy", &clinic.policy]), exit, words);
    };
    let leaves = files.iter().find(|path| {
        let name = path.to_str().unwrap();
        name.ends_with(".jsonl.gz") && !name.ends_with(".parts.jsonl.gz")
    });
    for path in [leaves.unwrap().as_path(), of(&files, ".parts.jsonl.gz"), of(&files, ".json")] {
        let whole = std::fs::read(path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        let longer = [whole.as_slice(), &[0; 100_000]].concat();
        for bad in [&flipped[..], &whole[..whole.len() - 1], &longer] {
            std::fs::write(path, bad).unwrap();
            judged(40, &["INTEGRITY     invalid"]);
        }
        std::fs::write(path, whole).unwrap();
    }
    let (path, whole) = (leaves.unwrap(), std::fs::read(leaves.unwrap()).unwrap());
    std::fs::remove_file(path).unwrap();
    judged(40, &["missing_file"]);
    std::fs::write(path, whole).unwrap();
    let other = clinic.desk.path("other.policy");
    let key = hos_core::note::SigningKey::from_seed("hos.local", &[9; 32]).unwrap();
    let text = format!("log {}\nquorum none\n", key.verifier_key());
    std::fs::write(&other, text).unwrap();
    ends(
        &hos(&["verify", target, "--policy", &other]),
        40,
        &["AUTHENTICITY  invalid", "signature"],
    );
    judged(0, &["INTEGRITY     ok"]);
}
