//! Fills a store with orders that are opened and paid, by large batches that the judge made.

use hos_core::commit::{Commit, Outcome};
use hos_core::judge::{Judge, Verdict};
use hos_core::prelude::*;
use hos_core::store::{Ask, BATCH_MAX, Store as _};
use hos_core::time::{Clock as _, RandomIds, SystemClock};
use hos_sqlx::SqliteStore;

/// The deployment that `HosOptions` name unless they are told otherwise.
const DEPLOYMENT: &str = "hos.local";

pub(crate) fn world() -> World {
    World::new("shop").unwrap()
}

pub(crate) fn firm() -> Tenant {
    Tenant::new("firm-1").unwrap()
}

pub(crate) fn law() -> Law {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid"])
        .initial("pending")
        .terminal(["paid"])
        .attribute("total", Type::Integer)
        .open("order.open", ["total"])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
        .build()
        .unwrap();
    Law::builder("shop", "1")
        .roles([RoleDefinition::superuser("root")])
        .contract(order)
        .build()
        .unwrap()
}

/// About so many entries: half of them openings, half of them payments.
pub(crate) async fn fill(store: &SqliteStore, entries: u64) {
    let root = Actor::user("root").unwrap();
    let hos = Hos::open([law()], store.clone()).await.unwrap();
    hos.bootstrap(&world(), root.id(), &"root".parse().unwrap(), b"boot").await.unwrap();
    let add = StandingCommand::new(&root, &world(), &firm(), StandingChange::AddTenant);
    hos.change_standing(&add.key("add")).await.unwrap();
    let batch = u64::try_from(BATCH_MAX).unwrap();
    let mut number = 0;
    while number < entries / 2 {
        let until = (number + batch).min(entries / 2);
        let orders: Vec<Subject> = (number..until)
            .map(|number| Subject::new("shop", "firm-1", "order", &format!("o-{number}")).unwrap())
            .collect();
        write(store, &orders, open).await;
        write(store, &orders, pay).await;
        number = until;
    }
}

async fn write(
    store: &SqliteStore,
    orders: &[Subject],
    judge: impl Fn(&Judge<'_>, &Subject, &hos_core::standing::Standing) -> Verdict,
) {
    let law = law();
    let judged = Judge::new(&law, DEPLOYMENT, SystemClock.now(), &RandomIds);
    let ask = |order: &Subject| Ask {
        world: world(),
        tenant: firm(),
        actor: ActorId::new("root").unwrap(),
        subjects: vec![order.clone()],
        key: None,
    };
    let asks: Vec<Ask> = orders.iter().map(ask).collect();
    let standings = store.load_all(&asks).await.unwrap();
    let commit = |(order, standing)| match judge(&judged, order, standing) {
        Verdict::Commit(commit) => Some(*commit),
        _ => None,
    };
    let commits: Option<Vec<Commit>> = orders.iter().zip(&standings).map(commit).collect();
    let commits = commits.unwrap();
    for outcome in store.commit_all(&commits).await {
        assert_eq!(outcome.unwrap(), Outcome::Committed);
    }
}

fn open(judge: &Judge<'_>, order: &Subject, standing: &hos_core::standing::Standing) -> Verdict {
    let root = Actor::user("root").unwrap();
    let opening = Opening::new(&root, order).attribute("total", 5);
    judge.open(&opening.key(format!("open {order}")), standing)
}

fn pay(judge: &Judge<'_>, order: &Subject, standing: &hos_core::standing::Standing) -> Verdict {
    let root = Actor::user("root").unwrap();
    judge.transition(&Command::new(&root, order, "pay").key(format!("pay {order}")), standing)
}
