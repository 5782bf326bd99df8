//! What changes between judging and committing is never overtaken by the commit.

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use hos_core::command::{Opening, Record, StandingChange, StandingCommand};
use hos_core::hos::Hos;
use hos_core::id::{Ability, ActorId, Tenant};
use hos_core::laws::{Contracts as _, Proofs as _, Registry as _};
use hos_core::receipt::Effect;
use hos_core::standing::{AbilityPattern, Mode, WorldStatus};

use crate::case::cases;
use crate::faults::{FaultyStore, Injection};
use crate::forward::Shared;
use crate::stage::{Stage, act, ban, clerk, code, firm, member, owner, root, viewer, world};

cases!(
    "race",
    [
        race_of_a_revoked_membership_is_lost_by_the_transition,
        race_of_a_revoked_world_membership_is_lost_by_the_transition,
        race_of_a_ban_is_lost_by_the_transition,
        race_of_a_world_ban_is_lost_by_the_transition,
        race_of_a_revoked_grant_is_lost_by_the_transition,
        race_of_a_world_grant_is_lost_by_the_transition,
        race_of_a_mode_is_lost_by_the_transition,
        race_of_a_world_mode_is_lost_by_the_transition,
        race_of_a_closed_world_is_lost_by_the_transition,
        race_of_a_role_is_lost_by_a_denial_that_was_recorded_before,
        race_of_a_closed_world_is_lost_by_the_opening,
        race_of_a_ban_is_lost_by_the_opening,
        race_of_a_ban_is_lost_by_the_record,
        race_of_a_ban_is_lost_by_the_change_of_standing,
        race_of_a_ban_is_lost_by_the_batch,
        race_of_a_move_is_judged_again,
        race_of_a_move_makes_a_seen_revision_stale,
        race_of_the_same_key_replays,
        race_of_the_same_key_for_another_command_is_reused,
        race_of_the_same_key_for_another_subject_is_reused,
        race_of_the_same_key_of_a_record_records_once,
        race_of_two_openings_opens_once,
        race_of_a_move_is_lost_by_unchanged,
        race_of_sixty_four_one_shots_moves_once,
        race_of_sixty_four_one_shots_with_a_seen_revision_moves_once,
        race_of_sixty_four_sendings_of_one_key_leaves_one_receipt,
        race_of_sixty_four_subjects_moves_them_all,
    ]
);

/// Pays as the clerk while the change happens between load and commit.
async fn pays_while(
    stage: &Stage,
    change: impl FnOnce(Hos) -> BoxFuture<'static, ()> + Send + 'static,
) -> &'static str {
    let order = stage.order("o").await;
    let (raced, trap) = stage.racing(change).await;
    let answer = code(raced.transition(&act(&clerk(), &order, "pay", "raced")).await);
    assert!(trap.sprang());
    assert_eq!(stage.at(&order).await, ("pending".to_owned(), 1));
    answer
}

fn changes(tenant: Tenant, change: StandingChange) -> impl FnOnce(Hos) -> BoxFuture<'static, ()> {
    move |hos| {
        async move {
            let command = StandingCommand::new(&root(), &world(), &tenant, change);
            hos.change_standing(&command.key("change")).await.expect("the standing changes");
        }
        .boxed()
    }
}

fn grant(target: &str) -> StandingChange {
    StandingChange::Grant {
        target: ActorId::new(target).unwrap(),
        pattern: AbilityPattern::parse("order.pay").unwrap(),
        duration: Duration::from_secs(60),
        reason: "for a minute".to_owned(),
    }
}

fn mode(mode: Option<Mode>) -> StandingChange {
    StandingChange::SetMode { ability: Some(Ability::new("order.pay").unwrap()), mode }
}

async fn race_of_a_revoked_membership_is_lost_by_the_transition(stage: Stage) {
    let answer = pays_while(&stage, changes(firm(), member("clerk-1", &[]))).await;
    assert_eq!(answer, "not_found");
}

async fn race_of_a_revoked_world_membership_is_lost_by_the_transition(stage: Stage) {
    stage.change_world(member("chief-1", &["super_admin"]), "k1").await;
    let order = stage.order("o").await;
    let change = changes(Tenant::world(), member("chief-1", &[]));
    let (raced, _) = stage.racing(change).await;
    let chief = crate::stage::user("chief-1");
    assert_eq!(code(raced.transition(&act(&chief, &order, "pay", "k2")).await), "not_found");
    assert_eq!(stage.at(&order).await.1, 1);
}

async fn race_of_a_ban_is_lost_by_the_transition(stage: Stage) {
    assert_eq!(pays_while(&stage, changes(firm(), ban("clerk-1"))).await, "banned");
}

async fn race_of_a_world_ban_is_lost_by_the_transition(stage: Stage) {
    assert_eq!(pays_while(&stage, changes(Tenant::world(), ban("clerk-1"))).await, "banned");
}

async fn race_of_a_revoked_grant_is_lost_by_the_transition(stage: Stage) {
    let order = stage.order("o").await;
    let granted = stage.change(grant("viewer-1"), "k1").await;
    let target = ActorId::new("viewer-1").unwrap();
    let revoke = StandingChange::RevokeGrant { target, grant: granted.proof_id };
    let (raced, _) = stage.racing(changes(firm(), revoke)).await;
    assert_eq!(code(raced.transition(&act(&viewer(), &order, "pay", "k2")).await), "denied");
    assert_eq!(stage.at(&order).await.1, 1);
}

async fn race_of_a_world_grant_is_lost_by_the_transition(stage: Stage) {
    let order = stage.order("o").await;
    let granted = stage.change_world(grant("viewer-1"), "k1").await;
    let target = ActorId::new("viewer-1").unwrap();
    let revoke = StandingChange::RevokeGrant { target, grant: granted.proof_id };
    let (raced, _) = stage.racing(changes(Tenant::world(), revoke)).await;
    assert_eq!(code(raced.transition(&act(&viewer(), &order, "pay", "k2")).await), "denied");
    assert_eq!(stage.at(&order).await.1, 1);
}

async fn race_of_a_mode_is_lost_by_the_transition(stage: Stage) {
    stage.change(mode(Some(Mode::Off)), "k1").await;
    let order = stage.order("o").await;
    let (raced, _) = stage.racing(changes(firm(), mode(None))).await;
    assert_eq!(code(raced.transition(&act(&viewer(), &order, "pay", "k2")).await), "denied");
    assert_eq!(stage.at(&order).await.1, 1);
}

async fn race_of_a_world_mode_is_lost_by_the_transition(stage: Stage) {
    stage.change_world(mode(Some(Mode::Shadow)), "k1").await;
    let order = stage.order("o").await;
    let (raced, _) = stage.racing(changes(Tenant::world(), mode(Some(Mode::Enforce)))).await;
    assert_eq!(code(raced.transition(&act(&viewer(), &order, "pay", "k2")).await), "denied");
    assert_eq!(stage.at(&order).await.1, 1);
}

fn close() -> impl FnOnce(Hos) -> BoxFuture<'static, ()> {
    changes(Tenant::world(), StandingChange::SetWorld { status: WorldStatus::Closed })
}

async fn race_of_a_closed_world_is_lost_by_the_transition(stage: Stage) {
    assert_eq!(pays_while(&stage, close()).await, "world_closed");
}

async fn race_of_a_role_is_lost_by_a_denial_that_was_recorded_before(stage: Stage) {
    let order = stage.order("o").await;
    let cancel = act(&viewer(), &order, "cancel", "k1");
    assert_eq!(code(stage.send(&cancel).await), "denied");
    let size = stage.size().await;
    let (raced, trap) = stage.racing(changes(firm(), member("viewer-1", &["owner"]))).await;
    let receipt = raced.transition(&cancel).await.expect("an owner may cancel");
    assert!(trap.sprang());
    assert_eq!(receipt.effect, Effect::Moved);
    assert_eq!(stage.size().await, size + 2, "the role and the move");
}

async fn race_of_a_closed_world_is_lost_by_the_opening(stage: Stage) {
    let lamp = crate::stage::subject("lamp", "l");
    let (raced, _) = stage.racing(close()).await;
    let opened = raced.open(&Opening::new(&owner(), &lamp).key("k")).await;
    assert_eq!(code(opened), "world_closed");
    assert!(!stage.exists(&lamp).await);
}

async fn race_of_a_ban_is_lost_by_the_opening(stage: Stage) {
    let lamp = crate::stage::subject("lamp", "l");
    let (raced, _) = stage.racing(changes(firm(), ban("clerk-1"))).await;
    let opened = raced.open(&Opening::new(&clerk(), &lamp).key("k")).await;
    assert_eq!(code(opened), "banned");
    assert!(!stage.exists(&lamp).await);
}

async fn race_of_a_ban_is_lost_by_the_record(stage: Stage) {
    let (raced, _) = stage.racing(changes(firm(), ban("owner-1"))).await;
    let record = Record::new(&owner(), &world(), &firm(), "call").key("k");
    let size = stage.size().await;
    assert_eq!(code(raced.record(&record).await), "banned");
    assert_eq!(stage.size().await, size + 1, "the ban alone");
}

async fn race_of_a_ban_is_lost_by_the_change_of_standing(stage: Stage) {
    let (raced, _) = stage.racing(changes(firm(), ban("owner-1"))).await;
    let change = member("accomplice-1", &["owner"]);
    let command = StandingCommand::new(&owner(), &world(), &firm(), change).key("k");
    assert_eq!(code(raced.change_standing(&command).await), "banned");
    let members = stage.hos.members(&world(), &firm(), None, 100).await.unwrap();
    assert!(members.iter().all(|(id, _)| *id != "accomplice-1"));
}

async fn race_of_a_ban_is_lost_by_the_batch(stage: Stage) {
    let orders = [stage.order("a").await, stage.order("b").await];
    let (raced, _) = stage.racing(changes(firm(), ban("clerk-1"))).await;
    let commands: Vec<_> =
        orders.iter().map(|order| act(&clerk(), order, "pay", &format!("k{order}"))).collect();
    for answer in raced.transition_all(&commands).await {
        assert_eq!(code(answer), "banned");
    }
    for order in &orders {
        assert_eq!(stage.at(order).await.1, 1);
    }
}

async fn race_of_a_move_is_judged_again(stage: Stage) {
    let order = stage.order("o").await;
    let pay = act(&owner(), &order, "pay", "k1");
    let change = move |hos: Hos| {
        async move {
            hos.transition(&pay).await.expect("the order is paid");
        }
        .boxed()
    };
    let (raced, _) = stage.racing(change).await;
    let receipt = raced.transition(&act(&owner(), &order, "cancel", "k2")).await.unwrap();
    assert_eq!(receipt.from.as_ref().map(AsRef::as_ref), Some("paid"));
    assert_eq!((receipt.revision, receipt.effect), (3, Effect::Moved));
}

async fn race_of_a_move_makes_a_seen_revision_stale(stage: Stage) {
    let order = stage.order("o").await;
    let pay = act(&owner(), &order, "pay", "k1");
    let change = move |hos: Hos| {
        async move {
            hos.transition(&pay).await.expect("the order is paid");
        }
        .boxed()
    };
    let (raced, _) = stage.racing(change).await;
    let late = act(&owner(), &order, "cancel", "k2").seen(1);
    assert_eq!(code(raced.transition(&late).await), "stale_revision");
    assert_eq!(stage.at(&order).await, ("paid".to_owned(), 2));
}

async fn race_of_the_same_key_replays(stage: Stage) {
    let order = stage.order("o").await;
    let pay = act(&owner(), &order, "pay", "same");
    let first = pay.clone();
    let change = move |hos: Hos| {
        async move {
            hos.transition(&first).await.expect("the order is paid");
        }
        .boxed()
    };
    let (raced, _) = stage.racing(change).await;
    let receipt = raced.transition(&pay).await.unwrap();
    assert!(receipt.replayed);
    assert_eq!(stage.at(&order).await.1, 2);
    let history = stage.hos.history(&order, 0, 100).await.unwrap();
    assert_eq!(history.len(), 2);
}

async fn race_of_the_same_key_for_another_command_is_reused(stage: Stage) {
    let order = stage.order("o").await;
    let pay = act(&owner(), &order, "pay", "same");
    let change = move |hos: Hos| {
        async move {
            hos.transition(&pay).await.expect("the order is paid");
        }
        .boxed()
    };
    let (raced, _) = stage.racing(change).await;
    let cancel = act(&owner(), &order, "cancel", "same");
    assert_eq!(code(raced.transition(&cancel).await), "key_reused");
    assert_eq!(stage.at(&order).await, ("paid".to_owned(), 2));
}

async fn race_of_the_same_key_for_another_subject_is_reused(stage: Stage) {
    let (a, b) = (stage.order("a").await, stage.order("b").await);
    let pay = act(&owner(), &a, "pay", "same");
    let change = move |hos: Hos| {
        async move {
            hos.transition(&pay).await.expect("the order is paid");
        }
        .boxed()
    };
    let (raced, _) = stage.racing(change).await;
    assert_eq!(code(raced.transition(&act(&owner(), &b, "pay", "same")).await), "key_reused");
    assert_eq!((stage.at(&a).await.1, stage.at(&b).await.1), (2, 1));
}

async fn race_of_the_same_key_of_a_record_records_once(stage: Stage) {
    let record = Record::new(&owner(), &world(), &firm(), "call").key("same");
    let (first, size) = (record.clone(), stage.size().await);
    let change = move |hos: Hos| {
        async move {
            hos.record(&first).await.expect("it is recorded");
        }
        .boxed()
    };
    let (raced, _) = stage.racing(change).await;
    assert!(raced.record(&record).await.unwrap().replayed);
    assert_eq!(stage.size().await, size + 1);
}

async fn race_of_two_openings_opens_once(stage: Stage) {
    let lamp = crate::stage::subject("lamp", "l");
    let first = Opening::new(&owner(), &lamp).key("k1");
    let change = move |hos: Hos| {
        async move {
            hos.open(&first).await.expect("the lamp opens");
        }
        .boxed()
    };
    let (raced, _) = stage.racing(change).await;
    let second = raced.open(&Opening::new(&owner(), &lamp).key("k2")).await;
    assert_eq!(code(second), "invalid_transition");
    assert_eq!(stage.at(&lamp).await.1, 1);
}

async fn race_of_a_move_is_lost_by_unchanged(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let light = act(&owner(), &lamp, "light", "k1");
    let change = move |hos: Hos| {
        async move {
            hos.transition(&light).await.expect("the lamp is lit");
        }
        .boxed()
    };
    let (raced, _) = stage.racing(change).await;
    let dim = raced.transition(&act(&owner(), &lamp, "dim", "k2")).await.unwrap();
    assert_eq!((dim.effect, dim.revision), (Effect::Moved, 3), "it was off, then it was lit");
}

/// Laws that let everybody load before anybody commits.
async fn crowd(stage: &Stage) -> Hos {
    let delayed = |_: crate::faults::Call, _: u64| Injection::Delay(1);
    stage.over(FaultyStore::new(Shared(stage.backend()), delayed)).await
}

async fn race_of_sixty_four_one_shots_moves_once(stage: Stage) {
    let order = stage.order("o").await;
    let (hos, size) = (crowd(&stage).await, stage.size().await);
    let commands: Vec<_> =
        (0..64).map(|at| act(&owner(), &order, "cancel", &format!("k{at}"))).collect();
    let receipts = join_all(commands.iter().map(|command| hos.transition(command))).await;
    let effects: Vec<Effect> = receipts.into_iter().map(|r| r.unwrap().effect).collect();
    assert_eq!(effects.iter().filter(|effect| **effect == Effect::Moved).count(), 1);
    assert_eq!(stage.size().await, size + 1, "one proof");
    assert_eq!(stage.at(&order).await, ("cancelled".to_owned(), 2));
}

async fn race_of_sixty_four_one_shots_with_a_seen_revision_moves_once(stage: Stage) {
    let order = stage.order("o").await;
    let (hos, size) = (crowd(&stage).await, stage.size().await);
    let commands: Vec<_> =
        (0..64).map(|at| act(&owner(), &order, "cancel", &format!("k{at}")).seen(1)).collect();
    let answers = join_all(commands.iter().map(|command| hos.transition(command))).await;
    let (moved, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(moved.len(), 1);
    for answer in refused {
        assert_eq!(code(answer), "stale_revision");
    }
    assert_eq!(stage.size().await, size + 1, "one proof");
}

async fn race_of_sixty_four_sendings_of_one_key_leaves_one_receipt(stage: Stage) {
    let order = stage.order("o").await;
    let (hos, size) = (crowd(&stage).await, stage.size().await);
    let command = act(&owner(), &order, "pay", "same");
    let receipts = join_all((0..64).map(|_| hos.transition(&command))).await;
    let receipts: Vec<_> = receipts.into_iter().map(Result::unwrap).collect();
    assert_eq!(receipts.iter().filter(|receipt| !receipt.replayed).count(), 1);
    assert!(receipts.iter().all(|receipt| receipt.proof_id == receipts[0].proof_id));
    assert!(receipts.iter().all(|receipt| receipt.effect == Effect::Moved));
    assert_eq!(stage.size().await, size + 1, "one proof");
}

async fn race_of_sixty_four_subjects_moves_them_all(stage: Stage) {
    let mut lamps = Vec::new();
    for at in 0..64 {
        lamps.push(stage.subject("lamp", &format!("l{at}")).await);
    }
    let (hos, size) = (crowd(&stage).await, stage.size().await);
    let commands: Vec<_> =
        lamps.iter().map(|lamp| act(&owner(), lamp, "light", &format!("{lamp}"))).collect();
    for receipt in join_all(commands.iter().map(|command| hos.transition(command))).await {
        assert_eq!(receipt.unwrap().effect, Effect::Moved);
    }
    assert_eq!(stage.size().await, size + 64);
    let log = stage.log().await;
    assert!(log.iter().enumerate().all(|(at, entry)| entry.index == u64::try_from(at).ok()));
}
