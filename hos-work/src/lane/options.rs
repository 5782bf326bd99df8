//! How a lane is laid out.

use hos_core::store::BATCH_MAX;

/// The most lanes beside each other.
pub(super) const LANES_MAX: usize = 64;
/// The most commands that may wait in one lane.
pub(super) const QUEUE_MAX: usize = 1 << 20;

/// How a [`Lane`](crate::Lane) is laid out. What is out of range is held to it.
///
/// ```
/// use hos_work::LaneOptions;
///
/// // A store that commits in parallel gains from a second lane.
/// let options = LaneOptions::default().lanes(2).batch_max(128);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct LaneOptions {
    lanes: usize,
    batch_max: usize,
    queue_max: usize,
}

impl Default for LaneOptions {
    /// One lane, for a store with one writer; 64 commands a batch; room for 1,024.
    fn default() -> Self {
        Self { lanes: 1, batch_max: 64, queue_max: 1_024 }
    }
}

impl LaneOptions {
    /// How many batches may be in work at once: 1..=64. One is right for SQLite.
    pub fn lanes(self, lanes: usize) -> Self {
        Self { lanes: lanes.clamp(1, LANES_MAX), ..self }
    }

    /// The most commands of one batch: 1..=256.
    pub fn batch_max(self, batch_max: usize) -> Self {
        Self { batch_max: batch_max.clamp(1, BATCH_MAX), ..self }
    }

    /// The most commands that wait in each lane: 1..=1,048,576. Who finds no room waits for it.
    ///
    /// One tenant may not have more waiting than there is room left, so that it cannot shut the
    /// others out: alone it fills half.
    pub fn queue_max(self, queue_max: usize) -> Self {
        Self { queue_max: queue_max.clamp(1, QUEUE_MAX), ..self }
    }

    pub(super) fn lane_count(self) -> usize {
        self.lanes
    }

    pub(super) fn batch_limit(self) -> usize {
        self.batch_max
    }

    pub(super) fn queue_limit(self) -> usize {
        self.queue_max
    }
}
