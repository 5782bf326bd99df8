//! How the program speaks: to people in words, to programs in JSON.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::{Value, json};

use crate::exit::{Exit, Trouble};
use crate::secret::redacted;

/// What is good.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What is to be looked at.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// What is wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// The version of every JSON document; it rises when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

/// Speaks.
#[derive(Debug)]
pub(crate) struct Voice {
    json: bool,
    /// What programs are warned of with the next document.
    warnings: Mutex<Vec<String>>,
}

impl Voice {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, warnings: Mutex::default() }
    }

    /// Whether programs are spoken to.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// A line for people.
    pub(crate) fn line(&self, line: impl std::fmt::Display) {
        if !self.json {
            print(&format!("{line}\n"));
        }
    }

    /// A line for people, which begins with a word in colour.
    pub(crate) fn styled(&self, style: Style, word: &str, rest: impl std::fmt::Display) {
        self.line(format_args!("{style}{word}{style:#}{rest}"));
    }

    /// A warning, beside whatever is answered.
    pub(crate) fn warn(&self, rest: impl std::fmt::Display) {
        if self.json {
            self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(rest.to_string());
        } else {
            anstream::eprintln!("{WARNING}warning{WARNING:#}: {rest}");
        }
    }

    /// A text as it is, for a file or a pipe.
    pub(crate) fn text(&self, text: &str) {
        if !self.json {
            print(text);
        }
    }

    /// The one document of a command.
    pub(crate) fn document(&self, command: &str, content: impl Serialize) {
        if self.json {
            let content = serde_json::to_value(content).unwrap_or(Value::Null);
            let mut document = json!({"schema": SCHEMA, "command": command});
            if let (Value::Object(document), Value::Object(content)) = (&mut document, content) {
                document.extend(content);
                let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
                if !warnings.is_empty() {
                    document.insert("warnings".to_owned(), json!(std::mem::take(&mut *warnings)));
                }
            }
            print(&format!("{document}\n"));
        }
    }

    /// Says why an order was not carried out.
    pub(crate) fn trouble(&self, trouble: &Trouble) -> Exit {
        let Trouble { exit, message, causes, advice } = trouble;
        let message = redacted(message);
        let causes: Vec<String> = causes.iter().map(|cause| redacted(cause)).collect();
        if self.json {
            let error = json!({
                "exit": exit.code(), "message": message, "causes": causes, "advice": advice
            });
            print(&format!("{}\n", json!({"schema": SCHEMA, "error": error})));
            return *exit;
        }
        anstream::eprintln!("{BAD}hos:{BAD:#} {message}");
        for cause in causes {
            anstream::eprintln!("  because: {cause}");
        }
        if !advice.is_empty() {
            anstream::eprintln!("  try: {advice}");
        }
        *exit
    }
}

/// Whoever reads may go away, as `head` does: there is nobody to tell then.
fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(i32::from(Exit::Done.code()));
    }
}
