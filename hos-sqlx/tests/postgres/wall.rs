//! The second wall: with each predicate on tenants taken out of its statement in turn, no row of a
//! tenant outside the list is read or written.

mod furnished;
mod mutant;
mod play;

use std::collections::BTreeSet;

use hos_core::time::Timestamp;
use hos_sqlx::PostgresStore;

use crate::shop::{Shop, server};
use furnished::{furnish, theirs};
use mutant::mutants;
use play::play;

/// Plays with every mutant; answers those that told of the second firm or touched it.
async fn survivors(shop: &Shop) -> (usize, Vec<String>) {
    let mutants = mutants(shop).await;
    let mut leaks = Vec::new();
    let mut before = theirs(shop).await;
    for (round, mutant) in mutants.iter().enumerate() {
        shop.run(&mutant.text).await.unwrap_or_else(|error| panic!("{}: {error}", mutant.text));
        let told = play(shop, round).await;
        shop.run(&mutant.original).await.unwrap();
        let after = theirs(shop).await;
        if !told.is_empty() || before != after {
            leaks.push(format!(
                "{}: {}: told {told:?}, touched {}",
                mutant.name,
                mutant.predicate,
                before != after
            ));
        }
        before = after;
    }
    (mutants.len(), leaks)
}

#[tokio::test]
async fn no_missing_predicate_reads_or_writes_beyond_the_list() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    furnish(&shop).await;
    let (count, leaks) = survivors(&shop).await;
    assert!(count >= 120, "{count} mutants");
    assert_eq!(leaks, [] as [String; 0]);
}

/// Else a mutant could not tell anything.
#[tokio::test]
async fn every_function_with_a_predicate_is_played() {
    let Some(server) = server() else { return };
    let mut shop = Shop::open(server).await;
    furnish(&shop).await;
    let count_calls = "DO $$ BEGIN EXECUTE format( \
                       'ALTER DATABASE %I SET track_functions = ''all''', current_database()); \
                       END $$";
    shop.run(count_calls).await.unwrap();
    shop.store.close().await;
    shop.store = PostgresStore::open(shop.url()).await.unwrap();
    play(&shop, 0).await;
    // What a session has counted is told when it ends.
    shop.store.close().await;
    shop.everybody_has_gone().await;
    let called = "SELECT string_agg(funcname, ',') FROM pg_stat_user_functions WHERE calls > 0";
    let called = shop.read(called).await.unwrap();
    let called: BTreeSet<&str> = called.split(',').collect();
    let mutants = mutants(&shop).await;
    // A trigger that refuses is not counted.
    let counted = mutants.iter().filter(|mutant| {
        !mutant.original.contains("RETURNS trigger") && mutant.name != "hos_is_archived"
    });
    let names = counted.map(|mutant| mutant.name.as_str());
    let silent: BTreeSet<&str> = names.filter(|name| !called.contains(name)).collect();
    assert_eq!(silent, BTreeSet::new());
}

/// Else the test above would hold for want of a witness.
#[tokio::test]
async fn without_the_wall_missing_predicates_do_leak() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    furnish(&shop).await;
    shop.run(
        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT relname FROM pg_class WHERE relrowsecurity \
         LOOP EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', t); END LOOP; END $$",
    )
    .await
    .unwrap();
    let (count, leaks) = survivors(&shop).await;
    assert!(leaks.len() >= 24, "{} of {count} mutants are seen: {leaks:?}", leaks.len());
}

#[tokio::test]
async fn whoever_is_bound_to_nobody_sees_nothing() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    furnish(&shop).await;
    let mut stranger = shop.stranger().await;
    // Partitions too, for whoever names one instead of its parent.
    shop.store.partition_ahead(Timestamp::EPOCH, 1).await.unwrap();
    let tables = "SELECT string_agg(relname, ',') FROM pg_class \
                  WHERE relname LIKE 'hos\\_%' AND relkind IN ('r', 'p') \
                  AND relname NOT IN ('hos_schema', 'hos_outbox_slot')";
    let tables = shop.read(tables).await.unwrap();
    assert!(tables.contains("hos_entry_197001") && tables.contains("hos_outbox_1"), "{tables}");
    for table in tables.split(',') {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let rows: i64 = sqlx::query_scalar(count).fetch_one(&mut stranger).await.unwrap();
        assert_eq!(rows, 0, "{table}");
        let walled = format!(
            "SELECT (relrowsecurity AND relforcerowsecurity AND EXISTS \
             (SELECT FROM pg_policy WHERE polrelid = pg_class.oid))::text \
             FROM pg_class WHERE relname = '{table}'"
        );
        assert_eq!(shop.read(&walled).await.as_deref(), Some("true"), "{table}");
    }
}
