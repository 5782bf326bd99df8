//! The stage of one case: a fresh backend, a law over it, its cast, a clock that stands still.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hos_core::actor::Actor;
use hos_core::command::{Command, Opening, StandingChange, StandingCommand};
use hos_core::error::{Error, Fault};
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::{ActorId, Role, Tenant, World};
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Proofs as _, Registry as _};
use hos_core::proof::{LogEntry, PAGE_MAX};
use hos_core::receipt::{Effect, Receipt};
use hos_core::store::{Backend, OutboxRow};
use hos_core::subject::Subject;
use hos_core::time::{Clock, IdSource, ManualClock, SeededIds, Timestamp};

use crate::forward::{Beheaded, Hook, Interposed, Shared, Trap};
use crate::ground::{Answer, Factory, Ground};
use crate::law::{WORLD, law};

/// The tenant that most cases play in.
pub(crate) const FIRM: &str = "firm-1";
/// Its neighbour.
pub(crate) const NEIGHBOUR: &str = "firm-2";
/// 2026-11-21T09:00:00Z.
pub(crate) const START: i64 = 1_795_251_600_000_000;

/// A clock that a case and its laws share.
#[derive(Clone)]
pub(crate) struct SharedClock(pub(crate) Arc<ManualClock>);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// Ids that all laws of a case share, so that none comes twice.
#[derive(Clone)]
pub(crate) struct SharedIds(pub(crate) Arc<SeededIds>);

impl IdSource for SharedIds {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

pub(crate) struct Stage {
    pub(crate) ground: Box<dyn Ground>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ids: Arc<SeededIds>,
    pub(crate) hos: Hos,
}

impl Stage {
    /// A fresh backend on which nobody has acted.
    pub(crate) async fn bare(factory: &dyn Factory) -> Self {
        let ground = factory.fresh().await;
        let clock = Arc::new(ManualClock::at(Timestamp::from_micros(START)));
        let ids = Arc::new(SeededIds::new(7));
        let options = options(&clock, &ids);
        let hos = Hos::open_with([law()], Shared(ground.backend()), options).await;
        let hos = hos.expect("a law opens over an empty store");
        Self { ground, clock, ids, hos }
    }

    /// A backend with two tenants and their people.
    pub(crate) async fn new(factory: &dyn Factory) -> Self {
        let stage = Self::bare(factory).await;
        stage.people(&world()).await;
        stage
    }

    /// Registers the cast in a world.
    pub(crate) async fn people(&self, world: &World) {
        let root = ActorId::new("root").unwrap();
        let role = Role::new("super_admin").unwrap();
        self.hos.bootstrap(world, &root, &role, b"bootstrap").await.expect("the first superuser");
        let firms = [
            (FIRM, vec![("owner-1", "owner"), ("clerk-1", "clerk"), ("viewer-1", "viewer")]),
            (NEIGHBOUR, vec![("owner-2", "owner")]),
        ];
        for (firm, people) in firms {
            let firm = tenant(firm);
            let add = StandingCommand::new(&user("root"), world, &firm, StandingChange::AddTenant);
            self.hos.change_standing(&add.key("add-tenant")).await.expect("a tenant");
            for (person, role) in people {
                let change = member(person, &[role]);
                let command = StandingCommand::new(&user("root"), world, &firm, change);
                let key = format!("add-{person}");
                self.hos.change_standing(&command.key(key)).await.expect("a member");
            }
        }
    }

    pub(crate) fn backend(&self) -> Arc<dyn Backend> {
        self.ground.backend()
    }

    pub(crate) fn options(&self) -> HosOptions {
        options(&self.clock, &self.ids)
    }

    /// Laws over the same backend, as another process opens them.
    pub(crate) async fn open(&self, laws: impl IntoIterator<Item = Law>) -> Result<Hos, Fault> {
        Hos::open_with(laws, Shared(self.backend()), self.options()).await
    }

    /// The suite's law over a wrapper of the backend.
    pub(crate) async fn over(&self, backend: impl Backend + 'static) -> Hos {
        Hos::open_with([law()], backend, self.options()).await.expect("a law opens")
    }

    /// A law whose next commit lets a change happen first: what it loaded is old by then.
    pub(crate) async fn racing(
        &self,
        change: impl FnOnce(Hos) -> BoxFuture<'static, ()> + Send + 'static,
    ) -> (Hos, Trap) {
        let trap = Trap::default();
        let raced = self.over(Interposed { inner: self.backend(), trap: trap.clone() }).await;
        let other = self.hos.clone();
        let hook: Hook = Box::new(move || change(other));
        trap.set(hook);
        (raced, trap)
    }

    /// A law whose next batch loses its first commit, after a change.
    pub(crate) async fn beheading(
        &self,
        change: impl FnOnce(Hos) -> BoxFuture<'static, ()> + Send + 'static,
    ) -> Hos {
        let trap = Trap::default();
        let beheaded = self.over(Beheaded { inner: self.backend(), trap: trap.clone() }).await;
        let other = self.hos.clone();
        trap.set(Box::new(move || change(other)));
        beheaded
    }

    /// Closes everything and opens it again; a store that is not durable keeps its data meanwhile.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with([law()]).await.expect("a law opens again")
    }

    pub(crate) async fn restart_with(
        mut self,
        laws: impl IntoIterator<Item = Law>,
    ) -> Result<Self, Fault> {
        assert_ne!(self.ground.reopen().await, Answer::Refused, "a backend opens again");
        self.hos = self.open(laws).await?;
        Ok(self)
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Opens an order of `customer-1`.
    pub(crate) async fn order(&self, id: &str) -> Subject {
        let order = subject("order", id);
        let opening = Opening::new(&owner(), &order).attribute("customer", "customer-1");
        let opening = opening.attribute("total", 50).key(format!("open {id}"));
        self.hos.open(&opening).await.expect("an order opens");
        order
    }

    /// Opens a subject of a kind without attributes.
    pub(crate) async fn subject(&self, kind: &str, id: &str) -> Subject {
        let subject = subject(kind, id);
        let opening = Opening::new(&owner(), &subject).key(format!("open {kind} {id}"));
        self.hos.open(&opening).await.expect("a subject opens");
        subject
    }

    /// An order that was paid and cancelled.
    pub(crate) async fn cancelled(&self, id: &str) -> Subject {
        let order = self.order(id).await;
        self.moved(&act(&owner(), &order, "cancel", &format!("cancel {id}"))).await;
        order
    }

    pub(crate) async fn send(&self, command: &Command) -> Result<Receipt, Error> {
        self.hos.transition(command).await
    }

    pub(crate) async fn moved(&self, command: &Command) -> Receipt {
        let receipt = self.send(command).await.expect("the command moves its subject");
        assert_eq!(receipt.effect, Effect::Moved, "{receipt:?}");
        assert!(!receipt.replayed, "{receipt:?}");
        receipt
    }

    /// Changes the standing in the firm; by its owner.
    pub(crate) async fn change(&self, change: StandingChange, key: &str) -> Receipt {
        let command = StandingCommand::new(&owner(), &world(), &firm(), change).key(key);
        self.hos.change_standing(&command).await.expect("the owner changes the standing")
    }

    /// Changes the standing in the whole world; by the superuser.
    pub(crate) async fn change_world(&self, change: StandingChange, key: &str) -> Receipt {
        let command = StandingCommand::new(&user("root"), &world(), &Tenant::world(), change);
        let changed = self.hos.change_standing(&command.key(key)).await;
        changed.expect("the superuser changes the standing")
    }

    pub(crate) async fn size(&self) -> u64 {
        self.hos.head(&world(), &firm()).await.expect("a head").size
    }

    /// The whole log of the firm.
    pub(crate) async fn log(&self) -> Vec<LogEntry> {
        log_of(&self.hos, &world(), &firm()).await
    }

    /// State and revision.
    pub(crate) async fn at(&self, subject: &Subject) -> (String, u64) {
        let situation = self.hos.situation(subject).await.expect("a situation");
        let snapshot = situation.expect("the subject exists").snapshot;
        (snapshot.state.to_string(), snapshot.revision)
    }

    pub(crate) async fn exists(&self, subject: &Subject) -> bool {
        self.hos.situation(subject).await.expect("a situation").is_some()
    }

    pub(crate) async fn outbox(&self) -> Vec<OutboxRow> {
        self.backend().waiting(PAGE_MAX).await.expect("an outbox")
    }
}

pub(crate) fn options(clock: &Arc<ManualClock>, ids: &Arc<SeededIds>) -> HosOptions {
    HosOptions::default()
        .deployment("suite.example")
        .clock(SharedClock(Arc::clone(clock)))
        .ids(SharedIds(Arc::clone(ids)))
}

/// Every entry of a log, by pages.
pub(crate) async fn log_of(hos: &Hos, world: &World, tenant: &Tenant) -> Vec<LogEntry> {
    let mut entries: Vec<LogEntry> = Vec::new();
    loop {
        let from = u64::try_from(entries.len()).unwrap();
        let page = hos.page(world, tenant, from, PAGE_MAX).await.expect("a page");
        if page.is_empty() {
            return entries;
        }
        entries.extend(page);
    }
}

pub(crate) fn world() -> World {
    World::new(WORLD).unwrap()
}

pub(crate) fn tenant(id: &str) -> Tenant {
    Tenant::new(id).unwrap()
}

pub(crate) fn firm() -> Tenant {
    tenant(FIRM)
}

pub(crate) fn subject(kind: &str, id: &str) -> Subject {
    Subject::new(WORLD, FIRM, kind, id).unwrap()
}

pub(crate) fn user(id: &str) -> Actor {
    Actor::user(id).unwrap()
}

/// Owns the firm.
pub(crate) fn owner() -> Actor {
    user("owner-1")
}

/// Works for the firm.
pub(crate) fn clerk() -> Actor {
    user("clerk-1")
}

/// Only looks.
pub(crate) fn viewer() -> Actor {
    user("viewer-1")
}

/// Bought something and belongs to no firm.
pub(crate) fn customer() -> Actor {
    user("customer-1")
}

/// Belongs to no firm and bought nothing.
pub(crate) fn stranger() -> Actor {
    user("stranger-1")
}

/// Holds every grant.
pub(crate) fn root() -> Actor {
    user("root")
}

pub(crate) fn act(actor: &Actor, subject: &Subject, action: &str, key: &str) -> Command {
    Command::new(actor, subject, action).key(key)
}

/// A shipment with everything that it needs.
pub(crate) fn ship(actor: &Actor, order: &Subject, key: &str) -> Command {
    Command::new(actor, order, "ship").input("carrier", "post").fact("stock", 3).key(key)
}

pub(crate) fn member(id: &str, roles: &[&str]) -> StandingChange {
    let roles = roles.iter().map(|role| Role::new(role).unwrap()).collect();
    StandingChange::SetMember { member: ActorId::new(id).unwrap(), roles }
}

pub(crate) fn ban(id: &str) -> StandingChange {
    StandingChange::Ban { target: ActorId::new(id).unwrap(), reason: "for the suite".to_owned() }
}

/// The code of a refusal.
pub(crate) fn code<T: std::fmt::Debug>(answer: Result<T, Error>) -> &'static str {
    match answer {
        Err(Error::Refused(refusal)) => refusal.code(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// The value of a leaf.
pub(crate) fn leaf(entry: &LogEntry) -> serde_json::Value {
    serde_json::from_str(&entry.leaf).expect("a leaf is JSON")
}
