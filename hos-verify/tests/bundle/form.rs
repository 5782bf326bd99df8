//! What is in a bundle, as people and their tools see it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use hos_verify::bundle::Claim;
use hos_verify::json::Value;

use crate::archive::unpack;
use crate::log::{Log, input, leaf, log_key, shop, transition};

/// A bundle with pages; its first entry has a proof of its own.
fn readable() -> Vec<u8> {
    let log = shop();
    let mut draft = log.draft([5, 9], Claim::Entries);
    draft.entries[0].opened = vec![input(5)];
    draft.has_pages = true;
    log.make(&draft)
}

#[test]
fn the_page_says_what_is_there_in_two_languages_and_runs_nothing() {
    let files = unpack(&readable());
    let page = String::from_utf8(files["oku-readme.html"].clone()).unwrap();
    for text in [
        "order:80",
        "Durum değişti",
        "Moved",
        "çay &amp; &lt;şeker&gt; 5",
        "açılmadı · withheld",
        "Bu sayfa okumak içindir",
        "This page is for reading",
        "width=device-width",
    ] {
        assert!(page.contains(text), "{text} is not in\n{page}");
    }
    for text in ["<script", "<şeker>", "http:", "https:", " on", "src=", "url("] {
        assert!(!page.contains(text), "{text} is in\n{page}");
    }
}

#[test]
fn a_page_shows_a_hostile_value_as_text() {
    let mut log = shop();
    let subject = "x\"><script>alert('&')</script>\u{202e}\u{1b}[2J";
    let more = vec![("subject", Value::string(subject)), ("revision", Value::Integer(1))];
    log.push(leaf(20, "adopted/1", more));
    let subject = Claim::Subject { subject: subject.to_owned(), revisions: 1 };
    let mut draft = log.draft([20], subject);
    draft.has_pages = true;
    let files = unpack(&log.make(&draft));
    let page = String::from_utf8(files["oku-readme.html"].clone()).unwrap();
    assert!(
        page.contains("x&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;\u{fffd}")
    );
    assert!(!page.contains("<script>") && !page.contains('\u{202e}') && !page.contains('\u{1b}'));
}

#[test]
fn a_long_page_ends_and_says_so() {
    let mut log = Log::default();
    for index in 0..600 {
        log.push(transition(index, "order:7f", i64::try_from(index + 1).unwrap()));
    }
    let mut draft = log.draft(0..600, Claim::Range { from: 0, to: 600 });
    draft.has_pages = true;
    let page = unpack(&log.make(&draft))["oku-readme.html"].clone();
    let page = String::from_utf8(page).unwrap();
    assert_eq!(page.matches("<section>").count(), 500);
    assert!(page.contains("+100"));
}

/// The commands of the README, run as they stand, lead from the leaf to the signed root.
#[test]
fn the_commands_for_doing_it_by_hand_work() {
    let has_openssl = Command::new("openssl").arg("version").stdout(Stdio::null()).status();
    if !has_openssl.is_ok_and(|status| status.success()) {
        assert!(std::env::var_os("CI").is_none(), "CI has no openssl, so the README is unproved");
        eprintln!("SKIPPED: openssl is not here, so the README's commands were not run");
        return;
    }
    let room = Path::new(env!("CARGO_TARGET_TMPDIR")).join("by-hand");
    // OK because it may not be there yet.
    let _absent = fs::remove_dir_all(&room);
    for (name, data) in unpack(&readable()) {
        let path = room.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, data).unwrap();
    }
    let readme = fs::read_to_string(room.join("README.txt")).unwrap();
    assert!(readme.contains("Doğrulama:") && readme.contains("To verify:"));
    let commands: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    let vkey = log_key().verifier_key().to_string();
    let key = vkey.splitn(3, '+').nth(2).unwrap();
    let output = Command::new("sh")
        .args(["-e", "-c", &commands.join("\n")])
        .env("KEY", key)
        .current_dir(&room)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(matches!(lines[..], [root, signed, ..] if root == signed), "{said}");
    assert!(said.contains("Success"), "{said}");
}

/// An ordinary unzip sees the same files.
#[test]
fn a_bundle_is_an_ordinary_archive() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ordinary.zip");
    let bundle = readable();
    fs::write(&path, &bundle).unwrap();
    let list = "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
                print(*[f'{i.filename} {i.file_size}' for i in z.infolist()],sep='\\n')";
    let Ok(output) = Command::new("python3").args(["-c", list]).arg(&path).output() else {
        assert!(std::env::var_os("CI").is_none(), "CI has no python3 to open the archive");
        eprintln!("SKIPPED: python3 is not here to open the archive");
        return;
    };
    let files = unpack(&bundle);
    let ours: Vec<String> =
        files.iter().map(|(name, data)| format!("{name} {}", data.len())).collect();
    let theirs = String::from_utf8(output.stdout).unwrap();
    assert_eq!(theirs.lines().collect::<Vec<_>>(), ours);
}
