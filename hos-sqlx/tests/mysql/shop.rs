//! A shop under the law, in a fresh database.

use std::time::Duration;

use hos_core::contract::{ActionDefinition, Contract};
use hos_core::law::MigrationDefinition;
use hos_core::prelude::*;
use hos_core::proof::LogEntry;
use hos_core::value::Value;
use hos_services::MariaDb;
use hos_sqlx::{MysqlOptions, MysqlStore};
use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Row as _};

/// How often it is asked whether somebody waits.
pub(crate) const WAITS_MAX: usize = 5_000;

pub(crate) struct Shop {
    pub(crate) hos: Hos,
    pub(crate) store: MysqlStore,
    pub(crate) owner: Actor,
    pub(crate) url: String,
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

/// The server of all tests; none where there cannot be one.
pub(crate) fn server() -> Option<&'static MariaDb> {
    hos_services::shared::mariadb().inspect_err(hos_services::skip_or_fail).ok()
}

/// None where there is no server.
pub(crate) async fn open_shop() -> Option<Shop> {
    let url = server()?.create_database().unwrap();
    Some(open_at(url).await)
}

pub(crate) async fn open_at(url: String) -> Shop {
    open_with(url, |options| options).await
}

pub(crate) async fn open_with(url: String, with: fn(MysqlOptions) -> MysqlOptions) -> Shop {
    let options = MysqlOptions::new(&url).connections(8).lock_timeout(Duration::from_secs(2));
    let options = with(options);
    let store = MysqlStore::open_with(options).await.unwrap();
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
    Shop { hos, store, owner: Actor::user("olga").unwrap(), url }
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
    pub(crate) async fn stranger(&self) -> MySqlConnection {
        MySqlConnection::connect(&self.url).await.unwrap()
    }

    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(self.store.reader()).await.unwrap()
    }

    /// Returns when somebody in this database waits for a row that another holds.
    pub(crate) async fn somebody_waits(&self) {
        let url = self.url.replace("law@", "root@");
        let mut administrator = MySqlConnection::connect(&url).await.unwrap();
        for _ in 0..WAITS_MAX {
            let ours = "SELECT CAST(id AS SIGNED) FROM information_schema.processlist
                WHERE db = database()";
            let ours: Vec<i64> =
                sqlx::query_scalar(ours).fetch_all(&mut administrator).await.unwrap();
            let status = sqlx::raw_sql("SHOW ENGINE INNODB STATUS");
            let status: String = status.fetch_one(&mut administrator).await.unwrap().get(2);
            let is_ours = |part: &str| {
                ours.iter().any(|thread| part.contains(&format!("thread id {thread},")))
            };
            let mut transactions = status.split("---TRANSACTION ");
            if transactions.any(|part| part.contains("LOCK WAIT") && is_ours(part)) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("nobody waits");
    }

    /// Returns when somebody in this database waits for a table that another uses.
    pub(crate) async fn somebody_waits_for_a_table(&self) {
        let waiting = "SELECT count(*) FROM information_schema.processlist
            WHERE db = database() AND state = 'Waiting for table metadata lock'";
        for _ in 0..WAITS_MAX {
            if self.number(waiting).await > 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("nobody waits");
    }

    /// The entries of the firm.
    pub(crate) async fn log(&self) -> Vec<LogEntry> {
        let (world, firm) = (World::new("pazar").unwrap(), Tenant::new("firm-1").unwrap());
        self.hos.page(&world, &firm, 0, 1_000).await.unwrap()
    }

    /// Whether every state has its proof and every entry its place.
    pub(crate) async fn audit(&self) {
        while self.hos.sequence_pending(1_000).await.unwrap() > 0 {}
        let raised = "SELECT CAST((SELECT coalesce(sum(revision), 0) FROM hos_subject)
            - (SELECT count(*) FROM hos_entry WHERE moves) AS SIGNED)";
        assert_eq!(self.number(raised).await, 0, "revisions and proofs");
        let logs = "SELECT CAST((SELECT coalesce(sum(size), 0) FROM hos_log)
            - (SELECT count(*) FROM hos_entry) AS SIGNED)";
        assert_eq!(self.number(logs).await, 0, "heads and entries");
        assert_eq!(self.number("SELECT count(*) FROM hos_pending").await, 0);
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
