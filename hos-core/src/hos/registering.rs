//! Worlds, laws and standing: what is registered when the law is opened, and later.

use std::collections::BTreeSet;

use async_trait::async_trait;
use tracing::Instrument as _;

use super::settle::{Place, ask, ask_standing, commit_one, noted, settle, span};
use super::{ATTEMPTS_MAX, DEPLOYMENT_BYTES_MAX, Hos, internal};
use crate::actor::Actor;
use crate::command::{StandingChange, StandingCommand};
use crate::commit::{LawRecord, Outcome};
use crate::contract::Contract;
use crate::error::{Error, Fault, FaultKind};
use crate::id::{ActorId, Role, Tenant, World};
use crate::judge::{Activated, Judge};
use crate::law::Law;
use crate::laws::Registry;
use crate::receipt::Receipt;
use crate::standing::Standing;
use crate::weave::point;

pub(super) fn check_deployment(name: &str) -> Result<(), Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    if (1..=DEPLOYMENT_BYTES_MAX).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    let message = format!("a deployment name is 1 to {DEPLOYMENT_BYTES_MAX} of [A-Za-z0-9._/-]");
    Err(Fault::new(FaultKind::Law, message))
}

impl Hos {
    /// Registers worlds, and records laws that come into force and unseen contract versions.
    /// Several processes may do this at once: each is recorded once. What does not fit the store is
    /// refused before anything is recorded.
    pub(super) async fn register(&self) -> Result<(), Fault> {
        let law = |world| self.bench.law(world).map_err(internal);
        for world in self.bench.worlds() {
            let law = law(world)?;
            self.recorded_laws(&law).await?;
            self.require_pins(&law).await?;
            self.unrecorded(&law).await?;
        }
        for world in self.bench.worlds() {
            let law = law(world)?;
            self.register_world(&law).await?;
            self.register_law(&law).await?;
            self.register_contracts(&law).await?;
        }
        Ok(())
    }

    async fn register_world(&self, law: &Law) -> Result<(), Fault> {
        if self.world_standing(law).await?.world.is_some() {
            return Ok(());
        }
        self.record_activation(law, &Activated::World).await
    }

    pub(super) async fn register_law(&self, law: &Law) -> Result<(), Fault> {
        let actor = Actor::service("hos").map_err(internal)?;
        for _ in 0..ATTEMPTS_MAX {
            let standing = self.world_standing(law).await?;
            // Read after the standing: whatever is put in force meanwhile is a conflict.
            let before = self.recorded_laws(law).await?;
            if before.last().is_some_and(|last| last.version == *law.version()) {
                return Ok(());
            }
            let activated = Activated::Law(&before);
            let commit = self.bench.judge(law).activation(&actor, &standing, &activated);
            if commit_one(&*self.store, &commit).await? != Outcome::Conflict {
                return Ok(());
            }
        }
        Err(busy())
    }

    /// The laws that were in force, oldest first; a fault when one of them contradicts this one.
    pub(super) async fn recorded_laws(&self, law: &Law) -> Result<Vec<LawRecord>, Fault> {
        point();
        let recorded = self.store.laws(law.world()).await?;
        if let Some(first) = recorded.first()
            && *first.deployment != *self.bench.deployment
        {
            let message = format!(
                "the store's logs name the deployment `{}`; open it under that name",
                first.deployment
            );
            return Err(Fault::new(FaultKind::Law, message));
        }
        let contradicts =
            |record: &LawRecord| record.version == *law.version() && record.digest != law.digest();
        if recorded.iter().any(contradicts) {
            let (world, version) = (law.world(), law.version());
            let message = format!(
                "law `{version}` of `{world}` was recorded with another content; \
                 give the changed law a new version label"
            );
            return Err(Fault::new(FaultKind::Law, message));
        }
        Ok(recorded)
    }

    pub(super) async fn register_contracts(&self, law: &Law) -> Result<(), Fault> {
        self.require_pins(law).await?;
        let fresh = self.unrecorded(law).await?;
        for contract in &fresh {
            self.record_activation(law, &Activated::Contract(contract)).await?;
        }
        if !fresh.is_empty() {
            // As for the law: another process may have been first.
            self.unrecorded(law).await?;
        }
        Ok(())
    }

    /// A fault where a live subject pins a contract version that the law lacks.
    async fn require_pins(&self, law: &Law) -> Result<(), Fault> {
        for (kind, version) in self.store.pins(law.world()).await? {
            if law.contract_version(kind.as_str(), version.as_str()).is_none() {
                let message = format!(
                    "live subjects of `{}` pin contract `{kind}/{version}`, which the law lacks; \
                     keep that version in the law beside the current one",
                    law.world()
                );
                return Err(Fault::new(FaultKind::Law, message));
            }
        }
        Ok(())
    }

    /// The contracts that the store has not seen; a fault when it knows one otherwise.
    async fn unrecorded<'l>(&self, law: &'l Law) -> Result<Vec<&'l Contract>, Fault> {
        let recorded = self.store.contracts(law.world()).await?;
        let mut fresh = Vec::new();
        for contract in law.contracts() {
            let (kind, version) = (contract.kind(), contract.version());
            let same = |record: &&crate::commit::ContractRecord| {
                record.kind == *kind && record.version == *version
            };
            match recorded.iter().find(same) {
                None => fresh.push(&**contract),
                Some(record) if record.digest == contract.digest() => {}
                Some(_) => {
                    let message = format!(
                        "contract `{kind}/{version}` was recorded with another content; \
                         give the changed contract a new version label"
                    );
                    return Err(Fault::new(FaultKind::Law, message));
                }
            }
        }
        Ok(fresh)
    }

    async fn world_standing(&self, law: &Law) -> Result<Standing, Fault> {
        let actor = Actor::service("hos").map_err(internal)?;
        self.load(&ask(law.world(), &Tenant::world(), &actor, Vec::new(), None)).await
    }

    async fn record_activation(&self, law: &Law, activated: &Activated<'_>) -> Result<(), Fault> {
        let actor = Actor::service("hos").map_err(internal)?;
        for _ in 0..ATTEMPTS_MAX {
            let standing = self.world_standing(law).await?;
            let commit = self.bench.judge(law).activation(&actor, &standing, activated);
            if commit_one(&*self.store, &commit).await? != Outcome::Conflict {
                return Ok(());
            }
        }
        Err(busy())
    }

    async fn superuser_exists(&self, law: &Law) -> Result<bool, Fault> {
        let mut after: Option<ActorId> = None;
        loop {
            let page = self
                .store
                .members(law.world(), &Tenant::world(), after.as_ref(), crate::proof::PAGE_MAX)
                .await?;
            let roles: BTreeSet<&Role> = page.iter().flat_map(|(_, roles)| roles).collect();
            if roles.iter().any(|role| law.rules().is_superuser(role.as_str())) {
                return Ok(true);
            }
            match page.last() {
                Some((last, _)) => after = Some(last.clone()),
                None => return Ok(false),
            }
        }
    }
}

fn busy() -> Fault {
    Fault::new(FaultKind::Busy, "the world's standing kept changing; open again")
}

#[async_trait]
impl Registry for Hos {
    async fn change_standing(&self, command: &StandingCommand) -> Result<Receipt, Error> {
        let ask = ask_standing(command);
        let span = span(command.change().as_str(), &ask, command.envelope.request.as_ref());
        let settle =
            settle(&self.bench, Place::Own(&*self.store), &ask, ATTEMPTS_MAX, None, command);
        async { noted(settle.await) }.instrument(span).await
    }

    async fn bootstrap(
        &self,
        world: &World,
        member: &ActorId,
        role: &Role,
        key: &[u8],
    ) -> Result<Receipt, Error> {
        self.bench.law(world)?;
        let change =
            StandingChange::SetMember { member: member.clone(), roles: vec![role.clone()] };
        let actor = Actor::service("hos").map_err(internal)?;
        let command = StandingCommand::new(&actor, world, &Tenant::world(), change).key(key);
        let ask = ask_standing(&command);
        // Read before the standing: a superuser who comes later raises the generation that the
        // commit compares.
        for _ in 0..ATTEMPTS_MAX {
            let standing = self.load(&ask).await?;
            let law = self.bench.law(world)?;
            let exists = self.superuser_exists(&law).await?;
            let judge = |judge: &Judge<'_>, fresh: &Standing| {
                let fresh = Standing { versions: standing.versions, ..fresh.clone() };
                judge.bootstrap(&command, &fresh, exists)
            };
            let settled =
                settle(&self.bench, Place::Own(&*self.store), &ask, 1, None, &judge).await;
            match settled {
                Err(Error::Refused(crate::error::Refusal::Conflict)) => {}
                settled => return settled,
            }
        }
        Err(crate::error::Refusal::Conflict.into())
    }

    async fn members(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<(ActorId, Vec<Role>)>, Fault> {
        self.store.members(world, tenant, after, limit.min(crate::proof::PAGE_MAX)).await
    }

    async fn tenants(
        &self,
        world: &World,
        after: Option<&Tenant>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Fault> {
        self.store.tenants(world, after, limit.min(crate::proof::PAGE_MAX)).await
    }
}
