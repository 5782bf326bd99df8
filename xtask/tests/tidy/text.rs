//! What no text of the tree contains, and how wide a line of Rust may be.

use super::{report, tree};

const COLUMNS_MAX: usize = 100;

#[test]
fn lines_of_rust_fit_the_page() {
    let mut problems = Vec::new();
    for file in tree::files("").iter().filter(|file| file.has_extension("rs")) {
        for (line, text) in file.text.lines().enumerate() {
            let columns = text.chars().count();
            if columns > COLUMNS_MAX {
                let line = line + 1;
                problems.push(format!("{}:{line}: {columns} columns; break it", file.path));
            }
        }
    }
    report::none(&problems);
}

#[test]
fn what_is_left_to_do_has_an_issue() {
    // Spelled in two halves, or this file would break its own rule.
    let words = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let mut problems = Vec::new();
    let files = tree::files("");
    for file in files.iter().filter(|file| file.has_extension("rs") || file.has_extension("sql")) {
        for (line, text) in file.text.lines().enumerate() {
            if words.iter().any(|word| is_left_open(text, word)) {
                let line = line + 1;
                problems.push(format!("{}:{line}: name its issue: `(#123)`", file.path));
            }
        }
    }
    report::none(&problems);
}

/// Whether the word stands in the line as a word, and no issue number right behind it.
fn is_left_open(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(offset, _)| {
        let before = line.get(..offset).and_then(|text| text.chars().next_back());
        let after = line.get(offset + word.len()..).unwrap_or_default();
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let inside = before.is_some_and(is_part) || after.starts_with(is_part);
        !inside && !has_issue(after)
    })
}

fn has_issue(after: &str) -> bool {
    let number = after.strip_prefix("(#").and_then(|rest| rest.split_once(')'));
    number.is_some_and(|(digits, _)| {
        !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit())
    })
}

#[test]
fn modules_are_named_by_their_file() {
    let mut problems = Vec::new();
    for file in tree::files("") {
        if file.path.rsplit('/').next() == Some("mod.rs") {
            problems.push(format!("{}: name it after its directory, one level up", file.path));
        }
    }
    report::none(&problems);
}

#[test]
fn no_text_names_a_machine() {
    let roots = ["work", "root"].map(|name| format!("/{name}/"));
    let mut problems = Vec::new();
    for file in tree::files("") {
        for (line, text) in file.text.lines().enumerate() {
            if roots.iter().any(|root| names_path(text, root)) {
                let line = line + 1;
                problems.push(format!("{}:{line}: say it without a machine's path", file.path));
            }
        }
    }
    report::none(&problems);
}

/// Whether an absolute path begins there; the middle of a longer path does not count.
fn names_path(line: &str, root: &str) -> bool {
    line.match_indices(root).any(|(offset, _)| {
        let before = line.get(..offset).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "._-}~*".contains(c))
    })
}

#[test]
fn an_open_end_is_told_from_a_closed_one() {
    assert!(is_left_open("// LATER: more", "LATER"));
    assert!(is_left_open("// LATER(#): more", "LATER"));
    assert!(!is_left_open("// LATER(#12): more", "LATER"));
    assert!(!is_left_open("const LATER_MAX: u8 = 1;", "LATER"));
    assert!(names_path("see /srv/x", "/srv/"));
    assert!(!names_path("see docs/srv/x", "/srv/"));
}
