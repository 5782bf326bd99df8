//! Moves that must not finish.

use std::path::{Path, PathBuf};

use hos_core::error::{Fault, FaultKind};
use hos_core::prelude::*;
use hos_sqlx::SqliteStore;
use hos_sqlx::moving::{Progress, Stage, move_house};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use tokio::runtime::Handle;

use super::server::{House, Server, destination, hurried};
use super::{FEW, moved, source};

async fn fresh() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("source.db");
    source::build(&path, FEW).await;
    (directory, path)
}

async fn refused(path: &Path, url: &str, progress: impl Fn(Progress) + Send + Sync) -> Fault {
    move_house(path, destination(url), progress).await.unwrap_err()
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
    let fault = House::open(url).await.unwrap_err();
    says(&fault, FaultKind::Foreign, &["unfinished move", "hos move"]);
}

async fn tamper(path: &Path, statements: &'static str) {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Changes a byte of the leaf at index 17 of a tenant's log.
async fn flip(path: &Path) {
    tamper(
        path,
        "DROP TRIGGER hos_entry_update;
        UPDATE hos_entry SET leaf = replace(leaf, '\"v\":1', '\"v\":3')
        WHERE position = 17 + (
            (SELECT number FROM hos_scope WHERE world = 'side' AND tenant = 'firm-2') << 40
        )",
    )
    .await;
}

pub(crate) async fn flipped_byte(server: Server) {
    let (_directory, path) = fresh().await;
    let store = SqliteStore::open(&path).await.unwrap();
    let hos = Hos::open(source::laws(), store.clone()).await.unwrap();
    let (world, tenant) = (World::new("side").unwrap(), Tenant::new("firm-2").unwrap());
    let entry = hos.page(&world, &tenant, 17, 1).await.unwrap().remove(0);
    store.close().await.unwrap();
    flip(&path).await;
    let url = server.database();
    let id = entry.id.to_string();
    for _ in 0..2 {
        let fault = refused(&path, &url, |_| {}).await;
        says(&fault, FaultKind::Corrupt, &["`side`", "`firm-2`", "index 17", &id]);
        opening(&url).await;
    }
}

pub(crate) async fn written_to(server: Server) {
    let (_directory, path) = fresh().await;
    let url = server.database();
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
    moved(&path, &server.database()).await;
}

pub(crate) async fn changed_target(server: Server) {
    let (_directory, path) = fresh().await;
    let url = server.database();
    let meddle = |progress: Progress| {
        if progress.stage == Stage::Copying && progress.table == "hos_mode" && progress.rows > 0 {
            let meddling = "UPDATE hos_member SET roles = '[\"root\"]' WHERE actor = 'olga'";
            let meddle = server.execute(&url, meddling);
            tokio::task::block_in_place(|| Handle::current().block_on(meddle));
        }
    };
    let fault = refused(&path, &url, meddle).await;
    says(&fault, FaultKind::Corrupt, &["hos_member", "`olga`", "another roles"]);
    opening(&url).await;
}

pub(crate) async fn used_target(server: Server) {
    let (_directory, path) = fresh().await;
    let url = server.database();
    let house = House::open(&url).await.unwrap();
    house.hos().await;
    house.close().await;
    let fault = refused(&path, &url, |_| {}).await;
    says(&fault, FaultKind::Foreign, &["empty one"]);
    House::open(&url).await.unwrap().close().await;
}

pub(crate) async fn foreign_source(server: Server) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.db");
    let url = server.database();
    let fault = refused(&path, &url, |_| {}).await;
    says(&fault, FaultKind::Unavailable, &["path"]);
    assert!(!path.exists(), "a file that is not there is not made");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    options.connect().await.unwrap().close().await.unwrap();
    let fault = refused(&path, &url, |_| {}).await;
    says(&fault, FaultKind::Foreign, &["nothing of the law"]);
}

pub(crate) async fn at_work(server: Server) {
    let (_directory, path) = fresh().await;
    let url = server.database();
    let meet = |progress: Progress| {
        if progress.stage == Stage::Copying && progress.table == "hos_mode" && progress.rows > 0 {
            let meet = async {
                let fault = move_house(&path, hurried(&url), |_| {}).await.unwrap_err();
                assert_eq!(fault.kind(), FaultKind::Busy, "{fault}");
            };
            tokio::task::block_in_place(|| Handle::current().block_on(meet));
        }
    };
    let report = move_house(&path, destination(&url), meet).await.unwrap();
    assert!(!report.resumed, "the one that met it wrote nothing");
}

pub(crate) async fn another(server: Server) {
    let (_directory, path) = fresh().await;
    let (_other_directory, other) = fresh().await;
    let store = SqliteStore::open(&other).await.unwrap();
    let law = Law::builder("elsewhere", "1").roles(["owner"]).build().unwrap();
    Hos::open([law], store.clone()).await.unwrap();
    store.close().await.unwrap();
    let url = server.database();
    flip(&path).await;
    refused(&path, &url, |_| {}).await;
    let fault = refused(&other, &url, |_| {}).await;
    says(&fault, FaultKind::Foreign, &["another deployment", "check the path"]);
}

pub(crate) async fn finished(server: Server) {
    let (_directory, path) = fresh().await;
    let url = server.database();
    let report = moved(&path, &url).await;
    assert!(!report.resumed && report.tables.iter().all(|table| table.rows > 0), "{report:?}");
    assert!(!report.finished_before);
    let house = House::open(&url).await.unwrap();
    let order = source::subject("pazar", "firm-1", "order", 1);
    let touch = Command::new(&source::owner(), &order, "touch");
    house.hos().await.transition(&touch.clone().key("lives on")).await.unwrap();
    house.close().await;
    let again = moved(&path, &url).await;
    assert!(again.finished_before && again.tables.is_empty(), "{again:?}");
    let store = SqliteStore::open(&path).await.unwrap();
    let hos = Hos::open(source::laws(), store.clone()).await.unwrap();
    hos.transition(&touch.key("too late")).await.unwrap();
    store.close().await.unwrap();
    let fault = refused(&path, &url, |_| {}).await;
    says(&fault, FaultKind::Foreign, &["finished", "written to since"]);
    House::open(&url).await.unwrap().close().await;
}
