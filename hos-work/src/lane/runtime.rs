//! What a lane takes from its runtime: a lock and a task. The model swaps both for its own.

#[cfg(not(test))]
pub(super) use std::sync::{Mutex, MutexGuard};

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
