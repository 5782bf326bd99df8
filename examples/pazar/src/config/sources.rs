//! Where settings come from, and the list of them.

use std::fmt::Write as _;

/// One setting. Its key is its name in the file; `PAZAR_KEY` and `--key` follow from it as a rule.
#[derive(Debug)]
pub(super) struct Setting {
    key: &'static str,
    /// The variable, where it is not `PAZAR_KEY`.
    variable: Option<&'static str>,
    says: &'static str,
    pub(super) default: &'static str,
    from_flags: Flag,
}

/// Whether flags may say it. They are seen by every process of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flag {
    Allowed,
    Refused,
}

const fn setting(key: &'static str, default: &'static str, says: &'static str) -> Setting {
    Setting { key, variable: None, says, default, from_flags: Flag::Allowed }
}

pub(super) static ADDRESS: Setting = setting("address", "127.0.0.1:8080", "where it listens");
pub(super) static DATA: Setting = setting("data", "./pazar-data/pazar.db", "the SQLite file");
pub(super) static DATABASE_URL: Setting = Setting {
    key: "database_url",
    variable: Some("DATABASE_URL"),
    says: "sqlite:, postgres: or mysql:, in place of the file",
    default: "",
    from_flags: Flag::Refused,
};
pub(super) static KEYS: Setting =
    setting("keys", "", "the directory of keys; beside the SQLite file when not said");
pub(super) static VAULT_URL: Setting = Setting {
    key: "vault_url",
    variable: None,
    says: "where the keys of persons are kept; beside the SQLite file when not said",
    default: "",
    from_flags: Flag::Refused,
};
pub(super) static DEMO: Setting = setting("demo", "on", "demo tenants and accounts");
pub(super) static WEBHOOK_SECRET: Setting = Setting {
    key: "webhook_secret",
    variable: None,
    says: "whsec_ and 24 to 64 bytes of base64; made anew at each start when missing",
    default: "",
    from_flags: Flag::Refused,
};
pub(super) static PUBLIC_URL: Setting =
    setting("public_url", "", "what browsers call it; https makes cookies secure");
pub(super) static TRUSTED_PROXY: Setting =
    setting("trusted_proxy", "", "the address whose X-Forwarded-For is believed");
pub(super) static LIMITS: Setting = setting("limits", "on", "the limits below, each a minute");
pub(super) static SIGN_INS_OF_ADDRESS: Setting =
    setting("sign_ins_of_address", "30", "sign-ins from one address; 0 is no limit");
pub(super) static SIGN_INS_OF_EMAIL: Setting =
    setting("sign_ins_of_email", "10", "sign-ins to one account");
pub(super) static WRITES_OF_ACTOR: Setting =
    setting("writes_of_actor", "120", "changes by one account");
pub(super) static WRITES_OF_ADDRESS: Setting =
    setting("writes_of_address", "600", "changes from one address");
pub(super) static BAD_WEBHOOKS_OF_ADDRESS: Setting =
    setting("bad_webhooks_of_address", "30", "webhooks that were not let in");
pub(super) static LOG_FORMAT: Setting = setting("log_format", "text", "text or json");
pub(super) static LOG_LEVEL: Setting = setting("log_level", "info", "the least important lines");
pub(super) static STOP_SECONDS: Setting =
    setting("stop_seconds", "20", "for requests in flight when it is told to stop");

static SETTINGS: [&Setting; 18] = [
    &ADDRESS,
    &DATA,
    &DATABASE_URL,
    &KEYS,
    &VAULT_URL,
    &DEMO,
    &WEBHOOK_SECRET,
    &PUBLIC_URL,
    &TRUSTED_PROXY,
    &LIMITS,
    &SIGN_INS_OF_ADDRESS,
    &SIGN_INS_OF_EMAIL,
    &WRITES_OF_ACTOR,
    &WRITES_OF_ADDRESS,
    &BAD_WEBHOOKS_OF_ADDRESS,
    &LOG_FORMAT,
    &LOG_LEVEL,
    &STOP_SECONDS,
];

const CONFIG_FLAG: &str = "--config";
const CONFIG_VARIABLE: &str = "PAZAR_CONFIG";

impl Setting {
    fn flag(&self) -> Option<String> {
        let allowed = self.from_flags == Flag::Allowed;
        allowed.then(|| format!("--{}", self.key.replace('_', "-")))
    }

    fn variable(&self) -> String {
        match self.variable {
            Some(variable) => variable.to_owned(),
            None => format!("PAZAR_{}", self.key.to_uppercase()),
        }
    }
}

/// What `--help` prints.
#[must_use]
pub fn usage() -> String {
    let mut text = "\
Pazar, a marketplace under the law.

usage: pazar [make-keys] [--config FILE] [--SETTING VALUE]..

make-keys makes the keys that are missing in their directory, and ends.

Each setting is a flag, or a variable, or a line `setting = \"value\"` of the file, which
PAZAR_CONFIG names too. Flags come first, then variables, then the file.

"
    .to_owned();
    for setting in SETTINGS {
        let flag = setting.flag().unwrap_or_else(|| "(no flag)".to_owned());
        let _ = writeln!(text, "  {:<29} {}", flag, setting.variable());
        let default = match setting.default {
            "" => String::new(),
            default => format!(" [{default}]"),
        };
        let _ = writeln!(text, "      {}{default}", setting.says);
    }
    text
}

/// A value and who said so.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) text: String,
    source: String,
}

impl Given {
    /// A fault of this value; a secret is not repeated.
    pub(super) fn fault(&self, setting: &Setting, error: &str) -> String {
        match setting.from_flags {
            Flag::Allowed => format!("{} `{}`: {error}", self.source, self.text),
            Flag::Refused => format!("{}: {error}", self.source),
        }
    }
}

/// Flags, environment and file.
#[derive(Debug)]
pub(super) struct Sources<E> {
    flags: Vec<(String, String)>,
    environment: E,
    file: Vec<(String, String)>,
    file_name: String,
}

impl<E: Fn(&str) -> Option<String>> Sources<E> {
    pub(super) fn read(
        arguments: impl IntoIterator<Item = String>,
        environment: E,
        faults: &mut Vec<String>,
    ) -> Self {
        let flags = flags(arguments, faults);
        let named = last(&flags, CONFIG_FLAG).or_else(|| environment(CONFIG_VARIABLE));
        let file = named.as_deref().map(|path| file(path, faults)).unwrap_or_default();
        Self { flags, environment, file, file_name: named.unwrap_or_default() }
    }

    /// What was said of a setting, by whoever comes first.
    pub(super) fn value(&self, setting: &Setting) -> Option<Given> {
        let flag = setting.flag();
        if let Some(text) = flag.as_deref().and_then(|flag| last(&self.flags, flag)) {
            return Some(Given { text, source: flag.unwrap_or_default() });
        }
        let variable = setting.variable();
        if let Some(text) = (self.environment)(&variable) {
            return Some(Given { text, source: variable });
        }
        let text = last(&self.file, setting.key)?;
        Some(Given { text, source: format!("{}: {}", self.file_name, setting.key) })
    }
}

fn last(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

fn flags(
    arguments: impl IntoIterator<Item = String>,
    faults: &mut Vec<String>,
) -> Vec<(String, String)> {
    let mut flags = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let (flag, value) = match argument.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        let mut known = SETTINGS.iter().filter_map(|setting| setting.flag());
        if flag != CONFIG_FLAG && !known.any(|known| known == flag) {
            faults.push(format!("`{flag}` is not a flag; see --help"));
            continue;
        }
        match value.or_else(|| arguments.next()) {
            Some(value) => flags.push((flag, value)),
            None => faults.push(format!("`{flag}` needs a value")),
        }
    }
    flags
}

fn file(path: &str, faults: &mut Vec<String>) -> Vec<(String, String)> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            faults.push(format!("the file `{path}` cannot be read: {error}"));
            return Vec::new();
        }
    };
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        // Only where: the text around may be a secret.
        Err(error) => {
            let error: toml::de::Error = error;
            faults.push(format!("the file `{path}` is no TOML: {}", error.message()));
            return Vec::new();
        }
    };
    let mut pairs = Vec::new();
    for (key, value) in table {
        if !SETTINGS.iter().any(|setting| setting.key == key) {
            faults.push(format!("{path}: `{key}` is not a setting; see --help"));
            continue;
        }
        match value {
            toml::Value::String(text) => pairs.push((key, text)),
            toml::Value::Integer(number) => pairs.push((key, number.to_string())),
            toml::Value::Boolean(on) => {
                pairs.push((key, if on { "on" } else { "off" }.to_owned()));
            }
            _ => faults.push(format!("{path}: `{key}` is neither text nor number nor truth value")),
        }
    }
    pairs
}
