//! The PostgreSQL database that a deployment moves into.
//!
//! Rows come in through the tables' own doors, all protections in force: entries before the states
//! that they prove, numbers kept, and the transaction bound to every tenant.

mod statements;
mod values;

use async_trait::async_trait;
use hos_core::error::{Fault, FaultKind};
use sqlx::postgres::{PgConnection, PgRow};

use super::fault::classify;
use super::open;
use super::options::{Pooler, PostgresOptions};
use super::row::column;
use crate::encoding::signed;
use crate::moving::{BATCH, Identity, Recorded, Row, Table, Target, server};

/// One connection, held by the one move at a time.
#[derive(Debug)]
pub(crate) struct PostgresTarget {
    connection: PgConnection,
}

impl PostgresTarget {
    /// Connects past any pooler and brings the schema up to date.
    pub(crate) async fn open(options: &PostgresOptions) -> Result<Self, Fault> {
        if options.pooler == Pooler::Transaction && options.direct_url.is_none() {
            let message = "a move needs a session of its own; give the direct URL past the pooler";
            return Err(Fault::new(FaultKind::Unsupported, message));
        }
        let mut connection = open::direct(options).await?;
        open::check_and_migrate(&mut connection).await?;
        let mut target = Self { connection };
        // Refused after the lock's usual patience when another move is at work.
        target.run("SELECT pg_advisory_lock(x'484f534d'::bigint)").await?;
        target.run(statements::SESSION).await?;
        target.run(statements::MOVE).await?;
        Ok(target)
    }

    async fn run(&mut self, text: &'static str) -> Result<(), Fault> {
        sqlx::raw_sql(text).execute(&mut self.connection).await.map_err(classify)?;
        Ok(())
    }

    async fn rows(&mut self, text: &'static str) -> Result<Vec<PgRow>, Fault> {
        sqlx::query(text).fetch_all(&mut self.connection).await.map_err(classify)
    }

    async fn number(&mut self, text: &'static str) -> Result<i64, Fault> {
        let rows = self.rows(text).await?;
        rows.first().map_or(Ok(0), |row| column(row, 0))
    }
}

#[async_trait]
impl Target for PostgresTarget {
    async fn recorded(&mut self) -> Result<Option<Recorded>, Fault> {
        let rows = self.rows("SELECT deployment, state, mark, finished FROM hos_move").await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let identity = Identity { deployment: column(row, 0)?, state: column(row, 1)? };
        Ok(Some(Recorded { identity, mark: column(row, 2)?, finished: column(row, 3)? }))
    }

    async fn record(&mut self, identity: &Identity) -> Result<bool, Fault> {
        self.run(statements::BEGIN).await?;
        if self.number(statements::IS_USED).await? != 0 {
            self.run("ROLLBACK").await?;
            return Ok(false);
        }
        sqlx::query("INSERT INTO hos_move (deployment, state) VALUES ($1, $2)")
            .bind(&identity.deployment)
            .bind(&identity.state)
            .execute(&mut self.connection)
            .await
            .map_err(classify)?;
        self.run("COMMIT").await?;
        Ok(true)
    }

    async fn make_room(&mut self, moments: &[i64]) -> Result<(), Fault> {
        for moment in moments {
            sqlx::query("SELECT hos_partition_ahead($1, 2)")
                .bind(moment)
                .execute(&mut self.connection)
                .await
                .map_err(classify)?;
        }
        Ok(())
    }

    async fn write(&mut self, table: Table, rows: &[Row], mark: &str) -> Result<(), Fault> {
        self.run(statements::BEGIN).await?;
        let written = values::bind(sqlx::query(statements::write(table)), table, rows)
            .execute(&mut self.connection)
            .await
            .map_err(classify)?;
        if written.rows_affected() != u64::try_from(rows.len()).unwrap_or(u64::MAX) {
            let message = "the database took other rows than it was given";
            return Err(Fault::new(FaultKind::Internal, message));
        }
        sqlx::query("UPDATE hos_move SET mark = $1")
            .bind(mark)
            .execute(&mut self.connection)
            .await
            .map_err(classify)?;
        self.run("COMMIT").await
    }

    async fn settle(&mut self, highest: &[(Table, i64)]) -> Result<(), Fault> {
        for (table, highest) in highest {
            let Some(sequence) = statements::sequence(*table) else { continue };
            sqlx::query(sequence.raise)
                .bind(highest)
                .execute(&mut self.connection)
                .await
                .map_err(classify)?;
        }
        self.run(statements::ANALYZE).await?;
        self.run(statements::BEGIN_PICTURE).await
    }

    async fn read(&mut self, table: Table, after: &Row) -> Result<Vec<Row>, Fault> {
        let query = values::bind_key(sqlx::query(statements::page(table)), table, after);
        let most = signed(u64::try_from(BATCH).unwrap_or(u64::MAX));
        let rows = query.bind(most).fetch_all(&mut self.connection).await.map_err(classify)?;
        rows.iter().map(|row| values::cells(table, row)).collect()
    }

    async fn count(&mut self, table: Table) -> Result<u64, Fault> {
        let count = self.number(server::count(table)).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    async fn last_number(&mut self, table: Table) -> Result<i64, Fault> {
        match statements::sequence(table) {
            Some(sequence) => self.number(sequence.last).await,
            None => Ok(i64::MAX),
        }
    }

    async fn finish(&mut self) -> Result<(), Fault> {
        self.run("UPDATE hos_move SET finished = true").await?;
        self.run("COMMIT").await
    }
}
