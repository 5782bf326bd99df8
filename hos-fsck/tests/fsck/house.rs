//! A database of each sort, with a superuser's console beside it.

use std::sync::Arc;

use hos_core::hos::Hos;
use hos_core::store::{Backend, Survey};
use hos_fsck::{Options, Report, fsck};
use hos_sqlx::{MysqlStore, PostgresStore, SqliteStore};
use sqlx::{Connection as _, Row as _};

use crate::story::tell;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Sqlite,
    Postgres,
    Mariadb,
}

/// A database with a story in it.
pub(crate) struct House {
    pub(crate) sort: Sort,
    survey: Arc<dyn Survey>,
    pub(crate) hos: Hos,
    url: String,
    _directory: tempfile::TempDir,
}

impl House {
    /// One with a story in it; none where no such server can be had.
    pub(crate) async fn build(sort: Sort) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let url = match sort {
            Sort::Sqlite => Ok(directory.path().join("law.db").to_str().unwrap().to_owned()),
            Sort::Postgres => {
                hos_services::shared::postgres().and_then(|server| server.create_database())
            }
            Sort::Mariadb => {
                hos_services::shared::mariadb().and_then(|server| server.create_database())
            }
        };
        let url = match url {
            Ok(url) => url,
            Err(error) => {
                hos_services::skip_or_fail(&error);
                return None;
            }
        };
        let (survey, hos) = match sort {
            Sort::Sqlite => told(SqliteStore::open(&url).await.unwrap()).await,
            Sort::Postgres => told(PostgresStore::open(&url).await.unwrap()).await,
            Sort::Mariadb => told(MysqlStore::open(&url).await.unwrap()).await,
        };
        Some(Self { sort, survey, hos, url, _directory: directory })
    }

    /// One with a story of its own, in a SQLite file.
    pub(crate) fn around(
        directory: tempfile::TempDir,
        url: String,
        store: SqliteStore,
        hos: Hos,
    ) -> Self {
        let survey = Arc::new(store);
        Self { sort: Sort::Sqlite, survey, hos, url, _directory: directory }
    }

    pub(crate) async fn check(&self) -> Report {
        self.check_with(&Options::default()).await
    }

    pub(crate) async fn check_with(&self, options: &Options) -> Report {
        fsck(&*self.survey, options, &|_| {}).await.unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What rows of three columns of text hold.
    pub(crate) async fn read(&self, query: &str) -> Vec<[String; 3]> {
        let query = query.to_owned();
        let query = sqlx::AssertSqlSafe(query);
        match self.sort {
            Sort::Sqlite => {
                let mut console = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
                let rows = sqlx::raw_sql(query).fetch_all(&mut console).await.unwrap();
                rows.iter().map(|row| [0, 1, 2].map(|at| row.get(at))).collect()
            }
            Sort::Postgres => {
                let name = self.url.rsplit('/').next().unwrap();
                let url = hos_services::shared::postgres().unwrap().superuser_url(name);
                let mut console = sqlx::PgConnection::connect(&url).await.unwrap();
                let rows = sqlx::raw_sql(query).fetch_all(&mut console).await.unwrap();
                rows.iter().map(|row| [0, 1, 2].map(|at| row.get(at))).collect()
            }
            Sort::Mariadb => {
                let mut console = sqlx::MySqlConnection::connect(&self.url).await.unwrap();
                let rows = sqlx::raw_sql(query).fetch_all(&mut console).await.unwrap();
                let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
                let text = |row: &sqlx::mysql::MySqlRow, at| text(row.get_unchecked(at));
                rows.iter().map(|row| [0, 1, 2].map(|at| text(row, at))).collect()
            }
        }
    }

    /// Executes statements as nobody may, all protections off.
    pub(crate) async fn tamper(&self, statements: &str) {
        let statements = statements.to_owned();
        match self.sort {
            Sort::Sqlite => {
                let mut console = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
                let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
                let rows = sqlx::query(triggers).fetch_all(&mut console).await.unwrap();
                for row in rows {
                    let drop = format!("DROP TRIGGER {}", row.get::<String, _>(0));
                    sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&mut console).await.unwrap();
                }
                let asked = sqlx::raw_sql(sqlx::AssertSqlSafe(statements));
                asked.execute(&mut console).await.unwrap();
                console.close().await.unwrap();
            }
            Sort::Postgres => {
                let name = self.url.rsplit('/').next().unwrap();
                let url = hos_services::shared::postgres().unwrap().superuser_url(name);
                let mut console = sqlx::PgConnection::connect(&url).await.unwrap();
                let off = "SET session_replication_role = replica";
                sqlx::raw_sql(off).execute(&mut console).await.unwrap();
                let asked = sqlx::raw_sql(sqlx::AssertSqlSafe(statements));
                asked.execute(&mut console).await.unwrap();
                console.close().await.unwrap();
            }
            Sort::Mariadb => {
                let mut console = sqlx::MySqlConnection::connect(&self.url).await.unwrap();
                let triggers = "SELECT CAST(trigger_name AS CHAR) FROM information_schema.triggers
                    WHERE trigger_schema = database()";
                let rows = sqlx::query(triggers).fetch_all(&mut console).await.unwrap();
                for row in rows {
                    let drop = format!("DROP TRIGGER {}", row.get::<String, _>(0));
                    sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&mut console).await.unwrap();
                }
                let asked = sqlx::raw_sql(sqlx::AssertSqlSafe(statements));
                asked.execute(&mut console).await.unwrap();
                console.close().await.unwrap();
            }
        }
    }
}

async fn told<S>(store: S) -> (Arc<dyn Survey>, Hos)
where
    S: Backend + Survey + Clone + 'static,
{
    let hos = tell(store.clone()).await;
    (Arc::new(store), hos)
}
