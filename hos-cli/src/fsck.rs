//! `hos fsck`: logs, and that they rebuild what is kept.

use clap::Args;
use hos_fsck::Depth;

use crate::bundle::TrustArguments;
use crate::exit::{Exit, Trouble};
use crate::verify::{Scope, check};
use crate::voice::Voice;

/// Checks whole logs, and that replaying them alone rebuilds every subject and the whole standing.
///
/// Every subject must be as the entry says that it names as its proof; state, revision and contract
/// of each, members, bans, grants, modes, laws and the status of worlds must be what the logs lead
/// to. Attributes, timers, messages and receipts stand in no leaf and are not rebuilt.
#[derive(Debug, Args)]
pub(crate) struct Fsck {
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    trust: TrustArguments,
}

/// Checks everything.
pub(crate) async fn obey(voice: &Voice, order: &Fsck) -> Result<Exit, Trouble> {
    check(voice, &order.scope, &order.trust, Depth::Coverage).await
}
