//! Moves that must not finish.

use std::path::{Path, PathBuf};

use hos_core::error::{Fault, FaultKind};
use hos_core::prelude::*;
use hos_sqlx::moving::{Progress, Stage, move_house};
use hos_sqlx::{PostgresOptions, PostgresStore, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::runtime::Handle;

use super::{FEW, database, moved, source};

async fn fresh() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("source.db");
    source::build(&path, FEW).await;
    (directory, path)
}

async fn refused(path: &Path, url: &str, progress: impl Fn(Progress) + Send + Sync) -> Fault {
    move_house(path, &PostgresOptions::new(url), progress).await.unwrap_err()
}

#[track_caller]
fn says(fault: &Fault, kind: FaultKind, words: &[&str]) {
    let message = fault.to_string();
    assert_eq!(fault.kind(), kind, "{message}");
    for word in words {
        assert!(message.contains(word), "no `{word}` in: {message}");
    }
}

/// A store does not open a database in mid-move.
pub(crate) async fn opening(url: &str) {
    let fault = PostgresStore::open(url).await.unwrap_err();
    says(&fault, FaultKind::Foreign, &["unfinished move", "hos move"]);
}

async fn tamper(path: &Path, statements: &'static str) {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

pub(crate) async fn flipped_byte() {
    let (_directory, path) = fresh().await;
    let store = SqliteStore::open(&path).await.unwrap();
    let hos = Hos::open(source::laws(), store.clone()).await.unwrap();
    let (world, tenant) = (World::new("side").unwrap(), Tenant::new("firm-2").unwrap());
    let entry = hos.page(&world, &tenant, 17, 1).await.unwrap().remove(0);
    store.close().await.unwrap();
    tamper(
        &path,
        "DROP TRIGGER hos_entry_update;
        UPDATE hos_entry SET leaf = replace(leaf, '\"v\":1', '\"v\":3')
        WHERE position = 17 + (
            (SELECT number FROM hos_scope WHERE world = 'side' AND tenant = 'firm-2') << 40
        )",
    )
    .await;
    let url = database();
    let id = entry.id.to_string();
    for _ in 0..2 {
        let fault = refused(&path, &url, |_| {}).await;
        says(&fault, FaultKind::Corrupt, &["`side`", "`firm-2`", "index 17", &id]);
        opening(&url).await;
    }
}

pub(crate) async fn written_to() {
    let (_directory, path) = fresh().await;
    let url = database();
    let write = |progress: Progress| {
        if progress.stage == Stage::Comparing && progress.table == "hos_subject" {
            let write = tamper(&path, "CREATE TABLE IF NOT EXISTS of_the_world (number INTEGER)");
            tokio::task::block_in_place(|| Handle::current().block_on(write));
        }
    };
    let fault = refused(&path, &url, write).await;
    says(&fault, FaultKind::Busy, &["written to", "stop"]);
    opening(&url).await;
    let store = SqliteStore::open(&path).await.unwrap();
    let hos = Hos::open(source::laws(), store.clone()).await.unwrap();
    let order = source::subject("pazar", "firm-1", "order", 1);
    let touch = Command::new(&source::owner(), &order, "touch").key("meanwhile");
    hos.transition(&touch).await.unwrap();
    store.close().await.unwrap();
    let fault = refused(&path, &url, |_| {}).await;
    says(&fault, FaultKind::Foreign, &["since this move began", "empty the database"]);
    moved(&path, &database()).await;
}

pub(crate) async fn changed_target() {
    let (_directory, path) = fresh().await;
    let url = database();
    let meddle = |progress: Progress| {
        if progress.stage == Stage::Copying && progress.table == "hos_mode" && progress.rows > 0 {
            let meddle = async {
                let mut connection = PgConnection::connect(&url).await.unwrap();
                let meddling = "BEGIN; SELECT hos_bind_all();
                    UPDATE hos_member SET roles = '[\"root\"]' WHERE actor = 'olga'; COMMIT";
                sqlx::raw_sql(meddling).execute(&mut connection).await.unwrap();
            };
            tokio::task::block_in_place(|| Handle::current().block_on(meddle));
        }
    };
    let fault = refused(&path, &url, meddle).await;
    says(&fault, FaultKind::Corrupt, &["hos_member", "`olga`", "another roles"]);
    opening(&url).await;
}

pub(crate) async fn used_target() {
    let (_directory, path) = fresh().await;
    let url = database();
    let store = PostgresStore::open(&url).await.unwrap();
    Hos::open(source::laws(), store.clone()).await.unwrap();
    store.close().await;
    let fault = refused(&path, &url, |_| {}).await;
    says(&fault, FaultKind::Foreign, &["empty one"]);
    PostgresStore::open(&url).await.unwrap().close().await;
}

pub(crate) async fn foreign_source() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.db");
    let url = database();
    let fault = refused(&path, &url, |_| {}).await;
    says(&fault, FaultKind::Unavailable, &["path"]);
    assert!(!path.exists(), "a file that is not there is not made");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    options.connect().await.unwrap().close().await.unwrap();
    let fault = refused(&path, &url, |_| {}).await;
    says(&fault, FaultKind::Foreign, &["nothing of the law"]);
}

pub(crate) async fn finished() {
    let (_directory, path) = fresh().await;
    let url = database();
    let report = moved(&path, &url).await;
    assert!(!report.resumed && report.tables.iter().all(|table| table.rows > 0), "{report:?}");
    let fault = refused(&path, &url, |_| {}).await;
    says(&fault, FaultKind::Foreign, &["finished"]);
    PostgresStore::open(&url).await.unwrap().close().await;
}
