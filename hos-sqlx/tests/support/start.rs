//! Starts servers that may be struck: what was handed to the system survives SIGKILL, so nothing
//! there waits for a disk.

use std::sync::Arc;

use hos_services::Postgres;

use crate::backend::Server;

/// None, loudly, where it cannot be started.
pub(crate) fn postgres() -> Option<Server> {
    let started = Postgres::start_with(&[("fsync", "off"), ("autovacuum", "off")]);
    let started = started.and_then(|server| {
        let url = server.create_database()?;
        Ok(Server::Postgres(Arc::new(server), url))
    });
    started.inspect_err(hos_services::skip_or_fail).ok()
}
