//! Epochs: a database that came back from an older backup, and what becomes of its proofs.

use std::sync::Arc;

use futures_util::future::join_all;
use hos_core::command::{EpochOpening, KeyAnnouncement};
use hos_core::error::{Error, FaultKind};
use hos_core::hos::{Export, Sealing};
use hos_core::note::{SignedNote, SigningKey};
use hos_core::proof::{LogEntry, PAGE_MAX};
use hos_core::receipt::Receipt;
use hos_core::seal::{Checkpoint, Keeper as _, LogName, MemoryKeeper};
use hos_verify::checkpoint;
use hos_verify::epoch::{join, split};
use hos_verify::policy::Policy;
use hos_verify::verdict::{Exit, Verdict};
use hos_verify::verify::{Trust, verify};

use crate::case::cases;
use crate::sealing::{DEPLOYMENT, forged, key, kind, log_of, published, signed};
use crate::stage::{NEIGHBOUR, Stage, clerk, code, firm, leaf, owner, root, tenant, world};

cases!(
    "epoch",
    [
        epoch_lets_a_log_that_came_back_be_sealed,
        epoch_begins_with_what_was_sealed_before,
        epoch_is_told_to_whoever_holds_what_was_lost,
        epoch_is_refused_upon_a_note_that_is_none,
        epoch_is_refused_where_nothing_was_lost,
        epoch_takes_an_ability_of_its_own_and_a_reason,
        epoch_is_opened_once,
        epoch_of_a_tenant_leaves_the_others_alone,
        epoch_upon_another_note_than_the_last_is_not_sealed,
        epoch_that_was_lost_itself_is_never_given_again,
        epoch_of_before_is_never_kept_again,
        epoch_of_the_deployment_goes_on_with_its_anchors,
        epoch_survives_a_restart,
        key_is_announced_in_the_log_of_a_world,
    ]
);

impl Stage {
    /// Lets the keeper know a note over so many entries more than the firm's log has: as if the
    /// database had come back from a backup.
    async fn lost(&self, keeper: &MemoryKeeper, more: u64) -> String {
        self.settle().await;
        let origin = self.hos.origin(&log_of(&firm()));
        let note = forged(&origin, self.size().await + more, [7; 32]);
        keep(keeper, &note).await;
        note
    }

    async fn opened(&self, note: &str, key: &str) -> Receipt {
        let receipt = self.open_epoch(&opening(note, key)).await.expect("an epoch");
        self.settle().await;
        receipt
    }

    async fn open_epoch(&self, opening: &EpochOpening) -> Result<Receipt, Error> {
        self.hos.open_epoch(opening, &[key(7).verifier_key()]).await
    }

    async fn entry_of(&self, receipt: &Receipt) -> LogEntry {
        let log = self.log().await;
        log.into_iter().find(|entry| entry.id == receipt.proof_id).expect("an entry")
    }
}

async fn keep(keeper: &MemoryKeeper, note: &str) {
    let said = said(note);
    keeper.keep(said.origin(), said.size(), note).await.expect("a note is kept");
}

fn said(note: &str) -> checkpoint::Checkpoint {
    checkpoint::Checkpoint::parse(SignedNote::parse(note.as_bytes()).unwrap().text()).unwrap()
}

fn opening(note: &str, key: &str) -> EpochOpening {
    EpochOpening::new(&root(), &world(), &firm(), note, "the disk of the server was lost").key(key)
}

fn epoch_of(checkpoint: &Checkpoint) -> u64 {
    split(signed(&checkpoint.note, &key(7)).origin()).1
}

fn judged(bundle: &[u8], known: Option<&str>) -> Verdict {
    let policy = format!("log {}\nquorum none\n", key(7).verifier_key());
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let known = known.map(said);
    verify(bundle, &Trust { policy: Some(&policy), known: known.as_ref(), ..Trust::default() })
}

async fn epoch_lets_a_log_that_came_back_be_sealed(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let sealer = stage.sealer(&keeper);
    stage.order("o").await;
    let first = stage.sealed(&sealer).await;
    let lost = stage.lost(&keeper, 9).await;
    stage.order("p").await;
    stage.settle().await;
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Restored);
    let receipt = stage.opened(&lost, "e").await;
    let sealed = stage.sealed(&sealer).await;
    assert_eq!((epoch_of(&first), epoch_of(&sealed)), (1, 2));
    assert_eq!(sealed.size, stage.size().await);
    let entry = stage.entry_of(&receipt).await;
    assert_eq!(entry.index, Some(sealed.size - 1));
    let leaf = leaf(&entry);
    assert_eq!(
        (leaf["typ"].as_str(), leaf["action"].as_str()),
        (Some("epoch/1"), Some("open_epoch"))
    );
    let epoch = &leaf["epoch"];
    assert_eq!((epoch["n"].as_u64(), epoch["size"].as_u64()), (Some(2), Some(first.size)));
    assert_eq!(epoch["note"].as_str(), Some(lost.as_str()));
    assert!(entry.parts.iter().any(|part| part.name == "reason" && part.body.contains("disk")));
    // Leaves go on to name the log without it.
    let origin = stage.hos.origin(&log_of(&firm()));
    assert_eq!(leaf["log"].as_str(), Some(origin.as_str()));
    assert_eq!(keeper.last(&origin).await.unwrap(), Some(sealed.note.clone()));
    let epochs = stage.hos.epochs(&log_of(&firm())).await.unwrap();
    let [record] = epochs.as_slice() else { panic!("{epochs:?}") };
    assert_eq!((record.number, record.entry, record.log()), (2, entry.id, log_of(&firm())));
    stage.order("q").await;
    assert_eq!(epoch_of(&stage.sealed(&sealer).await), 2);
    let ended = forged(&origin, sealed.size + 99, [9; 32]);
    assert_eq!(code(stage.open_epoch(&opening(&ended, "e2")).await), "invalid_input");
    let again = sealer.seal(&world(), &firm()).await.unwrap();
    assert!(matches!(again, Sealing::Unchanged(Some(_))), "{again:?}");
}

async fn epoch_begins_with_what_was_sealed_before(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let sealer = stage.sealer(&keeper);
    stage.order("o").await;
    stage.touched("o", 300, "touch").await;
    let first = stage.sealed(&sealer).await;
    let lost = stage.lost(&keeper, 1).await;
    stage.opened(&lost, "e").await;
    let second = stage.sealed(&sealer).await;
    let log = log_of(&firm());
    stage.hos.prove_consistency(&log, &first, &second).await.unwrap();
    for entry in stage.log().await {
        let proven = stage.hos.prove(&world(), &firm(), entry.id).await.unwrap().unwrap();
        assert_eq!(proven.checkpoint, second);
    }
}

async fn epoch_is_told_to_whoever_holds_what_was_lost(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let sealer = stage.sealer(&keeper);
    stage.order("o").await;
    stage.touched("o", 3, "touch").await;
    let first = stage.sealed(&sealer).await;
    let old = stage.hos.export(&world(), &firm(), &Export::range(0, first.size)).await;
    let old = old.unwrap().unwrap();
    let lost = stage.lost(&keeper, 9).await;
    stage.opened(&lost, "e").await;
    let second = stage.sealed(&sealer).await;
    let beyond = forged(&stage.hos.origin(&log_of(&firm())), first.size + 99, [7; 32]);
    let other = forged(&stage.hos.origin(&log_of(&firm())), said(&lost).size(), [8; 32]);
    let exports = [
        Export::entries([stage.log().await[0].id]).since(first.size),
        Export::range(1, 4).since(first.size),
        Export::range(0, second.size).since(first.size),
        Export::subject(&crate::stage::subject("order", "o")).since(first.size).pages(),
    ];
    for export in exports {
        let bundle = stage.hos.export(&world(), &firm(), &export).await.unwrap().unwrap();
        let told = |known: &str| judged(&bundle, Some(known)).exit();
        let verdict = judged(&bundle, None);
        assert_eq!(verdict.exit(), Exit::Verified, "{verdict}");
        assert!(verdict.to_string().contains("epoch 2 began at entry"), "{verdict}");
        assert_eq!(told(&first.note), Exit::Verified);
        assert_eq!(told(&second.note), Exit::Verified);
        assert_eq!(told(&lost), Exit::Incomplete);
        assert_eq!(told(&beyond), Exit::Contradicted);
        assert_eq!(told(&other), Exit::Contradicted);
    }
    let before = judged(&old, Some(&second.note));
    assert_eq!(before.exit(), Exit::Unanchored, "{before}");
    assert_eq!(judged(&old, Some(&first.note)).exit(), Exit::Verified);
}

async fn epoch_is_refused_upon_a_note_that_is_none(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let lost = stage.lost(&keeper, 9).await;
    let origin = stage.hos.origin(&log_of(&firm()));
    let neighbour = stage.hos.origin(&log_of(&tenant(NEIGHBOUR)));
    let stranger = {
        let text = said(&lost).to_text();
        SignedNote::new(&text, vec![key(8).sign(&text)]).unwrap().to_string()
    };
    let long = format!("{lost}— x {}\n", "A".repeat(4_096));
    let elsewhere = forged(&format!("{origin}/e02"), 1_000, [7; 32]);
    for note in ["", "a note\n", &forged(&neighbour, 1_000, [7; 32]), &stranger, &long, &elsewhere]
    {
        assert_eq!(code(stage.open_epoch(&opening(note, "e")).await), "invalid_input", "{note}");
    }
    assert_eq!(stage.hos.epochs(&log_of(&firm())).await.unwrap(), []);
    let none = stage.hos.open_epoch(&opening(&lost, "e"), &[]).await;
    assert_eq!(code(none), "invalid_input");
}

async fn epoch_is_refused_where_nothing_was_lost(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let sealer = stage.sealer(&keeper);
    stage.order("o").await;
    let first = stage.sealed(&sealer).await;
    stage.order("p").await;
    stage.settle().await;
    assert_eq!(code(stage.open_epoch(&opening(&first.note, "e")).await), "invalid_input");
    // Other entries than were signed, and as many: the log is beside what was signed.
    let origin = stage.hos.origin(&log_of(&firm()));
    let other = forged(&origin, stage.size().await, [9; 32]);
    keep(&keeper, &other).await;
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Restored);
    stage.opened(&other, "e").await;
    assert_eq!(epoch_of(&stage.sealed(&sealer).await), 2);
}

async fn epoch_takes_an_ability_of_its_own_and_a_reason(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let lost = stage.lost(&keeper, 9).await;
    for actor in [owner(), clerk()] {
        let opening = EpochOpening::new(&actor, &world(), &firm(), &lost, "lost").key("e");
        assert_eq!(code(stage.open_epoch(&opening).await), "denied");
    }
    for reason in ["", " \n", &"a".repeat(100_000)] {
        let opening = EpochOpening::new(&root(), &world(), &firm(), &lost, reason).key("e");
        assert_eq!(code(stage.open_epoch(&opening).await), "invalid_input");
    }
    let keyless = EpochOpening::new(&root(), &world(), &firm(), &lost, "lost");
    assert_eq!(code(stage.open_epoch(&keyless).await), "missing_key");
    let nowhere = EpochOpening::new(&root(), &world(), &tenant("firm-9"), &lost, "lost").key("e");
    assert_eq!(code(stage.open_epoch(&nowhere).await), "not_found");
    assert_eq!(stage.hos.epochs(&log_of(&firm())).await.unwrap(), []);
}

async fn epoch_is_opened_once(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let lost = stage.lost(&keeper, 9).await;
    let openings = ["a", "b", "c", "d"].map(|key| opening(&lost, key));
    let opened = join_all(openings.iter().map(|opening| stage.open_epoch(opening))).await;
    let records = stage.hos.epochs(&log_of(&firm())).await.unwrap();
    let numbers: Vec<u64> = records.iter().map(|record| record.number).collect();
    let count = opened.iter().filter(|opened| opened.is_ok()).count();
    assert_eq!((count, numbers.as_slice()), (1, [2].as_slice()), "{opened:?}");
    stage.settle().await;
    assert_eq!(code(stage.open_epoch(&opening(&lost, "z")).await), "invalid_input");
    let first = opened.into_iter().zip(&openings).find_map(|(opened, of)| Some((opened.ok()?, of)));
    let (receipt, of) = first.unwrap();
    let again = stage.open_epoch(of).await.unwrap();
    assert_eq!((again.proof_id, again.replayed), (receipt.proof_id, true));
}

async fn epoch_of_a_tenant_leaves_the_others_alone(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let sealer = stage.sealer(&keeper);
    let lost = stage.lost(&keeper, 9).await;
    stage.opened(&lost, "e").await;
    let all = sealer.seal_pending(PAGE_MAX).await.unwrap();
    assert!(all.refused.is_empty(), "{all:?}");
    for (log, checkpoint) in &all.sealed {
        let expected = if *log == log_of(&firm()) { 2 } else { 1 };
        assert_eq!(epoch_of(checkpoint), expected, "{log}");
    }
    assert_eq!(stage.hos.epochs(&log_of(&tenant(NEIGHBOUR))).await.unwrap(), []);
    let other = EpochOpening::new(&root(), &world(), &tenant(NEIGHBOUR), &lost, "lost").key("n");
    assert_eq!(code(stage.open_epoch(&other).await), "invalid_input");
}

async fn epoch_upon_another_note_than_the_last_is_not_sealed(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let sealer = stage.sealer(&keeper);
    let lost = stage.lost(&keeper, 9).await;
    // Somebody else goes on to sign the lost database meanwhile.
    let later = stage.lost(&keeper, 20).await;
    stage.opened(&lost, "e").await;
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Restored);
    assert_eq!(stage.hos.checkpoints(&log_of(&firm()), 0, 9).await.unwrap(), []);
    stage.opened(&later, "e2").await;
    let sealed = stage.sealed(&sealer).await;
    assert_eq!(epoch_of(&sealed), 3);
    let bundle = stage.hos.export(&world(), &firm(), &Export::range(0, sealed.size)).await;
    let bundle = bundle.unwrap().unwrap();
    for known in [&lost, &later] {
        let verdict = judged(&bundle, Some(known));
        assert_eq!(verdict.exit(), Exit::Incomplete, "{verdict}");
    }
}

async fn epoch_that_was_lost_itself_is_never_given_again(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let sealer = stage.sealer(&keeper);
    stage.settle().await;
    let origin = join(&stage.hos.origin(&log_of(&firm())), 2);
    let lost = forged(&origin, stage.size().await + 9, [7; 32]);
    keep(&keeper, &lost).await;
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Restored);
    stage.opened(&lost, "e").await;
    let sealed = stage.sealed(&sealer).await;
    assert_eq!(epoch_of(&sealed), 3);
    let bundle = stage.hos.export(&world(), &firm(), &Export::range(0, sealed.size)).await;
    let bundle = bundle.unwrap().unwrap();
    assert_eq!(judged(&bundle, None).exit(), Exit::Verified);
    let first = forged(&stage.hos.origin(&log_of(&firm())), sealed.size + 3, [6; 32]);
    for known in [lost, first] {
        let verdict = judged(&bundle, Some(&known));
        assert_eq!(verdict.exit(), Exit::Incomplete, "{verdict}");
    }
}

async fn epoch_of_before_is_never_kept_again(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let origin = stage.hos.origin(&log_of(&firm()));
    keep(&keeper, &forged(&join(&origin, 2), 4, [7; 32])).await;
    let old = forged(&origin, 1_000, [7; 32]);
    assert_eq!(kind(keeper.keep(&origin, 1_000, &old).await), FaultKind::Restored);
    let kept = keeper.last(&join(&origin, 9)).await.unwrap().unwrap();
    assert_eq!(said(&kept).size(), 4);
}

async fn epoch_of_the_deployment_goes_on_with_its_anchors(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let sealer = stage.sealer(&keeper);
    stage.order("o").await;
    stage.sealed(&sealer).await;
    let first = published(sealer.anchor_round(PAGE_MAX).await.unwrap().sealing);
    let lost = forged(&format!("{DEPLOYMENT}/deployment"), first.size + 9, [7; 32]);
    keep(&keeper, &lost).await;
    stage.order("p").await;
    stage.sealed(&sealer).await;
    assert_eq!(kind(sealer.anchor_round(PAGE_MAX).await), FaultKind::Restored);
    let opening = EpochOpening::of_deployment(&root(), &world(), &lost, "lost").key("e");
    stage.open_epoch(&opening).await.expect("an epoch");
    stage.settle().await;
    let second = published(sealer.anchor_round(PAGE_MAX).await.unwrap().sealing);
    assert_eq!((epoch_of(&first), epoch_of(&second)), (1, 2));
    let records = stage.hos.epochs(&LogName::Deployment).await.unwrap();
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((record.number, record.log()), (2, LogName::Deployment));
    assert!(record.tenant.is_world());
    stage.hos.prove_consistency(&LogName::Deployment, &first, &second).await.unwrap();
    let id = stage.log().await.last().unwrap().id;
    let bundle = stage.hos.export(&world(), &firm(), &Export::entries([id])).await;
    let bundle = bundle.unwrap().unwrap();
    assert_eq!(judged(&bundle, Some(&second.note)).exit(), Exit::Verified);
    // The entry is in the log of the world: whoever holds the lost checkpoint asks for that.
    assert_eq!(judged(&bundle, Some(&lost)).exit(), Exit::Unanchored);
    let opened = Export::entries([record.entry]);
    sealer.seal_pending(PAGE_MAX).await.unwrap();
    sealer.anchor_round(PAGE_MAX).await.unwrap();
    let bundle = stage.hos.export(&world(), &record.tenant, &opened).await.unwrap().unwrap();
    let verdict = judged(&bundle, Some(&lost));
    assert_eq!(verdict.exit(), Exit::Incomplete, "{verdict}");
}

async fn epoch_survives_a_restart(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let lost = stage.lost(&keeper, 9).await;
    stage.opened(&lost, "e").await;
    let stage = stage.restart().await;
    let sealer = stage.sealer(&keeper);
    assert_eq!(epoch_of(&stage.sealed(&sealer).await), 2);
    let stage = stage.restart().await;
    stage.order("o").await;
    assert_eq!(epoch_of(&stage.sealed(&stage.sealer(&keeper)).await), 2);
}

async fn key_is_announced_in_the_log_of_a_world(stage: Stage) {
    let next = key(9).verifier_key();
    let announcement = |actor: &hos_core::actor::Actor, key: &str| {
        KeyAnnouncement::new(actor, &world(), &next).key(key)
    };
    for actor in [owner(), clerk()] {
        assert_eq!(code(stage.hos.announce_key(&announcement(&actor, "k")).await), "denied");
    }
    let other = SigningKey::from_seed("other.example", &[7; 32]).unwrap().verifier_key();
    let other = KeyAnnouncement::new(&root(), &world(), &other).key("k");
    assert_eq!(code(stage.hos.announce_key(&other).await), "invalid_input");
    let receipt = stage.hos.announce_key(&announcement(&root(), "k")).await.unwrap();
    let again = stage.hos.announce_key(&announcement(&root(), "k")).await.unwrap();
    assert_eq!((again.proof_id, again.replayed), (receipt.proof_id, true));
    let log = crate::stage::log_of(&stage.hos, &world(), &hos_core::id::Tenant::world()).await;
    let entry = log.iter().find(|entry| entry.id == receipt.proof_id).expect("an entry");
    let leaf = leaf(entry);
    assert_eq!(leaf["typ"].as_str(), Some("key/1"));
    assert_eq!(leaf["key"].as_str(), Some(next.to_string().as_str()));
}
