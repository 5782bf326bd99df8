//! The deployment's log over the checkpoints of all others, and what outsiders said about it.

use std::sync::Arc;

use futures_util::future::join_all;
use hos_core::error::FaultKind;
use hos_core::hos::Sealing;
use hos_core::merkle::{leaf_hash, verify_inclusion};
use hos_core::note::{SignedNote, SigningKey};
use hos_core::proof::PAGE_MAX;
use hos_core::seal::{AttestationKind, LogName, MemoryKeeper, ProofState};

use crate::case::cases;
use crate::sealing::{key, kind, log_of, published, signed};
use crate::stage::{Stage, firm, world};

cases!(
    "anchor",
    [
        anchor_round_appends_each_changed_log_once,
        anchor_leaf_is_the_checkpoint_verbatim_and_proved,
        anchor_rounds_at_once_append_once,
        anchor_place_is_never_given_twice,
        anchor_cosignature_of_a_witness_is_kept,
        anchor_cosignature_of_a_stranger_is_refused,
        anchor_attestation_of_no_checkpoint_is_refused,
        anchor_attestation_is_never_replaced,
    ]
);

async fn anchor_round_appends_each_changed_log_once(stage: Stage) {
    stage.settle().await;
    let sealer = stage.sealer(&Arc::default());
    sealer.seal_pending(PAGE_MAX).await.unwrap();
    let first = sealer.anchor_round(PAGE_MAX).await.unwrap();
    assert_eq!(first.anchored, 3);
    assert_eq!(signed(&published(first.sealing).note, &key(7)).size(), 3);
    let idle = sealer.anchor_round(PAGE_MAX).await.unwrap();
    assert!(idle.anchored == 0 && matches!(idle.sealing, Sealing::Unchanged(Some(_))), "{idle:?}");
    stage.order("o").await;
    stage.sealed(&sealer).await;
    stage.order("p").await;
    let last = stage.sealed(&sealer).await;
    let second = sealer.anchor_round(PAGE_MAX).await.unwrap();
    assert_eq!(second.anchored, 1, "of two checkpoints of one log the last one");
    let anchors = stage.backend().seals().anchors(0, PAGE_MAX).await.unwrap();
    let indexes: Vec<u64> = anchors.iter().map(|anchor| anchor.index).collect();
    assert_eq!(indexes, [0, 1, 2, 3]);
    assert_eq!((&anchors[3].log, &anchors[3].note), (&log_of(&firm()), &last.note));
}

async fn anchor_leaf_is_the_checkpoint_verbatim_and_proved(stage: Stage) {
    let sealer = stage.sealer(&Arc::default());
    let checkpoint = stage.sealed(&sealer).await;
    assert_eq!(stage.hos.prove_anchor(&world(), &firm(), 0).await.unwrap(), None);
    sealer.anchor_round(PAGE_MAX).await.unwrap();
    let proven = stage.hos.prove_anchor(&world(), &firm(), 0).await.unwrap().unwrap();
    assert_eq!(proven.anchor.note, checkpoint.note);
    let head = signed(&proven.checkpoint.note, &key(7));
    assert_eq!(head.origin(), "suite.example/deployment");
    let leaf = leaf_hash(checkpoint.note.as_bytes());
    let index = proven.anchor.index;
    verify_inclusion(head.root(), head.size(), index, &leaf, &proven.proof).unwrap();
    let beyond = stage.hos.prove_anchor(&world(), &firm(), checkpoint.size).await.unwrap();
    assert_eq!(beyond, None);
}

async fn anchor_rounds_at_once_append_once(stage: Stage) {
    stage.settle().await;
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let sealers: Vec<_> = (0..4).map(|_| stage.sealer(&keeper)).collect();
    sealers[0].seal_pending(PAGE_MAX).await.unwrap();
    let rounds = join_all(sealers.iter().map(|sealer| sealer.anchor_round(PAGE_MAX))).await;
    let anchored: u32 = rounds.into_iter().map(|round| round.unwrap().anchored).sum();
    assert_eq!(anchored, 3);
    assert_eq!(stage.backend().seals().anchors(0, PAGE_MAX).await.unwrap().len(), 3);
    let deployment = stage.hos.checkpoints(&LogName::Deployment, 0, PAGE_MAX).await.unwrap();
    assert_eq!(deployment.last().map(|last| last.size), Some(3));
}

async fn anchor_place_is_never_given_twice(stage: Stage) {
    let sealer = stage.sealer(&Arc::default());
    stage.sealed(&sealer).await;
    sealer.anchor_round(PAGE_MAX).await.unwrap();
    stage.order("o").await;
    stage.sealed(&sealer).await;
    let backend = stage.backend();
    let seals = backend.seals();
    let taken = seals.anchors(0, PAGE_MAX).await.unwrap();
    let (log, checkpoint) = seals.unanchored(1).await.unwrap().remove(0);
    let leaf = leaf_hash(checkpoint.note.as_bytes());
    for index in [0, 7] {
        let anchor = hos_core::seal::Anchor {
            index,
            log: log.clone(),
            size: checkpoint.size,
            note: checkpoint.note.clone(),
            leaf_hash: leaf,
        };
        assert!(!seals.anchor(&[anchor]).await.unwrap(), "{index}");
    }
    assert_eq!(seals.anchors(0, PAGE_MAX).await.unwrap(), taken);
}

/// The deployment's checkpoint as a witness answers it.
async fn cosigned(stage: &Stage, witness: &SigningKey) -> String {
    let sealer = stage.sealer(&Arc::default());
    stage.sealed(&sealer).await;
    let round = sealer.anchor_round(PAGE_MAX).await.unwrap();
    let note = SignedNote::parse(published(round.sealing).note.as_bytes()).unwrap();
    let mut signatures = note.signatures().to_vec();
    signatures.push(witness.cosign(1_795_251_600, note.text()));
    SignedNote::new(note.text(), signatures).unwrap().to_string()
}

async fn anchor_cosignature_of_a_witness_is_kept(stage: Stage) {
    let witness = SigningKey::from_seed("witness.example", &[9; 32]).unwrap();
    let note = cosigned(&stage, &witness).await;
    let known = [witness.cosigner_key()];
    assert_eq!(stage.hos.cosigned(&note, &known).await.unwrap(), 1);
    assert_eq!(stage.hos.cosigned(&note, &known).await.unwrap(), 1, "once more changes nothing");
    let proven = stage.hos.prove_anchor(&world(), &firm(), 0).await.unwrap().unwrap();
    let [said] = proven.attestations.as_slice() else { panic!("{proven:?}") };
    assert_eq!(said.kind, AttestationKind::Cosignature);
    let own = format!("{}+", said.attester);
    assert!(witness.cosigner_key().to_string().starts_with(&own), "which key of the witness");
    let line = std::str::from_utf8(&said.body).unwrap();
    let whole = format!("{}{line}", proven.checkpoint.note);
    assert_eq!(whole, note, "the note and the line are what the witness answered");
    let entry = stage.log().await.remove(0);
    let state = stage.hos.proof_state(&world(), &firm(), entry.id).await.unwrap();
    assert_eq!(state, Some(ProofState::Anchored));
}

async fn anchor_cosignature_of_a_stranger_is_refused(stage: Stage) {
    let witness = SigningKey::from_seed("witness.example", &[9; 32]).unwrap();
    let note = cosigned(&stage, &witness).await;
    let other = SigningKey::from_seed("witness.example", &[10; 32]).unwrap();
    for known in [vec![], vec![other.cosigner_key()], vec![key(7).verifier_key()]] {
        assert_eq!(kind(stage.hos.cosigned(&note, &known).await), FaultKind::Key);
    }
    let other_log = note.replacen("/deployment", "/deployment2", 1);
    let known = [witness.cosigner_key()];
    assert_eq!(kind(stage.hos.cosigned(&other_log, &known).await), FaultKind::Key);
    assert_eq!(stage.backend().seals().attestations(0, PAGE_MAX).await.unwrap(), []);
}

async fn anchor_attestation_of_no_checkpoint_is_refused(stage: Stage) {
    let sealer = stage.sealer(&Arc::default());
    stage.sealed(&sealer).await;
    sealer.anchor_round(PAGE_MAX).await.unwrap();
    for (size, who, token) in [(9, "tsa", &b"token"[..]), (1, "", b"token"), (1, "tsa", b"")] {
        assert_eq!(kind(stage.hos.timestamped(size, who, token).await), FaultKind::Limit);
    }
    let huge = vec![0; 65_536];
    assert_eq!(kind(stage.hos.timestamped(1, "tsa", &huge).await), FaultKind::Limit);
    // A witness's note over a checkpoint that is another's.
    let witness = SigningKey::from_seed("witness.example", &[9; 32]).unwrap();
    let text = hos_core::checkpoint::Checkpoint::new("suite.example/deployment", 1, [3; 32]);
    let text = text.unwrap().to_text();
    let note = SignedNote::new(&text, vec![witness.cosign(1, &text)]).unwrap().to_string();
    let known = [witness.cosigner_key()];
    assert_eq!(kind(stage.hos.cosigned(&note, &known).await), FaultKind::Limit);
    assert_eq!(stage.backend().seals().attestations(0, PAGE_MAX).await.unwrap(), []);
}

async fn anchor_attestation_is_never_replaced(stage: Stage) {
    let sealer = stage.sealer(&Arc::default());
    stage.sealed(&sealer).await;
    sealer.anchor_round(PAGE_MAX).await.unwrap();
    stage.hos.timestamped(1, "tsa", b"first").await.unwrap();
    stage.hos.timestamped(1, "tsa", b"second").await.unwrap();
    stage.hos.timestamped(1, "other", b"third").await.unwrap();
    let said = stage.backend().seals().attestations(1, PAGE_MAX).await.unwrap();
    let bodies: Vec<(&str, &[u8])> =
        said.iter().map(|said| (&*said.attester, &*said.body)).collect();
    assert_eq!(bodies, [("other", &b"third"[..]), ("tsa", &b"first"[..])]);
    assert_eq!(stage.backend().seals().attestations(2, PAGE_MAX).await.unwrap(), []);
}
