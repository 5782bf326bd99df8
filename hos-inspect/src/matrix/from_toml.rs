//! TOML, read with the place of each key and value.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{Place, Reader};

pub(super) fn read(reader: &mut Reader, text: &str) {
    let places = Places::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let place = places.at(error.span().unwrap_or(0..0));
        reader.fault("unreadable", place, error.message().to_owned());
    }
    // What could not be read would look as if it were missing.
    if !errors.is_empty() {
        return;
    }
    Document { reader, places }.read(table.get_ref());
}

struct Document<'r, 't> {
    reader: &'r mut Reader,
    places: Places<'t>,
}

impl Document<'_, '_> {
    fn read(&mut self, document: &DeTable<'_>) {
        match document.get("roles") {
            Some(roles) => self.roles(roles),
            None => self.missing("`roles`, a list of names, is missing"),
        }
        match document.get("matrix").map(|matrix| (matrix, matrix.get_ref())) {
            Some((_, DeValue::Table(matrix))) => self.matrix(matrix),
            Some((other, _)) => self.not_a("a table of abilities", other),
            None => self.missing("`[matrix]`, a table of abilities, is missing"),
        }
        for key in document.keys() {
            let name = key.get_ref();
            if name != "roles" && name != "matrix" {
                let message = format!("`{name}` is neither `roles` nor `matrix`");
                self.reader.fault("unknown_key", self.places.at(key.span()), message);
            }
        }
    }

    fn roles(&mut self, roles: &Spanned<DeValue<'_>>) {
        let DeValue::Array(names) = roles.get_ref() else {
            return self.not_a("a list of names", roles);
        };
        for name in names.iter() {
            match name.get_ref() {
                DeValue::String(text) => {
                    self.reader.role(text, self.places.at(name.span()));
                }
                _ => self.not_a("a name", name),
            }
        }
    }

    /// In the order of the text, whatever order the table keeps.
    fn matrix(&mut self, matrix: &DeTable<'_>) {
        let mut rows: Vec<_> = matrix.iter().collect();
        rows.sort_by_key(|(ability, _)| ability.span().start);
        for (ability, cells) in rows {
            match cells.get_ref() {
                DeValue::Table(cells) => self.row(ability, cells),
                _ => self.not_a("a table of cells by role", cells),
            }
        }
    }

    fn row(&mut self, ability: &Spanned<DeString<'_>>, table: &DeTable<'_>) {
        let mut cells = Vec::new();
        for (role, cell) in table {
            let name = role.get_ref();
            let is_known = self.reader.matrix.roles.iter().any(|known| known == name);
            if !is_known {
                let message = format!("role `{name}` is not one of `roles`");
                self.reader.fault("unknown_role", self.places.at(role.span()), message);
            }
            match cell.get_ref() {
                DeValue::String(text) if is_known => {
                    cells.push((name.to_string(), text.trim(), self.places.at(cell.span())));
                }
                // What nobody's column holds is told as such, however much of it there is.
                DeValue::String(_) => {}
                _ => self.not_a("a text", cell),
            }
        }
        let column = |name: &str| self.reader.matrix.roles.iter().position(|role| role == name);
        cells.sort_by_key(|(role, ..)| column(role));
        let place = self.places.at(ability.span());
        self.reader.row((ability.get_ref(), place), &cells);
    }

    fn not_a(&mut self, expected: &str, found: &Spanned<DeValue<'_>>) {
        let message = format!("expected {expected}, found {}", found.get_ref().type_str());
        self.reader.fault("unreadable", self.places.at(found.span()), message);
    }

    fn missing(&mut self, message: &str) {
        self.reader.fault("missing", Place { line: 1, column: 1 }, message.to_owned());
    }
}

/// Characters are counted once for so many bytes, so that a place on a long line costs little.
const BLOCK: usize = 256;

/// Where lines start, and how many characters come before each block of the text.
struct Places<'t> {
    text: &'t str,
    starts: Vec<usize>,
    before_blocks: Vec<usize>,
}

impl<'t> Places<'t> {
    fn of(text: &'t str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let before_blocks = text
            .as_bytes()
            .chunks(BLOCK)
            .scan(0, |before, block| Some(std::mem::replace(before, *before + characters(block))));
        let before_blocks = before_blocks.collect();
        Self { text, starts: std::iter::once(0).chain(breaks).collect(), before_blocks }
    }

    fn at(&self, span: Range<usize>) -> Place {
        let line = self.starts.partition_point(|start| *start <= span.start);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.before(span.start).saturating_sub(self.before(start)) + 1;
        Place { line, column }
    }

    /// How many characters begin before a byte.
    fn before(&self, byte: usize) -> usize {
        let (block, within) = (byte / BLOCK, byte / BLOCK * BLOCK..byte);
        let whole = self.before_blocks.get(block).copied().unwrap_or(0);
        whole + characters(self.text.as_bytes().get(within).unwrap_or_default())
    }
}

/// How many characters begin in these bytes of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters_from_the_start_of_the_line() {
        let line = "ş€𝄞a".repeat(200);
        let text = format!("{line}\nb\n{line}");
        let places = Places::of(&text);
        for (at, _) in text.char_indices() {
            let (before, _) = text.split_at(at);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            assert_eq!(places.at(at..at), Place { line, column });
        }
    }
}
