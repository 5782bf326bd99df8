//! The pure half: deciding and judging, against a bare look-up of the same strings.

#![expect(clippy::unwrap_used, reason = "a bench")]

mod policy;
mod transition;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut criterion = criterion::Criterion::default().configure_from_args();
    policy::bench(&mut criterion);
    transition::bench(&mut criterion);
    criterion.final_summary();
    policy::compare();
    transition::compare();
    transition::encode();
    hos_benches::verdict()
}
