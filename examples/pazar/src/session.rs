//! Sessions: what a cookie stands for, how long, and how it ends.
//!
//! A sign-in starts a family of tokens. Once a day the token is replaced; the old one is good for
//! another minute, for requests that were already under way. Whoever shows it later, shows that
//! two hold it: the family ends.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use hos_core::time::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::auth::User;
use crate::database::{FromRow, Row, Transaction, query};
use crate::error::Problem;
use crate::request::random_hex;

/// How long a session lasts, whatever happens.
pub const SESSION_TIME_MAX: Duration = Duration::from_secs(30 * 86_400);
/// How long a session lasts that nobody uses.
pub const IDLE_TIME_MAX: Duration = Duration::from_secs(7 * 86_400);
/// How old a token becomes before another takes its place.
pub const TOKEN_TIME_MAX: Duration = Duration::from_secs(86_400);
/// How long a replaced token is still good.
pub const OVERLAP_TIME: Duration = Duration::from_secs(60);
/// How often it is noted that a session is in use: not at each request.
const SEEN_STEP: Duration = Duration::from_secs(3_600);

/// How the cookie is called and marked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cookies {
    name: &'static str,
    marks: &'static str,
}

impl Cookies {
    /// Cookies for encrypted connections only, under a name that no other host can set; or plain.
    pub(crate) fn new(https: bool) -> Self {
        if https {
            let marks = "Path=/; HttpOnly; SameSite=Lax; Secure";
            return Self { name: "__Host-pazar_session", marks };
        }
        Self { name: "pazar_session", marks: "Path=/; HttpOnly; SameSite=Lax" }
    }

    /// The cookie that carries a token.
    fn with(self, token: &str) -> String {
        let Self { name, marks } = self;
        format!("{name}={token}; {marks}; Max-Age={}", SESSION_TIME_MAX.as_secs())
    }

    /// The cookie that takes it away.
    pub(crate) fn none(self) -> String {
        format!("{}=; {}; Max-Age=0", self.name, self.marks)
    }

    /// Whether a cookie that is set is the session's.
    pub(crate) fn is_own(self, set: &HeaderValue) -> bool {
        set.as_bytes().starts_with(self.name.as_bytes())
    }

    /// The token of a request, if it carries one.
    pub(crate) fn token(self, headers: &HeaderMap) -> Option<&str> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|text| text.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
        let token = pairs.find_map(|pair| pair.trim().strip_prefix(self.name)?.strip_prefix('='));
        token.filter(|token| !token.is_empty())
    }
}

/// What is stored of a token: whoever reads the file cannot sign in with it.
fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Opens a session for a user whose credential was checked; answers its token.
///
/// # Errors
///
/// What the database says.
pub async fn open(app: &App, user_id: &str) -> Result<String, Problem> {
    let mut transaction = app.database().begin().await?;
    let token = open_in(&mut transaction, user_id, app.now()).await?;
    transaction.commit().await?;
    app.metrics().session_opened();
    Ok(token)
}

/// Opens a session in place of whatever the request came with; answers the cookie. A token that
/// somebody planted before the sign-in is worth nothing after it.
pub(crate) async fn begin(
    app: &App,
    headers: &HeaderMap,
    user_id: &str,
) -> Result<String, Problem> {
    end(app, headers).await?;
    Ok(app.cookies().with(&open(app, user_id).await?))
}

async fn open_in(
    transaction: &mut Transaction,
    user_id: &str,
    now: Timestamp,
) -> Result<String, Problem> {
    query("DELETE FROM sessions WHERE expires_at <= ? OR seen_at <= ?")
        .bind(now.as_micros())
        .bind(now.before(IDLE_TIME_MAX).as_micros())
        .execute(&mut *transaction)
        .await?;
    let token = random_hex(32);
    query(
        "INSERT INTO sessions (token_hash, family, user_id, created_at, seen_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
    )
    .bind(token_hash(&token))
    .bind(random_hex(16))
    .bind(user_id)
    .bind(now.as_micros())
    .bind(now.after(SESSION_TIME_MAX).as_micros())
    .execute(transaction)
    .await?;
    Ok(token)
}

/// A token's row, with its user.
struct Found {
    family: String,
    created_at: i64,
    seen_at: i64,
    replaced_at: Option<i64>,
    expires_at: i64,
    user: User,
}

impl FromRow for Found {
    fn from_row(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            family: row.get("family")?,
            created_at: row.get("created_at")?,
            seen_at: row.get("seen_at")?,
            replaced_at: row.get("replaced_at")?,
            expires_at: row.get("expires_at")?,
            user: User::from_row(row)?,
        })
    }
}

/// Who a request comes from, and the cookie with another token when it is time for one.
#[derive(Debug)]
pub(crate) struct Resumed {
    pub(crate) user: User,
    pub(crate) cookie: Option<String>,
}

/// Takes up the session of a request; none when there is none any more.
pub(crate) async fn resume(app: &App, headers: &HeaderMap) -> Result<Option<Resumed>, Problem> {
    let Some(token) = app.cookies().token(headers) else { return Ok(None) };
    let hash = token_hash(token);
    let found: Option<Found> = query(
        "SELECT s.family, s.created_at, s.seen_at, s.replaced_at, s.expires_at, \
         u.id, u.email, u.name FROM sessions AS s JOIN users AS u ON u.id = s.user_id \
         WHERE s.token_hash = ?",
    )
    .bind(hash.as_slice())
    .fetch_optional(app.database())
    .await?;
    let Some(found) = found else { return Ok(None) };
    let now = app.now();
    let since = |length| now.before(length).as_micros();
    if found.expires_at <= now.as_micros() || found.seen_at <= since(IDLE_TIME_MAX) {
        return Ok(None);
    }
    let renewed = match found.replaced_at {
        Some(at) if at <= since(OVERLAP_TIME) => {
            tracing::warn!("a replaced token was shown again; its session is over");
            end_family(app, &found.family).await?;
            return Ok(None);
        }
        Some(_) => Ok(None),
        None if found.created_at <= since(TOKEN_TIME_MAX) => replace(app, &hash, now).await,
        None if found.seen_at <= since(SEEN_STEP) => note_seen(app, &hash, now).await,
        None => Ok(None),
    };
    // A session that cannot be renewed just now holds all the same.
    let token = renewed.unwrap_or_else(|problem| {
        tracing::error!(code = problem.code(), "a session was not renewed");
        None
    });
    let cookie = token.map(|token| app.cookies().with(&token));
    Ok(Some(Resumed { user: found.user, cookie }))
}

/// Puts another token in the place of one; none when another request was faster.
async fn replace(app: &App, hash: &[u8], now: Timestamp) -> Result<Option<String>, Problem> {
    let token = random_hex(32);
    let mut transaction = app.database().begin().await?;
    let replaced = query(
        "UPDATE sessions SET replaced_at = ?1, seen_at = ?1 \
         WHERE token_hash = ?2 AND replaced_at IS NULL",
    )
    .bind(now.as_micros())
    .bind(hash)
    .execute(&mut transaction)
    .await?;
    if replaced == 0 {
        return Ok(None);
    }
    query(
        "INSERT INTO sessions (token_hash, family, user_id, created_at, seen_at, expires_at) \
         SELECT ?1, family, user_id, ?2, ?2, expires_at FROM sessions WHERE token_hash = ?3",
    )
    .bind(token_hash(&token))
    .bind(now.as_micros())
    .bind(hash)
    .execute(&mut transaction)
    .await?;
    transaction.commit().await?;
    Ok(Some(token))
}

async fn note_seen(app: &App, hash: &[u8], now: Timestamp) -> Result<Option<String>, Problem> {
    let seen = query("UPDATE sessions SET seen_at = ? WHERE token_hash = ?");
    seen.bind(now.as_micros()).bind(hash).execute(app.database()).await?;
    Ok(None)
}

async fn end_family(app: &App, family: &str) -> Result<(), Problem> {
    query("DELETE FROM sessions WHERE family = ?").bind(family).execute(app.database()).await?;
    Ok(())
}

/// Ends the session of a request; one that is over already is no fault.
pub(crate) async fn end(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(token) = app.cookies().token(headers) else { return Ok(()) };
    let family = query("SELECT family FROM sessions WHERE token_hash = ?").bind(token_hash(token));
    match family.fetch_optional::<String>(app.database()).await? {
        Some(family) => end_family(app, &family).await,
        None => Ok(()),
    }
}

/// Ends every session of a user, on every device.
pub(crate) async fn end_all(app: &App, user: &User) -> Result<(), Problem> {
    query("DELETE FROM sessions WHERE user_id = ?").bind(&user.id).execute(app.database()).await?;
    Ok(())
}
