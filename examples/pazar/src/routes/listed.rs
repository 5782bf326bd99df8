//! Parts of lists: which one a client asks for, and where the next begins.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::shell::form_urlencoded;
use crate::domain::lists::{Page, Place, ROWS_MAX, Slice};
use crate::error::Problem;
use crate::request::Json;

/// Which part of a list: the latest rows first.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct SliceQuery {
    /// What the `Link` header of the part before gave; nothing for the first.
    after: Option<String>,
    /// The most rows, 1 to 100; 100 when nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// What an address asks for, well formed or not.
pub(super) type Asked = Result<Query<SliceQuery>, QueryRejection>;

impl SliceQuery {
    /// Reads it.
    pub(super) fn parse(self) -> Result<Slice, Problem> {
        let rows = self.limit.unwrap_or(ROWS_MAX);
        if !(1..=ROWS_MAX).contains(&rows) {
            let detail = format!("`limit` is not 1 to {ROWS_MAX}");
            return Err(Problem::new("invalid_input", detail));
        }
        let after = self.after.as_deref().map(Place::parse).transpose()?;
        Ok(Slice { after, rows })
    }
}

/// A part of a list as JSON, with the address of the next in a `Link` header (RFC 8288).
#[derive(Debug)]
pub(super) struct Listed<T>(pub(super) Page<T>);

impl<T: Serialize> IntoResponse for Listed<T> {
    fn into_response(self) -> Response {
        let Page { rows, next, limit } = self.0;
        let link = next.map(|place| {
            let after = form_urlencoded(&place.text());
            format!("<?after={after}&limit={limit}>; rel=\"next\"")
        });
        let mut response = Json(rows).into_response();
        if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}
