//! Why a server is not there.

use std::fmt::Display;

/// Why a server could not be started or did not obey; the message says what to do.
///
/// Texts only, so that one failed start can be told to every test that asks for the server.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// A program is not installed.
    #[error(
        "`{program}` is missing; run `cargo xtask test`, which installs it, \
         or install the package `{package}`"
    )]
    Missing {
        /// The program.
        program: String,
        /// The package of Debian that holds it.
        package: String,
    },
    /// The packages could not be installed.
    #[error("`{line}` failed; run it as an administrator; it said: {complaint}")]
    Install {
        /// The command line.
        line: String,
        /// What it said.
        complaint: String,
    },
    /// A server ended, or was not ready in time.
    #[error("{server} did not start; mend what the end of its log says: {log}")]
    NotStarted {
        /// The server's name.
        server: &'static str,
        /// The last lines of its log.
        log: String,
    },
    /// A program that prepares or commands a server failed.
    #[error("`{program}` failed; mend what it says: {complaint}")]
    Command {
        /// The program.
        program: String,
        /// What it said.
        complaint: String,
    },
    /// The system refused a file, a process or a port.
    #[error(
        "{what}: {complaint}; look at the rights and the free space of the temporary directory"
    )]
    System {
        /// What was attempted.
        what: String,
        /// What the system said.
        complaint: String,
    },
    /// The server did not do in time what it was asked to do.
    #[error("{what} did not happen in time; look whether the machine is overloaded")]
    Late {
        /// What was waited for.
        what: String,
    },
}

impl ServiceError {
    /// For `map_err`: what was attempted when the system refused.
    pub(crate) fn system<E: Display>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        let what = what.into();
        move |error| Self::System { what, complaint: error.to_string() }
    }
}
