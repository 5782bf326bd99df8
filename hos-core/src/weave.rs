//! The places where somebody else may come between, for a scheduler that tries them all.
//!
//! In a build of the law [`point`] is nothing. Compiled with `--cfg shuttle` it hands over to the
//! scheduler that a test set; `hos-conformance/tests/weave.rs` says how.

/// Who decides at each [`point`] who goes on.
#[cfg(shuttle)]
pub static SCHEDULER: std::sync::OnceLock<fn()> = std::sync::OnceLock::new();

/// Somebody else may come between what was done and what is done next.
#[inline]
pub fn point() {
    #[cfg(shuttle)]
    if let Some(hand_over) = SCHEDULER.get() {
        hand_over();
    }
}
