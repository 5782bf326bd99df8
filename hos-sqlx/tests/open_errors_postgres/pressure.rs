//! A disk that is full, others that hold what is needed, and a database that gives up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hos_core::error::FaultKind;
use hos_core::prelude::*;
use hos_services::{PgBouncer, Postgres};
use hos_sqlx::{PostgresOptions, PostgresStore};
use hos_work::Lane;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::audit::audit;
use crate::backend::Server;
use crate::job::{job, law, prepare, tenant, worker};
use crate::{name, superuser};

pub(crate) const JOBS: u64 = 4;
pub(crate) const SHORT: Duration = Duration::from_millis(200);
const ROWS: &str = "SELECT (SELECT count(*) FROM hos_receipt), (SELECT count(*) FROM hos_entry), \
    (SELECT count(*) FROM hos_pending), (SELECT count(*) FROM hos_outbox), \
    (SELECT sum(revision) FROM hos_subject);";

/// A server of one's own, because others would wait for what is locked here.
pub(crate) struct Place {
    postgres: Arc<Postgres>,
    pooler: Option<PgBouncer>,
    pub(crate) url: String,
    pub(crate) store: PostgresStore,
    pub(crate) hos: Hos,
    pub(crate) firm: Tenant,
}

impl Place {
    /// None, loudly, where a server cannot be started.
    pub(crate) async fn start(options: fn(PostgresOptions) -> PostgresOptions) -> Option<Self> {
        let postgres = Postgres::start().inspect_err(hos_services::skip_or_fail).ok()?;
        let url = postgres.create_database().unwrap();
        let store = PostgresStore::open_with(options(PostgresOptions::new(&url))).await.unwrap();
        Some(Self::over(postgres, None, url, store).await)
    }

    /// As [`Place::start`], through a pooler that the address alone tells of.
    async fn pooled(options: fn(PostgresOptions) -> PostgresOptions) -> Option<Self> {
        let postgres = Postgres::start().inspect_err(hos_services::skip_or_fail).ok()?;
        let pooler = PgBouncer::start(&postgres).inspect_err(hos_services::skip_or_fail).ok()?;
        let url = postgres.create_database().unwrap();
        let through = format!("{}?pooler=transaction", pooler.url(name(&url)));
        let options = options(PostgresOptions::new(through)).direct_url(&url);
        let store = PostgresStore::open_with(options).await.unwrap();
        Some(Self::over(postgres, Some(pooler), url, store).await)
    }

    async fn over(
        postgres: Postgres,
        pooler: Option<PgBouncer>,
        url: String,
        store: PostgresStore,
    ) -> Self {
        sqlx::query("CREATE TABLE domain_move (tenant text, command text)")
            .execute(store.pool())
            .await
            .unwrap();
        let hos = Hos::open([law()], store.clone()).await.unwrap();
        let firm = tenant("firm");
        prepare(&hos, &firm, JOBS).await;
        Self { postgres: Arc::new(postgres), pooler, url, store, hos, firm }
    }

    pub(crate) fn touch(&self, at: u64, key: &str) -> Command {
        Command::new(&worker(), &job(&self.firm, at), "touch").key(key)
    }

    pub(crate) fn server(&self) -> Server {
        Server::Postgres(Arc::clone(&self.postgres), self.url.clone())
    }

    pub(crate) fn superuser(&self, sql: &str) -> String {
        self.postgres.query(name(&self.url), sql, &[]).unwrap()
    }

    /// Another's session, as the superuser.
    pub(crate) async fn stranger(&self) -> PgConnection {
        PgConnection::connect(&self.postgres.superuser_url(name(&self.url))).await.unwrap()
    }

    /// Every way of moving answers a fault of this kind, and writes nothing.
    async fn refuses(&self, expected: FaultKind) {
        let before = self.superuser(ROWS);
        let lane = Lane::new(self.hos.clone());
        let alone = self.hos.transition(&self.touch(0, "alone")).await;
        let in_lane = lane.transition(&self.touch(0, "lane")).await;
        let both = self.touch(0, "both").and(&job(&self.firm, 1), "touch");
        let both = self.hos.transition(&both).await;
        let commands = [self.touch(0, "first"), self.touch(0, "second")];
        let batch = self.hos.transition_all(&commands).await;
        for answer in [alone, in_lane, both].into_iter().chain(batch) {
            let error = answer.unwrap_err();
            assert_eq!(error.fault().map(Fault::kind), Some(expected), "{error:?}");
        }
        assert_eq!(self.superuser(ROWS), before, "nothing is half written");
    }

    /// What was refused succeeds when the cause is gone.
    async fn goes_on(self) {
        let mut keys = BTreeSet::new();
        for key in ["alone", "lane", "first", "second"] {
            let receipt = self.hos.transition(&self.touch(0, key)).await.unwrap();
            assert!(!receipt.replayed);
            keys.insert(key.to_owned());
        }
        self.end(&keys).await;
    }

    pub(crate) async fn end(self, keys: &BTreeSet<String>) {
        audit(&self.server(), &self.hos, &self.firm, keys).await;
        self.store.close().await;
        drop(self.pooler);
    }
}

/// A trigger before every entry that does as it is told.
pub(crate) fn plant(body: &str) -> String {
    format!(
        "CREATE SEQUENCE planted; GRANT USAGE ON SEQUENCE planted TO law;
         CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN {body} RETURN NEW; END $$;
         CREATE TRIGGER planted BEFORE INSERT ON hos_entry FOR EACH ROW
         EXECUTE FUNCTION planted();"
    )
}

pub(crate) const UPROOT: &str = "DROP TRIGGER planted ON hos_entry;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_full_and_nothing_is_half_written() {
    let Some(place) = Place::start(|options| options).await else { return };
    place.superuser(&plant("RAISE EXCEPTION 'no space left' USING ERRCODE = '53100';"));
    place.refuses(FaultKind::Full).await;
    place.superuser(UPROOT);
    place.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collision_that_passes_is_tried_again_unseen() {
    let Some(place) = Place::start(|options| options).await else { return };
    let mut keys = BTreeSet::new();
    for state in ["40001", "40P01"] {
        let body = format!(
            "IF nextval('planted') % 3 <> 0 THEN
                 RAISE EXCEPTION 'a collision' USING ERRCODE = '{state}';
             END IF;"
        );
        place.superuser(&plant(&body));
        for number in 0..4 {
            let key = format!("{state}-{number}");
            place.hos.transition(&place.touch(0, &key)).await.unwrap();
            keys.insert(key);
        }
        let uproot = "DROP FUNCTION planted(); DROP SEQUENCE planted;";
        place.superuser(&format!("{UPROOT} {uproot}"));
    }
    place.end(&keys).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collision_that_stays_is_busy() {
    let Some(place) = Place::start(|options| options).await else { return };
    place.superuser(&plant("RAISE EXCEPTION 'a collision' USING ERRCODE = '40001';"));
    place.refuses(FaultKind::Busy).await;
    place.superuser(UPROOT);
    place.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_others_hold_for_longer_than_a_lock_may_take_is_busy() {
    let Some(place) = Place::start(|options| options.lock_timeout(SHORT)).await else { return };
    held_by_another(place, "SELECT FROM hos_subject WHERE id = 'j-0' FOR UPDATE").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_others_hold_for_longer_than_a_statement_may_take_is_busy() {
    let Some(place) = Place::start(|options| options.statement_timeout(SHORT)).await else {
        return;
    };
    held_by_another(place, "LOCK TABLE hos_receipt IN SHARE MODE").await;
}

/// As where its machine is gone from the network: its process is stopped, its socket is open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_is_not_waited_for() {
    let options = |options: PostgresOptions| options.connections(1).statement_timeout(SHORT);
    let Some(place) = Place::start(options).await else { return };
    let pid = "SELECT pid FROM pg_stat_activity \
               WHERE datname = current_database() AND usename = 'law';";
    for key in ["commit", "load"] {
        let pid = place.superuser(pid);
        let signal = |signal: &str| {
            let kill = format!("kill -{signal} {pid}");
            let sent = std::process::Command::new("sh").args(["-c", &kill]).status().unwrap();
            assert!(sent.success(), "{kill}");
        };
        signal("STOP");
        let fault = match key {
            // Of what is remembered only the commit is sent.
            "commit" => place.hos.transition(&place.touch(0, key)).await.map(drop),
            _ => place.hos.situation(&job(&place.firm, 0)).await.map(drop),
        };
        let expected = if key == "commit" { FaultKind::Ambiguous } else { FaultKind::Unavailable };
        assert_eq!(fault.unwrap_err().fault().map(Fault::kind), Some(expected), "{key}");
        // On another connection, while the first one is still silent.
        place.hos.transition(&place.touch(0, key)).await.unwrap();
        signal("CONT");
    }
    place.end(&BTreeSet::from(["commit".to_owned(), "load".to_owned()])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_more_patient_through_a_pooler() {
    let options = |options: PostgresOptions| options.lock_timeout(SHORT);
    let Some(place) = Place::pooled(options).await else { return };
    held_by_another(place, "SELECT FROM hos_subject WHERE id = 'j-0' FOR UPDATE").await;
    let options = |options: PostgresOptions| options.statement_timeout(SHORT);
    let Some(place) = Place::pooled(options).await else { return };
    held_by_another(place, "LOCK TABLE hos_receipt IN SHARE MODE").await;
    let Some(place) = Place::pooled(|options| options.connections(1)).await else { return };
    let mut own = place.store.begin().await.unwrap();
    let shown = "SELECT current_setting('lock_timeout') || current_setting('statement_timeout')";
    let shown: String = sqlx::query_scalar(shown).fetch_one(&mut *own).await.unwrap();
    assert_eq!(shown, "5s30s");
    own.rollback().await.unwrap();
    place.end(&BTreeSet::new()).await;
}

async fn held_by_another(place: Place, sql: &'static str) {
    let mut stranger = place.stranger().await;
    let mut transaction = stranger.begin().await.unwrap();
    sqlx::query(sql).execute(&mut *transaction).await.unwrap();
    place.refuses(FaultKind::Busy).await;
    transaction.rollback().await.unwrap();
    place.goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_a_free_connection_is_unavailable() {
    let Some(server) = crate::server() else { return };
    let url = server.create_database().unwrap();
    let options = PostgresOptions::new(&url).connections(1).acquire_timeout(SHORT);
    let store = PostgresStore::open_with(options).await.unwrap();
    let held = store.begin().await.unwrap();
    assert_eq!(store.begin().await.unwrap_err().kind(), FaultKind::Unavailable);
    held.rollback().await.unwrap();
    limit(server, &url);
    let fault = PostgresStore::open(&url).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault:?}");
    store.close().await;
}

/// No more connections than there are.
fn limit(server: &Postgres, url: &str) {
    let sql = "ALTER DATABASE :\"name\" CONNECTION LIMIT 0;";
    server.query("postgres", sql, &[("name", name(url))]).unwrap();
    assert_eq!(superuser(url, "SELECT 1;"), "1", "a superuser is above it");
}

/// Else crashes and storms would wait until the server has ended what they left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_left_behind_fails_the_audit() {
    let Some(place) = Place::start(|options| options).await else { return };
    let mut leaked = place.store.begin().await.unwrap();
    sqlx::query("SELECT 1").execute(&mut *leaked).await.unwrap();
    let audited = tokio::spawn(async move { place.end(&BTreeSet::new()).await }).await;
    assert!(audited.is_err_and(|error| error.is_panic()), "the leak is seen");
}
