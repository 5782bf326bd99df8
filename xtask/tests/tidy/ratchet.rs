//! Files and functions stay short; what is longer today is listed and may only shrink.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{functions, production};
use super::{report, tree};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const LIST: &str = "xtask/tests/ratchet.txt";

#[test]
fn files_and_functions_stay_short() {
    let listed = listed(&tree::read(LIST));
    report::none(&compare(&measured(), &listed));
}

/// The longest of each name: `path` or `path#function`.
fn measured() -> BTreeMap<String, usize> {
    let mut lengths: BTreeMap<String, usize> = BTreeMap::new();
    for file in tree::files("").iter().filter(|file| file.is_production()) {
        let text = production(&file.text);
        lengths.insert(file.path.clone(), text.lines().count());
        for function in functions(text) {
            let length = lengths.entry(format!("{}#{}", file.path, function.name)).or_default();
            *length = function.lines.max(*length);
        }
    }
    lengths
}

/// The exceptions; a line that cannot be read counts as zero and so is reported.
fn listed(text: &str) -> BTreeMap<String, usize> {
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with("# "));
    let entries = lines.map(|line| {
        let (subject, number) = line.rsplit_once(' ').unwrap_or((line, ""));
        (subject.to_owned(), number.parse().unwrap_or(0))
    });
    entries.collect()
}

fn compare(measured: &BTreeMap<String, usize>, listed: &BTreeMap<String, usize>) -> Vec<String> {
    let subjects: BTreeSet<&String> = measured.keys().chain(listed.keys()).collect();
    let mut problems = Vec::new();
    for subject in subjects {
        let max = if subject.contains('#') { FUNCTION_LINES_MAX } else { FILE_LINES_MAX };
        let problem = match (measured.get(subject), listed.get(subject)) {
            (None, _) => format!("{subject} is gone; remove it from {LIST}"),
            (Some(lines), None) if *lines <= max => continue,
            (Some(lines), None) => format!("{subject} has {lines} lines, at most {max}; split it"),
            (Some(lines), Some(_)) if *lines <= max => {
                format!("{subject} has only {lines} lines now; remove it from {LIST}")
            }
            (Some(lines), Some(limit)) if lines > limit => {
                format!("{subject} grew from {limit} to {lines} lines; split it")
            }
            (Some(lines), Some(limit)) if lines < limit => {
                format!("{subject} shrank; lower it to {lines} in {LIST}")
            }
            (Some(_), Some(_)) => continue,
        };
        problems.push(problem);
    }
    problems
}

#[test]
fn the_list_only_shrinks() {
    let measured =
        [("same", 500), ("grew", 500), ("shrank", 500), ("short", 400), ("new", 401), ("f#f", 71)];
    let measured = measured.map(|(name, lines)| (name.to_owned(), lines)).into();
    let text = "# a comment\nsame 500\ngrew 499\nshrank 501\nshort 450\ngone 450\n";
    let problems = compare(&measured, &listed(text));
    let expected = [
        "f#f has 71 lines, at most 70; split it",
        "gone is gone; remove it from xtask/tests/ratchet.txt",
        "grew grew from 499 to 500 lines; split it",
        "new has 401 lines, at most 400; split it",
        "short has only 400 lines now; remove it from xtask/tests/ratchet.txt",
        "shrank shrank; lower it to 500 in xtask/tests/ratchet.txt",
    ];
    assert_eq!(problems, expected);
}
