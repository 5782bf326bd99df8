//! Erases: first the entry that says so, then the key or the rows.

mod said;
mod walk;

use std::sync::Arc;

use tracing::Instrument as _;

pub use walk::{ErasureWalk, HOLDS_WALKED_MAX, RepeatedErasures};

use said::{Bound, Said};

use super::case::Need;
use super::keyring::{Keyring, next_generation};
use super::settle::{ask, commit_one, kept, noted, span};
use super::{ATTEMPTS_MAX, Hos};
use crate::actor::Actor;
use crate::cipher::KeyId;
use crate::command::{Envelope, Erased, Erasure, Hold};
use crate::commit::{Commit, Outcome, StandingRow, StandingWrite};
use crate::error::{Error, Fault, FaultKind, InputFault, Refusal};
use crate::id::{ActorId, Name, Tenant, World};
use crate::judge::Verdict;
use crate::law::Law;
use crate::proof::{LogEntry, Withheld, Withholding};
use crate::receipt::Receipt;
use crate::standing::Standing;
use crate::time::ProofId;
use crate::vault::{Closed, KeyState, Person};

impl Hos {
    /// Erases a person in a tenant, or single parts.
    ///
    /// A person: every part sealed under a key of theirs, recorded before the erasure's entry, can
    /// be read no more, wherever its bytes lie; whatever is recorded after it is under a new key.
    /// No leaf, hash, proof or signature changes. Parts that were written without a vault are
    /// plain: delete those one by one. The attributes of a subject's present state, the outbox and
    /// the world's own tables are not parts of the log: they are the world's to change.
    ///
    /// Single parts go in the transaction of their entry. A person, in this order: the vault lets a
    /// new epoch begin with the next generation of the tenant's standing; the entry is committed,
    /// which raises it; the keys are destroyed. Broken off before the entry is there, nothing was
    /// erased; after it, the erasure is recorded, and the same command with the same key, or
    /// [`Hos::repeat_erasures`], ends it.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: `denied` without the ability `hos.erase`, which leaves evidence; `held` for a
    /// person whom a hold keeps; `invalid_input` for an ill-formed code or a part that is none. A
    /// [`Fault`] of the kind `Unsupported` where the law was opened without a vault, and what
    /// store and vault say.
    pub async fn erase(&self, erasure: &Erasure) -> Result<Receipt, Error> {
        let Erasure { actor, world, tenant, envelope, .. } = erasure;
        let about = ask(world, tenant, actor, Vec::new(), envelope.key.as_ref());
        let span = span("erase", &about, envelope.request.as_ref());
        async {
            let erased = async {
                for _ in 0..ATTEMPTS_MAX {
                    let standing = self.load(&about).await?;
                    if let Some(answer) = self.try_erase(erasure, &standing).await? {
                        return answer;
                    }
                }
                Err(Refusal::Conflict.into())
            };
            noted(erased.await)
        }
        .instrument(span)
        .await
    }

    /// Places or lifts a hold on a person.
    ///
    /// A hold is in the vault before its entry is there, and is lifted there after it: broken off,
    /// either call leaves the person held, and the same command with the same key ends it.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: `denied` without the ability `hos.hold`, which leaves evidence; `held` for a
    /// person who is held for another matter. A [`Fault`] as from [`Hos::erase`].
    pub async fn hold(&self, hold: &Hold) -> Result<Receipt, Error> {
        let Hold { actor, world, tenant, envelope, .. } = hold;
        let about = ask(world, tenant, actor, Vec::new(), envelope.key.as_ref());
        let span = span("hold", &about, envelope.request.as_ref());
        async {
            let held = async {
                for _ in 0..ATTEMPTS_MAX {
                    let standing = self.load(&about).await?;
                    if let Some(answer) = self.try_hold(hold, &standing).await? {
                        return answer;
                    }
                }
                Err(Refusal::Conflict.into())
            };
            noted(held.await)
        }
        .instrument(span)
        .await
    }

    /// Puts keys of persons that are under another master key under the one that wraps now: some
    /// of them, after a number. Answers how many, and after which number to go on; none at the
    /// end. No part is touched.
    ///
    /// # Errors
    ///
    /// What the vault says; `Unauthorized` where an old master key is not at hand.
    pub async fn rewrap_keys(
        &self,
        after: Option<KeyId>,
        limit: u32,
    ) -> Result<(u32, Option<KeyId>), Fault> {
        self.keyring()?.rewrap(after, limit).await
    }

    pub(super) fn keyring(&self) -> Result<&Arc<Keyring>, Fault> {
        self.bench.keyring.as_ref().ok_or_else(|| {
            let message = "the law was opened without a vault; give one with `HosOptions::vault`";
            Fault::new(FaultKind::Unsupported, message)
        })
    }

    /// None after a conflict.
    async fn try_erase(
        &self,
        erasure: &Erasure,
        standing: &Standing,
    ) -> Result<Option<Result<Receipt, Error>>, Error> {
        let Erasure { actor, world, tenant, what, envelope, .. } = erasure;
        let law = self.bench.law(world)?;
        let judge = self.bench.judge(&law);
        let permit = judge.permit_erasure(erasure, standing);
        self.note((&law, standing), "hos.erase", tenant, (actor, envelope), permit.as_ref().err());
        let permit = match permit {
            Ok(permit) => permit,
            Err(verdict) => return self.unpermitted(world, tenant, verdict).await,
        };
        let through = match what {
            Erased::Person(id) => {
                let person = person(world, tenant, id);
                let since = next_generation(tenant, standing);
                match self.keyring()?.vault.close(&person, since).await? {
                    Closed::Through(epoch) => Some(epoch),
                    Closed::Held(matter) => return Err(Refusal::Held(matter).into()),
                }
            }
            Erased::Parts(parts) => {
                self.check_parts(world, tenant, parts).await?;
                None
            }
        };
        let commit = judge.erase(erasure, standing, permit, through)?;
        self.write(commit).await
    }

    async fn try_hold(
        &self,
        hold: &Hold,
        standing: &Standing,
    ) -> Result<Option<Result<Receipt, Error>>, Error> {
        let Hold { actor, world, tenant, places, envelope, .. } = hold;
        let law = self.bench.law(world)?;
        let judge = self.bench.judge(&law);
        let permit = judge.permit_hold(hold, standing);
        self.note((&law, standing), "hos.hold", tenant, (actor, envelope), permit.as_ref().err());
        let permit = match permit {
            Ok(permit) => permit,
            Err(verdict) => return self.unpermitted(world, tenant, verdict).await,
        };
        let vault = &self.keyring()?.vault;
        let matter = Name::new(&hold.matter)?;
        let person = person(world, tenant, &hold.person);
        let until = if *places {
            let held = vault.hold(&person, &matter, judge.now()).await?;
            if held != matter {
                return Err(Refusal::Held(held).into());
            }
            None
        } else {
            // Whoever places it from now on meets a conflict, and places it anew after that.
            let held = vault.keys(&person).await?.held;
            held.filter(|held| held.matter == matter).map(|held| held.at)
        };
        self.write(judge.hold(hold, standing, permit, until)?).await
    }

    fn note(
        &self,
        (law, standing): (&Arc<Law>, &Standing),
        ability: &str,
        tenant: &Tenant,
        (actor, envelope): (&Actor, &Envelope),
        refused: Option<&Verdict>,
    ) {
        let need = Need { actor, ability, tenant, context: &envelope.context };
        match refused {
            Some(Verdict::Replayed(_)) => {}
            Some(Verdict::Refused(refused)) => {
                self.bench.note_need(law, &need, standing, Some(&refused.refusal));
            }
            Some(Verdict::Commit(_)) | None => self.bench.note_need(law, &need, standing, None),
        }
    }

    /// A replay ends what the first call may have left; a refusal leaves evidence.
    async fn unpermitted(
        &self,
        world: &World,
        tenant: &Tenant,
        verdict: Verdict,
    ) -> Result<Option<Result<Receipt, Error>>, Error> {
        match verdict {
            Verdict::Replayed(receipt) => Ok(Some(self.replayed(world, tenant, *receipt).await)),
            Verdict::Refused(refused) => {
                if let Some(evidence) = refused.evidence
                    && commit_one(&*self.store, &evidence).await? == Outcome::Conflict
                {
                    return Ok(None);
                }
                Err(refused.refusal.into())
            }
            Verdict::Commit(_) => {
                Err(Fault::new(FaultKind::Internal, "a commit that was not judged").into())
            }
        }
    }

    async fn write(&self, commit: Commit) -> Result<Option<Result<Receipt, Error>>, Error> {
        let (world, tenant) = (commit.world.clone(), commit.tenant.clone());
        Ok(Some(match commit_one(&*self.store, &commit).await? {
            Outcome::Committed => {
                // Parts went with the entry.
                let is_done = matches!(
                    commit.standing,
                    Some(StandingWrite { change: StandingRow::Parts { .. } })
                );
                for entry in commit.entries.iter().filter(|_| !is_done) {
                    self.finish(&world, &tenant, &entry.leaf).await?;
                }
                kept(commit)
            }
            Outcome::Replayed(receipt) => self.replayed(&world, &tenant, *receipt).await,
            Outcome::Reused => Err(Refusal::KeyReused.into()),
            Outcome::InProgress => Err(Refusal::InProgress.into()),
            Outcome::Conflict => return Ok(None),
        }))
    }

    async fn replayed(
        &self,
        world: &World,
        tenant: &Tenant,
        receipt: Receipt,
    ) -> Result<Receipt, Error> {
        let recorded = self.found(world, tenant, receipt.proof_id).await?;
        if let Some(entry) = recorded {
            self.finish(world, tenant, &entry.leaf).await?;
        }
        Ok(Receipt { replayed: true, ..receipt })
    }

    /// Does what the leaf of an erasure or of a hold says, which was committed just now or whose
    /// command was sent again; nothing for any other.
    async fn finish(&self, world: &World, tenant: &Tenant, leaf: &str) -> Result<(), Fault> {
        let Some(said) = Said::read(leaf)? else { return Ok(()) };
        match (said.hold(world, tenant), said.until) {
            // A hold that was placed since is another one.
            (Some((person, matter)), Some(until)) => {
                self.keyring()?.vault.release(&person, &matter, until).await
            }
            (Some(_), None) => Ok(()),
            (None, _) => self.take(world, tenant, said).await.map(|_| ()),
        }
    }

    /// Destroys the keys or deletes the parts that an erasure names; answers how many of each were
    /// there.
    async fn take(&self, world: &World, tenant: &Tenant, said: Said) -> Result<(u32, u32), Fault> {
        match (said.through, said.target) {
            (Some(through), Some(id)) => {
                let keyring = self.keyring()?;
                let person = person(world, tenant, &id);
                let keys = keyring.vault.destroy(&person, through, said.id, said.at).await?;
                keyring.forget(&person);
                Ok((keys, 0))
            }
            (None, None) => {
                let parts: Vec<_> = said.erased.into_iter().map(|part| (part.id, part.n)).collect();
                Ok((0, self.store.delete_parts(world, tenant, &parts, said.id).await?))
            }
            _ => Ok((0, 0)),
        }
    }

    /// Refuses parts that no entry of the tenant has, and those of persons who are held.
    async fn check_parts(
        &self,
        world: &World,
        tenant: &Tenant,
        parts: &[(ProofId, String)],
    ) -> Result<(), Error> {
        let mut faults = Vec::new();
        for (id, name) in parts {
            let entry = self.found_here(world, tenant, *id).await?;
            let binds = |entry: &LogEntry| Ok::<_, Fault>(Bound::read(&entry.leaf)?.has(name));
            if !entry.as_ref().map(binds).transpose()?.unwrap_or(false) {
                let message = format!("`{name}` of {id} is no part in this tenant");
                faults.push(InputFault::new("parts", message));
            }
            let is_sealed = |entry: &LogEntry| {
                let sealed = |withheld: &Withheld| matches!(withheld.why, Withholding::Sealed(_));
                entry.withheld.iter().any(|withheld| withheld.name == *name && sealed(withheld))
            };
            if self.bench.keyring.is_none() && entry.as_ref().is_some_and(is_sealed) {
                let message =
                    format!("whether `{name}` of {id} is held is known with its vault only");
                return Err(Fault::new(FaultKind::Unsupported, message).into());
            }
            if let Some(entry) = entry
                && let Some(keyring) = &self.bench.keyring
                && let Some(matter) = held(keyring, (world, tenant), &entry, name).await?
            {
                return Err(Refusal::Held(matter).into());
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Refusal::InvalidInput(faults).into()) }
    }
}

/// For which matter a person is held whom a part is about: the one whose key it is under, or,
/// where no key tells, each one whom the leaf names.
async fn held(
    keyring: &Keyring,
    (world, tenant): (&World, &Tenant),
    entry: &LogEntry,
    name: &str,
) -> Result<Option<Name>, Fault> {
    let withheld = entry.withheld.iter().find(|withheld| withheld.name == name);
    let keys = match withheld.map(|withheld| &withheld.why) {
        Some(Withholding::Sealed(sealed)) => {
            keyring.vault.find(world, tenant, &[sealed.key()]).await?
        }
        Some(Withholding::Erased { .. }) => return Ok(None),
        Some(Withholding::Damaged(_)) | None => Vec::new(),
    };
    let persons: Vec<Person> = match keys.into_iter().next() {
        Some(key) if matches!(key.state, KeyState::Live(_)) => vec![key.person],
        Some(_) => Vec::new(),
        None => {
            let named = Bound::read(&entry.leaf)?.persons();
            named.into_iter().map(|id| person(world, tenant, &id)).collect()
        }
    };
    for person in &persons {
        if let Some(held) = keyring.vault.keys(person).await?.held {
            return Ok(Some(held.matter));
        }
    }
    Ok(None)
}

fn person(world: &World, tenant: &Tenant, id: &ActorId) -> Person {
    Person { world: world.clone(), tenant: tenant.clone(), id: id.clone() }
}
