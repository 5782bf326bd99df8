//! Who is asking: passwords, and the user of a request.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use hos_core::actor::Actor;
use hos_core::time::Timestamp;
use tokio::sync::Semaphore;

use crate::app::App;
use crate::database::{from_row, query};
use crate::error::Problem;
use crate::request::note_session;
pub use crate::session::open as open_session;
use crate::session::{self, Resumed};

/// The longest e-mail address, in bytes.
pub const EMAIL_BYTES_MAX: usize = 254;
/// The longest password, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// How many passwords are hashed at once: each takes 19 MiB while it is.
static HASHING: Semaphore = Semaphore::const_new(4);

/// A signed-in user.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[non_exhaustive]
pub struct User {
    /// The opaque id that the law knows.
    pub id: String,
    /// Unique in the whole marketplace: it names one account and no tenant.
    pub email: String,
    /// What pages call the user.
    pub name: String,
}

from_row!(User { id, email, name });

impl User {
    /// The actor that the law judges.
    pub(crate) fn actor(&self) -> Result<Actor, Problem> {
        Ok(Actor::user(&self.id)?)
    }
}

impl FromRequestParts<App> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Visitor(user) = Visitor::from_request_parts(parts, app).await?;
        user.ok_or_else(|| Problem::new("unauthenticated", "sign in first"))
    }
}

/// Whoever asks: a user, or nobody in particular.
#[derive(Debug, Clone)]
pub(crate) struct Visitor(pub(crate) Option<User>);

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let resumed = session::resume(app, &parts.headers).await?;
        let user = resumed.map(|Resumed { user, cookie }| {
            note_session(cookie);
            user
        });
        parts.extensions.insert(Self(user.clone()));
        Ok(Self(user))
    }
}

/// E-mail addresses are compared without case and without space around them.
pub(crate) fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Signs in by e-mail and password, which name one account in the whole marketplace. Answers the
/// user and the cookie of a fresh session.
pub(crate) async fn sign_in(
    app: &App,
    headers: &HeaderMap,
    email: &str,
    password: String,
) -> Result<(User, String), Problem> {
    let wrong = || Problem::new("unauthenticated", "e-mail or password is wrong");
    if email.len() > EMAIL_BYTES_MAX || password.len() > PASSWORD_BYTES_MAX {
        return Err(wrong());
    }
    app.limits().sign_in(app, &normal_email(email))?;
    let found: Option<(String, String)> =
        query("SELECT id, password_hash FROM users WHERE email = ?")
            .bind(normal_email(email))
            .fetch_optional(app.database())
            .await?;
    // An unknown address takes as long as a wrong password.
    let (id, hash) = match found {
        Some((id, hash)) => (Some(id), hash),
        None => (None, app.decoy_hash().to_owned()),
    };
    let genuine = verify(password, hash).await?;
    let id = id.filter(|_| genuine).ok_or_else(wrong)?;
    let cookie = session::begin(app, headers, &id).await?;
    let user = query("SELECT id, email, name FROM users WHERE id = ?")
        .bind(id)
        .fetch_one(app.database())
        .await?;
    Ok((user, cookie))
}

/// Adds an account unless its e-mail address has one. The address is unique in the whole
/// marketplace, whatever tenants the account works for.
///
/// # Errors
///
/// What the database says.
pub async fn add_account(
    app: &App,
    id: &str,
    email: &str,
    name: &str,
    password: &str,
) -> Result<(), Problem> {
    let known: Option<i64> = query("SELECT 1 FROM users WHERE email = ?")
        .bind(normal_email(email))
        .fetch_optional(app.database())
        .await?;
    if known.is_some() {
        return Ok(());
    }
    let hash = hash(password.to_owned()).await?;
    query("INSERT INTO users (id, email, name, password_hash) VALUES (?, ?, ?, ?)")
        .bind(id)
        .bind(normal_email(email))
        .bind(name)
        .bind(hash)
        .unless_known()
        .execute(app.database())
        .await?;
    Ok(())
}

/// Hashes a password, away from the threads that answer.
pub(crate) async fn hash(password: String) -> Result<String, Problem> {
    let turn = HASHING.acquire().await;
    // The turn ends with the work, even when nobody waits for it any more.
    let hashed = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    match hashed.await {
        Ok(Ok(hash)) => Ok(hash),
        _ => Err(Problem::new("internal", "the password could not be hashed")),
    }
}

async fn verify(password: String, hash: String) -> Result<bool, Problem> {
    let turn = HASHING.acquire().await;
    let verified = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    });
    verified.await.map_err(|_| Problem::new("internal", "the password could not be checked"))
}

/// A time as JSON and pages show it.
pub(crate) fn moment(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}
