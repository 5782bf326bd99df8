//! The gates that need more time, another toolchain or another tool.

use crate::failure::Failure;
use crate::gate::{Gate, Verdict, unique};
use crate::step::Step;
use crate::{campaign, tool, tree};

pub(super) const GATES: &[Gate] = &[
    Gate { name: "dependencies", check: dependencies },
    Gate { name: "features", check: features },
    Gate { name: "minimal versions", check: minimal_versions },
    Gate { name: "weave", check: weave },
    Gate { name: "fuzz build", check: fuzz_build },
    Gate { name: "rivals", check: rivals },
    Gate { name: "bench smoke", check: bench_smoke },
];

/// Bans, licences and sources of everything that is linked in.
fn dependencies() -> Result<Verdict, Failure> {
    tool::DENY.ensure()?;
    Step::cargo(["deny", "--workspace", "--all-features", "--locked", "check"])
        .arg("bans")
        .arg("licenses")
        .arg("sources")
        .run()?;
    Ok(Verdict::Passed)
}

/// Every set of features compiles. Not `--no-dev-deps`: that edits the manifests for a while, and
/// a check of libraries and binaries does not unify dev-dependencies anyway.
fn features() -> Result<Verdict, Failure> {
    tool::HACK.ensure()?;
    Step::cargo(["hack", "check", "--feature-powerset", "--workspace", "--locked"]).run()?;
    Ok(Verdict::Passed)
}

/// The lowest versions that the manifests promise do compile. The lock file that says so lives in
/// a copy of the tree; only the build directory is kept.
fn minimal_versions() -> Result<Verdict, Failure> {
    let copy = tempfile::Builder::new()
        .prefix(&unique("hos-minimal-versions"))
        .tempdir()
        .map_err(|error| Failure::new(format!("no temporary directory: {error}")))?;
    tree::copy(copy.path())?;
    let target = tree::target().join("minimal-versions");
    Step::cargo(["update", "-Z", "direct-minimal-versions"])
        .env("RUSTC_BOOTSTRAP", "1")
        .directory(copy.path())
        .run()?;
    Step::cargo(["check", "--workspace", "--all-features", "--locked", "--target-dir"])
        .arg(target.display().to_string())
        .directory(copy.path())
        .run()?;
    Ok(Verdict::Passed)
}

/// Who comes when, as a scheduler tries it, in few orders.
fn weave() -> Result<Verdict, Failure> {
    campaign::weave_steps().iter().try_for_each(Step::run)?;
    Ok(Verdict::Passed)
}

/// The lock file is looked at first, because the fuzz build would mend a stale one in place.
fn fuzz_build() -> Result<Verdict, Failure> {
    if !tool::has_nightly() {
        return Ok(Verdict::Skipped("fuzzing needs a nightly toolchain".to_owned()));
    }
    tool::FUZZ.ensure()?;
    Step::cargo(["fetch", "--locked", "--manifest-path", "fuzz/Cargo.toml"]).run()?;
    Step::cargo(["+nightly", "fuzz", "build", "--fuzz-dir", "fuzz"]).run()?;
    Ok(Verdict::Passed)
}

/// The law answers as Cedar does, planted faults are found, and what is exported is Cedar's.
fn rivals() -> Result<Verdict, Failure> {
    Step::cargo(["test", "--release", "--locked", "--manifest-path", "peers/Cargo.toml"]).run()?;
    Ok(Verdict::Passed)
}

/// Every benchmark runs once; no figure is judged.
fn bench_smoke() -> Result<Verdict, Failure> {
    Step::cargo(["bench", "-p", "hos-benches", "--locked", "--", "--test"]).run()?;
    Ok(Verdict::Passed)
}
