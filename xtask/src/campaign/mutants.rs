//! The law's own files, changed a little at a time; the tests must notice each change.

use crate::campaign::{Plan, Size};
use crate::failure::Failure;
use crate::step::Step;
use crate::{tool, tree};

/// Where a wrong line would be a wrong answer.
const MODULES: &[&str] = &["judge", "condition", "contract", "policy"];

/// As many shards as make one of them about the size asked for; the seed chooses the shard.
pub(super) fn plan(size: &Size) -> Result<Plan, Failure> {
    tool::MUTANTS.ensure()?;
    let listed = with_files(Step::cargo(["mutants", "--list"])).output()?;
    let total = u64::try_from(listed.lines().count()).unwrap_or(u64::MAX);
    if total == 0 {
        return Err(Failure::new("no mutant found: do the law's files still have these names?"));
    }
    let shards = total.div_ceil(size.units);
    let shard = size.seed % shards;
    println!("   shard {shard} of {shards} (seeds 0 to {}), {total} mutants in all", shards - 1);
    let scratch = tempfile::tempdir()
        .map_err(|error| Failure::new(format!("no temporary directory: {error}")))?;
    let step = with_files(Step::cargo(["mutants", "--no-shuffle", "--jobs", "1"]))
        .arg("--test-package=hos-core,hos-conformance,hos-verify")
        .arg(format!("--shard={shard}/{shards}"))
        .arg(format!("--output={}", scratch.path().display()))
        .arg("--cargo-arg=--locked");
    Ok(Plan { steps: vec![step], scratch: Some(scratch) })
}

fn with_files(step: Step) -> Step {
    let modules = MODULES.join(",");
    step.arg("--package=hos-core")
        .arg(format!("--file=hos-core/src/{{{modules}}}.rs"))
        .arg(format!("--file=hos-core/src/{{{modules}}}/**/*.rs"))
        .arg("--package=hos-verify")
        .arg("--file=hos-verify/src/**/*.rs")
        .arg(format!("--dir={}", tree::root().display()))
}
