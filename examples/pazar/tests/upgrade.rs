//! A file of the earlier law, opened by this one.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use hos_core::actor::Actor;
use hos_core::command::{Command, Opening, StandingChange, StandingCommand};
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::{ActorId, Kind, Role, State, Tenant, World};
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Registry as _};
use hos_core::policy::RoleDefinition;
use hos_core::subject::Subject;
use hos_sqlx::{GuardedColumn, SqliteStore};
use pazar::app::App;
use pazar::database::query;

const TABLES: [&str; 2] = [
    include_str!("../src/domain/sql/sqlite/0001_tables.sql"),
    include_str!("../src/domain/sql/sqlite/0002_consequences.sql"),
];

/// The earlier law's contracts, under one who may do everything.
fn earlier_law() -> Law {
    let law = Law::builder("pazar", "2026-12-01").roles([RoleDefinition::superuser("root")]);
    let now = pazar::law::law().unwrap();
    let first = now.contracts().filter(|contract| contract.version() == "1").cloned();
    first.fold(law, |law, contract| law.contract(contract.as_ref().clone())).build().unwrap()
}

async fn guard_orders(store: &SqliteStore) {
    let column = GuardedColumn {
        world: World::new("pazar").unwrap(),
        kind: Kind::new("order").unwrap(),
        initial: State::new("pending").unwrap(),
        table: "orders".to_owned(),
        tenant_column: Some("tenant".to_owned()),
        id_column: "id".to_owned(),
        status_column: "status".to_owned(),
    };
    store.guard(&column).await.unwrap();
}

fn order(id: &str) -> Subject {
    Subject::new("pazar", "kilim", "order", id).unwrap()
}

/// Two orders of three pieces each, one of them paid.
async fn write_earlier_file(path: &std::path::Path) {
    let store = SqliteStore::open(path).await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    for text in TABLES {
        sqlx::raw_sql(text).execute(&mut *transaction).await.unwrap();
    }
    let rows = "CREATE TABLE pazar_schema (version INTEGER NOT NULL PRIMARY KEY) STRICT;
        INSERT INTO pazar_schema VALUES (1), (2);
        INSERT INTO users VALUES ('u-ada', 'ada@pazar.example', 'Ada', '');
        INSERT INTO tenants VALUES ('kilim', 'Kilim');
        INSERT INTO listings (tenant, id, flow, title, description, price, stock, created_at)
            VALUES ('kilim', 'l-1', 'sale', 'ÇİNİ Işık', '', 100, 4, 0);
        INSERT INTO orders (tenant, id, customer, listing, quantity, total, created_at)
            VALUES ('kilim', 'o-1', 'u-ada', 'l-1', 3, 300, 0),
                ('kilim', 'o-2', 'u-ada', 'l-1', 3, 300, 0);
        INSERT INTO payments (tenant, id, customer, payable_kind, payable, amount, provider,
            reference, status, created_at)
            VALUES ('kilim', 'p-2', 'u-ada', 'order', 'o-2', 300, 'demo', 'ref-2', 'paid', 0);";
    sqlx::raw_sql(rows).execute(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    guard_orders(&store).await;
    let options = HosOptions::default().deployment("pazar.local");
    let hos = Hos::open_with([earlier_law()], store.clone(), options).await.unwrap();
    let (world, root) = (World::new("pazar").unwrap(), ActorId::new("u-root").unwrap());
    let role = Role::new("root").unwrap();
    hos.bootstrap(&world, &root, &role, b"root").await.unwrap();
    let (root, tenant) = (Actor::user("u-root").unwrap(), Tenant::new("kilim").unwrap());
    let add = StandingCommand::new(&root, &world, &tenant, StandingChange::AddTenant);
    hos.change_standing(&add.key("add")).await.unwrap();
    for id in ["o-1", "o-2"] {
        let opening = Opening::new(&root, &order(id))
            .attribute("customer", "u-ada")
            .attribute("listing", "l-1")
            .attribute("quantity", 3);
        hos.open(&opening.key(id)).await.unwrap();
    }
    hos.transition(&Command::new(&root, &order("o-2"), "pay").key("pay")).await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn old_orders_stay_under_their_contract_and_new_ones_have_the_new() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pazar.db");
    write_earlier_file(&path).await;
    let secret = pazar::webhook::Secret::random();
    let mut config = pazar::config::Config::for_file(path, secret);
    config.demo = false;
    let app = App::open(&config).await.unwrap();
    let ada = Actor::user("u-ada").unwrap();
    for id in ["o-1", "o-2"] {
        let cancel = Command::new(&ada, &order(id), "cancel").key(format!("cancel-{id}"));
        let receipt = app.hos().transition(&cancel).await.unwrap();
        assert_eq!(receipt.to.as_ref().map(State::as_str), Some("cancelled"), "{id}");
        assert_eq!(receipt.contract_version.as_ref().map(AsRef::as_ref), Some("1"), "{id}");
    }
    let opening = Opening::new(&ada, &order("o-3"))
        .attribute("customer", "u-ada")
        .attribute("listing", "l-1")
        .attribute("quantity", 1)
        .attribute("method", "online");
    let receipt = app.hos().open(&opening.key("o-3")).await.unwrap();
    assert_eq!(receipt.contract_version.as_ref().map(AsRef::as_ref), Some("2"));
    let row = query(
        "SELECT (SELECT stock FROM listings), (SELECT folded FROM listings), \
         (SELECT group_concat(status || method) FROM orders), \
         (SELECT group_concat(payment || amount || reason) FROM refunds)",
    );
    let (stock, folded, orders, refunds): (i64, String, String, String) =
        row.fetch_one(app.database()).await.unwrap();
    assert_eq!(stock, 10, "the pieces of both are back");
    assert_eq!(folded.trim(), "cini isik");
    assert_eq!(orders, "cancelledonline,cancelledonline");
    assert_eq!(refunds, "p-2300cancelled", "what was paid goes back");
    let forced = query("UPDATE orders SET status = 'refunded' WHERE id = 'o-1'");
    let mut transaction = app.database().begin().await.unwrap();
    let forced = forced.execute(&mut transaction).await.unwrap_err();
    assert!(forced.to_string().contains("hos:guarded"), "{forced}");
}
