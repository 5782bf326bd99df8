//! What the tables say.

use hos_sqlx::SqliteStore;
use sqlx::{Connection as _, MySqlConnection, PgConnection};

use crate::house::Kind;

/// The number that a statement answers to somebody who is above the walls between tenants.
pub(crate) async fn number(url: &str, statement: &'static str) -> i64 {
    match Kind::of(url) {
        Kind::Sqlite => {
            let store = SqliteStore::open(url).await.unwrap();
            sqlx::query_scalar(statement).fetch_one(store.reader()).await.unwrap()
        }
        Kind::Postgres => {
            let mut connection = PgConnection::connect(url).await.unwrap();
            let bind = "BEGIN; SELECT hos_bind_all()";
            sqlx::raw_sql(bind).execute(&mut connection).await.unwrap();
            sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap()
        }
        Kind::MariaDb => {
            let mut connection = MySqlConnection::connect(url).await.unwrap();
            sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap()
        }
    }
}
