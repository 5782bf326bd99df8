//! The gates that every change passes: no network beyond what is locked or pinned.

use crate::failure::Failure;
use crate::gate::{Gate, Verdict};
use crate::step::Step;
use crate::system;

/// Cheapest first. Lints and docs share one build of the dependencies, hence the same features.
pub(super) const GATES: &[Gate] = &[
    Gate { name: "format", check: format },
    Gate { name: "lock files", check: lock_files },
    Gate { name: "lints", check: lints },
    Gate { name: "features", check: features },
    Gate { name: "docs", check: docs },
    Gate { name: "browser", check: browser },
    Gate { name: "databases", check: databases },
    Gate { name: "tests", check: tests },
];

fn format() -> Result<Verdict, Failure> {
    Step::cargo(["fmt", "--all", "--check"]).run()?;
    Ok(Verdict::Passed)
}

/// Those of the workspaces beside this one, which nothing else here would read. Nothing is written.
fn lock_files() -> Result<Verdict, Failure> {
    for manifest in ["fuzz/Cargo.toml", "peers/Cargo.toml"] {
        Step::cargo(["update", "--workspace", "--locked", "--manifest-path", manifest]).run()?;
    }
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

/// Each database by itself, as most users take them: together they lend each other what one lacks.
fn features() -> Result<Verdict, Failure> {
    for database in ["sqlite", "postgres", "mysql"] {
        let alone = ["clippy", "-p", "hos-sqlx", "--no-default-features", "--features", database];
        Step::cargo(alone).arg("--locked").arg("--").arg("-D").arg("warnings").run()?;
    }
    Ok(Verdict::Passed)
}

fn docs() -> Result<Verdict, Failure> {
    Step::cargo(["doc", "--workspace", "--all-features", "--no-deps", "--locked"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    Ok(Verdict::Passed)
}

/// What the pages' tests drive is there; without it those tests say that they were skipped.
fn browser() -> Result<Verdict, Failure> {
    Ok(match system::ensure_browser() {
        Ok(_) => Verdict::Passed,
        Err(failure) => Verdict::Skipped(failure.to_string()),
    })
}

/// The database servers are there; without them their tests say that they were skipped.
fn databases() -> Result<Verdict, Failure> {
    Ok(match hos_services::install() {
        Ok(()) => Verdict::Passed,
        Err(error) => Verdict::Skipped(error.to_string()),
    })
}

/// Unit, integration, doc, golden and tidy tests, and the replay of the fuzz corpora.
fn tests() -> Result<Verdict, Failure> {
    let mut step =
        Step::cargo(["test", "--workspace", "--all-features", "--locked", "--no-fail-fast"]);
    if let Ok(rules) = system::ensure_browser() {
        step = step.env("HOS_AXE", rules.display().to_string());
    }
    step.run()?;
    Ok(Verdict::Passed)
}
