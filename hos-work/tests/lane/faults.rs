//! Panics, shutdown, and callers that nobody polls.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use hos_core::error::FaultKind;
use hos_core::laws::Contracts;
use hos_work::{Lane, LaneOptions};

use crate::law::{call, desk, fault, quiet, settled, ticket, touch};
use crate::store::PANICS;

#[tokio::test(start_paused = true)]
async fn a_panic_costs_its_batch_an_answer_and_nobody_else() {
    let (hos, watch) = desk(1).await;
    let own = ticket(&hos, 0, "a").await;
    let lane = Lane::with_options(hos, LaneOptions::default().batch_max(4));
    let gate = watch.gate();
    watch.forget();
    let first = call(&lane, touch(&own, "first"));
    watch.until(1).await;
    let keys = ["x", PANICS, "y", "z", "later", "last"];
    let others: Vec<_> = keys.iter().map(|key| call(&lane, touch(&own, key))).collect();
    quiet().await;
    gate.add_permits(100);
    assert!(settled(first).await.unwrap().is_ok());
    for (at, caller) in others.into_iter().enumerate() {
        let answer = settled(caller).await.unwrap();
        let expected = (at < 4).then_some(FaultKind::Ambiguous);
        assert_eq!(fault(&answer), expected, "{}: {answer:?}", keys[at]);
        assert_eq!(watch.times_asked(keys[at]), 1);
    }
    // The faulty batch was not written: a retry by key is the first to move.
    let retried = settled(lane.transition(&touch(&own, "x"))).await.unwrap();
    assert!(!retried.replayed);
    settled(lane.close()).await;
}

#[tokio::test(start_paused = true)]
async fn a_lone_panic_frees_the_lane() {
    let (hos, _) = desk(1).await;
    let own = ticket(&hos, 0, "a").await;
    let lane = Lane::new(hos);
    for _ in 0..3 {
        let answer = settled(lane.transition(&touch(&own, PANICS))).await;
        assert_eq!(fault(&answer), Some(FaultKind::Ambiguous));
        assert!(settled(lane.transition(&touch(&own, "next"))).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_not_polled_holds_nobody_up() {
    let (hos, watch) = desk(2).await;
    let (own, other) = (ticket(&hos, 0, "a").await, ticket(&hos, 1, "b").await);
    let lane = Lane::with_options(hos, LaneOptions::default().batch_max(1).queue_max(2));
    let gate = watch.gate();
    let mut idle = Context::from_waker(Waker::noop());
    let commands: Vec<_> = (0..6).map(|n| touch(&own, format!("idle-{n}"))).collect();
    let mut callers: Vec<_> = commands.iter().map(|command| lane.transition(command)).collect();
    for caller in &mut callers {
        assert!(caller.as_mut().poll(&mut idle).is_pending());
        quiet().await;
    }
    // One is at work, one waits, the rest wait for room, and none of them is polled again.
    gate.add_permits(100);
    for n in 0..20 {
        let command = touch(&other, format!("busy-{n}"));
        assert!(settled(lane.transition(&command)).await.is_ok());
    }
    quiet().await;
    let mut answered = 0;
    for caller in &mut callers {
        answered += usize::from(caller.as_mut().poll(&mut idle).is_ready());
    }
    assert_eq!(answered, 2, "the one that was at work and the one that waited");
}

#[test]
fn when_a_runtime_shuts_down_its_callers_elsewhere_are_told_the_truth() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (doomed, stays) = (runtime(), runtime());
    let (hos, watch) = stays.block_on(desk(1));
    let own = stays.block_on(ticket(&hos, 0, "a"));
    let lane = Lane::with_options(hos, LaneOptions::default().batch_max(1));
    let gate = watch.gate();
    watch.forget();
    doomed.block_on(async {
        drop(call(&lane, touch(&own, "starts")));
        watch.until(1).await;
    });
    let (at_work, waits) = stays.block_on(async {
        let callers = ["at work", "waits"].map(|key| call(&lane, touch(&own, key)));
        quiet().await;
        callers.into()
    });
    doomed.block_on(async {
        gate.add_permits(1);
        watch.until(2).await;
    });
    drop(doomed);
    stays.block_on(async {
        assert_eq!(fault(&at_work.await.unwrap()), Some(FaultKind::Ambiguous));
        assert_eq!(fault(&waits.await.unwrap()), Some(FaultKind::Unavailable));
        assert_eq!(watch.times_asked("waits"), 0);
        gate.add_permits(100);
        assert!(!lane.transition(&touch(&own, "waits")).await.unwrap().replayed);
        lane.close().await;
    });
}

#[test]
fn a_turn_handed_to_a_dead_runtime_strands_nobody() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (dead, stays) = (runtime(), runtime());
    let (hos, _) = stays.block_on(desk(1));
    let own = stays.block_on(ticket(&hos, 0, "a"));
    let lane = Lane::new(hos);
    let handle = dead.handle().clone();
    drop(dead);
    let command = touch(&own, "k");
    let mut caller = pin!(lane.transition(&command));
    let mut idle = Context::from_waker(Waker::noop());
    let entered = handle.enter();
    let Poll::Ready(answer) = caller.as_mut().poll(&mut idle) else { panic!("stranded") };
    drop(entered);
    assert_eq!(fault(&answer), Some(FaultKind::Unavailable));
    assert!(stays.block_on(lane.transition(&command)).is_ok());
}

#[test]
fn without_a_runtime_a_transition_goes_straight_to_the_law() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (hos, _) = runtime.block_on(desk(1));
    let own = runtime.block_on(ticket(&hos, 0, "a"));
    let lane = Lane::new(hos);
    let mut idle = Context::from_waker(Waker::noop());
    let mut poll = |key: &str| {
        let command = touch(&own, key);
        lane.transition(&command).as_mut().poll(&mut idle)
    };
    assert!(matches!(poll("k"), Poll::Ready(Ok(_))));
    runtime.block_on(lane.close());
    let Poll::Ready(refused) = poll("k") else { panic!("stranded") };
    assert_eq!(fault(&refused), Some(FaultKind::Unavailable));
}
