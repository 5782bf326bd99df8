//! One sale and one booking to their ends, over HTTP, and every unlawful step refused.
//!
//! Starts the built program on a free port; with `PAZAR_URL` and `PAZAR_WEBHOOK_SECRET` it plays
//! on a shop that runs already.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use hos_core::time::{Clock as _, IdSource as _, RandomIds, SystemClock, Timestamp};
use pazar::webhook::Secret;
use reqwest::Method;
use serde_json::{Value, json};

#[path = "support/client.rs"]
mod client;

use client::{Answer, Shop, Who};

const HOUR: i64 = 3_600_000_000;

/// The program under test; it is told to stop when this goes.
struct Program(Option<Child>);

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

async fn start(directory: &std::path::Path) -> (Program, Shop) {
    if let Ok(url) = std::env::var("PAZAR_URL") {
        let secret = std::env::var("PAZAR_WEBHOOK_SECRET").unwrap();
        let shop = Shop::at(url, Secret::parse(&secret).unwrap());
        return (Program(None), shop);
    }
    let secret = Secret::random();
    let child = Command::new(env!("CARGO_BIN_EXE_pazar"))
        .env("PAZAR_ADDRESS", "127.0.0.1:0")
        .env("PAZAR_DATA", directory.join("data/pazar.db"))
        .env("PAZAR_WEBHOOK_SECRET", secret.reveal())
        .env("PAZAR_LOG_LEVEL", "warn")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut program = Program(Some(child));
    let output = program.0.as_mut().and_then(|child| child.stdout.take()).unwrap();
    let mut lines = BufReader::new(output).lines();
    let first = lines.next().unwrap().unwrap();
    std::thread::spawn(move || lines.count());
    let url = first.rsplit(' ').next().unwrap().to_owned();
    let shop = Shop::at(url, secret);
    for _ in 0..1_000 {
        if shop.is_ready().await {
            return (program, shop);
        }
        tokio::task::yield_now().await;
    }
    panic!("the program did not become ready");
}

fn fresh(prefix: &str) -> String {
    let mut bytes = [0; 8];
    RandomIds.fill(&mut bytes);
    format!("{prefix}{}", u64::from_be_bytes(bytes))
}

/// A slot of an hour that no other run has, far ahead.
fn slot() -> (Timestamp, Timestamp) {
    let mut bytes = [0; 4];
    RandomIds.fill(&mut bytes);
    let hours = i64::from(u32::from_be_bytes(bytes) % 8_000_000) * 4;
    let starts = SystemClock.now().as_micros().div_euclid(HOUR) + 24 + hours;
    (Timestamp::from_micros(starts * HOUR), Timestamp::from_micros((starts + 1) * HOUR))
}

fn seconds() -> i64 {
    SystemClock.now().as_micros().div_euclid(1_000_000)
}

struct People {
    nobody: Who,
    root: Who,
    owner: Who,
    staff: Who,
    host: Who,
    host_staff: Who,
    ada: Who,
    can: Who,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_and_a_booking_to_their_ends() {
    let directory = tempfile::tempdir().unwrap();
    let (mut program, shop) = start(directory.path()).await;
    let people = People {
        nobody: Who::default(),
        root: shop.sign_in("root@pazar.example").await,
        owner: shop.sign_in("owner@kilim.example").await,
        staff: shop.sign_in("staff@kilim.example").await,
        host: shop.sign_in("owner@konak.example").await,
        host_staff: shop.sign_in("staff@konak.example").await,
        ada: shop.sign_in("ada@pazar.example").await,
        can: shop.sign_in("can@pazar.example").await,
    };
    sale(&shop, &people).await;
    booking(&shop, &people).await;
    instant_booking(&shop, &people).await;
    refused_steps(&shop, &people).await;
    webhooks(&shop, &people).await;
    closed_world(&shop, &people).await;
    pages(&shop, &people).await;
    sessions(&shop).await;
    if let Some(child) = &mut program.0 {
        let told = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
        assert!(told.unwrap().success());
        assert!(child.wait().unwrap().success(), "a graceful end");
    }
}

async fn listing(shop: &Shop, title: &str) -> (String, Value) {
    let all = shop.get(&Who::default(), "/api/v1/listings").await.body;
    let found = all.as_array().unwrap().iter().find(|listing| listing["title"] == title).cloned();
    let found = found.unwrap();
    (found["id"].as_str().unwrap().to_owned(), found)
}

/// Opens a payment, and presses Pay on the provider's page: the webhook comes over HTTP, signed.
async fn pay(shop: &Shop, who: &Who, tenant: &str, kind: &str, id: &str) -> Answer {
    let body = json!({ "payable_kind": kind, "payable": id });
    let payment = shop.api(who, &format!("tenants/{tenant}/payments"), &fresh("pay"), body).await;
    let page = payment.body["pay_url"].as_str().unwrap().to_owned();
    assert!(shop.get(&Who::default(), &page).await.text.contains("Pay"));
    let key = fresh("click");
    for _ in 0..2 {
        // A double click is one payment.
        let pressed =
            shop.form(&Who::default(), &page, &[("key", &key), ("outcome", "paid")]).await;
        assert_eq!(pressed.status, 303, "{}", pressed.text);
        assert_eq!(pressed.location, format!("/t/{tenant}/{kind}s/{id}"));
    }
    let path = format!("/api/v1/tenants/{tenant}/payments/{}", payment.id());
    shop.get(who, &path).await
}

async fn sale(shop: &Shop, people: &People) {
    let (id, before) = listing(shop, "Tulip tea glasses").await;
    let key = fresh("buy");
    let body = json!({ "listing": id, "quantity": 2 });
    let order = shop.api(&people.ada, "tenants/kilim/orders", &key, body.clone()).await;
    assert_eq!(order.status, 201, "{}", order.text);
    assert_eq!(order.body["status"], "pending");
    assert_eq!(order.body["total"], 48_000);
    assert_eq!(order.allowed(), ["cancel"]);
    let again = shop.api(&people.ada, "tenants/kilim/orders", &key, body).await;
    assert_eq!((again.status, again.id()), (200, order.id()), "a replay is one order");
    assert_eq!(again.body["receipt"]["proof_id"], order.body["receipt"]["proof_id"]);
    let (_, held) = listing(shop, "Tulip tea glasses").await;
    assert_eq!(held["stock"].as_i64(), before["stock"].as_i64().map(|stock| stock - 2));

    let payment = pay(shop, &people.ada, "kilim", "order", &order.id()).await;
    assert_eq!(payment.body["status"], "paid");
    let path = format!("/api/v1/tenants/kilim/orders/{}", order.id());
    assert_eq!(shop.get(&people.ada, &path).await.body["status"], "paid");

    let act = format!("tenants/kilim/orders/{}/actions/cancel", order.id());
    shop.api(&people.staff, &act, &fresh("no"), json!({})).await.refused(403, "denied");
    shop.api(&people.can, &act, &fresh("no"), json!({})).await.refused(404, "not_found");
    let reason = json!({ "reason": "changed my mind" });
    let cancelled = shop.api(&people.ada, &act, &fresh("cancel"), reason).await;
    assert_eq!((cancelled.status, &cancelled.body["status"]), (200, &json!("refund_due")));
    let refunds = shop.get(&people.owner, "/api/v1/tenants/kilim/refunds").await.body;
    let due: Vec<&Value> = refunds
        .as_array()
        .unwrap()
        .iter()
        .filter(|refund| refund["payable"] == order.id().as_str())
        .collect();
    assert_eq!(due.len(), 1);
    assert_eq!((&due[0]["amount"], &due[0]["reason"]), (&json!(48_000), &json!("cancelled")));
    let (_, after) = listing(shop, "Tulip tea glasses").await;
    assert_eq!(after["stock"], before["stock"], "the pieces are back");

    refund(shop, people, &order, &payment).await;
    let pay = format!("tenants/kilim/orders/{}/actions/pay", order.id());
    shop.api(&people.owner, &pay, &fresh("no"), json!({})).await.refused(403, "denied");
    let back = shop.api(&people.root, &pay, &fresh("no"), json!({})).await;
    back.refused(422, "terminal_state");
}

/// The provider gives the money of a cancelled order back, and says so more than once.
async fn refund(shop: &Shop, people: &People, order: &Answer, payment: &Answer) {
    let path = format!("tenants/kilim/orders/{}/actions/refund", order.id());
    shop.api(&people.staff, &path, &fresh("no"), json!({})).await.refused(403, "denied");
    shop.api(&people.ada, &path, &fresh("no"), json!({})).await.refused(403, "denied");
    let (reference, amount) = (&payment.body["reference"], &payment.body["amount"]);
    let data = json!({ "reference": reference, "amount": amount, "currency": "TRY" });
    let event = json!({ "type": "refund.paid", "data": data });
    let forged = shop.webhook_signed("evt_forged", seconds(), "v1,AAAA", event.to_string()).await;
    forged.refused(401, "unauthenticated");
    let id = fresh("evt_");
    for (id, outcome) in [(id.clone(), "accepted"), (id, "duplicate"), (fresh("evt_"), "repeated")]
    {
        let heard = shop.webhook(&id, seconds(), &event).await;
        assert_eq!((heard.status, &heard.body["outcome"]), (200, &json!(outcome)));
    }
    let path = format!("/api/v1/tenants/kilim/orders/{}", order.id());
    assert_eq!(shop.get(&people.ada, &path).await.body["status"], "refunded");
    let unknown = json!({ "reference": "ref-0", "amount": amount, "currency": "TRY" });
    let unknown = json!({ "type": "refund.paid", "data": unknown });
    shop.webhook(&fresh("evt_"), seconds(), &unknown).await.refused(422, "invalid_input");
}

async fn book(shop: &Shop, who: &Who, title: &str, slot: (Timestamp, Timestamp)) -> Answer {
    let (id, _) = listing(shop, title).await;
    let body = json!({ "listing": id, "party_size": 2, "starts": slot.0, "ends": slot.1 });
    shop.api(who, "tenants/konak/reservations", &fresh("book"), body).await
}

async fn booking(shop: &Shop, people: &People) {
    let slot = slot();
    let booked = book(shop, &people.ada, "Guest hall", slot).await;
    assert_eq!(booked.status, 201, "{}", booked.text);
    let payment = pay(shop, &people.ada, "konak", "reservation", &booked.id()).await;
    assert_eq!(payment.body["status"], "paid");
    let path = format!("/api/v1/tenants/konak/reservations/{}", booked.id());
    let waiting = shop.get(&people.host, &path).await;
    assert_eq!(waiting.body["status"], "pending", "it waits for the owner");
    assert_eq!(waiting.allowed(), ["confirm", "cancel"]);
    assert!(shop.get(&people.host_staff, &path).await.allowed().is_empty());

    let act = |action: &str| format!("tenants/konak/reservations/{}/actions/{action}", booked.id());
    let confirm = |who: Who| {
        let (path, key) = (act("confirm"), fresh("confirm"));
        async move { shop.api(&who, &path, &key, json!({})).await }
    };
    confirm(people.host_staff.clone()).await.refused(403, "denied");
    confirm(people.ada.clone()).await.refused(403, "denied");
    confirm(people.owner.clone()).await.refused(404, "not_found");
    assert_eq!(confirm(people.host.clone()).await.body["status"], "confirmed");
    let early = shop.api(&people.host_staff, &act("complete"), &fresh("no"), json!({})).await;
    early.refused(422, "invalid_transition");
    assert_eq!(early.body["allowed"], json!(["check_in"]));
    let stale = json!({ "revision": 1 });
    let stale = shop.api(&people.host_staff, &act("check_in"), &fresh("no"), stale).await;
    stale.refused(409, "stale_revision");
    for (action, status) in [("check_in", "checked_in"), ("complete", "completed")] {
        let done = shop.api(&people.host_staff, &act(action), &fresh("ops"), json!({})).await;
        assert_eq!(done.body["status"], status, "{}", done.text);
    }
    let late = shop.api(&people.host, &act("cancel"), &fresh("no"), json!({})).await;
    late.refused(422, "terminal_state");
}

async fn instant_booking(shop: &Shop, people: &People) {
    let (id, _) = listing(shop, "Courtyard room").await;
    let (starts, ends) = slot();
    let body = json!({ "listing": id, "party_size": 2, "starts": starts, "ends": ends });
    let key = fresh("book");
    let booked = shop.api(&people.ada, "tenants/konak/reservations", &key, body.clone()).await;
    assert_eq!(booked.status, 201, "{}", booked.text);
    // The replay is answered before the overlap is looked at: it would overlap itself.
    let again = shop.api(&people.ada, "tenants/konak/reservations", &key, body.clone()).await;
    assert_eq!((again.status, again.id()), (200, booked.id()));
    let taken = shop.api(&people.can, "tenants/konak/reservations", &fresh("b"), body).await;
    taken.refused(409, "conflict");
    assert_eq!(taken.body["reasons"], json!(["overlap"]));
    let next = Timestamp::from_micros(ends.as_micros() + HOUR);
    let touching = book(shop, &people.can, "Courtyard room", (ends, next)).await;
    assert_eq!(touching.status, 201, "touching ranges do not overlap");
    let crowd = json!({ "listing": id, "party_size": 3, "starts": next, "ends":
        Timestamp::from_micros(next.as_micros() + HOUR) });
    let crowd = shop.api(&people.can, "tenants/konak/reservations", &fresh("b"), crowd).await;
    crowd.refused(422, "guard_failed");
    assert_eq!(crowd.body["reasons"], json!(["over_capacity"]));
    pay(shop, &people.ada, "konak", "reservation", &booked.id()).await;
    let path = format!("/api/v1/tenants/konak/reservations/{}", booked.id());
    assert_eq!(shop.get(&people.ada, &path).await.body["status"], "confirmed");
    assert_eq!(shop.get(&people.can, &path).await.status, 404);
}

async fn refused_steps(shop: &Shop, people: &People) {
    let (id, _) = listing(shop, "Handwoven kilim").await;
    let orders = "tenants/kilim/orders";
    let one = json!({ "listing": id, "quantity": 1 });
    shop.api(&people.nobody, orders, &fresh("k"), one.clone())
        .await
        .refused(401, "unauthenticated");
    shop.api(&people.ada, orders, "", one.clone()).await.refused(400, "missing_key");
    let long = "k".repeat(256);
    shop.api(&people.ada, orders, &long, one.clone()).await.refused(400, "invalid_input");
    let key = fresh("k");
    assert_eq!(shop.api(&people.ada, orders, &key, one.clone()).await.status, 201);
    let two = json!({ "listing": id, "quantity": 2 });
    shop.api(&people.ada, orders, &key, two).await.refused(422, "key_reused");
    let none = json!({ "listing": id, "quantity": 0 });
    shop.api(&people.ada, orders, &fresh("k"), none).await.refused(422, "guard_failed");
    let tenant = json!({ "listing": id, "quantity": 1, "tenant": "konak" });
    shop.api(&people.ada, orders, &fresh("k"), tenant).await.refused(400, "invalid_input");
    let elsewhere = "tenants/konak/orders";
    shop.api(&people.ada, elsewhere, &fresh("k"), one.clone()).await.refused(404, "not_found");
    let nowhere = "tenants/nowhere/orders";
    shop.api(&people.ada, nowhere, &fresh("k"), one.clone()).await.refused(404, "not_found");
    let all = json!({ "listing": id, "quantity": 100 });
    let all = shop.api(&people.can, orders, &fresh("k"), all).await;
    all.refused(409, "conflict");
    assert_eq!(all.body["reasons"], json!(["out_of_stock"]));
    let act = format!("tenants/kilim/orders/{}/actions/fly", "o-1");
    shop.api(&people.ada, &act, &fresh("k"), json!({})).await.refused(400, "invalid_input");
    let forged = [("sec-fetch-site", "cross-site"), ("idempotency-key", "k")];
    let path = "/api/v1/tenants/kilim/orders";
    let forged = shop.send(Method::POST, &people.ada, path, &forged, one.to_string()).await;
    forged.refused(403, "denied");
    let named = [("x-request-id", "mine-17")];
    let named = shop.send(Method::GET, &people.ada, "/api/v1/nothing", &named, String::new()).await;
    named.refused(404, "not_found");
    assert_eq!(named.request_id, "mine-17");
    let big = "x".repeat(100_000);
    let big = shop.send(Method::POST, &people.ada, path, &[("idempotency-key", "k")], big).await;
    assert_eq!(big.status, 413);
    assert_eq!(shop.get(&people.staff, "/api/v1/tenants/kilim/refunds").await.status, 403);
    assert_eq!(shop.get(&people.host, "/api/v1/tenants/kilim/refunds").await.status, 404);
    let member = "/api/v1/tenants/kilim/members/u-ada";
    let headers = [("idempotency-key", "own-1")];
    let roles = json!({ "roles": ["owner"] }).to_string();
    let own = shop.send(Method::PUT, &people.ada, member, &headers, roles).await;
    own.refused(404, "not_found");
}

async fn webhooks(shop: &Shop, people: &People) {
    let (id, _) = listing(shop, "Tulip tea glasses").await;
    let order = json!({ "listing": id, "quantity": 1 });
    let order = shop.api(&people.ada, "tenants/kilim/orders", &fresh("k"), order).await;
    let body = json!({ "payable_kind": "order", "payable": order.id() });
    let payments = "tenants/kilim/payments";
    shop.api(&people.can, payments, &fresh("k"), body.clone()).await.refused(404, "not_found");
    let payment = shop.api(&people.ada, payments, &fresh("k"), body.clone()).await;
    let second = shop.api(&people.ada, payments, &fresh("k"), body).await;
    second.refused(409, "conflict");
    let reference = payment.body["reference"].as_str().unwrap();
    let data = |amount: i64| json!({ "reference": reference, "amount": amount, "currency": "TRY" });
    let paid = json!({ "type": "payment.paid", "data": data(24_000) });
    let event = fresh("evt_");
    let forged = shop.webhook_signed(&event, seconds(), "v1,AAAA", paid.to_string()).await;
    forged.refused(401, "unauthenticated");
    shop.webhook(&event, seconds() - 301, &paid).await.refused(400, "invalid_input");
    shop.webhook(&event, seconds() + 310, &paid).await.refused(400, "invalid_input");
    let wrong = json!({ "type": "payment.paid", "data": data(1) });
    shop.webhook(&fresh("evt_"), seconds(), &wrong).await.refused(422, "invalid_input");
    let path = format!("/api/v1/tenants/kilim/payments/{}", payment.id());
    assert_eq!(shop.get(&people.ada, &path).await.body["status"], "pending");

    // Declined, then paid all the same: recorded and listed for refund, never revived.
    let failed = json!({ "type": "payment.failed", "data": data(24_000) });
    assert_eq!(shop.webhook(&fresh("evt_"), seconds(), &failed).await.body["outcome"], "accepted");
    for outcome in ["late_payment", "duplicate", "duplicate"] {
        let heard = shop.webhook(&event, seconds(), &paid).await;
        assert_eq!((heard.status, &heard.body["outcome"]), (200, &json!(outcome)));
    }
    let closed = shop.get(&people.ada, &path).await.body;
    assert_eq!((&closed["status"], &closed["refund_due"]), (&json!("failed"), &json!(true)));
    let path = format!("/api/v1/tenants/kilim/orders/{}", order.id());
    assert_eq!(shop.get(&people.ada, &path).await.body["status"], "pending");
    let proofs = shop.get(&people.owner, "/api/v1/tenants/kilim/proofs").await.text;
    assert!(proofs.contains("late_payment"), "the log says so");

    let path = format!("tenants/kilim/orders/{}/actions/cancel", order.id());
    assert_eq!(shop.api(&people.owner, &path, &fresh("k"), json!({})).await.status, 200);
}

async fn closed_world(shop: &Shop, people: &People) {
    let (id, _) = listing(shop, "Tulip tea glasses").await;
    let one = json!({ "listing": id, "quantity": 1 });
    let world = |who: Who, status: &'static str| async move {
        let (key, body) = (fresh("world"), json!({ "status": status }).to_string());
        let headers = [("idempotency-key", key.as_str())];
        shop.send(Method::PUT, &who, "/api/v1/world", &headers, body).await
    };
    world(people.owner.clone(), "closed").await.refused(403, "denied");
    let key = fresh("k");
    let order = shop.api(&people.ada, "tenants/kilim/orders", &key, one.clone()).await;
    assert_eq!(world(people.root.clone(), "closed").await.status, 200);
    let refused = shop.api(&people.ada, "tenants/kilim/orders", &fresh("k"), one.clone()).await;
    let replayed = shop.api(&people.ada, "tenants/kilim/orders", &key, one).await;
    let path = format!("/api/v1/tenants/kilim/orders/{}", order.id());
    let read = shop.get(&people.ada, &path).await;
    assert_eq!(world(people.root.clone(), "open").await.status, 200);
    refused.refused(410, "world_closed");
    assert_eq!((replayed.status, replayed.id()), (200, order.id()), "replays go on");
    assert_eq!(read.status, 200, "reading goes on");
    assert!(read.allowed().is_empty(), "nothing is offered in a closed world");
}

async fn pages(shop: &Shop, people: &People) {
    let (id, _) = listing(shop, "Tulip tea glasses").await;
    assert!(shop.get(&people.nobody, "/").await.text.contains("Tulip tea glasses"));
    let page = format!("/t/kilim/listings/{id}");
    assert!(!shop.get(&people.nobody, &page).await.text.contains("Buy</button>"));
    assert!(shop.get(&people.ada, &page).await.text.contains("Buy</button>"));
    let key = fresh("form");
    let fields = [("key", key.as_str()), ("listing", id.as_str()), ("quantity", "1")];
    let first = shop.form(&people.ada, "/t/kilim/orders", &fields).await;
    let second = shop.form(&people.ada, "/t/kilim/orders", &fields).await;
    assert_eq!((first.status, second.status), (303, 303), "{}", first.text);
    assert_eq!(first.location, second.location, "a double click is one order");
    let button = "Cancel order</a>";
    assert!(shop.get(&people.ada, &first.location).await.text.contains(button));
    assert!(!shop.get(&people.staff, &first.location).await.text.contains(button));
    assert_eq!(shop.get(&people.can, &first.location).await.status, 404);
    assert_eq!(shop.get(&people.nobody, &first.location).await.status, 401);
    let cancel = format!("{}/cancel", first.location);
    let fields = [("key", key.as_str()), ("back", "//evil.example")];
    let cancelled = shop.form(&people.ada, &cancel, &fields).await;
    assert_eq!((cancelled.status, cancelled.location.as_str()), (303, "/mine"));
    assert!(shop.get(&people.ada, "/mine").await.text.contains("Cancelled"));
    assert!(shop.get(&people.owner, "/panel/kilim/listings").await.text.contains("New listing"));
    assert_eq!(shop.get(&people.owner, "/panel/konak").await.status, 404);
    let broken = shop.form(&people.ada, "/t/kilim/orders", &[("key", "k")]).await;
    assert_eq!(broken.status, 400);
    let keyless = [("key", ""), ("listing", id.as_str()), ("quantity", "1")];
    assert_eq!(shop.form(&people.ada, "/t/kilim/orders", &keyless).await.status, 400);
}

async fn sessions(shop: &Shop) {
    let who = shop.sign_in(" Can@Pazar.example ").await;
    assert_eq!(shop.get(&who, "/api/v1/session").await.body["id"], "u-can");
    let out = shop.send(Method::DELETE, &who, "/api/v1/session", &[], String::new()).await;
    assert_eq!(out.status, 204);
    shop.get(&who, "/api/v1/session").await.refused(401, "unauthenticated");
    let wrong = json!({ "email": "can@pazar.example", "password": "wrong" });
    let wrong = shop.api(&Who::default(), "session", "", wrong).await;
    wrong.refused(401, "unauthenticated");
    let tenant = json!({ "email": "can@pazar.example", "password": "x", "tenant": "kilim" });
    let tenant = shop.api(&Who::default(), "session", "", tenant).await;
    tenant.refused(400, "invalid_input");
}
