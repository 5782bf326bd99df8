//! Two deployments, compared through what every store answers.

use std::path::Path;
use std::sync::Arc;

use hos_core::hos::Sealing;
use hos_core::id::{Kind, SubjectId};
use hos_core::prelude::*;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::LogName;
use hos_core::store::Backend;
use hos_core::time::Timestamp;
use hos_sqlx::SqliteStore;

use super::server::House;
use super::source::{TENANTS, WORLDS, laws, owner, sealer, subject};

const SUBJECTS_COMPARED: u64 = 200;

pub(crate) async fn compare(path: &Path, url: &str) {
    let here = SqliteStore::open(path).await.unwrap();
    let there = House::open(url).await.unwrap();
    let old = Hos::open(laws(), here.clone()).await.unwrap();
    let new = there.hos().await;
    let ends = Timestamp::from_micros(i64::MAX / 2);
    let stores: [&Arc<dyn Backend>; 2] = [old.store(), new.store()];
    let [one, other] = stores;
    same(&one.waiting(1_000).await.unwrap(), &other.waiting(1_000).await.unwrap());
    for world in WORLDS {
        let world = World::new(world).unwrap();
        same(
            &one.due_timers(&world, ends, 1_000).await.unwrap(),
            &other.due_timers(&world, ends, 1_000).await.unwrap(),
        );
        same(&one.laws(&world).await.unwrap(), &other.laws(&world).await.unwrap());
        same(&one.contracts(&world).await.unwrap(), &other.contracts(&world).await.unwrap());
        same(&one.pins(&world).await.unwrap(), &other.pins(&world).await.unwrap());
        let tenants = one.tenants(&world, None, 100).await.unwrap();
        same(&tenants, &other.tenants(&world, None, 100).await.unwrap());
        assert_eq!(tenants.len(), TENANTS.len());
        for tenant in tenants.iter().chain([&Tenant::world()]) {
            let (ours, theirs) = (
                one.members(&world, tenant, None, 100).await.unwrap(),
                other.members(&world, tenant, None, 100).await.unwrap(),
            );
            same(&ours, &theirs);
            same_log(&old, &new, &world, tenant).await;
        }
        for tenant in &tenants {
            same_subjects(&old, &new, &world, tenant).await;
        }
    }
    here.close().await.unwrap();
    there.close().await;
}

#[track_caller]
fn same(one: &impl std::fmt::Debug, other: &impl std::fmt::Debug) {
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
}

async fn same_log(old: &Hos, new: &Hos, world: &World, tenant: &Tenant) {
    let head = old.head(world, tenant).await.unwrap();
    same(&head, &new.head(world, tenant).await.unwrap());
    let mut from = 0;
    while from < head.size {
        let page = old.page(world, tenant, from, PAGE_MAX).await.unwrap();
        same(&page, &new.page(world, tenant, from, PAGE_MAX).await.unwrap());
        from += page.len() as u64;
    }
    let log = LogName::of(world, tenant);
    let (ours, theirs) = (old.store().seals(), new.store().seals());
    same(&ours.state(&log).await.unwrap(), &theirs.state(&log).await.unwrap());
    same(&ours.epochs(&log).await.unwrap(), &theirs.epochs(&log).await.unwrap());
    let deployment = &LogName::Deployment;
    let begun = ours.epochs(deployment).await.unwrap();
    assert_eq!(begun.len(), 1);
    same(&begun, &theirs.epochs(deployment).await.unwrap());
    let checkpoints = old.checkpoints(&log, 0, PAGE_MAX).await.unwrap();
    same(&checkpoints, &new.checkpoints(&log, 0, PAGE_MAX).await.unwrap());
    let first = old.page(world, tenant, 0, 1).await.unwrap().remove(0);
    let proven = old.prove(world, tenant, first.id).await.unwrap();
    assert!(proven.is_some(), "every log was sealed");
    same(&proven, &new.prove(world, tenant, first.id).await.unwrap());
    let anchored = old.prove_anchor(world, tenant, 0).await.unwrap();
    assert!(anchored.is_some(), "every checkpoint is in the deployment's log");
    same(&anchored, &new.prove_anchor(world, tenant, 0).await.unwrap());
}

async fn same_subjects(old: &Hos, new: &Hos, world: &World, tenant: &Tenant) {
    for kind in ["order", "payment"] {
        for number in 0..SUBJECTS_COMPARED {
            let subject = Subject {
                world: world.clone(),
                tenant: tenant.clone(),
                kind: Kind::new(kind).unwrap(),
                id: SubjectId::new(format!("{kind}-{number}")).unwrap(),
            };
            let situation = old.situation(&subject).await.unwrap();
            same(&situation, &new.situation(&subject).await.unwrap());
            let history = old.history(&subject, 0, 100).await.unwrap();
            same(&history, &new.history(&subject, 0, 100).await.unwrap());
            let allowed = old.allowed_actions(&owner(), &subject).await;
            same(&allowed, &new.allowed_actions(&owner(), &subject).await);
        }
    }
}

/// The law goes on over what has moved.
pub(crate) async fn goes_on(url: &str) {
    let house = House::open(url).await.unwrap();
    let hos = house.hos().await;
    let order = |number| subject("side", "Firm-2 ", "order", number);
    let act =
        |number, action: &str, key: &str| Command::new(&owner(), &order(number), action).key(key);
    let before = hos.situation(&order(1)).await.unwrap().unwrap().snapshot.revision;
    let receipt = hos.transition(&act(1, "touch", "new")).await.unwrap();
    assert_eq!((receipt.revision, receipt.replayed), (before + 1, false));
    let replay = hos.transition(&act(1, "touch", "touch-1")).await.unwrap();
    assert!(replay.replayed, "a key of the old house is known");
    let reused = hos.transition(&act(1, "cancel", "touch-1")).await.unwrap_err();
    assert_eq!(reused.refusal(), Some(&Refusal::KeyReused));
    let ended = hos.transition(&act(5, "touch", "late")).await.unwrap_err();
    assert_eq!(ended.refusal().unwrap().code(), "terminal_state");
    let mallory = Actor::user("mallory").unwrap();
    let banned = Command::new(&mallory, &order(1), "touch").key("mallory");
    assert_eq!(hos.transition(&banned).await.unwrap_err().refusal(), Some(&Refusal::Banned));
    let helper = Actor::user("helper").unwrap();
    hos.transition(&Command::new(&helper, &order(1), "touch").key("helped")).await.unwrap();
    let opened = hos.open(&opening(&order(1_000_000))).await.unwrap();
    assert_eq!(opened.revision, 1);
    let waiting = hos.store().waiting(1_000).await.unwrap();
    let last = waiting.iter().map(|message| message.id).max().unwrap();
    hos.transition(&act(1, "pay", "paid")).await.unwrap();
    let waiting = hos.store().waiting(1_000).await.unwrap();
    assert!(waiting.iter().any(|message| message.id > last), "numbers of messages go on");
    let later = Timestamp::from_micros(i64::MAX / 2);
    let mut due = 0;
    for world in WORLDS {
        let world = World::new(world).unwrap();
        due += hos.store().due_timers(&world, later, 1_000).await.unwrap().len();
    }
    let fired = hos.fire_due(later, 1_000).await.unwrap();
    assert!(due > 0 && fired.len() == due, "every timer that moved fires");
    assert!(fired.iter().all(|fired| fired.outcome.is_ok()));
    seals_go_on(&hos).await;
    house.close().await;
}

/// Every log grows from the checkpoint that moved, and the deployment's log from its leaves.
async fn seals_go_on(hos: &Hos) {
    while hos.sequence_pending(1_000).await.unwrap() > 0 {}
    let sealer = sealer(hos);
    let report = sealer.seal_pending(100).await.unwrap();
    assert!(report.refused.is_empty() && !report.sealed.is_empty(), "{report:?}");
    let round = sealer.anchor_round(100).await.unwrap();
    assert_eq!(usize::try_from(round.anchored).unwrap(), report.sealed.len());
    assert!(matches!(round.sealing, Sealing::Sealed(_)), "{round:?}");
    for (log, new) in &report.sealed {
        let old = hos.checkpoints(log, 0, 1).await.unwrap().remove(0);
        hos.prove_consistency(log, &old, new).await.unwrap();
    }
}

fn opening(subject: &Subject) -> Opening {
    Opening::new(&owner(), subject).attribute("note", "new").key("opened")
}
