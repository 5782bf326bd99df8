//! A little of everything that the law writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hos_core::command::{Adoption, Migration};
use hos_core::id::Ability;
use hos_core::law::MigrationDefinition;
use hos_core::memory::MemoryStore;
use hos_core::prelude::*;
use hos_core::standing::{AbilityPattern, Mode};
use hos_core::store::Backend;
use hos_fsck::{Depth, Options, Progress, fsck};

use crate::house::{House, Sort};

pub(crate) const ORDERS: u64 = 12;

fn order(version: &str, first: &str) -> Contract {
    Contract::builder("order", version)
        .states([first, "paid", "closed"])
        .initial(first)
        .terminal(["closed"])
        .attribute("total", Type::Integer)
        .open("order.open", ["total"])
        .action(ActionDefinition::new("pay", [first], "paid", "order.pay"))
        .action(ActionDefinition::new("close", [first, "paid"], "closed", "order.close"))
        .build()
        .unwrap()
}

fn law(version: &str) -> hos_core::law::LawBuilder {
    Law::builder("shop", version)
        .roles([RoleDefinition::superuser("root"), RoleDefinition::new("clerk")])
        .allow("order.*", ["clerk"])
        .allow("hos.adopt", ["clerk"])
        .contract(order("1", "pending"))
}

fn second() -> Law {
    let map = MigrationDefinition::new("order", "1", "2").state("pending", "waiting");
    law("2").contract(order("2", "waiting")).migration(map).build().unwrap()
}

fn subject(firm: &str, number: u64) -> Subject {
    Subject::new("shop", firm, "order", &format!("o-{number}")).unwrap()
}

/// Two firms with orders in every state, two laws, a migration, and each sort of standing.
pub(crate) async fn tell(store: impl Backend + Clone + 'static) -> Hos {
    let (root, world) = (Actor::user("root").unwrap(), World::new("shop").unwrap());
    let hos = Hos::open([law("1").build().unwrap()], store.clone()).await.unwrap();
    hos.bootstrap(&world, root.id(), &"root".parse().unwrap(), b"boot").await.unwrap();
    for firm in ["1st", "firm-1"] {
        let tenant = Tenant::new(firm).unwrap();
        let actor = |name: &str| ActorId::new(name).unwrap();
        let changes = [
            StandingChange::AddTenant,
            StandingChange::SetMember {
                member: actor("clerk"),
                roles: vec!["clerk".parse().unwrap()],
            },
            StandingChange::SetMember {
                member: actor("gone"),
                roles: vec!["clerk".parse().unwrap()],
            },
            StandingChange::SetMember { member: actor("gone"), roles: Vec::new() },
            StandingChange::Ban { target: actor("banned"), reason: "rude".to_owned() },
            StandingChange::Ban { target: actor("forgiven"), reason: "rude".to_owned() },
            StandingChange::Unban { target: actor("forgiven") },
            StandingChange::Grant {
                target: actor("helper"),
                pattern: AbilityPattern::parse("order.*").unwrap(),
                duration: Duration::from_secs(3_600),
                reason: "holidays".to_owned(),
            },
            StandingChange::BreakGlass {
                duration: Duration::from_secs(60),
                reason: "fire".to_owned(),
            },
            StandingChange::SetMode {
                ability: Some(Ability::new("order.pay").unwrap()),
                mode: Some(Mode::Shadow),
            },
            StandingChange::SetMode { ability: None, mode: Some(Mode::Enforce) },
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let command = StandingCommand::new(&root, &world, &tenant, change);
            hos.change_standing(&command.key(format!("{firm} {at}"))).await.unwrap();
        }
        orders(&hos, firm).await;
    }
    drop(hos);
    let hos = Hos::open([second()], store.clone()).await.unwrap();
    let tenant = Tenant::new("firm-1").unwrap();
    let migration = Migration::new(&root, &world, &tenant, "order", "1", "2");
    let batch = hos.migrate(&migration.key("migrate"), 1_000).await.unwrap();
    assert!(batch.migrated > 0);
    let clerk = Actor::user("clerk").unwrap();
    let close = Command::new(&clerk, &subject("firm-1", 1), "close").key("after");
    hos.transition(&close).await.unwrap();
    while store.sequence_pending(1_000).await.unwrap() > 0 {}
    hos
}

async fn orders(hos: &Hos, firm: &str) {
    let clerk = Actor::user("clerk").unwrap();
    for number in 0..ORDERS {
        let order = subject(firm, number);
        let opening = Opening::new(&clerk, &order).attribute("total", 5).key(format!("o{number}"));
        if number % 4 == 3 {
            hos.adopt(&Adoption::new(opening, "paid", "was there")).await.unwrap();
        } else {
            hos.open(&opening).await.unwrap();
        }
        for action in ["pay", "close"].iter().take(usize::try_from(number % 3).unwrap()) {
            let command = Command::new(&clerk, &order, action).key(format!("{action}{number}"));
            // An adopted order is paid already.
            let _receipt = hos.transition(&command).await.unwrap();
        }
    }
}

async fn finds_nothing(sort: Sort) {
    let Some(house) = House::build(sort).await else { return };
    let report = house.check().await;
    assert!(report.is_sound(), "{:#?}", report.findings);
    assert_eq!((report.logs, report.subjects), (3, 2 * ORDERS));
    assert_eq!((report.not_rebuilt, report.waiting), (0, 0));
    let logs = house.check_with(&Options::default().depth(Depth::Logs)).await;
    assert!(logs.is_sound(), "{:#?}", logs.findings);
    assert_eq!((logs.entries, logs.bytes), (report.entries, report.bytes));
    let one = Options::default().tenant(&Tenant::new("firm-1").unwrap());
    assert_eq!(house.check_with(&one).await.subjects, ORDERS);
}

/// Opens and pays orders until it is told to stop; gives entries their places now and then.
async fn trade(hos: Hos, stop: Arc<AtomicBool>) -> u64 {
    let clerk = Actor::user("clerk").unwrap();
    let mut number = 1_000;
    while !stop.load(Ordering::Relaxed) {
        let order = subject("firm-1", number);
        let opening = Opening::new(&clerk, &order).attribute("total", 5);
        hos.open(&opening.key(format!("o{number}"))).await.unwrap();
        let pay = Command::new(&clerk, &order, "pay").key(format!("p{number}"));
        hos.transition(&pay).await.unwrap();
        if number % 5 == 0 {
            hos.sequence_pending(7).await.unwrap();
        }
        number += 1;
    }
    number
}

async fn finds_nothing_meanwhile(sort: Sort) {
    let Some(house) = House::build(sort).await else { return };
    let stop = Arc::new(AtomicBool::new(false));
    let trading = tokio::spawn(trade(house.hos.clone(), Arc::clone(&stop)));
    for _ in 0..5 {
        let report = house.check().await;
        assert!(report.is_sound(), "{:#?}", report.findings);
        tokio::task::yield_now().await;
    }
    stop.store(true, Ordering::Relaxed);
    let traded = trading.await.unwrap() - 1_000;
    let report = house.check().await;
    assert!(report.is_sound(), "{:#?}", report.findings);
    assert_eq!(report.subjects, 2 * ORDERS + traded);
}

#[tokio::test]
async fn nothing_is_found_while_sqlite_is_written() {
    finds_nothing_meanwhile(Sort::Sqlite).await;
}

#[tokio::test]
async fn nothing_is_found_while_postgresql_is_written() {
    finds_nothing_meanwhile(Sort::Postgres).await;
}

#[tokio::test]
async fn nothing_is_found_while_mariadb_is_written() {
    finds_nothing_meanwhile(Sort::Mariadb).await;
}

#[tokio::test]
async fn nothing_is_found_in_memory() {
    let store = MemoryStore::new();
    tell(store.clone()).await;
    let read = AtomicU64::new(0);
    let tell = |progress: Progress| read.store(progress.read, Ordering::Relaxed);
    let report = fsck(&store, &Options::default(), &tell).await.unwrap();
    assert!(report.is_sound(), "{:#?}", report.findings);
    assert_eq!(report.subjects, 2 * ORDERS);
    let rows = report.entries + report.subjects + report.standing;
    assert_eq!(read.load(Ordering::Relaxed), rows);
}

#[tokio::test]
async fn nothing_is_found_in_an_empty_store() {
    let report = fsck(&MemoryStore::new(), &Options::default(), &|_| {}).await.unwrap();
    assert!(report.is_sound());
    assert_eq!(report.logs, 0);
}

#[tokio::test]
async fn nothing_is_found_on_sqlite() {
    finds_nothing(Sort::Sqlite).await;
}

#[tokio::test]
async fn nothing_is_found_on_postgresql() {
    finds_nothing(Sort::Postgres).await;
}

#[tokio::test]
async fn nothing_is_found_on_mariadb() {
    finds_nothing(Sort::Mariadb).await;
}
