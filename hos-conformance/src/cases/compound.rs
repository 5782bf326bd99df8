//! Several subjects, all or nothing.

use hos_core::command::{Command, STEPS_MAX};
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::receipt::Effect;
use hos_core::subject::Subject;

use crate::case::cases;
use crate::stage::{NEIGHBOUR, Stage, act, clerk, code, owner, subject};

cases!(
    "compound",
    [
        compound_moves_every_subject,
        compound_leaves_one_proof_for_each_subject_in_its_order,
        compound_refused_in_one_step_moves_nothing,
        compound_of_a_missing_subject_moves_nothing,
        compound_of_unchanged_steps_moves_the_others,
        compound_of_sixteen_steps_moves_them_all,
        compound_of_seventeen_steps_is_refused,
        compound_naming_a_subject_twice_is_refused,
        compound_across_tenants_is_refused,
        compound_across_worlds_is_refused,
        compound_checks_the_seen_revision_of_each_step,
        compound_raced_in_its_second_subject_is_judged_again,
        compound_takes_input_for_the_step_added_last,
    ]
);

async fn lamps(stage: &Stage, count: usize) -> Vec<Subject> {
    let mut lamps = Vec::new();
    for at in 0..count {
        lamps.push(stage.subject("lamp", &format!("l{at:02}")).await);
    }
    lamps
}

fn light_all(lamps: &[Subject], key: &str) -> Command {
    let first = act(&owner(), &lamps[0], "light", key);
    lamps[1..].iter().fold(first, |command, lamp| command.and(lamp, "light"))
}

async fn compound_moves_every_subject(stage: Stage) {
    let order = stage.order("o").await;
    let payment = stage.subject("payment", "p").await;
    let receipt = stage.moved(&act(&owner(), &order, "pay", "k").and(&payment, "settle")).await;
    assert_eq!(receipt.subject.as_ref(), Some(&order));
    assert_eq!(receipt.also.len(), 1);
    assert_eq!(receipt.also[0].subject.as_ref(), Some(&payment));
    assert_eq!(stage.at(&order).await, ("paid".to_owned(), 2));
    assert_eq!(stage.at(&payment).await, ("settled".to_owned(), 2));
}

async fn compound_leaves_one_proof_for_each_subject_in_its_order(stage: Stage) {
    let lamps = lamps(&stage, 3).await;
    let size = stage.size().await;
    let receipt = stage.moved(&light_all(&lamps, "k")).await;
    let log = stage.log().await;
    assert_eq!(stage.size().await, size + 3);
    let last: Vec<_> = log[log.len() - 3..].iter().map(|entry| entry.id).collect();
    assert_eq!(last, [receipt.proof_id, receipt.also[0].proof_id, receipt.also[1].proof_id]);
}

async fn compound_refused_in_one_step_moves_nothing(stage: Stage) {
    let order = stage.order("o").await;
    let payment = stage.subject("payment", "p").await;
    let size = stage.size().await;
    let both = act(&clerk(), &order, "pay", "k").and(&payment, "fail");
    assert_eq!(code(stage.send(&both).await), "denied");
    assert_eq!((stage.at(&order).await.1, stage.at(&payment).await.1), (1, 1));
    assert_eq!(stage.size().await, size);
}

async fn compound_of_a_missing_subject_moves_nothing(stage: Stage) {
    let order = stage.order("o").await;
    let both = act(&owner(), &order, "pay", "k").and(&subject("payment", "missing"), "settle");
    assert_eq!(code(stage.send(&both).await), "not_found");
    assert_eq!(stage.at(&order).await.1, 1);
}

async fn compound_of_unchanged_steps_moves_the_others(stage: Stage) {
    let lamps = lamps(&stage, 3).await;
    stage.moved(&act(&owner(), &lamps[1], "light", "k1")).await;
    let size = stage.size().await;
    let receipt = stage.moved(&light_all(&lamps, "k2")).await;
    let effects = [receipt.also[0].effect, receipt.also[1].effect];
    assert_eq!(effects, [Effect::Unchanged, Effect::Moved]);
    assert_eq!(stage.size().await, size + 2);
    assert_eq!(stage.at(&lamps[1]).await.1, 2);
}

async fn compound_of_sixteen_steps_moves_them_all(stage: Stage) {
    let lamps = lamps(&stage, STEPS_MAX).await;
    let receipt = stage.moved(&light_all(&lamps, "k")).await;
    assert_eq!(receipt.also.len(), STEPS_MAX - 1);
    for lamp in &lamps {
        assert_eq!(stage.at(lamp).await, ("on".to_owned(), 2));
    }
}

async fn compound_of_seventeen_steps_is_refused(stage: Stage) {
    let lamps = lamps(&stage, STEPS_MAX + 1).await;
    assert_eq!(code(stage.send(&light_all(&lamps, "k")).await), "invalid_input");
    assert_eq!(stage.at(&lamps[0]).await.1, 1);
}

async fn compound_naming_a_subject_twice_is_refused(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let twice = act(&owner(), &lamp, "light", "k").and(&lamp, "dim");
    assert_eq!(code(stage.send(&twice).await), "invalid_input");
    assert_eq!(stage.at(&lamp).await.1, 1);
}

async fn compound_across_tenants_is_refused(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let theirs = Subject::new(crate::law::WORLD, NEIGHBOUR, "lamp", "l").unwrap();
    let both = act(&owner(), &lamp, "light", "k").and(&theirs, "light");
    assert_eq!(code(stage.send(&both).await), "world_mismatch");
    assert_eq!(stage.at(&lamp).await.1, 1);
}

async fn compound_across_worlds_is_refused(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let theirs = Subject::new(crate::law::OTHER_WORLD, crate::stage::FIRM, "lamp", "l").unwrap();
    let both = act(&owner(), &lamp, "light", "k").and(&theirs, "light");
    assert_eq!(code(stage.send(&both).await), "world_mismatch");
}

async fn compound_checks_the_seen_revision_of_each_step(stage: Stage) {
    let lamps = lamps(&stage, 2).await;
    stage.moved(&act(&owner(), &lamps[1], "light", "k1")).await;
    let both = act(&owner(), &lamps[0], "light", "k2").seen(1).and(&lamps[1], "dim").seen(1);
    assert_eq!(code(stage.send(&both).await), "stale_revision");
    assert_eq!(stage.at(&lamps[0]).await.1, 1);
}

async fn compound_raced_in_its_second_subject_is_judged_again(stage: Stage) {
    let lamps = lamps(&stage, 2).await;
    let light = act(&owner(), &lamps[1], "light", "k1");
    let (raced, _) = stage
        .racing(move |hos| {
            Box::pin(async move {
                hos.transition(&light).await.expect("the lamp is lit");
            })
        })
        .await;
    let receipt = raced.transition(&light_all(&lamps, "k2")).await.unwrap();
    assert_eq!((receipt.effect, receipt.also[0].effect), (Effect::Moved, Effect::Unchanged));
    assert_eq!(stage.hos.history(&lamps[1], 0, 10).await.unwrap().len(), 2);
}

async fn compound_takes_input_for_the_step_added_last(stage: Stage) {
    let lamps = lamps(&stage, 2).await;
    let command = act(&owner(), &lamps[0], "light", "k").input("level", 1);
    stage.moved(&command.and(&lamps[1], "light").input("level", 2)).await;
    for (lamp, level) in lamps.iter().zip([1, 2]) {
        let situation = stage.hos.situation(lamp).await.unwrap().unwrap();
        assert_eq!(situation.snapshot.attributes.get("level"), Some(&level.into()));
    }
}
