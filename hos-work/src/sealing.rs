//! Numbers, seals and anchors again and again, as long as somebody wants it to.

use std::time::Duration;

use hos_core::error::Fault;
use hos_core::hos::Sealer;
use hos_core::proof::PAGE_MAX;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Pages of entries that [`seal_forever`] numbers in one round; the rest waits for the next.
const NUMBERING_PAGES_MAX: u32 = 32;

/// How often [`seal_forever`] does what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct SealingOptions {
    seal_every: Duration,
    anchor_every: Duration,
}

impl Default for SealingOptions {
    /// Seals every quarter of a second, and anchors every hour.
    fn default() -> Self {
        Self { seal_every: Duration::from_millis(250), anchor_every: Duration::from_hours(1) }
    }
}

impl SealingOptions {
    /// How long after the begin of one round the next one begins; at least a millisecond.
    pub fn seal_every(self, seal_every: Duration) -> Self {
        Self { seal_every: seal_every.max(Duration::from_millis(1)), ..self }
    }

    /// How long after one round of the deployment's log the next one comes; the first comes at
    /// once. With it every log is looked at, those too that have not grown.
    pub fn anchor_every(self, anchor_every: Duration) -> Self {
        Self { anchor_every, ..self }
    }
}

/// Numbers what waits, seals what has grown, and anchors now and then; ends only when it is
/// dropped, at any moment. Nothing is begun by itself: spawn it, in as many processes as you like.
///
/// What fails is tried again in the next round, and told to `tracing` under `hos::seal`.
pub async fn seal_forever(sealer: &Sealer, options: SealingOptions) {
    let mut rounds = interval(options.seal_every);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let is_due = |done: Option<Instant>| {
        done.is_none_or(|done: Instant| done.elapsed() >= options.anchor_every)
    };
    let (mut looked, mut anchored) = (None, None);
    loop {
        rounds.tick().await;
        told("sequence", number(sealer).await);
        if is_due(looked) {
            if told("look at every log", sealer.seal_every().await) {
                looked = Some(Instant::now());
            }
        } else {
            told("seal", sealer.seal_pending(PAGE_MAX).await);
        }
        if is_due(anchored) && told("anchor", sealer.anchor_round(PAGE_MAX).await) {
            anchored = Some(Instant::now());
        }
    }
}

/// Numbers what waits now, so that a round seals all of it; not for ever, where more comes than is
/// numbered.
async fn number(sealer: &Sealer) -> Result<(), Fault> {
    for _ in 0..NUMBERING_PAGES_MAX {
        if sealer.hos().sequence_pending(PAGE_MAX).await? < PAGE_MAX {
            break;
        }
    }
    Ok(())
}

/// Whether it was done.
fn told<T>(what: &str, done: Result<T, Fault>) -> bool {
    done.inspect_err(|fault| {
        tracing::error!(target: "hos::seal", %fault, "a round did not {what}");
    })
    .is_ok()
}
