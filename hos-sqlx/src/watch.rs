//! Waits for a server no longer than it may take itself.

use std::io;
use std::time::Duration;

use tokio::time::timeout;

/// How much longer a statement's answer may be on its way than the statement may run.
const ON_ITS_WAY_MAX: Duration = Duration::from_secs(5);

/// How long an answer is waited for; none where a statement may run for ever.
pub(crate) fn patience(statement_timeout: Duration) -> Option<Duration> {
    (!statement_timeout.is_zero()).then(|| statement_timeout.saturating_add(ON_ITS_WAY_MAX))
}

/// Waits for a server no longer than it may take itself: one that says nothing, as when it is
/// stopped or its network is gone, would be waited for until the system gives the connection up.
pub(crate) struct Watch<'l> {
    pub(crate) silent: &'l mut bool,
    pub(crate) patience: Option<Duration>,
}

impl Watch<'_> {
    pub(crate) async fn over<T>(
        self,
        statement: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        self.over_all(statement, |silence| silence).await
    }

    /// Watches over several statements, which may take no longer than one.
    pub(crate) async fn over_all<T, E>(
        self,
        statements: impl Future<Output = Result<T, E>>,
        meaning: impl FnOnce(sqlx::Error) -> E,
    ) -> Result<T, E> {
        // Whoever leaves before the answer does not leave a connection behind that waits for it.
        *self.silent = true;
        let answer = match self.patience {
            Some(patience) => timeout(patience, statements).await,
            None => Ok(statements.await),
        };
        *self.silent = answer.is_err();
        answer.unwrap_or_else(|_| {
            let silence = io::Error::new(io::ErrorKind::TimedOut, "the server is silent");
            Err(meaning(sqlx::Error::Io(silence)))
        })
    }
}
