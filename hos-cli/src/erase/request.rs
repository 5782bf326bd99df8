//! Who asks for what, where: opened, and held to the law in force.

use std::path::PathBuf;

use clap::Args;
use hos_core::actor::Actor;
use hos_core::error::Fault;
use hos_core::hos::Hos;
use hos_core::id::{Tenant, World};
use hos_core::proof::PAGE_MAX;

use crate::database::{DatabaseArguments, Opened};
use crate::exit::{Exit, Trouble};
use crate::facts::bag;
use crate::law::law;
use crate::scope::{Scope, actor, join};
use crate::vaults::{self, VaultArguments};

/// What every request names.
#[derive(Debug, Args)]
pub(super) struct Request {
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    vault: VaultArguments,
    /// The world.
    #[arg(long, required = true)]
    world: Option<String>,
    /// The tenant; `@world` is the world itself.
    #[arg(long, required = true)]
    tenant: Option<String>,
    /// The law of the world, as it is in force: the database has its digest only.
    #[arg(long, value_name = "FILE", required = true)]
    law: Option<PathBuf>,
    /// Who does it: the opaque id of an actor whom the policy permits it.
    #[arg(long, required = true)]
    actor: Option<String>,
    /// What sort of actor: user, service, job or webhook.
    #[arg(long, default_value = "user")]
    actor_kind: String,
    /// A claim of the actor, `name=value`; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    claim: Vec<String>,
    /// The command key: made once for each request, given again on each retry, such as the number
    /// of the request in your register.
    #[arg(long, required = true)]
    key: Option<String>,
}

/// Everything that a request is carried out with.
pub(super) struct Sitting {
    pub(super) opened: Opened,
    pub(super) vault: Option<vaults::Opened>,
    pub(super) hos: Hos,
    pub(super) scope: Scope,
    pub(super) actor: Actor,
    pub(super) key: String,
}

impl Sitting {
    /// Gives what waits its place in the log, so that it is seen and can be named by it.
    pub(super) async fn number(&self) -> Result<(), Fault> {
        for _ in 0..NUMBERED_MAX {
            if self.hos.sequence_pending(PAGE_MAX).await? < PAGE_MAX {
                break;
            }
        }
        Ok(())
    }
}

/// The most calls that number what waits; whoever seals goes on.
const NUMBERED_MAX: u32 = 1_000;

impl Request {
    /// Opens what is named; whether a vault must be among it, the request says.
    pub(super) async fn sit(&self, needs_vault: bool) -> Result<Sitting, Trouble> {
        let given = |value: &Option<String>| value.clone().unwrap_or_default();
        let world = World::new(given(&self.world).as_str())?;
        let tenant = Tenant::from_stored(&given(&self.tenant))?;
        let law = law(&self.law.clone().unwrap_or_default())?;
        if *law.world() != world {
            let message = format!("the law is of the world `{}`, not of `{world}`", law.world());
            return Err(Trouble::new(Exit::Address, message, "check `--world` and `--law`"));
        }
        let claims = bag("claim", &self.claim, law.actor())?;
        let actor = actor(&self.actor_kind, &given(&self.actor), &claims)?;
        let scope = Scope { world, tenant };
        // First, for a file that is the law's own is then said to be no vault.
        let vault = match needs_vault {
            true => Some(self.vault.require().await?),
            false => self.vault.open().await?,
        };
        let opened = self.database.parse()?.open().await?;
        scope.require(&opened).await?;
        let hos = join(&opened, [law], vaults::options(vault.as_ref())).await?;
        Ok(Sitting { opened, vault, hos, scope, actor, key: given(&self.key) })
    }
}
