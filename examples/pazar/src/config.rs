//! Configuration: flags, then the environment, then a file; all faults of all of them at once.

mod sources;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

pub use sources::usage;
use sources::{ADDRESS, DATA, DATABASE_URL, DEMO, Setting, Sources};

use crate::database::DatabaseUrl;
use crate::limits::Quotas;
use crate::webhook::Secret;

/// What Pazar is started with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where everything is kept.
    pub database: DatabaseUrl,
    /// The directory of keys: what signs seals and wraps the keys of persons. Without one nothing
    /// is sealed.
    pub keys: Option<PathBuf>,
    /// Where the keys of persons are kept, when that is not beside the file.
    pub vault: Option<DatabaseUrl>,
    /// What the payment provider signs with.
    pub webhook_secret: Secret,
    /// Whether demo tenants, listings and accounts are there.
    pub demo: bool,
    /// What browsers call it, when that is not where it listens.
    pub public_url: Option<PublicUrl>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxy: Option<IpAddr>,
    /// How much is too much.
    pub quotas: Quotas,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// The least important line that is written.
    pub log_level: tracing::Level,
    /// How long requests in flight may take once it was told to stop.
    pub stop_time: Duration,
}

/// What browsers call this server: scheme, host and port, nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    https: bool,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "for people or for programs")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
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

impl PublicUrl {
    /// Reads `https://pazar.example` or the like.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = reqwest::Url::parse(text).map_err(|error| error.to_string())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let nameless = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "http" | "https") || !bare || !nameless {
            return Err("expected http or https, a host, and no more".to_owned());
        }
        Ok(Self { origin: url.origin().ascii_serialization(), https: url.scheme() == "https" })
    }

    /// As browsers write it into `Origin`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether cookies may be kept to encrypted connections.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }
}

impl Config {
    /// A configuration for a file, on a free port, with demo data and without limits: for tests.
    #[must_use]
    pub fn for_file(data: PathBuf, webhook_secret: Secret) -> Self {
        Self::for_database(DatabaseUrl::Sqlite(data), webhook_secret)
    }

    /// As [`Config::for_file`], for any database.
    #[must_use]
    pub fn for_database(database: DatabaseUrl, webhook_secret: Secret) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            keys: keys_beside(&database),
            database,
            vault: None,
            webhook_secret,
            demo: true,
            public_url: None,
            trusted_proxy: None,
            quotas: Quotas::off(),
            log_format: LogFormat::Text,
            log_level: tracing::Level::INFO,
            stop_time: Duration::from_secs(20),
        }
    }

    /// Reads flags, which come before the environment, which comes before the file, which comes
    /// before the defaults. The file is named by `--config` or `PAZAR_CONFIG`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every fault.
    pub fn read(
        arguments: impl IntoIterator<Item = String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut faults = Vec::new();
        let sources = Sources::read(arguments, environment, &mut faults);
        let mut read = Reading { sources, faults };
        let address = read.needed(&ADDRESS, |text| {
            text.parse::<SocketAddr>().map_err(|error| format!("{error}; expected 127.0.0.1:8080"))
        });
        let database = read.database();
        let keys = read.wanted(&sources::KEYS, |text| match text {
            "" => Err("names no directory".to_owned()),
            path => Ok(PathBuf::from(path)),
        });
        let vault = read.wanted(&sources::VAULT_URL, parse_url);
        let demo_is_said = read.sources.value(&DEMO).is_some();
        let demo = read.needed(&DEMO, switch);
        // Never a flag: flags are seen by every process of the machine.
        let webhook_secret = read.wanted(&sources::WEBHOOK_SECRET, |text| {
            Secret::parse(text).map_err(|error| error.to_string())
        });
        let public_url = read.wanted(&sources::PUBLIC_URL, PublicUrl::parse);
        let trusted_proxy = read.wanted(&sources::TRUSTED_PROXY, |text| {
            text.parse::<IpAddr>().map_err(|error| error.to_string())
        });
        let quotas = read.quotas();
        let log_format = read.needed(&sources::LOG_FORMAT, |text| match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err("expected text or json".to_owned()),
        });
        let log_level = read.needed(&sources::LOG_LEVEL, |text| {
            text.parse().map_err(|_| "expected error, warn, info, debug or trace".to_owned())
        });
        let stop_seconds = read.needed(&sources::STOP_SECONDS, whole_number);
        let elsewhere = address.is_some_and(|address| !address.ip().is_loopback());
        if !demo_is_said && (elsewhere || public_url.is_some()) {
            read.faults.push(
                "PAZAR_DEMO: the address can be reached from elsewhere and demo passwords are \
                 public; say `off`, or `on` if that is what you want"
                    .to_owned(),
            );
        }
        let all = (address, database, demo, log_format, log_level, stop_seconds);
        match all {
            (
                Some(address),
                Some(database),
                Some(demo),
                Some(log_format),
                Some(log_level),
                Some(stop_seconds),
            ) if read.faults.is_empty() => Ok(Self {
                address,
                keys: keys.or_else(|| keys_beside(&database)),
                database,
                vault,
                webhook_secret: webhook_secret.unwrap_or_else(Secret::random),
                demo,
                public_url,
                trusted_proxy,
                quotas,
                log_format,
                log_level,
                stop_time: Duration::from_secs(stop_seconds.into()),
            }),
            _ => Err(ConfigError(read.faults)),
        }
    }
}

/// The sources, and what was found wrong so far.
struct Reading<E> {
    sources: Sources<E>,
    faults: Vec<String>,
}

impl<E: Fn(&str) -> Option<String>> Reading<E> {
    /// A setting that may be missing; none also when it is wrong, which is then a fault.
    fn wanted<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let given = self.sources.value(setting)?;
        let read = parse(&given.text);
        read.map_err(|error| self.faults.push(given.fault(setting, &error))).ok()
    }

    /// A setting with a default; none when it is wrong, which is then a fault.
    fn needed<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.sources.value(setting).is_none() {
            return parse(setting.default).ok();
        }
        self.wanted(setting, parse)
    }

    /// Where everything is kept: `DATABASE_URL`, or else the file.
    fn database(&mut self) -> Option<DatabaseUrl> {
        let file = self.needed(&DATA, |text| match parse_url(text)? {
            DatabaseUrl::Sqlite(file) => Ok(DatabaseUrl::Sqlite(file)),
            _ => Err("names no file; a server is said by DATABASE_URL".to_owned()),
        });
        match self.sources.value(&DATABASE_URL) {
            Some(_) => self.wanted(&DATABASE_URL, parse_url),
            None => file,
        }
    }

    fn quotas(&mut self) -> Quotas {
        let on = self.needed(&sources::LIMITS, switch).unwrap_or(true);
        let mut quota = |setting| self.needed(setting, whole_number).unwrap_or_default();
        let quotas = Quotas {
            sign_ins_of_address: quota(&sources::SIGN_INS_OF_ADDRESS),
            sign_ins_of_email: quota(&sources::SIGN_INS_OF_EMAIL),
            writes_of_actor: quota(&sources::WRITES_OF_ACTOR),
            writes_of_address: quota(&sources::WRITES_OF_ADDRESS),
            bad_webhooks_of_address: quota(&sources::BAD_WEBHOOKS_OF_ADDRESS),
        };
        if on { quotas } else { Quotas::off() }
    }
}

fn parse_url(text: &str) -> Result<DatabaseUrl, String> {
    DatabaseUrl::parse(text).map_err(|error| error.to_string())
}

/// A file has its keys beside it; who runs a server says where they are.
fn keys_beside(database: &DatabaseUrl) -> Option<PathBuf> {
    match database {
        DatabaseUrl::Sqlite(file) => Some(crate::sealing::beside(file, "-keys")),
        DatabaseUrl::Postgres(_) | DatabaseUrl::Mysql(_) => None,
    }
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off".to_owned()),
    }
}

fn whole_number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "expected a whole number".to_owned())
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

    fn file(text: &str) -> (tempfile::TempDir, String) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pazar.toml");
        std::fs::write(&path, text).unwrap();
        (directory, path.to_str().unwrap().to_owned())
    }

    fn file_at(path: &str) -> DatabaseUrl {
        DatabaseUrl::Sqlite(path.into())
    }

    #[test]
    fn nothing_is_needed() {
        let config = read(&[], &[]).unwrap();
        assert_eq!(config.address.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database, file_at("./pazar-data/pazar.db"));
        assert!(config.demo);
        assert_eq!(config.log_format, LogFormat::Text);
        assert!(config.quotas.sign_ins_of_email > 0);
    }

    #[test]
    fn flags_come_before_the_environment_and_the_file_last() {
        let (_directory, path) = file("data = \"/tmp/c.db\"\ndemo = false\nwrites_of_actor = 7\n");
        let environment = [("PAZAR_DATA", "/tmp/b.db"), ("PAZAR_CONFIG", path.as_str())];
        let config = read(&["--data=/tmp/a.db"], &environment).unwrap();
        assert_eq!(config.database, file_at("/tmp/a.db"));
        assert_eq!(read(&[], &environment).unwrap().database, file_at("/tmp/b.db"));
        let config = read(&["--config", &path], &[]).unwrap();
        assert_eq!(config.database, file_at("/tmp/c.db"));
        assert!(!config.demo);
        assert_eq!(config.quotas.writes_of_actor, 7);
    }

    #[test]
    fn all_faults_of_all_sources_are_reported_at_once() {
        let (_directory, path) = file("sail = 1\nlog_format = \"xml\"\npublic_url = [1]\n");
        let environment = [
            ("PAZAR_CONFIG", path.as_str()),
            ("PAZAR_ADDRESS", "nowhere"),
            ("PAZAR_DATA", ""),
            ("PAZAR_DEMO", "perhaps"),
            ("PAZAR_WEBHOOK_SECRET", "short"),
        ];
        let error = read(&["--port", "--writes-of-actor=many", "--data"], &environment);
        let error = error.unwrap_err();
        assert_eq!(error.faults().len(), 10, "{error}");
        assert!(!error.to_string().contains("short"), "a secret is not repeated: {error}");
    }

    #[test]
    fn a_secret_is_no_flag_and_may_stand_in_the_file() {
        let secret = Secret::random().reveal();
        assert!(read(&["--webhook-secret", &secret], &[]).is_err());
        let (_directory, path) = file(&format!("webhook_secret = \"{secret}\"\n"));
        let config = read(&["--config", &path], &[]).unwrap();
        assert_eq!(config.webhook_secret.reveal(), secret);
    }

    #[test]
    fn one_variable_says_which_database() {
        let url = "postgres://pazar:hush@db.example/shop";
        let config = read(&["--data", "/tmp/a.db"], &[("DATABASE_URL", url)]).unwrap();
        assert_eq!(config.database, DatabaseUrl::Postgres(url.to_owned()));
        let config = read(&[], &[("DATABASE_URL", "sqlite:/tmp/d.db")]).unwrap();
        assert_eq!(config.database, file_at("/tmp/d.db"));
        let environment = [("DATABASE_URL", "oracle://pazar:hush@db.example/shop")];
        let error = read(&["--demo", "perhaps"], &environment).unwrap_err();
        assert_eq!(error.faults().len(), 2, "{error}");
        assert!(!error.to_string().contains("hush"), "a password is not repeated: {error}");
        assert!(read(&["--database-url", url], &[]).is_err(), "a password is no flag");
    }

    #[test]
    fn a_file_that_is_missing_or_no_toml_is_a_fault() {
        assert!(read(&["--config", "/nowhere/pazar.toml"], &[]).is_err());
        let (_directory, path) = file("data = \n");
        assert!(read(&["--config", &path], &[]).is_err());
    }

    #[test]
    fn demo_passwords_are_not_served_to_the_world_by_default() {
        assert!(read(&["--address", "0.0.0.0:80"], &[]).is_err());
        assert!(read(&["--address", "0.0.0.0:80", "--demo", "off"], &[]).is_ok());
        assert!(read(&["--public-url", "https://pazar.example"], &[]).is_err());
    }

    #[test]
    fn a_public_url_is_an_origin() {
        let url = PublicUrl::parse("https://pazar.example/").unwrap();
        assert_eq!((url.origin(), url.is_https()), ("https://pazar.example", true));
        assert!(!PublicUrl::parse("http://pazar.example:81").unwrap().is_https());
        for wrong in
            ["pazar.example", "ftp://a.example", "https://a.example/b", "https://u@a.example"]
        {
            assert!(PublicUrl::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn limits_can_be_off() {
        assert_eq!(read(&["--limits", "off"], &[]).unwrap().quotas, Quotas::off());
    }

    #[test]
    fn the_usage_names_every_setting() {
        let usage = usage();
        assert!(usage.contains("PAZAR_WEBHOOK_SECRET") && usage.contains("PAZAR_PUBLIC_URL"));
        assert!(!usage.contains("--webhook-secret"));
    }
}
