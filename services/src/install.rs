//! The packages of the servers.

use crate::authority::OPENSSL;
use crate::mariadb::MARIADBD;
use crate::pgbouncer::PGBOUNCER;
use crate::postgres::POSTGRES;
use crate::program::{Program, clean, run};
use crate::{ServiceError, program};

/// What the packages must bring.
const SERVERS: &[Program] = &[POSTGRES, MARIADBD, PGBOUNCER, OPENSSL];

/// Installs what is missing of the servers, with Debian's `apt-get`. Where all is there it does
/// nothing. A server that a package starts by itself is left alone: ours have ports of their own.
///
/// # Errors
///
/// The packages could not be installed.
pub fn install() -> Result<(), ServiceError> {
    let missing: Vec<Program> =
        SERVERS.iter().copied().filter(|server| server.find().is_err()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|server| server.package).collect();
    let mut words = vec!["install", "--yes", "--no-install-recommends"];
    words.extend_from_slice(&packages);
    if apt_get(&words).is_err() {
        // The lists of a new machine are old or missing.
        apt_get(&["update"])?;
        apt_get(&words)?;
    }
    missing.into_iter().try_for_each(|server| server.find().map(drop))
}

fn apt_get(words: &[&str]) -> Result<(), ServiceError> {
    let mut command = clean("apt-get");
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    command.envs(program::proxies());
    run(&mut command, "").map(drop).map_err(|error| ServiceError::Install {
        line: format!("apt-get {}", words.join(" ")),
        complaint: error.to_string(),
    })
}
