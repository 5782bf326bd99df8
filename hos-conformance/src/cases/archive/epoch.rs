//! Archives of logs that came back from an older backup.

use hos_archive::{Expectation, MemoryTarget, Source as _, verify_archive};
use hos_core::command::EpochOpening;
use hos_core::error::FaultKind;
use hos_core::hos::Export;
use hos_verify::checkpoint::Checkpoint;
use hos_verify::note::SignedNote;
use hos_verify::policy::Policy;
use hos_verify::verdict::Exit;
use hos_verify::verify::{Trust, verify};

use super::reading::files;
use super::{aged, archived, with_archive};
use crate::sealing;
use crate::stage::{Stage, firm, root, world};

fn known(note: &str) -> Checkpoint {
    Checkpoint::parse(SignedNote::parse(note.as_bytes()).unwrap().text()).unwrap()
}

pub(super) async fn archive_of_a_log_that_came_back_tells_of_its_epoch(stage: Stage) {
    stage.settle().await;
    let origin = stage.hos.origin(&sealing::log_of(&firm()));
    let lost = sealing::forged(&origin, 200, [7; 32]);
    let opening = EpochOpening::new(&root(), &world(), &firm(), &lost, "lost").key("e");
    let keys = [sealing::key(7).verifier_key()];
    let receipt = stage.hos.open_epoch(&opening, &keys).await.unwrap();
    aged(&stage).await;
    let target = MemoryTarget::new();
    let written = archived(&stage, &target).await;
    let policy = format!("log {}\nquorum none\n", sealing::key(7).verifier_key());
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let files = files(&target);
    assert!(!files.list().unwrap().is_empty());
    let expectation = Expectation {
        origin: origin.clone(),
        now: stage.hos.now(),
        policy: Some(policy.clone()),
        known: None,
        known_epoch: 1,
        segments: vec![(0, 256, written.files.manifest)],
    };
    let report = verify_archive(&files, &expectation);
    assert_eq!(report.verdict().exit(), Exit::Verified, "{report:?}");
    assert!(report.verdict().to_string().contains("epoch 2 began at entry"), "{report:?}");
    let beyond = sealing::forged(&origin, 220, [7; 32]);
    let later = sealing::forged(&format!("{origin}/e2"), 200, [7; 32]);
    let cases = [(&lost, Exit::Incomplete), (&beyond, Exit::Contradicted)];
    for (note, exit) in cases.into_iter().chain([(&later, Exit::Contradicted)]) {
        let known = known(note);
        let epoch = hos_verify::epoch::split(known.origin()).1;
        let tree = Some((known.size(), *known.root()));
        let asked = Expectation { known: tree, known_epoch: epoch, ..expectation.clone() };
        let report = verify_archive(&files, &asked);
        assert_eq!(report.verdict().exit(), exit, "{}", report.verdict());
    }
    // Whoever exports needs the entry, wherever it is.
    let young = Export::range(256, 258);
    let without = stage.hos.export(&world(), &firm(), &young).await;
    assert_eq!(sealing::kind(without), FaultKind::Archived);
    let hos = with_archive(&stage, &target).await;
    let bundle = hos.export(&world(), &firm(), &young).await.unwrap().unwrap();
    let known = known(&lost);
    let trust = Trust { policy: Some(&policy), known: Some(&known), now: None };
    let verdict = verify(&bundle, &trust);
    assert_eq!(verdict.exit(), Exit::Incomplete, "{verdict}");
    let found = hos.epochs(&sealing::log_of(&firm())).await.unwrap();
    assert_eq!(found[0].entry, receipt.proof_id);
}
