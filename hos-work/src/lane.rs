//! The lane: gathers concurrent commands into one commit.

mod options;
mod pins;
mod queue;
mod runtime;
mod track;
mod turn;

#[cfg(test)]
mod model;

use std::sync::Arc;

use async_trait::async_trait;
use hos_core::command::{Adoption, Command, Opening};
use hos_core::error::Error;
use hos_core::hos::Hos;
use hos_core::laws::Contracts;
use hos_core::receipt::Receipt;

pub use options::LaneOptions;

use pins::{Pin, Pins};
use runtime::Runtime;
use track::Track;

/// Gathers concurrent transitions into batches, and is otherwise the [`Hos`] under it.
///
/// Cheap to clone; every clone is the same lane. It holds no task while nothing is under way: a
/// transition starts one on the caller's tokio runtime, and the task ends with the last that waits.
/// Without a runtime a transition goes straight to the [`Hos`].
#[derive(Debug, Clone)]
pub struct Lane {
    hos: Hos,
    tracks: Arc<[Arc<Track>]>,
    pins: Arc<Pins>,
}

impl Lane {
    /// A lane with the usual options.
    #[must_use]
    pub fn new(hos: Hos) -> Self {
        Self::with_options(hos, LaneOptions::default())
    }

    /// A lane with options of one's own.
    #[must_use]
    pub fn with_options(hos: Hos, options: LaneOptions) -> Self {
        let track = || Arc::new(Track::new(hos.clone(), options));
        let tracks = std::iter::repeat_with(track).take(options.lane_count()).collect();
        Self { hos, tracks, pins: Arc::new(Pins::new(options.lane_count())) }
    }

    /// The law under it: for everything that is no transition.
    #[must_use]
    pub fn hos(&self) -> &Hos {
        &self.hos
    }

    /// How many commands wait, those in work not counted.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.tracks.iter().map(|track| track.waiting()).sum()
    }

    /// Takes no more transitions, and returns once those that were taken have ended.
    ///
    /// A transition that is still waiting for room, and every later one, ends with a fault of the
    /// kind `Unavailable`. May be called more than once, and be dropped: the lane stays closed.
    pub async fn close(&self) {
        self.tracks.iter().for_each(|track| track.close());
        for track in self.tracks.iter() {
            track.idle().await;
        }
    }

    /// The track of a command: one for all that is under way of its subject, so that nothing of it
    /// runs in parallel. A compound command follows its first subject.
    fn track(&self, command: &Command) -> Option<(&Arc<Track>, Pin)> {
        let pin = self.pins.pin(command.subject());
        self.tracks.get(pin.track()).map(|track| (track, pin))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Contracts for Lane {
    async fn open(&self, opening: &Opening) -> Result<Receipt, Error> {
        self.hos.open(opening).await
    }

    async fn adopt(&self, adoption: &Adoption) -> Result<Receipt, Error> {
        self.hos.adopt(adoption).await
    }

    async fn transition(&self, command: &Command) -> Result<Receipt, Error> {
        match (self.track(command), Runtime::current()) {
            (Some((track, pin)), Some(runtime)) => track.submit(runtime, command, pin).await,
            (Some((track, _)), None) => {
                track.require_open()?;
                self.hos.transition(command).await
            }
            // OK because a pin is one of a track that is there.
            (None, _) => self.hos.transition(command).await,
        }
    }
}
