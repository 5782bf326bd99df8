//! `PgBouncer` before a PostgreSQL.

use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;

use crate::home::{Home, Kind, words};
use crate::postgres::psql;
use crate::program::Program;
use crate::server::Server;
use crate::{Postgres, ServiceError};

pub(crate) const PGBOUNCER: Program = Program { name: "pgbouncer", package: "pgbouncer" };

/// It keeps nothing, and later versions would wait for their clients.
const KIND: Kind =
    Kind { name: "PgBouncer", account: "postgres", keeping: "KILL", hurried: "KILL" };

/// Who may connect; `trust` still wants the names.
const USERS: &str = "\"law\" \"\"\n\"postgres\" \"\"\n";

/// A pool in transaction mode before a [`Postgres`]: a session of a client is many sessions of the
/// server, so prepared statements and settings do not stay from one transaction to the next.
///
/// Startup parameters that it does not know are refused, as by default. It ends, and its directory
/// is removed, when it is dropped or when this process ends in whatever way.
#[derive(Debug)]
pub struct PgBouncer {
    server: Server,
}

impl PgBouncer {
    /// Starts a pool for every database of `postgres`.
    ///
    /// # Errors
    ///
    /// `PgBouncer` is not installed or did not start in sixty seconds.
    pub fn start(postgres: &Postgres) -> Result<Self, ServiceError> {
        let program = PGBOUNCER.find()?;
        let home = Home::new(&KIND, PGBOUNCER)?;
        home.write("users", USERS)?;
        let behind = postgres.port();
        let arguments = |home: &Home, port| {
            home.write("pgbouncer.ini", &configuration(home, port, behind))?;
            Ok(words([&home.path("pgbouncer.ini").display().to_string()]))
        };
        Ok(Self { server: Server::start(home, &program, arguments, is_ready)? })
    }

    /// The address of a database for the role `law`.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://law@127.0.0.1:{}/{database}", self.port())
    }

    /// The port, which stays the same after a restart.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// The process id; none when the pool was killed or stopped.
    pub fn pid(&self) -> Option<u32> {
        self.server.home().pid()
    }

    /// The directory that holds everything of this pool.
    pub fn directory(&self) -> &Path {
        self.server.home().directory()
    }

    /// SIGKILL; the process is gone on return.
    ///
    /// # Errors
    ///
    /// The supervisor is gone, or the process did not end in ten seconds.
    pub fn kill(&self) -> Result<(), ServiceError> {
        self.server.home().kill()
    }

    /// Ends the pool and the connections through it.
    ///
    /// # Errors
    ///
    /// The supervisor is gone, or the process did not end in ten seconds.
    pub fn stop(&self) -> Result<(), ServiceError> {
        self.server.home().stop()
    }

    /// Starts the pool again on the same port. A pool that runs is stopped first.
    ///
    /// # Errors
    ///
    /// It did not start in sixty seconds.
    pub fn restart(&self) -> Result<(), ServiceError> {
        self.server.restart()
    }

    /// Runs statements through the pool as the role `law`, as [`Postgres::query`] does.
    ///
    /// # Errors
    ///
    /// The pool or its server does not run, or a statement failed.
    pub fn query(
        &self,
        database: &str,
        sql: &str,
        variables: &[(&str, &str)],
    ) -> Result<String, ServiceError> {
        psql(&self.url(database), sql, variables)
    }
}

fn configuration(home: &Home, port: u16, behind: u16) -> String {
    let users = home.path("users").display().to_string();
    format!(
        "[databases]
* = host=127.0.0.1 port={behind}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = 20
max_client_conn = 1000
log_connections = 0
log_disconnections = 0
log_stats = 0
"
    )
}

/// It says so once it listens.
/// The log may still be that of an earlier start.
fn is_ready(home: &Home, _: u32, port: u16) -> bool {
    home.log().contains("process up") && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}
