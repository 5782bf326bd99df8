//! Which log the words of a command line name, and the deployment that it is of.

use std::sync::Arc;

use clap::Args;
use hos_core::actor::{Actor, ActorKind};
use hos_core::error::{Fault, FaultKind};
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::{ActorId, IdError, Kind, SubjectId, Tenant, World};
use hos_core::law::Law;
use hos_core::proof::PAGE_MAX;
use hos_core::store::Ask;
use hos_core::subject::Subject;
use hos_core::value::Attributes;

use crate::database::Opened;
use crate::exit::{Exit, Trouble};

/// The log of a command.
#[derive(Debug, Args)]
pub(crate) struct ScopeArguments {
    /// The world.
    #[arg(long)]
    world: String,
    /// The tenant; `@world` is the world itself.
    #[arg(long)]
    tenant: String,
}

/// A world and a tenant of it.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
}

impl ScopeArguments {
    pub(crate) fn parse(&self) -> Result<Scope, Trouble> {
        let world = World::new(self.world.as_str())?;
        Ok(Scope { world, tenant: Tenant::from_stored(&self.tenant)? })
    }
}

impl Scope {
    /// A subject of it, from `kind:id`.
    pub(crate) fn subject(&self, name: &str) -> Result<Subject, Trouble> {
        let Some((kind, id)) = name.split_once(':') else {
            let message = format!("`{}` names no subject", name.escape_debug());
            return Err(Trouble::new(Exit::Usage, message, "write `kind:id`"));
        };
        Ok(Subject {
            world: self.world.clone(),
            tenant: self.tenant.clone(),
            kind: Kind::new(kind)?,
            id: SubjectId::new(id)?,
        })
    }

    /// Refuses a world or a tenant that the database has not.
    pub(crate) async fn require(&self, opened: &Opened) -> Result<(), Trouble> {
        let actor = ActorId::new("hos")?;
        let (world, tenant) = (self.world.clone(), self.tenant.clone());
        let ask = Ask { world, tenant, actor, subjects: Vec::new(), key: None };
        let standing = opened.backend.load_all(&[ask]).await?.pop();
        let is_there = standing.is_some_and(|standing| {
            standing.world.is_some() && (standing.tenant_exists || self.tenant.is_world())
        });
        if is_there { Ok(()) } else { Err(nowhere()) }
    }
}

/// An actor, from what the command line says of one.
pub(crate) fn actor(kind: &str, id: &str, claims: &Attributes) -> Result<Actor, Trouble> {
    let kinds = [ActorKind::User, ActorKind::Service, ActorKind::Job, ActorKind::Webhook];
    let known = kinds.into_iter().find(|known| known.as_str() == kind);
    let kind = known.ok_or_else(|| {
        let message = format!("`{}` is no kind of actor", kind.escape_debug());
        Trouble::new(Exit::Usage, message, "give user, service, job or webhook")
    })?;
    Ok(with_claims(Actor::new(kind, ActorId::new(id)?), claims)?)
}

/// An actor with these claims.
pub(crate) fn with_claims(actor: Actor, claims: &Attributes) -> Result<Actor, IdError> {
    claims.iter().try_fold(actor, |actor, (name, value)| actor.claim(name.as_str(), value.clone()))
}

impl From<IdError> for Trouble {
    fn from(error: IdError) -> Self {
        Self::new(Exit::Usage, error.to_string(), "")
    }
}

pub(crate) fn nowhere() -> Trouble {
    let message = "there is no such world or tenant in this database";
    Trouble::new(Exit::Address, message, "check `--world` and `--tenant`")
}

/// The name that begins the origin of every log of a database.
pub(crate) async fn deployment(opened: &Opened) -> Result<String, Fault> {
    let nothing = || {
        let message = "the database holds no world yet; open one in it, then come back";
        Fault::new(FaultKind::Foreign, message)
    };
    let first = opened.survey.picture().await?.scopes(None, 1).await?;
    let first = first.first().ok_or_else(nothing)?;
    let world = World::new(first.world.as_str()).map_err(unreadable)?;
    let laws = opened.backend.laws(&world).await?;
    laws.into_iter().next().map(|law| law.deployment).ok_or_else(nothing)
}

/// The law of a database as a guest opens it: nothing is recorded by that.
pub(crate) async fn join(
    opened: &Opened,
    laws: impl IntoIterator<Item = Law>,
    options: HosOptions,
) -> Result<Hos, Fault> {
    let deployment = deployment(opened).await?;
    Hos::join(laws, Arc::clone(&opened.backend), options.deployment(&deployment)).await
}

/// A tenant, or a world under the reserved tenant, and how long its log is.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    pub(crate) size: u64,
}

/// The logs of a database after one, by their names.
///
/// The picture is let go at once: what is done with a log may take long.
pub(crate) async fn logs(opened: &Opened, after: Option<&Log>) -> Result<Vec<Log>, Fault> {
    let after = after.map(|log| (log.world.as_str(), log.tenant.as_str()));
    let page = opened.survey.picture().await?.scopes(after, PAGE_MAX).await?;
    let named = page.into_iter().map(|row| {
        let world = World::new(row.world).map_err(unreadable)?;
        let tenant = Tenant::from_stored(&row.tenant).map_err(unreadable)?;
        Ok(Log { world, tenant, size: row.size })
    });
    named.collect()
}

fn unreadable(error: IdError) -> Fault {
    let message = "a world or tenant has a name that is none; `hos fsck` tells which";
    Fault::new(FaultKind::Corrupt, message).caused_by(error)
}
