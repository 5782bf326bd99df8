//! Every fuzz target in turn, each for the same number of seconds.

use std::fs;

use crate::campaign::{LIMIT, Plan, Size};
use crate::failure::Failure;
use crate::step::Step;
use crate::{tool, tree};

/// New inputs go to the build directory, so the committed corpus is read and never written.
pub(super) fn plan(size: &Size) -> Result<Plan, Failure> {
    if !tool::has_nightly() {
        return Err(Failure::new("fuzzing needs a nightly toolchain: rustup install nightly"));
    }
    tool::FUZZ.ensure()?;
    let targets = tree::fuzz_targets()?;
    let count = u64::try_from(targets.len()).unwrap_or(u64::MAX);
    if count.saturating_mul(size.units) >= LIMIT.as_secs() {
        let most = LIMIT.as_secs() / count;
        return Err(Failure::new(format!(
            "{count} targets for {} s each do not fit; take a size below {most}",
            size.units
        )));
    }
    let mut steps = vec![Step::cargo(["+nightly", "fuzz", "build", "--fuzz-dir", "fuzz"])];
    for target in targets {
        steps.push(run(&target, size)?);
    }
    Ok(Plan { steps, scratch: None })
}

fn run(target: &str, size: &Size) -> Result<Step, Failure> {
    let found = tree::target().join("fuzz-corpus").join(target);
    fs::create_dir_all(&found)
        .map_err(|error| Failure::new(format!("{}: {error}", found.display())))?;
    let mut step = Step::cargo(["+nightly", "fuzz", "run", "--fuzz-dir", "fuzz", target])
        .arg(found.display().to_string());
    let committed = tree::root().join("fuzz/corpus").join(target);
    if committed.is_dir() {
        step = step.arg(committed.display().to_string());
    }
    let seed = size.seed % (1 << 32);
    Ok(step.arg("--").arg(format!("-max_total_time={}", size.units)).arg(format!("-seed={seed}")))
}
