//! The paved path over the store in memory.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use hos_core::actor::{Actor, ActorKind};
use hos_core::command::{Command, StandingChange, StandingCommand};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::hos::Hos;
use hos_core::id::{ActorId, Role, Tenant, World};
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Policy as _, Proofs as _, Query, Registry as _};
use hos_core::memory::MemoryStore;
use hos_core::merkle;
use hos_core::note::SigningKey;
use hos_core::policy::RoleDefinition;
use hos_core::receipt::Effect;
use hos_core::seal::{Keys, MemoryKeeper};
use hos_core::subject::Subject;
use hos_core::value::{Attributes, Type};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn law() -> Law {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .open("order.create", ["customer"])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
        .action(
            ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel")
                .critical(),
        )
        .build()
        .unwrap();
    Law::builder("pazar", "2026-12-01")
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::new("owner"),
            RoleDefinition::implicit("customer", ActorKind::User),
        ])
        .allow("order.*", ["owner"])
        .allow("order.create", ["customer"])
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .contract(order)
        .build()
        .unwrap()
}

#[test]
fn an_order_is_opened_cancelled_and_proved() {
    block_on(async {
        let hos = Hos::open([law()], MemoryStore::new()).await.unwrap();
        let world = World::new("pazar").unwrap();
        let tenant = Tenant::new("firm-1").unwrap();
        let admin = ActorId::new("root").unwrap();
        let role = Role::new("super_admin").unwrap();
        hos.bootstrap(&world, &admin, &role, b"boot").await.unwrap();
        let again = hos.bootstrap(&world, &admin, &role, b"boot-2").await.unwrap_err();
        assert_eq!(again.refusal().unwrap().code(), "denied");
        let root = Actor::user("root").unwrap();
        let add = StandingCommand::new(&root, &world, &tenant, StandingChange::AddTenant).key("t1");
        hos.change_standing(&add).await.unwrap();

        let actor = Actor::user("u-1").unwrap();
        let order = Subject::new("pazar", "firm-1", "order", "o-1").unwrap();
        let mut attributes = Attributes::new();
        attributes.set("customer".parse().unwrap(), "u-1");
        hos.open_subject(&actor, &order, attributes, "k-1").await.unwrap();
        assert!(hos.can(&Query::new(&actor, "order.cancel", &order)).await.unwrap().permits());
        assert_eq!(hos.allowed_actions(&actor, &order).await.unwrap(), ["cancel"]);
        let other = Actor::user("u-2").unwrap();
        let theirs = hos.transition(&Command::new(&other, &order, "cancel").key("k-9")).await;
        assert_eq!(theirs.unwrap_err().refusal().unwrap().code(), "not_found");
        let command = Command::new(&actor, &order, "cancel").key("k-2");
        let receipt = hos.transition(&command).await.unwrap();
        assert_eq!((receipt.effect, receipt.revision), (Effect::Moved, 2));
        let replay = hos.transition(&command).await.unwrap();
        assert!(replay.replayed);
        assert_eq!(replay.proof_id, receipt.proof_id);
        let head = hos.head(&world, &tenant).await.unwrap();
        assert_eq!(head.size, 4, "tenant, opened, denial, transition");
        let entry = hos.find(&world, &tenant, receipt.proof_id).await.unwrap().unwrap();
        let key = SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
        let sealer = hos.sealer(Keys::new(key), MemoryKeeper::default()).unwrap();
        sealer.seal(&world, &tenant).await.unwrap();
        let proven = hos.prove(&world, &tenant, receipt.proof_id).await.unwrap().unwrap();
        assert_eq!((proven.index, proven.checkpoint.size), (3, 4));
        merkle::verify_inclusion(&head.root, 4, 3, &entry.leaf_hash, &proven.proof).unwrap();
        let batch: Vec<Command> =
            (0..4).map(|n| Command::new(&actor, &order, "cancel").key(format!("b-{n}"))).collect();
        let answers = hos.transition_all(&batch).await;
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().effect == Effect::Unchanged));
        let copies = vec![Command::new(&actor, &order, "cancel").key("same"); 64];
        let answers = hos.transition_all(&copies).await;
        let replayed = answers.iter().filter(|answer| answer.as_ref().unwrap().replayed);
        assert_eq!(replayed.count(), 63, "64 copies of one key in one batch");
    });
}
