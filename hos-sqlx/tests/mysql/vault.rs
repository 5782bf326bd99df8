//! A vault in MariaDB, where it is opened by whoever only looks.

use hos_core::error::FaultKind;
use hos_core::vault::Vault as _;
use hos_sqlx::{MysqlOptions, MysqlVault};

use crate::shop::server;

#[tokio::test]
async fn whoever_joins_a_vault_makes_none() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    let join = || MysqlVault::join(MysqlOptions::new(&url).connections(1));
    for _ in 0..2 {
        assert_eq!(join().await.unwrap_err().kind(), FaultKind::Foreign);
    }
    MysqlVault::open(MysqlOptions::new(&url).connections(1)).await.unwrap();
    assert_eq!(join().await.unwrap().page(None, 10).await.unwrap(), []);
}
