//! Money and stock: after any mixture of events the rows say what the log says.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hos_core::time::{IdSource as _, SeededIds};
use pazar::database::query;
use serde_json::{Value, json};
use tokio::task::JoinSet;

#[expect(dead_code, reason = "the flows use all of it")]
#[path = "support/house.rs"]
mod house;

use house::House;

const TENANTS: [&str; 3] = ["kilim", "konak", "liman"];
const STEPS: u32 = 60;

/// A customer whose every step is drawn from a seed.
struct Gambler {
    house: Arc<House>,
    ids: SeededIds,
    id: String,
    token: String,
    owners: BTreeMap<&'static str, String>,
}

impl Gambler {
    async fn new(house: &Arc<House>, number: u64) -> Self {
        let (house, id) = (Arc::clone(house), format!("u-{number}"));
        let token = house.person(&id).await;
        let mut owners = BTreeMap::new();
        for tenant in TENANTS {
            let owner = format!("u-{tenant}-owner");
            owners.insert(tenant, pazar::auth::open_session(&house.app, &owner).await.unwrap());
        }
        Self { house, ids: SeededIds::new(number), id, token, owners }
    }

    fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 2];
        self.ids.fill(&mut bytes);
        usize::from(u16::from_be_bytes(bytes)) % end
    }

    fn one<'a, T>(&self, among: &'a [T]) -> Option<&'a T> {
        if among.is_empty() { None } else { among.get(self.below(among.len())) }
    }

    async fn post(&self, token: &str, path: &str, key: &str, body: Value) {
        let (status, answer) = self.house.post(token, path, key, body).await;
        assert!(status < 500, "{path}: {answer}");
    }

    async fn step(&self, step: u32) {
        let key = format!("{}-{step}", self.id);
        match self.below(8) {
            0 | 1 => self.buy(&key).await,
            2 => self.book(&key).await,
            3 => self.ask(&key).await,
            4 => self.hear(&key).await,
            5 => self.act("payment", "mark_paid", &key).await,
            6 => self.act(["order", "reservation"][self.below(2)], "cancel", &key).await,
            _ => self.give_back(&key).await,
        }
    }

    fn method(&self) -> &'static str {
        ["online", "online", "cash_on_delivery", "bank_transfer"][self.below(4)]
    }

    async fn listed(&self, flow: &str) -> (String, String) {
        let rows: Vec<(String, String)> =
            query("SELECT tenant, id FROM listings WHERE flow = ? ORDER BY title, id")
                .bind(flow)
                .fetch_all(self.house.app.database())
                .await
                .unwrap();
        self.one(&rows).unwrap().clone()
    }

    async fn buy(&self, key: &str) {
        let (tenant, listing) = self.listed("sale").await;
        let body =
            json!({ "listing": listing, "quantity": 1 + self.below(3), "method": self.method() });
        self.post(&self.token, &format!("/api/v1/tenants/{tenant}/orders"), key, body).await;
    }

    async fn book(&self, key: &str) {
        let (tenant, listing) = self.listed("booking").await;
        let day = 24 * i64::try_from(1 + self.below(30)).unwrap();
        let body = json!({ "listing": listing, "party_size": 1, "method": self.method(),
            "starts": self.house.hours(day), "ends": self.house.hours(day + 24) });
        self.post(&self.token, &format!("/api/v1/tenants/{tenant}/reservations"), key, body).await;
    }

    /// The tenants and ids of everything of a kind that the customer has.
    async fn mine(&self, kind: &str) -> Vec<(String, String)> {
        let rows = query(
            "SELECT tenant, id FROM (SELECT 'order' AS kind, tenant, id, customer FROM orders \
             UNION ALL SELECT 'reservation', tenant, id, customer FROM reservations \
             UNION ALL SELECT 'payment', tenant, id, customer FROM payments) AS things \
             WHERE customer = ? AND kind = ? ORDER BY id",
        );
        let rows = rows.bind(&self.id).bind(kind);
        rows.fetch_all(self.house.app.database()).await.unwrap()
    }

    /// Asks for a payment.
    async fn ask(&self, key: &str) {
        let kind = ["order", "reservation"][self.below(2)];
        if let Some((tenant, id)) = self.one(&self.mine(kind).await) {
            let body = json!({ "payable_kind": kind, "payable": id });
            self.post(&self.token, &format!("/api/v1/tenants/{tenant}/payments"), key, body).await;
        }
    }

    /// The provider speaks, now and then out of turn.
    async fn hear(&self, key: &str) {
        let type_ =
            ["payment.paid", "payment.paid", "payment.failed", "refund.paid"][self.below(4)];
        let known: Vec<(String, i64)> = query(
            "SELECT reference, amount FROM payments WHERE customer = ? AND provider = 'demo' \
             ORDER BY id",
        )
        .bind(&self.id)
        .fetch_all(self.house.app.database())
        .await
        .unwrap();
        if let Some((reference, amount)) = self.one(&known) {
            let data = json!({ "reference": reference, "amount": amount, "currency": "TRY" });
            let event = json!({ "type": type_, "data": data });
            let (status, answer) = self.house.webhook(&format!("evt_{key}"), &event).await;
            assert!(status < 500, "{answer}");
        }
    }

    /// Does an action: a cancellation by either side, all else by the owner.
    async fn act(&self, kind: &str, action: &str, key: &str) {
        if let Some((tenant, id)) = self.one(&self.mine(kind).await) {
            let own = action == "cancel" && self.below(2) == 0;
            let token = if own { &self.token } else { &self.owners[tenant.as_str()] };
            let path = format!("/api/v1/tenants/{tenant}/{kind}s/{id}/actions/{action}");
            self.post(token, &path, key, json!({})).await;
        }
    }

    /// Gives back what is owed, by the order or by the payment; now and then what is not.
    async fn give_back(&self, key: &str) {
        let due: Vec<(String, String)> = query(
            "SELECT p.tenant, p.id FROM refunds AS r JOIN payments AS p \
             ON p.tenant = r.tenant AND p.id = r.payment \
             WHERE p.customer = ? AND r.settled_at IS NULL ORDER BY p.id",
        )
        .bind(&self.id)
        .fetch_all(self.house.app.database())
        .await
        .unwrap();
        match self.one(&due) {
            Some((tenant, payment)) if self.below(3) > 0 => {
                let path = format!("/api/v1/tenants/{tenant}/refunds/{payment}");
                self.post(&self.owners[tenant.as_str()], &path, key, json!({})).await;
            }
            _ => self.act("order", "refund", key).await,
        }
    }
}

/// What one tenant's books say: the same sums, from the rows or from the log.
#[derive(Debug, Default, PartialEq, Eq)]
struct Books {
    /// How many orders and bookings are in each state.
    states: BTreeMap<String, i64>,
    /// The pieces that live orders hold.
    pieces: i64,
    /// What payments that were paid came to.
    paid: i64,
    /// What has to go back, and of it what went back.
    refunds: i64,
    settled: i64,
}

/// The log as it is read from its first entry on.
#[derive(Debug, Default)]
struct Reader {
    states: BTreeMap<(String, String), String>,
    quantities: BTreeMap<String, i64>,
    /// Each payment's amount and what it pays for.
    payments: BTreeMap<String, (i64, (String, String))>,
    /// Each refund's amount, and whether it went back.
    refunds: BTreeMap<String, (i64, bool)>,
}

impl Reader {
    async fn books(house: &House, tenant: &str) -> Books {
        let mut reader = Self::default();
        for entry in house.log(tenant).await {
            let leaf: Value = serde_json::from_str(&entry.leaf).unwrap();
            let part = |name: &str| {
                let part = entry.parts.iter().find(|part| part.name == name);
                part.map(|part| serde_json::from_str(&part.body).unwrap()).unwrap_or_default()
            };
            reader.read(&leaf, &part("attributes"), &part("payload"));
        }
        reader.sums()
    }

    fn read(&mut self, leaf: &Value, attributes: &Value, payload: &Value) {
        let Some(subject) = leaf["subject"].as_str() else { return };
        let (kind, id) = subject.split_once(':').unwrap();
        let (kind, id) = (kind.to_owned(), id.to_owned());
        let text = |name: &str| attributes[name].as_str().unwrap_or_default().to_owned();
        match leaf["code"].as_str() {
            Some("late_payment") => {
                self.refunds.entry(id).or_insert((payload["amount"].as_i64().unwrap(), false));
                return;
            }
            Some("refund_settled") => return self.settle(&id),
            _ => {}
        }
        let Some(to) = leaf["to"].as_str() else { return };
        if leaf["action"] == "open" && kind == "payment" {
            let payable = (text("payable_kind"), text("payable"));
            self.payments.insert(id.clone(), (attributes["amount"].as_i64().unwrap(), payable));
        }
        if leaf["action"] == "open" && kind == "order" {
            self.quantities.insert(id.clone(), attributes["quantity"].as_i64().unwrap());
        }
        let thing = (kind.clone(), id.clone());
        self.states.insert(thing.clone(), to.to_owned());
        match (kind.as_str(), to) {
            ("payment", "paid") => {
                let (amount, payable) = self.payments[&id].clone();
                if matches!(self.states[&payable].as_str(), "cancelled" | "refund_due") {
                    self.refunds.entry(id).or_insert((amount, false));
                }
            }
            (_, "cancelled" | "refund_due") => {
                for payment in self.paid_for(&thing) {
                    let amount = self.payments[&payment].0;
                    self.refunds.entry(payment).or_insert((amount, false));
                }
            }
            ("order", "refunded") => {
                self.paid_for(&thing).iter().for_each(|payment| self.settle(payment));
            }
            _ => {}
        }
    }

    fn settle(&mut self, payment: &str) {
        self.refunds.get_mut(payment).unwrap().1 = true;
    }

    fn state(&self, kind: &str, id: &str) -> &str {
        &self.states[&(kind.to_owned(), id.to_owned())]
    }

    fn paid_for(&self, thing: &(String, String)) -> Vec<String> {
        let payments = self.payments.iter().filter(|(_, (_, payable))| payable == thing);
        let paid = payments.filter(|(id, _)| self.state("payment", id) == "paid");
        paid.map(|(id, _)| id.clone()).collect()
    }

    fn sums(&self) -> Books {
        let mut books = Books::default();
        for ((kind, id), state) in &self.states {
            if matches!(kind.as_str(), "order" | "reservation") {
                *books.states.entry(format!("{kind} {state}")).or_default() += 1;
            }
            if kind == "order" && matches!(state.as_str(), "pending" | "paid") {
                books.pieces += self.quantities[id];
            }
            if kind == "payment" && state == "paid" {
                books.paid += self.payments[id].0;
            }
        }
        books.refunds = self.refunds.values().map(|(amount, _)| amount).sum();
        let settled = self.refunds.values().filter(|(_, settled)| *settled);
        books.settled = settled.map(|(amount, _)| amount).sum();
        books
    }
}

async fn rows(house: &House, tenant: &str) -> Books {
    let reader = house.app.database();
    let states: Vec<(String, String)> = query(
        "SELECT 'order', status FROM orders WHERE tenant = ?1 \
         UNION ALL SELECT 'reservation', status FROM reservations WHERE tenant = ?1",
    )
    .bind(tenant)
    .fetch_all(reader)
    .await
    .unwrap();
    let mut books = Books::default();
    for (kind, status) in states {
        *books.states.entry(format!("{kind} {status}")).or_default() += 1;
    }
    for (sum, statement) in [
        (
            &mut books.pieces,
            "SELECT quantity FROM orders WHERE tenant = ? AND status IN ('pending', 'paid')",
        ),
        (&mut books.paid, "SELECT amount FROM payments WHERE tenant = ? AND status = 'paid'"),
        (&mut books.refunds, "SELECT amount FROM refunds WHERE tenant = ?"),
        (
            &mut books.settled,
            "SELECT amount FROM refunds WHERE tenant = ? AND settled_at IS NOT NULL",
        ),
    ] {
        let rows: Vec<i64> = query(statement).bind(tenant).fetch_all(reader).await.unwrap();
        *sum = rows.iter().sum();
    }
    books
}

/// How many pieces there are of everything together.
async fn stock(house: &House) -> i64 {
    let stocks = query("SELECT stock FROM listings").fetch_all::<i64>(house.app.database());
    stocks.await.unwrap().iter().sum()
}

async fn play(house: &Arc<House>, gamblers: &Arc<Vec<Gambler>>, steps: std::ops::Range<u32>) {
    let mut games = JoinSet::new();
    for number in 0..gamblers.len() {
        let (gamblers, steps) = (Arc::clone(gamblers), steps.clone());
        games.spawn(async move {
            for step in steps {
                gamblers[number].step(step).await;
            }
        });
    }
    games.join_all().await;
    while house.app.end_holds().await.unwrap() > 0 {}
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_the_rows_say_what_the_log_says() {
    let house = Arc::new(House::open().await);
    let before = stock(&house).await;
    let mut gamblers = Vec::new();
    for number in 0..6 {
        gamblers.push(Gambler::new(&house, number).await);
    }
    let gamblers = Arc::new(gamblers);
    play(&house, &gamblers, 0..STEPS).await;
    // Holds end, and the provider goes on about them.
    house.clock.advance(Duration::from_secs(7_200));
    play(&house, &gamblers, STEPS..STEPS + STEPS / 2).await;
    let mut all = Books::default();
    for tenant in TENANTS {
        let (log, rows) = (Reader::books(&house, tenant).await, rows(&house, tenant).await);
        assert_eq!(log, rows, "{tenant}");
        all.pieces += rows.pieces;
        all.paid += rows.paid;
        all.refunds += rows.refunds;
        all.settled += rows.settled;
    }
    assert_eq!(before - stock(&house).await, all.pieces, "no piece is lost or made");
    assert!(all.paid > 0 && all.refunds > 0 && all.settled > 0, "{all:?}");
    let owed = "SELECT count(*) FROM orders AS o WHERE status = 'refund_due' AND NOT EXISTS (\
         SELECT 1 FROM payments AS p JOIN refunds AS r ON r.payment = p.id AND r.tenant = p.tenant \
         WHERE p.payable = o.id AND p.tenant = o.tenant AND r.settled_at IS NULL)";
    assert_eq!(house.count(owed).await, 0, "an order that owes money has a refund that is due");
}
