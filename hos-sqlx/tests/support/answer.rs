//! Sends again what was not answered.

use std::sync::Arc;

use hos_core::prelude::*;
use tokio::sync::watch;

use crate::load::{Load, is_passing};

/// Far more than one strike after another takes.
const SENDINGS_MAX: u32 = 4_000;

/// A load whose commands are sent until they are answered. Clones share it.
#[derive(Clone)]
pub(crate) struct Patient {
    pub(crate) load: Load,
    /// Whether the server runs: nothing is sent again before.
    pub(crate) runs: Arc<watch::Sender<bool>>,
}

impl Patient {
    pub(crate) fn new(load: Load) -> Self {
        Self { load, runs: Arc::new(watch::Sender::new(true)) }
    }

    /// Sends it until it is answered.
    pub(crate) async fn answer(&self, key: &str, command: &Command) -> Result<Receipt, Refusal> {
        for _ in 0..SENDINGS_MAX {
            match self.load.send(key, command).await {
                Ok(receipt) => return Ok(receipt),
                Err(error) if is_passing(&error) => self.running().await,
                Err(Error::Refused(refusal)) => return Err(refusal),
                Err(Error::Fault(fault)) => panic!("`{key}`: {fault:?}"),
            }
        }
        panic!("`{key}` was not answered in {SENDINGS_MAX} sendings");
    }

    /// Waits until the server runs, and lets others go first.
    pub(crate) async fn running(&self) {
        self.runs.subscribe().wait_for(|runs| *runs).await.unwrap();
        tokio::task::yield_now().await;
    }
}
