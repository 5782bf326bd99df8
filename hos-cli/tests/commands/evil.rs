//! What a hand slips into the desk's commands, and what they answer.

use std::os::unix::fs::PermissionsExt as _;

use crate::clinic::Clinic;
use crate::program::{command, document, ends, hos, said};

#[test]
fn a_bundle_of_what_is_not_there_is_refused() {
    let clinic = Clinic::sqlite().with_key();
    clinic.seal();
    let out = clinic.desk.path("out.zip");
    let ends_with = |more: &[&str], code, words: &[&str]| {
        ends(&hos(&clinic.bundle(more, &out)), code, words);
        assert!(!std::path::Path::new(&out).exists(), "{more:?} wrote");
    };
    ends_with(&["--range", "0..999"], 4, &["entries; 999 is beyond"]);
    ends_with(&["--range", "5..5"], 2, &["0..100"]);
    ends_with(&["--range", "0..18446744073709551615"], 2, &["at most"]);
    ends_with(&["--range", "a..b"], 2, &["0..100"]);
    ends_with(&["--subject", "visit:v-9"], 4, &["no subject"]);
    ends_with(&["--subject", "visit"], 2, &["kind:id"]);
    ends_with(&["--entry", "1"], 2, &["is none"]);
    let unknown = "01890000-0000-7000-8000-000000000000";
    ends_with(&["--entry", unknown], 4, &["no entry", unknown]);
    ends_with(&[], 2, &["--entry"]);
    ends_with(&["--range", "0..2", "--disclose", "face"], 2, &["no entry of these", "face"]);
    ends_with(&["--range", "0..2", "--since", "9999"], 2, &["no checkpoint over 9999"]);
    let words = ["bundle", "--db", &clinic.url, "--world", "clinic", "--range", "0..1"];
    let elsewhere = [&words[..], &["--tenant", "firm-9", "--out", &out]].concat();
    ends(&hos(&elsewhere), 4, &["no such world or tenant"]);
    // The world's own log has entries of its own, and the tenant's are not among them.
    let world = ["--entry", &clinic.said, "--tenant", "@world", "--out", &out];
    let base = ["bundle", "--db", &clinic.url, "--world", "clinic"];
    ends(&hos(&[&base[..], &world].concat()), 4, &["no entry"]);
}

#[test]
fn a_bundle_is_written_whole_or_not_at_all() {
    let clinic = Clinic::sqlite().with_key();
    clinic.seal();
    let range = ["--range", "0..2"];
    let directory = clinic.desk.path("keeper");
    ends(&hos(&clinic.bundle(&range, &directory)), 4, &["is a directory"]);
    let nowhere = clinic.desk.path("none/out.zip");
    ends(&hos(&clinic.bundle(&range, &nowhere)), 4, &["no directory"]);
    let taken = clinic.desk.put("taken.zip", "mine");
    ends(&hos(&clinic.bundle(&range, &taken)), 4, &["there already"]);
    assert_eq!(std::fs::read(&taken).unwrap(), b"mine");
    ends(&hos(&clinic.bundle(&["--range", "0..2", "--force"], &taken)), 0, &["written"]);
    clinic.is_judged(&taken, 0, &["INTEGRITY"]);
    let mode = std::fs::metadata(&taken).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "others may read it");
    let left = std::fs::read_dir(clinic.desk.directory()).unwrap();
    let left: Vec<_> = left.map(|file| file.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".tmp")), "{left:?}");
}

#[test]
fn no_key_is_made_in_the_place_of_a_bad_one() {
    let clinic = Clinic::sqlite().with_key();
    let key = std::fs::read_to_string(&clinic.key).unwrap();
    let mode = std::fs::metadata(&clinic.key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let seal = |path: &str| hos(&["seal", "--db", &clinic.url, "--key", path, "--once"]);
    let put = |name: &str, text: &str, mode: u32| {
        let path = clinic.desk.put(name, text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let loose = put("loose.key", &key, 0o644);
    ends(&seal(&loose), 4, &["open to others", "chmod 600", "no key is ever made"]);
    let cut = put("cut.key", &key[..key.len() - 9], 0o600);
    ends(&seal(&cut), 4, &["holds no keys"]);
    assert_eq!(std::fs::read_to_string(&cut).unwrap(), &key[..key.len() - 9]);
    let none = clinic.desk.path("none.key");
    ends(&seal(&none), 4, &["cannot be read"]);
    assert!(!std::path::Path::new(&none).exists());
    ends(&seal(clinic.desk.directory().to_str().unwrap()), 4, &["no file of keys"]);
    let other = clinic.desk.path("other.key");
    let made = hos(&["seal", "new-key", "--name", "elsewhere.example", "--out", &other]);
    ends(&made, 0, &["elsewhere.example+"]);
    ends(&seal(&other), 4, &["`hos.local` are to be named so"]);
    ends(&hos(&["seal", "--db", &clinic.url, "--once"]), 2, &["--key", "new-key"]);
    ends(&hos(&["seal", "new-key", "--name", "x", "--out", &clinic.key]), 4, &["there already"]);
    assert_eq!(std::fs::read_to_string(&clinic.key).unwrap(), key);
    let secret = key.trim().splitn(5, '+').last().unwrap();
    for output in [seal(&loose), seal(&cut), seal(&other), made, seal(&clinic.key)] {
        assert!(!said(&output).contains(&secret[..16]), "a secret was told");
    }
    let mut from_environment = command(&["seal", "--db", &clinic.url, "--key-env", "K", "--once"]);
    ends(&from_environment.env("K", &key).output().unwrap(), 0, &["sealed"]);
    ends(&hos(&["seal", "--db", &clinic.url, "--key-env", "K"]), 4, &["is not set"]);
    let told = document(&["seal", "--db", &clinic.url, "--key", &clinic.key, "--once"], 0);
    let warnings = told["warnings"].to_string();
    assert!(warnings.contains("without `--keeper`"), "{told}");
}

#[test]
fn master_keys_that_others_may_read_open_nothing() {
    let clinic = Clinic::sqlite();
    let fsck = || hos(&[&["fsck", "--db", &clinic.url][..], &clinic.keys()].concat());
    for mode in [0o640, 0o604, 0o660] {
        clinic.desk.set_rights(&clinic.master, mode);
        ends(&fsck(), 4, &["is open to others than its owner", "chmod 600"]);
    }
    clinic.desk.set_rights(&clinic.master, 0o400);
    ends(&fsck(), 0, &["4 sealed parts opened", "sound in"]);
}

#[test]
fn a_vault_is_looked_for_and_never_made() {
    let clinic = Clinic::sqlite();
    let empty = clinic.desk.put("empty.db", "");
    let fsck = |vault: &str| {
        let words = ["fsck", "--db", &clinic.url, "--vault", vault, "--master", &clinic.master];
        hos(&words)
    };
    ends(&fsck(&empty), 4, &["there is no vault"]);
    assert_eq!(std::fs::metadata(&empty).unwrap().len(), 0);
    let databases = [
        hos_services::shared::postgres().and_then(|server| server.create_database()),
        hos_services::shared::mariadb().and_then(|server| server.create_database()),
    ];
    for database in databases {
        match database {
            Ok(url) => {
                ends(&fsck(&url), 4, &["there is no vault"]);
                ends(&fsck(&url), 4, &["there is no vault"]);
            }
            Err(error) => hos_services::skip_or_fail(&error),
        }
    }
}

#[test]
fn what_is_inside_sealed_parts_is_looked_at_with_the_vault() {
    let (clinic, other) = (Clinic::sqlite(), Clinic::sqlite());
    let fsck = |vault: &str| {
        let words = ["fsck", "--db", &clinic.url, "--vault", vault, "--master", &clinic.master];
        hos(&words)
    };
    ends(&fsck(&clinic.vault), 0, &["4 sealed parts opened", "sound in"]);
    ends(&fsck(&other.vault), 5, &["key_unknown", "2 findings"]);
    let erase = ["--basis", "asked", "--key", "r-1", "--yes"];
    ends(&hos(&clinic.request(&erase, "dpo-1")), 0, &["what 1 keys sealed"]);
    ends(&fsck(&clinic.vault), 0, &["1 sealed parts opened", "sound in"]);
}

#[test]
fn an_erasure_with_another_vault_or_law_erases_nothing() {
    let clinic = Clinic::sqlite();
    let other = Clinic::sqlite();
    let size = || said(&hos(&["tail", "--db", &clinic.url, "--world", "clinic", "--from", "0"]));
    let before = size();
    let erase = |vault: &str, law: &str| {
        let words = ["erase", "--db", &clinic.url, "--world", "clinic", "--tenant", "firm-1"];
        let who = ["--actor", "dpo-1", "--person", "p-1", "--basis", "asked", "--key", "k"];
        let keys = ["--vault", vault, "--master", &clinic.master, "--law", law, "--yes"];
        hos(&[&words[..], &who, &keys].concat())
    };
    ends(&erase(&other.vault, &clinic.law), 4, &["knows none of the keys", "nothing was done"]);
    let hold = ["erase", "hold", "--db", &clinic.url, "--world", "clinic", "--tenant", "firm-1"];
    let who = ["--actor", "dpo-1", "--person", "p-1", "--matter", "case_1", "--key", "h"];
    let keys = ["--vault", &other.vault, "--master", &clinic.master, "--law", &clinic.law];
    ends(&hos(&[&hold[..], &who, &keys].concat()), 4, &["knows none of the keys"]);
    ends(&erase(&clinic.url, &clinic.law), 4, &["is no vault"]);
    let none = clinic.desk.path("none.db");
    ends(&erase(&none, &clinic.law), 4, &["there is no vault"]);
    assert!(!std::path::Path::new(&none).exists());
    let text = std::fs::read_to_string(&clinic.law).unwrap();
    let next = clinic.desk.put(
        "next.json",
        text.replace("\"version\": \"1\",\n  \"roles\"", "\"version\": \"2\",\n  \"roles\""),
    );
    ends(&erase(&clinic.vault, &next), 4, &["not in force"]);
    let changed = clinic.desk.put("changed.json", text.replace("\"waiting\"", "\"queued\""));
    ends(&erase(&clinic.vault, &changed), 4, &["another content"]);
    assert_eq!(size(), before);
    let words = ["erase", "--db", &clinic.url, "--world", "clinic"];
    ends(&hos(&words), 2, &["--tenant", "--law"]);
}
