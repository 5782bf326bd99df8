//! Archives: of a database, and by themselves.

pub(crate) mod verifying;
