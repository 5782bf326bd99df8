//! Many timers at once: in batches, of several worlds, several of one subject.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join;
use hos_core::command::Opening;
use hos_core::commit::{Commit, Outcome};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::{Fault, FaultKind, Refusal};
use hos_core::hos::Hos;
use hos_core::id::World;
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Fired};
use hos_core::standing::Standing;
use hos_core::store::{Ask, BATCH_MAX, Backend, Store};
use hos_core::subject::Subject;
use hos_core::time::Clock as _;

use crate::case::cases;
use crate::faults::{Call, FaultyStore, Injection};
use crate::forward::{Fronted, Shared};
use crate::law::{OTHER_WORLD, WORLD, builder, law, law_of, order};
use crate::stage::{FIRM, Stage, owner, subject, world};

cases!(
    "timers",
    [
        timers_of_several_batches_fire_in_one_call,
        timers_fired_by_two_at_once_in_batches_fire_once,
        timers_of_a_world_that_is_not_ours_do_not_hold_up_ours,
        timers_of_one_world_do_not_hold_up_those_of_another,
        timers_are_read_of_one_world,
        timers_of_one_subject_never_fire_on_what_the_first_one_left,
        timers_of_one_subject_fire_though_an_earlier_one_is_refused,
        timers_that_are_refused_take_turns_with_the_others,
        timers_that_meet_a_fault_are_fired_later,
        timers_beside_a_damaged_subject_fire,
    ]
);

const HOUR: u64 = 3_600;
const MANY: usize = BATCH_MAX + 20;

async fn fire(stage: &Stage, hos: &Hos, limit: u32) -> Vec<Fired> {
    hos.fire_due(stage.clock.now(), limit).await.expect("due timers are read")
}

async fn orders(stage: &Stage, count: usize) {
    for number in 0..count {
        stage.order(&format!("o-{number}")).await;
    }
}

fn ids(fired: &[Fired]) -> Vec<&str> {
    fired.iter().map(|fired| fired.subject.id.as_str()).collect()
}

async fn timers_of_several_batches_fire_in_one_call(stage: Stage) {
    let mut expected = Vec::new();
    for number in 0..MANY {
        stage.order(&format!("o-{number}")).await;
        stage.clock.advance(Duration::from_millis(1));
        expected.push(format!("o-{number}"));
    }
    stage.advance(HOUR);
    let size = stage.size().await;
    let fired = fire(&stage, &stage.hos, 1_000).await;
    assert_eq!(ids(&fired), expected, "one answer for each, the longest due first");
    assert!(fired.iter().all(|fired| fired.outcome.as_ref().is_ok_and(|it| !it.replayed)));
    assert_eq!(stage.size().await, size + u64::try_from(MANY).unwrap(), "one proof for each");
    assert_eq!(fire(&stage, &stage.hos, 1_000).await.len(), 0);
}

async fn timers_fired_by_two_at_once_in_batches_fire_once(stage: Stage) {
    orders(&stage, MANY).await;
    stage.advance(HOUR);
    let size = stage.size().await;
    let delayed = |_: Call, _: u64| Injection::Delay(1);
    let other = stage.over(FaultyStore::new(Shared(stage.backend()), delayed)).await;
    let (one, two) = join(fire(&stage, &stage.hos, 1_000), fire(&stage, &other, 1_000)).await;
    let fresh = one.iter().chain(&two).filter(|fired| {
        let receipt = fired.outcome.as_ref().expect("whoever comes late learns of the receipt");
        !receipt.replayed
    });
    assert_eq!(fresh.count(), MANY, "each once");
    assert_eq!(stage.size().await, size + u64::try_from(MANY).unwrap());
    assert_eq!(fire(&stage, &stage.hos, 1_000).await.len(), 0);
}

/// Both worlds in one process, with three orders that are due in the other one, and one in ours
/// that became due after them.
async fn two_worlds(stage: Stage) -> Stage {
    let both = stage.restart_with([law(), law_of(OTHER_WORLD)]).await.expect("two worlds");
    both.people(&other_world()).await;
    for id in ["a", "b", "c"] {
        let theirs = Subject::new(OTHER_WORLD, FIRM, "order", id).unwrap();
        let opening = Opening::new(&owner(), &theirs).attribute("customer", "customer-1");
        both.hos.open(&opening.key(id)).await.expect("an order opens");
        both.advance(1);
    }
    both.order("ours").await;
    both.advance(HOUR);
    both
}

fn other_world() -> World {
    OTHER_WORLD.parse().unwrap()
}

async fn timers_of_a_world_that_is_not_ours_do_not_hold_up_ours(stage: Stage) {
    let both = two_worlds(stage).await;
    let ours = both.open([law()]).await.expect("one world of the store");
    assert_eq!(ids(&fire(&both, &ours, 1).await), ["ours"]);
    assert_eq!(fire(&both, &ours, 1).await.len(), 0, "theirs are theirs");
    assert_eq!(ids(&fire(&both, &both.hos, 100).await), ["a", "b", "c"]);
}

async fn timers_of_one_world_do_not_hold_up_those_of_another(stage: Stage) {
    let both = two_worlds(stage).await;
    assert_eq!(ids(&fire(&both, &both.hos, 2).await), ["a", "ours"], "worlds take turns");
    assert_eq!(ids(&fire(&both, &both.hos, 100).await), ["b", "c"]);
}

async fn timers_are_read_of_one_world(stage: Stage) {
    let both = two_worlds(stage).await;
    let store = both.backend();
    let now = both.clock.now();
    assert_eq!(store.due_timers(&world(), now, 100).await.unwrap().len(), 1);
    let theirs = store.due_timers(&other_world(), now, 2).await.unwrap();
    let read: Vec<&str> = theirs.iter().map(|timer| timer.subject.id.as_str()).collect();
    assert_eq!(read, ["a", "b"], "the longest due first");
    let nowhere = "nowhere".parse().unwrap();
    assert_eq!(store.due_timers(&nowhere, now, 100).await.unwrap(), []);
    let later = now.after(Duration::from_secs(5));
    store.postpone_timers(&theirs, later).await.unwrap();
    let left = store.due_timers(&other_world(), now, 100).await.unwrap();
    assert_eq!(left.len(), 1, "those that were named are postponed, and no other");
    assert_eq!(store.due_timers(&other_world(), later, 100).await.unwrap().len(), 3);
    store.postpone_timers(&[], later).await.unwrap();
}

/// A law in which a subject may have two timers: the first one's action loops for `bell`, and is
/// one that the job may not do for `gate`.
pub(crate) fn bells(kind: &str) -> Law {
    let first = match kind {
        "bell" => ActionDefinition::new("ring", ["set"], "set", "bell.ring"),
        _ => ActionDefinition::new("ring", ["set"], "set", "bell.break"),
    };
    let bell = Contract::builder("bell", "1")
        .states(["set", "off"])
        .initial("set")
        .terminal(["off"])
        .open("bell.create", Vec::<String>::new())
        .action(first)
        .action(ActionDefinition::new("stop", ["set"], "off", "bell.stop"))
        .timer("set", Duration::from_secs(60), "ring")
        .timer("set", Duration::from_secs(90), "stop")
        .build()
        .expect("a contract");
    let law = builder(WORLD, "2")
        .allow("bell.*", ["owner"])
        .allow("bell.ring", ["clockwork"])
        .allow("bell.stop", ["clockwork"]);
    law.contract(order("1")).contract(bell).build().expect("a law")
}

async fn two_timers(stage: &Stage, kind: &str) -> Hos {
    let hos = stage.open([bells(kind)]).await.expect("a law opens");
    hos.open(&Opening::new(&owner(), &subject("bell", "b")).key("b")).await.expect("a bell");
    stage.advance(600);
    hos
}

async fn timers_of_one_subject_never_fire_on_what_the_first_one_left(stage: Stage) {
    let hos = two_timers(&stage, "bell").await;
    let fired = fire(&stage, &hos, 100).await;
    let actions: Vec<&str> = fired.iter().map(|fired| fired.action.as_str()).collect();
    assert_eq!(actions, ["ring", "stop"]);
    assert!(fired[0].outcome.is_ok());
    let stale = fired[1].outcome.as_ref().expect_err("it was set by a revision that is over");
    assert_eq!(stale.refusal().map(Refusal::code), Some("stale_revision"));
    assert_eq!(at(&hos, &subject("bell", "b")).await, ("set".to_owned(), 2));
    assert_eq!(fire(&stage, &hos, 100).await.len(), 0, "both were set anew");
    stage.advance(90);
    assert_eq!(fire(&stage, &hos, 100).await.len(), 2);
    assert_eq!(at(&hos, &subject("bell", "b")).await, ("set".to_owned(), 3));
}

async fn timers_of_one_subject_fire_though_an_earlier_one_is_refused(stage: Stage) {
    let hos = two_timers(&stage, "gate").await;
    let fired = fire(&stage, &hos, 100).await;
    assert_eq!(fired.len(), 2);
    assert!(fired[0].outcome.is_err() && fired[1].outcome.is_ok(), "{fired:?}");
    assert_eq!(at(&hos, &subject("bell", "b")).await, ("off".to_owned(), 2));
    stage.advance(HOUR);
    assert_eq!(fire(&stage, &hos, 100).await.len(), 0, "what was postponed ended with the state");
}

async fn at(hos: &Hos, subject: &Subject) -> (String, u64) {
    let situation = hos.situation(subject).await.expect("a situation").expect("a subject");
    (situation.snapshot.state.to_string(), situation.snapshot.revision)
}

async fn timers_that_are_refused_take_turns_with_the_others(stage: Stage) {
    for id in ["a", "b", "c"] {
        stage.subject("task", id).await;
        stage.advance(1);
    }
    stage.order("o").await;
    stage.advance(HOUR);
    assert_eq!(ids(&fire(&stage, &stage.hos, 2).await), ["a", "b"], "which their job may not do");
    assert_eq!(ids(&fire(&stage, &stage.hos, 2).await), ["c", "o"], "nor does it hold up others");
    assert_eq!(fire(&stage, &stage.hos, 2).await.len(), 0);
    stage.advance(HOUR);
    assert_eq!(fire(&stage, &stage.hos, 2).await.len(), 2, "they are tried again");
    assert_eq!(fire(&stage, &stage.hos, 2).await.len(), 1, "each in its turn");
}

async fn timers_that_meet_a_fault_are_fired_later(stage: Stage) {
    orders(&stage, 3).await;
    stage.advance(HOUR);
    let lose = |call: Call, at: u64| match call {
        Call::Commit if at == 0 => Injection::After,
        _ => Injection::Pass,
    };
    let hos = stage.over(FaultyStore::new(Shared(stage.backend()), lose)).await;
    let size = stage.size().await;
    let fired = fire(&stage, &hos, 100).await;
    assert!(fired.iter().all(|fired| fired.outcome.is_err()), "the answer was lost: {fired:?}");
    stage.advance(60);
    assert_eq!(fire(&stage, &hos, 100).await.len(), 0, "yet they fired");
    assert_eq!(stage.size().await, size + 3);
}

/// A backend that cannot read some subjects, whoever else is asked about with them.
struct Damaged(Arc<dyn Backend>);

#[async_trait]
impl Store for Damaged {
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        let mut subjects = asks.iter().flat_map(|ask| &ask.subjects);
        if subjects.any(|subject| subject.id.as_str().starts_with("damaged")) {
            return Err(Fault::new(FaultKind::Corrupt, "a subject is damaged"));
        }
        self.0.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        self.0.commit_all(commits).await
    }
}

async fn timers_beside_a_damaged_subject_fire(stage: Stage) {
    for id in ["a", "b", "damaged-1", "c", "d", "e", "damaged-2"] {
        stage.order(id).await;
        stage.advance(1);
    }
    stage.advance(HOUR);
    let inner = stage.backend();
    let front = Box::new(Damaged(Arc::clone(&inner)));
    let hos = stage.over(Fronted { front, inner }).await;
    let fired = fire(&stage, &hos, 100).await;
    assert_eq!(ids(&fired), ["a", "b", "damaged-1", "c", "d", "e", "damaged-2"], "in their order");
    for fired in &fired {
        let is_damaged = fired.subject.id.as_str().starts_with("damaged");
        assert_eq!((fired.outcome.is_err(), fired.again_at.is_some()), (is_damaged, is_damaged));
        assert!(fired.outcome.as_ref().is_ok_and(|receipt| !receipt.replayed) || is_damaged);
    }
    assert_eq!(fire(&stage, &hos, 100).await.len(), 0);
    stage.advance(60);
    assert_eq!(fire(&stage, &stage.hos, 100).await.len(), 2, "they are tried again, and mended");
}
