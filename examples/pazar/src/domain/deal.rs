//! One transaction: the marketplace's rows and the law's, both or neither.

use hos_core::hos::{Denials, Within};
use hos_core::id::Tenant;

use crate::app::App;
use crate::database::{Transaction, query};
use crate::error::Problem;

/// How often a deal is tried that others at the same time got in the way of.
pub(crate) const ATTEMPTS_MAX: u32 = 5;

/// Does some work in one commit, or takes all of it back.
///
/// Where several write at once, another may get in the way: then the work is done again from its
/// start, and sees what the other one did. So it has no effect but through its deal.
macro_rules! deal {
    ($app:expr, |$deal:ident| $work:expr) => {{
        let mut attempt = 1;
        loop {
            let mut begun = $crate::domain::deal::Deal::begin($app).await?;
            let $deal = &mut begun;
            let done = async { $work }.await;
            match begun.end(done).await {
                Err(problem)
                    if problem.is_overtaken() && attempt < $crate::domain::deal::ATTEMPTS_MAX =>
                {
                    attempt += 1;
                }
                ended => break ended,
            }
        }
    }};
}
pub(crate) use deal;

/// A transaction in which rows and law are written together.
pub(crate) struct Deal<'a> {
    app: &'a App,
    transaction: Transaction,
    denials: Vec<Denials>,
}

impl<'a> Deal<'a> {
    /// Begins, for [`deal!`].
    pub(crate) async fn begin(app: &'a App) -> Result<Self, Problem> {
        let transaction = app.database().begin().await?;
        Ok(Self { app, transaction, denials: Vec::new() })
    }

    /// The application.
    pub(crate) fn app(&self) -> &'a App {
        self.app
    }

    /// The law, within this transaction.
    pub(crate) fn law(&mut self) -> Within<'_> {
        let within = self.transaction.within(self.app.hos());
        self.denials.push(within.denials());
        within
    }

    /// The rows, within this transaction.
    pub(crate) fn rows(&mut self) -> &mut Transaction {
        &mut self.transaction
    }

    /// Holds an order or a booking until the end, so that whoever pays for it, cancels it or gives
    /// its money back comes one after another. Before the law, lest two wait for each other.
    pub(crate) async fn hold(
        &mut self,
        tenant: &Tenant,
        kind: &str,
        id: &str,
    ) -> Result<(), Problem> {
        let row = match kind {
            "order" => query("SELECT id FROM orders WHERE tenant = ? AND id = ?"),
            "reservation" => query("SELECT id FROM reservations WHERE tenant = ? AND id = ?"),
            _ => return Ok(()),
        };
        let row = row.bind(tenant.as_str()).bind(id).for_update();
        row.fetch_optional::<String>(self.rows()).await?;
        Ok(())
    }

    /// Ends: commits what went well, takes back the rest, then records what was denied.
    pub(crate) async fn end<T>(self, outcome: Result<T, Problem>) -> Result<T, Problem> {
        let Self { app, transaction, denials } = self;
        let outcome = match outcome {
            Ok(done) => transaction.commit().await.map(|()| done).map_err(unknown_end),
            Err(problem) => {
                transaction.rollback().await?;
                Err(problem)
            }
        };
        app.metrics().judged(outcome.as_ref().err().map_or("ok", Problem::code));
        for denials in denials {
            app.hos().record_denials(&denials).await?;
        }
        outcome
    }
}

/// A commit whose answer was lost: the same key finds out, and does it if it was not done.
fn unknown_end(error: sqlx::Error) -> Problem {
    let problem = Problem::from(error);
    if problem.is_overtaken() {
        return problem;
    }
    tracing::error!("a commit's answer was lost");
    let detail = "it is not known whether this happened; send it again with the same key";
    Problem::new("unavailable", detail)
}
