//! `/api/v1`: sessions, listings, firms, the world.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hos_core::laws::Proofs as _;
use hos_core::receipt::Receipt;
use serde::{Deserialize, Serialize};

use super::{Answer, reading, tenant, thing};
use crate::app::App;
use crate::auth::{self, User, Visitor};
use crate::domain::listings::{self, Listing, NewListing};
use crate::domain::moves::{self, Wish};
use crate::domain::tenants;
use crate::error::Problem;
use crate::request::{Call, Json, hex};

/// E-mail and password: they name one account in the whole marketplace, and no tenant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credential {
    email: String,
    password: String,
}

/// Signs in. No key: a session is no command, and a second one does no harm.
pub(super) async fn sign_in(
    State(app): State<App>,
    Json(credential): Json<Credential>,
) -> Result<Response, Problem> {
    let Credential { email, password } = credential;
    let (user, token) = auth::sign_in(&app, &email, password).await?;
    let cookie = [(header::SET_COOKIE, auth::cookie(&token))];
    Ok((StatusCode::CREATED, cookie, Json(user)).into_response())
}

/// Who is signed in.
pub(super) async fn session(user: User) -> Json<User> {
    Json(user)
}

/// Revokes the session.
pub(super) async fn sign_out(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(token) = auth::token(&headers) {
        auth::sign_out(&app, token).await?;
    }
    let cookie = [(header::SET_COOKIE, auth::no_cookie())];
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}

/// Everything on offer.
pub(super) async fn published(State(app): State<App>) -> Result<Json<Vec<Listing>>, Problem> {
    Ok(Json(listings::published(&app).await?))
}

/// One listing: on offer for everybody, else for those who may know of it.
pub(super) async fn listing(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    Visitor(user): Visitor,
) -> Result<Json<Answer<Listing>>, Problem> {
    Ok(Json(answer(&app, user.as_ref(), &tenant_id, &id).await?))
}

/// Opens a listing as a draft.
pub(super) async fn open_listing(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    call: Call,
    Json(new): Json<NewListing>,
) -> Result<Response, Problem> {
    let tenant = tenant(&tenant_id)?;
    let (id, receipt) = listings::open(&app, &call, &tenant, &new).await?;
    Ok(answer(&app, Some(&call.user), &tenant_id, &id).await?.opened(receipt))
}

/// Does an action to a listing.
pub(super) async fn act(
    State(app): State<App>,
    Path((tenant_id, id, action)): Path<(String, String, String)>,
    call: Call,
    Json(wish): Json<Wish>,
) -> Result<Json<Answer<Listing>>, Problem> {
    let subject = thing(&app, &tenant_id, "listing", &id)?;
    let receipt = moves::act(&app, &call, &subject, &action, &wish).await?;
    Ok(answer(&app, Some(&call.user), &tenant_id, &id).await?.after(receipt))
}

/// A listing that a visitor may see.
pub(super) async fn answer(
    app: &App,
    user: Option<&User>,
    tenant_id: &str,
    id: &str,
) -> Result<Answer<Listing>, Problem> {
    let subject = thing(app, tenant_id, "listing", id)?;
    let listing = listings::find(&mut *reading(app).await?, &subject.tenant, id).await?;
    let listing = listing.ok_or_else(Problem::not_found)?;
    match user {
        _ if listing.status == "published" => {}
        Some(user) => moves::require_readable(app, user, &subject).await?,
        None => return Err(Problem::not_found()),
    }
    Answer::of(app, user, &subject, listing).await
}

/// A new firm.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTenant {
    id: String,
    name: String,
}

/// Registers a firm.
pub(super) async fn add_tenant(
    State(app): State<App>,
    call: Call,
    Json(new): Json<NewTenant>,
) -> Result<(StatusCode, Json<Receipt>), Problem> {
    let tenant = hos_core::id::Tenant::new(&new.id)?;
    let (actor, key) = (call.user.actor()?, call.key("tenant"));
    let receipt = tenants::add(&app, &actor, &tenant, &new.name, &key).await?;
    Ok((StatusCode::CREATED, Json(receipt)))
}

/// A member's roles, all of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Roles {
    roles: Vec<String>,
}

/// Gives a member exactly these roles.
pub(super) async fn set_member(
    State(app): State<App>,
    Path((tenant_id, member)): Path<(String, String)>,
    call: Call,
    Json(Roles { roles }): Json<Roles>,
) -> Result<Json<Receipt>, Problem> {
    let tenant = tenant(&tenant_id)?;
    Ok(Json(tenants::set_member(&app, &call, &tenant, &member, &roles).await?))
}

/// Whether the marketplace is open.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Open,
    Closed,
}

/// What the marketplace is to be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorldChange {
    status: Status,
}

/// Opens or closes the marketplace.
pub(super) async fn set_world(
    State(app): State<App>,
    call: Call,
    Json(change): Json<WorldChange>,
) -> Result<Json<Receipt>, Problem> {
    let open = matches!(change.status, Status::Open);
    Ok(Json(tenants::set_world(&app, &call, open).await?))
}

/// From where on.
#[derive(Debug, Deserialize)]
pub(super) struct Cursor {
    #[serde(default)]
    from: u64,
}

/// A page of a firm's log.
#[derive(Debug, Serialize)]
pub(super) struct ProofPage {
    size: u64,
    root: String,
    entries: Vec<ProofView>,
}

/// One entry.
#[derive(Debug, Serialize)]
pub(super) struct ProofView {
    index: Option<u64>,
    id: String,
    leaf: String,
    leaf_hash: String,
}

/// How many entries one page has.
const PROOFS_PAGE: u32 = 100;

/// What happened, provably.
pub(super) async fn proofs(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    cursor: Result<Query<Cursor>, QueryRejection>,
    user: User,
) -> Result<Json<ProofPage>, Problem> {
    let tenant = tenant(&tenant_id)?;
    moves::require(&app, &user, "audit.read", &tenant).await?;
    let Query(cursor) = cursor.map_err(|error| Problem::new("invalid_input", error.body_text()))?;
    let head = app.hos().head(app.world(), &tenant).await?;
    let page = app.hos().page(app.world(), &tenant, cursor.from, PROOFS_PAGE).await?;
    let entries = page.into_iter().map(|entry| ProofView {
        index: entry.index,
        id: entry.id.to_string(),
        leaf: entry.leaf,
        leaf_hash: hex(entry.leaf_hash.as_ref()),
    });
    Ok(Json(ProofPage {
        size: head.size,
        root: hex(head.root.as_ref()),
        entries: entries.collect(),
    }))
}
