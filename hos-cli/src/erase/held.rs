//! `hos erase hold` and `hos erase lift`.

use clap::Args;
use hos_core::command::Hold;
use hos_core::id::ActorId;
use serde_json::json;

use super::attempted;
use super::found::find;
use super::request::{Request, Sitting};
use super::told::recorded;
use crate::exit::{Exit, Trouble};
use crate::voice::{GOOD, Voice};

/// Whom a hold is about, and why.
#[derive(Debug, Args)]
pub(super) struct Held {
    #[command(flatten)]
    request: Request,
    /// The person: the id as it stands in leaves.
    #[arg(long)]
    person: String,
    /// For which matter: a code of the world's own, such as `case_2026_17`.
    #[arg(long, value_name = "CODE")]
    matter: String,
}

pub(super) async fn place(voice: &Voice, order: &Held) -> Result<Exit, Trouble> {
    act(voice, order, "held", Hold::place).await
}

pub(super) async fn lift(voice: &Voice, order: &Held) -> Result<Exit, Trouble> {
    act(voice, order, "lifted", Hold::lift).await
}

type Make = fn(
    &hos_core::actor::Actor,
    &hos_core::id::World,
    &hos_core::id::Tenant,
    &ActorId,
    &str,
) -> Hold;

async fn act(voice: &Voice, order: &Held, done: &str, make: Make) -> Result<Exit, Trouble> {
    let person = ActorId::new(order.person.as_str())?;
    let sitting = order.request.sit(true).await?;
    // A hold in another's vault would hold nobody.
    if let Some(vault) = &sitting.vault {
        find(voice, &sitting, vault, &person).await?;
    }
    let Sitting { hos, scope, actor, key, .. } = &sitting;
    let hold = make(actor, &scope.world, &scope.tenant, &person, &order.matter);
    let receipt = hos.hold(&hold.key(key)).await.map_err(attempted)?;
    let recorded = recorded(&sitting, &receipt).await?;
    voice.document(
        "erase",
        json!({
            "done": done, "world": scope.world, "tenant": scope.tenant, "person": person,
            "matter": order.matter, "recorded": recorded.to_json(),
        }),
    );
    let rest = format_args!(" {person} in {}/{} for {}", scope.world, scope.tenant, order.matter);
    voice.styled(GOOD, done, rest);
    recorded.show(voice);
    Ok(Exit::Done)
}
