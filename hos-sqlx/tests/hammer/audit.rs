//! What holds once every process is dead.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use hos_archive::{DirectoryTarget, Expectation, FindingKind, Shelf, Surveyed, verify_archive};
use hos_core::checkpoint::Checkpoint as Signed;
use hos_core::hos::Hos;
use hos_core::id::{Tenant, World};
use hos_core::laws::Proofs as _;
use hos_core::merkle::{Frontier, Hash, leaf_hash};
use hos_core::note::SignedNote;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::{Checkpoint, LogName};
use hos_core::store::{Backend, Survey};
use hos_core::subject::Subject;
use hos_core::vault::Vault;
use hos_verify::verdict::Exit;

use crate::fuse::Fuse;
use crate::house::House;
use crate::worker::Told;
use crate::{ARCHIVE, archiving, erasing, hos, job, policy, sealer, tenant};

/// How much was looked at.
#[derive(Debug, Default)]
pub(crate) struct Audited {
    logs: usize,
    entries: u64,
    checkpoints: usize,
    anchors: u64,
    segments: usize,
    /// What persons said, and how much of it was erased.
    notes: u64,
    erased: u64,
    /// Sealed parts that were opened and compared.
    opened: u64,
    /// Keys that were left to be destroyed, in all rounds.
    left: u64,
}

pub(crate) async fn audit(
    url: &str,
    keeper: &Path,
    tenants: u64,
    told: &Told,
    before: &Audited,
) -> Audited {
    let house = House::open(url).await;
    let place = keeper.with_file_name(ARCHIVE);
    let vault = erasing::vault(url, keeper, &Fuse::none()).await;
    let hos = hos(&house, &place, Arc::clone(&vault)).await;
    while hos.sequence_pending(PAGE_MAX).await.unwrap() > 0 {}
    let sealer = sealer(&hos, keeper, &Fuse::none());
    loop {
        let report = sealer.seal_pending(PAGE_MAX).await.unwrap();
        assert!(report.refused.is_empty(), "{report:?}");
        if report.tried() == 0 {
            break;
        }
    }
    sealer.anchor_round(PAGE_MAX).await.unwrap();
    let mut audited = Audited { left: before.left, ..Audited::default() };
    audited.left += erasing::repeat(&hos, tenants).await;
    for number in 0..tenants {
        audited.tenant(&hos, number, told).await;
        audited.archive(&hos, &place, number).await;
    }
    audited.opened = require_sound(&house, &place, vault, &hos).await;
    audited.deployment(&hos, tenants).await;
    house.close().await;
    audited
}

impl Audited {
    async fn tenant(&mut self, hos: &Hos, number: u64, told: &Told) {
        let (world, tenant) = (World::new(job::WORLD).unwrap(), tenant(number));
        let mut log = Log::default();
        log.read(hos, &world, &tenant).await;
        let missing = told.committed.get(&number).into_iter().flatten();
        let missing: Vec<_> = missing.filter(|id| !log.ids.contains(*id)).collect();
        assert!(missing.is_empty(), "{tenant}: committed, and not in the log: {missing:?}");
        let revived = told.rolled_back.get(&number).into_iter().flatten();
        let revived: Vec<_> = revived.filter(|id| log.ids.contains(*id)).collect();
        assert!(revived.is_empty(), "{tenant}: rolled back, and in the log: {revived:?}");
        for (subject, revision) in &log.revisions {
            let (_, id) = subject.split_once(':').unwrap();
            let subject = Subject::new(job::WORLD, tenant.as_str(), "job", id).unwrap();
            let held = hos.situation(&subject).await.unwrap().unwrap().snapshot.revision;
            assert_eq!(held, *revision, "{tenant} {subject}: the state is what the log says");
        }
        let head = hos.head(&world, &tenant).await.unwrap();
        assert_eq!((head.size, head.root), (log.size(), log.root_at(log.size())));
        self.entries += head.size;
        let (notes, erased) = log.notes.check();
        (self.notes, self.erased) = (self.notes + notes, self.erased + erased);
        self.log(hos, &LogName::of(&world, &tenant), &log.hashes).await;
    }

    /// What was broken off ends, and the files verify from the first entry to the last archived.
    async fn archive(&mut self, hos: &Hos, place: &Path, number: u64) {
        let (world, tenant) = (World::new(job::WORLD).unwrap(), tenant(number));
        let before = hos.head(&world, &tenant).await.unwrap();
        archiving::archivist(hos, place).tidy(&world, &tenant).await.unwrap();
        assert_eq!(hos.head(&world, &tenant).await.unwrap(), before);
        let segments = hos.segments(&world, &tenant, 0, PAGE_MAX).await.unwrap();
        let origin = hos.origin(&LogName::of(&world, &tenant));
        let source = DirectoryTarget::new(place).source(&origin);
        let listed = segments.iter().map(|own| (own.first, own.end, own.manifest));
        let expectation = Expectation {
            origin,
            now: hos.now(),
            policy: Some(policy()),
            known: None,
            known_epoch: 1,
            segments: listed.collect(),
        };
        if !segments.is_empty() {
            let report = verify_archive(&source, &expectation);
            // The entry of an erasure may be younger than what is archived: the database, which is
            // checked whole below, has it.
            let is_elsewhere =
                report.findings.iter().all(|found| found.kind == FindingKind::UnprovenErasure);
            let exit = if report.findings.is_empty() { Exit::Verified } else { Exit::Incomplete };
            assert!(is_elsewhere, "{tenant}: {report:?}");
            assert_eq!(report.verdict().exit(), exit, "{tenant}: {report:?}");
        }
        self.segments += segments.len();
    }

    async fn deployment(&mut self, hos: &Hos, tenants: u64) {
        let mut anchors = Vec::new();
        loop {
            let from = u64::try_from(anchors.len()).unwrap();
            let page = hos.store().seals().anchors(from, PAGE_MAX).await.unwrap();
            if page.is_empty() {
                break;
            }
            anchors.extend(page);
        }
        let mut anchored = BTreeMap::new();
        for (index, anchor) in (0..).zip(&anchors) {
            assert_eq!(anchor.index, index, "the deployment's log has no gap");
            assert_eq!(anchor.leaf_hash, leaf_hash(anchor.note.as_bytes()));
            let before = anchored.insert(anchor.log.clone(), anchor.size);
            assert!(before < Some(anchor.size), "{:?}: each later than the one before", anchor.log);
        }
        for number in 0..tenants {
            let log = LogName::of(&World::new(job::WORLD).unwrap(), &tenant(number));
            let last = hos.store().seals().state(&log).await.unwrap().sealed.unwrap();
            assert_eq!(anchored.get(&log), Some(&last.size), "{log}: the last one is anchored");
        }
        self.anchors = u64::try_from(anchors.len()).unwrap();
        let hashes: Vec<Hash> = anchors.iter().map(|anchor| anchor.leaf_hash).collect();
        self.log(hos, &LogName::Deployment, &hashes).await;
    }

    /// Every checkpoint is over the first entries, and consistent with the next one.
    async fn log(&mut self, hos: &Hos, log: &LogName, hashes: &[Hash]) {
        let mut checkpoints: Vec<Checkpoint> = Vec::new();
        loop {
            let from = checkpoints.last().map_or(0, |last| last.size + 1);
            let page = hos.checkpoints(log, from, PAGE_MAX).await.unwrap();
            if page.is_empty() {
                break;
            }
            checkpoints.extend(page);
        }
        let mut frontier = Frontier::new();
        let mut unread = hashes.iter();
        for checkpoint in &checkpoints {
            while frontier.size() < checkpoint.size {
                frontier.push(*unread.next().expect("as many entries as were sealed")).unwrap();
            }
            let note = SignedNote::parse(checkpoint.note.as_bytes()).unwrap();
            let signed = Signed::parse(note.text()).unwrap();
            assert_eq!(
                (signed.size(), *signed.root()),
                (checkpoint.size, frontier.root()),
                "{log}"
            );
        }
        for pair in checkpoints.windows(2) {
            hos.prove_consistency(log, &pair[0], &pair[1]).await.unwrap();
        }
        let size = u64::try_from(hashes.len()).unwrap();
        assert_eq!(checkpoints.last().map(|last| last.size), Some(size), "{log}: all is sealed");
        self.logs += 1;
        self.checkpoints += checkpoints.len();
    }
}

/// The logs, the archive included, rebuild what is kept, and what is sealed is what it was; answers
/// how much of it was opened.
async fn require_sound(house: &House, place: &Path, vault: Arc<dyn Vault>, hos: &Hos) -> u64 {
    let (survey, backend): (Arc<dyn Survey>, Arc<dyn Backend>) = match house {
        House::Sqlite(store) => (Arc::new(store.clone()), Arc::new(store.clone())),
        House::Postgres(store) => (Arc::new(store.clone()), Arc::new(store.clone())),
        House::MariaDb(store) => (Arc::new(store.clone()), Arc::new(store.clone())),
    };
    let shelf = Shelf::new(DirectoryTarget::new(place));
    let whole = Surveyed::new(survey, backend, Some(shelf));
    let options = hos_fsck::Options::default().vault(vault, erasing::master(), hos);
    let report = hos_fsck::fsck(&whole, &options, &|_| {}).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    report.opened
}

/// A log as it is read from its first entry to its last.
#[derive(Default)]
struct Log {
    ids: BTreeSet<hos_core::time::ProofId>,
    hashes: Vec<Hash>,
    revisions: BTreeMap<String, u64>,
    notes: erasing::Notes,
}

impl Log {
    async fn read(&mut self, hos: &Hos, world: &World, tenant: &Tenant) {
        loop {
            let page = hos.page(world, tenant, self.size(), PAGE_MAX).await.unwrap();
            if page.is_empty() {
                break;
            }
            for entry in page {
                assert_eq!(entry.index, Some(self.size()), "{tenant}: the log has no gap");
                assert_eq!(entry.leaf_hash, leaf_hash(entry.leaf.as_bytes()), "{tenant}");
                assert!(self.ids.insert(entry.id), "{tenant}: an entry is there once");
                self.hashes.push(entry.leaf_hash);
                let leaf: serde_json::Value = serde_json::from_str(&entry.leaf).unwrap();
                self.notes.add(&entry, &leaf);
                let (Some(subject), Some(revision)) =
                    (leaf["subject"].as_str(), leaf["revision"].as_u64())
                else {
                    continue;
                };
                let last = self.revisions.insert(subject.to_owned(), revision).unwrap_or(0);
                assert_eq!(revision, last + 1, "{tenant} {subject}: in its order, without a gap");
            }
        }
    }

    fn size(&self) -> u64 {
        u64::try_from(self.hashes.len()).unwrap()
    }

    fn root_at(&self, size: u64) -> Hash {
        let size = usize::try_from(size).unwrap();
        hos_core::merkle::root_of(self.hashes[..size].iter().copied())
    }
}
