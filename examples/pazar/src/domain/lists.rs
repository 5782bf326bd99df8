//! Lists: a row is listed where the law would show it alone. The rules are the law's own, asked by
//! `Policy::filter`; a statement says what its list is about, and nothing of who may see it.
//!
//! Some lists have no filter, for their rows are no subjects: the firms of a user, the members of a
//! firm, and the log are asked of the law itself. What is on offer is for everybody, and so is what
//! of a calendar is taken; a visitor without a name has no standing that could be asked about.

use hos_core::id::{Kind, SubjectId, Tenant};
use hos_core::laws::{Filter, Policy as _, Query as Question};

use crate::app::App;
use crate::auth::User;
use crate::database::{FromRow, Query};
use crate::error::Problem;

/// The most rows of one page.
pub(crate) const ROWS_MAX: i64 = 100;
/// The most firms that one list spans.
const TENANTS_MAX: i64 = 1_000;

/// Where a row stands in a list, the latest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) created_at: i64,
    pub(crate) id: String,
    pub(crate) tenant: String,
}

impl Place {
    /// Reads what [`Place::text`] wrote.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let mut parts = text.splitn(3, '~');
        let mut part = || parts.next().unwrap_or_default();
        let (created_at, tenant, id) =
            (part().parse(), Tenant::new(part()), SubjectId::new(part()));
        match (created_at, tenant, id) {
            (Ok(created_at), Ok(tenant), Ok(id)) => {
                Ok(Self { created_at, tenant: tenant.to_string(), id: id.to_string() })
            }
            _ => Err(Problem::new("invalid_input", "`after` is not what a page gave")),
        }
    }

    /// As an address carries it.
    pub(crate) fn text(&self) -> String {
        format!("{}~{}~{}", self.created_at, self.tenant, self.id)
    }
}

/// What stands somewhere in a list.
pub(crate) trait Placed: FromRow {
    /// Where.
    fn place(&self) -> Place;
}

/// Says of a row's fields where it stands.
macro_rules! placed {
    ($type:ty, $id:ident) => {
        impl $crate::domain::lists::Placed for $type {
            fn place(&self) -> $crate::domain::lists::Place {
                $crate::domain::lists::Place {
                    created_at: self.created_at,
                    id: self.$id.clone(),
                    tenant: self.tenant.clone(),
                }
            }
        }
    };
}
pub(crate) use placed;

/// Which part of a list.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    /// The row before its first; none for the beginning.
    pub(crate) after: Option<Place>,
    /// How many rows at most.
    pub(crate) rows: i64,
}

impl Slice {
    /// The longest first page.
    pub(crate) fn first() -> Self {
        Self { after: None, rows: ROWS_MAX }
    }
}

/// A part of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    /// The last row's place; none where nothing follows.
    pub(crate) next: Option<Place>,
    /// How many rows it has at most.
    pub(crate) limit: i64,
}

/// The end of a statement that [`page`] reads: its arguments are the third to the sixth.
macro_rules! slice {
    ($table:literal, $id:literal) => {
        concat!(
            " AND ",
            $table,
            ".created_at <= ?3 AND (",
            $table,
            ".created_at < ?3 OR ",
            $id,
            " < ?4 OR (",
            $id,
            " = ?4 AND ",
            $table,
            ".tenant < ?5)) ORDER BY ",
            $table,
            ".created_at DESC, ",
            $id,
            " DESC, ",
            $table,
            ".tenant DESC LIMIT ?6"
        )
    };
}
pub(crate) use slice;

/// Reads a part of a list. What the list is about and who may see it are the first two arguments.
pub(crate) async fn page<T: Placed>(
    app: &App,
    list: Query,
    slice: &Slice,
) -> Result<Page<T>, Problem> {
    let beginning = || Place { created_at: i64::MAX, id: String::new(), tenant: String::new() };
    let after = slice.after.clone().unwrap_or_else(beginning);
    let limit = slice.rows.clamp(1, ROWS_MAX);
    let list = list.bind(after.created_at).bind(after.id).bind(after.tenant);
    // One more tells whether anything follows.
    let mut found: Vec<T> = list.bind(limit + 1).fetch_all(app.database()).await?;
    let rows = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > rows;
    found.truncate(rows);
    let next = found.last().filter(|_| more).map(Placed::place);
    Ok(Page { rows: found, next, limit })
}

/// What a user may read of a kind in a firm.
pub(crate) async fn readable(
    app: &App,
    user: &User,
    kind: &str,
    tenant: &Tenant,
) -> Result<Vec<Filter>, Problem> {
    readable_in(app, user, kind, [tenant.clone()]).await
}

/// What a user may read of a kind in each of the firms that a statement finds, which takes the most
/// of them as its last argument.
pub(crate) async fn readable_where(
    app: &App,
    user: &User,
    kind: &str,
    tenants: Query,
) -> Result<Vec<Filter>, Problem> {
    let found: Vec<String> = tenants.bind(TENANTS_MAX + 1).fetch_all(app.database()).await?;
    // Without some of them the list would say less than the law does.
    if found.len() > usize::try_from(TENANTS_MAX).unwrap_or(usize::MAX) {
        return Err(Problem::new("internal", "the list spans too many firms"));
    }
    let tenants: Vec<Tenant> = found.iter().map(Tenant::new).collect::<Result<_, _>>()?;
    readable_in(app, user, kind, tenants).await
}

async fn readable_in(
    app: &App,
    user: &User,
    kind: &str,
    tenants: impl IntoIterator<Item = Tenant>,
) -> Result<Vec<Filter>, Problem> {
    let (actor, ability) = (user.actor()?, format!("{kind}.read"));
    let question = |tenant| Question::in_tenant(&actor, &ability, app.world(), &tenant);
    let questions: Vec<Question> = tenants.into_iter().map(question).collect();
    let filters = app.hos().filter_all(&questions, &Kind::new(kind)?).await;
    Ok(filters.into_iter().collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back() {
        let place = Place { created_at: -5, id: "o~1".to_owned(), tenant: "kilim".to_owned() };
        assert_eq!(Place::parse(&place.text()).unwrap(), place);
        for text in ["", "1~kilim", "x~kilim~o", "1~kilim~", "1~~o", "1~kilim~o\0"] {
            assert_eq!(Place::parse(text).unwrap_err().code(), "invalid_input", "{text:?}");
        }
    }
}
