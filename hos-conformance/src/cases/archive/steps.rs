//! What archives, in which steps, and what it never does.

use futures_util::future::join;
use hos_archive::{Archivist, MemoryTarget};
use hos_core::command::{Archival, ArchivalChange, StandingChange, StandingCommand};
use hos_core::error::{Fault, FaultKind};
use hos_core::id::Tenant;
use hos_core::laws::{Proofs as _, Registry as _};
use hos_core::proof::{SEGMENT_AGE, SegmentFiles};
use hos_core::standing::WorldStatus;
use hos_core::subject::Subject;

use super::{DAY, aged, archived, archivist, filled, grow, kept, seal, with_archive};
use crate::ground::{Answer, Tampering};
use crate::stage::{
    NEIGHBOUR, Stage, act, ban, code, firm, leaf, log_of, member, owner, root, stranger, tenant,
    user, viewer, world,
};

pub(super) async fn archive_takes_what_is_old_and_leaves_the_rest(stage: Stage) {
    aged(&stage).await;
    let target = MemoryTarget::new();
    let before = stage.log().await;
    let written = archived(&stage, &target).await;
    assert_eq!((written.files.first, written.files.end, written.released), (0, 256, 256));
    let kept = kept(&stage, &firm()).await;
    assert_eq!(kept.first().unwrap().index, Some(256));
    assert_eq!(256 + kept.len(), before.len() + 1, "the entry that says so is one more");
    assert_eq!(kept[..kept.len() - 1], before[256..]);
    let again = archivist(&stage, &target).archive(&world(), &firm()).await;
    assert_eq!(again.unwrap(), None);
}

pub(super) async fn archive_leaves_what_is_young(stage: Stage) {
    filled(&stage, 600).await;
    seal(&stage).await;
    let target = MemoryTarget::new();
    let archivist = archivist(&stage, &target);
    let due = archivist.due(&world(), &firm()).await.unwrap();
    assert_eq!((due.from, due.entries, due.segments), (0, 0, 0));
    assert_eq!(archivist.archive(&world(), &firm()).await.unwrap(), None);
    stage.advance(DAY.as_secs() * 7);
    assert_eq!(archivist.archive(&world(), &firm()).await.unwrap(), None);
    let sooner = archivist.clone().older_than(DAY * 7);
    let due = sooner.due(&world(), &firm()).await.unwrap();
    assert_eq!((due.from, due.entries, due.segments), (0, 512, 1), "whole tiles only");
    let log = stage.log().await;
    assert!(stage.size().await > 600 && log.len() == kept(&stage, &firm()).await.len());
}

pub(super) async fn archive_leaves_what_is_not_sealed(stage: Stage) {
    let orders = filled(&stage, 300).await;
    stage.advance(SEGMENT_AGE.as_secs() + 1);
    let archivist = archivist(&stage, &MemoryTarget::new());
    assert_eq!(archivist.due(&world(), &firm()).await.unwrap().entries, 0);
    assert_eq!(archivist.archive(&world(), &firm()).await.unwrap(), None);
    seal(&stage).await;
    grow(&stage, &orders, 600).await;
    stage.advance(SEGMENT_AGE.as_secs() + 1);
    let due = archivist.due(&world(), &firm()).await.unwrap();
    assert_eq!((due.from, due.entries, due.segments), (0, 256, 1), "as far as it is sealed");
    assert_eq!(archivist.archive(&world(), &firm()).await.unwrap().unwrap().files.end, 256);
    assert_eq!(archivist.archive(&world(), &firm()).await.unwrap(), None);
}

pub(super) async fn archive_is_one_entry_that_names_the_files(stage: Stage) {
    aged(&stage).await;
    let target = MemoryTarget::new();
    let size = stage.size().await;
    let written = archived(&stage, &target).await;
    assert_eq!(stage.size().await, size + 1);
    let entry = stage.hos.find(&world(), &firm(), written.entry).await.unwrap().unwrap();
    let leaf = leaf(&entry);
    assert_eq!((&leaf["typ"], &leaf["action"]), (&"archive/1".into(), &"archive".into()));
    assert_eq!(leaf["actor"]["p"], "root");
    let files = &leaf["archived"];
    assert_eq!((&files["first"], &files["end"]), (&0.into(), &256.into()));
    assert_eq!(files["manifest"], written.files.manifest.to_string());
    assert_eq!(files["leaves"], written.files.leaves.to_string());
    assert_eq!(files["parts"], written.files.parts.to_string());
    assert_eq!((entry.parts.len(), leaf.get("prt")), (0, None), "nothing personal");
    let segments = stage.hos.segments(&world(), &firm(), 0, 10).await.unwrap();
    assert_eq!((segments.len(), segments[0].entry), (1, written.entry));
    assert_eq!((segments[0].turn, segments[0].manifest), (0, written.files.manifest));
}

pub(super) async fn archive_needs_an_ability_of_the_whole_world(stage: Stage) {
    aged(&stage).await;
    let target = MemoryTarget::new();
    let before = stage.log().await;
    for (who, refusal) in
        [(owner(), "denied"), (user("auditor-1"), "not_found"), (stranger(), "not_found")]
    {
        let archivist = Archivist::new(&stage.hos, target.clone(), &who);
        assert_eq!(code(archivist.archive(&world(), &firm()).await), refusal);
    }
    assert_eq!(stage.log().await, before);
    let nowhere = archivist(&stage, &target).archive(&world(), &tenant("firm-9")).await;
    assert_eq!(nowhere.unwrap(), None);
}

pub(super) async fn archive_by_a_banned_actor_is_refused(stage: Stage) {
    aged(&stage).await;
    stage.change_world(member("second", &["super_admin"]), "second").await;
    let ban = StandingCommand::new(&root(), &world(), &Tenant::world(), ban("second"));
    stage.hos.change_standing(&ban.key("ban")).await.unwrap();
    let second = Archivist::new(&stage.hos, MemoryTarget::new(), &user("second"));
    assert_eq!(code(second.archive(&world(), &firm()).await), "banned");
}

pub(super) async fn archive_goes_on_in_a_closed_world(stage: Stage) {
    aged(&stage).await;
    let status = WorldStatus::Closed;
    stage.change_world(StandingChange::SetWorld { status }, "close").await;
    assert_eq!(archived(&stage, &MemoryTarget::new()).await.released, 256);
}

pub(super) async fn archive_stays_in_its_tenant(stage: Stage) {
    aged(&stage).await;
    let next = tenant(NEIGHBOUR);
    let neighbours = log_of(&stage.hos, &world(), &next).await;
    let worlds = log_of(&stage.hos, &world(), &Tenant::world()).await;
    archived(&stage, &MemoryTarget::new()).await;
    assert_eq!(log_of(&stage.hos, &world(), &next).await, neighbours);
    assert_eq!(log_of(&stage.hos, &world(), &Tenant::world()).await, worlds);
    assert_eq!(stage.hos.segments(&world(), &next, 0, 10).await.unwrap(), []);
    assert_eq!(stage.backend().release(&world(), &next, 0, 100).await.unwrap(), 0);
}

pub(super) async fn archive_goes_on_segment_by_segment(stage: Stage) {
    let orders = filled(&stage, 800).await;
    stage.advance(SEGMENT_AGE.as_secs() + 1);
    seal(&stage).await;
    let before = stage.log().await;
    let target = MemoryTarget::new();
    let archivist = archivist(&stage, &target).at_most(300);
    let due = archivist.due(&world(), &firm()).await.unwrap();
    assert_eq!((due.from, due.entries, due.segments), (0, 768, 3));
    for turn in 0..3 {
        let written = archivist.archive(&world(), &firm()).await.unwrap().unwrap();
        assert_eq!((written.files.first, written.files.end), (256 * turn, 256 * (turn + 1)));
        stage.moved(&act(&owner(), &orders[0], "touch", &format!("between {turn}"))).await;
    }
    assert_eq!(archivist.archive(&world(), &firm()).await.unwrap(), None);
    let hos = with_archive(&stage, &target).await;
    assert_eq!(log_of(&hos, &world(), &firm()).await[..before.len()], before);
}

pub(super) async fn archive_takes_no_segment_out_of_its_turn(stage: Stage) {
    aged(&stage).await;
    let before = stage.log().await;
    let target = MemoryTarget::new();
    let writer = archivist(&stage, &target);
    let files = writer.write(&world(), &firm()).await.unwrap().unwrap().files().clone();
    let other = |files: SegmentFiles, turn| {
        let key = format!("{} {} {turn}", files.first, files.end);
        let change = ArchivalChange::Archive { files, turn };
        Archival::new(&root(), &world(), &firm(), change).key(key)
    };
    let later = SegmentFiles { first: 256, end: 512, ..files.clone() };
    let beyond = SegmentFiles { end: 65_536, ..files.clone() };
    for archival in [other(later, 0), other(beyond, 0), other(files.clone(), 2)] {
        assert_eq!(code(stage.hos.archive(&archival).await), "conflict");
    }
    let uncut = SegmentFiles { end: 255, ..files.clone() };
    let empty = SegmentFiles { end: 0, ..files.clone() };
    let long = SegmentFiles { end: 65_792, ..files.clone() };
    for archival in [other(uncut, 0), other(empty, 0), other(long, 0), other(files, 1)] {
        assert_eq!(code(stage.hos.archive(&archival).await), "invalid_input");
    }
    assert_eq!(stage.log().await, before);
    assert_eq!(stage.hos.segments(&world(), &firm(), 0, 10).await.unwrap(), []);
}

pub(super) async fn archive_goes_on_wherever_it_was_broken_off(stage: Stage) {
    aged(&stage).await;
    let before = stage.log().await;
    let target = MemoryTarget::new();
    // After the files.
    let first = archivist(&stage, &target);
    let draft = first.write(&world(), &firm()).await.unwrap().unwrap();
    assert_eq!(stage.log().await, before);
    // After the record: the archive answers, though every row is still there.
    let second = archivist(&stage, &target);
    let record = second.record(&world(), &firm(), &draft).await.unwrap();
    assert_eq!(second.record(&world(), &firm(), &draft).await.unwrap(), record);
    let hos = with_archive(&stage, &target).await;
    assert_eq!(kept(&stage, &firm()).await.len(), before.len() + 1);
    assert_eq!(log_of(&hos, &world(), &firm()).await[..before.len()], before);
    // In the middle of the rows.
    let gone = stage.backend().release(&world(), &firm(), 0, 100).await.unwrap();
    assert_eq!(gone, 100);
    let kept_now = kept(&stage, &firm()).await;
    assert_eq!(kept_now.first().unwrap().index, Some(100), "in the order of the log");
    assert_eq!(log_of(&hos, &world(), &firm()).await[..before.len()], before);
    // The next call ends it.
    let third = archivist(&stage, &target);
    assert_eq!(third.archive(&world(), &firm()).await.unwrap(), None);
    assert_eq!(kept(&stage, &firm()).await.first().unwrap().index, Some(256));
    assert_eq!(third.tidy(&world(), &firm()).await.unwrap(), 0);
    assert_eq!(stage.size().await, u64::try_from(before.len()).unwrap() + 1, "one entry");
}

pub(super) async fn archive_by_several_at_once_ends_in_one(stage: Stage) {
    aged(&stage).await;
    let target = MemoryTarget::new();
    let (ours, theirs) = (archivist(&stage, &target), archivist(&stage, &target));
    // Their checkpoint is another, and so is their manifest.
    let our = ours.write(&world(), &firm()).await.unwrap().unwrap();
    let order = Subject::new("suite", "firm-1", "order", "o-0").unwrap();
    stage.moved(&act(&owner(), &order, "touch", "between")).await;
    seal(&stage).await;
    let their = theirs.write(&world(), &firm()).await.unwrap().unwrap();
    assert_ne!(our.files().manifest, their.files().manifest);
    let (world, firm) = (world(), firm());
    let both = join(ours.record(&world, &firm, &our), theirs.record(&world, &firm, &their));
    let (one, other) = both.await;
    assert_eq!(one.unwrap(), other.unwrap(), "both are told how it stands");
    let both = join(ours.archive(&world, &firm), theirs.archive(&world, &firm));
    let (one, other) = both.await;
    assert_eq!((one.unwrap(), other.unwrap()), (None, None));
    let hos = with_archive(&stage, &target).await;
    let log = log_of(&hos, &world, &firm).await;
    let recorded = log.iter().filter(|entry| leaf(entry)["typ"] == "archive/1");
    assert_eq!(recorded.count(), 1);
}

pub(super) async fn archive_lets_commits_go_on(stage: Stage) {
    let orders = aged(&stage).await;
    let target = MemoryTarget::new();
    let (world, firm) = (world(), firm());
    let archivist = archivist(&stage, &target);
    let size = stage.size().await;
    let (archived, ()) =
        join(archivist.archive(&world, &firm), grow(&stage, &orders, size + 100)).await;
    assert_eq!(archived.unwrap().unwrap().released, 256);
    for order in &orders {
        stage.moved(&act(&owner(), order, "pay", &format!("pay {order}"))).await;
    }
    let hos = with_archive(&stage, &target).await;
    let (log, head) = (log_of(&hos, &world, &firm).await, hos.head(&world, &firm).await.unwrap());
    let root = hos_core::merkle::root_of(log.iter().map(|entry| entry.leaf_hash));
    assert_eq!((u64::try_from(log.len()).unwrap(), root), (head.size, head.root));
}

pub(super) async fn archive_of_damaged_entries_is_refused(stage: Stage) {
    aged(&stage).await;
    let tampering = Tampering::ChangeLeaf { world: world(), tenant: firm(), index: 200 };
    if stage.ground.tamper(&tampering).await != Answer::Done {
        return;
    }
    let answer = archivist(&stage, &MemoryTarget::new()).archive(&world(), &firm()).await;
    assert_eq!(answer.unwrap_err().fault().map(Fault::kind), Some(FaultKind::Corrupt));
    assert_eq!(stage.hos.segments(&world(), &firm(), 0, 10).await.unwrap(), []);
}

pub(super) async fn archive_keeps_what_is_recorded_once(stage: Stage) {
    let order = stage.order("o").await;
    let denied = act(&viewer(), &order, "cancel", "denied");
    assert_eq!(code(stage.send(&denied).await), "denied");
    aged(&stage).await;
    archived(&stage, &MemoryTarget::new()).await;
    let size = stage.size().await;
    assert_eq!(code(stage.send(&denied).await), "denied");
    assert_eq!(stage.size().await, size, "the denial was recorded before");
}

pub(super) async fn archive_keeps_entries_until_they_are_archived(stage: Stage) {
    aged(&stage).await;
    let target = MemoryTarget::new();
    let refused = async |index| {
        let tampering = Tampering::DeleteEntry { world: world(), tenant: firm(), index };
        assert_ne!(stage.ground.tamper(&tampering).await, Answer::Done, "{index}");
    };
    refused(3).await;
    let writer = archivist(&stage, &target);
    let draft = writer.write(&world(), &firm()).await.unwrap().unwrap();
    refused(3).await;
    assert_eq!(stage.backend().release(&world(), &firm(), 0, 10).await.unwrap(), 0);
    writer.record(&world(), &firm(), &draft).await.unwrap();
    refused(256).await;
    refused(260).await;
    assert_eq!(stage.backend().release(&world(), &firm(), 256, 10).await.unwrap(), 0);
    assert_eq!(stage.backend().release(&world(), &firm(), 1, 10).await.unwrap(), 0);
    assert_eq!(kept(&stage, &firm()).await.first().unwrap().index, Some(0));
}
