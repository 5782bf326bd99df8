//! One transaction: the marketplace's rows and the law's, both or neither.

use hos_core::hos::{Denials, Within};
use hos_sqlx::WithinExt as _;
use sqlx::{Sqlite, SqliteConnection, Transaction};

use crate::app::App;
use crate::error::Problem;

/// A transaction in which rows and law are written together.
pub(crate) struct Deal<'a> {
    app: &'a App,
    transaction: Transaction<'static, Sqlite>,
    denials: Vec<Denials>,
}

impl<'a> Deal<'a> {
    /// Begins, with the write lock: whatever is read from here on stays true until the end.
    pub(crate) async fn begin(app: &'a App) -> Result<Self, Problem> {
        let transaction = app.store().begin().await?;
        Ok(Self { app, transaction, denials: Vec::new() })
    }

    /// The application.
    pub(crate) fn app(&self) -> &'a App {
        self.app
    }

    /// The law, within this transaction.
    pub(crate) fn law(&mut self) -> Within<'_> {
        let within = self.app.hos().within(&mut self.transaction);
        self.denials.push(within.denials());
        within
    }

    /// The rows, within this transaction.
    pub(crate) fn rows(&mut self) -> &mut SqliteConnection {
        &mut self.transaction
    }

    /// Ends: commits what went well, takes back the rest, then records what was denied.
    pub(crate) async fn end<T>(self, outcome: Result<T, Problem>) -> Result<T, Problem> {
        let Self { app, transaction, denials } = self;
        match &outcome {
            Ok(_) => transaction.commit().await.map_err(|error| unknown_end(&error))?,
            Err(_) => transaction.rollback().await?,
        }
        app.metrics().judged(outcome.as_ref().err().map_or("ok", Problem::code));
        for denials in denials {
            app.hos().record_denials(&denials).await?;
        }
        outcome
    }
}

/// A commit whose answer was lost: the same key finds out, and does it if it was not done.
fn unknown_end(error: &sqlx::Error) -> Problem {
    tracing::error!(%error, "a commit's answer was lost");
    let detail = "it is not known whether this happened; send it again with the same key";
    Problem::new("unavailable", detail)
}
