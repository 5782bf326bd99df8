//! Two firms of one world with the same ids in both, in a database of their own.

use std::time::Duration;

use hos_core::contract::{ActionDefinition, Contract};
use hos_core::law::MigrationDefinition;
use hos_core::prelude::*;
use hos_core::value::Value;
use hos_services::Postgres;
use hos_sqlx::{PostgresOptions, PostgresStore};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};
use tokio::task::JoinHandle;

pub(crate) struct Shop {
    pub(crate) hos: Hos,
    pub(crate) store: PostgresStore,
    url: String,
    superuser: String,
}

/// The server of this process; none where it cannot run, which was said loudly.
pub(crate) fn server() -> Option<&'static Postgres> {
    hos_services::shared::postgres().map_err(|error| hos_services::skip_or_fail(&error)).ok()
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
        .action(
            ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel")
                .critical(),
        )
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
pub(crate) fn later_of(round: usize) -> Law {
    let mut definition = law().definition().clone();
    let mut second = order_contract().definition().clone();
    (definition.version, second.version) = (format!("2.{round}"), "2".to_owned());
    definition.contracts.push(second);
    definition.migrations.push(MigrationDefinition::new("order", "1", "2"));
    Law::new(&definition).unwrap()
}

pub(crate) const FIRMS: [&str; 2] = ["firm-1", "firm-2"];

pub(crate) fn world() -> World {
    World::new("pazar").unwrap()
}

/// A world of the same tables where nothing is ours.
pub(crate) fn elsewhere() -> World {
    World::new("elsewhere").unwrap()
}

pub(crate) fn firm(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

/// The owner of a firm.
pub(crate) fn owner(firm: &str) -> Actor {
    Actor::user(format!("owner-of-{firm}")).unwrap()
}

pub(crate) fn order(firm: &str, id: &str) -> Subject {
    Subject::new("pazar", firm, "order", id).unwrap()
}

impl Shop {
    pub(crate) async fn open(server: &'static Postgres) -> Self {
        let created = tokio::task::spawn_blocking(|| server.create_database()).await.unwrap();
        let url = created.unwrap();
        let superuser = server.superuser_url(url.rsplit('/').next().unwrap());
        let options = PostgresOptions::new(&url).connections(4);
        let store = PostgresStore::open_with(options).await.unwrap();
        let hos = Hos::open([law()], store.clone()).await.unwrap();
        let role = Role::new("super_admin").unwrap();
        hos.bootstrap(&world(), &ActorId::new("root").unwrap(), &role, b"boot").await.unwrap();
        let shop = Self { hos, store, url, superuser };
        for name in FIRMS.into_iter().rev() {
            shop.change(name, StandingChange::AddTenant, "tenant").await;
            shop.change(name, member(&format!("owner-of-{name}"), &["owner"]), "owner").await;
        }
        shop
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Changes the standing in a firm, by the superuser.
    pub(crate) async fn change(&self, name: &str, change: StandingChange, key: &str) -> Receipt {
        let root = Actor::user("root").unwrap();
        let command = StandingCommand::new(&root, &world(), &firm(name), change).key(key);
        self.hos.change_standing(&command).await.unwrap()
    }

    pub(crate) async fn open_order(&self, firm: &str, id: &str, note: &str) {
        let opening = Opening::new(&owner(firm), &order(firm, id))
            .attribute("note", Value::from(note))
            .key(format!("open-{id}"));
        self.hos.open(&opening).await.unwrap();
    }

    pub(crate) fn command(&self, firm: &str, id: &str, action: &str) -> Command {
        Command::new(&owner(firm), &order(firm, id), action).key(format!("{action}-{id}"))
    }

    /// To pay an order, with a note.
    pub(crate) fn paid(&self, firm: &str, id: &str) -> Command {
        self.command(firm, id, "pay").input("note", format!("paid in {firm}"))
    }

    pub(crate) async fn act(&self, firm: &str, id: &str, action: &str) -> Receipt {
        self.hos.transition(&self.command(firm, id, action)).await.unwrap()
    }

    /// A connection as the law's own role, which knows nothing of the law.
    pub(crate) async fn stranger(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// A connection that is above every wall.
    pub(crate) async fn superuser(&self) -> PgConnection {
        PgConnection::connect(&self.superuser).await.unwrap()
    }

    /// What the superuser reads.
    pub(crate) async fn read(&self, sql: &str) -> Option<String> {
        let mut connection = self.superuser().await;
        let read = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        read.fetch_one(&mut connection).await.unwrap()
    }

    /// Until a task waits for a lock, or has ended without.
    pub(crate) async fn somebody_waits<T>(&self, task: &JoinHandle<T>) {
        let waits = "SELECT count(*)::text FROM pg_locks JOIN pg_stat_activity USING (pid) \
                     WHERE NOT granted AND datname = current_database()";
        for _ in 0..10_000 {
            if task.is_finished() || self.read(waits).await.as_deref() != Some("0") {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("nobody waits");
    }

    /// Until no session of the law's own role is left.
    pub(crate) async fn everybody_has_gone(&self) {
        let sessions = "SELECT count(*)::text FROM pg_stat_activity \
                        WHERE usename = 'law' AND datname = current_database()";
        for _ in 0..10_000 {
            if self.read(sessions).await.as_deref() == Some("0") {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("somebody stays");
    }

    pub(crate) async fn run(&self, sql: &str) -> Result<(), sqlx::Error> {
        let mut connection = self.superuser().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.map(drop)
    }
}

pub(crate) fn member(id: &str, roles: &[&str]) -> StandingChange {
    let roles = roles.iter().map(|role| Role::new(role).unwrap()).collect();
    StandingChange::SetMember { member: ActorId::new(id).unwrap(), roles }
}
