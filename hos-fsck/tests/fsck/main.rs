//! The check finds nothing in what the law wrote, and names what anybody else did.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test binary")]
#![expect(clippy::print_stdout, clippy::string_slice, reason = "a test binary")]

mod attacks;
mod bytes;
mod column;
mod epochs;
mod house;
mod planted;
mod sealed;
mod seals;
mod story;
mod tree;
mod undo;
mod vaulted;
