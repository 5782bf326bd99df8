//! Many who open one empty database at once.

use hos_services::shared;
use hos_sqlx::{Pooler, PostgresOptions, PostgresStore};
use tokio::task::JoinSet;

use crate::{name, server, superuser};

const OPENERS: usize = 8;
const ROUNDS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_open_at_once_agree() {
    let Some(server) = server() else { return };
    for _ in 0..ROUNDS {
        let url = server.create_database().unwrap();
        open_at_once(&url, |_| PostgresOptions::new(&url)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_open_at_once_through_a_pooler_agree() {
    let Ok(pooler) = shared::pgbouncer().inspect_err(hos_services::skip_or_fail) else { return };
    for _ in 0..ROUNDS {
        let url = server().unwrap().create_database().unwrap();
        let pooled = PostgresOptions::new(pooler.url(name(&url))).pooler(Pooler::Transaction);
        open_at_once(&url, |at| match at % 3 {
            0 => PostgresOptions::new(&url),
            1 => pooled.clone().direct_url(&url),
            _ => pooled.clone(),
        })
        .await;
    }
}

async fn open_at_once(url: &str, options: impl Fn(usize) -> PostgresOptions) {
    let mut opening = JoinSet::new();
    for at in 0..OPENERS {
        opening.spawn(PostgresStore::open_with(options(at)));
    }
    for opened in opening.join_all().await {
        let store = opened.unwrap();
        let hos = hos_core::hos::Hos::open([crate::job::law()], store.clone()).await;
        hos.unwrap();
        store.close().await;
    }
    assert_eq!(superuser(url, "SELECT count(*) FROM hos_schema;"), "1");
}
