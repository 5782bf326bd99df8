//! `hos verify`, `hos fsck` and `hos doctor`, on one database.

use std::process::{Command, Output};

use crate::program::{document, ends, hos, said};

/// What each says of a shop that nobody harmed.
#[track_caller]
pub(crate) fn is_sound(url: &str) {
    ends(&hos(&["verify", "--db", url]), 0, &["12 entries of 2 logs", "sound in"]);
    ends(&hos(&["fsck", "--db", url]), 0, &["5 subjects", "sound in"]);
    let told = document(&["fsck", "--db", url], 0);
    assert_eq!((&told["sound"], &told["report"]["subjects"]), (&true.into(), &5.into()));
    let one = ["fsck", "--db", url, "--world", "shop", "--tenant", "@world"];
    ends(&hos(&one), 0, &["of 1 logs"]);
    ends(&hos(&["verify", "--db", url, "--world", "mall"]), 4, &["no such world"]);
    ends(&hos(&["verify", "--db", url, "--world", "Mall!"]), 2, &["not allowed"]);
    let mut from_environment = Command::new(env!("CARGO_BIN_EXE_hos"));
    let output = from_environment.arg("fsck").env("DATABASE_URL", url).output().unwrap();
    ends(&output, 0, &["sound in"]);
}

/// What each says when somebody moved an order by hand.
#[track_caller]
pub(crate) fn is_damaged(url: &str) {
    ends(&hos(&["verify", "--db", url]), 0, &["sound in"]);
    ends(&hos(&["fsck", "--db", url]), 5, &["subject_differs", "order:o-1", "not sound"]);
    let told = document(&["fsck", "--db", url], 5);
    assert_eq!(told["report"]["findings"]["by_code"]["subject_differs"], 1);
    assert_eq!(told["report"]["findings"]["listed"][0]["about"], "order:o-1");
}

/// What the doctor says of one check.
#[track_caller]
pub(crate) fn doctor(url: &str, name: &str) -> String {
    let output: Output = hos(&["doctor", "--db", url, "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let checks = told["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("no {name}: {}", said(&output)));
    let worst = told["worst"].as_str().unwrap();
    let code = match worst {
        "ok" => 0,
        "warning" => 7,
        _ => 6,
    };
    assert_eq!(output.status.code(), Some(code), "{}", said(&output));
    check["level"].as_str().unwrap().to_owned()
}
