//! The law beside its rivals. Nothing here is needed to decide by a law.

pub mod differential;
