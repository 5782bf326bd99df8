use super::{DEPTH_MAX, INTEGER_MAX, JsonError, VALUES_MAX, Value};

/// Reads a text from left to right, at most [`DEPTH_MAX`] deep.
pub(super) struct Reader<'t> {
    text: &'t str,
    at: usize,
    values: usize,
}

impl<'t> Reader<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0, values: 0 }
    }

    /// One value and nothing behind it.
    pub(super) fn document(mut self) -> Result<Value, JsonError> {
        let value = self.value(0)?;
        if self.at == self.text.len() { Ok(value) } else { Err(self.fault()) }
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.values += 1;
        if depth > DEPTH_MAX || self.values > VALUES_MAX {
            return Err(self.fault());
        }
        match self.rest().as_bytes().first() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b't') => self.word("true").map(|()| Value::Bool(true)),
            Some(b'f') => self.word("false").map(|()| Value::Bool(false)),
            _ => self.integer(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.word("{")?;
        let mut fields: Vec<(String, Value)> = Vec::new();
        while !self.takes("}") {
            if !fields.is_empty() {
                self.word(",")?;
            }
            let start = self.at;
            let key = self.string()?;
            let is_next = fields.last().is_none_or(|(last, _)| *last < key);
            if !is_next || !key.is_ascii() {
                return Err(JsonError { at: start });
            }
            self.word(":")?;
            let value = self.value(depth + 1)?;
            fields.push((key, value));
        }
        Ok(Value::Object(fields))
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.word("[")?;
        let mut values = Vec::new();
        while !self.takes("]") {
            if !values.is_empty() {
                self.word(",")?;
            }
            values.push(self.value(depth + 1)?);
        }
        Ok(Value::Array(values))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.word("\"")?;
        let mut text = String::new();
        loop {
            let plain = self.rest().find(['"', '\\']).ok_or_else(|| self.fault())?;
            let (before, after) = self.rest().split_at(plain);
            text.push_str(before);
            self.at += plain;
            if after.starts_with('"') {
                self.at += 1;
                return Ok(text);
            }
            text.push(self.escape()?);
        }
    }

    /// One of the escapes that the canonical form has.
    fn escape(&mut self) -> Result<char, JsonError> {
        const SHORT: [(&str, char); 7] = [
            ("\\\"", '"'),
            ("\\\\", '\\'),
            ("\\b", '\u{8}'),
            ("\\t", '\t'),
            ("\\n", '\n'),
            ("\\f", '\u{c}'),
            ("\\r", '\r'),
        ];
        if let Some((_, c)) = SHORT.into_iter().find(|(escape, _)| self.takes(escape)) {
            return Ok(c);
        }
        self.word("\\u00")?;
        let code = self.rest().get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let control = code.filter(|code| *code < b' ').ok_or_else(|| self.fault())?;
        self.at += 2;
        Ok(char::from(control))
    }

    fn integer(&mut self) -> Result<Value, JsonError> {
        let is_part = |c: char| c == '-' || c.is_ascii_digit();
        let digits = self.rest().split(|c| !is_part(c)).next().unwrap_or_default();
        let number = digits.parse::<i64>().ok();
        let number = number.filter(|number| number.unsigned_abs() <= INTEGER_MAX.unsigned_abs());
        let number = number.ok_or_else(|| self.fault())?;
        self.at += digits.len();
        Ok(Value::Integer(number))
    }

    fn word(&mut self, word: &str) -> Result<(), JsonError> {
        if self.takes(word) { Ok(()) } else { Err(self.fault()) }
    }

    fn takes(&mut self, word: &str) -> bool {
        let takes = self.rest().starts_with(word);
        self.at += if takes { word.len() } else { 0 };
        takes
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    const fn fault(&self) -> JsonError {
        JsonError { at: self.at }
    }
}
