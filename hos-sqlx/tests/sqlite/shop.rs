//! A shop under the law, in a fresh file.

use std::time::Duration;

use hos_core::contract::{ActionDefinition, Contract};
use hos_core::law::MigrationDefinition;
use hos_core::prelude::*;
use hos_core::value::Value;
use hos_sqlx::{SqliteOptions, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;

pub(crate) struct Shop {
    pub(crate) hos: Hos,
    pub(crate) store: SqliteStore,
    pub(crate) owner: Actor,
    pub(crate) directory: TempDir,
}

fn order_contract() -> Contract {
    Contract::builder("order", "1")
        .states(["pending", "paid", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("note", Type::String)
        .open("order.create", [] as [&str; 0])
        .action(ActionDefinition::new("touch", ["pending"], "pending", "order.touch"))
        .action(
            ActionDefinition::new("pay", ["pending"], "paid", "order.pay")
                .optional_input("note", Type::String)
                .topic("order.paid"),
        )
        .action(ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel"))
        .timer("paid", Duration::from_secs(60), "cancel")
        .build()
        .unwrap()
}

pub(crate) fn law() -> Law {
    Law::builder("pazar", "1")
        .roles([RoleDefinition::superuser("super_admin"), RoleDefinition::new("owner")])
        .allow("order.*", ["owner"])
        .contract(order_contract())
        .build()
        .unwrap()
}

/// The law with another version of orders, and how those of the first come to pin it.
pub(crate) fn later() -> Law {
    let mut definition = law().definition().clone();
    let mut second = order_contract().definition().clone();
    (definition.version, second.version) = ("2".to_owned(), "2".to_owned());
    definition.contracts.push(second);
    definition.migrations.push(MigrationDefinition::new("order", "1", "2"));
    Law::new(&definition).unwrap()
}

pub(crate) async fn open_shop() -> Shop {
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(directory.path().join("shop.db"))
        .busy_timeout(Duration::from_millis(300));
    let store = SqliteStore::open_with(options).await.unwrap();
    let hos = Hos::open([law()], store.clone()).await.unwrap();
    let (world, tenant) = (World::new("pazar").unwrap(), Tenant::new("firm-1").unwrap());
    let role = Role::new("super_admin").unwrap();
    hos.bootstrap(&world, &ActorId::new("root").unwrap(), &role, b"boot").await.unwrap();
    let root = Actor::user("root").unwrap();
    let change = |key: &str, change| StandingCommand::new(&root, &world, &tenant, change).key(key);
    hos.change_standing(&change("tenant", StandingChange::AddTenant)).await.unwrap();
    let member = ActorId::new("olga").unwrap();
    let roles = vec![Role::new("owner").unwrap()];
    let member = StandingChange::SetMember { member, roles };
    hos.change_standing(&change("member", member)).await.unwrap();
    Shop { hos, store, owner: Actor::user("olga").unwrap(), directory }
}

impl Shop {
    pub(crate) fn order(&self, id: &str) -> Subject {
        Subject::new("pazar", "firm-1", "order", id).unwrap()
    }

    pub(crate) fn opening(&self, id: &str) -> Opening {
        Opening::new(&self.owner, &self.order(id))
            .attribute("note", Value::from("none"))
            .key(format!("open-{id}"))
    }

    pub(crate) fn command(&self, id: &str, action: &str) -> Command {
        Command::new(&self.owner, &self.order(id), action).key(format!("{action}-{id}"))
    }

    pub(crate) async fn open(&self, id: &str) {
        self.hos.open(&self.opening(id)).await.unwrap();
    }

    pub(crate) async fn act(&self, id: &str, action: &str) -> Receipt {
        self.hos.transition(&self.command(id, action)).await.unwrap()
    }

    /// A connection of somebody who knows nothing of the law.
    pub(crate) async fn stranger(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(self.directory.path().join("shop.db"))
            .busy_timeout(Duration::from_millis(300))
            .connect()
            .await
            .unwrap()
    }

    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(self.store.reader()).await.unwrap()
    }

    /// Whether every state has its proof and every log its head.
    pub(crate) async fn audit(&self) {
        let raised = "SELECT (SELECT coalesce(sum(revision), 0) FROM hos_subject)
            - (SELECT count(*) FROM hos_entry WHERE moves = 1)";
        assert_eq!(self.number(raised).await, 0, "revisions and proofs");
        let logs = "SELECT (SELECT coalesce(sum(log_size), 0) FROM hos_scope)
            - (SELECT count(*) FROM hos_entry)";
        assert_eq!(self.number(logs).await, 0, "heads and entries");
        for tenant in [Tenant::world(), Tenant::new("firm-1").unwrap()] {
            let world = World::new("pazar").unwrap();
            let head = self.hos.head(&world, &tenant).await.unwrap();
            let entries = self.hos.page(&world, &tenant, 0, 1_000).await.unwrap();
            let hashes = entries.iter().map(|entry| {
                assert_eq!(hos_core::merkle::leaf_hash(entry.leaf.as_bytes()), entry.leaf_hash);
                entry.leaf_hash
            });
            assert_eq!(hos_core::merkle::root_of(hashes), head.root, "root of {tenant}");
        }
    }
}
