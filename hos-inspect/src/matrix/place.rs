//! Where something stands in a matrix, and how that is told.

use std::iter::Peekable;

/// A matrix is read with one sort of them, so that they sort as the text runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A cell of a line, both counted from one.
    Cell { line: usize, column: usize },
    /// A byte of the text: its line and character are looked for only if they are told.
    Byte(usize),
}

/// Goes through a text once, forward, however many places are asked for.
#[derive(Debug)]
pub(super) struct Walk<I: Iterator<Item = (usize, char)>> {
    ahead: Peekable<I>,
    line: usize,
    column: usize,
}

impl<I: Iterator<Item = (usize, char)>> Walk<I> {
    pub(super) fn through(characters: I) -> Self {
        Self { ahead: characters.peekable(), line: 1, column: 1 }
    }

    /// The line, and the cell or the character of the line. Bytes are asked for in their order.
    pub(super) fn to(&mut self, place: Place) -> (usize, usize) {
        let byte = match place {
            Place::Cell { line, column } => return (line, column),
            Place::Byte(byte) => byte,
        };
        while let Some((_, character)) = self.ahead.next_if(|(at, _)| *at < byte) {
            (self.line, self.column) = match character {
                '\n' => (self.line + 1, 1),
                _ => (self.line, self.column + 1),
            };
        }
        (self.line, self.column)
    }
}
