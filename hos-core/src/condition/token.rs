//! Words, integers, strings and signs of the text form.

use super::{ExpressionError, ExpressionErrorKind};
use crate::value::INTEGER_MAX;

/// The smallest piece of text that means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Word(&'t str),
    Integer(i64),
    String(String),
    Sign(&'static str),
    End,
}

/// Cuts a text into tokens, one at a time.
#[derive(Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

/// Longer signs stand before the shorter ones that they start with.
const SIGNS: [&str; 15] =
    ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", "[", "]", ",", "."];

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token and where it starts.
    pub(super) fn token(&mut self) -> Result<(usize, Token<'t>), ExpressionError> {
        self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}'));
        let start = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Ok((start, Token::End));
        };
        let token = match first {
            '"' | '\'' => Token::String(self.string(first)?),
            '-' | '0'..='9' => Token::Integer(self.integer()?),
            c if is_word(c) => Token::Word(self.take_while(is_word)),
            c => Token::Sign(self.sign(c)?),
        };
        Ok((start, token))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn character(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn sign(&mut self, found: char) -> Result<&'static str, ExpressionError> {
        match SIGNS.into_iter().find(|sign| self.rest().starts_with(sign)) {
            Some(sign) => {
                self.at += sign.len();
                Ok(sign)
            }
            None => {
                let shown = found.escape_debug();
                Err(syntax(self.at, format!("unexpected `{shown}`, expected an expression")))
            }
        }
    }

    fn integer(&mut self) -> Result<i64, ExpressionError> {
        let start = self.at;
        let sign = self.take_while(|c| c == '-');
        let digits = self.take_while(is_word);
        if sign.len() > 1 || digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit())
        {
            let message = "expected a decimal integer, such as `-17`".to_owned();
            return Err(syntax(start, message));
        }
        let magnitude = digits.parse::<i64>().ok().filter(|number| *number <= INTEGER_MAX);
        match (magnitude, sign) {
            (Some(number), "") => Ok(number),
            (Some(number), _) => Ok(-number),
            (None, _) => {
                let message = format!("integer is out of range, expected at most {INTEGER_MAX}");
                Err(ExpressionError::new(ExpressionErrorKind::OutOfRange, message).at(start))
            }
        }
    }

    fn string(&mut self, quote: char) -> Result<String, ExpressionError> {
        let start = self.at;
        self.character();
        let mut content = String::new();
        loop {
            let at = self.at;
            match self.character() {
                Some(c) if c == quote => return Ok(content),
                Some('\\') => content.push(self.escape(at)?),
                None | Some('\n' | '\r') => {
                    return Err(syntax(start, format!("string has no end, expected `{quote}`")));
                }
                Some(c) => content.push(c),
            }
        }
    }

    fn escape(&mut self, at: usize) -> Result<char, ExpressionError> {
        let escaped = match self.character() {
            Some(c @ ('\\' | '"' | '\'')) => Some(c),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') => self.code_point(),
            _ => None,
        };
        escaped.ok_or_else(|| {
            let expected = r#"`\\`, `\"`, `\'`, `\n`, `\r`, `\t` or `\u` and four hex digits"#;
            syntax(at, format!("unknown escape, expected {expected}"))
        })
    }

    /// Four hex digits of one character; half of a surrogate pair is no character.
    fn code_point(&mut self) -> Option<char> {
        let digits = self.rest().get(..4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += digits.len();
        char::from_u32(u32::from_str_radix(digits, 16).ok()?)
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

pub(super) fn syntax(at: usize, message: String) -> ExpressionError {
    ExpressionError::new(ExpressionErrorKind::Syntax, message).at(at)
}
