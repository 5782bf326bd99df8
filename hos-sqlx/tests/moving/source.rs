//! A deployment of two worlds with something in every table.

use std::path::Path;
use std::time::Duration;

use hos_core::checkpoint::Checkpoint;
use hos_core::command::{EpochOpening, Migration};
use hos_core::hos::Sealer;
use hos_core::id::Ability;
use hos_core::law::MigrationDefinition;
use hos_core::note::{SignedNote, SigningKey};
use hos_core::prelude::*;
use hos_core::seal::{Keys, LogName, MemoryKeeper};
use hos_core::standing::{AbilityPattern, Mode};
use hos_core::store::BATCH_MAX;
use hos_core::value::Value;
use hos_sqlx::SqliteStore;

pub(crate) const WORLDS: [&str; 2] = ["pazar", "side"];
pub(crate) const TENANTS: [&str; 3] = ["firm-1", "firm-2", "Firm-2 "];
const TOUCHES_EACH: u64 = 40;

pub(crate) fn laws() -> [Law; 2] {
    WORLDS.map(|world| {
        let order = |version: &str| {
            Contract::builder("order", version)
                .states(["pending", "paid", "cancelled"])
                .initial("pending")
                .terminal(["cancelled"])
                .attribute("note", Type::String)
                .open("order.create", [] as [&str; 0])
                .action(ActionDefinition::new("touch", ["pending"], "pending", "order.touch"))
                .action(
                    ActionDefinition::new("pay", ["pending"], "paid", "order.pay")
                        .topic("order.paid"),
                )
                .action(ActionDefinition::new(
                    "cancel",
                    ["pending", "paid"],
                    "cancelled",
                    "order.cancel",
                ))
                .timer("paid", Duration::from_secs(60), "cancel")
                .build()
                .unwrap()
        };
        let payment = Contract::builder("payment", "1")
            .states(["waiting", "settled"])
            .initial("waiting")
            .terminal(["settled"])
            .open("payment.create", [] as [&str; 0])
            .action(ActionDefinition::new("settle", ["waiting"], "settled", "payment.settle"))
            .build()
            .unwrap();
        Law::builder(world, "1")
            .roles([RoleDefinition::superuser("root"), RoleDefinition::new("owner")])
            .allow("order.*", ["owner"])
            .allow("payment.*", ["owner"])
            .allow("hos.record", ["owner"])
            .contract(order("2"))
            .contract(order("1"))
            .contract(payment)
            .migration(MigrationDefinition::new("order", "1", "2"))
            .build()
            .unwrap()
    })
}

pub(crate) fn owner() -> Actor {
    Actor::user("olga").unwrap()
}

pub(crate) fn subject(world: &str, tenant: &str, kind: &str, number: u64) -> Subject {
    Subject::new(world, tenant, kind, &format!("{kind}-{number}")).unwrap()
}

/// How many orders a tenant of a deployment of this size has.
pub(crate) fn orders(entries: u64) -> u64 {
    let tenants = (WORLDS.len() * TENANTS.len()) as u64;
    (entries / tenants / TOUCHES_EACH).max(6)
}

pub(crate) async fn build(path: &Path, entries: u64) {
    let store = SqliteStore::open(path).await.unwrap();
    let hos = Hos::open(laws(), store.clone()).await.unwrap();
    for name in WORLDS {
        let world = World::new(name).unwrap();
        let root = ActorId::new("root-1").unwrap();
        hos.bootstrap(&world, &root, &Role::new("root").unwrap(), b"boot").await.unwrap();
        for tenant in TENANTS {
            stand(&hos, &world, tenant).await;
            trade(&hos, name, tenant, entries).await;
            migrate(&hos, &world, tenant).await;
        }
    }
    seal(&hos).await;
    store.close().await.unwrap();
}

pub(crate) fn sealer(hos: &Hos) -> Sealer {
    let key = SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    hos.sealer(Keys::new(key), MemoryKeeper::default()).unwrap()
}

/// A log that came back from a backup, and the deployment's, begin a second epoch.
async fn begin_epochs(hos: &Hos) {
    let root = Actor::user("root-1").unwrap();
    let (world, firm) = (World::new(WORLDS[1]).unwrap(), Tenant::new(TENANTS[0]).unwrap());
    let key = SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    for log in [LogName::of(&world, &firm), LogName::Deployment] {
        let text = Checkpoint::new(&hos.origin(&log), 1 << 30, [7; 32]).unwrap().to_text();
        let lost = SignedNote::new(&text, vec![key.sign(&text)]).unwrap().to_string();
        let opening = match log {
            LogName::Deployment => EpochOpening::of_deployment(&root, &world, &lost, "lost"),
            LogName::Tenant(..) => EpochOpening::new(&root, &world, &firm, &lost, "lost"),
        };
        let keys = [key.verifier_key()];
        hos.open_epoch(&opening.key(log.to_string()), &keys).await.unwrap();
    }
}

/// Seals every log, puts the checkpoints into the deployment's log and has that one stamped.
async fn seal(hos: &Hos) {
    begin_epochs(hos).await;
    let sealer = sealer(hos);
    while sealer.seal_pending(100).await.unwrap().tried() > 0 {}
    sealer.anchor_round(100).await.unwrap();
    let last = hos.checkpoints(&LogName::Deployment, 0, 1).await.unwrap().remove(0);
    hos.timestamped(last.size, "tsa.example", b"token").await.unwrap();
}

async fn stand(hos: &Hos, world: &World, tenant: &str) {
    let root = Actor::user("root-1").unwrap();
    let tenant = Tenant::new(tenant).unwrap();
    let id = |name| ActorId::new(name).unwrap();
    let member = |name, roles: &[&str]| StandingChange::SetMember {
        member: id(name),
        roles: roles.iter().map(|role| Role::new(role).unwrap()).collect(),
    };
    let ban = |name| StandingChange::Ban { target: id(name), reason: "fraud".to_owned() };
    let grant = |pattern: &str| StandingChange::Grant {
        target: id("helper"),
        pattern: AbilityPattern::parse(pattern).unwrap(),
        duration: Duration::from_hours(1_000),
        reason: "a busy week".to_owned(),
    };
    let mode = |ability: Option<&str>, mode| StandingChange::SetMode {
        ability: ability.map(|ability| Ability::new(ability).unwrap()),
        mode: Some(mode),
    };
    let changes = [
        StandingChange::AddTenant,
        member("olga", &["owner"]),
        member("zeki", &["owner"]),
        member("zeki", &[]),
        ban("mallory"),
        ban("mistaken"),
        StandingChange::Unban { target: id("mistaken") },
        grant("order.touch"),
        grant("order.*"),
        mode(None, Mode::Enforce),
        mode(Some("order.cancel"), Mode::Shadow),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let key = format!("stand-{number}");
        let command = StandingCommand::new(&root, world, &tenant, change).key(&key);
        hos.change_standing(&command).await.unwrap();
    }
}

async fn trade(hos: &Hos, world: &str, tenant: &str, entries: u64) {
    let owner = owner();
    let at = |kind, number| subject(world, tenant, kind, number);
    let orders = orders(entries);
    for number in 0..orders {
        let order = Opening::new(&owner, &at("order", number))
            .attribute("note", Value::from(format!("for {number}: \u{11f} \"quoted\"")))
            .key(format!("order-{number}"));
        hos.open(&order).await.unwrap();
        if number % 4 == 0 {
            let payment = Opening::new(&owner, &at("payment", number));
            hos.open(&payment.key(format!("payment-{number}"))).await.unwrap();
        }
        if number % 3 == 0 {
            let record = Record::about(&owner, &at("order", number), "noted")
                .payload("body", "what was said")
                .key(format!("note-{number}"));
            hos.record(&record).await.unwrap();
        }
    }
    let touch = |number: u64| {
        let key = format!("touch-{number}");
        Command::new(&owner, &at("order", number % orders), "touch").key(&key)
    };
    let pay = |number: u64| {
        let key = format!("pay-{number}");
        let pay = Command::new(&owner, &at("order", number), "pay").key(&key);
        if number.is_multiple_of(4) { pay.and(&at("payment", number), "settle") } else { pay }
    };
    let cancel = |number: u64| {
        let key = format!("cancel-{number}");
        Command::new(&owner, &at("order", number), "cancel").key(&key)
    };
    let touches = entries / (WORLDS.len() * TENANTS.len()) as u64;
    // One log at least has a whole tile.
    let touches =
        if (world, tenant) == (WORLDS[0], TENANTS[0]) { touches.max(256) } else { touches };
    send(hos, (0..touches).map(touch)).await;
    send(hos, (0..orders).filter(|number| number % 2 == 0).map(pay)).await;
    send(hos, (0..orders).filter(|number| number % 5 == 0).map(cancel)).await;
}

/// A few orders pin the other version, proved by one entry.
async fn migrate(hos: &Hos, world: &World, tenant: &str) {
    let root = Actor::user("root-1").unwrap();
    let walk = Migration::new(&root, world, &Tenant::new(tenant).unwrap(), "order", "1", "2");
    assert!(hos.migrate(&walk.key("migrate"), 3).await.unwrap().proof.is_some());
}

async fn send(hos: &Hos, mut commands: impl Iterator<Item = Command>) {
    loop {
        let batch: Vec<Command> = commands.by_ref().take(BATCH_MAX).collect();
        if batch.is_empty() {
            break;
        }
        for answer in hos.transition_all(&batch).await {
            answer.unwrap();
        }
    }
}
