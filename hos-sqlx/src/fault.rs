//! Faults that every database may answer.

use hos_core::error::{Fault, FaultKind};

/// What a store holds that it cannot hold: a defect, or a hand that wrote around the schema.
pub(crate) fn corrupt(what: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Corrupt, format!("the store holds {what} that cannot be read"))
}

/// The end of a commit is not known.
pub(crate) fn ambiguous() -> Fault {
    let message = "the answer to the commit was lost; send the command again with the same key";
    Fault::new(FaultKind::Ambiguous, message)
}

/// A fault once more, for each of those whom it concerns.
pub(crate) fn same(fault: &Fault) -> Fault {
    Fault::new(fault.kind(), fault.to_string())
}
