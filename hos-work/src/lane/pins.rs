//! Which track a subject is on.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, PoisonError};

use hos_core::subject::Subject;

use super::runtime::{Mutex, MutexGuard};

/// Gives each command the least loaded track, so that batches are as large as they can be, but one
/// whose subject is under way the track of that subject.
#[derive(Debug)]
pub(super) struct Pins {
    hasher: RandomState,
    state: Mutex<State>,
}

/// INVARIANT: `loads` counts the pins of each track, and `subjects` names those that have a pin.
#[derive(Debug)]
struct State {
    loads: Vec<usize>,
    /// By the hash of a subject: two subjects with one hash only share a track.
    subjects: HashMap<u64, Pinned>,
}

#[derive(Debug)]
struct Pinned {
    track: usize,
    commands: usize,
}

/// The track of one command, until it has ended.
#[derive(Debug)]
pub(super) struct Pin {
    pins: Arc<Pins>,
    subject: u64,
    track: usize,
}

impl Pins {
    pub(super) fn new(tracks: usize) -> Self {
        let state = State { loads: vec![0; tracks], subjects: HashMap::new() };
        Self { hasher: RandomState::new(), state: Mutex::new(state) }
    }

    pub(super) fn pin(self: &Arc<Self>, subject: &Subject) -> Pin {
        let subject = self.hasher.hash_one(subject);
        let mut state = self.lock();
        let least = state.least_loaded();
        let pinned = state.subjects.entry(subject).or_insert(Pinned { track: least, commands: 0 });
        pinned.commands += 1;
        let track = pinned.track;
        if let Some(load) = state.loads.get_mut(track) {
            *load += 1;
        }
        Pin { pins: Arc::clone(self), subject, track }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn least_loaded(&self) -> usize {
        let loads = self.loads.iter().enumerate();
        loads.min_by_key(|(_, load)| **load).map_or(0, |(track, _)| track)
    }
}

impl Pin {
    pub(super) fn track(&self) -> usize {
        self.track
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut state = self.pins.lock();
        if let Some(load) = state.loads.get_mut(self.track) {
            *load -= 1;
        }
        if let Entry::Occupied(mut pinned) = state.subjects.entry(self.subject) {
            pinned.get_mut().commands -= 1;
            if pinned.get().commands == 0 {
                pinned.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(id: usize) -> Subject {
        Subject::new("desk", "firm", "ticket", &format!("t-{id}")).unwrap()
    }

    #[test]
    fn each_subject_takes_the_least_loaded_track_and_keeps_it_while_under_way() {
        shuttle::check_random(
            || {
                let pins = Arc::new(Pins::new(2));
                let hot: Vec<Pin> = (0..3).map(|_| pins.pin(&subject(0))).collect();
                assert!(hot.iter().all(|pin| pin.track() == 0), "{hot:?}");
                let others: Vec<Pin> = (1..5).map(|id| pins.pin(&subject(id))).collect();
                let tracks: Vec<usize> = others.iter().map(Pin::track).collect();
                assert_eq!(tracks, [1, 1, 1, 0]);
                assert_eq!(pins.lock().loads, [4, 3]);
                drop(others);
                assert_eq!(pins.pin(&subject(0)).track(), 0, "however loaded it is");
                drop(hot);
                let _other = pins.pin(&subject(5));
                assert_eq!(pins.pin(&subject(0)).track(), 1, "nothing of it is under way");
                assert_eq!(pins.lock().subjects.len(), 1);
            },
            1,
        );
    }
}
