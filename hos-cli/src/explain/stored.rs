//! An actor and a subject as a database has them.

use clap::Args;
use hos_core::error::Fault;
use hos_core::id::Tenant;
use hos_core::law::Law;
use hos_core::store::Ask;

use super::{Case, CaseSubject, now};
use crate::database::{DatabaseArguments, Opened};
use crate::exit::{Exit, Trouble};
use crate::facts::bag;
use crate::scope::{Scope, actor};

#[derive(Debug, Args)]
pub(super) struct Stored {
    #[command(flatten)]
    database: DatabaseArguments,
    /// The tenant.
    #[arg(long, required_unless_present = "situation")]
    tenant: Option<String>,
    /// Who: the opaque id.
    #[arg(long, required_unless_present = "situation")]
    actor: Option<String>,
    /// What sort of actor: user, service, job or webhook.
    #[arg(long, default_value = "user")]
    actor_kind: String,
    /// What for.
    #[arg(long, required_unless_present = "situation")]
    ability: Option<String>,
    /// On what: `kind:id`.
    #[arg(long)]
    subject: Option<String>,
    /// A claim of the actor, `name=value`; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    claim: Vec<String>,
    /// A name of the request's context, `name=value`; may be given several times.
    #[arg(long, value_name = "NAME=VALUE")]
    context: Vec<String>,
}

/// Reads a database.
pub(super) async fn read(stored: &Stored, law: &Law) -> Result<Case, Trouble> {
    let given = |value: &Option<String>| value.clone().unwrap_or_default();
    let tenant = Tenant::from_stored(&given(&stored.tenant))?;
    let claims = bag("claim", &stored.claim, law.actor())?;
    let actor = actor(&stored.actor_kind, &given(&stored.actor), &claims)?;
    let context = bag("context", &stored.context, law.context())?;
    let scope = Scope { world: law.world().clone(), tenant: tenant.clone() };
    let subject = stored.subject.as_deref().map(|name| scope.subject(name)).transpose()?;
    let opened = stored.database.parse()?.open().await?;
    let remarks = remarks(&opened, law).await?;
    let ask = Ask {
        world: law.world().clone(),
        tenant: tenant.clone(),
        actor: actor.id().clone(),
        subjects: subject.iter().cloned().collect(),
        key: None,
    };
    let missing = |what: String| Trouble::new(Exit::Address, what, "check world, tenant and id");
    let standing = opened.backend.load_all(std::slice::from_ref(&ask)).await?.pop();
    let standing = standing.filter(|standing| standing.world.is_some());
    let Some(mut standing) = standing else {
        return Err(missing(format!("the database has no world `{}`", law.world())));
    };
    if !standing.tenant_exists && !tenant.is_world() {
        return Err(missing(format!("the world has no tenant `{tenant}`")));
    }
    let snapshot = standing.subjects.pop().flatten();
    let subject = match (subject, snapshot) {
        (None, _) => None,
        (Some(subject), Some(snapshot)) => Some(CaseSubject {
            subject,
            state: snapshot.state,
            revision: snapshot.revision,
            attributes: (*snapshot.attributes).clone(),
            contract: Some(snapshot.contract.to_string()),
        }),
        (Some(subject), None) => {
            return Err(missing(format!("the tenant has no subject `{subject}`")));
        }
    };
    Ok(Case {
        actor,
        ability: given(&stored.ability),
        subject,
        context,
        standing: (*standing.actor).clone(),
        modes: (*standing.modes).clone(),
        remarks,
        at: now(),
    })
}

/// Whether the law is the one in force there.
async fn remarks(opened: &Opened, law: &Law) -> Result<Vec<String>, Fault> {
    let laws = opened.backend.laws(law.world()).await?;
    let in_force = laws.last().filter(|record| record.digest != law.digest());
    let remark = in_force.map(|record| {
        format!(
            "the law in force there is version {} ({}), not this one",
            record.version, record.digest
        )
    });
    Ok(remark.into_iter().collect())
}
