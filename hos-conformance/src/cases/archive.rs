//! Old entries leave the store, stay provable and findable, and come back.

mod anchored;
mod epoch;
mod reading;
mod steps;
mod whole;

use std::sync::Arc;
use std::time::Duration;

use hos_archive::{Archivist, MemoryTarget, Shelf, Written};
use hos_core::command::{Command, Record};
use hos_core::hos::Hos;
use hos_core::id::Tenant;
use hos_core::laws::Proofs as _;
use hos_core::proof::{LogEntry, SEGMENT_AGE};
use hos_core::subject::Subject;

use crate::case::cases;
use crate::forward::Shared;
use crate::law::law;
use crate::stage::{Stage, act, firm, owner, root, world};

cases!(
    "archive",
    [
        archive_takes_what_is_old_and_leaves_the_rest,
        archive_leaves_what_is_young,
        archive_leaves_what_is_not_sealed,
        archive_is_one_entry_that_names_the_files,
        archive_needs_an_ability_of_the_whole_world,
        archive_by_a_banned_actor_is_refused,
        archive_goes_on_in_a_closed_world,
        archive_of_a_held_tenant_is_refused,
        archive_stays_in_its_tenant,
        archive_goes_on_segment_by_segment,
        archive_takes_no_segment_out_of_its_turn,
        archive_goes_on_wherever_it_was_broken_off,
        archive_by_several_at_once_ends_in_one,
        archive_lets_commits_go_on,
        archive_of_damaged_entries_is_refused,
        archive_keeps_what_is_recorded_once,
        archive_keeps_entries_until_they_are_archived,
        archive_is_read_in_place,
        archive_is_proved_across_the_cut,
        archive_is_proved_under_checkpoints_of_before,
        archive_tells_of_itself_where_it_is_not_given,
        archive_tells_histories_whole,
        archive_never_finds_an_entry_next_door,
        archive_that_is_damaged_is_a_fault,
        archive_comes_back_and_goes_again,
        archive_of_a_log_that_came_back_tells_of_its_epoch,
        archive_under_a_checkpoint_that_outlived_its_epoch_is_invalid,
        archive_verifies_from_its_files_alone,
        archive_under_an_anchored_checkpoint_tells_its_witnesses,
        archive_leaves_subjects_and_messages_as_they_are,
        archive_is_seen_whole_by_whoever_checks,
        archive_keeps_sealed_parts_sealed,
        archive_is_never_overtaken_by_an_erasure,
        archive_keeps_its_parts_from_single_erasures,
        archive_is_never_overtaken_by_a_hold,
        archive_taken_away_again_is_not_swept_by_who_saw_it_before,
        archive_of_sealed_parts_needs_the_vault,
        archive_survives_a_restart,
    ]
);

use anchored::archive_under_an_anchored_checkpoint_tells_its_witnesses;
use epoch::{
    archive_of_a_log_that_came_back_tells_of_its_epoch,
    archive_under_a_checkpoint_that_outlived_its_epoch_is_invalid,
};
use reading::{
    archive_comes_back_and_goes_again, archive_is_proved_across_the_cut,
    archive_is_proved_under_checkpoints_of_before, archive_is_read_in_place,
    archive_leaves_subjects_and_messages_as_they_are, archive_never_finds_an_entry_next_door,
    archive_survives_a_restart, archive_tells_histories_whole,
    archive_tells_of_itself_where_it_is_not_given, archive_that_is_damaged_is_a_fault,
    archive_verifies_from_its_files_alone,
};
use steps::{
    archive_by_a_banned_actor_is_refused, archive_by_several_at_once_ends_in_one,
    archive_goes_on_in_a_closed_world, archive_goes_on_segment_by_segment,
    archive_goes_on_wherever_it_was_broken_off, archive_is_one_entry_that_names_the_files,
    archive_keeps_entries_until_they_are_archived, archive_keeps_what_is_recorded_once,
    archive_leaves_what_is_not_sealed, archive_leaves_what_is_young, archive_lets_commits_go_on,
    archive_needs_an_ability_of_the_whole_world, archive_of_damaged_entries_is_refused,
    archive_stays_in_its_tenant, archive_takes_no_segment_out_of_its_turn,
    archive_takes_what_is_old_and_leaves_the_rest,
};

use whole::{
    archive_is_never_overtaken_by_a_hold, archive_is_never_overtaken_by_an_erasure,
    archive_is_seen_whole_by_whoever_checks, archive_keeps_its_parts_from_single_erasures,
    archive_keeps_sealed_parts_sealed, archive_of_a_held_tenant_is_refused,
    archive_of_sealed_parts_needs_the_vault,
    archive_taken_away_again_is_not_swept_by_who_saw_it_before,
};

/// How many subjects the entries of a case are about.
const SUBJECTS: u64 = 16;

/// A log of at least so many entries, and the subjects that it is about.
async fn filled(stage: &Stage, entries: u64) -> Vec<Subject> {
    let mut orders = Vec::new();
    for at in 0..SUBJECTS {
        orders.push(stage.order(&format!("o-{at}")).await);
    }
    grow(stage, &orders, entries).await;
    let call = Record::about(&owner(), &orders[3], "call").payload("minutes", 3).key("call");
    stage.hos.record(&call).await.expect("a record");
    orders
}

async fn grow(stage: &Stage, orders: &[Subject], entries: u64) {
    let mut size = stage.size().await;
    while size < entries {
        let touch = |order: &Subject| {
            let touch = act(&owner(), order, "touch", &format!("{order} {size}"));
            touch.input("note", format!("at {size}"))
        };
        let touches: Vec<Command> = orders.iter().map(touch).collect();
        for answer in stage.hos.transition_all(&touches).await {
            answer.expect("an order is touched");
        }
        size = stage.size().await;
    }
}

/// Seals the firm's log as it is.
async fn seal(stage: &Stage) {
    stage.sealed(&stage.sealer(&Arc::default())).await;
}

/// A sealed log with one whole tile of entries that are old, and a few younger ones.
async fn aged(stage: &Stage) -> Vec<Subject> {
    let orders = filled(stage, 300).await;
    stage.advance(SEGMENT_AGE.as_secs() + 1);
    for order in orders.iter().take(3) {
        let key = format!("young {order}");
        stage.moved(&act(&owner(), order, "touch", &key)).await;
    }
    seal(stage).await;
    orders
}

fn archivist(stage: &Stage, target: &MemoryTarget) -> Archivist {
    Archivist::new(&stage.hos, target.clone(), &root())
}

async fn archived(stage: &Stage, target: &MemoryTarget) -> Written {
    let written = archivist(stage, target).archive(&world(), &firm()).await;
    written.expect("a segment is archived").expect("something is due")
}

/// The same law, opened with the archive.
async fn with_archive(stage: &Stage, target: &MemoryTarget) -> Hos {
    let options = stage.options().archive(Shelf::new(target.clone()));
    let hos = Hos::open_with([law()], Shared(stage.backend()), options).await;
    hos.expect("a law opens with an archive")
}

/// The rows that the store itself still has.
async fn kept(stage: &Stage, tenant: &Tenant) -> Vec<LogEntry> {
    let mut kept: Vec<LogEntry> = Vec::new();
    loop {
        let from = kept.last().map_or(0, |last| last.index.unwrap() + 1);
        let page = stage.backend().page(&world(), tenant, from, 1_000).await.expect("a page");
        if page.is_empty() {
            return kept;
        }
        kept.extend(page);
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
