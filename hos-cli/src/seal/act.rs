//! Who acts upon seals, judged by the law in force.

use std::path::PathBuf;

use clap::Args;
use hos_core::actor::Actor;
use hos_core::error::Fault;
use hos_core::hos::Hos;
use hos_core::id::World;
use hos_core::proof::PAGE_MAX;

use crate::database::{DatabaseArguments, Opened};
use crate::exit::{Exit, Trouble};
use crate::facts::bag;
use crate::law::law;
use crate::scope::{actor, join};
use crate::vaults::options;

/// Who acts, in which world.
#[derive(Debug, Args)]
pub(super) struct Act {
    /// The world by whose law it is judged, and in whose log it is recorded.
    #[arg(long)]
    world: Option<String>,
    /// The law of the world, as it is in force: the database has its digest only.
    #[arg(long, value_name = "FILE")]
    law: Option<PathBuf>,
    /// Who does it: the opaque id of an actor whom the policy permits it.
    #[arg(long)]
    actor: Option<String>,
    /// What sort of actor: user, service, job or webhook.
    #[arg(long, default_value = "user")]
    actor_kind: String,
    /// A claim of the actor, `name=value`; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    claim: Vec<String>,
}

/// Everything that an act is carried out with.
pub(super) struct Sitting {
    pub(super) opened: Opened,
    pub(super) hos: Hos,
    pub(super) world: World,
    pub(super) actor: Actor,
}

impl Act {
    pub(super) async fn sit(&self, database: &DatabaseArguments) -> Result<Sitting, Trouble> {
        let (Some(world), Some(path), Some(id)) = (&self.world, &self.law, &self.actor) else {
            let advice = "give `--world`, `--law` and `--actor`";
            return Err(Trouble::new(Exit::Usage, "somebody has to do it, by a law", advice));
        };
        let (world, law) = (World::new(world.as_str())?, law(path)?);
        if *law.world() != world {
            let message = format!("the law is of the world `{}`, not of `{world}`", law.world());
            return Err(Trouble::new(Exit::Address, message, "check `--world` and `--law`"));
        }
        let claims = bag("claim", &self.claim, law.actor())?;
        let actor = actor(&self.actor_kind, id, &claims)?;
        let opened = database.parse()?.open().await?;
        let hos = join(&opened, [law], options(None)).await?;
        Ok(Sitting { opened, hos, world, actor })
    }
}

impl Sitting {
    /// Gives what waits its place in its log.
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
