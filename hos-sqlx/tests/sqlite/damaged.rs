//! A part whose row is damaged is named, and stops nothing else.

use std::sync::Arc;

use hos_core::command::Erasure;
use hos_core::hos::{ErasureWalk, Export};
use hos_core::id::{Tenant, World};
use hos_core::note::SigningKey;
use hos_core::prelude::*;
use hos_core::proof::Withholding;
use hos_core::seal::{Keys, MemoryKeeper};
use hos_core::time::ProofId;
use hos_core::vault::MasterKeys;
use hos_sqlx::{SqliteStore, SqliteVault};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

const MASTER: &str = "2026 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

fn scope() -> (World, Tenant) {
    (World::new("shop").unwrap(), Tenant::world())
}

fn root() -> Actor {
    Actor::user("root-1").unwrap()
}

async fn open(directory: &std::path::Path) -> Hos {
    let law = Law::builder("shop", "1").roles([RoleDefinition::superuser("root")]).build().unwrap();
    let store = SqliteStore::open(directory.join("law.db")).await.unwrap();
    let vault = SqliteVault::open(directory.join("keys.db")).await.unwrap();
    let options = HosOptions::default();
    let options = options.vault(Arc::new(vault), Arc::new(MasterKeys::parse(MASTER).unwrap()));
    Hos::open_with([law], store, options).await.unwrap()
}

async fn say(hos: &Hos, what: &str) -> ProofId {
    let (world, tenant) = scope();
    let record = Record::new(&root(), &world, &tenant, "note").payload("said", what).key(what);
    hos.record(&record).await.unwrap().proof_id
}

/// What a console can do to a part: one row for another.
async fn replace(path: &std::path::Path, id: ProofId, name: &str, salt: &[u8], body: &[u8]) {
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    let position = "SELECT position FROM hos_entry WHERE id = ?";
    let position: i64 = sqlx::query_scalar(position)
        .bind(id.as_bytes().as_slice())
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let gone = sqlx::query("DELETE FROM hos_part WHERE entry = ?").bind(position);
    gone.execute(&mut connection).await.unwrap();
    let put = "INSERT INTO hos_part (entry, name, salt, body) VALUES (?, ?, ?, CAST(? AS TEXT))";
    let put = sqlx::query(put).bind(position).bind(name).bind(salt).bind(body);
    put.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_damaged_part_stops_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let hos = open(directory.path()).await;
    let (world, tenant) = scope();
    hos.bootstrap(&world, root().id(), &Role::new("root").unwrap(), b"boot").await.unwrap();
    let law = directory.path().join("law.db");
    let rows: [(&str, &[u8], &[u8]); 7] = [
        ("payload", &[0; 32], b"~"),
        ("payload", &[0; 32], b"~!!"),
        ("payload", &[0; 32], b"-nobody"),
        ("payload", &[7; 5], b"{\"said\":\"short salt\"}"),
        ("payload", &[7; 32], b"{\"said\":\"\xff\xfe\"}"),
        ("~", &[7; 32], b"{}"),
        ("../x", &[7; 32], b"[]"),
    ];
    let mut damaged = Vec::new();
    for (at, (name, salt, body)) in rows.into_iter().enumerate() {
        let id = say(&hos, &format!("note {at}")).await;
        replace(&law, id, name, salt, body).await;
        damaged.push(id);
    }
    let whole = say(&hos, "whole").await;
    let other = ActorId::new("u-2").unwrap();
    let erasure = Erasure::person(&root(), &world, &tenant, &other, "asked").key("e");
    hos.erase(&erasure).await.unwrap();

    let page = hos.page(&world, &tenant, 0, 100).await.unwrap();
    for (entry, id) in page.iter().filter(|entry| damaged.contains(&entry.id)).zip(&damaged).take(3)
    {
        assert_eq!(entry.id, *id);
        let [withheld] = entry.withheld.as_slice() else { panic!("{entry:?}") };
        assert_eq!(withheld.name, "payload");
        assert!(matches!(withheld.why, Withholding::Damaged(_)), "{withheld:?}");
    }
    let mut walk = ErasureWalk::new(&world, &tenant);
    while !walk.is_over() {
        hos.repeat_erasures(&mut walk).await.unwrap();
    }
    let key = SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    let sealer = hos.sealer(Keys::new(key), Arc::new(MemoryKeeper::default())).unwrap();
    sealer.seal(&world, &tenant).await.unwrap();
    let range = Export::range(0, page.len() as u64).disclose_all();
    let bundle = hos.export(&world, &tenant, &range).await.unwrap().unwrap();
    let holds = |text: &[u8]| bundle.windows(text.len()).any(|window| window == text);
    assert!(holds(b"whole") && !holds(b"short salt"));
    assert!(holds(whole.to_string().as_bytes()) && holds(damaged[0].to_string().as_bytes()));
}
