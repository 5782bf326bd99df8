//! The MariaDB database that a deployment moves into.
//!
//! Rows come in through the tables' own doors, all triggers in force: entries before the states
//! that they prove, leaves before the logs that tell of them, numbers kept.

mod statements;
mod values;
mod write;

use async_trait::async_trait;
use hos_core::error::{Fault, FaultKind};
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::fault::classify;
use super::open;
use super::options::MysqlOptions;
use super::row::{optional_text, text, unchecked};
use crate::encoding::signed;
use crate::moving::{BATCH, Identity, Recorded, Row, Table, Target, server};

/// One connection, held by the one move at a time.
#[derive(Debug)]
pub(crate) struct MysqlTarget {
    connection: MySqlConnection,
}

impl MysqlTarget {
    /// Connects, brings the schema up to date and waits for another move, as long as for a lock.
    pub(crate) async fn open(options: &MysqlOptions) -> Result<Self, Fault> {
        let mut connection = open::direct(options).await?;
        let query = sqlx::query(statements::LOCK).bind(options.lock_timeout.as_secs());
        let row = query.fetch_one(&mut connection).await.map_err(classify)?;
        if unchecked::<i64>(&row, 0)? == 0 {
            let message = "another move into this database is at work; run this one again later";
            return Err(Fault::new(FaultKind::Busy, message));
        }
        let mut target = Self { connection };
        target.run(statements::SESSION).await?;
        Ok(target)
    }

    async fn run(&mut self, text: &'static str) -> Result<(), Fault> {
        sqlx::raw_sql(text).execute(&mut self.connection).await.map_err(classify)?;
        Ok(())
    }

    async fn rows(&mut self, text: &'static str) -> Result<Vec<MySqlRow>, Fault> {
        sqlx::query(text).fetch_all(&mut self.connection).await.map_err(classify)
    }

    async fn number(&mut self, text: &'static str) -> Result<i64, Fault> {
        let rows = self.rows(text).await?;
        rows.first().map_or(Ok(0), |row| unchecked(row, 0))
    }
}

#[async_trait]
impl Target for MysqlTarget {
    async fn recorded(&mut self) -> Result<Option<Recorded>, Fault> {
        let rows = self.rows("SELECT deployment, state, mark, finished FROM hos_move").await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (deployment, state) = (text(row, 0)?.to_owned(), text(row, 1)?.to_owned());
        Ok(Some(Recorded {
            identity: Identity { deployment, state },
            mark: optional_text(row, 2)?.map(str::to_owned),
            finished: unchecked(row, 3)?,
        }))
    }

    async fn record(&mut self, identity: &Identity) -> Result<bool, Fault> {
        self.run("START TRANSACTION").await?;
        if self.number(statements::IS_USED).await? != 0 {
            self.run("ROLLBACK").await?;
            return Ok(false);
        }
        sqlx::query("INSERT INTO hos_move (one, deployment, state) VALUES (1, ?, ?)")
            .bind(identity.deployment.as_bytes())
            .bind(identity.state.as_bytes())
            .execute(&mut self.connection)
            .await
            .map_err(classify)?;
        self.run("COMMIT").await?;
        Ok(true)
    }

    async fn make_room(&mut self, moments: &[i64]) -> Result<(), Fault> {
        for moment in moments {
            sqlx::query("CALL hos_partition_ahead(?, 1)")
                .bind(moment)
                .execute(&mut self.connection)
                .await
                .map_err(classify)?;
        }
        Ok(())
    }

    async fn write(&mut self, table: Table, rows: &[Row], mark: &str) -> Result<(), Fault> {
        self.run("START TRANSACTION").await?;
        for insert in write::inserts(table) {
            for packet in values::packets(rows) {
                insert.execute(&mut self.connection, packet).await?;
            }
        }
        sqlx::query("UPDATE hos_move SET mark = ? WHERE one = 1")
            .bind(mark)
            .execute(&mut self.connection)
            .await
            .map_err(classify)?;
        self.run("COMMIT").await
    }

    async fn settle(&mut self, highest: &[(Table, i64)]) -> Result<(), Fault> {
        for (table, highest) in highest {
            // The counters of the other tables rise with the rows that are written.
            let Some(sequence) = statements::sequence(*table) else { continue };
            sqlx::query("CALL hos_raise(?, ?)")
                .bind(sequence)
                .bind(highest)
                .execute(&mut self.connection)
                .await
                .map_err(classify)?;
        }
        self.run(statements::ANALYZE).await?;
        self.run(statements::BEGIN_PICTURE).await
    }

    async fn read(&mut self, table: Table, after: &Row) -> Result<Vec<Row>, Fault> {
        let query = values::bind_key(sqlx::query(statements::page(table)), after);
        let most = signed(u64::try_from(BATCH).unwrap_or(u64::MAX));
        let rows = query.bind(most).fetch_all(&mut self.connection).await.map_err(classify)?;
        rows.iter().map(|row| values::cells(table, row)).collect()
    }

    async fn count(&mut self, table: Table) -> Result<u64, Fault> {
        let count = self.number(server::count(table)).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn last_number(&mut self, table: Table) -> Result<i64, Fault> {
        match statements::last_number(table) {
            Some(text) => self.number(text).await,
            None => Ok(i64::MAX),
        }
    }

    async fn finish(&mut self) -> Result<(), Fault> {
        self.run("UPDATE hos_move SET finished = TRUE WHERE one = 1").await?;
        self.run("COMMIT").await
    }
}
