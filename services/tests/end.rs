//! Servers end with the process that started them, even when that is killed.
//!
//! The test starts itself as a child that starts servers and waits; the parent kills it.

#![expect(clippy::unwrap_used, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "the child tells its servers on standard output")]

use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hos_services::{MariaDb, PgBouncer, Postgres, shared, skip_or_fail, wait_until};

const CHILD: &str = "HOS_SERVICES_CHILD";
const NAME: &str = "servers_end_with_the_process_that_was_killed";
const SERVERS: usize = 5;

#[test]
fn servers_end_with_the_process_that_was_killed() {
    if std::env::var_os(CHILD).is_some() {
        return start_and_wait();
    }
    let missing = [shared::postgres().err(), shared::pgbouncer().err(), shared::mariadb().err()];
    if let Some(error) = missing.iter().flatten().next() {
        return skip_or_fail(error);
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = lines.map(|line| server(&line.unwrap())).take_while(|server| *server != Told::End);
    let servers: Vec<(PathBuf, PathBuf)> = told.filter_map(Told::server).collect();
    assert_eq!(servers.len(), SERVERS);
    for (process, directory) in &servers {
        assert!(process.is_dir() && directory.is_dir(), "{process:?} {directory:?}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for (process, directory) in &servers {
        await_end(process);
        await_end(directory);
    }
}

/// One after the other lets go of its home; the machine may be slow.
fn await_end(path: &Path) {
    let ended = wait_until("ending", || Ok(!path.exists()));
    assert!(ended.is_ok(), "{} is still there", path.display());
}

/// A line of the child.
#[derive(PartialEq)]
enum Told {
    Server(PathBuf, PathBuf),
    Other,
    End,
}

impl Told {
    fn server(self) -> Option<(PathBuf, PathBuf)> {
        match self {
            Self::Server(process, directory) => Some((process, directory)),
            Self::Other | Self::End => None,
        }
    }
}

fn server(line: &str) -> Told {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["server", pid, directory] => {
            Told::Server(Path::new("/proc").join(pid), PathBuf::from(directory))
        }
        ["end"] => Told::End,
        _ => Told::Other,
    }
}

/// The child: holds its servers until it is killed, one of them after a restart.
fn start_and_wait() {
    let postgres = Postgres::start().unwrap();
    let standby = postgres.standby().unwrap();
    let pgbouncer = PgBouncer::start(&postgres).unwrap();
    let mariadb = MariaDb::start().unwrap();
    standby.kill().unwrap();
    standby.restart().unwrap();
    let forgotten = shared::postgres().unwrap();
    // The harness may have begun the first line.
    println!();
    for (pid, directory) in [
        (postgres.pid(), postgres.directory()),
        (standby.pid(), standby.directory()),
        (pgbouncer.pid(), pgbouncer.directory()),
        (mariadb.pid(), mariadb.directory()),
        (forgotten.pid(), forgotten.directory()),
    ] {
        println!("server {} {}", pid.unwrap(), directory.display());
    }
    println!("end");
    // Ends when the parent ends without killing this one.
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}
