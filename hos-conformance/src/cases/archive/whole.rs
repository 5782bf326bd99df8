//! What is archived is checked, opened and erased as what is not.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hos_archive::{
    ArchiveTarget, ArchiveWriter, Archivist, FileName, MemoryTarget, Shelf, Surveyed,
};
use hos_core::command::{Erasure, Hold};
use hos_core::error::{Error, Fault, FaultKind, Refusal};
use hos_core::hos::{ErasureWalk, Hos};
use hos_core::id::ActorId;
use hos_core::laws::Proofs as _;
use hos_core::proof::{PAGE_MAX, SEGMENT_AGE, Withholding};
use hos_core::store::{Archived, EntryRow, Survey as _};
use hos_core::time::ProofId;

use super::{aged, archived, archivist, filled, kept, seal, with_archive};
use crate::forward::Shared;
use crate::law::law;
use crate::stage::{NEIGHBOUR, Stage, code, firm, owner, root, tenant, world};
use crate::vaulted::{erase, find, master, say, told};

pub(super) async fn archive_is_seen_whole_by_whoever_checks(stage: Stage) {
    aged(&stage).await;
    let before = stage.log().await;
    let target = MemoryTarget::new();
    let written = archived(&stage, &target).await;
    stage.settle().await;
    let Some(survey) = stage.ground.survey() else { return };
    let seen = |shelf| Surveyed::new(Arc::clone(&survey), stage.backend(), shelf);
    let whole = seen(Some(Shelf::new(target)));
    let mut picture = whole.picture().await.unwrap();
    let mut log = Vec::new();
    loop {
        let from = u64::try_from(log.len()).unwrap();
        let page = picture.entries(&world(), &firm(), from, 100).await.unwrap();
        assert!(page.len() <= 100);
        if page.is_empty() {
            break;
        }
        // Kept apart by some stores, and by no archive.
        log.extend(page.into_iter().map(|row| EntryRow { recorded_hash: None, ..row }));
    }
    let before: Vec<EntryRow> = before.into_iter().map(EntryRow::from).collect();
    assert_eq!(log[..before.len()], before);
    let subjects = picture.subjects(&world(), &firm(), None, PAGE_MAX).await.unwrap();
    assert!(!subjects.is_empty() && subjects.iter().all(|subject| subject.leaf.is_some()));
    drop(picture);
    let fault = seen(None).picture().await.unwrap().entries(&world(), &firm(), 0, 100).await;
    let fault = fault.unwrap_err();
    assert_eq!(Archived::of(&fault).map(|archived| archived.entry), Some(written.entry));
}

pub(super) async fn archive_is_never_overtaken_by_an_erasure(stage: Stage) {
    let hos = stage.vaulted().await;
    let secret = say(&hos, &owner(), "a secret").await;
    filled(&stage, 300).await;
    stage.advance(SEGMENT_AGE.as_secs() + 1);
    seal(&stage).await;
    let target = MemoryTarget::new();
    let archivist = Archivist::new(&hos, target.clone(), &root());
    let draft = archivist.write(&world(), &firm()).await.unwrap().unwrap();
    let parts = [(secret, "payload".to_owned())];
    let erasure = Erasure::parts(&root(), &world(), &firm(), parts, "mistake").key("erase");
    hos.erase(&erasure).await.unwrap();
    assert_eq!(code(archivist.record(&world(), &firm(), &draft).await), "conflict");
    assert_eq!(stage.hos.segments(&world(), &firm(), 0, 9).await.unwrap(), []);
    let written = archivist.archive(&world(), &firm()).await.unwrap().unwrap();
    assert_ne!(written.files.parts, draft.files().parts);
    let hos = with_archive(&stage, &target).await;
    let entry = find(&hos, secret).await;
    assert_eq!(entry.parts, [], "it is nowhere any more");
    assert!(matches!(entry.withheld[0].why, Withholding::Erased { .. }), "but who erased it is");
}

/// What somebody said, in an archived entry; by a law with a vault.
async fn told_once(stage: &Stage, target: &MemoryTarget) -> (Hos, ProofId) {
    let vaulted = stage.vaulted().await;
    let secret = say(&vaulted, &owner(), "a secret").await;
    filled(stage, 300).await;
    stage.advance(SEGMENT_AGE.as_secs() + 1);
    seal(stage).await;
    let archivist = Archivist::new(&vaulted, target.clone(), &root());
    archivist.archive(&world(), &firm()).await.unwrap().unwrap();
    let options = stage.options().vault(stage.ground.vault().await, master());
    let options = options.archive(Shelf::new(target.clone()));
    let hos = Hos::open_with([law()], Shared(stage.backend()), options).await;
    (hos.expect("a law opens"), secret)
}

pub(super) async fn archive_keeps_sealed_parts_sealed(stage: Stage) {
    let target = MemoryTarget::new();
    let (hos, secret) = told_once(&stage, &target).await;
    assert_eq!(told(&hos, secret).await.as_deref(), Some("{\"said\":\"a secret\"}"));
    let keyless = with_archive(&stage, &target).await;
    let entry = find(&keyless, secret).await;
    assert!(entry.parts.is_empty());
    assert!(matches!(entry.withheld[0].why, Withholding::Sealed(_)), "as it was stored");
    let erased = hos.erase(&erase("owner-1", "erase")).await.unwrap();
    let entry = find(&hos, secret).await;
    match &entry.withheld[0].why {
        Withholding::Erased { entry, .. } => assert_eq!(*entry, erased.proof_id),
        other => panic!("the archive holds what nobody opens: {other:?}"),
    }
    let walked = hos.repeat_erasures(&mut ErasureWalk::new(&world(), &firm())).await.unwrap();
    assert_eq!((walked.keys, walked.unseen), (0, 0));
    // What the archive says that erased is not passed over in silence, now or at the next start.
    let blind = stage.vaulted().await;
    for _ in 0..2 {
        let walked = blind.repeat_new_erasures(&world(), &firm()).await.unwrap();
        assert_eq!(walked.unseen, 256);
    }
    assert_eq!(hos.repeat_new_erasures(&world(), &firm()).await.unwrap().unseen, 0);
    assert_eq!(blind.repeat_new_erasures(&world(), &firm()).await.unwrap().unseen, 0);
}

pub(super) async fn archive_keeps_its_parts_from_single_erasures(stage: Stage) {
    let target = MemoryTarget::new();
    let (hos, secret) = told_once(&stage, &target).await;
    let parts = [(secret, "payload".to_owned())];
    let erasure =
        |key| Erasure::parts(&root(), &world(), &firm(), parts.clone(), "mistake").key(key);
    let size = stage.size().await;
    for hos in [&hos, &stage.hos] {
        let refused = hos.erase(&erasure("early")).await.unwrap_err();
        assert_eq!(refused.fault().map(|fault| fault.kind()), Some(FaultKind::Archived));
    }
    assert_eq!(stage.size().await, size, "nothing is said to be erased that is not");
    let archivist = Archivist::new(&hos, target, &root());
    archivist.restore(&world(), &firm(), 0).await.unwrap();
    hos.erase(&erasure("late")).await.unwrap();
    archivist.archive_again(&world(), &firm(), 0).await.unwrap().unwrap();
    let entry = find(&hos, secret).await;
    assert_eq!(entry.parts, [], "nor is it in the files");
    assert!(matches!(entry.withheld[0].why, Withholding::Erased { .. }), "but who erased it is");
}

/// Somebody of the firm is held, or is not any more.
async fn hold(hos: &Hos, is_held: bool, key: &str) {
    let person = ActorId::new("owner-1").unwrap();
    let say = if is_held { Hold::place } else { Hold::lift };
    let hold = say(&root(), &world(), &firm(), &person, "case_17").key(key);
    hos.hold(&hold).await.unwrap();
}

fn kind<T: std::fmt::Debug>(answer: Result<T, Error>) -> FaultKind {
    answer.unwrap_err().fault().expect("a fault").kind()
}

pub(super) async fn archive_of_a_held_tenant_is_refused(stage: Stage) {
    aged(&stage).await;
    let hos = stage.vaulted().await;
    let target = MemoryTarget::new();
    let archivist = Archivist::new(&hos, target.clone(), &root());
    hold(&hos, true, "hold").await;
    let before = stage.log().await;
    match archivist.archive(&world(), &firm()).await {
        Err(Error::Refused(Refusal::Held(matter))) => assert_eq!(matter, "case_17"),
        other => panic!("held: {other:?}"),
    }
    assert_eq!(stage.log().await, before);
    let nobody = archivist.archive(&world(), &tenant(NEIGHBOUR)).await.unwrap();
    assert_eq!(nobody, None, "nobody is held next door");
    hold(&hos, false, "lift").await;
    assert!(archivist.archive(&world(), &firm()).await.unwrap().is_some());
}

pub(super) async fn archive_is_never_overtaken_by_a_hold(stage: Stage) {
    aged(&stage).await;
    let hos = stage.vaulted().await;
    let archivist = Archivist::new(&hos, MemoryTarget::new(), &root());
    let draft = archivist.write(&world(), &firm()).await.unwrap().unwrap();
    hold(&hos, true, "hold").await;
    assert_eq!(code(archivist.record(&world(), &firm(), &draft).await), "held");
    hold(&hos, false, "lift").await;
    // Whoever has not seen the hold is told by the generation that its entry raised.
    assert_eq!(code(archivist.record(&world(), &firm(), &draft).await), "conflict");
    let draft = archivist.write(&world(), &firm()).await.unwrap().unwrap();
    let record = archivist.record(&world(), &firm(), &draft).await.unwrap();
    hold(&hos, true, "again").await;
    let rows = kept(&stage, &firm()).await.len();
    assert_eq!(code(archivist.release(&world(), &firm(), &record).await), "held");
    assert_eq!(kept(&stage, &firm()).await.len(), rows, "no row goes while somebody is held");
}

pub(super) async fn archive_of_sealed_parts_needs_the_vault(stage: Stage) {
    let hos = stage.vaulted().await;
    say(&hos, &owner(), "a secret").await;
    aged(&stage).await;
    let blind = archivist(&stage, &MemoryTarget::new());
    assert_eq!(kind(blind.archive(&world(), &firm()).await), FaultKind::Unsupported);
    assert_eq!(stage.hos.segments(&world(), &firm(), 0, 9).await.unwrap(), []);
    let target = MemoryTarget::new();
    let seeing = Archivist::new(&hos, target.clone(), &root());
    let draft = seeing.write(&world(), &firm()).await.unwrap().unwrap();
    let record = seeing.record(&world(), &firm(), &draft).await.unwrap();
    // Whoever was to let the rows go was broken off, and somebody may be held by now.
    let rows = kept(&stage, &firm()).await.len();
    let blind = archivist(&stage, &target);
    let released = blind.release(&world(), &firm(), &record).await;
    assert_eq!(kind(released), FaultKind::Unsupported);
    assert_eq!(kept(&stage, &firm()).await.len(), rows);
    assert_eq!(seeing.release(&world(), &firm(), &record).await.unwrap(), 256);
}

/// Somebody tidies with what was read of a segment before it was restored, while another takes it
/// away again.
pub(super) async fn archive_taken_away_again_is_not_swept_by_who_saw_it_before(stage: Stage) {
    aged(&stage).await;
    let target = MemoryTarget::new();
    archived(&stage, &target).await;
    let stale = stage.hos.segments(&world(), &firm(), 0, 1).await.unwrap().remove(0);
    let tidier = archivist(&stage, &target);
    tidier.restore(&world(), &firm(), 0).await.unwrap();
    let sweeps = async move { tidier.release(&world(), &firm(), &stale).await.map(drop) };
    let then = Mutex::new(Some(Box::pin(sweeps) as Then));
    let other = Archivist::new(&stage.hos, Between { target: target.clone(), then }, &root());
    assert!(other.archive_again(&world(), &firm(), 0).await.unwrap().is_some());
    let hos = with_archive(&stage, &target).await;
    assert_eq!(hos.page(&world(), &firm(), 0, 256).await.unwrap().len(), 256);
}

type Then = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// An archive in which something else happens before what was written is read for the first time.
struct Between {
    target: MemoryTarget,
    then: Mutex<Option<Then>>,
}

#[async_trait]
impl ArchiveTarget for Between {
    async fn create(&self, directory: &str) -> Result<Box<dyn ArchiveWriter>, Fault> {
        self.target.create(directory).await
    }

    async fn read(
        &self,
        directory: &str,
        name: FileName,
        from: u64,
        length: usize,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let then = self.then.lock().unwrap().take();
        if let Some(then) = then {
            then.await.expect("what somebody else does");
        }
        self.target.read(directory, name, from, length).await
    }

    async fn list(&self, directory: &str) -> Result<Vec<FileName>, Fault> {
        self.target.list(directory).await
    }

    async fn remove(&self, directory: &str, name: FileName) -> Result<(), Fault> {
        self.target.remove(directory, name).await
    }
}
