//! What is read across the cut, with the archive and without it.

use std::sync::Arc;

use hos_archive::{
    Expectation, File, FileName, Manifest, MemoryTarget, Source, directory, verify_archive,
};
use hos_core::command::{Archival, ArchivalChange};
use hos_core::digest::Digest;
use hos_core::error::FaultKind;
use hos_core::hos::{Export, Hos};
use hos_core::laws::{Policy as _, Proofs as _, Query};
use hos_core::merkle::{root_of, verify_consistency, verify_inclusion};
use hos_core::seal::ProofState;
use hos_core::store::Archived;
use hos_core::time::ProofId;
use hos_verify::policy::Policy;
use hos_verify::verdict::Exit;

use super::{aged, archived, archivist, kept, with_archive};
use crate::cases::about;
use crate::sealing;
use crate::stage::{
    NEIGHBOUR, Stage, act, code, firm, log_of, owner, root, subject, tenant, world,
};

pub(super) async fn archive_is_read_in_place(stage: Stage) {
    aged(&stage).await;
    let target = MemoryTarget::new();
    let before = stage.log().await;
    archived(&stage, &target).await;
    let hos = with_archive(&stage, &target).await;
    for entry in before.iter().step_by(7).chain(before.last()) {
        let found = hos.find(&world(), &firm(), entry.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(entry));
    }
    for (from, limit) in [(0, 1_000), (3, 300), (250, 3), (255, 2), (256, 5), (100, 0)] {
        let page = hos.page(&world(), &firm(), from, limit).await.unwrap();
        let from = usize::try_from(from).unwrap();
        let most = usize::try_from(limit).unwrap();
        let expected: Vec<_> = before.iter().skip(from).take(most).cloned().collect();
        assert_eq!(page[..expected.len()], expected, "{from} {limit}");
    }
    let unknown = [ProofId::from_bytes([0x5a; 16]), near(before[20].id)];
    for id in unknown {
        assert_eq!(hos.find(&world(), &firm(), id).await.unwrap(), None);
    }
}

/// A number that the segment may hold, and does not.
fn near(id: ProofId) -> ProofId {
    let mut bytes = *id.as_bytes();
    bytes[15] ^= 1;
    ProofId::from_bytes(bytes)
}

pub(super) async fn archive_is_proved_across_the_cut(stage: Stage) {
    aged(&stage).await;
    let target = MemoryTarget::new();
    let name = sealing::log_of(&firm());
    let early = stage.hos.checkpoints(&name, 0, 1).await.unwrap().remove(0);
    let before = stage.hos.head(&world(), &firm()).await.unwrap();
    archived(&stage, &target).await;
    let late = stage.sealed(&stage.sealer(&Arc::default())).await;
    let hos = with_archive(&stage, &target).await;
    let log = log_of(&hos, &world(), &firm()).await;
    let head = hos.head(&world(), &firm()).await.unwrap();
    assert_eq!(head.root, root_of(log.iter().map(|entry| entry.leaf_hash)));
    let indexes = [0, 1, 255, 256, head.size - 1];
    let proofs = hos.prove_inclusions(&name, &late, &indexes).await.unwrap();
    for (index, proof) in indexes.into_iter().zip(proofs) {
        let hash = log[usize::try_from(index).unwrap()].leaf_hash;
        verify_inclusion(&head.root, head.size, index, &hash, &proof).unwrap();
    }
    let proof = hos.prove_consistency(&name, &early, &late).await.unwrap();
    verify_consistency(before.size, &before.root, head.size, &head.root, &proof).unwrap();
}

pub(super) async fn archive_is_proved_under_checkpoints_of_before(stage: Stage) {
    let keeper = Arc::default();
    stage.order("first").await;
    let early = stage.sealed(&stage.sealer(&keeper)).await;
    aged(&stage).await;
    let target = MemoryTarget::new();
    let before = stage.log().await;
    archived(&stage, &target).await;
    // Sealing goes on, with a keeper whose last note ends within what is archived.
    let late = stage.sealed(&stage.sealer(&keeper)).await;
    assert!(early.size < 256 && late.size > 256);
    let log = sealing::log_of(&firm());
    stage.hos.prove_consistency(&log, &early, &late).await.unwrap();
    let hos = with_archive(&stage, &target).await;
    for entry in before.iter().step_by(40) {
        let proven = hos.prove(&world(), &firm(), entry.id).await.unwrap().unwrap();
        assert_eq!((&proven.entry, proven.checkpoint.size), (entry, late.size));
        let state = hos.proof_state(&world(), &firm(), entry.id).await.unwrap();
        assert_eq!(state, Some(ProofState::Sealed));
    }
    let order = subject("order", "o-0");
    let life = Export::subject(&order).disclose_all().since(early.size);
    for export in [Export::entries([before[20].id]), Export::range(200, 270), life] {
        assert!(hos.export(&world(), &firm(), &export).await.unwrap().is_some(), "{export:?}");
    }
    let fault = stage.hos.export(&world(), &firm(), &Export::range(200, 270)).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Archived);
}

pub(super) async fn archive_tells_of_itself_where_it_is_not_given(stage: Stage) {
    aged(&stage).await;
    let order = subject("order", "o-0");
    let before = stage.log().await;
    let written = archived(&stage, &MemoryTarget::new()).await;
    let late = stage.sealed(&stage.sealer(&Arc::default())).await;
    let head = stage.hos.head(&world(), &firm()).await.unwrap();
    let hos = &stage.hos;
    let answers = [
        hos.page(&world(), &firm(), 0, 10).await.unwrap_err(),
        hos.page(&world(), &firm(), 255, 1_000).await.unwrap_err(),
        hos.find(&world(), &firm(), before[17].id).await.unwrap_err(),
        hos.history(&order, 0, 10).await.unwrap_err(),
    ];
    for fault in answers {
        assert_eq!(fault.kind(), FaultKind::Archived, "{fault}");
        let archived = Archived::of(&fault).expect("it says which");
        assert_eq!((archived.entry, archived.first, archived.end), (written.entry, 0, 256));
    }
    // What was never archived is answered as ever, and proved: the hashes are in the tiles.
    let name = sealing::log_of(&firm());
    let proofs = hos.prove_inclusions(&name, &late, &[17, 256]).await.unwrap();
    for (index, proof) in [17_usize, 256].into_iter().zip(proofs) {
        let (at, hash) = (u64::try_from(index).unwrap(), before[index].leaf_hash);
        verify_inclusion(&head.root, head.size, at, &hash, &proof).unwrap();
    }
    let page = hos.page(&world(), &firm(), 256, 1_000).await.unwrap();
    assert_eq!(page, kept(&stage, &firm()).await);
    let last = before.last().unwrap();
    assert_eq!(hos.find(&world(), &firm(), last.id).await.unwrap().as_ref(), Some(last));
    let unknown = ProofId::from_bytes([0x5a; 16]);
    assert_eq!(hos.find(&world(), &firm(), unknown).await.unwrap(), None);
    let (_, revision) = stage.at(&order).await;
    assert_eq!(hos.history(&order, revision - 1, 10).await.unwrap().len(), 1);
    assert_eq!(hos.history(&order, revision, 10).await.unwrap(), []);
}

pub(super) async fn archive_tells_histories_whole(stage: Stage) {
    let orders = aged(&stage).await;
    let target = MemoryTarget::new();
    let mut before = Vec::new();
    for order in &orders {
        before.push(stage.hos.history(order, 0, 1_000).await.unwrap());
    }
    let told = about::all(&stage.hos, &orders[0], 1_000).await;
    archived(&stage, &target).await;
    let hos = with_archive(&stage, &target).await;
    assert_eq!(about::all(&hos, &orders[0], 10).await, told, "everything about it, too");
    for (order, before) in orders.iter().zip(&before) {
        assert_eq!(hos.history(order, 0, 1_000).await.unwrap(), *before, "{order}");
        assert_eq!(hos.history(order, 2, 5).await.unwrap(), before[2..7], "{order}");
        let last = u64::try_from(before.len()).unwrap() - 2;
        let rest = hos.history(order, last, 1_000).await.unwrap();
        assert_eq!(rest, before[before.len() - 2..], "{order}");
    }
    assert_eq!(hos.history(&subject("order", "nobody"), 0, 10).await.unwrap(), []);
}

pub(super) async fn archive_never_finds_an_entry_next_door(stage: Stage) {
    aged(&stage).await;
    let target = MemoryTarget::new();
    let before = stage.log().await;
    archived(&stage, &target).await;
    let hos = with_archive(&stage, &target).await;
    for entry in before.iter().step_by(50) {
        let next = hos.find(&world(), &tenant(NEIGHBOUR), entry.id).await.unwrap();
        assert_eq!(next, None);
        let next = stage.hos.find(&world(), &tenant(NEIGHBOUR), entry.id).await.unwrap();
        assert_eq!(next, None, "nor that it is archived");
    }
    let theirs = log_of(&hos, &world(), &tenant(NEIGHBOUR)).await;
    assert!(theirs.iter().all(|entry| !before.contains(entry)));
}

pub(super) async fn archive_that_is_damaged_is_a_fault(stage: Stage) {
    aged(&stage).await;
    let target = MemoryTarget::new();
    let before = stage.log().await;
    archived(&stage, &target).await;
    let whole = copy(&target);
    for at in 0..whole.len() {
        target.tamper(|files| {
            let bytes = files.values_mut().nth(at).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        });
        let hos = with_archive(&stage, &target).await;
        let answers = [
            hos.find(&world(), &firm(), before[20].id)
                .await
                .map(|found| found.into_iter().collect()),
            hos.page(&world(), &firm(), 0, 256).await,
            hos.history(&subject("order", "o-0"), 0, 1_000).await,
        ];
        for answer in answers {
            match answer {
                Ok(entries) => assert!(entries.iter().all(|entry| before.contains(entry))),
                Err(fault) => assert_eq!(fault.kind(), FaultKind::Corrupt, "{fault}"),
            }
        }
        target.tamper(|files| *files = whole.iter().cloned().collect());
    }
    target.tamper(std::collections::BTreeMap::clear);
    let hos = with_archive(&stage, &target).await;
    let fault = hos.page(&world(), &firm(), 0, 256).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Corrupt, "{fault}");
}

fn copy(target: &MemoryTarget) -> Vec<((String, FileName), Vec<u8>)> {
    let mut whole = Vec::new();
    target.tamper(|files| whole = files.clone().into_iter().collect());
    whole
}

pub(super) async fn archive_comes_back_and_goes_again(stage: Stage) {
    let orders = aged(&stage).await;
    let target = MemoryTarget::new();
    let before = stage.log().await;
    let first = archived(&stage, &target).await;
    let archivist = archivist(&stage, &target);
    let record = archivist.restore(&world(), &firm(), 17).await.unwrap();
    assert_eq!((record.first, record.end, record.turn), (0, 256, 1));
    assert_eq!(archivist.restore(&world(), &firm(), 17).await.unwrap(), record, "once");
    // Without the archive, as it ever was.
    assert_eq!(stage.log().await[..before.len()], before);
    let history = stage.hos.history(&orders[0], 0, 1_000).await.unwrap();
    assert!(history.iter().all(|entry| before.contains(entry)) && history.len() > 10);
    let found = stage.hos.find(&world(), &firm(), record.entry).await.unwrap().unwrap();
    let leaf = crate::stage::leaf(&found);
    assert_eq!((&leaf["typ"], &leaf["ref"]["why"]), (&"restore/1".into(), &"restore".into()));
    assert_eq!(leaf["ref"]["id"], first.entry.to_string());
    // Nothing of it is let go of, and nothing is due before it.
    assert_eq!(stage.backend().release(&world(), &firm(), 0, 100).await.unwrap(), 0);
    assert_eq!(archivist.archive(&world(), &firm()).await.unwrap(), None);
    let stale =
        ArchivalChange::Restore { record: hos_core::proof::SegmentRecord { turn: 0, ..record } };
    let stale = Archival::new(&root(), &world(), &firm(), stale).key("stale");
    assert_eq!(code(stage.hos.archive(&stale).await), "conflict");
    // And away again.
    let again = archivist.archive_again(&world(), &firm(), 17).await.unwrap().unwrap();
    assert_eq!((again.released, again.files.leaves), (256, first.files.leaves));
    assert_eq!(archivist.archive_again(&world(), &firm(), 17).await.unwrap(), None);
    assert_eq!(kept(&stage, &firm()).await.first().unwrap().index, Some(256));
    let hos = with_archive(&stage, &target).await;
    assert_eq!(log_of(&hos, &world(), &firm()).await[..before.len()], before);
    let young = archivist.restore(&world(), &firm(), 300).await;
    assert_eq!(code(young), "not_found");
}

/// The files of an archive, by themselves.
pub(super) fn files(target: &MemoryTarget) -> Files {
    Files(copy(target))
}

pub(super) struct Files(Vec<((String, FileName), Vec<u8>)>);

impl Files {
    /// With another manifest in the place of the one of its segment.
    pub(super) fn with_manifest(mut self, manifest: &[u8]) -> Self {
        let range = Manifest::parse(manifest).unwrap().range();
        for ((_, name), bytes) in &mut self.0 {
            if name.file == File::Manifest && (name.first, name.end) == range {
                *name = FileName::new(range, &Digest::of(manifest), File::Manifest);
                *bytes = manifest.to_vec();
            }
        }
        self
    }
}

impl Source for Files {
    fn list(&self) -> std::io::Result<Vec<FileName>> {
        Ok(self.0.iter().map(|((_, name), _)| *name).collect())
    }

    fn read(&self, name: FileName, from: u64, length: usize) -> std::io::Result<Option<Vec<u8>>> {
        let file = self.0.iter().find(|((_, own), _)| *own == name);
        let from = usize::try_from(from).unwrap();
        Ok(file.map(|(_, bytes)| bytes.iter().skip(from).take(length).copied().collect()))
    }
}

pub(super) async fn archive_verifies_from_its_files_alone(stage: Stage) {
    aged(&stage).await;
    let target = MemoryTarget::new();
    let written = archived(&stage, &target).await;
    let origin = stage.hos.origin(&sealing::log_of(&firm()));
    let policy = format!("log {}\nquorum none\n", sealing::key(7).verifier_key());
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let files = copy(&target);
    assert!(files.iter().all(|((place, _), _)| *place == directory(&origin)));
    let expectation = Expectation {
        origin,
        now: stage.hos.now(),
        policy: Some(policy),
        known: None,
        known_epoch: 1,
        segments: vec![(0, 256, written.files.manifest)],
    };
    let files = Files(files);
    let report = verify_archive(&files, &expectation);
    assert_eq!((report.verdict().exit(), report.findings.len()), (Exit::Verified, 0), "{report:?}");
    assert_eq!((report.segments, report.entries, report.size), (1, 256, 256));
    let elsewhere =
        Expectation { origin: "suite.example/w/suite/t/firm-2/main".into(), ..expectation };
    assert_eq!(verify_archive(&files, &elsewhere).verdict().exit(), Exit::Invalid);
}

pub(super) async fn archive_leaves_subjects_and_messages_as_they_are(stage: Stage) {
    let ended = stage.cancelled("ended").await;
    let orders = aged(&stage).await;
    let outbox = stage.outbox().await;
    let target = MemoryTarget::new();
    archived(&stage, &target).await;
    assert_eq!(stage.outbox().await, outbox, "messages name archived entries, and wait");
    let hos = with_archive(&stage, &target).await;
    let first = outbox.first().expect("a message");
    let entry = hos.find(&world(), &firm(), first.entry).await.unwrap();
    assert!(entry.is_some(), "whoever gets the message finds its proof");
    assert_eq!(stage.at(&ended).await.0, "cancelled");
    assert_eq!(code(stage.send(&act(&owner(), &ended, "pay", "k")).await), "terminal_state");
    let (_, revision) = stage.at(&orders[5]).await;
    stage.moved(&act(&owner(), &orders[5], "pay", "pay")).await;
    assert_eq!(stage.at(&orders[5]).await, ("paid".to_owned(), revision + 1));
    let query = Query::new(&owner(), "order.read", &orders[5]);
    assert!(stage.hos.can(&query).await.unwrap().permits());
}

pub(super) async fn archive_survives_a_restart(stage: Stage) {
    aged(&stage).await;
    let target = MemoryTarget::new();
    let before = stage.log().await;
    archived(&stage, &target).await;
    let stage = stage.restart().await;
    let hos: Hos = with_archive(&stage, &target).await;
    assert_eq!(log_of(&hos, &world(), &firm()).await[..before.len()], before);
    assert_eq!(stage.hos.segments(&world(), &firm(), 0, 10).await.unwrap().len(), 1);
}
