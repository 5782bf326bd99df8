//! What kills a server and brings it back.

use crate::backend::Server;

impl Server {
    /// SIGKILL to the server and all its children.
    pub(crate) fn kill(&self) {
        let Self::Postgres(server, _) = self;
        server.kill().unwrap();
    }

    /// Starts it again over the same data.
    pub(crate) fn restart(&self) {
        let Self::Postgres(server, _) = self;
        server.restart().unwrap();
    }
}
