//! The law in a transaction of the caller's.

use hos_core::hos::{Hos, Within};
use hos_core::store::Store;

/// A transaction of the caller's: `&mut Transaction` or `&mut` connection of a database that this
/// crate keeps the law in.
pub trait Caller<'t>: sealed::Sealed {
    /// The store over the borrowed transaction.
    type Store: Store + 't;

    /// Borrows the transaction as a store.
    fn into_store(self) -> Self::Store;
}

/// Runs the law within a transaction.
pub trait WithinExt {
    /// The law over a transaction of the caller's, which stays the caller's: free again when the
    /// answer is dropped, committed and rolled back by the caller alone.
    ///
    /// - What the law writes becomes true when the caller commits, with the caller's own rows.
    /// - A refusal or a conflict writes nothing and leaves the transaction usable.
    /// - A dropped future leaves neither half a commit nor undoes the caller's rows.
    /// - SQLite: begin it with `BEGIN IMMEDIATE`, as [`SqliteStore::begin`] does. The transaction
    ///   must have been begun through sqlx, not by a text; else each call answers a fault of the
    ///   kind [`Transaction`].
    /// - MariaDB: begin it with READ COMMITTED, as `MysqlStore::begin` does. At a stricter level it
    ///   is as safe, but two that use new keys or open new subjects wait for each other more often.
    ///   A deadlock undoes the caller's whole transaction: a fault of the kind [`Transaction`].
    ///
    /// [`SqliteStore::begin`]: crate::SqliteStore::begin
    /// [`Transaction`]: hos_core::error::FaultKind::Transaction
    fn within<'t>(&self, transaction: impl Caller<'t>) -> Within<'t>;
}

impl WithinExt for Hos {
    fn within<'t>(&self, transaction: impl Caller<'t>) -> Within<'t> {
        self.over(transaction.into_store())
    }
}

pub(crate) mod sealed {
    #[expect(unnameable_types, reason = "nobody else's transaction is one that can be used here")]
    pub trait Sealed {}
}
