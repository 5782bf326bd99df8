//! Golden files: what a program says, committed as a text that a review can read.

use std::fmt::Write as _;
use std::path::Path;

/// The environment variable that makes [`assert_golden`] rewrite its file.
pub const BLESS_VARIABLE: &str = "HOS_BLESS";

/// Compares a text with the committed file at a path; rewrites the file instead when the
/// environment says `HOS_BLESS=1`.
///
/// # Panics
///
/// When the file is missing or differs: with the lines that left and the lines that came.
#[track_caller]
pub fn assert_golden(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    if std::env::var_os(BLESS_VARIABLE).is_some_and(|value| value == "1") {
        let parent = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = parent.and_then(|()| std::fs::write(path, text));
        assert!(written.is_ok(), "{} cannot be written: {written:?}", path.display());
        return;
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        golden == text,
        "{} differs; read the lines below, then bless with {BLESS_VARIABLE}=1\n{}",
        path.display(),
        difference(&golden, text),
    );
}

/// The lines that differ, each with its number: `-` as committed, `+` as found.
fn difference(golden: &str, text: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (golden.lines().collect(), text.lines().collect());
    let common = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| {
        pairs.take_while(|(old, new)| old == new).count()
    };
    let start = common(&mut old.iter().zip(&new));
    let rest = old.len().min(new.len()) - start;
    let end = common(&mut old.iter().rev().zip(new.iter().rev())).min(rest);
    let mut lines = String::new();
    for (sign, side) in [('-', &old), ('+', &new)] {
        let changed = side.iter().enumerate().take(side.len() - end).skip(start);
        for (at, line) in changed {
            // OK because writing to a string cannot fail.
            let _infallible = writeln!(lines, "{:>5} {sign} {line}", at + 1);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_only_the_lines_that_changed() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\ny\nc\n"), "    2 - b\n    2 + x\n    3 + y\n");
        assert_eq!(difference("", "a\n"), "    1 + a\n");
        assert_eq!(difference("a\na\n", "a\n"), "    2 - a\n");
    }
}
