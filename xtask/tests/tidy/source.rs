//! Rust source without its comments and literals, and where its functions begin and end.

/// What is blanked out besides comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blank {
    Comments,
    CommentsAndLiterals,
}

/// The source with comments (and literals) made of spaces; lines and columns stay where they are.
pub(crate) fn mask(source: &str, blank: Blank) -> String {
    let mut masker =
        Masker { chars: source.chars().collect(), at: 0, out: String::new(), literals: blank };
    masker.run();
    masker.out
}

/// The lines before the tail of tests: a `#[cfg(test)]` followed by `mod name {`.
pub(crate) fn production(source: &str) -> &str {
    let masked = mask(source, Blank::CommentsAndLiterals);
    let mut bytes = 0;
    let mut tail = None;
    for (line, raw) in masked.lines().zip(source.split_inclusive('\n')) {
        let line = line.trim();
        if line == "#[cfg(test)]" {
            tail = Some(bytes);
        } else if let Some(tail) = tail
            && is_module_with_body(line)
        {
            return source.get(..tail).unwrap_or(source);
        } else if !line.is_empty() && !line.starts_with('#') {
            tail = None;
        }
        bytes += raw.len();
    }
    source
}

fn is_module_with_body(line: &str) -> bool {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    words.next() == Some("mod") && line.ends_with('{')
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Counted from one.
    pub(crate) line: usize,
    /// From its `fn` to its last brace.
    pub(crate) lines: usize,
}

/// Every function with a body, those inside others too.
pub(crate) fn functions(source: &str) -> Vec<Function> {
    let masked = mask(source, Blank::CommentsAndLiterals);
    let mut functions = Vec::new();
    for (offset, name) in words_after(&masked, "fn ") {
        let Some(rest) = masked.get(offset..) else { continue };
        let Some(length) = body_end(rest) else { continue };
        let line = line_at(&masked, offset);
        let lines = line_at(rest, length);
        functions.push(Function { name, line, lines });
    }
    functions
}

/// Where `marker` stands as a word of its own and the identifier right behind it.
pub(crate) fn words_after(masked: &str, marker: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (offset, _) in masked.match_indices(marker) {
        let before = masked.get(..offset).and_then(|text| text.chars().next_back());
        if before.is_some_and(is_word) {
            continue;
        }
        let name = identifier(masked.get(offset + marker.len()..).unwrap_or_default());
        if !name.is_empty() {
            found.push((offset, name.to_owned()));
        }
    }
    found
}

/// The identifier that the text begins with, or nothing.
pub(crate) fn identifier(text: &str) -> &str {
    text.split(|c: char| !is_word(c)).next().unwrap_or_default()
}

/// The line of a byte offset, counted from one.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or(text).matches('\n').count() + 1
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The offset of the brace that closes the first body, or nothing when a `;` comes first.
fn body_end(masked: &str) -> Option<usize> {
    let mut parentheses = 0_usize;
    let mut braces = 0_usize;
    for (offset, c) in masked.char_indices() {
        match c {
            '(' | '[' => parentheses += 1,
            ')' | ']' => parentheses = parentheses.checked_sub(1)?,
            ';' if parentheses == 0 && braces == 0 => return None,
            '{' => braces += 1,
            '}' => {
                braces = braces.checked_sub(1)?;
                if braces == 0 && parentheses == 0 {
                    return Some(offset);
                }
            }
            _ => {}
        }
    }
    None
}

/// Walks the source once, keeping or blanking one character after the other.
#[derive(Debug)]
struct Masker {
    chars: Vec<char>,
    at: usize,
    out: String,
    literals: Blank,
}

impl Masker {
    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            match (c, self.peek(1)) {
                ('/', Some('/')) => self.blank_until(|masker| masker.peek(0) == Some('\n')),
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.string(),
                ('\'', _) => self.quote(),
                _ if is_word(c) => self.word(),
                _ => self.keep(1),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn keep(&mut self, count: usize) {
        for _ in 0..count {
            self.out.extend(self.peek(0));
            self.at += 1;
        }
    }

    fn blank(&mut self, count: usize) {
        for _ in 0..count {
            self.out.extend(self.peek(0).map(|c| if c == '\n' { '\n' } else { ' ' }));
            self.at += 1;
        }
    }

    fn literal(&mut self, count: usize) {
        match self.literals {
            Blank::Comments => self.keep(count),
            Blank::CommentsAndLiterals => self.blank(count),
        }
    }

    fn blank_until(&mut self, is_end: impl Fn(&Self) -> bool) {
        while self.peek(0).is_some() && !is_end(self) {
            self.blank(1);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.blank(2);
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    self.blank(2);
                    if depth == 0 {
                        return;
                    }
                }
                (Some(_), _) => self.blank(1),
                (None, _) => return,
            }
        }
    }

    fn string(&mut self) {
        self.literal(1);
        loop {
            match self.peek(0) {
                Some('\\') => self.literal(2),
                Some('"') => return self.literal(1),
                Some(_) => self.literal(1),
                None => return,
            }
        }
    }

    /// A character literal or the start of a lifetime.
    fn quote(&mut self) {
        let count = match (self.peek(1), self.peek(2)) {
            (Some('\\'), _) => {
                let rest = self.chars.iter().skip(self.at + 3);
                rest.take_while(|c| **c != '\'').count() + 4
            }
            (Some(_), Some('\'')) => 3,
            _ => return self.keep(1),
        };
        self.literal(count);
    }

    /// A word; when it announces a raw string, that string.
    fn word(&mut self) {
        let length = (0..).take_while(|ahead| self.peek(*ahead).is_some_and(is_word)).count();
        let word: String = self.chars.iter().skip(self.at).take(length).collect();
        self.keep(length);
        if !["r", "br", "cr"].contains(&word.as_str()) {
            return;
        }
        let hashes = (0..).take_while(|ahead| self.peek(*ahead) == Some('#')).count();
        if self.peek(hashes) == Some('"') {
            self.raw_string(hashes);
        }
    }

    fn raw_string(&mut self, hashes: usize) {
        self.literal(hashes + 1);
        while let Some(c) = self.peek(0) {
            let closing = (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'));
            if c == '"' && closing {
                return self.literal(hashes + 1);
            }
            self.literal(1);
        }
    }
}

#[test]
fn comments_and_literals_are_blanked_and_lines_stay() {
    let source = "a /* { /* } */ \n */ \"}\\\"{\" r#\"\"}\"# '{' '\\'' b'\\u{7d}' 'life b // {\nc";
    let masked = mask(source, Blank::CommentsAndLiterals);
    assert_eq!(masked.split_whitespace().collect::<Vec<_>>(), ["a", "r", "b", "'life", "b", "c"]);
    assert_eq!(masked.lines().count(), source.lines().count());
    assert_eq!(masked.chars().count(), source.chars().count());
    assert!(mask("\"kept\" // gone", Blank::Comments).starts_with("\"kept\" "));
}

#[test]
fn a_function_is_as_long_as_its_braces_say() {
    let source = "trait T { fn none(); }\nfn one(_: [u8; 2]) -> char {\n    '}'\n}\n\
                  fn outer() {\n    fn inner() {}\n    let _: fn(u8);\n    \"}\";\n}\n";
    let found: Vec<_> = functions(source).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
    let expected = [("one", 2, 3), ("outer", 5, 5), ("inner", 6, 1)];
    assert_eq!(found, expected.map(|(name, line, lines)| (name.to_owned(), line, lines)));
}

#[test]
fn production_ends_where_the_module_of_tests_begins() {
    let tail = "#[cfg(test)]\n#[expect(x)]\nmod tests {\n}\n";
    let head = "#[cfg(test)]\nmod far;\n\"#[cfg(test)]\";\nfn f() {}\n";
    assert_eq!(production(&format!("{head}{tail}")), head);
    assert_eq!(production(head), head);
}
