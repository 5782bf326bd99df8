//! `hos move` and `hos migrate`.

use hos_core::prelude::*;
use hos_services::ServiceError;
use hos_sqlx::SqliteStore;

use crate::program::{ends, hos};

#[test]
fn a_command_line_that_is_wrong_says_how_it_is_right() {
    ends(&hos(&["move", "--from", "pazar.db"]), 2, &["--to"]);
    ends(&hos(&["move", "--from", "a", "--to", "b"]), 4, &["postgres://", "mysql://"]);
    ends(&hos(&["migrate", "--database", "oracle://x"]), 4, &["oracle", "postgres://", "mysql://"]);
}

#[test]
fn a_deployment_moves_once_into_postgresql() {
    moves_once(hos_services::shared::postgres().and_then(|server| server.create_database()));
}

#[test]
fn a_deployment_moves_once_into_mariadb() {
    moves_once(hos_services::shared::mariadb().and_then(|server| server.create_database()));
}

#[test]
fn mariadb_is_known_by_its_own_name_too() {
    let server = match hos_services::shared::mariadb() {
        Ok(server) => server,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    let url = server.create_database().unwrap().replacen("mysql://", "mariadb://", 1);
    ends(&hos(&["migrate", "--database", &url]), 0, &["up to date", "version 1"]);
}

/// The deployment in a file has a world from now on.
fn add_world(path: &str) {
    let law = Law::builder("pazar", "1").roles(["owner"]).build().unwrap();
    let add = async {
        let store = SqliteStore::open(path).await.unwrap();
        Hos::open([law], store.clone()).await.unwrap();
        store.close().await.unwrap();
    };
    tokio::runtime::Runtime::new().unwrap().block_on(add);
}

fn moves_once(url: Result<String, ServiceError>) {
    let url = match url {
        Ok(url) => url,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pazar.db");
    let path = path.to_str().unwrap();
    let order = ["move", "--from", path, "--to", &url];
    ends(&hos(&order), 3, &["path"]);
    ends(&hos(&["migrate", "--database", path]), 0, &["up to date", "version 1"]);
    ends(&hos(&["migrate", "--database", &url]), 0, &["up to date", "version 1"]);
    ends(&hos(&order), 0, &["hos_entry", "both sides are equal"]);
    ends(&hos(&order), 0, &["finished already"]);
    let other = directory.path().join("other.db");
    let other = other.to_str().unwrap();
    ends(&hos(&["migrate", "--database", other]), 0, &["up to date"]);
    add_world(other);
    ends(&hos(&["move", "--from", other, "--to", &url]), 4, &["another move", "finished"]);
    ends(&hos(&order), 0, &["finished already"]);
}
