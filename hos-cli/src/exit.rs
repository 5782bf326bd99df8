//! Faults as exit codes and as words.

use std::error::Error as _;
use std::process::ExitCode;

use hos_core::error::{Fault, FaultKind};

/// Says what happened, what caused it, and answers the exit code.
pub(crate) fn tell(fault: &Fault) -> ExitCode {
    eprintln!("hos: {fault}");
    let mut cause = fault.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::from(code(fault.kind()))
}

fn code(kind: FaultKind) -> u8 {
    match kind {
        FaultKind::Unavailable | FaultKind::Busy | FaultKind::Full | FaultKind::Ambiguous => 3,
        FaultKind::Foreign
        | FaultKind::Unauthorized
        | FaultKind::Unsupported
        | FaultKind::NewerSchema
        | FaultKind::ReadOnly => 4,
        FaultKind::Corrupt => 5,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_told_from_a_wrong_address() {
        assert_eq!(code(FaultKind::Corrupt), 5);
        assert_eq!(code(FaultKind::Foreign), 4);
        assert_eq!(code(FaultKind::Busy), 3);
        assert_eq!(code(FaultKind::Internal), 1);
    }
}
