//! A world of tickets, and callers for it.

#[path = "../../src/lane/model/ticket.rs"]
mod ticket;

use std::sync::Arc;
use std::time::Duration;

use hos_core::actor::Actor;
use hos_core::command::{Command, StandingChange, StandingCommand};
use hos_core::error::{Error, FaultKind};
use hos_core::hos::Hos;
use hos_core::id::{ActorId, Role, Tenant, World};
use hos_core::laws::{Contracts as _, Registry as _};
use hos_core::receipt::Receipt;
use hos_core::subject::Subject;
use hos_core::value::Attributes;
use hos_work::Lane;

use crate::store::{Watch, Watched};

pub(crate) type Answer = Result<Receipt, Error>;

/// The law with so many tenants, over a store that is watched.
pub(crate) async fn desk(tenants: usize) -> (Hos, Arc<Watch>) {
    let store = Watched::default();
    let watch = store.watch();
    let hos = Hos::open([ticket::law()], store).await.unwrap();
    let world = World::new("desk").unwrap();
    let (root, role) = (ActorId::new("root").unwrap(), Role::new("super_admin").unwrap());
    hos.bootstrap(&world, &root, &role, b"boot").await.unwrap();
    let root = Actor::user("root").unwrap();
    for tenant in (0..tenants).map(tenant) {
        let tenant = Tenant::new(tenant).unwrap();
        let add = StandingCommand::new(&root, &world, &tenant, StandingChange::AddTenant);
        hos.change_standing(&add.key(format!("tenant {tenant}"))).await.unwrap();
    }
    watch.forget();
    (hos, watch)
}

fn tenant(number: usize) -> String {
    format!("firm-{number}")
}

pub(crate) fn visitor() -> Actor {
    Actor::user("u-1").unwrap()
}

/// A fresh ticket of a tenant.
pub(crate) async fn ticket(hos: &Hos, firm: usize, id: &str) -> Subject {
    let ticket = Subject::new("desk", &tenant(firm), "ticket", id).unwrap();
    let key = format!("open {id}");
    hos.open_subject(&visitor(), &ticket, Attributes::new(), key).await.unwrap();
    ticket
}

pub(crate) fn touch(ticket: &Subject, key: impl AsRef<[u8]>) -> Command {
    Command::new(&visitor(), ticket, "touch").key(key)
}

/// A caller in a task of its own.
pub(crate) fn call(lane: &Lane, command: Command) -> tokio::task::JoinHandle<Answer> {
    let lane = lane.clone();
    tokio::spawn(async move { lane.transition(&command).await })
}

/// Waits for as long as anything at all happens: the clock of the test stands still until then, and
/// jumps when everybody is stranded.
pub(crate) async fn settled<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(3_600), future).await.unwrap()
}

/// Lets every other task go as far as it can.
pub(crate) async fn quiet() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn fault(answer: &Answer) -> Option<FaultKind> {
    answer.as_ref().err()?.fault().map(hos_core::error::Fault::kind)
}
