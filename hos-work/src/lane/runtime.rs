//! What a lane takes from its runtime: a lock, a task, a step aside. The model swaps all three.

#[cfg(not(test))]
pub(super) use std::sync::{Mutex, MutexGuard};
#[cfg(not(test))]
pub(super) use tokio::task::yield_now;

#[cfg(test)]
pub(super) use shuttle::future::yield_now;
#[cfg(test)]
pub(super) use shuttle::sync::{Mutex, MutexGuard};

/// Where tasks of a lane run.
#[derive(Debug, Clone)]
pub(super) struct Runtime {
    #[cfg(not(test))]
    handle: tokio::runtime::Handle,
}

#[cfg(not(test))]
impl Runtime {
    /// The runtime of the caller, if it has one.
    pub(super) fn current() -> Option<Self> {
        tokio::runtime::Handle::try_current().ok().map(|handle| Self { handle })
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // Nobody waits for the task itself, but for what it answers.
        drop(self.handle.spawn(task));
    }
}

#[cfg(test)]
impl Runtime {
    #[expect(clippy::unnecessary_wraps, reason = "as the real one")]
    pub(super) fn current() -> Option<Self> {
        Some(Self {})
    }

    #[expect(clippy::unused_self, reason = "as the real one")]
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(shuttle::future::spawn(task));
    }
}
