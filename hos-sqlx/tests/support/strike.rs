//! What kills a server and brings it back.

use crate::answer::Patient;
use crate::backend::Server;

impl Patient {
    /// SIGKILL to the server and all its children, and a start over the same data.
    pub(crate) fn strike(&self, server: &Server) {
        self.runs.send_replace(false);
        match server {
            Server::Postgres(server, _) => {
                server.kill().unwrap();
                server.restart().unwrap();
            }
            #[cfg(feature = "mysql")]
            Server::MariaDb(server, _) => {
                server.kill().unwrap();
                server.restart().unwrap();
            }
        }
        self.runs.send_replace(true);
    }
}
