//! Erasing a person (KVKK, GDPR): the parts of the log that are about them, and their account.

use hos_core::command::Erasure;
use hos_core::hos::RepeatedErasures;
use hos_core::id::{ActorId, Tenant};
use hos_core::receipt::Receipt;
use hos_core::vault::{KeyState, Person};

use super::admin::Scope;
use super::moves;
use crate::app::App;
use crate::database::query;
use crate::error::Problem;
use crate::request::Call;

/// The most firms of one page of them.
const FIRMS_PAGE: i64 = 500;

/// Why somebody may be erased.
pub(crate) const BASES: [&str; 3] = ["consent_withdrawn", "purpose_ended", "court_order"];
/// Who may ask for it.
pub(crate) const REQUESTERS: [&str; 2] = ["subject", "authority"];

/// Whom to erase, why, and who asks for it.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) target: &'a str,
    pub(crate) basis: &'a str,
    pub(crate) requester: &'a str,
}

/// Erases a person in one firm, or in every firm that keeps a part about them and then the account
/// itself. Each firm has its own entry; broken off, the same key ends it.
pub(crate) async fn erase(
    app: &App,
    call: &Call,
    scope: &Scope,
    wanted: &Wanted<'_>,
) -> Result<Vec<Receipt>, Problem> {
    moves::require(app, &call.user, "world.read", &Tenant::world()).await?;
    let unknown = |what| Problem::new("invalid_input", format!("`{what}` is none of the known"));
    if !BASES.contains(&wanted.basis) {
        return Err(unknown("basis"));
    }
    if !REQUESTERS.contains(&wanted.requester) {
        return Err(unknown("requester"));
    }
    let target = ActorId::new(wanted.target)?;
    if target.as_str() == call.user.id {
        return Err(Problem::guard("erases_oneself", "nobody erases the account they act with"));
    }
    let Some(keys) = app.vault() else {
        return Err(Problem::guard("no_vault", "no vault: parts of the log are plain"));
    };
    let tenant = scope.tenant()?;
    if !tenant.is_world() {
        return Ok(vec![erase_in(app, call, &tenant, &target, wanted).await?]);
    }
    let mut receipts = Vec::new();
    let mut after = String::new();
    loop {
        let firms = firms(app, &after).await?;
        let Some(last) = firms.last() else { break };
        after.clone_from(last);
        for firm in &firms {
            let (world, tenant) = (app.world().clone(), Tenant::new(firm)?);
            let person = Person { world, tenant: tenant.clone(), id: target.clone() };
            let known = keys.vault().keys(&person).await?;
            let mut kept = known.newest.iter().chain(&known.before);
            // Without one the firm keeps nothing of them that could be read.
            if kept.any(|key| matches!(key.state, KeyState::Live(_))) {
                receipts.push(erase_in(app, call, &tenant, &target, wanted).await?);
            }
        }
    }
    receipts.push(erase_in(app, call, &tenant, &target, wanted).await?);
    forget_account(app, &target).await?;
    Ok(receipts)
}

async fn erase_in(
    app: &App,
    call: &Call,
    tenant: &Tenant,
    target: &ActorId,
    wanted: &Wanted<'_>,
) -> Result<Receipt, Problem> {
    let actor = call.user.actor()?;
    let erasure = Erasure::person(&actor, app.world(), tenant, target, wanted.basis)
        .requester(wanted.requester)
        .request(call.request())
        .key(call.key(&format!("erase:{tenant}")));
    Ok(app.hos().erase(&erasure).await?)
}

/// The account stays as a bare id, which orders refer to; nobody signs in with it any more.
async fn forget_account(app: &App, target: &ActorId) -> Result<(), Problem> {
    let mut transaction = app.database().begin().await?;
    query("UPDATE users SET email = ?, name = '', password_hash = '' WHERE id = ?")
        .bind(format!("erased:{target}"))
        .bind(target.as_str())
        .execute(&mut transaction)
        .await?;
    query("DELETE FROM sessions WHERE user_id = ?")
        .bind(target.as_str())
        .execute(&mut transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// Ends erasures that were broken off, and does again those that a restored backup of the vault
/// took back: what the logs say is what holds.
pub(crate) async fn repeat(app: &App) -> Result<(), Problem> {
    if app.vault().is_none() {
        return Ok(());
    }
    repeat_in(app, &Tenant::world()).await?;
    let mut after = String::new();
    loop {
        let firms = firms(app, &after).await?;
        let Some(last) = firms.last() else { return Ok(()) };
        after.clone_from(last);
        for firm in &firms {
            repeat_in(app, &Tenant::new(firm)?).await?;
        }
    }
}

/// What came since the last start; all since the backup where the vault was restored from one.
async fn repeat_in(app: &App, tenant: &Tenant) -> Result<(), Problem> {
    let repeated = app.hos().repeat_new_erasures(app.world(), tenant).await?;
    if repeated != RepeatedErasures::default() {
        let RepeatedErasures { keys, parts, holds, unseen, .. } = repeated;
        tracing::warn!(%tenant, keys, parts, holds, unseen, "what the log erased was done again");
    }
    Ok(())
}

/// Firms by id, after one.
async fn firms(app: &App, after: &str) -> Result<Vec<String>, Problem> {
    let firms = query("SELECT id FROM tenants WHERE id > ? ORDER BY id LIMIT ?");
    Ok(firms.bind(after).bind(FIRMS_PAGE).fetch_all(app.database()).await?)
}
