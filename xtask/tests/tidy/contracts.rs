//! Every contract is searched in full and drawn, or says here why it is not.

use super::source::{Blank, mask};
use super::{report, tree};

/// Contracts that something works with: where each is written, the test that searches it in full
/// with an invariant, and how that test names it.
const EXPLORED: &[[&str; 3]] = &[
    ["examples/chat/src/law.rs", "examples/chat/tests/explore.rs", "chat::law::law"],
    ["examples/pazar/src/law.rs", "examples/pazar/tests/explore.rs", "law::law"],
    ["examples/pazar/src/law/past.rs", "examples/pazar/tests/explore.rs", "law::law"],
    ["examples/workorder/src/law.rs", "examples/workorder/tests/explore.rs", "workorder::law"],
    ["hos-conformance/src/cases/migration/law.rs", BESIDE, "hos_conformance::laws"],
    ["hos-conformance/src/cases/timers.rs", BESIDE, "hos_conformance::laws"],
    ["hos-conformance/src/law.rs", BESIDE, "hos_conformance::laws"],
    ["hos-conformance/src/model/replay/job.rs", BESIDE, "hos_conformance::laws"],
    ["hos-inspect/tests/every/paved.rs", BESIDE, "paved::law"],
    ["hos-sqlx/examples/paved_path.rs", BESIDE, "paved::law"],
    ["hos-sqlx/tests/migration/law.rs", BESIDE, "hos-sqlx/tests/migration/law.rs"],
    ["hos-sqlx/tests/support/job.rs", BESIDE, "hos-sqlx/tests/support/job.rs"],
    ["hos-sqlx/tests/timers/law.rs", BESIDE, "hos-sqlx/tests/timers/law.rs"],
    ["hos-work/src/lane/model/ticket.rs", BESIDE, "hos-work/src/lane/model/ticket.rs"],
];

/// What these laws are gathered in, and what searches all of them.
const BESIDE: &str = "hos-inspect/tests/every/laws.rs";
const EVERY: &str = "hos-inspect/tests/every/main.rs";
/// What draws `docs/machines.md`: of the examples' laws, and of those that are gathered.
const DRAWN: &str = "examples/pazar/tests/machines.rs";

/// Contracts that stand in the test or the bench that reads them: faulty on purpose, made at
/// random, or a few lines for one fact.
const SCAFFOLDS: &[&str] = &[
    "benches/benches/candidate/law.rs",
    "benches/benches/erasure.rs",
    "benches/benches/fsck/fill.rs",
    "benches/benches/judge/policy.rs",
    "benches/benches/judge/transition.rs",
    "benches/benches/sqlite/desk.rs",
    "benches/src/desk.rs",
    "examples/pazar/tests/drawing.rs",
    "fuzz/checks/leaf_encoding.rs",
    "hos-conformance/src/cases/timer.rs",
    "hos-conformance/tests/weave/harbor.rs",
    "hos-core/tests/allocations.rs",
    "hos-core/tests/contract.rs",
    "hos-core/tests/interleavings.rs",
    "hos-core/tests/judge.rs",
    "hos-core/tests/law.rs",
    "hos-core/tests/migration.rs",
    "hos-core/tests/paved_path.rs",
    "hos-core/tests/registry.rs",
    "hos-core/tests/regressions.rs",
    "hos-core/tests/review.rs",
    "hos-core/tests/trying/attempts.rs",
    "hos-core/tests/trying/beginnings.rs",
    "hos-core/tests/trying/conflicts.rs",
    "hos-core/tests/trying/desk.rs",
    "hos-core/tests/trying/rehearsal.rs",
    "hos-core/tests/trying/typed.rs",
    "hos-fsck/tests/fsck/story.rs",
    "hos-inspect/src/cedar/tests.rs",
    "hos-inspect/src/change/tests.rs",
    "hos-inspect/src/explore/tests.rs",
    "hos-inspect/src/lint/tests.rs",
    "hos-inspect/src/matrix/tests.rs",
    "hos-inspect/src/table/tests.rs",
    "hos-inspect/tests/cedar.rs",
    "hos-inspect/tests/drawing.rs",
    "hos-inspect/tests/explore.rs",
    "hos-inspect/tests/soundness.rs",
    "hos-inspect/tests/table.rs",
    "hos-inspect/tests/timers.rs",
    "hos-sqlx/src/recall/weave.rs",
    "hos-sqlx/tests/filter/refusals.rs",
    "hos-sqlx/tests/filter/world.rs",
    "hos-sqlx/tests/kill9.rs",
    "hos-sqlx/tests/moving/source.rs",
    "hos-sqlx/tests/mysql/shop.rs",
    "hos-sqlx/tests/postgres/shop.rs",
    "hos-sqlx/tests/review.rs",
    "hos-sqlx/tests/revocation/harbor.rs",
    "hos-sqlx/tests/sqlite/shop.rs",
    "peers/benches/decide/world.rs",
    "peers/benches/step/main.rs",
    "peers/src/differential/laws.rs",
];

#[test]
fn every_contract_is_explored_or_listed() {
    let files = tree::files("");
    let holds = |file: &&tree::File| match file.path.rsplit('.').next() {
        Some("rs") => mask(&file.text, Blank::CommentsAndLiterals).contains("Contract::builder("),
        Some("json") => ["\"initial\"", "\"terminal\""].iter().all(|key| file.text.contains(key)),
        _ => false,
    };
    let found: Vec<&str> = files.iter().filter(holds).map(|file| file.path.as_str()).collect();
    let known = || EXPLORED.iter().map(|[path, ..]| *path).chain(SCAFFOLDS.iter().copied());
    let mut problems = Vec::new();
    for path in &found {
        if !known().any(|known| known == *path) {
            problems.push(format!("{path}: explore its contract ({BESIDE}), and list it here"));
        }
    }
    problems.extend(
        known()
            .filter(|path| !found.contains(path))
            .map(|path| format!("{path}: no contract is written there; strike it off")),
    );
    let says = |path: &str, what: &str| {
        files.iter().any(|file| file.path == path && file.text.contains(what))
    };
    for [path, by, named] in EXPLORED {
        let explorer = if *by == BESIDE { EVERY } else { by };
        if !says(by, named) || !says(explorer, "explore(") {
            problems.push(format!("{path}: {by} does not explore `{named}`"));
        }
        let drawer = if *by == BESIDE { BESIDE } else { DRAWN };
        if !says(drawer, named) {
            problems.push(format!("{path}: {drawer} does not draw `{named}`"));
        }
    }
    report::none(&problems);
}
