//! A world of one order's contract, its people, and laws of random rules about them.

use std::sync::Arc;

use hos_core::actor::{Actor, ActorKind};
use hos_core::candidate::{Candidate, DivergenceReport};
use hos_core::command::{Command, Opening, StandingChange, StandingCommand};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::{ActorId, Role, Tenant, World};
use hos_core::law::{Law, LawBuilder};
use hos_core::laws::{Contracts as _, Policy as _, Query, Registry as _};
use hos_core::memory::MemoryStore;
use hos_core::policy::RoleDefinition;
use hos_core::subject::Subject;
use hos_core::time::{Clock, ManualClock, SeededIds, Timestamp};
use hos_core::value::Type;
use proptest::prelude::{Strategy as _, any};

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

#[derive(Clone)]
pub(crate) struct SharedClock(Arc<ManualClock>);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

pub(crate) fn world() -> World {
    World::new("pazar").unwrap()
}

pub(crate) fn user(id: &str) -> Actor {
    Actor::user(id).unwrap()
}

pub(crate) fn order(id: &str) -> Subject {
    Subject::new("pazar", "firm-1", "order", id).unwrap()
}

pub(crate) fn contract(version: &str, guard: &str, paid: &str) -> Contract {
    Contract::builder("order", version)
        .states(["pending", "paid", "settled", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .attribute("total", Type::Integer)
        .open("order.create", ["customer"])
        .action(ActionDefinition::new("pay", ["pending"], paid, "order.pay").guard("enough", guard))
        .action(ActionDefinition::new("settle", ["pending", "paid"], "settled", "order.settle"))
        .action(ActionDefinition::new("reopen", ["settled"], "paid", "order.settle"))
        .action(ActionDefinition::new(
            "cancel",
            ["pending", "paid", "settled"],
            "cancelled",
            "order.cancel",
        ))
        .build()
        .unwrap()
}

pub(crate) fn builder(version: &str) -> LawBuilder {
    Law::builder("pazar", version)
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::new("owner"),
            RoleDefinition::new("clerk"),
            RoleDefinition::implicit("customer", ActorKind::User),
        ])
        .allow("order.*", ["owner"])
}

pub(crate) fn live() -> Law {
    builder("1")
        .contract(contract("1", "subject.total >= 10", "paid"))
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .allow("order.pay", ["clerk"])
        .build()
        .unwrap()
}

pub(crate) struct Desk {
    pub(crate) hos: Hos,
    pub(crate) clock: Arc<ManualClock>,
}

impl Desk {
    pub(crate) fn new(law: Law) -> Self {
        Self::with(law, HosOptions::default())
    }

    pub(crate) fn with(law: Law, options: HosOptions) -> Self {
        Self::over(MemoryStore::new(), law, options)
    }

    pub(crate) fn over(store: MemoryStore, law: Law, options: HosOptions) -> Self {
        let start = Timestamp::parse("2026-12-01T12:00:00Z").unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let options = options.clock(SharedClock(Arc::clone(&clock))).ids(SeededIds::new(3));
        let hos = block_on(Hos::open_with([law], store, options)).unwrap();
        let desk = Self { hos, clock };
        let root = ActorId::new("root").unwrap();
        let role = Role::new("root").unwrap();
        block_on(desk.hos.bootstrap(&world(), &root, &role, b"b")).unwrap();
        desk.tenant("firm-1");
        desk
    }

    pub(crate) fn tenant(&self, tenant: &str) {
        self.change(tenant, StandingChange::AddTenant);
        for (member, role) in [("owner-1", "owner"), ("clerk-1", "clerk")] {
            let roles = vec![Role::new(role).unwrap()];
            let member = ActorId::new(member).unwrap();
            self.change(tenant, StandingChange::SetMember { member, roles });
        }
    }

    pub(crate) fn change(&self, tenant: &str, change: StandingChange) {
        let tenant = Tenant::new(tenant).unwrap();
        let key = format!("{tenant} {change:?}");
        let command = StandingCommand::new(&user("root"), &world(), &tenant, change);
        block_on(self.hos.change_standing(&command.key(&key[..key.len().min(255)]))).unwrap();
    }

    pub(crate) fn order(&self, id: &str, total: i64) -> Subject {
        let order = order(id);
        let opening = Opening::new(&user("owner-1"), &order).attribute("customer", "customer-1");
        block_on(self.hos.open(&opening.attribute("total", total).key(id))).unwrap();
        order
    }

    pub(crate) fn asks(&self, actor: &str, ability: &str, subject: &Subject) -> bool {
        let query = Query::new(&user(actor), ability, subject);
        block_on(self.hos.can(&query)).unwrap().permits()
    }

    pub(crate) fn does(
        &self,
        actor: &str,
        action: &str,
        order: &Subject,
    ) -> Result<(), &'static str> {
        let key = format!("{actor} {action} {order}");
        let command = Command::new(&user(actor), order, action).key(key);
        match block_on(self.hos.transition(&command)) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.refusal().unwrap().code()),
        }
    }

    pub(crate) fn tries(&self, law: Law) {
        self.hos.set_candidate(&Candidate::new(law)).unwrap();
    }

    pub(crate) fn report(&self) -> DivergenceReport {
        self.hos.divergences(&world()).unwrap()
    }
}

pub(crate) fn tenant(id: &str) -> Tenant {
    Tenant::new(id).unwrap()
}

/// A law of random rules about three abilities.
pub(crate) fn random(version: &'static str) -> impl proptest::strategy::Strategy<Value = Law> {
    const CONDITIONS: [&str; 4] =
        ["true", "subject.total > 20", "subject.customer == actor.id", "subject.state == 'paid'"];
    let rule = (any::<bool>(), 0..3_usize, 0..3_usize, 0..4_usize);
    let rules = proptest::collection::btree_set(rule, 0..6);
    (rules, any::<bool>()).prop_map(move |(rules, inherits)| {
        let clerk = RoleDefinition::new("clerk");
        let clerk = if inherits { clerk.inherits("owner") } else { clerk };
        let mut law = Law::builder("pazar", version)
            .roles([RoleDefinition::superuser("root"), RoleDefinition::new("owner"), clerk])
            .roles([RoleDefinition::implicit("customer", ActorKind::User)])
            .contract(contract("1", "subject.total >= 10", "paid"));
        law = law.allow("order.create", ["owner"]);
        for (permits, ability, role, condition) in rules {
            let ability = ["order.pay", "order.cancel", "order.settle"][ability];
            let role = ["owner", "clerk", "customer"][role];
            law = if permits {
                law.allow_if(ability, [role], CONDITIONS[condition])
            } else {
                law.forbid_if(ability, [role], CONDITIONS[condition])
            };
        }
        law.build().unwrap()
    })
}
