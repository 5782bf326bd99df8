//! Timers survive restarts and fire once.

use std::time::Duration;

use futures_util::future::join;
use hos_core::command::{Adoption, Migration, Opening};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::Error;
use hos_core::hos::{Hos, TIMER_RETRY_MAX};
use hos_core::law::{LawBuilder, MigrationDefinition};
use hos_core::laws::{Contracts as _, Fired, Proofs as _};
use hos_core::receipt::Effect;
use hos_core::time::Clock as _;

use crate::case::cases;
use crate::faults::{FaultyStore, Injection};
use crate::forward::Shared;
use crate::law::{WORLD, builder, order};
use crate::stage::{Stage, act, firm, leaf, owner, root, subject, world};

const HOUR: u64 = 3_600;

cases!(
    "timer",
    [
        timer_does_not_fire_before_its_time,
        timer_fires_at_its_time,
        timer_fires_once,
        timer_leaves_a_proof_of_its_own_kind,
        timer_ends_when_its_state_is_left,
        timer_of_the_new_state_replaces_the_old_one,
        timer_is_set_anew_by_a_self_loop,
        timer_of_an_adopted_subject_runs,
        timer_survives_a_restart,
        timer_fired_by_two_at_once_fires_once,
        timer_that_is_refused_is_postponed,
        timer_that_is_refused_for_good_is_tried_ever_more_seldom,
        timer_that_was_migrated_keeps_its_age,
        timer_that_is_denied_again_and_again_leaves_evidence_once,
        timer_that_is_refused_does_not_hold_up_the_others,
        timer_in_a_closed_world_waits,
        timer_limit_holds_and_the_longest_due_comes_first,
        timer_postponed_after_the_subject_moved_is_gone,
        timer_replay_counts_as_fired,
    ]
);

async fn fire(stage: &Stage) -> Vec<Fired> {
    stage.hos.fire_due(stage.clock.now(), 100).await.expect("due timers are read")
}

async fn timer_does_not_fire_before_its_time(stage: Stage) {
    let order = stage.order("o").await;
    stage.advance(HOUR - 1);
    assert_eq!(fire(&stage).await.len(), 0);
    assert_eq!(stage.at(&order).await.0, "pending");
}

async fn timer_fires_at_its_time(stage: Stage) {
    let order = stage.order("o").await;
    stage.advance(HOUR);
    let fired = fire(&stage).await;
    assert_eq!(fired.len(), 1);
    assert_eq!((&fired[0].subject, fired[0].action.as_str()), (&order, "expire"));
    assert_eq!(fired[0].outcome.as_ref().unwrap().effect, Effect::Moved);
    assert_eq!(stage.at(&order).await, ("cancelled".to_owned(), 2));
}

async fn timer_fires_once(stage: Stage) {
    stage.order("o").await;
    stage.advance(HOUR);
    assert_eq!(fire(&stage).await.len(), 1);
    stage.advance(HOUR);
    assert_eq!(fire(&stage).await.len(), 0);
}

async fn timer_leaves_a_proof_of_its_own_kind(stage: Stage) {
    stage.order("o").await;
    stage.advance(HOUR);
    let size = stage.size().await;
    fire(&stage).await;
    assert_eq!(stage.size().await, size + 1);
    let leaf = leaf(stage.log().await.last().unwrap());
    assert_eq!(leaf["typ"], "timer/1");
    assert_eq!(leaf["actor"], serde_json::json!({"k": "job", "p": "timer"}));
    assert_eq!((&leaf["action"], &leaf["revision"]), (&"expire".into(), &2.into()));
}

async fn timer_ends_when_its_state_is_left(stage: Stage) {
    stage.cancelled("o").await;
    stage.advance(HOUR);
    assert_eq!(fire(&stage).await.len(), 0);
}

async fn timer_of_the_new_state_replaces_the_old_one(stage: Stage) {
    let order = stage.order("o").await;
    stage.advance(HOUR - 10);
    stage.moved(&act(&owner(), &order, "pay", "k")).await;
    stage.advance(HOUR);
    assert_eq!(fire(&stage).await.len(), 0, "it is paid now");
    stage.advance(HOUR);
    let fired = fire(&stage).await;
    assert_eq!(fired[0].action, "cancel");
    assert_eq!(stage.at(&order).await, ("cancelled".to_owned(), 3));
}

async fn timer_is_set_anew_by_a_self_loop(stage: Stage) {
    let order = stage.order("o").await;
    stage.advance(HOUR - 10);
    stage.moved(&act(&owner(), &order, "touch", "k")).await;
    stage.advance(HOUR - 1);
    assert_eq!(fire(&stage).await.len(), 0);
    stage.advance(1);
    assert_eq!(fire(&stage).await.len(), 1);
}

async fn timer_of_an_adopted_subject_runs(stage: Stage) {
    let opening = Opening::new(&owner(), &subject("order", "o")).attribute("customer", "c");
    stage.hos.adopt(&Adoption::new(opening.key("k"), "paid", "before")).await.unwrap();
    stage.advance(2 * HOUR);
    assert_eq!(fire(&stage).await.len(), 1);
}

async fn timer_survives_a_restart(stage: Stage) {
    let order = stage.order("o").await;
    stage.advance(HOUR);
    let stage = stage.restart().await;
    assert_eq!(fire(&stage).await.len(), 1);
    let stage = stage.restart().await;
    assert_eq!(fire(&stage).await.len(), 0);
    assert_eq!(stage.at(&order).await.1, 2);
}

async fn timer_fired_by_two_at_once_fires_once(stage: Stage) {
    use hos_core::time::Clock as _;
    for id in ["a", "b", "c"] {
        stage.order(id).await;
    }
    stage.advance(HOUR);
    let size = stage.size().await;
    let delayed = |_: crate::faults::Call, _: u64| Injection::Delay(1);
    let hos = stage.over(FaultyStore::new(Shared(stage.backend()), delayed)).await;
    let now = stage.clock.now();
    let (one, two) = join(hos.fire_due(now, 100), hos.fire_due(now, 100)).await;
    for fired in one.unwrap().into_iter().chain(two.unwrap()) {
        match fired.outcome {
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(fault) => panic!("{fault:?}"),
        }
    }
    assert_eq!(stage.size().await, size + 3, "each once");
    assert_eq!(fire(&stage).await.len(), 0);
}

async fn timer_that_is_refused_is_postponed(stage: Stage) {
    let task = stage.subject("task", "t").await;
    stage.advance(60);
    let fired = fire(&stage).await;
    assert!(fired[0].outcome.is_err(), "its job may not finish a task");
    assert_eq!(fire(&stage).await.len(), 0);
    stage.advance(59);
    assert_eq!(fire(&stage).await.len(), 0);
    stage.advance(1);
    assert_eq!(fire(&stage).await.len(), 1, "and tried again");
    assert_eq!(stage.at(&task).await.1, 1);
}

/// Nobody may ever finish it: in two days it is tried some sixty times and not three thousand.
async fn timer_that_is_refused_for_good_is_tried_ever_more_seldom(stage: Stage) {
    stage.subject("task", "t").await;
    stage.advance(60);
    let (mut waits, mut stuck_after) = (Vec::new(), None);
    for minute in 0..2 * 24 * 60 {
        for fired in fire(&stage).await {
            waits.push(minute);
            if fired.is_stuck {
                stuck_after.get_or_insert(minute);
            }
            assert!(fired.again_at.is_some() && fired.outcome.is_err());
        }
        stage.advance(60);
    }
    let gaps: Vec<i32> = waits.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| (1..=60).contains(gap)), "{gaps:?}");
    assert!(gaps.is_sorted(), "ever more seldom: {gaps:?}");
    assert_eq!((gaps[0], gaps[gaps.len() - 1]), (1, 60));
    assert!((24 * 60..25 * 60).contains(&stuck_after.unwrap()), "told once a day has passed");
}

/// A contract with a timer that no job may ever fire, for the ability is critical and nobody's.
fn alarm(version: &str) -> Contract {
    let ring = ActionDefinition::new("ring", ["set"], "rung", "alarm.ring").critical();
    let alarm = Contract::builder("alarm", version)
        .states(["set", "rung"])
        .initial("set")
        .terminal(["rung"]);
    let alarm = alarm.open("alarm.set", [] as [&str; 0]).action(ring);
    alarm.timer("set", Duration::from_secs(60), "ring").build().expect("a contract")
}

fn alarms(version: &str) -> LawBuilder {
    builder(WORLD, version).allow("alarm.set", ["owner"]).contract(order("1")).contract(alarm("1"))
}

async fn alarmed(stage: &Stage) -> Hos {
    let hos = stage.open([alarms("2").build().expect("a law")]).await.expect("a law opens");
    let opening = Opening::new(&owner(), &subject("alarm", "a"));
    hos.open(&opening.key("a")).await.expect("an alarm");
    hos
}

async fn timer_that_was_migrated_keeps_its_age(stage: Stage) {
    alarmed(&stage).await;
    let next = alarms("3").contract(alarm("2"));
    let next = next.migration(MigrationDefinition::new("alarm", "1", "2")).build().unwrap();
    let hos = stage.open([next]).await.expect("a law opens");
    stage.advance(26 * HOUR);
    let walk = Migration::new(&root(), &world(), &firm(), "alarm", "1", "2").key("m");
    assert_eq!(hos.migrate(&walk, 10).await.expect("a migration").migrated, 1);
    let fired = hos.fire_due(stage.clock.now(), 100).await.expect("due timers are read");
    assert!(fired[0].outcome.is_err() && fired[0].is_stuck, "{fired:?}");
    let again = stage.clock.now().after(TIMER_RETRY_MAX);
    assert_eq!(fired[0].again_at, Some(again));
}

async fn timer_that_is_denied_again_and_again_leaves_evidence_once(stage: Stage) {
    let hos = alarmed(&stage).await;
    stage.advance(60);
    for _ in 0..3 {
        let fired = hos.fire_due(stage.clock.now(), 100).await.expect("due timers are read");
        assert_eq!(fired.len(), 1);
        stage.advance(HOUR);
    }
    let log = stage.log().await;
    let denials = log.iter().filter(|entry| leaf(entry)["typ"] == "denial/1");
    assert_eq!(denials.count(), 1);
}

async fn timer_that_is_refused_does_not_hold_up_the_others(stage: Stage) {
    stage.subject("task", "t").await;
    let order = stage.order("o").await;
    stage.advance(HOUR);
    let fired = fire(&stage).await;
    assert_eq!(fired.len(), 2);
    assert_eq!(stage.at(&order).await.0, "cancelled");
}

async fn timer_in_a_closed_world_waits(stage: Stage) {
    use hos_core::command::StandingChange;
    use hos_core::standing::WorldStatus;
    let order = stage.order("o").await;
    let set = |status| StandingChange::SetWorld { status };
    stage.change_world(set(WorldStatus::Closed), "close").await;
    stage.advance(HOUR);
    assert!(fire(&stage).await[0].outcome.is_err());
    assert_eq!(stage.at(&order).await.1, 1);
    stage.change_world(set(WorldStatus::Open), "open").await;
    stage.advance(60);
    assert!(fire(&stage).await[0].outcome.is_ok());
}

async fn timer_limit_holds_and_the_longest_due_comes_first(stage: Stage) {
    use hos_core::time::Clock as _;
    for id in ["c", "a", "b"] {
        stage.order(id).await;
        stage.advance(1);
    }
    stage.advance(HOUR);
    let fired = stage.hos.fire_due(stage.clock.now(), 2).await.unwrap();
    let ids: Vec<&str> = fired.iter().map(|fired| fired.subject.id.as_str()).collect();
    assert_eq!(ids, ["c", "a"]);
    assert_eq!(stage.hos.fire_due(stage.clock.now(), 0).await.unwrap().len(), 0);
    assert_eq!(fire(&stage).await.len(), 1);
}

async fn timer_postponed_after_the_subject_moved_is_gone(stage: Stage) {
    use hos_core::time::Clock as _;
    let order = stage.order("o").await;
    stage.advance(HOUR);
    let due = stage.backend().due_timers(&world(), stage.clock.now(), 10).await.unwrap();
    assert_eq!((due.len(), due[0].revision), (1, 1));
    stage.moved(&act(&owner(), &order, "touch", "k")).await;
    stage.backend().postpone_timers(&due, stage.clock.now()).await.unwrap();
    assert_eq!(fire(&stage).await.len(), 0, "the timer of revision 2 stands as it was set");
    stage.advance(HOUR);
    assert_eq!(fire(&stage).await.len(), 1);
}

async fn timer_replay_counts_as_fired(stage: Stage) {
    let order = stage.order("o").await;
    stage.advance(HOUR);
    let lose = |call: crate::faults::Call, at: u64| match call {
        crate::faults::Call::Commit if at == 0 => Injection::After,
        _ => Injection::Pass,
    };
    let hos = stage.over(FaultyStore::new(Shared(stage.backend()), lose)).await;
    use hos_core::time::Clock as _;
    let fired = hos.fire_due(stage.clock.now(), 10).await.unwrap();
    assert!(fired[0].outcome.is_err(), "the answer was lost");
    stage.advance(60);
    assert_eq!(fire(&stage).await.len(), 0, "yet it fired");
    assert_eq!(stage.at(&order).await, ("cancelled".to_owned(), 2));
    assert_eq!(stage.hos.history(&order, 0, 10).await.unwrap().len(), 2);
}
