//! A turn at a track: a task that works batch after batch until nothing waits, and ends.

use std::sync::Arc;

use hos_core::command::Command;
use hos_core::hos::Hos;
use hos_core::laws::Contracts as _;
use tracing::Instrument as _;

use super::runtime::{Runtime, yield_now};
use super::track::{Entry, Track};

/// The one at work on a track. However it ends, the track is not left waiting for it.
pub(super) struct Turn {
    track: Arc<Track>,
    runtime: Runtime,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Handed to the runtime, which may be shutting down.
    Handed,
    Working,
    Ended,
}

impl Turn {
    /// Begins a turn. INVARIANT: the caller set `at_work` and holds no lock of the track.
    pub(super) fn start(track: Arc<Track>, runtime: &Runtime) {
        let turn = Self { track, runtime: runtime.clone(), progress: Progress::Handed };
        runtime.spawn(turn.work());
    }

    async fn work(mut self) {
        self.progress = Progress::Working;
        loop {
            self.gather().await;
            let Some(batch) = self.track.take() else { break };
            settle(self.track.hos(), batch).await;
        }
        self.progress = Progress::Ended;
    }

    /// No wait for company, only steps aside for who is ready to run, as long as more come: else
    /// those who were just answered and those who waited would take turns, half a batch each.
    async fn gather(&self) {
        let mut waiting = 0;
        loop {
            yield_now().await;
            let now = self.track.waiting();
            if now <= waiting || self.track.fills_a_batch(now) {
                return;
            }
            waiting = now;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        match self.progress {
            Progress::Ended => {}
            Progress::Working if std::thread::panicking() => {
                tracing::error!(target: "hos::lane", "a batch panicked; its callers are not told");
                if self.track.goes_on() {
                    Self::start(Arc::clone(&self.track), &self.runtime);
                }
            }
            Progress::Handed | Progress::Working => {
                tracing::warn!(target: "hos::lane", "the runtime shut down under the lane");
                self.track.abandon();
            }
        }
    }
}

/// Works one batch. A caller who left meanwhile is not told; the work is done all the same.
async fn settle(hos: &Hos, mut batch: Vec<Entry>) {
    if batch.len() == 1
        && let Some(Entry { command, answer, span, pin }) = batch.pop()
    {
        let settled = hos.transition(&command).instrument(span).await;
        drop(pin);
        let _left = answer.send(settled);
        return;
    }
    tracing::debug!(target: "hos::lane", commands = batch.len(), "a batch begins");
    let (commands, waiting): (Vec<Command>, Vec<_>) =
        batch.into_iter().map(|entry| (entry.command, (entry.answer, entry.pin))).unzip();
    let settled = hos.transition_all(&commands).await;
    // Nobody is answered before all are unpinned: who comes back would find this track full.
    let answers: Vec<_> = waiting.into_iter().map(|(answer, _)| answer).collect();
    for (answer, settled) in answers.into_iter().zip(settled) {
        let _left = answer.send(settled);
    }
}
