//! Puts another law in force while the old one is at work.

use std::sync::Arc;

use tracing::Instrument as _;

use super::case::Need;
use super::settle::{ask, commit_one, kept, noted, span};
use super::{ATTEMPTS_MAX, Hos};
use crate::command::Activation;
use crate::commit::{LawRecord, Outcome};
use crate::error::{Error, Fault, Refusal};
use crate::id::{Tenant, World};
use crate::judge::Verdict;
use crate::law::Law;
use crate::receipt::Receipt;

impl Hos {
    /// Puts another law of a world in force in this process, be it new or one of before, and
    /// records it: the entry `law/1` says `activate` or `roll_back`, from which version to which,
    /// with the digest of what is in force now.
    ///
    /// Nobody waits for it: what is being judged goes on under the law that it began with, and
    /// either commits before the activation or is judged again. Other processes follow with the
    /// next call that asks the store, where they know the law ([`Hos::prepare`]); else they go on
    /// under theirs until they are told: see [`Hos::law_in_force`]. A replayed receipt says that
    /// the law was put in force then; whether it is now, [`Hos::law`] tells.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] of the law that is in force: `denied` without the ability `hos.law`. A
    /// [`Fault`] of the kind `Law` as from [`Hos::open`], and nothing changes: a known version
    /// with another digest, a contract version missing that live subjects pin, names that the
    /// program lacks.
    pub async fn activate(&self, activation: &Activation) -> Result<Receipt, Error> {
        let law = &activation.law;
        let (world, tenant) = (law.world(), Tenant::world());
        let key = activation.envelope.key.as_ref();
        let ask = ask(world, &tenant, &activation.actor, Vec::new(), key);
        let span = span("activate", &ask, activation.envelope.request.as_ref());
        let settled = async {
            self.bench.check(law)?;
            for _ in 0..ATTEMPTS_MAX {
                let standing = self.load(&ask).await?;
                // Read after the standing: whatever is put in force meanwhile is a conflict.
                let before = self.recorded_laws(law).await?;
                let live = self.bench.law(world)?;
                let verdict = self.bench.judge(&live).activate(activation, &before, &standing);
                let (actor, context) = (&activation.actor, &activation.envelope.context);
                let need = Need { actor, ability: "hos.law", tenant: &tenant, context };
                match verdict {
                    Verdict::Refused(refused) => {
                        self.bench.note_need(&live, &need, &standing, Some(&refused.refusal));
                        return Err(refused.refusal.into());
                    }
                    Verdict::Replayed(receipt) => {
                        self.register_contracts(law).await?;
                        self.swap_if_in_force(law, &before);
                        return Ok(*receipt);
                    }
                    Verdict::Commit(commit) => {
                        self.register_contracts(law).await?;
                        match commit_one(&*self.store, &commit).await? {
                            Outcome::Committed => {
                                self.bench.note_need(&live, &need, &standing, None);
                                self.put_in_force(law, &live).await?;
                                return kept(*commit);
                            }
                            Outcome::Reused => return Err(Refusal::KeyReused.into()),
                            Outcome::InProgress => return Err(Refusal::InProgress.into()),
                            Outcome::Conflict | Outcome::Replayed(_) => {}
                        }
                    }
                }
            }
            Err(Refusal::Conflict.into())
        };
        async { noted(settled.await) }.instrument(span).await
    }

    /// The law of a world that was put in force last, by this process or another.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn law_in_force(&self, world: &World) -> Result<Option<LawRecord>, Fault> {
        Ok(self.store.laws(world).await?.pop())
    }

    /// What was judged before is no longer committed, so subjects that pinned a contract in the
    /// meantime are all there now: where the law lacks it, the one before comes back, unless a
    /// third has taken its place.
    async fn put_in_force(&self, law: &Arc<Law>, live: &Arc<Law>) -> Result<(), Fault> {
        let stranding = self.register_contracts(law).await.err();
        let recorded = self.recorded_laws(law).await?;
        if let Some(stranding) = stranding {
            if recorded.last().is_some_and(|last| last.version == *law.version()) {
                self.register_law(live).await?;
            }
            return Err(stranding);
        }
        self.swap_if_in_force(law, &recorded);
        Ok(())
    }

    /// A retry finds its law in force already, unless it was lost here with the first answer, or
    /// another took its place since. What was recorded after `laws` were read is not undone.
    fn swap_if_in_force(&self, law: &Arc<Law>, laws: &[LawRecord]) {
        if laws.last().is_some_and(|last| last.digest == law.digest()) {
            self.bench.swap(law, laws.len());
        }
    }
}
