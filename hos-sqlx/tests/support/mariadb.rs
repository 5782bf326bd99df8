//! Starts a MariaDB that may be struck; as with the other, nothing there waits for a disk.

use crate::backend::Server;

/// None, loudly, where it cannot be started.
pub(crate) fn start() -> Option<Server> {
    let written = [("innodb-flush-log-at-trx-commit", "2")];
    let started = hos_services::MariaDb::start_with(&written).and_then(|server| {
        let url = server.create_database()?;
        Ok(Server::MariaDb(server, url))
    });
    started.inspect_err(hos_services::skip_or_fail).ok()
}
