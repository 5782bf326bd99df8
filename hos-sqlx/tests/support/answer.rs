//! Sends again what was not answered.

use std::time::Duration;

use hos_core::prelude::*;

use crate::load::{Load, is_passing};

/// A minute and more: a server that was killed is started and recovers meanwhile.
const SENDINGS_MAX: u32 = 4_000;
const SEND_AGAIN_AFTER: Duration = Duration::from_millis(20);

impl Load {
    /// Sends it until it is answered.
    pub(crate) async fn answer(&self, key: &str, command: &Command) -> Result<Receipt, Refusal> {
        for _ in 0..SENDINGS_MAX {
            match self.send(key, command).await {
                Ok(receipt) => return Ok(receipt),
                Err(error) if is_passing(&error) => tokio::time::sleep(SEND_AGAIN_AFTER).await,
                Err(Error::Refused(refusal)) => return Err(refusal),
                Err(Error::Fault(fault)) => panic!("`{key}`: {fault:?}"),
            }
        }
        panic!("`{key}` was not answered in {SENDINGS_MAX} sendings");
    }
}
