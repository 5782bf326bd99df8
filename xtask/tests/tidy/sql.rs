//! Every statement that lies in a file is compiled in.

use std::collections::BTreeSet;

use super::source::{Blank, line_at, mask};
use super::tree::File;
use super::{report, tree};

#[test]
fn every_sql_file_is_used() {
    let files = tree::files("hos-sqlx");
    let mut problems = Vec::new();
    let mut used = BTreeSet::new();
    for file in files.iter().filter(|file| file.has_extension("rs")) {
        for (line, included) in included(file) {
            match included {
                Some(path) => drop(used.insert(path)),
                None => problems.push(format!(
                    "{}:{line}: write the included path as one literal, so that it can be found",
                    file.path
                )),
            }
        }
    }
    for file in files.iter().filter(|file| file.has_extension("sql")) {
        if !used.contains(&file.path) {
            problems.push(format!("{}: no include_str! names it; remove it or use it", file.path));
        }
    }
    report::none(&problems);
}

/// Where a file includes texts: the line, and the path from the root when it is a plain literal.
fn included(file: &File) -> Vec<(usize, Option<String>)> {
    let masked = mask(&file.text, Blank::Comments);
    let mut found = Vec::new();
    for (offset, marker) in masked.match_indices("include_str!(") {
        let rest = masked.get(offset + marker.len()..).unwrap_or_default().trim_start();
        let literal = rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
        let path = literal.map(|(relative, _)| beside(&file.path, relative));
        found.push((line_at(&masked, offset), path));
    }
    found
}

/// `relative` as seen from the directory of `path`.
fn beside(path: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn an_included_path_is_resolved_from_its_file() {
    let text = "// include_str!(\"no.sql\")\nconst A: &str = include_str!(\n  \"../sql/a.sql\"\n\
                );\nconst B: &str = include_str!(concat!(\"b\", \".sql\"));\n";
    let file = File { path: "hos-sqlx/src/one.rs".to_owned(), text: text.to_owned() };
    let expected = vec![(2, Some("hos-sqlx/sql/a.sql".to_owned())), (5, None)];
    assert_eq!(included(&file), expected);
}
