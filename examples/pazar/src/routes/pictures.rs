//! Pictures of listings, and the drawings that stand for them.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Answer, shop, tenant};
use crate::app::App;
use crate::auth::Visitor;
use crate::domain::listings::{self, Listing};
use crate::domain::pictures;
use crate::error::Problem;
use crate::openapi::FileShape;
use crate::request::{Call, Raw};

/// Adds a picture: the body is the file.
#[utoipa::path(
    post,
    path = "/tenants/{tenant}/listings/{id}/pictures",
    tag = "listings",
    request_body(content(
        (FileShape = "image/png"),
        (FileShape = "image/jpeg"),
        (FileShape = "image/webp"),
        (FileShape = "image/gif")
    )),
    responses(
        (status = 200, description = "added before, with the same key", body = Answer<Listing>),
        (status = 201, description = "added", body = Answer<Listing>)
    )
)]
pub(super) async fn add(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    call: Call,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<Response, Problem> {
    let type_ = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let family = type_.and_then(|type_| type_.split('/').next());
    if !family.is_some_and(|family| family.trim().eq_ignore_ascii_case("image")) {
        let problem = Problem::new("invalid_input", "send a picture as `image/..`");
        return Err(problem.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let receipt = pictures::add(&app, &call, &tenant(&tenant_id)?, &id, &body).await?;
    let status = if receipt.replayed { StatusCode::OK } else { StatusCode::CREATED };
    let answer = shop::answer(&app, Some(&call.user), &tenant_id, &id).await?.after(receipt);
    Ok((status, answer).into_response())
}

/// One picture, for whoever may see its listing. A picture never changes under its number.
pub(super) async fn show(
    State(app): State<App>,
    Path((tenant_id, id, position)): Path<(String, String, i64)>,
    Visitor(user): Visitor,
) -> Result<Response, Problem> {
    shop::answer(&app, user.as_ref(), &tenant_id, &id).await?;
    let tenant = tenant(&tenant_id)?;
    let picture = pictures::find(app.database(), &tenant, &id, position).await?;
    let picture = picture.ok_or_else(Problem::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, picture.media_type),
        (header::CACHE_CONTROL, "private, max-age=86400, immutable".to_owned()),
    ];
    Ok((headers, picture.bytes).into_response())
}

/// The drawing of a category.
pub(super) async fn drawing(Path(file): Path<String>) -> Result<Response, Problem> {
    let category = file.strip_suffix(".svg").filter(|name| listings::CATEGORIES.contains(name));
    let category = category.ok_or_else(Problem::not_found)?;
    let headers =
        [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")];
    Ok((headers, pictures::drawing(category)).into_response())
}
