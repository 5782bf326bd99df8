//! A commit of which nobody knows whether it was written.

use std::time::Duration;

use hos_core::error::{Error, FaultKind};
use hos_core::prelude::*;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor, Row as _};

use crate::shop::{WAITS_MAX, open_at, open_shop};

fn kind(answer: Result<Receipt, Error>) -> FaultKind {
    answer.unwrap_err().fault().unwrap().kind()
}

#[tokio::test]
async fn an_error_during_the_commit_is_ambiguous() {
    let Some(shop) = open_shop().await else { return };
    // Error during COMMIT, killed, shut down, aborted, and two of the network's.
    for code in [1180, 1927, 1053, 1152, 1158, 1161] {
        let trigger = format!(
            "CREATE OR REPLACE TRIGGER fails BEFORE INSERT ON hos_pending FOR EACH ROW
            SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = 'as if'"
        );
        shop.store.pool().execute(AssertSqlSafe(trigger)).await.unwrap();
        assert_eq!(kind(shop.hos.open(&shop.opening("o-1")).await), FaultKind::Ambiguous, "{code}");
    }
    shop.store.pool().execute("DROP TRIGGER fails").await.unwrap();
    shop.open("o-1").await;
    shop.audit().await;
}

#[tokio::test]
async fn a_connection_that_is_lost_during_the_commit_is_ambiguous() {
    // No other test's commits are to wait.
    let started = hos_services::MariaDb::start_with(&[("innodb-flush-method", "nosync")]);
    let Ok(server) = started.inspect_err(hos_services::skip_or_fail) else { return };
    let shop = open_at(server.create_database().unwrap()).await;
    for id in ["o-1", "o-2", "o-3"] {
        shop.open(id).await;
    }
    let mut administrator = MySqlConnection::connect(&server.root_url("mysql")).await.unwrap();
    let commands = ["o-1", "o-2", "o-3"].map(|id| shop.command(id, "pay"));
    let (several, one) = commands.split_at(2);
    for batch in [several, one] {
        administrator.execute("BACKUP STAGE START").await.unwrap();
        administrator.execute("BACKUP STAGE BLOCK_COMMIT").await.unwrap();
        let (answers, ()) =
            tokio::join!(shop.hos.transition_all(batch), kill_the_one_who_waits(&server));
        administrator.execute("BACKUP STAGE END").await.unwrap();
        assert_eq!(answers.len(), batch.len());
        for answer in answers {
            assert_eq!(kind(answer), FaultKind::Ambiguous);
        }
    }
    // Written or not: the one who was killed may have been let through first.
    for answer in shop.hos.transition_all(&commands).await {
        assert_eq!(answer.unwrap().revision, 2);
    }
    shop.audit().await;
}

async fn kill_the_one_who_waits(server: &hos_services::MariaDb) {
    let mut administrator = MySqlConnection::connect(&server.root_url("mysql")).await.unwrap();
    for _ in 0..WAITS_MAX {
        let waiting = "SELECT CAST(id AS SIGNED) FROM information_schema.processlist
            WHERE state = 'Waiting for backup lock'";
        if let Some(row) = administrator.fetch_optional(waiting).await.unwrap() {
            let kill = AssertSqlSafe(format!("KILL {}", row.get::<i64, _>(0)));
            administrator.execute(kill).await.unwrap();
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("nobody commits");
}

#[tokio::test]
async fn what_is_read_on_a_connection_that_has_died_is_read_on_another() {
    let started = hos_services::MariaDb::start();
    let Ok(server) = started.inspect_err(hos_services::skip_or_fail) else { return };
    let shop = open_at(server.create_database().unwrap()).await;
    // The connection of the commit is kept at hand.
    shop.open("o-1").await;
    let mut administrator = MySqlConnection::connect(&server.root_url("mysql")).await.unwrap();
    administrator.execute("KILL CONNECTION USER 'law'").await.unwrap();
    let unknown = shop.hos.transition(&shop.command("o-2", "pay")).await.unwrap_err();
    let code = unknown.refusal().map(Refusal::code);
    assert_eq!(code, Some("not_found"), "it was looked for: {unknown:?}");
}

#[tokio::test]
async fn a_connection_that_died_while_it_rested_commits_nothing_and_is_passed_over() {
    let started = hos_services::MariaDb::start();
    let Ok(server) = started.inspect_err(hos_services::skip_or_fail) else { return };
    let shop = open_at(server.create_database().unwrap()).await;
    shop.open("o-1").await;
    let mut administrator = MySqlConnection::connect(&server.root_url("mysql")).await.unwrap();
    administrator.execute("KILL CONNECTION USER 'law'").await.unwrap();
    nobody_is_connected(&mut administrator).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
    // It is judged on what is remembered, so that nothing is read before it is committed.
    assert_eq!(shop.act("o-1", "pay").await.revision, 2);
    shop.audit().await;
}

async fn nobody_is_connected(administrator: &mut MySqlConnection) {
    for _ in 0..WAITS_MAX {
        let connected = "SELECT count(*) FROM information_schema.processlist WHERE user = 'law'";
        let connected = administrator.fetch_one(connected).await.unwrap();
        if connected.get::<i64, _>(0) == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("somebody stays");
}
