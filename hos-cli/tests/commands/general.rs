//! What holds of every subcommand.

use crate::program::{Desk, command, document, ends, hos, said};

#[test]
fn the_program_says_its_version_and_its_exit_codes() {
    ends(&hos(&["--version"]), 0, &["hos 0."]);
    ends(&hos(&["--help"]), 0, &["check", "fsck", "doctor", "Exit codes", "  5  "]);
    ends(&hos(&["fsck", "--help"]), 0, &["--world", "DATABASE_URL", "Exit codes"]);
    ends(&hos(&[]), 2, &["Usage"]);
    ends(&hos(&["chekc", "x"]), 2, &["check"]);
}

#[test]
fn a_password_is_never_printed() {
    let url = "postgres://law:hunter2@127.0.0.1:1/shop?password=hunter3";
    let runs: [&[&str]; 6] = [
        &["fsck", "--db", url],
        &["fsck", url],
        &["doctor", "--db", url, "--json"],
        &["migrate", "--db", url],
        &["tail", "--db", url, "--world", "shop"],
        &["verify", "--db", "oracle://law:hunter2@h/d"],
    ];
    for words in runs {
        let output = hos(words);
        assert_ne!(output.status.code(), Some(0), "{words:?}");
        assert!(!said(&output).contains("hunter"), "{words:?}: {}", said(&output));
    }
    let output = command(&["fsck", "--help"]).env("DATABASE_URL", url).output().unwrap();
    assert!(!said(&output).contains("hunter"), "{}", said(&output));
}

#[test]
fn a_refused_connection_says_what_to_try() {
    let refused = ["postgres://law@127.0.0.1:1/shop", "mysql://law@127.0.0.1:1/shop"];
    for url in refused {
        for command in ["verify", "fsck", "doctor"] {
            ends(&hos(&[command, "--db", url]), 3, &["try: "]);
            let document = document(&[command, "--db", url], 3);
            assert_eq!(document["error"]["exit"], 3);
        }
    }
}

#[test]
fn whoever_reads_makes_no_file() {
    let desk = Desk::new();
    let path = desk.path("none.db");
    for command in ["verify", "fsck", "doctor"] {
        ends(&hos(&[command, "--db", &path]), 4, &["there is no file"]);
        assert!(!std::path::Path::new(&path).exists());
    }
    let text = desk.put("text.db", "this is no database");
    ends(&hos(&["fsck", "--db", &text]), 5, &["file is not a database"]);
    let empty = desk.put("empty.db", "");
    ends(&hos(&["fsck", "--db", &empty]), 4, &["nothing of the law"]);
    assert_eq!(std::fs::read(&empty).unwrap(), b"");
}

#[test]
fn colours_are_for_terminals_and_whoever_forces_them() {
    let desk = Desk::new();
    let path = desk.put("law.json", "{");
    assert!(!said(&hos(&["check", &path])).contains('\u{1b}'));
    let forced = command(&["check", &path]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(said(&forced).contains('\u{1b}'));
    let refused = command(&["check", &path]).env("NO_COLOR", "1").output().unwrap();
    assert!(!said(&refused).contains('\u{1b}'));
}

#[test]
fn shells_are_completed_and_the_manual_is_written() {
    for shell in ["bash", "zsh", "fish"] {
        ends(&hos(&["completions", shell]), 0, &["hos", "fsck"]);
    }
    let desk = Desk::new();
    ends(&hos(&["manual", &desk.path("man")]), 0, &["hos.1"]);
    for page in ["man/hos.1", "man/hos-fsck.1", "man/hos-check.1"] {
        let text = std::fs::read_to_string(desk.directory().join(page)).unwrap();
        assert!(text.contains(".TH"), "{page}");
    }
    let file = desk.put("file", "");
    ends(&hos(&["manual", &file]), 4, &["cannot be written"]);
}
