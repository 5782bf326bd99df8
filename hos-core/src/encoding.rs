//! The one encoder of hashed bytes: JCS (RFC 8785) for objects of strings, booleans, integers,
//! arrays and objects. Floats and nulls do not exist here.

use std::fmt::Write as _;

use crate::value::{Attributes, Value};

/// Writes one JSON object whose keys the caller gives in ascending order.
///
/// INVARIANT: keys are ASCII and ascending, so that UTF-16 order (RFC 8785, section 3.2.3) is byte
/// order. Debug builds check it at every key.
#[derive(Debug)]
pub(crate) struct ObjectWriter<'a> {
    out: &'a mut String,
    /// Where the last key stands in `out`; none before the first.
    last: Option<std::ops::Range<usize>>,
}

/// Encodes one object.
pub(crate) fn encode(capacity: usize, fill: impl FnOnce(&mut ObjectWriter<'_>)) -> String {
    let mut out = String::with_capacity(capacity);
    write_object(&mut out, fill);
    out
}

/// Encodes a bag of attributes; its names are in order already.
pub(crate) fn encode_attributes(attributes: &Attributes) -> String {
    encode(32 * attributes.iter().len() + 2, |object| {
        for (name, value) in attributes.iter() {
            object.value(name.as_str(), value);
        }
    })
}

fn write_object(out: &mut String, fill: impl FnOnce(&mut ObjectWriter<'_>)) {
    out.push('{');
    fill(&mut ObjectWriter { out, last: None });
    out.push('}');
}

impl ObjectWriter<'_> {
    pub(crate) fn string(&mut self, key: &str, text: &str) {
        self.key(key);
        write_string(self.out, text);
    }

    pub(crate) fn optional(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.string(key, text);
        }
    }

    /// For a text whose characters need no escape, such as a time or a hexadecimal digest.
    pub(crate) fn display(&mut self, key: &str, text: impl std::fmt::Display) {
        self.key(key);
        // OK because writing to a string cannot fail.
        let _infallible = write!(self.out, "\"{text}\"");
    }

    pub(crate) fn integer(&mut self, key: &str, number: impl Into<i128>) {
        self.key(key);
        // OK because writing to a string cannot fail.
        let _infallible = write!(self.out, "{}", number.into());
    }

    pub(crate) fn bool(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out.push_str(if value { "true" } else { "false" });
    }

    pub(crate) fn value(&mut self, key: &str, value: &Value) {
        self.key(key);
        write_value(self.out, value);
    }

    pub(crate) fn object(&mut self, key: &str, fill: impl FnOnce(&mut ObjectWriter<'_>)) {
        self.key(key);
        write_object(self.out, fill);
    }

    pub(crate) fn strings<S: AsRef<str>>(&mut self, key: &str, texts: impl IntoIterator<Item = S>) {
        self.key(key);
        write_array(self.out, texts, |out, text| write_string(out, text.as_ref()));
    }

    pub(crate) fn objects<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut ObjectWriter<'_>, T),
    ) {
        self.key(key);
        write_array(self.out, items, |out, item| write_object(out, |object| fill(object, item)));
    }

    fn key(&mut self, key: &str) {
        let last = self.last.take().and_then(|last| self.out.get(last));
        debug_assert!(last.is_none_or(|last| last < key), "`{key}` after `{last:?}`");
        if last.is_some() {
            self.out.push(',');
        }
        let start = self.out.len() + 1;
        write_string(self.out, key);
        self.last = Some(start..start + key.len());
        self.out.push(':');
    }
}

fn write_array<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(']');
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Integer(number) => {
            // OK because writing to a string cannot fail.
            let _infallible = write!(out, "{number}");
        }
        Value::String(text) => write_string(out, text),
        Value::Time(time) => write_object(out, |object| object.display("time", time)),
        Value::Set(members) => write_array(out, members.iter(), write_value),
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push_str(text);
    } else {
        text.chars().for_each(|c| write_escaped(out, c));
    }
    out.push('"');
}

/// RFC 8785, section 3.2.2.2: the short escapes, `\u00xx` for other controls, the rest as it is.
fn write_escaped(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        control if control < ' ' => {
            // OK because writing to a string cannot fail.
            let _infallible = write!(out, "\\u{:04x}", u32::from(control));
        }
        other => out.push(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_and_integers_equal_an_independent_canonicaliser(
            text in any::<String>(), control in "[\u{0}-\u{1f}\"\\\\é]{0,8}",
            number in -crate::value::INTEGER_MAX..=crate::value::INTEGER_MAX, flag: bool,
        ) {
            let ours = encode(0, |object| {
                object.bool("a", flag);
                object.integer("b", number);
                object.objects("c", [&text, &control], |inner, text| inner.string("t", text));
                object.strings("d", [&control, &text]);
            });
            let theirs = serde_json::json!({
                "a": flag, "b": number, "c": [{"t": text}, {"t": control}], "d": [control, text],
            });
            prop_assert_eq!(ours, serde_json_canonicalizer::to_string(&theirs).unwrap());
        }
    }

    #[test]
    fn values_read_back_as_they_were_written() {
        let mut attributes = Attributes::new();
        let name = |text| crate::id::Name::new(text).unwrap();
        attributes.set(name("at"), crate::time::Timestamp::from_micros(1_700_000_000_123_456));
        attributes.set(name("flag"), true);
        attributes.set(name("members"), ["b", "a"].into_iter().collect::<Value>());
        attributes.set(name("price"), 12_50);
        attributes.set(name("title"), "çay \"demli\"\n");
        let text = encode_attributes(&attributes);
        assert_eq!(
            text,
            "{\"at\":{\"time\":\"2023-11-14T22:13:20.123456Z\"},\"flag\":true,\
             \"members\":[\"a\",\"b\"],\"price\":1250,\"title\":\"çay \\\"demli\\\"\\n\"}"
        );
        assert_eq!(serde_json::from_str::<Attributes>(&text).unwrap(), attributes);
    }
}
