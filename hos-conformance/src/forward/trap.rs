//! What is to happen once, in the middle of something else.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;

/// What happens between a load and its commit.
pub(crate) type Hook = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// Where a hook is laid, once.
#[derive(Clone, Default)]
pub(crate) struct Trap(Arc<Mutex<Option<Hook>>>);

impl Trap {
    pub(crate) fn set(&self, hook: Hook) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(hook);
    }

    pub(super) fn take(&self) -> Option<Hook> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether nothing waits any more.
    pub(crate) fn sprang(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}
