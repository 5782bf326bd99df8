//! The check finds nothing in what the law wrote, and names what anybody else did.

#![expect(clippy::unwrap_used, reason = "a test binary")]

mod attacks;
mod house;
mod story;
mod tree;
