//! What pages are drawn with: the style, the icon, a drawing for each category.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::shell::PageProblem;
use crate::domain::listings::CATEGORIES;
use crate::domain::pictures;
use crate::error::Problem;
use crate::request::hex;

const STYLE: &str = include_str!("../../assets/pazar.css");
const ICON: &str = include_str!("../../assets/icon.svg");

/// The name of the style's content: another style has another address.
static STYLE_TAG: LazyLock<String> = LazyLock::new(|| tag(STYLE));
static STYLE_PATH: LazyLock<String> =
    LazyLock::new(|| format!("/assets/pazar.css?v={}", *STYLE_TAG));

/// Where the style lies.
pub(super) fn style_path() -> &'static str {
    &STYLE_PATH
}

fn tag(text: &str) -> String {
    hex(&Sha256::digest(text)).get(..16).unwrap_or_default().to_owned()
}

/// The style. Its address changes with it, so that it may be kept for good.
pub(super) async fn style(headers: HeaderMap) -> Response {
    answer(&headers, "text/css; charset=utf-8", STYLE, "public, max-age=31536000, immutable")
}

/// The icon.
pub(super) async fn icon(headers: HeaderMap) -> Response {
    answer(&headers, "image/svg+xml", ICON, "public, max-age=86400")
}

/// What is shown of a listing that has no picture.
pub(super) async fn category(
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageProblem> {
    let name = file.strip_suffix(".svg").filter(|name| CATEGORIES.contains(name));
    let drawing = pictures::drawing(name.ok_or_else(Problem::not_found)?);
    Ok(answer(&headers, "image/svg+xml", drawing, "public, max-age=86400"))
}

fn answer(
    headers: &HeaderMap,
    type_: &'static str,
    text: &'static str,
    kept: &'static str,
) -> Response {
    let etag = format!("\"{}\"", tag(text));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == etag.as_str());
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, type_)], text).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}
