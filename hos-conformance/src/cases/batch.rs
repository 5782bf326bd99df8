//! Many commands at once: each on its own.

use hos_core::command::Command;
use hos_core::error::{Error, Fault, FaultKind};
use hos_core::laws::{Contracts as _, Policy as _, Query};
use hos_core::receipt::Effect;
use hos_core::store::BATCH_MAX;
use hos_core::subject::Subject;

use crate::case::cases;
use crate::forward::{Damaged, Fronted};
use crate::stage::{
    NEIGHBOUR, Stage, act, ban, clerk, code, customer, member, owner, root, subject, user, viewer,
};
use crate::vaulted::{CutVault, person};

cases!(
    "batch",
    [
        batch_of_nothing_answers_nothing,
        batch_answers_each_command_in_order,
        batch_of_more_than_one_round_answers_all,
        batch_item_refused_leaves_its_neighbours,
        batch_item_replayed_leaves_its_neighbours,
        batch_item_reused_leaves_its_neighbours,
        batch_item_without_a_world_leaves_its_neighbours,
        batch_item_that_conflicts_leaves_its_neighbours,
        batch_item_that_cannot_be_loaded_leaves_its_neighbours,
        batch_item_that_cannot_be_sealed_leaves_its_neighbours,
        batch_items_that_cannot_be_sealed_use_up_no_round_of_a_neighbour,
        batch_key_twice_replays_the_first,
        batch_key_twice_for_other_commands_is_reused,
        batch_key_twice_after_a_refusal_is_judged_afresh,
        batch_of_several_tenants_and_actors_keeps_them_apart,
        batch_of_actors_whose_names_are_alike_keeps_them_apart,
        batch_of_compound_commands_keeps_each_whole,
        batch_one_shots_of_one_subject_move_once,
        batch_leaves_the_same_log_as_one_by_one,
        batch_of_messages_keeps_the_order_of_its_commands,
        batch_after_a_batch_replays_what_was_done,
        batch_after_a_batch_finds_what_others_did_between,
        batch_evidence_of_a_denial_is_recorded_once,
    ]
);

async fn lamps(stage: &Stage, count: usize) -> Vec<Subject> {
    let mut lamps = Vec::new();
    for at in 0..count {
        lamps.push(stage.subject("lamp", &format!("l{at:03}")).await);
    }
    lamps
}

fn light(lamp: &Subject) -> Command {
    act(&owner(), lamp, "light", &format!("light {lamp}"))
}

async fn batch_of_nothing_answers_nothing(stage: Stage) {
    assert_eq!(stage.hos.transition_all(&[]).await.len(), 0);
    assert_eq!(stage.hos.can_all(&[]).await.len(), 0);
    assert_eq!(stage.backend().load_all(&[]).await.unwrap().len(), 0);
    assert_eq!(stage.backend().commit_all(&[]).await.len(), 0);
}

async fn batch_answers_each_command_in_order(stage: Stage) {
    let lamps = lamps(&stage, 8).await;
    let commands: Vec<Command> = lamps.iter().rev().map(light).collect();
    let answers = stage.hos.transition_all(&commands).await;
    assert_eq!(answers.len(), 8);
    for (answer, lamp) in answers.into_iter().zip(lamps.iter().rev()) {
        let receipt = answer.unwrap();
        assert_eq!(receipt.subject.as_ref(), Some(lamp));
        assert_eq!((receipt.effect, receipt.revision), (Effect::Moved, 2));
    }
}

async fn batch_of_more_than_one_round_answers_all(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let size = stage.size().await;
    let count = BATCH_MAX + 1;
    let action = |at: usize| if at.is_multiple_of(2) { "light" } else { "dim" };
    let command = |at: usize| act(&owner(), &lamp, action(at), &format!("k{at}"));
    let commands: Vec<Command> = (0..count).map(command).collect();
    let answers = stage.hos.transition_all(&commands).await;
    assert_eq!(answers.len(), count);
    for (at, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap().revision, u64::try_from(at).unwrap() + 2);
    }
    assert_eq!(stage.size().await, size + u64::try_from(count).unwrap());
}

async fn batch_item_refused_leaves_its_neighbours(stage: Stage) {
    let lamps = lamps(&stage, 3).await;
    let refused = act(&viewer(), &lamps[1], "light", "refused");
    let missing = act(&owner(), &subject("lamp", "missing"), "light", "missing");
    let commands = [light(&lamps[0]), refused, missing, light(&lamps[2])];
    let mut answers = stage.hos.transition_all(&commands).await;
    assert_eq!(answers.remove(3).unwrap().effect, Effect::Moved);
    assert_eq!(code(answers.remove(2)), "not_found");
    assert_eq!(code(answers.remove(1)), "denied");
    assert_eq!(answers.remove(0).unwrap().effect, Effect::Moved);
    assert_eq!(stage.at(&lamps[1]).await.1, 1);
}

async fn batch_item_replayed_leaves_its_neighbours(stage: Stage) {
    let lamps = lamps(&stage, 3).await;
    let first = stage.moved(&light(&lamps[1])).await;
    let commands: Vec<Command> = lamps.iter().map(light).collect();
    let answers = stage.hos.transition_all(&commands).await;
    let receipts: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    let replayed: Vec<bool> = receipts.iter().map(|receipt| receipt.replayed).collect();
    assert_eq!(replayed, [false, true, false]);
    assert_eq!(receipts[1].proof_id, first.proof_id);
}

async fn batch_item_reused_leaves_its_neighbours(stage: Stage) {
    let lamps = lamps(&stage, 3).await;
    stage.moved(&act(&owner(), &lamps[1], "smash", "taken")).await;
    let reused = act(&owner(), &lamps[2], "smash", "taken");
    let mut answers = stage.hos.transition_all(&[reused, light(&lamps[0])]).await;
    assert_eq!(answers.remove(1).unwrap().effect, Effect::Moved);
    assert_eq!(code(answers.remove(0)), "key_reused");
    assert_eq!(stage.at(&lamps[2]).await.1, 1);
}

async fn batch_item_without_a_world_leaves_its_neighbours(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let nowhere = Subject::new("nowhere", crate::stage::FIRM, "lamp", "l").unwrap();
    let commands = [act(&owner(), &nowhere, "light", "k"), light(&lamp)];
    let mut answers = stage.hos.transition_all(&commands).await;
    assert_eq!(answers.remove(1).unwrap().effect, Effect::Moved);
    assert_eq!(code(answers.remove(0)), "invalid_world");
}

async fn batch_item_that_conflicts_leaves_its_neighbours(stage: Stage) {
    let lamps = lamps(&stage, 3).await;
    let between = act(&owner(), &lamps[1], "smash", "between");
    let (raced, _) = stage
        .racing(move |hos| {
            Box::pin(async move {
                hos.transition(&between).await.expect("the lamp breaks");
            })
        })
        .await;
    let commands: Vec<Command> = lamps.iter().map(light).collect();
    let mut answers = raced.transition_all(&commands).await;
    assert_eq!(answers.remove(2).unwrap().revision, 2);
    assert_eq!(code(answers.remove(1)), "terminal_state");
    assert_eq!(answers.remove(0).unwrap().revision, 2);
    assert_eq!(stage.at(&lamps[1]).await, ("broken".to_owned(), 2));
}

/// As where a row is damaged: whoever asks for it has a fault, and nobody else.
async fn batch_item_that_cannot_be_loaded_leaves_its_neighbours(stage: Stage) {
    let lamps = lamps(&stage, 4).await;
    let (inner, damaged) = (stage.backend(), lamps[1].clone());
    let front = Box::new(Damaged { inner: stage.backend(), subject: damaged });
    let hos = stage.over(Fronted { front, inner }).await;
    let queries = lamps.iter().map(|lamp| Query::new(&owner(), "lamp.switch", lamp));
    let told = hos.can_all(&queries.collect::<Vec<_>>()).await;
    let told = told.into_iter().map(|answer| answer.map(|decision| decision.permits()));
    let (yes, corrupt) = (Ok(true), Err(Some(FaultKind::Corrupt)));
    assert_eq!(told.map(kinds).collect::<Vec<_>>(), [yes, corrupt, yes, yes]);
    let commands: Vec<Command> = lamps.iter().map(light).collect();
    let answers = hos.transition_all(&commands).await;
    let effects = answers.into_iter().map(|answer| kinds(answer.map(|receipt| receipt.effect)));
    let (moved, corrupt) = (Ok(Effect::Moved), Err(Some(FaultKind::Corrupt)));
    assert_eq!(effects.collect::<Vec<_>>(), [moved, corrupt, moved, moved]);
    assert_eq!(stage.at(&lamps[1]).await.1, 1);
}

/// As where the key of a person is damaged. Of two commands about that person the second comes
/// after others on the same subject, which are written; upon the first one rests another, which is
/// judged without it.
async fn batch_item_that_cannot_be_sealed_leaves_its_neighbours(stage: Stage) {
    let lamps = lamps(&stage, 3).await;
    let vault = CutVault::new(stage.ground.vault().await);
    vault.damage(&person("u-1"));
    let hos = stage.with_vault(vault).await;
    let bright = |lamp: &Subject, who: &str| bright(lamp, who, "");
    let dim = |lamp: &Subject| act(&owner(), lamp, "dim", &format!("dim {lamp}"));
    let commands = [
        bright(&lamps[0], "u-2"),
        bright(&lamps[1], "u-1"),
        light(&lamps[1]),
        light(&lamps[2]),
        dim(&lamps[2]),
        bright(&lamps[2], "u-1"),
    ];
    let answers = hos.transition_all(&commands).await;
    let effects = answers.into_iter().map(|answer| kinds(answer.map(|receipt| receipt.effect)));
    let (moved, corrupt) = (Ok(Effect::Moved), Err(Some(FaultKind::Corrupt)));
    assert_eq!(effects.collect::<Vec<_>>(), [moved, corrupt, moved, moved, moved, corrupt]);
    let revisions = [stage.at(&lamps[0]).await.1, stage.at(&lamps[1]).await.1];
    assert_eq!((revisions, stage.at(&lamps[2]).await.1), ([2, 2], 3));
}

/// One after the other moves the same subject as soon as the one before is out of its way.
async fn batch_items_that_cannot_be_sealed_use_up_no_round_of_a_neighbour(stage: Stage) {
    let lamps = lamps(&stage, 2).await;
    let vault = CutVault::new(stage.ground.vault().await);
    vault.damage(&person("u-1"));
    let hos = stage.with_vault(vault).await;
    let damaged = (0..20).map(|at| bright(&lamps[0], "u-1", &at.to_string()));
    let commands: Vec<Command> = damaged.chain([light(&lamps[1])]).collect();
    let mut answers = hos.transition_all(&commands).await;
    assert_eq!(answers.pop().unwrap().unwrap().effect, Effect::Moved);
    assert!(answers.iter().all(Result::is_err), "{answers:?}");
    let revisions = (stage.at(&lamps[0]).await.1, stage.at(&lamps[1]).await.1);
    assert_eq!(revisions, (1, 2));
}

/// Lights a lamp, and says something about a person.
fn bright(lamp: &Subject, who: &str, key: &str) -> Command {
    let command = act(&owner(), lamp, "light", &format!("{who} {lamp} {key}"));
    command.input("level", 3).person(&person(who).id)
}

/// An answer, or what sort of accident.
fn kinds<T>(answer: Result<T, Error>) -> Result<T, Option<FaultKind>> {
    answer.map_err(|error| error.fault().map(Fault::kind))
}

async fn batch_key_twice_replays_the_first(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let size = stage.size().await;
    let answers = stage.hos.transition_all(&[light(&lamp), light(&lamp)]).await;
    let receipts: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!((receipts[0].replayed, receipts[1].replayed), (false, true));
    assert_eq!(receipts[0].proof_id, receipts[1].proof_id);
    assert_eq!(stage.size().await, size + 1);
}

async fn batch_key_twice_for_other_commands_is_reused(stage: Stage) {
    let lamps = lamps(&stage, 2).await;
    let same = |lamp: &Subject| act(&owner(), lamp, "light", "same");
    let mut answers = stage.hos.transition_all(&[same(&lamps[0]), same(&lamps[1])]).await;
    assert_eq!(code(answers.remove(1)), "key_reused");
    assert_eq!(answers.remove(0).unwrap().effect, Effect::Moved);
    assert_eq!(stage.at(&lamps[1]).await.1, 1);
}

async fn batch_key_twice_after_a_refusal_is_judged_afresh(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let refused = act(&viewer(), &lamp, "light", "same");
    let mut answers =
        stage.hos.transition_all(&[refused, act(&owner(), &lamp, "light", "same")]).await;
    assert_eq!(answers.remove(1).unwrap().effect, Effect::Moved);
    assert_eq!(code(answers.remove(0)), "denied");
}

async fn batch_of_several_tenants_and_actors_keeps_them_apart(stage: Stage) {
    let order = stage.order("o").await;
    let theirs = Subject::new(crate::law::WORLD, NEIGHBOUR, "order", "o").unwrap();
    let neighbour = user("owner-2");
    let opening = hos_core::command::Opening::new(&neighbour, &theirs).attribute("customer", "c");
    stage.hos.open(&opening.key("k")).await.unwrap();
    let commands = [
        act(&owner(), &theirs, "pay", "same"),
        act(&neighbour, &order, "pay", "same"),
        act(&neighbour, &theirs, "pay", "own"),
        act(&clerk(), &order, "pay", "own"),
    ];
    let mut answers = stage.hos.transition_all(&commands).await;
    assert_eq!(answers.remove(3).unwrap().subject.as_ref(), Some(&order));
    assert_eq!(answers.remove(2).unwrap().subject.as_ref(), Some(&theirs));
    assert_eq!(code(answers.remove(1)), "not_found");
    assert_eq!(code(answers.remove(0)), "not_found");
}

async fn batch_of_actors_whose_names_are_alike_keeps_them_apart(stage: Stage) {
    let lamps = lamps(&stage, 5).await;
    stage.change(member("eve", &["owner"]), "eve").await;
    stage.change(ban("Eve"), "Eve").await;
    let names = ["eve", "Eve", "EVE", "eve ", "\u{e9}ve"];
    let turn = |(lamp, name)| act(&user(name), lamp, "light", &format!("light {name}"));
    let commands: Vec<Command> = lamps.iter().zip(names).map(turn).collect();
    let mut answers = stage.hos.transition_all(&commands).await;
    for stranger in answers.split_off(2) {
        assert_eq!(code(stranger), "not_found");
    }
    assert_eq!(code(answers.remove(1)), "banned");
    assert_eq!(answers.remove(0).unwrap().effect, Effect::Moved);
}

async fn batch_of_compound_commands_keeps_each_whole(stage: Stage) {
    let lamps = lamps(&stage, 4).await;
    let good = light(&lamps[0]).and(&lamps[1], "light");
    let bad = light(&lamps[2]).and(&subject("lamp", "missing"), "light");
    let mut answers = stage.hos.transition_all(&[bad, good]).await;
    assert_eq!(answers.remove(1).unwrap().also.len(), 1);
    assert_eq!(code(answers.remove(0)), "not_found");
    assert_eq!(stage.at(&lamps[1]).await.1, 2);
    assert_eq!(stage.at(&lamps[2]).await.1, 1);
}

async fn batch_one_shots_of_one_subject_move_once(stage: Stage) {
    let order = stage.order("o").await;
    let size = stage.size().await;
    let commands: Vec<Command> =
        (0..64).map(|at| act(&owner(), &order, "cancel", &format!("k{at}"))).collect();
    let answers = stage.hos.transition_all(&commands).await;
    let effects: Vec<Effect> = answers.into_iter().map(|answer| answer.unwrap().effect).collect();
    assert_eq!(effects[0], Effect::Moved);
    assert!(effects[1..].iter().all(|effect| *effect == Effect::Unchanged));
    assert_eq!(stage.size().await, size + 1);
}

async fn batch_leaves_the_same_log_as_one_by_one(stage: Stage) {
    let lamps = lamps(&stage, 4).await;
    let size = stage.size().await;
    let commands: Vec<Command> = lamps.iter().rev().map(light).collect();
    let receipts: Vec<_> =
        stage.hos.transition_all(&commands).await.into_iter().map(Result::unwrap).collect();
    let log = stage.log().await;
    let added: Vec<_> =
        log.iter().skip(usize::try_from(size).unwrap()).map(|entry| entry.id).collect();
    let told: Vec<_> = receipts.iter().map(|receipt| receipt.proof_id).collect();
    assert_eq!(added, told, "in the order of the commands");
}

async fn batch_of_messages_keeps_the_order_of_its_commands(stage: Stage) {
    let lamps = lamps(&stage, 4).await;
    let lit = lamps.iter().map(light).collect::<Vec<_>>();
    stage.hos.transition_all(&lit).await.into_iter().for_each(|answer| drop(answer.unwrap()));
    let dim = |lamp: &Subject| act(&owner(), lamp, "dim", &format!("dim {lamp}"));
    let commands: Vec<Command> = lamps.iter().rev().map(dim).collect();
    let receipts: Vec<_> =
        stage.hos.transition_all(&commands).await.into_iter().map(Result::unwrap).collect();
    let told: Vec<_> = stage.outbox().await.iter().map(|row| row.entry).collect();
    let moved: Vec<_> = receipts.iter().map(|receipt| receipt.proof_id).collect();
    assert_eq!(told, moved);
}

/// What the store remembers of the first batch is no reason to look less closely at the second.
async fn batch_after_a_batch_replays_what_was_done(stage: Stage) {
    let lamps = lamps(&stage, 4).await;
    let first: Vec<Command> = lamps.iter().map(light).collect();
    let done: Vec<_> =
        stage.hos.transition_all(&first).await.into_iter().map(Result::unwrap).collect();
    let size = stage.size().await;
    let reused = act(&owner(), &lamps[2], "dim", &format!("light {}", lamps[3]));
    let fresh = act(&owner(), &lamps[1], "dim", "fresh");
    let mut answers = stage.hos.transition_all(&[light(&lamps[0]), fresh, reused]).await;
    assert_eq!(code(answers.remove(2)), "key_reused");
    let fresh = answers.remove(1).unwrap();
    assert_eq!((fresh.replayed, fresh.revision), (false, 3));
    let again = answers.remove(0).unwrap();
    assert_eq!((again.replayed, again.proof_id), (true, done[0].proof_id));
    assert_eq!(stage.size().await, size + 1);
}

async fn batch_after_a_batch_finds_what_others_did_between(stage: Stage) {
    let lamps = lamps(&stage, 3).await;
    let first: Vec<Command> = lamps.iter().map(light).collect();
    stage.hos.transition_all(&first).await.into_iter().for_each(|answer| drop(answer.unwrap()));
    let between = act(&owner(), &lamps[1], "smash", "between");
    let (raced, _) = stage
        .racing(move |hos| {
            Box::pin(async move {
                hos.transition(&between).await.expect("the lamp breaks");
            })
        })
        .await;
    let dim = |lamp: &Subject| act(&owner(), lamp, "dim", &format!("dim {lamp}"));
    let mut answers = raced.transition_all(&lamps.iter().map(dim).collect::<Vec<_>>()).await;
    assert_eq!(answers.remove(2).unwrap().revision, 3);
    assert_eq!(code(answers.remove(1)), "terminal_state");
    assert_eq!(answers.remove(0).unwrap().revision, 3);
    assert_eq!(stage.at(&lamps[1]).await, ("broken".to_owned(), 3));
}

async fn batch_evidence_of_a_denial_is_recorded_once(stage: Stage) {
    let order = stage.order("o").await;
    let size = stage.size().await;
    let denied = act(&viewer(), &order, "cancel", "same");
    let commands = [denied.clone(), denied.clone(), act(&root(), &order, "pay", "k"), denied];
    let mut answers = stage.hos.transition_all(&commands).await;
    assert_eq!(answers.remove(2).unwrap().effect, Effect::Moved);
    for answer in answers {
        assert_eq!(code(answer), "denied");
    }
    assert_eq!(stage.size().await, size + 2, "one denial, one transition");
    assert_eq!(code(stage.send(&act(&customer(), &order, "touch", "x")).await), "denied");
}
