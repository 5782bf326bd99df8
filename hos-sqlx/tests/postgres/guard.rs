//! A status column of the world's that only the law may write.

use hos_core::error::FaultKind;
use hos_core::id::{Kind, State};
use hos_core::prelude::*;
use hos_sqlx::{GuardedColumn, WithinExt as _};
use sqlx::Executor as _;

use crate::shop::{FIRMS, Shop, order, owner, server, world};

fn column(tenant_column: Option<&str>) -> GuardedColumn {
    GuardedColumn {
        world: world(),
        kind: Kind::new("order").unwrap(),
        initial: State::new("pending").unwrap(),
        table: "orders".to_owned(),
        tenant_column: tenant_column.map(str::to_owned),
        id_column: "id".to_owned(),
        status_column: "status".to_owned(),
    }
}

async fn guarded() -> Option<Shop> {
    let shop = Shop::open(server()?).await;
    // A name that the triggers' own variables have too.
    let table = "CREATE TABLE orders (tenant text, id text, status text DEFAULT 'pending', \
                 total integer DEFAULT 0, PRIMARY KEY (tenant, id))";
    shop.store.pool().execute(table).await.unwrap();
    shop.store.guard(&column(Some("tenant"))).await.unwrap();
    shop.store.guard(&column(Some("tenant"))).await.unwrap();
    Some(shop)
}

async fn status(shop: &Shop, firm: &str) -> String {
    let query = "SELECT status FROM orders WHERE tenant = $1 AND id = 'o-1'";
    sqlx::query_scalar(query).bind(firm).fetch_one(shop.store.pool()).await.unwrap()
}

#[tokio::test]
async fn the_law_writes_the_column_of_its_own_tenant_alone() {
    let Some(shop) = guarded().await else { return };
    for firm in FIRMS {
        let insert = "INSERT INTO orders (tenant, id) VALUES ($1, 'o-1')";
        sqlx::query(insert).bind(firm).execute(shop.store.pool()).await.unwrap();
        shop.open_order(firm, "o-1", "").await;
    }
    shop.act(FIRMS[0], "o-1", "pay").await;
    assert_eq!(
        (&*status(&shop, FIRMS[0]).await, &*status(&shop, FIRMS[1]).await),
        ("paid", "pending")
    );
    let mut transaction = shop.store.begin().await.unwrap();
    let cancel = Command::new(&owner(FIRMS[1]), &order(FIRMS[1], "o-1"), "cancel").key("in");
    shop.hos.within(&mut transaction).transition(&cancel).await.unwrap();
    transaction.execute("UPDATE orders SET total = 7 WHERE tenant = 'firm-2'").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(status(&shop, FIRMS[1]).await, "cancelled");
    assert_eq!(status(&shop, FIRMS[0]).await, "paid");
}

#[tokio::test]
async fn plain_sql_does_not_write_the_column() {
    let Some(shop) = guarded().await else { return };
    shop.open_order(FIRMS[0], "o-1", "").await;
    shop.act(FIRMS[0], "o-1", "cancel").await;
    let mut stranger = shop.stranger().await;
    stranger.execute("INSERT INTO orders VALUES ('firm-1', 'o-1', 'cancelled')").await.unwrap();
    for statement in [
        "UPDATE orders SET status = 'pending'",
        "UPDATE orders SET status = NULL",
        "UPDATE orders SET id = 'o-2'",
        "UPDATE orders SET tenant = 'firm-2'",
        "INSERT INTO orders VALUES ('firm-1', 'o-9', 'paid')",
        "INSERT INTO orders VALUES ('firm-1', 'o-1', 'paid') ON CONFLICT (tenant, id) \
         DO UPDATE SET status = 'paid'",
    ] {
        let refused = stranger.execute(statement).await.expect_err(statement);
        let message = refused.as_database_error().unwrap().message().to_owned();
        assert!(message.starts_with("hos:guarded"), "{statement}: {message}");
    }
    stranger.execute("UPDATE orders SET total = 9").await.unwrap();
}

#[tokio::test]
async fn a_column_that_is_not_there_is_refused() {
    let Some(shop) = guarded().await else { return };
    for tenant in ["nothing", "tenant\"; DROP TABLE orders; --"] {
        let refused = shop.store.guard(&column(Some(tenant))).await.unwrap_err();
        assert_eq!(refused.kind(), FaultKind::Law);
    }
}
