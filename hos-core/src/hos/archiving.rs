//! Says that segments of a log went to the archive, or came back.

use tracing::Instrument as _;

use super::settle::{ask, commit_one, kept, noted, span};
use super::{ATTEMPTS_MAX, Hos};
use crate::actor::Actor;
use crate::command::Archival;
use crate::commit::Outcome;
use crate::error::{Error, Fault, FaultKind, Refusal};
use crate::id::{Name, Tenant, World};
use crate::judge::Verdict;
use crate::proof::SegmentRecord;
use crate::receipt::Receipt;
use crate::standing::Standing;

impl Hos {
    /// Records that a segment went to the archive, or came back: the entry `archive/1` or
    /// `restore/1`, and how the segment stands from now on.
    ///
    /// The files, or the rows, have to be there and verified before: whoever calls this answers for
    /// them. The crate `hos-archive` does all of it.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: `denied` without the ability `hos.archive` in the whole world; `conflict`
    /// when the segment does not stand where the command says, or the standing kept changing.
    pub async fn archive(&self, archival: &Archival) -> Result<Receipt, Error> {
        let Archival { world, tenant, actor, envelope, .. } = archival;
        let of_tenant = ask(world, tenant, actor, Vec::new(), envelope.key.as_ref());
        let of_world = ask(world, &Tenant::world(), actor, Vec::new(), None);
        let span = span("archive", &of_tenant, envelope.request.as_ref());
        let asks = [of_tenant, of_world];
        let settled = async {
            for _ in 0..ATTEMPTS_MAX {
                let (standing, of_world) = self.both(&asks).await?;
                // Taken after the standings: a law that is put in force meanwhile is a conflict.
                let law = self.bench.law(world)?;
                match self.bench.judge(&law).archive(archival, &standing, &of_world) {
                    Verdict::Replayed(receipt) => return Ok(*receipt),
                    Verdict::Refused(refused) if refused.refusal == Refusal::Conflict => {}
                    Verdict::Refused(refused) => return Err(refused.refusal.into()),
                    Verdict::Commit(commit) => match commit_one(&*self.store, &commit).await? {
                        Outcome::Committed => return kept(*commit),
                        Outcome::Replayed(receipt) => {
                            return Ok(Receipt { replayed: true, ..*receipt });
                        }
                        Outcome::Reused => return Err(Refusal::KeyReused.into()),
                        Outcome::InProgress => return Err(Refusal::InProgress.into()),
                        Outcome::Conflict => {}
                    },
                }
            }
            Err(Refusal::Conflict.into())
        };
        async { noted(settled.await) }.instrument(span).await
    }

    pub(super) async fn both(
        &self,
        asks: &[crate::store::Ask; 2],
    ) -> Result<(Standing, Standing), Fault> {
        let mut standings = self.load_all(asks).await?.into_iter();
        let missing = || Fault::new(FaultKind::Internal, "the store did not answer both asks");
        standings.next().zip(standings.next()).ok_or_else(missing)
    }

    /// A number that rises whenever parts of a tenant are erased; it may rise for other reasons.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn part_generation(&self, world: &World, tenant: &Tenant) -> Result<u64, Fault> {
        let actor = Actor::service("hos").map_err(super::internal)?;
        let standing = self.load(&ask(world, tenant, &actor, Vec::new(), None)).await?;
        Ok(standing.versions.tenant.grants)
    }

    /// For which matter somebody of a tenant is held; none when nobody is.
    ///
    /// # Errors
    ///
    /// `Unsupported` where the law was opened without the vault, which alone knows it; what the
    /// vault says.
    pub async fn held(&self, world: &World, tenant: &Tenant) -> Result<Option<Name>, Fault> {
        self.keyring()?.vault.held(world, tenant).await
    }

    /// The segments of a log that end after an index, each as it stands now.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn segments(
        &self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SegmentRecord>, Fault> {
        self.store.segments(world, tenant, after, limit.min(crate::proof::PAGE_MAX)).await
    }

    /// The time by the clock that the law was opened with.
    #[must_use]
    pub fn now(&self) -> crate::time::Timestamp {
        self.bench.clock.now()
    }
}
