//! The super admin's page: firms, bans, emergencies, modes, the marketplace itself.

use askama::Template;
use axum::extract::State;
use axum::response::Redirect;
use hos_core::id::Tenant;
use serde::Deserialize;

use super::views::{Page, PageProblem, Shell, signed_in};
use crate::app::App;
use crate::auth::Visitor;
use crate::domain::admin::{self, Overview, Scope};
use crate::domain::erasures::{self, BASES, REQUESTERS, Wanted};
use crate::domain::{people, tenants};
use crate::error::Problem;
use crate::request::{Call, Fields, random_hex};

type PageResult<T> = Result<T, PageProblem>;

const PATH: &str = "/admin";

/// Everything that a super admin looks after.
#[derive(Debug, Template)]
#[template(path = "office.html")]
pub(super) struct OfficePage {
    shell: Shell,
    overview: Overview,
}

impl OfficePage {
    /// The modes that can be set.
    const MODES: [&'static str; 3] = ["enforce", "shadow", "off"];

    /// Why somebody may be erased.
    const BASES: [&'static str; 3] = BASES;
    /// Who may ask for it.
    const REQUESTERS: [&'static str; 2] = REQUESTERS;

    /// A key for each form.
    fn key() -> String {
        random_hex(16)
    }

    /// A scope as people say it.
    fn scope(&self, tenant: &str) -> String {
        let firm = self.overview.firms.iter().find(|firm| firm.id == tenant);
        firm.map_or_else(|| self.shell.text("scope-world"), |firm| firm.name.clone())
    }

    /// A scope as forms say it.
    fn tenant(tenant: &str) -> &str {
        if tenant == "@world" { "" } else { tenant }
    }
}

/// Shows how the marketplace stands.
pub(super) async fn office(
    State(app): State<App>,
    visitor: Visitor,
) -> PageResult<Page<OfficePage>> {
    let user = signed_in(visitor)?;
    let overview = admin::overview(&app, &user).await?;
    Ok(Page(OfficePage { shell: Shell::keyed("nav-admin", Some(&user)), overview }))
}

/// Goes back to the page, or says there why not.
fn done<T>(outcome: Result<T, Problem>) -> PageResult<Redirect> {
    match outcome {
        Ok(_) => Ok(Redirect::to(PATH)),
        Err(problem) => Err(PageProblem::look_at(problem, PATH)),
    }
}

/// A new firm.
#[derive(Debug, Deserialize)]
pub(super) struct FirmForm {
    key: String,
    id: String,
    name: String,
}

/// Adds a firm.
pub(super) async fn add_firm(
    State(app): State<App>,
    visitor: Visitor,
    Fields(form): Fields<FirmForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let tenant = Tenant::new(&form.id).map_err(Problem::from);
    let tenant = tenant.map_err(|problem| PageProblem::look_at(problem, PATH))?;
    let (actor, key) = (call.user.actor()?, call.key("tenant"));
    done(tenants::add(&app, &actor, &tenant, &form.name, &key).await)
}

/// Who is to be banned, or no longer.
#[derive(Debug, Deserialize)]
pub(super) struct BanForm {
    key: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    target: String,
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    reason: String,
}

/// Bans somebody, by e-mail address.
pub(super) async fn ban(
    State(app): State<App>,
    visitor: Visitor,
    Fields(form): Fields<BanForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    // Before an address is looked up: who runs nothing learns nothing of accounts.
    crate::domain::moves::require(&app, &call.user, "world.read", &Tenant::world()).await?;
    let unknown = || Problem::guard("unknown_account", "no account has this address");
    let Some(target) = people::by_email(&app, &form.email).await? else {
        return Err(PageProblem::look_at(unknown(), PATH));
    };
    let scope = Scope { tenant: Some(form.tenant) };
    done(admin::ban(&app, &call, &scope, &target.id, &form.reason).await)
}

/// Takes somebody off the ban list.
pub(super) async fn unban(
    State(app): State<App>,
    visitor: Visitor,
    Fields(form): Fields<BanForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let scope = Scope { tenant: Some(form.tenant) };
    done(admin::unban(&app, &call, &scope, &form.target).await)
}

/// Who is to be erased, and why.
#[derive(Debug, Deserialize)]
pub(super) struct ErasureForm {
    key: String,
    email: String,
    #[serde(default)]
    tenant: String,
    basis: String,
    requester: String,
}

/// Erases somebody, by e-mail address.
pub(super) async fn erase(
    State(app): State<App>,
    visitor: Visitor,
    Fields(form): Fields<ErasureForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    crate::domain::moves::require(&app, &call.user, "world.read", &Tenant::world()).await?;
    let unknown = || Problem::guard("unknown_account", "no account has this address");
    let Some(target) = people::by_email(&app, &form.email).await? else {
        return Err(PageProblem::look_at(unknown(), PATH));
    };
    let scope = Scope { tenant: Some(form.tenant) };
    let wanted = Wanted { target: &target.id, basis: &form.basis, requester: &form.requester };
    done(erasures::erase(&app, &call, &scope, &wanted).await)
}

/// An emergency.
#[derive(Debug, Deserialize)]
pub(super) struct EmergencyForm {
    key: String,
    #[serde(default)]
    tenant: String,
    reason: String,
    hours: u64,
}

/// Takes every ability for some hours.
pub(super) async fn break_glass(
    State(app): State<App>,
    visitor: Visitor,
    Fields(form): Fields<EmergencyForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let scope = Scope { tenant: Some(form.tenant) };
    done(admin::break_glass(&app, &call, &scope, &form.reason, form.hours).await)
}

/// A mode of one ability or of all.
#[derive(Debug, Deserialize)]
pub(super) struct ModeForm {
    key: String,
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    ability: String,
    #[serde(default)]
    mode: String,
}

/// Sets or clears a mode.
pub(super) async fn set_mode(
    State(app): State<App>,
    visitor: Visitor,
    Fields(form): Fields<ModeForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let scope = Scope { tenant: Some(form.tenant) };
    let (ability, mode) = (form.ability.trim(), form.mode.as_str());
    done(admin::set_mode(&app, &call, &scope, Some(ability), Some(mode)).await)
}

/// What the marketplace is to be.
#[derive(Debug, Deserialize)]
pub(super) struct WorldForm {
    key: String,
    status: String,
}

/// Opens or closes the marketplace.
pub(super) async fn set_world(
    State(app): State<App>,
    visitor: Visitor,
    Fields(form): Fields<WorldForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let open = match form.status.as_str() {
        "open" => true,
        "closed" => false,
        _ => return Err(Problem::new("invalid_input", "neither open nor closed").into()),
    };
    done(tenants::set_world(&app, &call, open).await)
}
