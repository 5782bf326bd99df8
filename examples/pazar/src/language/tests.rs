use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use axum::http::HeaderValue;

use super::*;

const TURKISH_TEXTS: &str = include_str!("../../texts/tr.ftl");
const ENGLISH_TEXTS: &str = include_str!("../../texts/en.ftl");

fn keys(texts: &str) -> BTreeSet<&str> {
    texts
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()))
        .filter_map(|line| line.split_once(" ="))
        .map(|(key, _)| key)
        .collect()
}

/// Every file below a directory of this package that ends so.
fn files(directory: &str, end: &str) -> Vec<(String, String)> {
    fn gather(directory: &Path, end: &str, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.display().to_string();
            if path.is_dir() {
                gather(&path, end, found);
            } else if name.ends_with(end) && !name.ends_with("language/tests.rs") {
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join(directory), end, &mut found);
    found
}

#[test]
fn both_languages_have_the_same_keys() {
    assert_eq!(keys(TURKISH_TEXTS), keys(ENGLISH_TEXTS));
    for (code, texts) in [("tr", TURKISH_TEXTS), ("en", ENGLISH_TEXTS)] {
        let resource = FluentResource::try_new(texts.to_owned());
        assert!(resource.is_ok(), "{code}: {:?}", resource.err().map(|(_, errors)| errors));
        let heads = texts.lines().filter(|line| {
            line.starts_with(|c: char| c.is_ascii_alphabetic()) && line.contains(" =")
        });
        assert_eq!(heads.count(), keys(texts).len(), "{code}: a key stands there twice");
    }
}

#[test]
fn every_key_that_is_used_exists() {
    let known = keys(TURKISH_TEXTS);
    let calls = [".text(\"", ".text_with(\"", "Shell::keyed(\""];
    let mut missing = Vec::new();
    for (file, text) in files("templates", ".html").into_iter().chain(files("src", ".rs")) {
        for call in calls {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap_or_default();
                if !key.contains('{') && !known.contains(key) {
                    missing.push(format!("{file}: {key}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Words between tags that no key stands for; commands are the same in every language.
#[test]
fn templates_hold_no_words_of_their_own() {
    let names = ["Pazar", "H-OS", "IBAN", "Türkçe", "English", "hos_verify.py"];
    let mut found = Vec::new();
    for (file, text) in files("templates", ".html") {
        let bare = without(&without(&without(&text, "{%", "%}"), "{{", "}}"), "{#", "#}");
        let spoken = without(&bare, "<code>", "</code>");
        for words in without(&spoken, "<", ">").lines() {
            let rest = names.iter().fold(words.to_owned(), |rest, name| rest.replace(name, ""));
            if rest.replace("&middot;", "").replace("&nbsp;", "").contains(char::is_alphabetic) {
                found.push(format!("{file}: {}", words.trim()));
            }
        }
        for attribute in ["title=\"", "placeholder=\"", "aria-label=\"", "alt=\""] {
            for value in bare.split(attribute).skip(1) {
                let value = value.split('"').next().unwrap_or_default();
                if value.contains(char::is_alphabetic) && !names.contains(&value) {
                    found.push(format!("{file}: {attribute}{value}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

fn without(text: &str, from: &str, to: &str) -> String {
    let mut parts = text.split(from);
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        rest.push(' ');
        rest.push_str(part.split_once(to).map_or("", |(_, after)| after));
    }
    rest
}

/// What the law can say has a text: its states, its actions, its guards, its roles.
#[test]
fn every_word_of_the_law_has_a_text() {
    let source = include_str!("../law.rs");
    let texts = keys(TURKISH_TEXTS);
    let mut missing = Vec::new();
    for head in ["guard(\"", "guard(\n                \""] {
        for rest in source.split(head).skip(1) {
            let code = rest.split('"').next().unwrap_or_default();
            if !texts.contains(format!("reason-{code}").as_str()) {
                missing.push(format!("reason-{code}"));
            }
        }
    }
    for rest in source.split(".states([").skip(1) {
        let states = rest.split(']').next().unwrap_or_default();
        for state in states.split('"').skip(1).step_by(2) {
            if !texts.contains(format!("state-{state}").as_str()) {
                missing.push(format!("state-{state}"));
            }
        }
    }
    for (file, text) in files("src/domain", ".rs") {
        for head in ["Problem::guard(\"", "Problem::conflict(\""] {
            for rest in text.split(head).skip(1) {
                let code = rest.split('"').next().unwrap_or_default();
                if !texts.contains(format!("reason-{code}").as_str()) {
                    missing.push(format!("{file}: reason-{code}"));
                }
            }
        }
    }
    for rest in include_str!("../error.rs").split(" => (StatusCode::") {
        let line = rest.lines().last().unwrap_or_default();
        for code in line.split('"').skip(1).step_by(2) {
            if !texts.contains(format!("refusal-{code}").as_str()) {
                missing.push(format!("refusal-{code}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
}

#[test]
fn the_choice_comes_before_the_browser_and_the_browser_before_turkish() {
    let of = |pairs: &[(header::HeaderName, &'static str)]| Language::of(&headers(pairs));
    let english = (header::ACCEPT_LANGUAGE, "de, en-GB;q=0.8, tr;q=0.5");
    assert_eq!(of(&[]), Language::Turkish);
    assert_eq!(of(std::slice::from_ref(&english)), Language::English);
    assert_eq!(of(&[(header::ACCEPT_LANGUAGE, "en;q=0.3,tr;q=0.31")]), Language::Turkish);
    assert_eq!(of(&[(header::ACCEPT_LANGUAGE, "en;q=0, fr")]), Language::Turkish);
    assert_eq!(of(&[english, (header::COOKIE, "a=b; pazar_language=tr")]), Language::Turkish);
    assert_eq!(of(&[(header::COOKIE, "pazar_language=xx")]), Language::Turkish);
}

#[test]
fn money_and_times_are_written_as_people_write_them() {
    assert_eq!(Language::Turkish.money(123_450), "1.234,50 ₺");
    assert_eq!(Language::English.money(123_450), "₺1,234.50");
    assert_eq!(Language::Turkish.money(5), "0,05 ₺");
    assert_eq!(Language::English.money(-100_000_000), "-₺1,000,000.00");
    let micros = hos_core::time::Timestamp::parse("2026-11-21T11:30:00Z").unwrap().as_micros();
    assert_eq!(Language::Turkish.time(micros), "21 Kasım 2026 14:30");
    assert_eq!(Language::English.time(micros), "21 November 2026 14:30");
}

#[test]
fn only_paths_of_our_own_are_gone_back_to() {
    assert_eq!(local_path("/mine?page=2"), Some("/mine?page=2"));
    for path in ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nb"] {
        assert_eq!(local_path(path), None, "{path}");
    }
}
