//! The lane under a scheduler that tries many interleavings. The code is the real one; its lock and
//! its tasks are the scheduler's. A stranded caller shows as a deadlock.

mod ticket;

use hos_core::actor::Actor;
use hos_core::command::{Command, StandingChange, StandingCommand};
use hos_core::error::FaultKind;
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::{ActorId, Role};
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Proofs as _, Registry as _};
use hos_core::memory::MemoryStore;
use hos_core::subject::Subject;
use hos_core::time::{ManualClock, SeededIds};
use hos_core::value::Attributes;
use shuttle::future::{JoinHandle, block_on, spawn};
use shuttle::scheduler::{PctScheduler, RandomScheduler};

use super::track::Answer;
use super::{Lane, LaneOptions};

use ticket::law;

const INTERLEAVINGS: usize = 400;
/// The law is judged on the stacks of the scheduler's tasks, in a build that is not optimized.
const STACK_BYTES: usize = 1 << 18;

fn model(law: impl Fn() -> Law, check: fn(Hos, Subject)) {
    let law = law();
    let run = move || {
        let (hos, ticket) = block_on(desk(law.clone()));
        check(hos, ticket);
    };
    let mut config = shuttle::Config::new();
    config.stack_size = STACK_BYTES;
    let random = RandomScheduler::new(INTERLEAVINGS);
    shuttle::Runner::new(random, config.clone()).run(run.clone());
    shuttle::Runner::new(PctScheduler::new(3, INTERLEAVINGS), config).run(run);
}

async fn desk(law: Law) -> (Hos, Subject) {
    let options = HosOptions::default().clock(ManualClock::default()).ids(SeededIds::new(1));
    let hos = Hos::open_with([law], MemoryStore::new(), options).await.unwrap();
    let ticket = Subject::new("desk", "firm", "ticket", "t-1").unwrap();
    let (root, role) = (ActorId::new("root").unwrap(), Role::new("super_admin").unwrap());
    hos.bootstrap(&ticket.world, &root, &role, b"boot").await.unwrap();
    let root = Actor::user("root").unwrap();
    let add = StandingCommand::new(&root, &ticket.world, &ticket.tenant, StandingChange::AddTenant);
    hos.change_standing(&add.key("tenant")).await.unwrap();
    hos.open_subject(&visitor(), &ticket, Attributes::new(), "open").await.unwrap();
    (hos, ticket)
}

fn visitor() -> Actor {
    Actor::user("u-1").unwrap()
}

fn call(lane: &Lane, ticket: &Subject, key: usize) -> JoinHandle<Answer> {
    let lane = lane.clone();
    let command = Command::new(&visitor(), ticket, "touch").key(format!("k-{key}"));
    spawn(async move { lane.transition(&command).await })
}

async fn moves(hos: &Hos, ticket: &Subject) -> usize {
    hos.history(ticket, 1, 100).await.unwrap().len()
}

#[test]
fn whoever_stays_is_answered_and_nothing_is_done_twice() {
    model(law, |hos, ticket| {
        let options = LaneOptions::default().batch_max(2).queue_max(2);
        let lane = Lane::with_options(hos.clone(), options);
        let callers: Vec<_> = (0..5).map(|key| call(&lane, &ticket, key)).collect();
        callers[1].abort();
        callers[3].abort();
        let mut told = 0;
        block_on(async {
            for (key, caller) in callers.into_iter().enumerate() {
                match caller.await {
                    Ok(answer) => {
                        assert!(!answer.unwrap().replayed);
                        told += 1;
                    }
                    Err(_) => assert!(key == 1 || key == 3, "caller {key} was not told"),
                }
            }
            lane.close().await;
            assert_eq!(lane.waiting(), 0);
            assert!((told..=5).contains(&moves(&hos, &ticket).await));
        });
    });
}

#[test]
fn closing_waits_for_what_was_taken_and_refuses_the_rest() {
    model(law, |hos, ticket| {
        let options = LaneOptions::default().batch_max(1).queue_max(1);
        let lane = Lane::with_options(hos.clone(), options);
        let callers: Vec<_> = (0..4).map(|key| call(&lane, &ticket, key)).collect();
        block_on(async {
            lane.close().await;
            let done = moves(&hos, &ticket).await;
            let mut told = 0;
            for caller in callers {
                match caller.await.unwrap() {
                    Ok(_) => told += 1,
                    Err(error) => {
                        assert_eq!(error.fault().unwrap().kind(), FaultKind::Unavailable);
                    }
                }
            }
            assert_eq!(told, done);
            assert_eq!(moves(&hos, &ticket).await, done, "nothing moves after closing");
        });
    });
}
