//! The text form, read: a strict subset of CEL, by recursive descent with a bounded depth.
//!
//! ```text
//! or       = and {"||" and}
//! and      = relation {"&&" relation}
//! relation = unary [("==" | "!=" | "<" | "<=" | ">" | ">=" | "in") unary]
//! unary    = "!" unary | member
//! member   = primary {".startsWith" "(" or ")"}
//! primary  = "(" or ")" | literal | list | "now" | path | "has" "(" path ")" | "size" "(" or ")"
//! path     = ("actor" | "subject" | "context" | "input" | "facts") "." name
//! list     = "[" literal {"," literal} "]"
//! literal  = integer | string | "true" | "false" | "timestamp" "(" string ")"
//! ```

use std::collections::BTreeSet;
use std::mem;
use std::sync::Arc;

use super::print::quoted;
use super::token::{Lexer, Token, syntax};
use super::{
    Comparison, EXPRESSION_TEXT_BYTES_MAX, Expression, ExpressionError, ExpressionErrorKind, Path,
    Root, check_limits,
};
use crate::time::Timestamp;
use crate::value::{SET_MEMBERS_MAX, Value};

pub(super) fn parse(text: &str) -> Result<Expression, ExpressionError> {
    if text.len() > EXPRESSION_TEXT_BYTES_MAX {
        let message = format!(
            "expression has {} bytes, expected at most {EXPRESSION_TEXT_BYTES_MAX}",
            text.len()
        );
        return Err(ExpressionError::new(ExpressionErrorKind::TooLong, message));
    }
    let mut parser = Parser::new(text)?;
    let expression = parser.or()?;
    if parser.token != Token::End {
        return Err(parser.unexpected("an operator or the end"));
    }
    expression.check_bounds()?;
    Ok(expression)
}

/// Looks one token ahead.
struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token<'t>,
    at: usize,
    /// How many parentheses, calls and `!` are open.
    depth: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Result<Self, ExpressionError> {
        let mut lexer = Lexer::new(text);
        let (at, token) = lexer.token()?;
        Ok(Self { lexer, token, at, depth: 0 })
    }

    fn or(&mut self) -> Result<Expression, ExpressionError> {
        let first = self.and()?;
        if self.token != Token::Sign("||") {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.accept("||")? {
            operands.push(self.and()?);
        }
        Ok(Expression::Or(operands))
    }

    fn and(&mut self) -> Result<Expression, ExpressionError> {
        let first = self.relation()?;
        if self.token != Token::Sign("&&") {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.accept("&&")? {
            operands.push(self.relation()?);
        }
        Ok(Expression::And(operands))
    }

    fn relation(&mut self) -> Result<Expression, ExpressionError> {
        let left = self.unary()?;
        let Some(relation) = self.relation_ahead() else {
            return Ok(left);
        };
        self.advance()?;
        let right = self.unary()?;
        if self.relation_ahead().is_some() {
            let message = "relations do not chain, expected parentheses around one of them";
            return Err(syntax(self.at, message.to_owned()));
        }
        Ok(match relation {
            Relation::Compare(operator) => left.compare(operator, right),
            Relation::In => left.is_in(right),
        })
    }

    fn relation_ahead(&self) -> Option<Relation> {
        match self.token {
            Token::Word("in") => Some(Relation::In),
            Token::Sign(sign) => Comparison::ALL
                .into_iter()
                .find(|operator| operator.as_str() == sign)
                .map(Relation::Compare),
            _ => None,
        }
    }

    fn unary(&mut self) -> Result<Expression, ExpressionError> {
        if self.accept("!")? { Ok(self.nested(Self::unary)?.not()) } else { self.member() }
    }

    fn member(&mut self) -> Result<Expression, ExpressionError> {
        let mut expression = self.primary()?;
        while self.accept(".")? {
            let at = self.at;
            let method = self.word("`startsWith`")?;
            if method != "startsWith" {
                let message = format!("unknown method {}, expected `startsWith`", quoted(method));
                return Err(unknown(at, message));
            }
            expression = expression.starts_with(self.parenthesized(Self::or)?);
        }
        Ok(expression)
    }

    fn primary(&mut self) -> Result<Expression, ExpressionError> {
        match self.token {
            Token::Sign("(") => self.parenthesized(Self::or),
            Token::Sign("[") => self.list(),
            Token::Word("now") => {
                self.advance()?;
                Ok(Expression::Now)
            }
            Token::Word("has") => {
                self.advance()?;
                self.parenthesized(Self::path).map(Expression::Has)
            }
            Token::Word("size") => {
                self.advance()?;
                self.parenthesized(Self::or).map(Expression::size)
            }
            Token::Word(word) if Root::from_word(word).is_some() => {
                self.path().map(Expression::Path)
            }
            Token::Word(word) if !matches!(word, "in" | "true" | "false" | "timestamp") => {
                let expected = "`actor`, `subject`, `context`, `input`, `facts`, `now`, `has`, \
                                `size`, `timestamp` or a literal";
                let message = format!("unknown name {}, expected {expected}", quoted(word));
                Err(unknown(self.at, message))
            }
            _ => self.literal("an expression").map(Expression::Literal),
        }
    }

    fn path(&mut self) -> Result<Path, ExpressionError> {
        let expected = "an attribute, such as `subject.owner`";
        let Token::Word(word) = self.token else {
            return Err(self.unexpected(expected));
        };
        let Some(root) = Root::from_word(word) else {
            return Err(self.unexpected(expected));
        };
        self.advance()?;
        self.expect(".")?;
        let at = self.at;
        let name = self.word("an attribute name")?;
        Path::new(root, name).map_err(|fault| fault.at(at))
    }

    fn list(&mut self) -> Result<Expression, ExpressionError> {
        let start = self.at;
        let mixed = |why: &str| {
            let message = format!("{why}, expected literals of one type");
            ExpressionError::new(ExpressionErrorKind::MixedSet, message).at(start)
        };
        self.expect("[")?;
        if self.accept("]")? {
            return Err(mixed("an empty list has no type"));
        }
        let mut members = BTreeSet::from([self.literal("a literal")?]);
        while self.accept(",")? {
            members.insert(self.literal("a literal")?);
        }
        self.expect("]")?;
        if members.len() > SET_MEMBERS_MAX {
            let message =
                format!("list has {} members, expected at most {SET_MEMBERS_MAX}", members.len());
            return Err(ExpressionError::new(ExpressionErrorKind::TooLarge, message).at(start));
        }
        let set = Value::Set(Arc::new(members));
        // OK because length and ranges were refused above: what is left is a mixture.
        if set.is_within_limits() {
            Ok(Expression::Literal(set))
        } else {
            Err(mixed("list mixes types"))
        }
    }

    fn literal(&mut self, expected: &str) -> Result<Value, ExpressionError> {
        let value = match &mut self.token {
            Token::Integer(number) => Value::Integer(*number),
            Token::String(text) => Value::from(mem::take(text)),
            Token::Word("true") => Value::Bool(true),
            Token::Word("false") => Value::Bool(false),
            Token::Word("timestamp") => {
                self.advance()?;
                return self.parenthesized(Self::time).map(Value::Time);
            }
            _ => return Err(self.unexpected(expected)),
        };
        self.advance()?;
        Ok(value)
    }

    fn time(&mut self) -> Result<Timestamp, ExpressionError> {
        let expected = "a time, such as `\"2026-01-01T00:00:00Z\"`";
        let Token::String(text) = &self.token else {
            return Err(self.unexpected(expected));
        };
        let Some(time) = Timestamp::parse(text) else {
            let message =
                format!("{} is out of range or no time, expected {expected}", quoted(text));
            let fault = ExpressionError::new(ExpressionErrorKind::OutOfRange, message);
            return Err(fault.at(self.at));
        };
        self.advance()?;
        Ok(time)
    }

    fn parenthesized<T>(
        &mut self,
        inside: impl FnOnce(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        self.expect("(")?;
        let content = self.nested(inside)?;
        self.expect(")")?;
        Ok(content)
    }

    /// Goes one level down. INVARIANT: each recursion of the parser passes through here, so its
    /// stack is bounded by `EXPRESSION_DEPTH_MAX`.
    fn nested<T>(
        &mut self,
        inside: impl FnOnce(&mut Self) -> Result<T, ExpressionError>,
    ) -> Result<T, ExpressionError> {
        self.depth += 1;
        check_limits(self.depth, 0).map_err(|fault| fault.at(self.at))?;
        let content = inside(self)?;
        self.depth -= 1;
        Ok(content)
    }

    fn advance(&mut self) -> Result<(), ExpressionError> {
        (self.at, self.token) = self.lexer.token()?;
        Ok(())
    }

    fn accept(&mut self, sign: &'static str) -> Result<bool, ExpressionError> {
        let found = self.token == Token::Sign(sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), ExpressionError> {
        if self.accept(sign)? { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    fn word(&mut self, expected: &str) -> Result<&'t str, ExpressionError> {
        let Token::Word(word) = self.token else {
            return Err(self.unexpected(expected));
        };
        self.advance()?;
        Ok(word)
    }

    fn unexpected(&self, expected: &str) -> ExpressionError {
        let found = match &self.token {
            Token::Word(word) => quoted(word),
            Token::Integer(number) => quoted(number),
            Token::Sign(sign) => quoted(sign),
            Token::String(_) => "a string".to_owned(),
            Token::End => "the end".to_owned(),
        };
        syntax(self.at, format!("unexpected {found}, expected {expected}"))
    }
}

enum Relation {
    Compare(Comparison),
    In,
}

fn unknown(at: usize, message: String) -> ExpressionError {
    ExpressionError::new(ExpressionErrorKind::UnknownName, message).at(at)
}
