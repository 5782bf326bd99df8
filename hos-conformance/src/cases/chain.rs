//! Commands on one subject in one batch: a chain, whole or judged again.

use hos_core::command::Command;
use hos_core::hos::Hos;
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::receipt::Effect;

use crate::case::cases;
use crate::stage::{Stage, act, code, leaf, owner, ship, viewer};

cases!(
    "batch",
    [
        batch_chain_of_one_subject_moves_step_by_step,
        batch_chain_refuses_on_what_the_step_before_leaves,
        batch_chain_broken_by_a_race_is_judged_again,
        batch_chain_link_never_fits_what_a_stranger_made,
        batch_chain_interrupted_by_a_terminal_move_stops,
        batch_chain_of_seen_revisions_holds,
        batch_chains_of_two_subjects_do_not_touch_each_other,
        batch_chain_of_unchanged_and_moved_counts_right,
        batch_chain_history_is_complete,
    ]
);

async fn batch_chain_of_one_subject_moves_step_by_step(stage: Stage) {
    let order = stage.order("o").await;
    let commands = [
        act(&owner(), &order, "touch", "k1").input("note", "fine"),
        act(&owner(), &order, "pay", "k2"),
        ship(&owner(), &order, "k3"),
        act(&owner(), &order, "deliver", "k4"),
    ];
    for (at, answer) in stage.hos.transition_all(&commands).await.into_iter().enumerate() {
        let receipt = answer.unwrap();
        assert_eq!(receipt.revision, u64::try_from(at).unwrap() + 2);
        assert_eq!(receipt.effect, Effect::Moved);
    }
    assert_eq!(stage.at(&order).await, ("delivered".to_owned(), 5));
}

async fn batch_chain_refuses_on_what_the_step_before_leaves(stage: Stage) {
    let order = stage.order("o").await;
    let commands = [
        act(&owner(), &order, "cancel", "k1"),
        act(&owner(), &order, "pay", "k2"),
        act(&owner(), &order, "cancel", "k3"),
    ];
    let mut answers = stage.hos.transition_all(&commands).await;
    assert_eq!(answers.remove(2).unwrap().effect, Effect::Unchanged);
    assert_eq!(code(answers.remove(1)), "terminal_state");
    assert_eq!(answers.remove(0).unwrap().effect, Effect::Moved);
}

async fn raced(stage: &Stage, between: Command) -> Hos {
    let race = stage.racing(move |hos| {
        Box::pin(async move {
            hos.transition(&between).await.expect("the one between moves");
        })
    });
    race.await.0
}

async fn batch_chain_broken_by_a_race_is_judged_again(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let hos = raced(&stage, act(&owner(), &lamp, "light", "between")).await;
    let commands = [
        act(&owner(), &lamp, "light", "k1"),
        act(&owner(), &lamp, "dim", "k2"),
        act(&owner(), &lamp, "light", "k3"),
    ];
    let answers = hos.transition_all(&commands).await;
    let effects: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().effect).collect();
    assert_eq!(effects, [Effect::Unchanged, Effect::Moved, Effect::Moved]);
    assert_eq!(stage.at(&lamp).await, ("on".to_owned(), 4));
}

async fn batch_chain_link_never_fits_what_a_stranger_made(stage: Stage) {
    let order = stage.order("o").await;
    let between = act(&owner(), &order, "touch", "between");
    let hos = stage.beheading(move |hos| {
        Box::pin(async move {
            hos.transition(&between).await.expect("the stranger moves");
        })
    });
    // The second is judged upon the first at revision 2, where the stranger's touch is now.
    let commands = [act(&owner(), &order, "pay", "k1"), ship(&owner(), &order, "k2")];
    let answers = hos.await.transition_all(&commands).await;
    let revisions: Vec<u64> = answers.into_iter().map(|answer| answer.unwrap().revision).collect();
    assert_eq!(revisions, [3, 4]);
    let history = stage.hos.history(&order, 1, 10).await.unwrap();
    let path: Vec<_> = history.iter().map(|entry| leaf(entry)["from"].clone()).collect();
    assert_eq!(path, ["pending", "pending", "paid"]);
}

async fn batch_chain_interrupted_by_a_terminal_move_stops(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let size = stage.size().await;
    let hos = raced(&stage, act(&owner(), &lamp, "smash", "between")).await;
    let commands = [act(&owner(), &lamp, "light", "k1"), act(&owner(), &lamp, "dim", "k2")];
    for answer in hos.transition_all(&commands).await {
        assert_eq!(code(answer), "terminal_state");
    }
    assert_eq!(stage.size().await, size + 1);
    assert_eq!(stage.at(&lamp).await, ("broken".to_owned(), 2));
}

async fn batch_chain_of_seen_revisions_holds(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let commands = [
        act(&owner(), &lamp, "light", "k1").seen(1),
        act(&owner(), &lamp, "dim", "k2").seen(2),
        act(&owner(), &lamp, "light", "k3").seen(2),
    ];
    let mut answers = stage.hos.transition_all(&commands).await;
    assert_eq!(code(answers.remove(2)), "stale_revision");
    assert_eq!(answers.remove(1).unwrap().revision, 3);
    assert_eq!(stage.at(&lamp).await, ("off".to_owned(), 3));
}

async fn batch_chains_of_two_subjects_do_not_touch_each_other(stage: Stage) {
    let (a, b) = (stage.subject("lamp", "a").await, stage.subject("lamp", "b").await);
    let hos = raced(&stage, act(&owner(), &a, "smash", "between")).await;
    let commands = [
        act(&owner(), &a, "light", "a1"),
        act(&owner(), &b, "light", "b1"),
        act(&owner(), &a, "dim", "a2"),
        act(&owner(), &b, "dim", "b2"),
    ];
    let mut answers = hos.transition_all(&commands).await;
    assert_eq!(answers.remove(3).unwrap().revision, 3);
    assert_eq!(code(answers.remove(2)), "terminal_state");
    assert_eq!(answers.remove(1).unwrap().revision, 2);
    assert_eq!(code(answers.remove(0)), "terminal_state");
}

async fn batch_chain_of_unchanged_and_moved_counts_right(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let commands = [
        act(&owner(), &lamp, "light", "k1"),
        act(&owner(), &lamp, "light", "k2"),
        act(&viewer(), &lamp, "dim", "k3"),
        act(&owner(), &lamp, "dim", "k4"),
    ];
    let mut answers = stage.hos.transition_all(&commands).await;
    assert_eq!(answers.remove(3).unwrap().revision, 3);
    assert_eq!(code(answers.remove(2)), "denied");
    let unchanged = answers.remove(1).unwrap();
    let moved = answers.remove(0).unwrap();
    assert_eq!(unchanged.effect, Effect::Unchanged);
    assert_eq!(unchanged.proof_id, moved.proof_id);
}

async fn batch_chain_history_is_complete(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let command = |at: usize| {
        let action = if at.is_multiple_of(2) { "light" } else { "dim" };
        act(&owner(), &lamp, action, &format!("k{at}"))
    };
    let commands: Vec<Command> = (0..32).map(command).collect();
    stage.hos.transition_all(&commands).await.into_iter().for_each(|answer| {
        answer.unwrap();
    });
    let history = stage.hos.history(&lamp, 0, 1_000).await.unwrap();
    let revisions: Vec<u64> =
        history.iter().map(|e| leaf(e)["revision"].as_u64().unwrap()).collect();
    assert_eq!(revisions, (1..=33).collect::<Vec<u64>>());
}
