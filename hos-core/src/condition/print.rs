//! The text form, written: canonical, so that it parses back to the same tree.

use std::fmt::{self, Display, Write};

use super::{Comparison, EXPRESSION_TEXT_BYTES_MAX, Expression, Path, Root};
use crate::value::Value;

impl Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => write_value(value, f),
            Self::Path(path) => Display::fmt(path, f),
            Self::Now => f.write_str("now"),
            Self::Not(operand) => write!(f, "!{}", operand.within(Binding::Unary)),
            Self::And(operands) => write_chain(operands, " && ", Binding::Relation, f),
            Self::Or(operands) => write_chain(operands, " || ", Binding::And, f),
            Self::Compare { operator, left, right } => {
                let (left, right) = (left.within(Binding::Unary), right.within(Binding::Unary));
                write!(f, "{left} {operator} {right}")
            }
            Self::In { needle, set } => {
                let (needle, set) = (needle.within(Binding::Unary), set.within(Binding::Unary));
                write!(f, "{needle} in {set}")
            }
            Self::Has(path) => write!(f, "has({path})"),
            Self::Size(operand) => write!(f, "size({operand})"),
            Self::StartsWith { text, prefix } => {
                write!(f, "{}.startsWith({prefix})", text.within(Binding::Member))
            }
        }
    }
}

impl Expression {
    fn within(&self, floor: Binding) -> Operand<'_> {
        Operand { expression: self, floor }
    }

    fn binding(&self) -> Binding {
        match self {
            Self::Or(_) => Binding::Or,
            Self::And(_) => Binding::And,
            Self::Compare { .. } | Self::In { .. } => Binding::Relation,
            Self::Not(_) => Binding::Unary,
            Self::Literal(_)
            | Self::Path(_)
            | Self::Now
            | Self::Has(_)
            | Self::Size(_)
            | Self::StartsWith { .. } => Binding::Member,
        }
    }

    /// Whether the canonical text is short enough to be parsed.
    pub(super) fn fits_as_text(&self) -> bool {
        write!(Excerpt::new(EXPRESSION_TEXT_BYTES_MAX), "{self}").is_ok()
    }
}

/// How tightly an expression holds together, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Relation,
    Unary,
    Member,
}

/// An expression inside another: in parentheses where it would fall apart.
struct Operand<'e> {
    expression: &'e Expression,
    floor: Binding,
}

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.expression.binding() < self.floor {
            write!(f, "({})", self.expression)
        } else {
            Display::fmt(self.expression, f)
        }
    }
}

fn write_chain(
    operands: &[Expression],
    sign: &str,
    floor: Binding,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let mut separator = "";
    for operand in operands {
        write!(f, "{separator}{}", operand.within(floor))?;
        separator = sign;
    }
    Ok(())
}

fn write_value(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        Value::Bool(value) => Display::fmt(value, f),
        Value::Integer(number) => Display::fmt(number, f),
        Value::String(text) => write_string(text, f),
        Value::Time(time) => write!(f, "timestamp(\"{time}\")"),
        Value::Set(members) => {
            let mut separator = "[";
            for member in members.iter() {
                f.write_str(separator)?;
                write_value(member, f)?;
                separator = ", ";
            }
            f.write_str(if members.is_empty() { "[]" } else { "]" })
        }
    }
}

fn write_string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if is_invisible(c) => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

/// Whether a reviewer could overlook the character, or be misled by it. INVARIANT: none of these
/// is beyond U+FFFF, so four hex digits can name it.
fn is_invisible(c: char) -> bool {
    let misleads = matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    );
    c.is_control() || misleads
}

impl Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.root, self.name)
    }
}

impl Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the author wrote, in backticks, for a message: short, and without invisible characters.
pub(super) fn quoted(shown: impl Display) -> String {
    let mut excerpt = Excerpt::new(EXCERPT_BYTES_MAX);
    let cut = if write!(excerpt, "{shown}").is_ok() { "" } else { ".." };
    format!("`{}{cut}`", excerpt.text)
}

const EXCERPT_BYTES_MAX: usize = 80;

/// Keeps the start of a text, and stops the writer when there is no more room.
struct Excerpt {
    text: String,
    bytes_max: usize,
}

impl Excerpt {
    fn new(bytes_max: usize) -> Self {
        Self { text: String::new(), bytes_max }
    }
}

impl Write for Excerpt {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            let c = if is_invisible(c) { char::REPLACEMENT_CHARACTER } else { c };
            if self.text.len() + c.len_utf8() > self.bytes_max {
                return Err(fmt::Error);
            }
            self.text.push(c);
        }
        Ok(())
    }
}
