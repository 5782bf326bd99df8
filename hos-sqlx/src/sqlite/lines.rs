//! Statements over several lines of values: the texts, made once for a few sizes.
//!
//! A batch takes the smallest size that holds it. What is not bound is null, and each statement
//! skips such lines.

/// The most lines of one statement.
pub(super) const LINES_MAX: usize = 64;

const SIZES: [usize; 7] = [1, 2, 4, 8, 16, 32, LINES_MAX];

/// One statement in every size.
#[derive(Debug)]
pub(super) struct Lines([String; 7]);

impl Lines {
    /// Repeats the one line of placeholders in a statement; adds texts before and after.
    pub(super) fn new(before: &str, statement: &str, columns: usize, after: &str) -> Self {
        let line = format!("({})", vec!["?"; columns].join(", "));
        Self(SIZES.map(|size| {
            let lines = vec![line.as_str(); size].join(", ");
            format!("{before}{}{after}", statement.replacen(&line, &lines, 1))
        }))
    }

    /// The text that holds so many lines.
    pub(super) fn text(&'static self, lines: usize) -> &'static str {
        let sized = SIZES.iter().zip(&self.0).find(|(size, _)| **size >= lines);
        // OK because callers chunk by `LINES_MAX`; a text without statements writes nothing.
        sized.map_or("", |(_, text)| text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static LINES: LazyLock<Lines> =
        LazyLock::new(|| Lines::new("begin; ", "insert values (?, ?) end", 2, "; commit"));

    #[test]
    fn a_text_holds_at_least_the_lines_asked_for() {
        assert_eq!(LINES.text(1), "begin; insert values (?, ?) end; commit");
        assert_eq!(LINES.text(2), "begin; insert values (?, ?), (?, ?) end; commit");
        for lines in 1..=LINES_MAX {
            let held = LINES.text(lines).matches("(?, ?)").count();
            assert!(held >= lines && held < lines.max(1) * 2, "{held} for {lines}");
        }
    }
}
