//! The names that parts have.

pub(crate) const ATTRIBUTES: &str = "attributes";
pub(crate) const FACTS: &str = "facts";
pub(crate) const INPUT: &str = "input";
pub(crate) const PAYLOAD: &str = "payload";
pub(crate) const REASON: &str = "reason";
pub(crate) const SUBJECTS: &str = "subjects";
