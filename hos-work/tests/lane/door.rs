//! Who may enter, in which order, and what closing means.

use hos_core::command::{Adoption, Opening};
use hos_core::error::FaultKind;
use hos_core::laws::Contracts;
use hos_core::receipt::Effect;
use hos_core::subject::Subject;
use hos_work::{Lane, LaneOptions};

use crate::law::{call, desk, fault, quiet, settled, ticket, touch, visitor};

#[tokio::test(start_paused = true)]
async fn no_more_wait_than_there_is_room() {
    let (hos, watch) = desk(10).await;
    let mut tickets = Vec::new();
    for firm in 0..10 {
        tickets.push(ticket(&hos, firm, &format!("t-{firm}")).await);
    }
    let lane = Lane::with_options(hos, LaneOptions::default().batch_max(2).queue_max(4));
    let gate = watch.gate();
    watch.forget();
    let mut callers = vec![call(&lane, touch(&tickets[0], "first"))];
    watch.until(1).await;
    for n in 0..40 {
        callers.push(call(&lane, touch(&tickets[n % 10], format!("k-{n}"))));
    }
    quiet().await;
    assert_eq!(lane.waiting(), 4);
    for _ in 0..callers.len() {
        gate.add_permits(1);
        quiet().await;
        assert!(lane.waiting() <= 4);
    }
    for caller in callers {
        assert!(settled(caller).await.unwrap().is_ok());
    }
    assert!(watch.batches().iter().all(|batch| batch.len() <= 2));
}

#[tokio::test(start_paused = true)]
async fn a_loud_tenant_shuts_nobody_out() {
    let (hos, watch) = desk(2).await;
    let (loud, modest) = (ticket(&hos, 0, "loud").await, ticket(&hos, 1, "modest").await);
    let lane = Lane::with_options(hos, LaneOptions::default().batch_max(4).queue_max(16));
    let gate = watch.gate();
    watch.forget();
    let mut callers = vec![call(&lane, touch(&loud, "first"))];
    watch.until(1).await;
    callers.extend((0..50).map(|n| call(&lane, touch(&loud, format!("loud-{n}")))));
    quiet().await;
    assert_eq!(lane.waiting(), 8, "alone a tenant fills half of the room");
    callers.push(call(&lane, touch(&modest, "modest")));
    quiet().await;
    assert_eq!(lane.waiting(), 9, "another tenant finds room at once");
    gate.add_permits(100);
    for caller in callers {
        assert!(settled(caller).await.unwrap().is_ok());
    }
    let next = &watch.batches()[1];
    assert!(next.contains(&"modest".to_owned()), "its turn comes in the next batch: {next:?}");
    assert_eq!(next.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn who_left_before_the_work_began_is_passed_over() {
    let (hos, watch) = desk(1).await;
    let own = ticket(&hos, 0, "a").await;
    let lane = Lane::new(hos);
    let gate = watch.gate();
    watch.forget();
    let first = call(&lane, touch(&own, "first"));
    watch.until(1).await;
    let leaves = call(&lane, touch(&own, "leaves"));
    let stays = call(&lane, touch(&own, "stays"));
    quiet().await;
    leaves.abort();
    first.abort();
    quiet().await;
    gate.add_permits(100);
    let receipt = settled(stays).await.unwrap().unwrap();
    assert_eq!(receipt.revision, 3, "what began is done, though nobody is told");
    assert_eq!((watch.times_asked("first"), watch.times_asked("leaves")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn closing_ends_what_was_taken_and_takes_no_more() {
    let (hos, watch) = desk(1).await;
    let own = ticket(&hos, 0, "a").await;
    let lane = Lane::with_options(hos, LaneOptions::default().queue_max(4));
    let gate = watch.gate();
    watch.forget();
    let mut taken = vec![call(&lane, touch(&own, "at work"))];
    watch.until(1).await;
    taken.extend(["one", "two"].map(|key| call(&lane, touch(&own, key))));
    quiet().await;
    let outside = call(&lane, touch(&own, "outside"));
    quiet().await;
    let closing = tokio::spawn({
        let lane = lane.clone();
        async move { lane.close().await }
    });
    quiet().await;
    assert!(!closing.is_finished());
    assert_eq!(fault(&settled(outside).await.unwrap()), Some(FaultKind::Unavailable));
    let late = settled(lane.transition(&touch(&own, "late"))).await;
    assert_eq!(fault(&late), Some(FaultKind::Unavailable));
    gate.add_permits(100);
    for caller in taken {
        assert!(settled(caller).await.unwrap().is_ok());
    }
    settled(closing).await.unwrap();
    settled(lane.close()).await;
}

#[tokio::test(start_paused = true)]
async fn it_is_the_law_itself_to_a_world() {
    let (hos, _) = desk(1).await;
    let lane = Lane::new(hos);
    let contracts: &dyn Contracts = &lane;
    let fresh = Subject::new("desk", "firm-0", "ticket", "fresh").unwrap();
    let opened = contracts.open(&Opening::new(&visitor(), &fresh).key("o")).await.unwrap();
    assert_eq!(opened.revision, 1);
    let found = Subject::new("desk", "firm-0", "ticket", "found").unwrap();
    let adoption = Adoption::new(Opening::new(&visitor(), &found).key("a"), "open", "it was there");
    let adopted = contracts.adopt(&adoption).await;
    assert_eq!(adopted.unwrap_err().refusal().unwrap().code(), "denied");
    let moved = contracts.transition(&touch(&fresh, "t")).await.unwrap();
    assert_eq!((moved.effect, moved.revision), (Effect::Moved, 2));
    let again = contracts.transition(&touch(&fresh, "t")).await.unwrap();
    assert!(again.replayed);
    let refused = contracts.transition(&touch(&found, "u")).await.unwrap_err();
    assert_eq!(refused.refusal().unwrap().code(), "not_found");
    assert_eq!(lane.hos().law(&fresh.world).unwrap().version(), "1");
}

#[tokio::test(start_paused = true)]
async fn callers_that_come_back_share_the_next_batch() {
    let (hos, watch) = desk(1).await;
    let own = ticket(&hos, 0, "a").await;
    let lane = Lane::new(hos);
    watch.forget();
    watch.dawdle(1);
    let caller = |number: usize| {
        let (lane, own) = (lane.clone(), own.clone());
        tokio::spawn(async move {
            for call in 0..10 {
                lane.transition(&touch(&own, format!("{number}-{call}"))).await.unwrap();
            }
        })
    };
    let mut callers = vec![caller(0)];
    watch.until(1).await;
    callers.extend((1..64).map(caller));
    for caller in callers {
        settled(caller).await.unwrap();
    }
    let sizes: Vec<usize> = watch.batches().iter().map(Vec::len).collect();
    let all_together = [64; 9];
    assert_eq!(sizes, [&[1], &all_together[..], &[63]].concat(), "not one and all in turns");
}

#[tokio::test(start_paused = true)]
async fn callers_of_many_subjects_share_the_lanes_evenly() {
    let (hos, watch) = desk(1).await;
    let mut tickets = Vec::new();
    for number in 0..64 {
        tickets.push(ticket(&hos, 0, &format!("t-{number}")).await);
    }
    let lane = Lane::with_options(hos, LaneOptions::default().lanes(2));
    watch.forget();
    watch.dawdle(1);
    let caller = |own: Subject| {
        let lane = lane.clone();
        tokio::spawn(async move {
            for call in 0..10 {
                lane.transition(&touch(&own, format!("{}-{call}", own.id))).await.unwrap();
            }
        })
    };
    let callers: Vec<_> = tickets.into_iter().map(caller).collect();
    for caller in callers {
        settled(caller).await.unwrap();
    }
    let sizes: Vec<usize> = watch.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes, [32; 20]);
}
