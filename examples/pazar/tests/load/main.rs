//! Many users at once: they look around, buy, pay, and book, and nobody sees a fault.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of users and `HOS_CAMPAIGN_SEED` their dice; a campaign's
//! user does something every second. A table of what the answers took goes to standard output;
//! no figure is judged here, only that every answer was the right one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]
#![expect(clippy::indexing_slicing, reason = "helpers of tests")]
#![expect(clippy::print_stdout, reason = "a table is what a campaign makes")]

#[path = "../support/program.rs"]
#[expect(dead_code, reason = "the log is for those who look for something in it")]
mod program;
mod report;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hos_conformance::campaign::Campaign;
use hos_core::time::{Clock as _, SystemClock, Timestamp};
use pazar::webhook::Secret;
use program::Program;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use report::{Report, Usage};
use reqwest::Response;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval_at};

const USERS: u64 = 12;
const STEPS: u64 = 60;
const STEPS_IN_A_TEST: u64 = 6;
const HOUR: i64 = 3_600_000_000;

/// What everybody deals with.
struct Market {
    shop: Program,
    secret: Secret,
    /// Sold by the piece, more than enough of it.
    rug: String,
    /// Booked by the hour.
    hall: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_users_at_once_see_no_fault() {
    let directory = tempfile::tempdir().unwrap();
    let secret = Secret::random();
    let market = Arc::new(Market::open(directory.path(), secret).await);
    let server = market.shop.child.id();
    let campaign = Campaign::from_environment(USERS);
    let mut people = Vec::new();
    for number in 0..campaign.size {
        let email = if number % 2 == 0 { "ada@pazar.example" } else { "can@pazar.example" };
        people.push(market.shop.sign_in(email).await);
    }
    let before = Usage::of(server);
    let users = people.into_iter().zip(0_u64..).map(|(who, number)| {
        let rng = StdRng::seed_from_u64(campaign.seed.wrapping_mul(1_000_003) + number);
        tokio::spawn(User { market: Arc::clone(&market), who, number, rng }.live())
    });
    let mut report = Report::default();
    for user in users.collect::<Vec<_>>() {
        report.add(user.await.unwrap());
    }
    report.print(campaign.size, before.zip(Usage::of(server)));
}

impl Market {
    /// Starts the shop and lays in stock. All users come from one address: its limits are off.
    async fn open(directory: &Path, secret: Secret) -> Self {
        let settings = [("PAZAR_WEBHOOK_SECRET", secret.reveal()), ("PAZAR_LIMITS", "off".into())];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        let shop = Program::start(directory, &settings).await;
        let mut market = Self { shop, secret, rug: String::new(), hall: String::new() };
        let rug = json!({
            "flow": "sale", "title": "Load rug", "category": "product", "price": 100,
            "stock": 1_000_000,
        });
        market.rug = market.offer("owner@kilim.example", "kilim", rug).await;
        let hall = json!({
            "flow": "booking", "title": "Load hall", "category": "service", "price": 100,
            "capacity": 4, "unit": "hour",
        });
        market.hall = market.offer("owner@konak.example", "konak", hall).await;
        market
    }

    async fn offer(&self, owner: &str, firm: &str, new: Value) -> String {
        let owner = self.shop.sign_in(owner).await;
        let path = format!("/api/v1/tenants/{firm}/listings");
        let opened = right(self.post(&owner, &path, "load:open", &new).await, 201).await;
        let id = opened["id"].as_str().unwrap().to_owned();
        let publish = format!("{path}/{id}/actions/publish");
        right(self.post(&owner, &publish, "load:publish", &json!({})).await, 200).await;
        id
    }

    async fn post(&self, who: &str, path: &str, key: &str, body: &Value) -> Response {
        let headers = [("cookie", who), ("idempotency-key", key)];
        self.shop.post(path, &headers, body.to_string()).await
    }
}

/// The body of an answer, which must be the expected one.
async fn right(answer: Response, status: u16) -> Value {
    let (given, path) = (answer.status(), answer.url().path().to_owned());
    let text = answer.text().await.unwrap();
    assert_eq!(given, status, "{path}: {text}");
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// One of them.
struct User {
    market: Arc<Market>,
    who: String,
    number: u64,
    rng: StdRng,
}

impl User {
    async fn live(mut self) -> Report {
        let mut report = Report::default();
        let campaign = std::env::var_os("HOS_CAMPAIGN_SIZE").is_some();
        let offset = Duration::from_millis(self.rng.random_range(0..1_000));
        let second = Duration::from_secs(1);
        let mut pace = interval_at(tokio::time::Instant::now() + offset, second);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for step in 0..if campaign { STEPS } else { STEPS_IN_A_TEST } {
            if campaign {
                pace.tick().await;
            }
            self.act(step, &mut report).await;
        }
        report
    }

    async fn act(&mut self, step: u64, report: &mut Report) {
        match self.rng.random_range(0..100) {
            0..45 => self.look("/", "browse", report).await,
            45..70 => {
                let path = format!("/t/kilim/listings/{}", self.market.rug);
                self.look(&path, "listing", report).await;
            }
            70..78 => self.look("/mine", "mine", report).await,
            78..90 => self.buy(step, report).await,
            _ => self.book(step, report).await,
        }
    }

    async fn look(&self, path: &str, name: &'static str, report: &mut Report) {
        let Program { client, url, .. } = &self.market.shop;
        let request = client.get(format!("{url}{path}")).header("cookie", &self.who);
        let answer = report.time(name, async { right(request.send().await.unwrap(), 200).await });
        answer.await;
    }

    async fn buy(&self, step: u64, report: &mut Report) {
        let market = &self.market;
        let key = format!("load:{}:{step}", self.number);
        let body = json!({ "listing": market.rug, "quantity": 1 });
        let order = market.post(&self.who, "/api/v1/tenants/kilim/orders", &key, &body);
        let order = right(report.time("buy", order).await, 201).await;
        let body = json!({ "payable_kind": "order", "payable": order["id"] });
        let key = format!("{key}:pay");
        let payment = market.post(&self.who, "/api/v1/tenants/kilim/payments", &key, &body);
        let payment = right(report.time("pay", payment).await, 201).await;
        let data = json!({ "reference": payment["reference"], "amount": 100, "currency": "TRY" });
        let event = json!({ "type": "payment.paid", "data": data }).to_string();
        let seconds = SystemClock.now().as_micros().div_euclid(1_000_000);
        let id = format!("evt_{}_{step}", self.number);
        let signature = market.secret.sign(&id, seconds, event.as_bytes());
        let seconds = seconds.to_string();
        let headers = [
            ("webhook-id", id.as_str()),
            ("webhook-timestamp", seconds.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        let heard = market.shop.post("/webhooks/demo", &headers, event);
        right(report.time("webhook", heard).await, 200).await;
    }

    async fn book(&self, step: u64, report: &mut Report) {
        let slot = i64::try_from(self.number * STEPS + step).unwrap();
        let hour = SystemClock.now().as_micros().div_euclid(HOUR) + 24 + slot;
        let body = json!({
            "listing": self.market.hall, "party_size": 2,
            "starts": Timestamp::from_micros(hour * HOUR),
            "ends": Timestamp::from_micros((hour + 1) * HOUR),
        });
        let key = format!("load:{}:{step}", self.number);
        let path = "/api/v1/tenants/konak/reservations";
        let booked = self.market.post(&self.who, path, &key, &body);
        right(report.time("book", booked).await, 201).await;
    }
}
