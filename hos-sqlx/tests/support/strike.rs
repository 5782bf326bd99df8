//! What kills a server and brings it back.

use crate::backend::Server;

impl Server {
    /// SIGKILL to the server and all its children.
    pub(crate) fn kill(&self) {
        match self {
            Self::Postgres(server, _) => server.kill().unwrap(),
            #[cfg(feature = "mysql")]
            Self::MariaDb(server, _) => server.kill().unwrap(),
        }
    }

    /// Starts it again over the same data.
    pub(crate) fn restart(&self) {
        match self {
            Self::Postgres(server, _) => server.restart().unwrap(),
            #[cfg(feature = "mysql")]
            Self::MariaDb(server, _) => server.restart().unwrap(),
        }
    }
}
