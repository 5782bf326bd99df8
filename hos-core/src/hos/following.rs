//! Goes on under the law that another process put in force, where this one knows it.

use std::sync::Arc;

use super::bench::Bench;
use super::settle::load_one;
use super::{ATTEMPTS_MAX, Hos};
use crate::error::{Error, Fault, FaultKind, Refusal};
use crate::law::Law;
use crate::standing::Standing;
use crate::store::Ask;

/// The most laws of one world that a process knows beside the one in force there.
pub const LAWS_PREPARED_MAX: usize = 8;

impl Hos {
    /// Makes a law known to this process before another one puts it in force: it is in force here
    /// with the first call that asks the store after the activation was acknowledged, and nothing
    /// that was judged under the law before is committed after it. So is a law of before that
    /// comes back. Of more than [`LAWS_PREPARED_MAX`] the first is forgotten.
    ///
    /// Whatever asks the store follows, but not what is judged in a caller's own transaction: that
    /// goes by what the process found out until then.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidWorld`], and a [`Fault`] of the kind
    /// `Law` for a law that lacks names of the program.
    pub fn prepare(&self, law: impl Into<Arc<Law>>) -> Result<(), Error> {
        let law = law.into();
        self.bench.check(&law)?;
        Ok(self.bench.prepare(&law)?)
    }

    /// Asks the store, and follows what its answer tells of the law in force: whoever takes the
    /// law after this has it.
    pub(super) async fn load(&self, ask: &Ask) -> Result<Standing, Fault> {
        let standing = load_one(&*self.store, ask).await?;
        self.bench.follow(&*self.store, &ask.world, &standing).await?;
        Ok(standing)
    }

    /// As [`Hos::load`], of several.
    pub(super) async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        let standings = self.store.load_all(asks).await?;
        for (ask, standing) in asks.iter().zip(&standings) {
            self.bench.follow(&*self.store, &ask.world, standing).await?;
        }
        Ok(standings)
    }

    /// Loads together, or each alone where the fault may be that of one.
    pub(super) async fn load_each(
        &self,
        asks: &[Ask],
    ) -> Result<Vec<Result<Standing, Fault>>, Fault> {
        // Whoever waited in vain would do so for each.
        let is_all = |fault: &Fault| fault.is_everyones() || fault.kind() == FaultKind::Busy;
        match self.load_all(asks).await {
            Ok(standings) => return Ok(standings.into_iter().map(Ok).collect()),
            Err(fault) if is_all(&fault) => return Err(fault),
            Err(_) => {}
        }
        let mut each = Vec::with_capacity(asks.len());
        for ask in asks {
            each.push(match self.load(ask).await {
                Err(fault) if is_all(&fault) => return Err(fault),
                standing => standing,
            });
        }
        Ok(each)
    }

    /// The standing of what is asked, and the law that was in force while it was read.
    pub(super) async fn asked(
        &self,
        ask: impl Fn(&Bench) -> Result<(Ask, Arc<Law>), Error> + Send,
    ) -> Result<(Standing, Arc<Law>), Error> {
        for _ in 0..ATTEMPTS_MAX {
            let (ask, law) = ask(&self.bench)?;
            let standing = load_one(&*self.store, &ask).await?;
            if self.bench.is_in_force(&law, &standing) {
                return Ok((standing, law));
            }
            self.bench.follow(&*self.store, &ask.world, &standing).await?;
        }
        Err(Refusal::Conflict.into())
    }
}
