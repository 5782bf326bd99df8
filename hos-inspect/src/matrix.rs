//! A matrix of abilities and roles, from a spreadsheet's CSV or from TOML, as rules of a law.
//!
//! A row is an ability (`order.pay`, `order.*`, `*`), a column a role, and a cell says what the
//! role may:
//!
//! | cell | rule |
//! |---|---|
//! | nothing | none: what nobody grants is denied |
//! | `x` | permits |
//! | `deny` | forbids, whatever permits |
//! | a condition | permits where it holds |
//!
//! Cells of a row that say the same become one rule of several roles. Whether roles, attributes and
//! wildcards exist is for the law to say ([`Law::new`](hos_core::law::Law::new)).
//!
//! As CSV (RFC 4180, UTF-8), where a condition with a comma or a quotation mark is quoted:
//!
//! ```
//! use hos_core::law::Law;
//! use hos_inspect::matrix::Matrix;
//!
//! let matrix = Matrix::from_csv("\
//! ability,owner,staff,auditor
//! report.read,x,x,x
//! report.write,x,actor.verified,deny
//! ")?;
//! let law = Law::builder("shop", "1").claim("verified", hos_core::value::Type::Bool).build()?;
//! let law = Law::new(&matrix.added_to(law.definition().clone()))?;
//! assert_eq!(law.definition().rules.len(), 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same as TOML, where `roles` gives the columns and their order:
//!
//! ```
//! use hos_inspect::matrix::Matrix;
//!
//! let matrix = Matrix::from_toml(r#"
//! roles = ["owner", "staff", "auditor"]
//!
//! [matrix]
//! "report.read" = { owner = "x", staff = "x", auditor = "x" }
//! "report.write" = { owner = "x", staff = "actor.verified", auditor = "deny" }
//! "#)?;
//! assert_eq!(matrix.abilities, ["report.read", "report.write"]);
//! # Ok::<(), hos_inspect::matrix::MatrixError>(())
//! ```

mod from_csv;
mod from_toml;
mod place;
mod quotes;

use std::fmt;

use hos_core::condition::Expression;
use hos_core::contract::{FILE_BYTES_MAX, Written};
use hos_core::id::Role;
use hos_core::law::LawDefinition;
use hos_core::policy::{ABILITIES_MAX, ROLES_MAX, RoleDefinition, RuleDefinition, RuleEffect};
use hos_core::standing::AbilityPattern;

use place::{Place, Walk};

/// The most faults that are told of one matrix.
pub const FAULTS_MAX: usize = 1_000;

/// What a matrix says, in the order in which it says it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matrix {
    /// The columns.
    pub roles: Vec<String>,
    /// The rows that are one ability: a law knows them even where no cell permits.
    pub abilities: Vec<String>,
    /// The cells.
    pub rules: Vec<RuleDefinition>,
}

impl Matrix {
    /// Reads comma-separated values: a first line of `ability` and the roles, then a line for each
    /// ability. Spaces around a cell do not count; empty lines are passed over.
    ///
    /// # Errors
    ///
    /// [`MatrixError`] with every fault; its column counts cells. Of a row with a quotation mark
    /// that nothing closes, this mark alone is told.
    pub fn from_csv(text: &str) -> Result<Self, MatrixError> {
        Reader::read(text, from_csv::read)
    }

    /// Reads TOML: `roles`, a list of names, and `[matrix]`, in which each ability is a table of
    /// cells by role. A role that is not named there has an empty cell.
    ///
    /// # Errors
    ///
    /// [`MatrixError`] with every fault; its column counts characters. What is no TOML is told
    /// first and alone.
    pub fn from_toml(text: &str) -> Result<Self, MatrixError> {
        Reader::read(text, from_toml::read)
    }

    /// A law's definition with what the matrix says behind what it said. A role that it declares
    /// already stays as it is; others become roles of a tenant.
    #[must_use]
    pub fn added_to(self, mut definition: LawDefinition) -> LawDefinition {
        for role in &self.roles {
            if !definition.roles.iter().any(|known| known.name == *role) {
                definition.roles.push(RoleDefinition::new(role));
            }
        }
        for ability in self.abilities {
            if !definition.abilities.contains(&ability) {
                definition.abilities.push(ability);
            }
        }
        definition.rules.extend(self.rules);
        definition
    }
}

/// Gathers rows and faults.
#[derive(Debug, Default)]
struct Reader {
    matrix: Matrix,
    patterns: Vec<String>,
    faults: Vec<Found>,
}

/// A fault before its place is told.
#[derive(Debug)]
struct Found {
    place: Place,
    code: &'static str,
    message: String,
}

impl Reader {
    fn read(text: &str, read: impl FnOnce(&mut Self, &str)) -> Result<Matrix, MatrixError> {
        let mut reader = Self::default();
        if text.len() > FILE_BYTES_MAX {
            let found = text.len();
            let message = format!("{found} bytes, at most {FILE_BYTES_MAX} are allowed");
            reader.fault("too_many", Place::Byte(0), message);
        } else {
            read(&mut reader, text);
        }
        if reader.faults.is_empty() {
            return Ok(reader.matrix);
        }
        reader.faults.sort_by_key(|fault| fault.place);
        let mut walk = Walk::through(text.char_indices());
        let told = reader.faults.into_iter().map(|Found { place, code, message }| {
            let (line, column) = walk.to(place);
            MatrixFault { code, line, column, message }
        });
        Err(MatrixError { faults: told.collect() })
    }

    /// One column; none where its name is no role.
    fn role(&mut self, text: &str, place: Place) -> Option<String> {
        if self.matrix.roles.len() == ROLES_MAX {
            self.fault("too_many", place, format!("more than {ROLES_MAX} roles"));
            return None;
        }
        if let Err(error) = Role::new(text) {
            self.fault("ill_formed", place, error.to_string());
            return None;
        }
        if self.matrix.roles.iter().any(|role| role == text) {
            self.fault("duplicate_role", place, format!("role `{text}` stands twice"));
            return None;
        }
        self.matrix.roles.push(text.to_owned());
        Some(text.to_owned())
    }

    /// One row, its cells with their roles.
    fn row(&mut self, ability: (&str, Place), cells: &[(String, &str, Place)]) {
        let (text, place) = ability;
        if self.patterns.len() == ABILITIES_MAX {
            self.fault("too_many", place, format!("more than {ABILITIES_MAX} abilities"));
            return;
        }
        match AbilityPattern::parse(text) {
            Ok(_) if self.patterns.iter().any(|known| known == text) => {
                self.fault("duplicate_ability", place, format!("ability `{text}` stands twice"));
            }
            Ok(AbilityPattern::One(_)) => self.matrix.abilities.push(text.to_owned()),
            Ok(_) => {}
            Err(error) => self.fault("ill_formed", place, error.to_string()),
        }
        self.patterns.push(text.to_owned());
        let mut rules: Vec<RuleDefinition> = Vec::new();
        for (role, cell, place) in cells {
            let Some((effect, when)) = self.cell(cell, *place) else { continue };
            match rules.iter_mut().find(|rule| (rule.effect, &rule.when) == (effect, &when)) {
                Some(rule) => rule.roles.push(role.clone()),
                None => rules.push(RuleDefinition {
                    id: None,
                    effect,
                    abilities: vec![text.to_owned()],
                    roles: vec![role.clone()],
                    when,
                }),
            }
        }
        self.matrix.rules.extend(rules);
    }

    /// None for an empty cell, and for one that says nothing known. A condition is kept as it
    /// prints, so that it is the same however it was spaced.
    fn cell(&mut self, text: &str, place: Place) -> Option<(RuleEffect, Option<Written>)> {
        match text {
            "" => None,
            "x" => Some((RuleEffect::Permit, None)),
            "deny" => Some((RuleEffect::Forbid, None)),
            _ => match Expression::parse(text) {
                Ok(when) => {
                    Some((RuleEffect::Permit, Some(Written::from(when.to_string().as_str()))))
                }
                Err(error) => {
                    let expected = "expected `x`, `deny`, a condition or nothing";
                    self.fault("unknown_cell", place, format!("{expected}: {error}"));
                    None
                }
            },
        }
    }

    /// Keeps one more; behind the last that is told it says that there are others.
    fn fault(&mut self, code: &'static str, place: Place, message: String) {
        let (code, message) = match self.faults.len() {
            FAULTS_MAX.. => return,
            told if told == FAULTS_MAX - 1 => ("too_many", "and more faults from here".to_owned()),
            _ => (code, message),
        };
        self.faults.push(Found { place, code, message });
    }
}

/// One thing that is wrong with a matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MatrixFault {
    /// The stable code: `unreadable`, `unclosed_quote`, `ill_formed`, `duplicate_role`,
    /// `duplicate_ability`, `unknown_role`, `unknown_cell`, `unknown_key`, `missing` or `too_many`.
    pub code: &'static str,
    /// The line, counted from one.
    pub line: usize,
    /// The cell of the line in CSV, the character of the line in TOML; counted from one.
    pub column: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for MatrixFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, line, column, message } = self;
        write!(f, "line {line}, column {column}: {message} ({code})")
    }
}

/// Everything that is wrong with a matrix, at once; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixError {
    faults: Vec<MatrixFault>,
}

impl MatrixError {
    /// The faults, by line and column; at most [`FAULTS_MAX`].
    #[must_use]
    pub fn faults(&self) -> &[MatrixFault] {
        &self.faults
    }
}

impl fmt::Display for MatrixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the matrix has {} fault(s)", self.faults.len())?;
        self.faults.iter().try_for_each(|fault| write!(f, "; {fault}"))
    }
}

impl std::error::Error for MatrixError {}

#[cfg(test)]
mod tests;
