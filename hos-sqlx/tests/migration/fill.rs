//! Fills a database with tickets, by large batches of commits that the judge made.

use hos_core::command::Adoption;
use hos_core::commit::{Commit, Outcome};
use hos_core::hos::HosOptions;
use hos_core::judge::{Judge, Verdict};
use hos_core::prelude::*;
use hos_core::store::{Ask, BATCH_MAX, Backend};
use hos_core::time::{Clock as _, RandomIds, SystemClock};

use crate::database::{self, Database};
use crate::law::{FIRM, NEIGHBOUR, WORLD, before, id, root, tenant, ticket, world};

/// The tickets of the neighbour, whom nobody migrates.
pub(crate) const NEXT_DOOR: u64 = 10;
/// The deployment that [`HosOptions`] name unless they are told otherwise.
const DEPLOYMENT: &str = "hos.local";

/// So many live tickets, one that is closed for each ten of them, and some next door.
pub(crate) async fn fill(database: &Database, live: u64) {
    debug_assert!(format!("{:?}", HosOptions::default()).contains(DEPLOYMENT));
    let hos = database::hos(database.url(), before()).await;
    let member = ActorId::new("root-1").unwrap();
    hos.bootstrap(&world(), &member, &Role::new("root").unwrap(), b"boot").await.unwrap();
    for firm in [FIRM, NEIGHBOUR] {
        let add = StandingChange::AddTenant;
        let command = StandingCommand::new(&root(), &world(), &tenant(firm), add);
        hos.change_standing(&command.key(firm)).await.unwrap();
    }
    let store = database.store().await;
    let closed = (live..live + live / 10).map(|number| (number, "closed"));
    let open = (0..live).map(|number| (number, ticket(number).0));
    adopt(&*store, FIRM, open.chain(closed)).await;
    adopt(&*store, NEIGHBOUR, (0..NEXT_DOOR).map(|number| (number, "fresh"))).await;
    while store.sequence_pending(1_000).await.unwrap() > 0 {}
}

async fn adopt(
    store: &dyn Backend,
    firm: &str,
    tickets: impl Iterator<Item = (u64, &'static str)>,
) {
    let law = before();
    let (world, tenant) = (world(), tenant(firm));
    let actor = root().id().clone();
    let ask = Ask { world, tenant, actor, subjects: Vec::new(), key: None };
    let mut standing = store.load_all(std::slice::from_ref(&ask)).await.unwrap().remove(0);
    standing.subjects = vec![None];
    let judge = Judge::new(&law, DEPLOYMENT, SystemClock.now(), &RandomIds);
    let mut batch: Vec<Commit> = Vec::new();
    for (number, state) in tickets {
        let subject = Subject::new(WORLD, firm, "ticket", &id(number)).unwrap();
        let opening = Opening::new(&root(), &subject)
            .attribute("cents", ticket(number).1)
            .attribute("note", "of the first day")
            .key(format!("adopt {number}"));
        match judge.adopt(&Adoption::new(opening, state, "before the law"), &standing) {
            Verdict::Commit(commit) => batch.push(*commit),
            other => panic!("{other:?}"),
        }
        if batch.len() == BATCH_MAX {
            write(store, &mut batch).await;
        }
    }
    write(store, &mut batch).await;
}

async fn write(store: &dyn Backend, batch: &mut Vec<Commit>) {
    for outcome in store.commit_all(batch).await {
        assert_eq!(outcome.unwrap(), Outcome::Committed);
    }
    batch.clear();
}
