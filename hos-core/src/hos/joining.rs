//! Comes to a store as a guest: with the laws that are in force there, or with none.

use std::sync::Arc;

use super::{Hos, HosOptions, internal};
use crate::error::{Fault, FaultKind};
use crate::law::Law;
use crate::store::Backend;

impl Hos {
    /// As [`Hos::open_with`], but nothing is registered, recorded or put in force: for whoever
    /// seals, exports or erases beside a world that is at work. No law is needed to seal and to
    /// export; what is judged needs the law of its world, as it is in force in the store.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Law` for a law that is not the one in force in the store, for two
    /// laws of one world, and for another deployment name; else what the store says.
    pub async fn join(
        laws: impl IntoIterator<Item = Law>,
        store: Arc<dyn Backend>,
        options: HosOptions,
    ) -> Result<Self, Fault> {
        let hos = Self::assemble(laws, store, options)?;
        for world in hos.bench.worlds() {
            let law = hos.bench.law(world).map_err(internal)?;
            let recorded = hos.recorded_laws(&law).await?;
            if recorded.last().is_none_or(|last| last.version != *law.version()) {
                let found = recorded.last().map_or("none", |last| last.version.as_str());
                let message = format!(
                    "law `{}` of `{world}` is not in force in the store, but `{found}`",
                    law.version()
                );
                return Err(Fault::new(FaultKind::Law, message));
            }
        }
        Ok(hos)
    }
}
