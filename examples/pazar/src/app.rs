//! The application: the law over the database, the router over the application.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use hos_core::error::{Error, LawError};
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::{Tenant, World};
use hos_core::subject::Subject;
use hos_core::time::{Clock, SystemClock, Timestamp};
use tokio::sync::Semaphore;

use crate::config::{Config, PublicUrl};
use crate::database::{Database, DatabaseUrl, Dialect};
use crate::error::Problem;
use crate::law;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::sealing::{PersonKeys, Sealing, make_first_keys, with_vault};
use crate::session::Cookies;
use crate::webhook::Secret;
use crate::{auth, domain, keys, routes, seed};

/// How often holds are looked at.
const TIMER_PAUSE: Duration = Duration::from_secs(2);
/// How often room is made for what is to come.
const ROOM_PAUSE: Duration = Duration::from_secs(10 * 60);
/// The most holds that one look ends.
const TIMERS_LIMIT: u32 = 100;
/// How often entries are looked for that have no place in their log yet.
const NUMBER_PAUSE: Duration = Duration::from_millis(200);
/// The most entries that are given their place at once.
const NUMBER_LIMIT: u32 = 1_000;
/// How often somebody who reads a log asks for that at most.
const NUMBER_ROUNDS: u32 = 16;
/// How many files of evidence are made at once: each is in memory while it is made.
const EXPORTS_AT_ONCE: usize = 4;
/// How many old receipts go at once.
const SWEEP_LIMIT: u32 = 500;

/// The application. Clones share it.
#[derive(Debug, Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    hos: Hos,
    database: Database,
    world: World,
    clock: SharedClock,
    webhook_secret: Secret,
    decoy_hash: String,
    demo: bool,
    /// Where this server hears webhooks, once it listens: the demo provider posts there.
    own_url: OnceLock<String>,
    cookies: Cookies,
    public_url: Option<PublicUrl>,
    trusted_proxy: Option<IpAddr>,
    limits: Limits,
    metrics: Metrics,
    sealing: Sealing,
    vault: Option<PersonKeys>,
    /// How many files of evidence are made at once.
    exports: Semaphore,
    stopping: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("world", &self.world).finish_non_exhaustive()
    }
}

/// The one clock of law and marketplace.
#[derive(Clone)]
struct SharedClock(Arc<dyn Clock>);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// Why the application does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The directory of the data cannot be made.
    #[error("the directory of the data cannot be made: {0}")]
    Directory(#[from] std::io::Error),
    /// The law has faults.
    #[error(transparent)]
    Law(#[from] LawError),
    /// The database cannot be used.
    #[error(transparent)]
    Hos(#[from] Error),
    /// The keys of persons are not to be had.
    #[error("the vault cannot be opened: {0}")]
    Vault(String),
    /// The demo data cannot be laid down.
    #[error("the demo data cannot be laid down: {0}")]
    Seed(String),
}

impl From<hos_core::error::Fault> for StartError {
    fn from(fault: hos_core::error::Fault) -> Self {
        Self::Hos(fault.into())
    }
}

impl From<hos_core::id::IdError> for StartError {
    fn from(error: hos_core::id::IdError) -> Self {
        Self::Hos(error.into())
    }
}

impl From<Problem> for StartError {
    fn from(problem: Problem) -> Self {
        Self::Seed(format!("{} ({})", problem.detail(), problem.code()))
    }
}

impl App {
    /// Opens the database, brings it up to date, and lays down the demo data if asked for.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        Self::open_at(config, Arc::new(SystemClock)).await
    }

    /// As [`App::open`], under a clock.
    ///
    /// # Errors
    ///
    /// As [`App::open`].
    pub async fn open_at(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        if let DatabaseUrl::Sqlite(file) = &config.database
            && let Some(directory) = file.parent()
        {
            std::fs::create_dir_all(directory)?;
        }
        make_first_keys(config)?;
        let limits = Limits::new(&config.quotas, &clock);
        let clock = SharedClock(clock);
        let database = Database::open(&config.database).await?;
        domain::schema::migrate(&database).await?;
        for column in domain::schema::guarded_columns()? {
            database.guard(&column).await?;
        }
        let options = HosOptions::default().deployment(keys::DEPLOYMENT).clock(clock.clone());
        let (options, vault) = with_vault(options, PersonKeys::open(config).await?);
        let hos = database.open_law(law::law()?, options).await?;
        let app = Self(Arc::new(Shared {
            sealing: Sealing::open(&hos, config),
            vault,
            exports: Semaphore::new(EXPORTS_AT_ONCE),
            hos,
            database,
            world: World::new(law::WORLD)?,
            clock,
            webhook_secret: config.webhook_secret.clone(),
            decoy_hash: auth::hash(crate::request::random_hex(16)).await?,
            demo: config.demo,
            own_url: OnceLock::new(),
            cookies: Cookies::new(config.public_url.as_ref().is_some_and(PublicUrl::is_https)),
            public_url: config.public_url.clone(),
            trusted_proxy: config.trusted_proxy,
            limits,
            metrics: Metrics::new(),
            stopping: AtomicBool::new(false),
        }));
        if config.demo {
            seed::lay_down(&app).await?;
        }
        Ok(app)
    }

    /// Everything that is answered over HTTP.
    pub fn router(&self) -> Router {
        routes::router(self.clone())
    }

    /// Ends holds whose time has come, as ordinary transitions by a job; answers how many.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn end_holds(&self) -> Result<usize, Problem> {
        let fired = self.hos().fire_due(self.now(), TIMERS_LIMIT).await?;
        let ended = fired.iter().filter(|timer| timer.outcome.is_ok()).count();
        self.metrics().timers_fired(ended);
        Ok(ended)
    }

    /// Gives every entry its place in its log that has none yet, or as many as a reader can wait
    /// for. In a file each got it in its commit.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn number_entries(&self) -> Result<(), Problem> {
        for _ in 0..NUMBER_ROUNDS {
            if self.hos().sequence_pending(NUMBER_LIMIT).await? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Seals every log as it is now, and puts the checkpoints into the deployment's log. Without a
    /// key it does nothing.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn seal_now(&self) -> Result<(), Problem> {
        Ok(self.0.sealing.seal_now().await?)
    }

    /// Ends holds, forgets old receipts, numbers entries, makes room and seals for as long as it is
    /// polled.
    pub async fn keep_house(self) {
        let erased = async {
            if let Err(problem) = domain::erasures::repeat(&self).await {
                tracing::error!(code = problem.code(), "erasures were not looked through");
            }
        };
        let kept = (self.keep_standing(), self.keep_numbering(), self.keep_room());
        tokio::join!(erased, kept.0, kept.1, kept.2, self.0.sealing.run());
    }

    async fn keep_room(&self) {
        let mut pause = tokio::time::interval(ROOM_PAUSE);
        pause.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            pause.tick().await;
            if let Err(fault) = self.database().make_room(self.now()).await {
                tracing::error!(%fault, "no room was made for the months that come");
            }
        }
    }

    async fn keep_numbering(&self) {
        // Who seals numbers too.
        if self.database().dialect() == Dialect::Sqlite || self.sealing().why_off().is_none() {
            return;
        }
        let mut pause = tokio::time::interval(NUMBER_PAUSE);
        pause.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            pause.tick().await;
            if let Err(problem) = self.number_entries().await {
                tracing::error!(code = problem.code(), "entries were not numbered");
            }
        }
    }

    async fn keep_standing(&self) {
        let mut pause = tokio::time::interval(TIMER_PAUSE);
        pause.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            pause.tick().await;
            match self.end_holds().await {
                Ok(0) => {}
                Ok(ended) => tracing::info!(ended, "holds ended"),
                Err(problem) => tracing::error!(code = problem.code(), "holds were not ended"),
            }
            self.limits().forget_idle();
            if let Err(fault) = self.hos().sweep_receipts(SWEEP_LIMIT).await {
                tracing::error!(%fault, "old receipts were not swept");
            }
        }
    }

    /// Says where this server listens, for the demo provider.
    pub fn listens_at(&self, url: String) {
        let _ = self.0.own_url.set(url);
    }

    /// Says that no new visitors are wanted: `/ready` fails from here on.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Ends every connection; a file has everything written back into it.
    pub async fn close(&self) {
        self.stop();
        if let Err(fault) = self.0.database.close().await {
            tracing::error!(%fault, "the database was not closed well");
        }
        if let Some(vault) = &self.0.vault
            && let Err(fault) = vault.close().await
        {
            tracing::error!(%fault, "the vault was not closed well");
        }
    }

    /// The law.
    #[must_use]
    pub fn hos(&self) -> &Hos {
        &self.0.hos
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// The world.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.0.world
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn webhook_secret(&self) -> &Secret {
        &self.0.webhook_secret
    }

    pub(crate) fn decoy_hash(&self) -> &str {
        &self.0.decoy_hash
    }

    /// Whether the demo accounts are there.
    pub(crate) fn is_demo(&self) -> bool {
        self.0.demo
    }

    pub(crate) fn own_url(&self) -> Option<&str> {
        self.0.own_url.get().map(String::as_str)
    }

    pub(crate) fn cookies(&self) -> Cookies {
        self.0.cookies
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.public_url.as_ref().is_some_and(PublicUrl::is_https)
    }

    pub(crate) fn public_origin(&self) -> Option<&str> {
        self.0.public_url.as_ref().map(PublicUrl::origin)
    }

    pub(crate) fn trusted_proxy(&self) -> Option<IpAddr> {
        self.0.trusted_proxy
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// What seals, or why nothing does.
    pub(crate) fn sealing(&self) -> &Sealing {
        &self.0.sealing
    }

    /// Why nothing is sealed, if that is so.
    #[must_use]
    pub fn why_unsealed(&self) -> Option<&str> {
        self.0.sealing.why_off()
    }

    /// The keys of persons, where they are kept.
    pub(crate) fn vault(&self) -> Option<&PersonKeys> {
        self.0.vault.as_ref()
    }

    pub(crate) fn exports(&self) -> &Semaphore {
        &self.0.exports
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    /// Names a thing of a tenant.
    pub(crate) fn subject(
        &self,
        tenant: &Tenant,
        kind: &str,
        id: &str,
    ) -> Result<Subject, Problem> {
        Ok(Subject::new(self.world().as_str(), tenant.as_str(), kind, id)?)
    }
}
