//! Configuration: environment, then flags; all faults at once.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::webhook::Secret;

/// What Pazar is started with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where it listens.
    pub address: SocketAddr,
    /// The SQLite file that holds everything.
    pub data: PathBuf,
    /// What the payment provider signs with.
    pub webhook_secret: Secret,
    /// Whether demo tenants, listings and accounts are there.
    pub demo: bool,
}

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration has {} fault(s):\n  {}", .0.len(), .0.join("\n  "))]
pub struct ConfigError(Vec<String>);

impl ConfigError {
    /// One line for each fault.
    #[must_use]
    pub fn faults(&self) -> &[String] {
        &self.0
    }
}

/// What `--help` prints.
pub const USAGE: &str = "\
Pazar, a marketplace under the law.

usage: pazar [--address HOST:PORT] [--data FILE] [--demo on|off]

  PAZAR_ADDRESS         where it listens             127.0.0.1:8080
  PAZAR_DATA            the SQLite file              ./pazar-data/pazar.db
  PAZAR_DEMO            demo tenants and accounts    on
  PAZAR_WEBHOOK_SECRET  whsec_ and 24 to 64 bytes of base64; made anew at each start when
                        missing
";

impl Config {
    /// A configuration for a file, on a free port, with demo data: for tests.
    #[must_use]
    pub fn for_file(data: PathBuf, webhook_secret: Secret) -> Self {
        Self { address: SocketAddr::from(([127, 0, 0, 1], 0)), data, webhook_secret, demo: true }
    }

    /// Reads flags, which come before the environment, which comes before the defaults.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every fault.
    pub fn read(
        arguments: impl IntoIterator<Item = String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut faults = Vec::new();
        let flags = flags(arguments, &mut faults);
        let value = |flag: &str, name: &str| {
            let given = flags.iter().rev().find(|(known, _)| known == flag);
            given.map(|(_, value)| value.clone()).or_else(|| environment(name))
        };
        let text = value("--address", "PAZAR_ADDRESS").unwrap_or("127.0.0.1:8080".to_owned());
        let address = text.parse::<SocketAddr>().map_err(|error| {
            faults.push(format!("PAZAR_ADDRESS `{text}`: {error}; expected 127.0.0.1:8080"));
        });
        let data = value("--data", "PAZAR_DATA").unwrap_or("./pazar-data/pazar.db".to_owned());
        if data.is_empty() || data.ends_with('/') {
            faults.push(format!("PAZAR_DATA `{data}`: names no file"));
        }
        let demo = value("--demo", "PAZAR_DEMO");
        let demo_on = match demo.as_deref() {
            None | Some("on") => true,
            Some("off") => false,
            Some(other) => {
                faults.push(format!("PAZAR_DEMO `{other}`: expected on or off"));
                false
            }
        };
        if demo.is_none() && address.is_ok_and(|address| !address.ip().is_loopback()) {
            faults.push(
                "PAZAR_DEMO: the address can be reached from elsewhere and demo passwords are \
                 public; say `off`, or `on` if that is what you want"
                    .to_owned(),
            );
        }
        // Never a flag: flags are seen by every process of the machine.
        let webhook_secret = match environment("PAZAR_WEBHOOK_SECRET") {
            Some(text) => Secret::parse(&text)
                .map_err(|error| faults.push(format!("PAZAR_WEBHOOK_SECRET: {error}"))),
            None => Ok(Secret::random()),
        };
        match (address, webhook_secret) {
            (Ok(address), Ok(webhook_secret)) if faults.is_empty() => {
                Ok(Self { address, data: data.into(), webhook_secret, demo: demo_on })
            }
            _ => Err(ConfigError(faults)),
        }
    }
}

const FLAGS: [&str; 3] = ["--address", "--data", "--demo"];

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
        if !FLAGS.contains(&flag.as_str()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = |name: &str| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Config::read(arguments.iter().map(|text| (*text).to_owned()), environment)
    }

    #[test]
    fn nothing_is_needed() {
        let config = read(&[], &[]).unwrap();
        assert_eq!(config.address.to_string(), "127.0.0.1:8080");
        assert_eq!(config.data, PathBuf::from("./pazar-data/pazar.db"));
        assert!(config.demo);
    }

    #[test]
    fn flags_come_before_the_environment() {
        let config = read(&["--data=/tmp/a.db"], &[("PAZAR_DATA", "/tmp/b.db")]).unwrap();
        assert_eq!(config.data, PathBuf::from("/tmp/a.db"));
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let environment = [
            ("PAZAR_ADDRESS", "nowhere"),
            ("PAZAR_DATA", ""),
            ("PAZAR_DEMO", "perhaps"),
            ("PAZAR_WEBHOOK_SECRET", "short"),
        ];
        let error = read(&["--port", "--data"], &environment).unwrap_err();
        assert_eq!(error.faults().len(), 6, "{error}");
    }

    #[test]
    fn demo_passwords_are_not_served_to_the_world_by_default() {
        assert!(read(&["--address", "0.0.0.0:80"], &[]).is_err());
        assert!(read(&["--address", "0.0.0.0:80", "--demo", "off"], &[]).is_ok());
    }
}
