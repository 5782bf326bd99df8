//! A second server that follows the first.

use std::sync::atomic::Ordering;

use super::{KIND, PACKAGE, POSTGRES, Postgres};
use crate::ServiceError;
use crate::home::{Home, words};
use crate::program::Program;
use crate::server::wait_until;

const PG_BASEBACKUP: Program = Program { name: "pg_basebackup", package: PACKAGE };

const IS_STREAMING: &str = "SELECT count(*) FROM pg_stat_replication \
    WHERE application_name = :'name' AND state = 'streaming';";

const PROMOTE: &str = "SELECT pg_promote(true, 60);";

impl Postgres {
    /// Starts a standby that streams from this server, which lists it in `pg_stat_replication`
    /// under its [`Postgres::application_name`].
    ///
    /// # Errors
    ///
    /// This server does not run, or the standby did not follow in sixty seconds.
    pub fn standby(&self) -> Result<Self, ServiceError> {
        let number = self.standbys.fetch_add(1, Ordering::Relaxed) + 1;
        let name = format!("standby{number}");
        let home = Home::new(&KIND, POSTGRES)?;
        let data = home.path("data").display().to_string();
        let port = self.port();
        let source = format!("host=127.0.0.1 port={port} user=postgres application_name={name}");
        let options = words([
            "--no-sync",
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--wal-method=stream",
            "--dbname",
            &source,
            "--pgdata",
            &data,
        ]);
        home.run(&PG_BASEBACKUP.find()?, &options)?;
        let standby = Self::run(home, Some(name.clone()))?;
        wait_until("streaming to the standby", || {
            Ok(self.query("postgres", IS_STREAMING, &[("name", &name)])? == "1")
        })?;
        Ok(standby)
    }

    /// A standby's name for `synchronous_standby_names`; none for a server that began alone.
    pub fn application_name(&self) -> Option<&str> {
        self.application_name.as_deref()
    }

    /// Makes a standby a server of its own; it takes writes on return.
    ///
    /// # Errors
    ///
    /// It does not run, or follows nobody, or was not promoted in sixty seconds.
    pub fn promote(&self) -> Result<(), ServiceError> {
        match self.query("postgres", PROMOTE, &[])?.as_str() {
            "t" => Ok(()),
            _ => Err(ServiceError::Late { what: "the promotion of the standby".to_owned() }),
        }
    }
}
