//! Statements over several lines of values: the texts, made once for a few sizes.
//!
//! The one line of a statement's text that is a placeholder, or begins with a bracket, is the one
//! that is repeated. Rows are cut into the sizes that there are.

use hos_core::error::Fault;
use sqlx::Arguments as _;
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySqlArguments, MySqlConnection};

use super::fault::classify;

/// The most lines of one statement.
pub(super) const LINES_MAX: usize = 64;

/// So dense that one text is enough for a few rows and two for any number, and so few that the
/// server has room for all of them in each connection that writes batches: one that is given up for
/// another costs the next statement a tenth of a batch of waiting, and over sqlx 0.9.0 forty
/// milliseconds.
const SIZES: [usize; 30] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 28, 32,
    40, 48, 56, LINES_MAX,
];

/// One statement in every size.
#[derive(Debug)]
pub(super) struct Lines {
    texts: [String; SIZES.len()],
    columns: usize,
}

impl Lines {
    /// Repeats the one line of placeholders in a statement.
    pub(super) fn new(statement: &str) -> Self {
        let is_repeated = |line: &&str| {
            let begins = line.trim_start().starts_with('(') || *line == "?";
            begins && line.contains('?')
        };
        let line = statement.lines().find(is_repeated).unwrap_or_default();
        let repeated = format!("\n{line}\n");
        let texts = SIZES.map(|size| {
            let lines = vec![line; size].join(",\n");
            let text = format!("{statement}\n").replacen(&repeated, &format!("\n{lines}\n"), 1);
            text.trim_end().to_owned()
        });
        Self { texts, columns: line.matches('?').count() }
    }

    /// The largest text that so many lines fill.
    fn filled(&'static self, lines: usize) -> (&'static str, usize) {
        let mut sized = SIZES.iter().zip(&self.texts).rev();
        sized.find(|(size, _)| **size <= lines).map_or(("", 1), |(size, text)| (text, *size))
    }

    /// Executes the statement for all rows, in as few texts as there are; says how many it met.
    pub(super) async fn write<T>(
        &'static self,
        connection: &mut MySqlConnection,
        rows: &[T],
        bind: impl Fn(&T, &mut MySqlArguments) -> Result<(), BoxDynError>,
    ) -> Result<u64, Fault> {
        let (mut left, mut met) = (rows, 0);
        while !left.is_empty() {
            let (text, size) = self.filled(left.len());
            let (now, later) = left.split_at(size.min(left.len()));
            let mut arguments = MySqlArguments::default();
            arguments.reserve(size * self.columns, 0);
            for row in now {
                bind(row, &mut arguments).map_err(|error| classify(sqlx::Error::Encode(error)))?;
            }
            let done = sqlx::query_with(text, arguments).execute(&mut *connection).await;
            met += done.map_err(classify)?.rows_affected();
            left = later;
        }
        Ok(met)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static LINES: LazyLock<Lines> =
        LazyLock::new(|| Lines::new("INSERT INTO a (b, c)\nVALUES\n(?, NOW(), ?)\nEND\n"));

    #[test]
    fn a_line_is_repeated() {
        let (text, size) = LINES.filled(2);
        assert_eq!(text, "INSERT INTO a (b, c)\nVALUES\n(?, NOW(), ?),\n(?, NOW(), ?)\nEND");
        assert_eq!((size, LINES.columns), (2, 2));
    }

    #[test]
    fn rows_are_cut_into_few_texts() {
        for rows in 1..=LINES_MAX {
            let (mut left, mut texts) = (rows, 0);
            while left > 0 {
                left -= LINES.filled(left).1;
                texts += 1;
            }
            assert!(texts <= 2, "{texts} for {rows}");
        }
    }

    #[test]
    fn a_list_is_repeated_too() {
        static LIST: LazyLock<Lines> = LazyLock::new(|| Lines::new("WHERE a IN (\n?\n)\n"));
        assert_eq!(LIST.filled(2).0, "WHERE a IN (\n?,\n?\n)");
    }
}
