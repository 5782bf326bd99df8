//! The connections, and how long an answer on one of them is waited for.

use std::ops::Deref;
use std::time::Duration;

use hos_core::error::Fault;
use sqlx::MySql;

use super::open;
use super::options::MysqlOptions;
use crate::connections::Connections;
use crate::watch;

/// The connections, and how long an answer on one of them is waited for.
#[derive(Debug)]
pub(super) struct Pooled {
    connections: Connections<MySql>,
    patience: Option<Duration>,
}

impl Pooled {
    /// Connects when it is used.
    pub(super) fn new(options: &MysqlOptions) -> Result<Self, Fault> {
        let connections = Connections::new(open::pool(options)?);
        Ok(Self { connections, patience: watch::patience(options.statement_timeout) })
    }

    /// How long an answer is waited for; none where a statement may run for ever.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.patience
    }
}

impl Deref for Pooled {
    type Target = Connections<MySql>;

    fn deref(&self) -> &Self::Target {
        &self.connections
    }
}
