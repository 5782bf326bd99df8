//! Archives under checkpoints that outsiders have seen.

use std::sync::Arc;

use hos_archive::{Expectation, MemoryTarget, verify_archive};
use hos_core::note::{SignedNote, SigningKey};
use hos_core::proof::PAGE_MAX;
use hos_verify::policy::Policy;
use hos_verify::verdict::Exit;

use super::reading::files;
use super::{aged, archived};
use crate::sealing::{key, log_of, published};
use crate::stage::{Stage, firm};

/// A witness of the deployment's log has seen the tree of the segment, and says when.
pub(super) async fn archive_under_an_anchored_checkpoint_tells_its_witnesses(stage: Stage) {
    aged(&stage).await;
    let sealer = stage.sealer(&Arc::default());
    let round = sealer.anchor_round(PAGE_MAX).await.unwrap();
    let [seen, other] = [9, 10]
        .map(|seed| SigningKey::from_seed(&format!("witness-{seed}.example"), &[seed; 32]))
        .map(Result::unwrap);
    let note = SignedNote::parse(published(round.sealing).note.as_bytes()).unwrap();
    let now = u64::try_from(stage.hos.now().as_micros()).unwrap() / 1_000_000;
    let mut signatures = note.signatures().to_vec();
    signatures.push(seen.cosign(now, note.text()));
    let note = SignedNote::new(note.text(), signatures).unwrap().to_string();
    assert_eq!(stage.hos.cosigned(&note, &[seen.cosigner_key()]).await.unwrap(), 1);
    // What was sealed later is anchored by nobody.
    stage.touched("o-0", 3, "later").await;
    stage.sealed(&sealer).await;
    let target = MemoryTarget::new();
    let written = archived(&stage, &target).await;
    let files = files(&target);
    let report = |witness: &SigningKey| {
        let (log, witness) = (key(7).verifier_key(), witness.cosigner_key());
        let policy = format!("log {log}\nwitness w {witness}\nquorum w\n");
        let expectation = Expectation {
            origin: stage.hos.origin(&log_of(&firm())),
            now: stage.hos.now(),
            policy: Some(Policy::parse(policy.as_bytes()).unwrap()),
            known: None,
            known_epoch: 1,
            segments: vec![(0, 256, written.files.manifest)],
        };
        verify_archive(&files, &expectation)
    };
    let known = report(&seen);
    assert_eq!(known.verdict().exit(), Exit::Verified, "{known:?}");
    let [(name, seconds)] = known.seen.as_slice() else { panic!("{known:?}") };
    assert!(name.starts_with("witness-9.example") && *seconds == now, "{known:?}");
    let unknown = report(&other);
    assert_eq!(unknown.verdict().exit(), Exit::Unanchored, "{unknown:?}");
}
