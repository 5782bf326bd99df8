//! Statements over several lines of values: the texts, made once.
//!
//! The one line of a statement's text that is a placeholder, or begins with a bracket, is the one
//! that is repeated.

use hos_core::error::Fault;
use sqlx::Arguments as _;
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySqlArguments, MySqlConnection};

use super::fault::classify;

/// The most lines of one statement.
pub(super) const LINES_MAX: usize = 64;

/// One statement in every size.
#[derive(Debug)]
pub(super) struct Lines {
    /// By how many lines it has, less one.
    texts: Vec<String>,
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
        let sized = |size| {
            let lines = vec![line; size].join(",\n");
            let text = format!("{statement}\n").replacen(&repeated, &format!("\n{lines}\n"), 1);
            text.trim_end().to_owned()
        };
        let texts = (1..=LINES_MAX).map(sized).collect();
        Self { texts, columns: line.matches('?').count() }
    }

    /// The text for as many of so many lines as one has.
    fn text(&'static self, lines: usize) -> &'static str {
        let text = self.texts.get(lines.saturating_sub(1)).or(self.texts.last());
        text.map_or("", String::as_str)
    }

    /// Executes the statement for all rows; says how many it met.
    pub(super) async fn write<T>(
        &'static self,
        connection: &mut MySqlConnection,
        rows: &[T],
        bind: impl Fn(&T, &mut MySqlArguments) -> Result<(), BoxDynError>,
    ) -> Result<u64, Fault> {
        let mut met = 0;
        for rows in rows.chunks(LINES_MAX) {
            let mut arguments = MySqlArguments::default();
            arguments.reserve(rows.len() * self.columns, 0);
            for row in rows {
                bind(row, &mut arguments).map_err(|error| classify(sqlx::Error::Encode(error)))?;
            }
            let done =
                sqlx::query_with(self.text(rows.len()), arguments).execute(&mut *connection).await;
            met += done.map_err(classify)?.rows_affected();
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
        assert_eq!(
            LINES.text(2),
            "INSERT INTO a (b, c)\nVALUES\n(?, NOW(), ?),\n(?, NOW(), ?)\nEND"
        );
        assert_eq!((LINES.columns, LINES.texts.len()), (2, LINES_MAX));
    }

    #[test]
    fn a_list_is_repeated_too() {
        static LIST: LazyLock<Lines> = LazyLock::new(|| Lines::new("WHERE a IN (\n?\n)\n"));
        assert_eq!(LIST.text(2), "WHERE a IN (\n?,\n?\n)");
    }
}
