//! From recording to a bundle, to an erasure, to the bundle after it: as a newcomer does it.

use serde_json::json;

use crate::clinic::Clinic;
use crate::program::{document, ends, hos};

#[test]
fn a_life_in_a_file() {
    a_life(Clinic::sqlite());
}

#[test]
fn a_life_in_postgresql() {
    let Some(clinic) = Clinic::postgres() else { return };
    a_life(clinic);
}

#[test]
fn a_life_in_mariadb() {
    let Some(clinic) = Clinic::mariadb() else { return };
    a_life(clinic);
}

#[test]
fn what_a_backup_brings_back_goes_again_and_is_not_sealed() {
    let clinic = Clinic::sqlite().with_key();
    clinic.seal();
    let (vault, log) = (Backup::of(&clinic.vault), Backup::of(&clinic.url));
    let erase = ["--basis", "asked", "--key", "r-1", "--yes"];
    ends(&hos(&clinic.request(&erase, "dpo-1")), 0, &["what 1 keys sealed", "no more"]);
    clinic.seal();
    let lost = known(&clinic);
    vault.restore();
    let words = [&["erase", "repeat", "--db", &clinic.url][..], &clinic.keys()].concat();
    assert_eq!(document(&words, 0)["keys"], 1);
    assert_eq!(document(&words, 0)["keys"], 0);
    // It is found out at once, and when the log that came back grows another way.
    log.restore();
    let seal = ["seal", "--db", &clinic.url, "--key", &clinic.key, "--keeper", &clinic.keeper];
    let seal = [&seal[..], &["--once"]].concat();
    ends(&hos(&seal), 5, &["restored from a backup"]);
    let other = ["--basis", "asked", "--key", "r-2", "--yes"];
    ends(&hos(&clinic.request(&other, "dpo-1")), 0, &["recorded by entry"]);
    ends(&hos(&seal), 5, &["restored from a backup"]);
    goes_on(&clinic, &lost);
}

/// Nobody brings the newer database back: a new epoch begins, and whoever holds what was lost is
/// told.
fn goes_on(clinic: &Clinic, lost: &str) {
    let act = |actor: &'static str| {
        let who = ["--world", "clinic", "--law", &clinic.law, "--actor", actor];
        let base = ["--db", &clinic.url, "--key", &clinic.key, "--keeper", &clinic.keeper];
        let why = ["--reason", "the disk of the server was lost"];
        [&["seal", "epoch"], &base[..], &who[..], &why[..]].concat()
    };
    ends(&hos(&act("root")), 2, &["restored from a backup", "for good"]);
    let yes = |actor| [&act(actor)[..], &["--yes"]].concat();
    ends(&hos(&yes("dpo-1")), 8, &["does not allow"]);
    ends(&hos(&yes("root")), 0, &["opened epoch 2 of `clinic/firm-1`", "sealed at"]);
    ends(&hos(&yes("root")), 0, &["no log is refused"]);
    clinic.seal();
    let after = clinic.desk.path("after.zip");
    clinic.written(&["--range", "0..5"], &after);
    clinic.is_judged(&after, 0, &["epoch 2 began at entry"]);
    let known = ["verify", &after, "--policy", &clinic.policy, "--known", lost];
    ends(&hos(&known), 20, &["is of epoch 1", "came back"]);
    ends(&hos(&["verify", "--db", &clinic.url, "--policy", &clinic.policy]), 0, &["sound in"]);
    let known = ["verify", "--db", &clinic.url, "--known", lost];
    ends(&hos(&known), 0, &["sound in", "1 known checkpoint"]);
}

#[test]
fn a_key_is_announced_and_followed() {
    let clinic = Clinic::sqlite().with_key();
    let (next, rotation) = (clinic.desk.path("next.key"), clinic.desk.path("rotation.zip"));
    let act = ["--world", "clinic", "--law", &clinic.law, "--actor", "root", "--announce"];
    let new = ["seal", "new-key", "--db", &clinic.url, "--out", &next];
    let told = document(&[&new[..], &act].concat(), 0);
    let entry = told["announced"].as_str().unwrap().to_owned();
    let again = ["seal", "announce", "--db", &clinic.url, "--key", &next];
    let told = document(&[&again[..], &act[..6]].concat(), 0);
    assert_eq!(told["keys"][0]["entry"], entry.as_str(), "said twice, recorded once");
    clinic.seal();
    let world = ["--world", "clinic", "--tenant", "@world", "--entry", &entry];
    let words = [&["bundle", "--db", &clinic.url], &world[..], &["--out", &rotation]].concat();
    ends(&hos(&words), 0, &["rotation.zip"]);
    clinic.is_judged(&rotation, 0, &["INTEGRITY"]);
    // From here on the new key seals alone.
    clinic.visited(1);
    let seal = ["seal", "--db", &clinic.url, "--key", &next, "--keeper", &clinic.keeper];
    ends(&hos(&[&seal[..], &["--once"]].concat()), 0, &["sealed"]);
    let after = clinic.desk.path("after.zip");
    clinic.written(&["--subject", "visit:w-0"], &after);
    clinic.is_judged(&after, 40, &["not signed as the policy asks"]);
    let follow = ["verify", &after, "--policy", &clinic.policy, "--follow", &rotation];
    ends(&hos(&follow), 0, &["is signed by hos.local"]);
    let itself = ["verify", &after, "--policy", &clinic.policy, "--follow", &after];
    ends(&hos(&itself), 4, &["announces no key that could be followed"]);
}

#[test]
fn the_doctor_asks_for_the_key() {
    let clinic = Clinic::sqlite().with_key();
    clinic.seal();
    let doctor = |key: &str| hos(&["doctor", "--db", &clinic.url, "--key", key]);
    let fine = ["ok      unsealed_entries", "ok      unanchored_logs", "ok      sealing_key"];
    ends(&doctor(&clinic.key), 0, &fine);
    ends(&doctor(&clinic.policy), 6, &["failure sealing_key", "none is made"]);
    ends(&doctor(&clinic.desk.path("none")), 6, &["cannot be read"]);
}

/// The last checkpoint of the firm's log, as somebody outside keeps it.
fn known(clinic: &Clinic) -> String {
    let bundle = clinic.desk.path("known.zip");
    // The erasure is the last one: a checkpoint over it is of what will be lost.
    clinic.written(&["--range", "9..10"], &bundle);
    let bytes = String::from_utf8_lossy(&std::fs::read(&bundle).unwrap()).into_owned();
    let origin = "hos.local/w/clinic/t/firm-1/main\n";
    let note = &bytes[bytes.find(origin).unwrap()..];
    let signature = note.find("\n\n").unwrap() + 2;
    let end = signature + note[signature..].find('\n').unwrap() + 1;
    clinic.desk.put("known.checkpoint", &note[..end])
}

/// A SQLite file as it was, with its write-ahead log.
struct Backup(Vec<(String, Option<Vec<u8>>)>);

impl Backup {
    fn of(path: &str) -> Self {
        let files = ["", "-wal", "-shm"].map(|suffix| {
            let path = format!("{path}{suffix}");
            let bytes = std::fs::read(&path).ok();
            (path, bytes)
        });
        Self(files.into())
    }

    fn restore(&self) {
        for (path, bytes) in &self.0 {
            match bytes {
                Some(bytes) => std::fs::write(path, bytes).unwrap(),
                // OK because it may not be there.
                None => drop(std::fs::remove_file(path)),
            }
        }
    }
}

fn a_life(clinic: Clinic) {
    let (before, after) = (clinic.desk.path("before.zip"), clinic.desk.path("after.zip"));
    let (visit, range) = (clinic.desk.path("visit.zip"), clinic.desk.path("range.zip"));
    let clinic = clinic.with_key();

    // Nothing is sealed yet, and it is said what to do.
    let subject = ["--subject", "visit:v-1"];
    ends(&hos(&clinic.bundle(&subject, &visit)), 3, &["not sealed yet", "hos seal"]);
    clinic.seal();

    let told = clinic.written(&subject, &visit);
    assert_eq!((&told["entries"], &told["unsealed"]), (&2.into(), &0.into()), "{told}");
    clinic.is_judged(&visit, 0, &["INTEGRITY", "revisions"]);
    let told = clinic.written(&["--range", "0..5"], &range);
    assert_eq!((&told["entries"], &told["disclosed"]), (&5.into(), &0.into()), "{told}");
    clinic.is_judged(&range, 0, &["COMPLETENESS"]);

    // What is sealed is shown with the vault only, and is never left out in silence.
    let entry = ["--entry", &clinic.said, "--disclose", "payload"];
    ends(&hos(&clinic.bundle(&entry, &before)), 4, &["sealed under persons' keys", "--vault"]);
    let shown = [&entry[..], &clinic.keys()].concat();
    assert_eq!(clinic.written(&shown, &before)["disclosed"], 1);
    clinic.is_judged(&before, 0, &["DISCLOSURE"]);
    assert!(holds(&before, b"sore throat 0"));

    is_erased(&clinic);
    clinic.seal();

    let told = clinic.written(&shown, &after);
    assert_eq!((&told["disclosed"], &told["erased"]), (&0.into(), &1.into()), "{told}");
    clinic.is_judged(&after, 20, &["erased lawfully by entry"]);
    assert!(!holds(&after, b"sore throat"));
    clinic.is_judged(&before, 0, &["DISCLOSURE"]);
    ends(&hos(&["fsck", "--db", &clinic.url]), 0, &["sound in"]);
}

/// The officer looks, is refused, is held up, and erases.
fn is_erased(clinic: &Clinic) {
    let erase = ["--basis", "consent_withdrawn", "--key", "r-1"];
    let told = document(&clinic.request(&[&erase[..], &["--dry-run"]].concat(), "dpo-1"), 0);
    let counts = (&told["before"], &told["keys"], &told["done"]);
    assert_eq!(counts, (&serde_json::Value::Null, &1.into(), &"nothing".into()), "{told}");
    ends(&hos(&clinic.request(&erase, "dpo-1")), 2, &["--yes"]);
    let yes = [&erase[..], &["--yes"]].concat();
    let nurse = [&["--basis", "whim", "--key", "r-0", "--yes"][..]].concat();
    ends(&hos(&clinic.request(&nurse, "n-1")), 8, &["policy does not allow", "was recorded"]);

    let matter = ["--matter", "case_1", "--key"];
    let hold = [&["hold"][..], &matter, &["h-1"]].concat();
    ends(&hos(&clinic.request(&hold, "n-1")), 8, &["policy does not allow"]);
    let hold = [&["hold"][..], &matter, &["h-2"]].concat();
    ends(&hos(&clinic.request(&hold, "dpo-1")), 0, &["held", "recorded by entry"]);
    ends(&hos(&clinic.request(&yes, "dpo-1")), 9, &["case_1", "lift"]);
    let lift = [&["lift"][..], &matter, &["h-3"]].concat();
    ends(&hos(&clinic.request(&lift, "dpo-1")), 0, &["lifted"]);

    let told = document(&clinic.request(&yes, "dpo-1"), 0);
    assert_eq!((&told["done"], &told["keys"]), (&"erased".into(), &1.into()), "{told}");
    assert!(told["recorded"]["index"].is_u64(), "{told}");
    let again = document(&clinic.request(&yes, "dpo-1"), 0);
    assert_eq!(again["recorded"]["entry"], told["recorded"]["entry"]);
    assert_eq!(again["recorded"]["before"], json!(true), "{again}");
    assert_eq!(again["keys"], 0, "{again}");
    assert_eq!(again["before"], told["recorded"]["entry"], "{again}");
    let output = hos(&clinic.request(&[&yes[..], &["--requester", "subject"]].concat(), "dpo-1"));
    ends(&output, 2, &["another command"]);

    let base = ["erase", "repeat", "--db", &clinic.url];
    let told = document(&[&base[..], &clinic.keys()].concat(), 0);
    assert_eq!((&told["logs"], &told["keys"]), (&2.into(), &0.into()), "{told}");
}

fn holds(path: &str, text: &[u8]) -> bool {
    std::fs::read(path).unwrap().windows(text.len()).any(|window| window == text)
}
