//! TOML, read with the place of each key and value.

use hos_core::policy::ROLES_MAX;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::Reader;
use super::place::Place;

pub(super) fn read(reader: &mut Reader, text: &str) {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let start = error.span().map_or(0, |span| span.start);
        reader.fault("unreadable", Place::Byte(start), error.message().to_owned());
    }
    // What could not be read would look as if it were missing.
    if !errors.is_empty() {
        return;
    }
    Document { reader }.read(table.get_ref());
}

struct Document<'r> {
    reader: &'r mut Reader,
}

impl Document<'_> {
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
                self.reader.fault("unknown_key", place(key), message);
            }
        }
    }

    fn roles(&mut self, roles: &Spanned<DeValue<'_>>) {
        let DeValue::Array(names) = roles.get_ref() else {
            return self.not_a("a list of names", roles);
        };
        for (at, name) in names.iter().enumerate() {
            if at == ROLES_MAX {
                let message = format!("more than {ROLES_MAX} names");
                return self.reader.fault("too_many", place(name), message);
            }
            match name.get_ref() {
                DeValue::String(text) => drop(self.reader.role(text, place(name))),
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
                self.reader.fault("unknown_role", place(role), message);
            }
            match cell.get_ref() {
                DeValue::String(text) if is_known => {
                    cells.push((name.to_string(), text.trim(), place(cell)));
                }
                // What nobody's column holds is told as such, however much of it there is.
                DeValue::String(_) => {}
                _ => self.not_a("a text", cell),
            }
        }
        let column = |name: &str| self.reader.matrix.roles.iter().position(|role| role == name);
        cells.sort_by_key(|(role, ..)| column(role));
        self.reader.row((ability.get_ref(), place(ability)), &cells);
    }

    fn not_a(&mut self, expected: &str, found: &Spanned<DeValue<'_>>) {
        let message = format!("expected {expected}, found {}", found.get_ref().type_str());
        self.reader.fault("unreadable", place(found), message);
    }

    fn missing(&mut self, message: &str) {
        self.reader.fault("missing", Place::Byte(0), message.to_owned());
    }
}

fn place<T>(spanned: &Spanned<T>) -> Place {
    Place::Byte(spanned.span().start)
}
