//! Archives of logs that came back from an older backup.

use hos_archive::{
    Expectation, File, FindingKind, MANIFEST_BYTES_MAX, Manifest, MemoryTarget, Source,
    verify_archive,
};
use hos_core::command::EpochOpening;
use hos_core::digest::Digest;
use hos_core::error::FaultKind;
use hos_core::hos::Export;
use hos_core::proof::SEGMENT_AGE;
use hos_verify::checkpoint::Checkpoint;
use hos_verify::epoch::join;
use hos_verify::note::SignedNote;
use hos_verify::policy::Policy;
use hos_verify::verdict::Exit;
use hos_verify::verify::{Trust, verify};

use super::reading::files;
use super::{aged, archived, archivist, filled, grow, seal, with_archive};
use crate::sealing;
use crate::stage::{Stage, firm, root, world};

fn known(note: &str) -> Checkpoint {
    Checkpoint::parse(SignedNote::parse(note.as_bytes()).unwrap().text()).unwrap()
}

/// The first manifest, its tree's checkpoint signed as one of some epoch.
fn of_epoch(files: &dyn Source, epoch: u64) -> Vec<u8> {
    let names = files.list().unwrap();
    let manifests = names.iter().filter(|name| name.file == File::Manifest);
    let name = *manifests.min_by_key(|name| name.first).unwrap();
    let bytes = files.read(name, 0, MANIFEST_BYTES_MAX).unwrap().unwrap();
    let manifest = Manifest::parse(&bytes).unwrap();
    let (size, root) = manifest.tree();
    let forged = sealing::forged(&join(manifest.origin(), epoch), size, root);
    let quoted = |note: &str| serde_json::Value::from(note).to_string();
    let text = String::from_utf8(bytes).unwrap();
    text.replace(&quoted(manifest.checkpoint()), &quoted(&forged)).into_bytes()
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
    for (epoch, exit) in [(1, Exit::Invalid), (2, Exit::Verified)] {
        let changed = of_epoch(&files, epoch);
        let segments = vec![(0, 256, Digest::of(&changed))];
        let files = self::files(&target).with_manifest(&changed);
        let report = verify_archive(&files, &Expectation { segments, ..expectation.clone() });
        assert_eq!(report.verdict().exit(), exit, "{epoch}: {report:?}");
    }
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
    let trust = Trust { policy: Some(&policy), known: Some(&known), ..Trust::default() };
    let verdict = verify(&bundle, &trust);
    assert_eq!(verdict.exit(), Exit::Incomplete, "{verdict}");
    let found = hos.epochs(&sealing::log_of(&firm())).await.unwrap();
    assert_eq!(found[0].entry, receipt.proof_id);
}

/// The first segment stands under a checkpoint over the entry that ends its epoch, which is in the
/// second one.
pub(super) async fn archive_under_a_checkpoint_that_outlived_its_epoch_is_invalid(stage: Stage) {
    let orders = filled(&stage, 300).await;
    stage.settle().await;
    let origin = stage.hos.origin(&sealing::log_of(&firm()));
    let lost = sealing::forged(&origin, 2_000, [7; 32]);
    let opening = EpochOpening::new(&root(), &world(), &firm(), &lost, "lost").key("e");
    stage.hos.open_epoch(&opening, &[sealing::key(7).verifier_key()]).await.unwrap();
    grow(&stage, &orders, 600).await;
    stage.advance(SEGMENT_AGE.as_secs() + 1);
    seal(&stage).await;
    let target = MemoryTarget::new();
    let archivist = archivist(&stage, &target).at_most(256);
    let mut segments = Vec::new();
    while let Some(written) = archivist.archive(&world(), &firm()).await.unwrap() {
        segments.push((written.files.first, written.files.end, written.files.manifest));
    }
    assert_eq!(segments.len(), 2);
    let policy = format!("log {}\nquorum none\n", sealing::key(7).verifier_key());
    let mut expectation = Expectation {
        origin,
        now: stage.hos.now(),
        policy: Some(Policy::parse(policy.as_bytes()).unwrap()),
        known: None,
        known_epoch: 1,
        segments,
    };
    let files = files(&target);
    let report = verify_archive(&files, &expectation);
    assert_eq!(report.verdict().exit(), Exit::Verified, "{report:?}");
    let changed = of_epoch(&files, 1);
    expectation.segments[0].2 = Digest::of(&changed);
    let report = verify_archive(&files.with_manifest(&changed), &expectation);
    assert_eq!(report.verdict().exit(), Exit::Invalid, "{report:?}");
    assert_eq!(report.findings[0].segment, Some((0, 256)), "{report:?}");
    assert_eq!(report.findings[0].kind, FindingKind::Epoch, "{report:?}");
}
