//! MariaDB.

use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::ServiceError;
use crate::home::{Home, Kind, words};
use crate::program::{Program, clean, run};
use crate::server::Server;

const PACKAGE: &str = "mariadb-server";

pub(crate) const MARIADBD: Program = Program { name: "mariadbd", package: PACKAGE };
const INSTALL: Program = Program { name: "mariadb-install-db", package: PACKAGE };
const CLIENT: Program = Program { name: "mariadb", package: PACKAGE };
const ADMIN: Program = Program { name: "mariadb-admin", package: PACKAGE };

const KIND: Kind = Kind { name: "MariaDB", account: "mysql", keeping: "TERM", hurried: "KILL" };

/// The accounts, for connections over TCP too. The server runs this at each start, before it
/// takes connections.
const ACCOUNTS: &str = "\
CREATE USER IF NOT EXISTS root@'127.0.0.1';
GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS law@'127.0.0.1';
";

/// A MariaDB of this process on a free port of 127.0.0.1, over a directory of its own.
///
/// It trusts whoever connects from this machine. The collation is the server's default, on
/// purpose: a schema must say which one it needs. Each commit is flushed. The server ends, and its
/// directory is removed, when it is dropped or when this process ends in whatever way.
#[derive(Debug)]
pub struct MariaDb {
    server: Server,
    databases: AtomicU32,
}

impl MariaDb {
    /// Starts a server.
    ///
    /// # Errors
    ///
    /// MariaDB is not installed or did not start in sixty seconds.
    pub fn start() -> Result<Self, ServiceError> {
        Self::start_with(&[])
    }

    /// Starts a server with more options, as on its command line but without the dashes.
    ///
    /// # Errors
    ///
    /// As [`MariaDb::start`]; an option that the server refuses is named in its log.
    pub fn start_with(options: &[(&str, &str)]) -> Result<Self, ServiceError> {
        let program = MARIADBD.find()?;
        let home = Home::new(&KIND, MARIADBD)?;
        let data = format!("--datadir={}", home.path("data").display());
        let install = words([
            "--no-defaults",
            &data,
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
            "--innodb-log-file-size=16M",
            "--innodb-buffer-pool-size=32M",
            "--innodb-flush-method=nosync",
        ]);
        home.run(&INSTALL.find()?, &install)?;
        home.write("accounts.sql", ACCOUNTS)?;
        let options: Vec<String> =
            options.iter().map(|(name, value)| format!("--{name}={value}")).collect();
        let arguments = |home: &Home, port| {
            let mut all = arguments(home, port);
            all.extend_from_slice(&options);
            Ok(all)
        };
        let server = Server::start(home, &program, arguments, is_ready)?;
        Ok(Self { server, databases: AtomicU32::new(0) })
    }

    /// Creates an empty database with a new name, in `utf8mb4`; answers its address for the
    /// account `law`, which has every right there and none elsewhere.
    ///
    /// # Errors
    ///
    /// The server does not run.
    pub fn create_database(&self) -> Result<String, ServiceError> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed) + 1;
        // Letters and digits only, because an underscore in a grant stands for any character.
        let name = format!("hos{}n{number}", self.port());
        let create = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4;");
        let grant = format!("GRANT ALL ON {name}.* TO law@'127.0.0.1';");
        self.query("mysql", &format!("{create} {grant}"))?;
        Ok(self.url(&name))
    }

    /// The address of a database for the account `law`.
    pub fn url(&self, database: &str) -> String {
        format!("mysql://law@127.0.0.1:{}/{database}", self.port())
    }

    /// The address of a database for the account `root`.
    pub fn root_url(&self, database: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{database}", self.port())
    }

    /// The port, which stays the same after a restart.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// The process id; none when the server was killed or stopped.
    pub fn pid(&self) -> Option<u32> {
        self.server.home().pid()
    }

    /// The directory that holds everything of this server.
    pub fn directory(&self) -> &Path {
        self.server.home().directory()
    }

    /// SIGKILL, as when the machine fails; the process is gone on return.
    ///
    /// # Errors
    ///
    /// The supervisor is gone, or the process did not end in ten seconds.
    pub fn kill(&self) -> Result<(), ServiceError> {
        self.server.home().kill()
    }

    /// Ends the server in order. After ten seconds it is killed.
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

    /// Changes a global variable while the server runs; sessions that begin later see it.
    ///
    /// # Errors
    ///
    /// The server does not run, or refuses the name or the value, which is an SQL expression.
    pub fn set(&self, name: &str, value: &str) -> Result<(), ServiceError> {
        self.query("mysql", &format!("SET GLOBAL {name} = {value};")).map(drop)
    }

    /// Runs statements as `root`; answers their rows, one a line, columns separated by tabs.
    ///
    /// # Errors
    ///
    /// The server does not run, or a statement failed.
    pub fn query(&self, database: &str, sql: &str) -> Result<String, ServiceError> {
        let mut client = clean(CLIENT.find()?);
        client.args(["--no-defaults", "--user=root", "--batch", "--skip-column-names"]);
        client.args([&socket(self.server.home()), database]);
        Ok(run(&mut client, sql)?.trim_end().to_owned())
    }
}

fn arguments(home: &Home, port: u16) -> Vec<String> {
    words([
        "--no-defaults",
        &format!("--datadir={}", home.path("data").display()),
        &format!("--pid-file={}", home.path("pid").display()),
        &format!("--init-file={}", home.path("accounts.sql").display()),
        &socket(home),
        "--bind-address=127.0.0.1",
        &format!("--port={port}"),
        "--skip-name-resolve",
        "--max-connections=300",
        "--innodb-flush-log-at-trx-commit=1",
        "--innodb-log-file-size=16M",
        "--innodb-buffer-pool-size=64M",
    ])
}

fn socket(home: &Home) -> String {
    format!("--socket={}", home.path("socket").display())
}

/// The port is looked at first, because that costs no process.
fn is_ready(home: &Home, _: u32, port: u16) -> bool {
    let is_open = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    is_open && home.path("socket").exists() && answers(home).is_ok()
}

fn answers(home: &Home) -> Result<(), ServiceError> {
    let mut admin = clean(ADMIN.find()?);
    admin.args(["--no-defaults", "--user=root", "--connect-timeout=10", "--silent"]);
    admin.args([&socket(home), "ping"]);
    run(&mut admin, "").map(drop)
}
