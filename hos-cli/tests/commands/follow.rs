//! `hos tail`.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::program::{Desk, command, ends, hos, said};
use crate::shop;

/// What is shown of a shop.
#[track_caller]
pub(crate) fn shows_entries(url: &str) {
    let base = ["tail", "--db", url, "--world", "shop"];
    let firm = [&base[..], &["--tenant", "firm-1"]].concat();
    let output = hos(&[&firm[..], &["--from", "2"]].concat());
    ends(&output, 0, &["opened/1", "order:o-0", "pending to paid r2 by c-1"]);
    assert_eq!(said(&output).lines().count(), 6, "{}", said(&output));
    let output = hos(&[&firm[..], &["--json", "--from", "7"]].concat());
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&line["index"], &line["leaf"]["to"]), (&7.into(), &"paid".into()));
    let output = hos(&[&base[..], &["--from", "0"]].concat());
    ends(&output, 0, &["shop/@world", "shop/firm-1"]);
    assert_eq!(said(&output).lines().count(), 12, "{}", said(&output));
    ends(&hos(&["tail", "--db", url, "--world", "mall"]), 4, &["no such world"]);
    ends(&hos(&[&base[..], &["--poll", "1"]].concat()), 2, &["--poll"]);
}

#[test]
fn what_comes_later_is_followed() {
    let desk = Desk::new();
    let path = desk.path("shop.db");
    shop::sqlite(&path);
    let words = ["tail", "--db", &path, "--world", "shop", "--tenant", "firm-1", "--follow"];
    let mut follower = command(&[&words[..], &["--from", "7", "--poll", "100"]].concat())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("pending to paid"));
    shop::pay_another(&path);
    let line = lines.next().unwrap().unwrap();
    assert!(line.contains("order:o-2"), "{line}");
    follower.kill().unwrap();
    follower.wait().unwrap();
}
