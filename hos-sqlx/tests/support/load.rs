//! The three ways in which a command is sent: to the law, to its lane, in the caller's transaction.

use hos_core::error::FaultKind;
use hos_core::prelude::*;
use hos_work::{Lane, LaneOptions};

use crate::store::Store;

/// The law over a store, and a lane.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) store: Store,
    pub(crate) lane: Lane,
}

impl Load {
    pub(crate) async fn new(store: Store) -> Self {
        let hos = store.hos().await.unwrap();
        let lane = Lane::with_options(hos, LaneOptions::default().lanes(2));
        Self { store, lane }
    }

    pub(crate) fn hos(&self) -> &Hos {
        self.lane.hos()
    }

    /// Sends it once, in the way that its key says.
    pub(crate) async fn send(&self, key: &str, command: &Command) -> Result<Receipt, Error> {
        match key.split_once('-') {
            Some(("within", _)) => self.store.move_with_row(self.hos(), command, key).await,
            Some(("lane", _)) => self.lane.transition(command).await,
            _ => self.hos().transition(command).await,
        }
    }
}

/// Whether the same command, sent again with its key, may succeed. In a transaction of the
/// caller's, a fault of the transaction asks for another transaction.
pub(crate) fn is_passing(error: &Error) -> bool {
    let transaction = |fault: &Fault| fault.kind() == FaultKind::Transaction;
    error.is_retryable() || error.fault().is_some_and(transaction)
}
