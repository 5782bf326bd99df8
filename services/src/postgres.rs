//! PostgreSQL.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::ServiceError;
use crate::home::{Home, Kind, words};
use crate::program::{Program, clean, run};
use crate::server::{Server, wait_until};

mod standby;

const PACKAGE: &str = "postgresql";

pub(crate) const POSTGRES: Program = Program { name: "postgres", package: PACKAGE };
const INITDB: Program = Program { name: "initdb", package: PACKAGE };
const PSQL: Program = Program { name: "psql", package: PACKAGE };

/// The fast shutdown ends sessions and writes a checkpoint; the immediate one writes nothing.
const KIND: Kind =
    Kind { name: "PostgreSQL", account: "postgres", keeping: "INT", hurried: "QUIT" };

/// What a test needs that is not the server's default. `fsync` stays on.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", "127.0.0.1"),
    ("max_connections", "300"),
    ("wal_level", "replica"),
    // What a standby may miss while it is away.
    ("wal_keep_size", "256MB"),
    ("wal_retrieve_retry_interval", "200ms"),
    // In the directory, so that a server that was killed leaves nothing outside.
    ("dynamic_shared_memory_type", "mmap"),
];

const CREATE_ROLE: &str =
    "CREATE ROLE law LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;";

// From `template0`, which nobody can be connected to, so that calls at once do not disturb another.
const CREATE_DATABASE: &str = "CREATE DATABASE :\"database\" OWNER law TEMPLATE template0;";

const LOADED: &str = "SELECT pg_conf_load_time();";

const SET: &str = "ALTER SYSTEM SET :\"name\" = :'value'; SELECT pg_reload_conf();";

/// A PostgreSQL of this process on a free port of 127.0.0.1, over a directory of its own.
///
/// It trusts whoever connects from this machine. It ends, and its directory is removed, when it is
/// dropped or when this process ends in whatever way.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    databases: AtomicU32,
    standbys: AtomicU32,
    application_name: Option<String>,
}

impl Postgres {
    /// Starts a server.
    ///
    /// # Errors
    ///
    /// PostgreSQL is not installed or did not start in sixty seconds.
    pub fn start() -> Result<Self, ServiceError> {
        Self::start_with(&[])
    }

    /// Starts a server with more settings, as in `postgresql.conf`.
    ///
    /// # Errors
    ///
    /// As [`Postgres::start`]; a setting that the server refuses is named in its log.
    pub fn start_with(settings: &[(&str, &str)]) -> Result<Self, ServiceError> {
        let home = Home::new(&KIND, POSTGRES)?;
        let data = home.path("data").display().to_string();
        let options = words([
            "--no-sync",
            "--no-instructions",
            "--username=postgres",
            "--auth=trust",
            "--locale=C.UTF-8",
            "--encoding=UTF8",
            "--pgdata",
            &data,
        ]);
        home.run(&INITDB.find()?, &options)?;
        let lines: Vec<String> = SETTINGS.iter().chain(settings).map(setting_line).collect();
        append(&home.path("data/postgresql.conf"), &lines.concat())?;
        let postgres = Self::run(home, None)?;
        postgres.query("postgres", CREATE_ROLE, &[])?;
        Ok(postgres)
    }

    /// Starts the server over the data that its home holds.
    fn run(home: Home, application_name: Option<String>) -> Result<Self, ServiceError> {
        let server = Server::start(home, &POSTGRES.find()?, arguments, is_ready)?;
        let (databases, standbys) = (AtomicU32::new(0), AtomicU32::new(0));
        Ok(Self { server, databases, standbys, application_name })
    }

    /// Creates an empty database with a new name; answers its address for the role `law`, which
    /// owns it and has no other right.
    ///
    /// # Errors
    ///
    /// The server does not run or only follows another.
    pub fn create_database(&self) -> Result<String, ServiceError> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed) + 1;
        let database = format!("hos{}n{number}", self.port());
        self.query("postgres", CREATE_DATABASE, &[("database", &database)])?;
        Ok(self.url(&database))
    }

    /// The address of a database for the role `law`.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://law@127.0.0.1:{}/{database}", self.port())
    }

    /// The address of a database for the superuser `postgres`.
    pub fn superuser_url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port())
    }

    /// The port, which stays the same after a restart.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// The process id of the server's first process; none when it was killed or stopped.
    pub fn pid(&self) -> Option<u32> {
        self.server.home().pid()
    }

    /// The directory that holds everything of this server.
    pub fn directory(&self) -> &Path {
        self.server.home().directory()
    }

    /// SIGKILL to the server and all its children, as when the machine fails; they are gone on
    /// return, and so are their port and shared memory.
    ///
    /// # Errors
    ///
    /// The supervisor is gone, or the process did not end in ten seconds.
    pub fn kill(&self) -> Result<(), ServiceError> {
        self.server.home().kill()
    }

    /// Ends the server in order: sessions are closed, what is committed is written out. After
    /// ten seconds it is killed.
    ///
    /// # Errors
    ///
    /// The supervisor is gone, or the process did not end in ten seconds.
    pub fn stop(&self) -> Result<(), ServiceError> {
        self.server.home().stop()
    }

    /// Starts the server again over the same data and on the same port, after a crash with
    /// recovery. A server that runs is stopped first.
    ///
    /// # Errors
    ///
    /// It did not start in sixty seconds.
    pub fn restart(&self) -> Result<(), ServiceError> {
        self.server.restart()
    }

    /// Changes a setting while the server runs. New sessions see it on return, those that are open
    /// a moment later.
    ///
    /// # Errors
    ///
    /// The server does not run, or refuses the name or the value.
    pub fn set(&self, name: &str, value: &str) -> Result<(), ServiceError> {
        let before = self.query("postgres", LOADED, &[])?;
        self.query("postgres", SET, &[("name", name), ("value", value)])?;
        wait_until("loading the settings", || Ok(self.query("postgres", LOADED, &[])? != before))
    }

    /// Gives the server a certificate and its key, in PEM: whoever asks for encryption has it from
    /// now on.
    ///
    /// # Errors
    ///
    /// The server does not run, or refuses the two.
    pub fn encrypt(&self, certificate: &str, key: &str) -> Result<(), ServiceError> {
        let home = self.server.home();
        for (name, file, text) in
            [("ssl_cert_file", "server.crt", certificate), ("ssl_key_file", "server.key", key)]
        {
            home.write_secret(file, text)?;
            self.set(name, &home.path(file).display().to_string())?;
        }
        self.set("ssl", "on")
    }

    /// Runs statements as the superuser, one transaction each; answers their rows, one a line,
    /// columns separated by `|`. `:'name'` and `:"name"` stand for the text or the identifier in
    /// `variables`.
    ///
    /// # Errors
    ///
    /// The server does not run, or a statement failed.
    pub fn query(
        &self,
        database: &str,
        sql: &str,
        variables: &[(&str, &str)],
    ) -> Result<String, ServiceError> {
        psql(&self.superuser_url(database), sql, variables)
    }
}

/// Runs statements through `psql`; answers their rows, one a line.
pub(crate) fn psql(
    url: &str,
    sql: &str,
    variables: &[(&str, &str)],
) -> Result<String, ServiceError> {
    let mut psql = clean(PSQL.find()?);
    psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
    psql.args(["--set", "ON_ERROR_STOP=1", "--dbname", url]);
    for (name, value) in variables {
        psql.args(["--set", &format!("{name}={value}")]);
    }
    Ok(run(&mut psql, sql)?.trim_end().to_owned())
}

fn setting_line((name, value): &(&str, &str)) -> String {
    format!("{name} = '{}'\n", value.replace('\'', "''"))
}

fn append(path: &Path, lines: &str) -> Result<(), ServiceError> {
    let name = || path.display().to_string();
    let text = fs::read_to_string(path).map_err(ServiceError::system(name()))?;
    fs::write(path, format!("{text}{lines}")).map_err(ServiceError::system(name()))
}

/// On the command line and not in the file, which a standby copies.
fn arguments(home: &Home, port: u16) -> Result<Vec<String>, ServiceError> {
    let data = home.path("data").display().to_string();
    let directory = home.directory().display().to_string();
    Ok(words(["-D", &data, "-p", &port.to_string(), "-k", &directory]))
}

/// The server writes its process id and its state into a file.
fn is_ready(home: &Home, pid: u32, _: u16) -> bool {
    let text = fs::read_to_string(home.path("data/postmaster.pid")).unwrap_or_default();
    let mut lines = text.lines().map(str::trim);
    lines.next() == Some(&pid.to_string()) && lines.nth(6) == Some("ready")
}
