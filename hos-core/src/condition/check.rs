//! Types: what an expression may read, and whether its parts fit together.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::evaluate;
use super::print::quoted;
use super::{
    Absent, EXPRESSION_TEXT_BYTES_MAX, Environment, Expression, ExpressionError,
    ExpressionErrorKind, Path, Root, ValueRef, path::is_keyword,
};
use crate::value::{INTEGER_MAX, SET_MEMBERS_MAX, Schema, Type, Value};

/// The names and types that an expression may read; a root without schema may not be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scope<'a> {
    /// Of who acts.
    pub actor: Option<&'a Schema>,
    /// Of the thing acted on.
    pub subject: Option<&'a Schema>,
    /// Of what the world says of the request.
    pub context: Option<&'a Schema>,
    /// Of what the client sent.
    pub input: Option<&'a Schema>,
    /// Of what the world observed.
    pub facts: Option<&'a Schema>,
}

impl<'a> Scope<'a> {
    fn schema(&self, root: Root) -> Option<&'a Schema> {
        match root {
            Root::Actor => self.actor,
            Root::Subject => self.subject,
            Root::Context => self.context,
            Root::Input => self.input,
            Root::Facts => self.facts,
        }
    }
}

/// An expression of type bool that was checked: a rule's condition, a guard, an invariant.
///
/// ```
/// use hos_core::condition::{Condition, Environment, Expression, Scope};
/// use hos_core::id::Name;
/// use hos_core::time::Timestamp;
/// use hos_core::value::{Attributes, Schema, Type};
///
/// let schema = Schema::from([(Name::new("total")?, Type::Integer)]);
/// let scope = Scope { subject: Some(&schema), ..Scope::default() };
/// let condition = Condition::new(Expression::parse("subject.total < 100")?, scope)
///     .map_err(|faults| format!("{faults:?}"))?;
///
/// let mut subject = Attributes::new();
/// let now = Timestamp::parse("2026-01-01T00:00:00Z").ok_or("not a time")?;
/// let environment = Environment { subject: &subject, ..Environment::at(now) };
/// assert_eq!(condition.holds(&environment).unwrap_err().to_string(), "`subject.total` is absent");
///
/// subject.set(Name::new("total")?, 99);
/// assert!(condition.holds(&Environment { subject: &subject, ..Environment::at(now) })?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition(Checked);

impl Condition {
    /// Checks an expression, which must be of type bool.
    ///
    /// # Errors
    ///
    /// Every fault, in reading order.
    pub fn new(expression: Expression, scope: Scope<'_>) -> Result<Self, Vec<ExpressionError>> {
        Checked::of_type(Some(Type::Bool), expression, scope).map(Self)
    }

    /// The expression.
    #[must_use]
    pub fn expression(&self) -> &Expression {
        self.0.expression()
    }

    /// What it reads.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.reads.iter().map(|(path, _)| path)
    }

    pub(super) fn reads(&self) -> &[(Path, Type)] {
        &self.0.reads
    }

    /// Whether the condition holds here; allocates nothing.
    ///
    /// # Errors
    ///
    /// [`Absent`] names the attribute that was needed and is not there.
    pub fn holds(&self, environment: &Environment<'_>) -> Result<bool, Absent> {
        let value = evaluate(&self.0.expression, &self.0.reads, environment)?;
        Ok(value == ValueRef::Bool(true))
    }
}

/// An expression that was checked, of any type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    expression: Expression,
    result_type: Type,
    /// What the expression reads, as declared: a value of another type counts as absent.
    reads: Box<[(Path, Type)]>,
}

impl Checked {
    /// Checks limits, names and types.
    ///
    /// # Errors
    ///
    /// Every fault, in reading order; too deep or too large is found alone, before the others.
    pub fn new(expression: Expression, scope: Scope<'_>) -> Result<Self, Vec<ExpressionError>> {
        Self::of_type(None, expression, scope)
    }

    fn of_type(
        expected: Option<Type>,
        expression: Expression,
        scope: Scope<'_>,
    ) -> Result<Self, Vec<ExpressionError>> {
        expression.check_bounds().map_err(|fault| vec![fault])?;
        let mut checker = Checker { scope, reads: BTreeMap::new(), faults: Vec::new() };
        let result_type = match expected {
            Some(expected) => checker.expect(&expression, expected),
            None => checker.type_of(&expression),
        };
        if !expression.fits_as_text() {
            let expected = format!("expected at most {EXPRESSION_TEXT_BYTES_MAX} bytes as text");
            let message = format!("expression is too long, {expected}");
            checker.refuse(ExpressionErrorKind::TooLong, message);
        }
        match result_type {
            Some(result_type) if checker.faults.is_empty() => {
                Ok(Self { expression, result_type, reads: checker.reads.into_iter().collect() })
            }
            _ => Err(checker.faults),
        }
    }

    /// The type of the value that it evaluates to.
    #[must_use]
    pub fn result_type(&self) -> Type {
        self.result_type
    }

    /// The expression.
    #[must_use]
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// The value here, of the result type.
    ///
    /// # Errors
    ///
    /// [`Absent`] names the attribute that was needed and is not there.
    pub fn evaluate(&self, environment: &Environment<'_>) -> Result<Value, Absent> {
        evaluate(&self.expression, &self.reads, environment).map(Value::from)
    }
}

/// Walks once and keeps every fault. INVARIANT: where no type is found, a fault was kept.
struct Checker<'s> {
    scope: Scope<'s>,
    reads: BTreeMap<Path, Type>,
    faults: Vec<ExpressionError>,
}

impl Checker<'_> {
    fn type_of(&mut self, expression: &Expression) -> Option<Type> {
        match expression {
            Expression::Literal(value) => self.literal(value),
            Expression::Path(path) => self.path(path),
            Expression::Now => Some(Type::Time),
            Expression::Not(operand) => {
                self.expect(operand, Type::Bool);
                Some(Type::Bool)
            }
            Expression::And(operands) | Expression::Or(operands) => {
                self.chain(operands);
                Some(Type::Bool)
            }
            Expression::Compare { operator, left, right } => {
                self.compare(operator.is_equality(), left, right);
                Some(Type::Bool)
            }
            Expression::In { needle, set } => {
                self.membership(needle, set);
                Some(Type::Bool)
            }
            Expression::Has(path) => {
                self.path(path);
                Some(Type::Bool)
            }
            Expression::Size(operand) => {
                self.size(operand);
                Some(Type::Integer)
            }
            Expression::StartsWith { text, prefix } => {
                self.expect(text, Type::String);
                self.expect(prefix, Type::String);
                Some(Type::Bool)
            }
        }
    }

    fn chain(&mut self, operands: &[Expression]) {
        if operands.len() < 2 {
            let message = "`&&` and `||` expected two operands or more".to_owned();
            self.refuse(ExpressionErrorKind::TooFew, message);
        }
        for operand in operands {
            self.expect(operand, Type::Bool);
        }
    }

    fn compare(&mut self, is_equality: bool, left: &Expression, right: &Expression) {
        let (found_left, found_right) = (self.type_of(left), self.type_of(right));
        let (Some(found_left), Some(found_right)) = (found_left, found_right) else {
            return;
        };
        let has_order = matches!(found_left, Type::Integer | Type::String | Type::Time);
        if !has_order && !is_equality {
            self.faults.push(mismatch(left, "integer, string or time", found_left));
        } else if found_left != found_right {
            self.faults.push(mismatch(right, found_left.as_str(), found_right));
        }
    }

    fn membership(&mut self, needle: &Expression, set: &Expression) {
        let (found_needle, found_set) = (self.type_of(needle), self.type_of(set));
        let Some(found_set) = found_set else {
            return;
        };
        match (found_set.member(), found_needle) {
            (None, _) => self.faults.push(mismatch(set, "a set", found_set)),
            (Some(member), Some(found)) if member != found => {
                self.faults.push(mismatch(needle, member.as_str(), found));
            }
            _ => {}
        }
    }

    fn size(&mut self, operand: &Expression) {
        match self.type_of(operand) {
            Some(found) if found != Type::String && found.member().is_none() => {
                self.faults.push(mismatch(operand, "string or a set", found));
            }
            _ => {}
        }
    }

    fn expect(&mut self, operand: &Expression, expected: Type) -> Option<Type> {
        let found = self.type_of(operand)?;
        if found != expected {
            self.faults.push(mismatch(operand, expected.as_str(), found));
        }
        Some(found)
    }

    fn path(&mut self, path: &Path) -> Option<Type> {
        let Some(schema) = self.scope.schema(path.root) else {
            let expected = "expected another root";
            let message = format!("{} cannot be read here, {expected}", quoted(path));
            return self.refuse(ExpressionErrorKind::UnknownName, message);
        };
        if is_keyword(path.name.as_str()) {
            let message = format!("{} has a reserved name, expected another one", quoted(path));
            return self.refuse(ExpressionErrorKind::Syntax, message);
        }
        let Some(declared) = schema.get(&path.name).copied() else {
            let message = format!("unknown attribute {}, {}", quoted(path), names(schema));
            return self.refuse(ExpressionErrorKind::UnknownName, message);
        };
        self.reads.insert(path.clone(), declared);
        Some(declared)
    }

    /// The length of strings needs no check of its own: the text form is shorter still.
    fn literal(&mut self, value: &Value) -> Option<Type> {
        match value {
            Value::Set(members) => self.set(members),
            Value::Integer(number) if number.unsigned_abs() > INTEGER_MAX.unsigned_abs() => {
                let expected = format!("expected -{INTEGER_MAX} to {INTEGER_MAX}");
                let message = format!("integer `{number}` is out of range, {expected}");
                self.refuse(ExpressionErrorKind::OutOfRange, message)
            }
            scalar => scalar_type(scalar),
        }
    }

    fn set(&mut self, members: &BTreeSet<Value>) -> Option<Type> {
        if members.len() > SET_MEMBERS_MAX {
            let found = members.len();
            let message = format!("set has {found} members, expected at most {SET_MEMBERS_MAX}");
            return self.refuse(ExpressionErrorKind::TooLarge, message);
        }
        let types: BTreeSet<Option<Type>> = members.iter().map(scalar_type).collect();
        let member = match types.first() {
            Some(Some(member)) if types.len() == 1 => *member,
            _ => {
                let message = "set has no type, expected literals of one type".to_owned();
                return self.refuse(ExpressionErrorKind::MixedSet, message);
            }
        };
        for value in members {
            self.literal(value);
        }
        member.set_of()
    }

    fn refuse(&mut self, kind: ExpressionErrorKind, message: String) -> Option<Type> {
        self.faults.push(ExpressionError::new(kind, message));
        None
    }
}

fn scalar_type(value: &Value) -> Option<Type> {
    match value {
        Value::Bool(_) => Some(Type::Bool),
        Value::Integer(_) => Some(Type::Integer),
        Value::String(_) => Some(Type::String),
        Value::Time(_) => Some(Type::Time),
        Value::Set(_) => None,
    }
}

fn names(schema: &Schema) -> String {
    let names: Vec<&str> = schema.keys().take(NAMES_SHOWN_MAX).map(AsRef::as_ref).collect();
    match schema.len() {
        0 => "expected none, as none is declared".to_owned(),
        found if found > NAMES_SHOWN_MAX => format!("expected one of `{}`, ..", names.join("`, `")),
        _ => format!("expected one of `{}`", names.join("`, `")),
    }
}

/// A message stays readable with this many.
const NAMES_SHOWN_MAX: usize = 8;

fn mismatch(expression: &Expression, expected: &str, found: Type) -> ExpressionError {
    let message = format!("{} is of type {found}, expected {expected}", quoted(expression));
    ExpressionError::new(ExpressionErrorKind::TypeMismatch, message)
}
