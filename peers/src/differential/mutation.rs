//! Faults to plant: one operator of each condition means another one in the law that Cedar is told.

use hos_core::condition::{Comparison, Expression};
use hos_core::contract::Written;
use hos_core::law::LawDefinition;
use hos_core::value::Value;

/// An operator that is told wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// One comparison is told as another.
    Comparison(Comparison, Comparison),
    /// `&&` is told as `||`.
    And,
    /// `||` is told as `&&`.
    Or,
    /// `!` is lost.
    Not,
    /// `in` is told as its opposite.
    In,
    /// `has` is told as its opposite.
    Has,
    /// `startsWith` is told as `==`.
    StartsWith,
    /// `size` is told as nought.
    Size,
}

impl Mutation {
    /// One for each operator of the language.
    pub const ALL: [Self; 13] = [
        Self::Comparison(Comparison::Equal, Comparison::NotEqual),
        Self::Comparison(Comparison::NotEqual, Comparison::Equal),
        Self::Comparison(Comparison::Less, Comparison::LessOrEqual),
        Self::Comparison(Comparison::LessOrEqual, Comparison::Less),
        Self::Comparison(Comparison::Greater, Comparison::GreaterOrEqual),
        Self::Comparison(Comparison::GreaterOrEqual, Comparison::Greater),
        Self::And,
        Self::Or,
        Self::Not,
        Self::In,
        Self::Has,
        Self::StartsWith,
        Self::Size,
    ];

    pub(super) fn of(self, definition: &LawDefinition) -> LawDefinition {
        let mut told = definition.clone();
        for rule in &mut told.rules {
            rule.when = rule.condition().map(|when| Written::from(self.told(when)));
        }
        told
    }

    fn told(self, expression: Expression) -> Expression {
        let inner = |operand: Box<Expression>| Box::new(self.told(*operand));
        let each = |operands: Vec<Expression>| -> Vec<Expression> {
            operands.into_iter().map(|operand| self.told(operand)).collect()
        };
        match expression {
            Expression::Not(operand) if self == Self::Not => self.told(*operand),
            Expression::Not(operand) => Expression::Not(inner(operand)),
            Expression::And(operands) if self == Self::And => Expression::Or(each(operands)),
            Expression::And(operands) => Expression::And(each(operands)),
            Expression::Or(operands) if self == Self::Or => Expression::And(each(operands)),
            Expression::Or(operands) => Expression::Or(each(operands)),
            Expression::Compare { operator, left, right } => {
                let sized =
                    [&left, &right].iter().any(|side| matches!(***side, Expression::Size(_)));
                let operator = match self {
                    // Sizes stay expressible: their own fault is another one.
                    Self::Comparison(from, to) if from == operator && !sized => to,
                    _ => operator,
                };
                Expression::Compare { operator, left: inner(left), right: inner(right) }
            }
            Expression::In { needle, set } => {
                let told = Expression::In { needle: inner(needle), set: inner(set) };
                if self == Self::In { told.not() } else { told }
            }
            Expression::Has(path) if self == Self::Has => Expression::Has(path).not(),
            Expression::Size(_) if self == Self::Size => Expression::Literal(Value::Integer(0)),
            Expression::StartsWith { text, prefix } if self == Self::StartsWith => {
                self.told(*text).eq(self.told(*prefix))
            }
            Expression::StartsWith { text, prefix } => {
                Expression::StartsWith { text: inner(text), prefix: inner(prefix) }
            }
            leaf @ (Expression::Literal(_)
            | Expression::Path(_)
            | Expression::Now
            | Expression::Has(_)
            | Expression::Size(_)) => leaf,
        }
    }
}
