//! The gates that every change passes: no network beyond the locked dependencies, no extra tool.

use crate::failure::Failure;
use crate::gate::{Gate, Verdict};
use crate::step::Step;

/// Cheapest first. Lints and docs share one build of the dependencies, hence the same features.
pub(super) const GATES: &[Gate] = &[
    Gate { name: "format", check: format },
    Gate { name: "lints", check: lints },
    Gate { name: "docs", check: docs },
    Gate { name: "tests", check: tests },
];

fn format() -> Result<Verdict, Failure> {
    Step::cargo(["fmt", "--all", "--check"]).run()?;
    Ok(Verdict::Passed)
}

fn lints() -> Result<Verdict, Failure> {
    Step::cargo(["clippy", "--workspace", "--all-targets", "--all-features", "--locked"])
        .arg("--")
        .arg("-D")
        .arg("warnings")
        .run()?;
    Ok(Verdict::Passed)
}

fn docs() -> Result<Verdict, Failure> {
    Step::cargo(["doc", "--workspace", "--all-features", "--no-deps", "--locked"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    Ok(Verdict::Passed)
}

/// Unit, integration, doc, golden and tidy tests, and the replay of the fuzz corpora.
fn tests() -> Result<Verdict, Failure> {
    Step::cargo(["test", "--workspace", "--all-features", "--locked", "--no-fail-fast"]).run()?;
    Ok(Verdict::Passed)
}
