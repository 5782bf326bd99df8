//! One server: started on a free port, ready, killed, started again.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::home::Home;
use crate::{ServiceError, port};

/// How many free ports are tried when another process is quicker.
const PORTS_MAX: usize = 5;

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Sixty seconds: a start after a crash replays what was written.
const LOOKS_MAX: usize = 3_000;

/// A home, the program that runs in it and how it shows that it is ready.
#[derive(Debug)]
pub(crate) struct Server {
    home: Home,
    program: PathBuf,
    arguments: Vec<String>,
    port: u16,
    is_ready: IsReady,
}

/// Whether the server of this home, with this process id and port, takes connections.
pub(crate) type IsReady = fn(&Home, u32, u16) -> bool;

impl Server {
    /// Starts `program` with the arguments for a free port and waits until it is ready.
    ///
    /// # Errors
    ///
    /// It ended or was not ready in sixty seconds; its log is in the error.
    pub(crate) fn start(
        home: Home,
        program: &Path,
        arguments: impl Fn(&Home, u16) -> Result<Vec<String>, ServiceError>,
        is_ready: IsReady,
    ) -> Result<Self, ServiceError> {
        let port = port::free()?;
        let program = program.to_owned();
        let first = arguments(&home, port)?;
        let mut server = Self { home, program, arguments: first, port, is_ready };
        for _ in 1..PORTS_MAX {
            match server.restart() {
                Err(ServiceError::NotStarted { log, .. }) if is_taken(&log) => {
                    server.port = port::free()?;
                    server.arguments = arguments(&server.home, server.port)?;
                }
                Ok(()) => return Ok(server),
                Err(error) => return Err(error),
            }
        }
        server.restart()?;
        Ok(server)
    }

    /// Stops the server when it runs, starts it on the same port and waits until it is ready.
    pub(crate) fn restart(&self) -> Result<(), ServiceError> {
        self.home.stop()?;
        let pid = self.home.start(&self.program, &self.arguments)?;
        for _ in 0..LOOKS_MAX {
            if !self.home.is_alive()? {
                break;
            }
            if (self.is_ready)(&self.home, pid, self.port) {
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        let log = self.home.log();
        self.home.stop()?;
        Err(ServiceError::NotStarted { server: self.home.kind().name, log })
    }

    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

fn is_taken(log: &str) -> bool {
    log.contains("ddress already in use")
}

/// Waits until something holds that a server does by itself: asks again and again, blocking.
///
/// # Errors
///
/// It failed, or it did not hold in sixty seconds.
pub fn wait_until(
    what: &str,
    mut holds: impl FnMut() -> Result<bool, ServiceError>,
) -> Result<(), ServiceError> {
    for _ in 0..LOOKS_MAX {
        if holds()? {
            return Ok(());
        }
        thread::sleep(LOOK_EVERY);
    }
    Err(ServiceError::Late { what: what.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_s_word_for_a_taken_port_is_known() {
        for log in [
            "LOG:  could not bind IPv4 address \"127.0.0.1\": Address already in use",
            "[ERROR] Can't start server: Bind on TCP/IP port. Got error: Address already in use",
            "WARNING cannot listen on 127.0.0.1:15000: bind(): Address already in use",
        ] {
            assert!(is_taken(log), "{log}");
        }
        assert!(!is_taken("FATAL:  could not load server certificate file"));
    }

    #[test]
    fn what_fails_is_not_waited_for() {
        let late = || ServiceError::Late { what: "it".to_owned() };
        let mut looks = 0;
        let answer = wait_until("anything", || {
            looks += 1;
            if looks < 3 { Ok(false) } else { Err(late()) }
        });
        assert!(answer.is_err());
        assert_eq!(looks, 3);
    }
}
