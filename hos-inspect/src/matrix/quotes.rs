//! Quotation marks that nothing closes: a reader of CSV takes all that follows for one cell.

use super::place::Place;

/// A text without the rows of its unclosed quotation marks, and where these open.
#[derive(Debug, Default)]
pub(super) struct SetAside {
    pub(super) text: String,
    /// In which line each row begins that is not empty.
    pub(super) lines: Vec<usize>,
    pub(super) marks: Vec<Place>,
    /// Whether the first row is among them: nothing tells what the others say then.
    pub(super) is_headless: bool,
}

/// Reading goes on with the line behind such a mark.
pub(super) fn set_aside(text: &str) -> SetAside {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut aside, mut line, mut is_head) = (SetAside::default(), 1, true);
    while !rest.is_empty() {
        let first = first_row(rest);
        let length = match first {
            Row::Whole { length } => length,
            Row::Open { mark, .. } => {
                let behind = rest.get(mark..).unwrap_or_default();
                behind.find(['\r', '\n']).map_or(rest.len(), |end| mark + end + 1)
            }
        };
        let (row, others) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let is_empty = row.trim_matches(['\r', '\n']).is_empty();
        match first {
            Row::Whole { .. } if is_empty => {}
            Row::Whole { .. } => {
                aside.text.push_str(row);
                aside.lines.push(line);
            }
            Row::Open { mark, column } => {
                let line = line + ends(rest, mark);
                aside.marks.push(Place::Cell { line, column });
                aside.is_headless |= is_head;
            }
        }
        line += ends(rest, length);
        is_head &= is_empty;
        rest = others;
    }
    aside
}

/// How many lines end in so many bytes: by `\n`, by `\r`, or by both together, which count where
/// the second is.
fn ends(text: &str, length: usize) -> usize {
    let mut ahead = text.bytes().take(length + 1).peekable();
    let mut lines = 0;
    for _ in 0..length {
        lines += match (ahead.next(), ahead.peek()) {
            (Some(b'\n'), _) => 1,
            (Some(b'\r'), behind) if behind != Some(&b'\n') => 1,
            _ => 0,
        };
    }
    lines
}

enum Row {
    /// With what ends it, in bytes.
    Whole { length: usize },
    /// Where the mark stands, in bytes, and in which cell.
    Open { mark: usize, column: usize },
}

fn first_row(text: &str) -> Row {
    let bytes = text.as_bytes();
    let (mut at, mut column, mut is_start) = (0, 1, true);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' if is_start => match closing(bytes, at + 1) {
                Some(end) => (at, is_start) = (end, false),
                None => return Row::Open { mark: at, column },
            },
            b'\r' | b'\n' => return Row::Whole { length: at + 1 },
            b',' => (column, is_start) = (column + 1, true),
            _ => is_start = false,
        }
        at += 1;
    }
    Row::Whole { length: at }
}

/// The mark that closes a quoted cell: with nothing behind it in the cell but spaces. None where
/// there is no other mark, or where the next one stands in the middle of something.
fn closing(bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let behind = bytes.get(from..)?;
        let mark = from + behind.iter().position(|byte| *byte == b'"')?;
        if bytes.get(mark + 1) == Some(&b'"') {
            from = mark + 2;
            continue;
        }
        let mut rest =
            bytes.get(mark + 1..)?.iter().skip_while(|byte| matches!(byte, b' ' | b'\t'));
        return matches!(rest.next(), None | Some(b',' | b'\r' | b'\n')).then_some(mark);
    }
}
