//! A status column of the world's that only the law may write.

use hos_core::error::FaultKind;
use hos_core::id::{Kind, State};
use hos_core::prelude::*;
use hos_sqlx::{GuardedColumn, WithinExt as _};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

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

/// What a row says and what the law says.
async fn both(shop: &Shop) -> (String, String) {
    let law = shop.hos.situation(&order(FIRMS[0], "o-1")).await.unwrap().unwrap();
    (status(shop, FIRMS[0]).await, law.snapshot.state.to_string())
}

#[tokio::test]
async fn a_row_that_is_put_back_while_the_law_moves_follows_it() {
    let Some(shop) = guarded().await else { return };
    shop.open_order(FIRMS[0], "o-1", "").await;
    shop.run("INSERT INTO orders VALUES ('firm-1', 'o-1', 'pending')").await.unwrap();
    let mut stranger = shop.stranger().await;
    let mut transaction = stranger.begin().await.unwrap();
    transaction.execute("DELETE FROM orders").await.unwrap();
    transaction.execute("INSERT INTO orders VALUES ('firm-1', 'o-1', 'pending')").await.unwrap();
    let (hos, cancel) = (shop.hos.clone(), shop.command(FIRMS[0], "o-1", "cancel"));
    let cancelling = tokio::spawn(async move { hos.transition(&cancel).await });
    shop.somebody_waits(&cancelling).await;
    transaction.commit().await.unwrap();
    cancelling.await.unwrap().unwrap();
    assert_eq!(both(&shop).await, ("cancelled".to_owned(), "cancelled".to_owned()));
}

#[tokio::test]
async fn a_row_that_is_put_in_while_the_law_moves_waits_for_it() {
    let Some(shop) = guarded().await else { return };
    shop.open_order(FIRMS[0], "o-1", "").await;
    let mut transaction = shop.store.begin().await.unwrap();
    let cancel = shop.command(FIRMS[0], "o-1", "cancel");
    shop.hos.within(&mut transaction).transition(&cancel).await.unwrap();
    let mut stranger = shop.stranger().await;
    let inserting = tokio::spawn(async move {
        stranger.execute("INSERT INTO orders VALUES ('firm-1', 'o-1', 'pending')").await
    });
    shop.somebody_waits(&inserting).await;
    transaction.commit().await.unwrap();
    let refused = inserting.await.unwrap().unwrap_err();
    assert!(refused.as_database_error().unwrap().message().starts_with("hos:guarded"));
}

#[tokio::test]
async fn a_row_that_is_put_in_while_the_law_opens_it_follows_it() {
    let Some(shop) = guarded().await else { return };
    let mut stranger = shop.stranger().await;
    let mut transaction = stranger.begin().await.unwrap();
    transaction.execute("INSERT INTO orders VALUES ('firm-1', 'o-1', 'pending')").await.unwrap();
    let hos = shop.hos.clone();
    let cancel = shop.command(FIRMS[0], "o-1", "cancel");
    let opening = tokio::spawn(async move {
        let opening = Opening::new(&owner(FIRMS[0]), &order(FIRMS[0], "o-1"));
        hos.open(&opening.attribute("note", "").key("open")).await.unwrap();
        hos.transition(&cancel).await
    });
    shop.somebody_waits(&opening).await;
    transaction.commit().await.unwrap();
    opening.await.unwrap().unwrap();
    assert_eq!(both(&shop).await, ("cancelled".to_owned(), "cancelled".to_owned()));
}

#[tokio::test]
async fn whoever_puts_a_row_in_and_opens_it_waits_for_nobody() {
    let Some(shop) = guarded().await else { return };
    let mut first = shop.store.begin().await.unwrap();
    let mut second = shop.store.begin().await.unwrap();
    for (transaction, firm) in [(&mut first, FIRMS[0]), (&mut second, FIRMS[1])] {
        let insert = "INSERT INTO orders (tenant, id) VALUES ($1, 'o-1')";
        sqlx::query(insert).bind(firm).execute(&mut **transaction).await.unwrap();
    }
    for (transaction, firm) in [(&mut first, FIRMS[0]), (&mut second, FIRMS[1])] {
        let opening = Opening::new(&owner(firm), &order(firm, "o-1")).attribute("note", "");
        shop.hos.within(transaction).open(&opening.key("open")).await.unwrap();
    }
    let pay = shop.command(FIRMS[0], "o-1", "pay");
    shop.hos.within(&mut first).transition(&pay).await.unwrap();
    first.commit().await.unwrap();
    second.commit().await.unwrap();
    let states = (status(&shop, FIRMS[0]).await, status(&shop, FIRMS[1]).await);
    assert_eq!(states, ("paid".to_owned(), "pending".to_owned()));
}

#[tokio::test]
async fn whoever_waits_for_the_law_that_waits_for_them_leaves_them_agreed() {
    let Some(shop) = guarded().await else { return };
    shop.open_order(FIRMS[0], "o-1", "").await;
    shop.run("INSERT INTO orders VALUES ('firm-1', 'o-1', 'pending')").await.unwrap();
    let mut stranger = shop.stranger().await;
    let mut transaction = stranger.begin().await.unwrap();
    transaction.execute("DELETE FROM orders").await.unwrap();
    let (hos, cancel) = (shop.hos.clone(), shop.command(FIRMS[0], "o-1", "cancel"));
    let cancelling = tokio::spawn(async move { hos.transition(&cancel).await });
    shop.somebody_waits(&cancelling).await;
    // The law waits for the row, and the row for the law: PostgreSQL ends one of them.
    let back = "INSERT INTO orders VALUES ('firm-1', 'o-1', 'pending')";
    let inserted = transaction.execute(back).await;
    match inserted {
        Ok(_) => transaction.commit().await.unwrap(),
        Err(_) => transaction.rollback().await.unwrap(),
    }
    cancelling.await.unwrap().unwrap();
    assert_eq!(both(&shop).await, ("cancelled".to_owned(), "cancelled".to_owned()));
}

#[tokio::test]
async fn a_trigger_of_the_worlds_does_not_write_the_column_either() {
    let Some(shop) = guarded().await else { return };
    shop.run("INSERT INTO orders VALUES ('firm-1', 'o-1', 'pending')").await.unwrap();
    shop.run(
        "CREATE FUNCTION settle() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN IF NEW.total = 13 THEN NEW.status := 'paid'; END IF; RETURN NEW; END $$; \
         CREATE TRIGGER settle BEFORE UPDATE OF total ON orders FOR EACH ROW \
         EXECUTE FUNCTION settle()",
    )
    .await
    .unwrap();
    let refused = shop.run("UPDATE orders SET total = 13").await.unwrap_err();
    assert!(refused.as_database_error().unwrap().message().starts_with("hos:guarded"));
    shop.run("UPDATE orders SET total = 12").await.unwrap();
    assert_eq!(status(&shop, FIRMS[0]).await, "pending");
}

#[tokio::test]
async fn no_two_guards_have_one_name() {
    let Some(shop) = guarded().await else { return };
    let (long, longer) = ("a".repeat(37), "a".repeat(38));
    for table in ["orders_of", "orders", &long, &longer] {
        let columns = "tenant text, id text, status text, a_status text";
        let create = format!("CREATE TABLE IF NOT EXISTS {table} ({columns})");
        sqlx::query(AssertSqlSafe(create)).execute(shop.store.pool()).await.unwrap();
    }
    shop.store.pool().execute("ALTER TABLE orders ADD of_status text").await.unwrap();
    let guard = |table: &str, status: &str| GuardedColumn {
        table: table.to_owned(),
        status_column: status.to_owned(),
        ..column(Some("tenant"))
    };
    shop.store.guard(&guard("orders_of", "status")).await.unwrap();
    shop.store.guard(&guard("orders", "of_status")).await.unwrap();
    let both = "SELECT count(*)::text FROM pg_proc \
                WHERE proname LIKE 'hos\\_guard\\_orders%of%status%'";
    assert_eq!(shop.read(both).await.as_deref(), Some("4"), "each has its own");
    shop.store.guard(&guard(&long, "a_status")).await.unwrap();
    for name in [&*longer, &"a".repeat(63)] {
        let fault = shop.store.guard(&guard(name, "a_status")).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Law);
        assert!(fault.to_string().contains("too long"), "{fault}");
    }
}

/// What ids are kept as, what `o-1` is called then, and what the others are.
const TYPES: [(&str, &str, &str); 5] = [
    ("text", "1001", "n::text"),
    ("text COLLATE \"C\"", "1001", "n::text"),
    ("varchar(40)", "1001", "n::text"),
    ("bigint", "1001", "n"),
    ("uuid", "00000000-0000-0000-0000-000000001001", "lpad(n::text, 32, '0')::uuid"),
];

#[tokio::test]
async fn the_law_finds_its_row_by_an_index_whatever_the_type() {
    let Some(server) = server() else { return };
    for ((type_, id, others), tenant) in
        TYPES.into_iter().flat_map(|of| [(of, None), (of, Some("tenant"))])
    {
        let shop = Shop::open(server).await;
        let key = if tenant.is_some() { "tenant, id" } else { "id" };
        let table = format!(
            "CREATE TABLE orders (tenant text DEFAULT 'firm-1', id {type_}, \
             status text DEFAULT 'pending', PRIMARY KEY ({key})); \
             INSERT INTO orders (id) SELECT {others} FROM generate_series(1, 3000) AS n; \
             ANALYZE orders"
        );
        sqlx::raw_sql(AssertSqlSafe(table)).execute(shop.store.pool()).await.unwrap();
        shop.store.guard(&column(tenant)).await.unwrap();
        let mut transaction = shop.store.begin().await.unwrap();
        let before = scans(&mut transaction).await;
        let within = shop.hos.within(&mut transaction);
        within
            .open(&Opening::new(&owner(FIRMS[0]), &order(FIRMS[0], id)).key("open"))
            .await
            .unwrap();
        let pay = Command::new(&owner(FIRMS[0]), &order(FIRMS[0], id), "pay").key("pay");
        within.transition(&pay).await.unwrap();
        // An id that no row can have, whatever it is for the type.
        let odd = order(FIRMS[0], "0001001");
        within.open(&Opening::new(&owner(FIRMS[0]), &odd).key("odd")).await.unwrap();
        let odd = order(FIRMS[0], &"x".repeat(60));
        within.open(&Opening::new(&owner(FIRMS[0]), &odd).key("long")).await.unwrap();
        drop(within);
        let after = scans(&mut transaction).await;
        // Whatever no column can hold is not looked for.
        assert!(after.0 == before.0 && after.1 - before.1 >= 2, "{type_} {tenant:?}: {after:?}");
        let paid: Vec<String> =
            sqlx::query_scalar("SELECT id::text FROM orders WHERE status = 'paid'")
                .fetch_all(&mut *transaction)
                .await
                .unwrap();
        assert_eq!(paid, [id], "{type_} {tenant:?}");
    }
}

/// How often the table was read from end to end, and by an index.
async fn scans(connection: &mut PgConnection) -> (i64, i64) {
    let scans = "SELECT seq_scan, idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'orders'";
    sqlx::query_as(scans).fetch_one(connection).await.unwrap()
}
