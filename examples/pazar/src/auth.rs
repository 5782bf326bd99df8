//! Who is asking: passwords, sessions, and the user of a request.

use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use hos_core::actor::Actor;
use hos_core::time::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::app::App;
use crate::error::Problem;
use crate::request::random_hex;

/// How long a session lasts.
pub const SESSION_TIME_MAX: Duration = Duration::from_secs(30 * 86_400);
/// The longest e-mail address, in bytes.
pub const EMAIL_BYTES_MAX: usize = 254;
/// The longest password, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// How many passwords are hashed at once: each takes 19 MiB while it is.
static HASHING: Semaphore = Semaphore::const_new(4);

const COOKIE: &str = "pazar_session";

/// A signed-in user.
#[derive(Debug, Clone, sqlx::FromRow, serde::Serialize)]
#[non_exhaustive]
pub struct User {
    /// The opaque id that the law knows.
    pub id: String,
    /// Unique in the whole marketplace: it names one account and no tenant.
    pub email: String,
    /// What pages call the user.
    pub name: String,
}

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
        let Some(token) = token(&parts.headers) else { return Ok(Self(None)) };
        let user = sqlx::query_as(
            "SELECT users.id, users.email, users.name FROM sessions \
             JOIN users ON users.id = sessions.user_id \
             WHERE sessions.token_hash = ? AND sessions.expires_at > ?",
        )
        .bind(token_hash(token))
        .bind(app.now().as_micros())
        .fetch_optional(app.reader())
        .await?;
        Ok(Self(user))
    }
}

/// The session's token of a request, if it carries one.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// What is stored of a token: whoever reads the file cannot sign in with it.
fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// The cookie that carries a token.
pub(crate) fn cookie(token: &str) -> String {
    let seconds = SESSION_TIME_MAX.as_secs();
    format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}")
}

/// The cookie that takes it away.
pub(crate) fn no_cookie() -> String {
    format!("{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// E-mail addresses are compared without case and without space around them.
pub(crate) fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Signs in by e-mail and password, which name one account in the whole marketplace. Answers the
/// user and a fresh token.
pub(crate) async fn sign_in(
    app: &App,
    email: &str,
    password: String,
) -> Result<(User, String), Problem> {
    let wrong = || Problem::new("unauthenticated", "e-mail or password is wrong");
    if email.len() > EMAIL_BYTES_MAX || password.len() > PASSWORD_BYTES_MAX {
        return Err(wrong());
    }
    let found: Option<(String, String)> =
        sqlx::query_as("SELECT id, password_hash FROM users WHERE email = ?")
            .bind(normal_email(email))
            .fetch_optional(app.reader())
            .await?;
    // An unknown address takes as long as a wrong password.
    let (id, hash) = match found {
        Some((id, hash)) => (Some(id), hash),
        None => (None, app.decoy_hash().to_owned()),
    };
    let genuine = verify(password, hash).await?;
    let id = id.filter(|_| genuine).ok_or_else(wrong)?;
    let token = open_session(app, &id).await?;
    let user = sqlx::query_as("SELECT id, email, name FROM users WHERE id = ?")
        .bind(id)
        .fetch_one(app.reader())
        .await?;
    Ok((user, token))
}

/// Opens a session for a user whose credential was checked; answers its token.
///
/// # Errors
///
/// What the database says.
pub async fn open_session(app: &App, user_id: &str) -> Result<String, Problem> {
    let token = random_hex(32);
    let now = app.now();
    let mut transaction = app.store().begin().await?;
    sqlx::query("DELETE FROM sessions WHERE expires_at <= ?")
        .bind(now.as_micros())
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "INSERT INTO sessions (token_hash, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
    )
    .bind(token_hash(&token))
    .bind(user_id)
    .bind(now.as_micros())
    .bind(now.after(SESSION_TIME_MAX).as_micros())
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(token)
}

/// Revokes a session; one that is over already is no fault.
pub(crate) async fn sign_out(app: &App, token: &str) -> Result<(), Problem> {
    let mut transaction = app.store().begin().await?;
    sqlx::query("DELETE FROM sessions WHERE token_hash = ?")
        .bind(token_hash(token))
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
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
    let known: Option<i64> = sqlx::query_scalar("SELECT 1 FROM users WHERE email = ?")
        .bind(normal_email(email))
        .fetch_optional(app.reader())
        .await?;
    if known.is_some() {
        return Ok(());
    }
    let hash = hash(password.to_owned()).await?;
    let mut transaction = app.store().begin().await?;
    sqlx::query(
        "INSERT INTO users (id, email, name, password_hash) VALUES (?, ?, ?, ?) \
         ON CONFLICT (email) DO NOTHING",
    )
    .bind(id)
    .bind(normal_email(email))
    .bind(name)
    .bind(hash)
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

/// Hashes a password, away from the threads that answer.
pub(crate) async fn hash(password: String) -> Result<String, Problem> {
    let _turn = HASHING.acquire().await;
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
    });
    match hashed.await {
        Ok(Ok(hash)) => Ok(hash),
        _ => Err(Problem::new("internal", "the password could not be hashed")),
    }
}

async fn verify(password: String, hash: String) -> Result<bool, Problem> {
    let _turn = HASHING.acquire().await;
    let verified = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    });
    verified.await.map_err(|_| Problem::new("internal", "the password could not be checked"))
}

/// A time as JSON and pages show it.
pub(crate) fn moment(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}
