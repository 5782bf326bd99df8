//! The law compiled so that a scheduler decides who goes on wherever somebody may come between.

use crate::campaign::{Plan, Size};
use crate::failure::Failure;
use crate::step::Step;
use crate::tree;

pub(super) fn plan(_: &Size) -> Result<Plan, Failure> {
    Ok(Plan { steps: steps(), scratch: None })
}

/// The tests of who comes when. They are built apart, so that no other build is thrown away.
pub(crate) fn steps() -> Vec<Step> {
    let swap = ["test", "--locked", "-p", "hos-conformance", "--test", "weave"].as_slice();
    let memory = ["test", "--locked", "-p", "hos-sqlx", "--features", "postgres", "--lib", "weave"]
        .as_slice();
    let target = tree::target().join("weave").display().to_string();
    let built = |args: &[&str]| {
        Step::cargo(args.iter().copied())
            .env("RUSTFLAGS", "--cfg shuttle")
            .env("CARGO_TARGET_DIR", target.clone())
    };
    vec![built(swap), built(memory)]
}
