//! Holds that expire, and bells that ring and stay as they were: subjects with one timer each, all
//! set at one moment. A second firing would fail for a hold; a bell would ring again.

use std::time::Duration;

use hos_core::commit::Outcome;
use hos_core::judge::{Judge, Verdict};
use hos_core::prelude::*;
use hos_core::store::{Ask, BATCH_MAX};
use hos_core::time::{Clock as _, ManualClock, RandomIds, Timestamp};

use crate::house::House;

const WORLD: &str = "outage";
const DEPLOYMENT: &str = "outage.example";
/// 2026-11-21T09:00:00Z.
const START: i64 = 1_795_251_600_000_000;
const HELD_FOR: Duration = Duration::from_hours(1);
const OUTAGE: Duration = Duration::from_mins(10);

fn law() -> Law {
    let bell = Contract::builder("bell", "1")
        .states(["wound", "silent"])
        .initial("wound")
        .terminal(["silent"])
        .open("bell.open", Vec::<String>::new())
        .action(ActionDefinition::new("silence", ["wound"], "silent", "bell.ring"))
        .action(ActionDefinition::new("ring", ["wound"], "wound", "bell.ring").topic("bell.rung"))
        .timer("wound", HELD_FOR, "ring")
        .build()
        .unwrap();
    let hold = Contract::builder("hold", "1")
        .states(["held", "expired"])
        .initial("held")
        .terminal(["expired"])
        .open("hold.open", Vec::<String>::new())
        .action(
            ActionDefinition::new("expire", ["held"], "expired", "hold.expire")
                .topic("hold.expired"),
        )
        .timer("held", HELD_FOR, "expire")
        .build()
        .unwrap();
    Law::builder(WORLD, "1")
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::implicit("customer", ActorKind::User),
            RoleDefinition::implicit("clockwork", ActorKind::Job),
        ])
        .allow("hold.open", ["customer"])
        .allow("hold.expire", ["clockwork"])
        .allow("bell.open", ["customer"])
        .allow("bell.ring", ["clockwork"])
        .contract(hold)
        .contract(bell)
        .build()
        .unwrap()
}

/// When every timer has been due for ten minutes.
pub(crate) fn clock_after_outage() -> ManualClock {
    let clock = ManualClock::at(Timestamp::from_micros(START));
    clock.advance(HELD_FOR);
    clock.advance(OUTAGE);
    clock
}

pub(crate) async fn hos(house: &House, clock: ManualClock) -> Hos {
    house.hos(law(), HosOptions::default().deployment(DEPLOYMENT).clock(clock)).await
}

/// Opens so many subjects, many in one transaction.
pub(crate) async fn open_all(url: &str, count: u64) {
    let house = House::open(url).await;
    let clock = ManualClock::at(Timestamp::from_micros(START));
    let now = clock.now();
    let hos = hos(&house, clock).await;
    let (world, tenant) = (World::new(WORLD).unwrap(), Tenant::new("firm-1").unwrap());
    let (root, role) = (ActorId::new("root-1").unwrap(), Role::new("root").unwrap());
    hos.bootstrap(&world, &root, &role, b"boot").await.unwrap();
    let actor = Actor::user("root-1").unwrap();
    let add = StandingCommand::new(&actor, &world, &tenant, StandingChange::AddTenant);
    hos.change_standing(&add.key("tenant")).await.unwrap();
    let law = law();
    let judge = Judge::new(&law, DEPLOYMENT, now, &RandomIds);
    let numbers: Vec<u64> = (0..count).collect();
    for chunk in numbers.chunks(BATCH_MAX) {
        let asks: Vec<Ask> = chunk.iter().map(|number| ask(*number)).collect();
        let standings = hos.store().load_all(&asks).await.unwrap();
        let judged = chunk.iter().zip(&standings);
        let judged = judged.map(|(number, standing)| judge.open(&opening(*number), standing));
        let commits: Vec<_> = judged
            .map(|verdict| match verdict {
                Verdict::Commit(commit) => *commit,
                other => panic!("{other:?}"),
            })
            .collect();
        for outcome in hos.store().commit_all(&commits).await {
            assert!(matches!(outcome, Ok(Outcome::Committed)), "{outcome:?}");
        }
    }
    house.close().await;
}

/// How many of so many subjects are bells.
pub(crate) fn bells(count: u64) -> u64 {
    count / 2
}

fn subject(number: u64) -> Subject {
    let kind = if number.is_multiple_of(2) { "hold" } else { "bell" };
    Subject::new(WORLD, "firm-1", kind, &format!("{kind}-{number}")).unwrap()
}

fn opening(number: u64) -> Opening {
    let customer = Actor::user("customer-1").unwrap();
    Opening::new(&customer, &subject(number)).key(format!("open-{number}"))
}

fn ask(number: u64) -> Ask {
    let subject = subject(number);
    Ask {
        world: subject.world.clone(),
        tenant: subject.tenant.clone(),
        actor: ActorId::new("customer-1").unwrap(),
        subjects: vec![subject],
        key: None,
    }
}
