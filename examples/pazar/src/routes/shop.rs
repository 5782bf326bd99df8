//! `/api/v1`: sessions, listings, firms, the world.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hos_core::laws::Proofs as _;
use hos_core::receipt::Receipt;
use serde::{Deserialize, Serialize};

use super::{Answer, tenant, thing};
use crate::app::App;
use crate::auth::{self, User, Visitor};
use crate::domain::listings::{self, Edit, Listing, NewListing, Page, Search, StockChange};
use crate::domain::moves::{self, Wish};
use crate::domain::tenants;
use crate::error::Problem;
use crate::openapi::ReceiptShape;
use crate::request::{Call, Json, asked, hex};
use crate::session;

/// E-mail and password: they name one account in the whole marketplace, and no tenant.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credential {
    email: String,
    password: String,
}

/// Signs in. No key: a session is no command, and a second one does no harm.
#[utoipa::path(
    post,
    path = "/session",
    tag = "sessions",
    request_body = Credential,
    responses((status = 201, description = "signed in", body = User))
)]
pub(super) async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    Json(credential): Json<Credential>,
) -> Result<Response, Problem> {
    let Credential { email, password } = credential;
    let (user, cookie) = auth::sign_in(&app, &headers, &email, password).await?;
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], Json(user)).into_response())
}

/// Who is signed in.
#[utoipa::path(
    get,
    path = "/session",
    tag = "sessions",
    responses((status = 200, description = "who is signed in", body = User))
)]
pub(super) async fn session(user: User) -> Json<User> {
    Json(user)
}

/// Revokes the session.
#[utoipa::path(
    delete,
    path = "/session",
    tag = "sessions",
    responses((status = 204, description = "signed out"))
)]
pub(super) async fn sign_out(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    session::end(&app, &headers).await?;
    Ok(signed_out(&app))
}

/// Revokes every session of the caller.
#[utoipa::path(
    delete,
    path = "/sessions",
    tag = "sessions",
    responses((status = 204, description = "signed out everywhere"))
)]
pub(super) async fn sign_out_everywhere(
    State(app): State<App>,
    user: User,
) -> Result<Response, Problem> {
    session::end_all(&app, &user).await?;
    Ok(signed_out(&app))
}

fn signed_out(app: &App) -> Response {
    let cookie = [(header::SET_COOKIE, app.cookies().none())];
    (StatusCode::NO_CONTENT, cookie).into_response()
}

/// Everything on offer.
#[utoipa::path(
    get,
    path = "/listings",
    tag = "listings",
    responses((status = 200, description = "on offer", body = Vec<Listing>))
)]
pub(super) async fn published(State(app): State<App>) -> Result<Json<Vec<Listing>>, Problem> {
    Ok(Json(listings::published(&app).await?))
}

/// What of everything on offer is looked for.
#[utoipa::path(
    get,
    path = "/search",
    tag = "listings",
    params(Search),
    responses((status = 200, description = "what was found", body = Page<Listing>))
)]
pub(super) async fn search(
    State(app): State<App>,
    search: Result<Query<Search>, QueryRejection>,
) -> Result<Json<Page<Listing>>, Problem> {
    Ok(Json(listings::search(&app, &asked(search)?).await?))
}

/// One listing: on offer for everybody, else for those who may know of it.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/listings/{id}",
    tag = "listings",
    responses((status = 200, description = "it", body = Answer<Listing>))
)]
pub(super) async fn listing(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    Visitor(user): Visitor,
) -> Result<Json<Answer<Listing>>, Problem> {
    Ok(Json(answer(&app, user.as_ref(), &tenant_id, &id).await?))
}

/// Opens a listing as a draft.
#[utoipa::path(
    post,
    path = "/tenants/{tenant}/listings",
    tag = "listings",
    request_body = NewListing,
    responses(
        (status = 200, description = "made before, with the same key", body = Answer<Listing>),
        (status = 201, description = "made", body = Answer<Listing>)
    )
)]
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
#[utoipa::path(
    post,
    path = "/tenants/{tenant}/listings/{id}/actions/{action}",
    tag = "listings",
    request_body = Option<Wish>,
    responses((status = 200, description = "done", body = Answer<Listing>))
)]
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

/// Changes what a listing says.
#[utoipa::path(
    put,
    path = "/tenants/{tenant}/listings/{id}",
    tag = "listings",
    request_body = Edit,
    responses((status = 200, description = "done", body = Answer<Listing>))
)]
pub(super) async fn edit(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    call: Call,
    Json(edit): Json<Edit>,
) -> Result<Json<Answer<Listing>>, Problem> {
    let receipt = listings::edit(&app, &call, &tenant(&tenant_id)?, &id, &edit).await?;
    Ok(answer(&app, Some(&call.user), &tenant_id, &id).await?.after(receipt))
}

/// Says how many pieces there are.
#[utoipa::path(
    put,
    path = "/tenants/{tenant}/listings/{id}/stock",
    tag = "listings",
    request_body = StockChange,
    responses((status = 200, description = "done", body = Answer<Listing>))
)]
pub(super) async fn set_stock(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    call: Call,
    Json(change): Json<StockChange>,
) -> Result<Json<Answer<Listing>>, Problem> {
    let receipt = listings::set_stock(&app, &call, &tenant(&tenant_id)?, &id, &change).await?;
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
    let listing = listings::find(app.database(), &subject.tenant, id).await?;
    let listing = listing.ok_or_else(Problem::not_found)?;
    match user {
        _ if listing.status == "published" => {}
        Some(user) => moves::require_readable(app, user, &subject).await?,
        None => return Err(Problem::not_found()),
    }
    Answer::of(app, user, &subject, listing).await
}

/// A new firm.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTenant {
    id: String,
    name: String,
}

/// Registers a firm.
#[utoipa::path(
    post,
    path = "/tenants",
    tag = "tenants",
    request_body = NewTenant,
    responses((status = 201, description = "made", body = ReceiptShape))
)]
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
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Roles {
    roles: Vec<String>,
}

/// Gives a member exactly these roles.
#[utoipa::path(
    put,
    path = "/tenants/{tenant}/members/{member}",
    tag = "tenants",
    request_body = Roles,
    responses((status = 200, description = "done", body = ReceiptShape))
)]
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
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Open,
    Closed,
}

/// What the marketplace is to be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WorldChange {
    status: Status,
}

/// Opens or closes the marketplace.
#[utoipa::path(
    put,
    path = "/world",
    tag = "world",
    request_body = WorldChange,
    responses((status = 200, description = "done", body = ReceiptShape))
)]
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
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ProofPage {
    size: u64,
    root: String,
    entries: Vec<ProofView>,
}

/// One entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct ProofView {
    index: Option<u64>,
    id: String,
    leaf: String,
    leaf_hash: String,
}

/// How many entries one page has.
const PROOFS_PAGE: u32 = 100;

/// What happened, provably.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/proofs",
    tag = "tenants",
    params(("from" = Option<u64>, Query, description = "the first entry")),
    responses((status = 200, description = "a page of the log", body = ProofPage))
)]
pub(super) async fn proofs(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    cursor: Result<Query<Cursor>, QueryRejection>,
    user: User,
) -> Result<Json<ProofPage>, Problem> {
    let tenant = tenant(&tenant_id)?;
    moves::require(&app, &user, "audit.read", &tenant).await?;
    let cursor = asked(cursor)?;
    app.number_entries().await?;
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
