//! Faults that are planted in a store: the suite finds each, and nothing where there is none.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

use futures_executor::block_on;
use hos_conformance::case::Case;
use hos_conformance::cases::cases;
use hos_conformance::planted::{Plant, PlantedFactory};

/// Each fault, the group that must find it, and one case of that group that must.
const FOUND: [(Plant, &str, &str); 43] = [
    (Plant::ReplayUnchecked, "idempotency", "idempotency_replay_answers_the_first_receipt"),
    (Plant::KeyUncheckedInWrite, "race", "race_of_the_same_key_for_another_subject_is_reused"),
    (Plant::FingerprintIgnored, "race", "race_of_the_same_key_for_another_command_is_reused"),
    (Plant::KeyForgotten, "idempotency", "idempotency_key_of_one_byte_is_kept"),
    (Plant::KeyShortened, "idempotency", "idempotency_keys_that_begin_alike_are_different"),
    (Plant::KeyOfNoTenant, "tenant", "tenant_keys_of_one_name_are_apart"),
    (Plant::KeyOfNoWorld, "tenant", "tenant_worlds_are_apart"),
    (Plant::SubjectUncompared, "race", "race_of_sixty_four_one_shots_moves_once"),
    (Plant::RevisionCompared, "batch", "batch_chain_link_never_fits_what_a_stranger_made"),
    (Plant::MembersUncompared, "race", "race_of_a_revoked_membership_is_lost_by_the_transition"),
    (Plant::BansUncompared, "race", "race_of_a_ban_is_lost_by_the_transition"),
    (Plant::GrantsUncompared, "race", "race_of_a_revoked_grant_is_lost_by_the_transition"),
    (Plant::ModesUncompared, "race", "race_of_a_mode_is_lost_by_the_transition"),
    (Plant::StatusUncompared, "race", "race_of_a_closed_world_is_lost_by_the_transition"),
    (
        Plant::ActivationUncounted,
        "activation",
        "activation_is_never_overtaken_by_what_was_judged_before",
    ),
    (Plant::WorldUncompared, "race", "race_of_a_world_ban_is_lost_by_the_transition"),
    (Plant::ProofLost, "transition", "transition_leaves_one_proof_that_names_everything"),
    (Plant::PartsLost, "proof", "proof_parts_are_bound_by_their_commitments"),
    (Plant::OutboxLost, "outbox", "outbox_row_is_written_with_the_move"),
    (Plant::TenantBlind, "tenant", "tenant_entry_is_not_found_next_door"),
    (Plant::TerminalRevived, "transition", "transition_out_of_a_terminal_state_is_refused"),
    (Plant::TimerKept, "timer", "timer_ends_when_its_state_is_left"),
    (Plant::TimerNotPostponed, "timer", "timer_that_is_refused_is_postponed"),
    (Plant::TimerOfAnyWorld, "timers", "timers_are_read_of_one_world"),
    (Plant::EvidenceTwice, "proof", "proof_of_a_critical_denial_is_recorded_once_per_key"),
    (Plant::HalfWritten, "compound", "compound_moves_every_subject"),
    (Plant::CaseBlind, "ids", "ids_of_subjects_are_compared_byte_for_byte"),
    (Plant::SweptEarly, "idempotency", "idempotency_receipts_are_kept_for_their_retention"),
    (Plant::HistoryMixed, "proof", "proof_history_leaves_out_what_raised_no_revision"),
    (Plant::EntryDeletable, "proof", "proof_is_never_deleted"),
    (Plant::SubjectRevivable, "proof", "proof_subject_is_never_deleted_or_revived_by_hand"),
    (Plant::MigrationUncompared, "migration", "migration_skips_what_moves_at_the_same_time"),
    (Plant::MigrationKeepsProof, "migration", "migration_overtakes_a_command_judged_before"),
    (Plant::MigrationUnproved, "migration", "migration_leaves_one_proof_that_lists_what_it_moved"),
    (Plant::MigrationListsAll, "migration", "migration_leaves_a_terminal_subject_as_it_ended"),
    (Plant::SealUncompared, "seal", "seal_race_is_lost_by_the_slower"),
    (Plant::SealForgotten, "seal", "seal_pending_seals_every_log_that_grew_and_no_other"),
    (Plant::SealsOfAnyTenant, "seal", "seal_of_a_tenant_says_nothing_of_another"),
    (Plant::TileOverwritten, "seal", "seal_tile_is_never_another"),
    (Plant::AnchorUncompared, "anchor", "anchor_place_is_never_given_twice"),
    (Plant::SegmentAnywhere, "archive", "archive_takes_no_segment_out_of_its_turn"),
    (Plant::ReleasedBeyond, "archive", "archive_takes_what_is_old_and_leaves_the_rest"),
    (Plant::SegmentNeverReturns, "archive", "archive_comes_back_and_goes_again"),
];

fn breaks(case: &Case, plant: Plant) -> bool {
    let factory = PlantedFactory(plant);
    catch_unwind(AssertUnwindSafe(|| block_on(case.run(&factory)))).is_err()
}

#[test]
fn every_planted_fault_is_found_and_a_store_without_one_passes() {
    let cases = cases();
    let broken: Vec<&str> =
        cases.iter().filter(|case| breaks(case, Plant::Nothing)).map(Case::name).collect();
    assert_eq!(broken, [""; 0], "the naive store without a fault");
    // What follows panics on purpose, many times.
    set_hook(Box::new(|_| {}));
    let mut missed = Vec::new();
    for (plant, group, named) in FOUND {
        let own = cases.iter().filter(|case| case.group() == group);
        let found: Vec<&str> = own.filter(|case| breaks(case, plant)).map(Case::name).collect();
        if !found.contains(&named) {
            missed.push(format!("{plant:?} is not found by {named}, only by {found:?}"));
        }
    }
    let _default = std::panic::take_hook();
    assert_eq!(missed, [""; 0]);
}
