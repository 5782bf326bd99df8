//! The flows beside the straight one: paying in person, cancelling in time, money that goes back,
//! listings that change, and the super admin.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::time::Duration;

use axum::http::Method;
use hos_core::laws::Policy as _;
use serde_json::{Value, json};

#[path = "support/house.rs"]
mod house;

use house::House;
use pazar::database::{Dialect, query};

const KILIM: &str = "/api/v1/tenants/kilim";
const KONAK: &str = "/api/v1/tenants/konak";

async fn user(house: &House, id: &str) -> String {
    pazar::auth::open_session(&house.app, id).await.unwrap()
}

fn id(answer: &Value) -> &str {
    answer["id"].as_str().unwrap()
}

async fn pay(house: &House, token: &str, tenant: &str, kind: &str, id: &str) -> Value {
    let body = json!({ "payable_kind": kind, "payable": id });
    let path = format!("/api/v1/tenants/{tenant}/payments");
    let (status, payment) = house.post(token, &path, &format!("pay-{id}"), body).await;
    assert_eq!(status, 201, "{payment}");
    let heard = say(house, &format!("evt-{id}"), "payment.paid", &payment).await;
    assert_eq!(heard.1["outcome"], "accepted");
    payment
}

async fn say(house: &House, event: &str, type_: &str, payment: &Value) -> (u16, Value) {
    let (reference, amount) = (&payment["reference"], &payment["amount"]);
    let data = json!({ "reference": reference, "amount": amount, "currency": "TRY" });
    house.webhook(event, &json!({ "type": type_, "data": data })).await
}

#[tokio::test]
async fn a_transfer_waits_for_the_owner_and_not_for_the_clock() {
    let house = House::open().await;
    let (ada, owner) = (house.person("u-1").await, user(&house, "u-kilim-owner").await);
    let body = json!({ "listing": house.listing("Mosaic lamp").await, "quantity": 2,
        "method": "bank_transfer" });
    let (status, order) = house.post(&ada, &format!("{KILIM}/orders"), "o", body.clone()).await;
    assert_eq!((status, &order["method"]), (201, &json!("bank_transfer")));
    let (status, again) = house.post(&ada, &format!("{KILIM}/orders"), "o", body).await;
    assert_eq!((status, id(&again)), (200, id(&order)), "a replay asks for no second payment");
    let (_, payments) = house.get(&owner, &format!("{KILIM}/payments")).await;
    assert_eq!(payments.as_array().unwrap().len(), 1);
    let payment = &payments[0];
    assert_eq!(payment["provider"], "bank_transfer");
    let path = format!("{KILIM}/payments/{}", id(payment));
    let (_, shown) = house.get(&ada, &path).await;
    assert!(shown["iban"].as_str().unwrap().starts_with("TR"), "{shown}");
    assert!(shown["reference"].as_str().unwrap().starts_with("PZ-") && shown["pay_url"].is_null());
    assert_eq!(say(&house, "evt", "payment.paid", payment).await.0, 422, "no provider's business");
    house.clock.advance(Duration::from_secs(6 * 86_400));
    assert_eq!(house.app.end_holds().await.unwrap(), 0);
    let again = house.app.hos().fire_due(house.app.now(), 100).await.unwrap();
    assert!(again.is_empty(), "a timer that is refused rests before the next try");
    let mark = format!("{path}/actions/mark_paid");
    assert_eq!(house.post(&ada, &mark, "m", json!({})).await.0, 403);
    assert_eq!(house.post(&owner, &mark, "m", json!({})).await.0, 200);
    let (_, order) = house.get(&ada, &format!("{KILIM}/orders/{}", id(&order))).await;
    assert_eq!(order["status"], "paid");
}

#[tokio::test]
async fn an_unknown_way_to_pay_is_refused_by_the_law() {
    let house = House::open().await;
    let ada = house.person("u-1").await;
    let lamp = house.listing("Mosaic lamp").await;
    let body = json!({ "listing": lamp, "quantity": 1, "method": "barter" });
    let (status, problem) = house.post(&ada, &format!("{KILIM}/orders"), "o", body).await;
    assert_eq!((status, &problem["reasons"]), (422, &json!(["unknown_method"])));
}

async fn booked(house: &House, token: &str, title: &str, tenant: &str, hours: i64) -> Value {
    let path = format!("/api/v1/tenants/{tenant}/reservations");
    let body = json!({ "listing": house.listing(title).await, "party_size": 1,
        "starts": house.hours(hours), "ends": house.hours(hours + 1) });
    let (status, booking) = house.post(token, &path, &format!("k-{hours}"), body).await;
    assert_eq!(status, 201, "{booking}");
    booking
}

#[tokio::test]
async fn a_booking_is_cancelled_for_nothing_as_long_as_its_listing_says() {
    let house = House::open().await;
    let (ada, owner) = (house.person("u-1").await, user(&house, "u-konak-owner").await);
    let cases = [
        ("Hamam", "konak", 25, true),
        ("Hamam", "konak", 23, false),
        ("Çarşıda daire", "konak", 122, true),
        ("Çarşıda daire", "konak", 110, false),
        ("Kubbeli süit", "konak", 2_000, false),
    ];
    for (title, tenant, hours, free) in cases {
        let booking = booked(&house, &ada, title, tenant, hours).await;
        pay(&house, &ada, tenant, "reservation", id(&booking)).await;
        let path = format!("{KONAK}/reservations/{}", id(&booking));
        let cancel = format!("{path}/actions/cancel");
        let (status, answer) = house.post(&ada, &cancel, &format!("k-{hours}"), json!({})).await;
        assert_eq!(status, if free { 200 } else { 422 }, "{title} {hours}: {answer}");
        if !free {
            assert_eq!(answer["reasons"], json!(["cancellation_closed"]));
            let (status, answer) =
                house.post(&owner, &cancel, &format!("k-{hours}"), json!({})).await;
            assert_eq!(status, 200, "the owner always may: {answer}");
        }
    }
    assert_eq!(house.count("SELECT count(*) FROM refunds WHERE reason = 'cancelled'").await, 5);
    let unpaid = booked(&house, &ada, "Kubbeli süit", "konak", 3_000).await;
    let cancel = format!("{KONAK}/reservations/{}/actions/cancel", id(&unpaid));
    assert_eq!(house.post(&ada, &cancel, "c", json!({})).await.0, 200, "nothing binds yet");
}

#[tokio::test]
async fn a_retry_after_the_listing_changed_is_the_same_booking() {
    let house = House::open().await;
    let (ada, owner) = (house.person("u-1").await, user(&house, "u-konak-owner").await);
    let suite = house.listing("Kubbeli süit").await;
    let path = format!("{KONAK}/reservations");
    let body = json!({ "listing": suite, "party_size": 2, "starts": house.hours(48),
        "ends": house.hours(72) });
    let (_, first) = house.post(&ada, &path, "r", body.clone()).await;
    let edit = json!({ "title": "Suite", "description": "", "price": 1, "category": "lodging",
        "cancellation": "flexible", "capacity": 1 });
    assert_eq!(house.put(&owner, &format!("{KONAK}/listings/{suite}"), "e", edit).await.0, 200);
    house.clock.advance(Duration::from_secs(30));
    let (status, again) = house.post(&ada, &path, "r", body).await;
    assert_eq!((status, id(&again), &again["total"]), (200, id(&first), &first["total"]));
}

#[tokio::test]
async fn money_that_went_back_is_said_once() {
    let house = House::open().await;
    let (ada, owner) = (house.person("u-1").await, user(&house, "u-konak-owner").await);
    let staff = user(&house, "u-konak-staff").await;
    let booking = booked(&house, &ada, "Hamam", "konak", 400).await;
    let payment = pay(&house, &ada, "konak", "reservation", id(&booking)).await;
    let early = say(&house, "evt-early", "refund.paid", &payment).await;
    assert_eq!(early.0, 422, "nothing has to go back yet");
    let cancel = format!("{KONAK}/reservations/{}/actions/cancel", id(&booking));
    assert_eq!(house.post(&ada, &cancel, "c", json!({})).await.0, 200);
    let refund = format!("{KONAK}/refunds/{}", id(&payment));
    assert_eq!(house.post(&staff, &refund, "r", json!({})).await.0, 403);
    assert_eq!(house.post(&ada, &refund, "r", json!({})).await.0, 403);
    assert_eq!(house.post(&house.person("u-2").await, &refund, "r", json!({})).await.0, 404);
    for _ in 0..2 {
        assert_eq!(house.post(&owner, &refund, "r", json!({})).await.0, 200);
    }
    let (status, twice) = house.post(&owner, &refund, "r2", json!({})).await;
    assert_eq!((status, &twice["reasons"]), (422, &json!(["no_refund_due"])));
    let late = say(&house, "evt-late", "refund.paid", &payment).await;
    assert_eq!((late.0, &late.1["outcome"]), (200, &json!("repeated")));
    let records = "SELECT count(*) FROM hos_entry WHERE leaf LIKE '%refund_settled%'";
    assert_eq!(house.count(records).await, 1);
    assert!(!house.get(&owner, &format!("{KONAK}/refunds")).await.1[0]["settled_at"].is_null());
}

#[tokio::test]
async fn a_listing_changes_and_its_orders_do_not() {
    let house = House::open().await;
    let (ada, owner) = (house.person("u-1").await, user(&house, "u-kilim-owner").await);
    let staff = user(&house, "u-kilim-staff").await;
    let lamp = house.listing("Mosaic lamp").await;
    let path = format!("{KILIM}/listings/{lamp}");
    let body = json!({ "listing": lamp, "quantity": 1 });
    let (_, order) = house.post(&ada, &format!("{KILIM}/orders"), "o", body).await;
    let edit = |title: &str, revision: u64| {
        json!({ "title": title, "description": "Kırmızı ışık", "price": 1_000,
            "category": "product", "cancellation": "flexible", "revision": revision })
    };
    let seen = house.get(&staff, &path).await.1["revision"].as_u64().unwrap();
    assert_eq!(house.put(&ada, &path, "e", edit("Mine", seen)).await.0, 403);
    let (status, edited) = house.put(&staff, &path, "e", edit("Cam lamba", seen)).await;
    assert_eq!((status, &edited["price"]), (200, &json!(1_000)), "{edited}");
    let (status, stale) = house.put(&owner, &path, "e", edit("Stale", seen)).await;
    assert_eq!((status, &stale["code"]), (409, &json!("stale_revision")));
    let (_, kept) = house.get(&ada, &format!("{KILIM}/orders/{}", id(&order))).await;
    assert_eq!(kept["total"], 89_000, "the price that was agreed");

    let stock = format!("{path}/stock");
    let entries = house.count("SELECT count(*) FROM hos_entry").await;
    assert_eq!(house.put(&staff, &stock, "s", json!({ "stock": 9 })).await.0, 403);
    assert_eq!(house.count("SELECT count(*) FROM hos_entry").await, entries + 1, "evidence");
    let (status, problem) = house.put(&owner, &stock, "s1", json!({ "stock": -1 })).await;
    assert_eq!((status, &problem["reasons"]), (422, &json!(["stock_below_zero"])));
    let blind = json!({ "stock": 9, "seen": 5 });
    let (status, problem) = house.put(&owner, &stock, "s2", blind).await;
    assert_eq!((status, &problem["reasons"]), (409, &json!(["stock_changed"])));
    let (status, set) = house.put(&owner, &stock, "s3", json!({ "stock": 9, "seen": 4 })).await;
    assert_eq!((status, &set["stock"]), (200, &json!(9)));
    let log = house.log("kilim").await;
    let proofs = log.iter().filter(|entry| entry.leaf.contains("stock_changed"));
    let numbers = proofs.map(|entry| {
        let part = |name: &str| entry.parts.iter().find(|part| part.name == name).unwrap();
        let body = |name: &str| serde_json::from_str::<Value>(&part(name).body).unwrap();
        (body("facts")["stock"].clone(), body("input")["stock"].clone())
    });
    assert_eq!(numbers.collect::<Vec<_>>(), [(json!(4), json!(9))], "the proof has both numbers");
    let hall = format!("{KONAK}/listings/{}/stock", house.listing("Guest hall").await);
    let host = user(&house, "u-konak-owner").await;
    let (_, problem) = house.put(&host, &hall, "s", json!({ "stock": 1 })).await;
    assert_eq!(problem["reasons"], json!(["not_for_sale"]));
}

#[tokio::test]
async fn a_search_finds_every_spelling_and_keeps_its_order() {
    let house = House::open().await;
    let search = |query: &'static str| {
        let house = &house;
        async move { house.get("", &format!("/api/v1/search?{query}")).await }
    };
    for text in ["iznik", "%C4%B0ZN%C4%B0K", "%C4%B1zn%C4%B1k", "CINI", "%C3%A7ini"] {
        let (_, found) = house.get("", &format!("/api/v1/search?text={text}")).await;
        assert_eq!((&found["total"], &found["items"][0]["price"]), (&json!(1), &json!(62_000)));
    }
    assert_eq!(search("text=%25").await.1["total"], 0, "a sign stands for itself");
    let (_, all) = search("").await;
    assert!(all["total"].as_i64().unwrap() >= 12 && all["pages"] == 1, "{all}");
    for category in ["product", "vehicle", "real_estate", "lodging", "service", "food"] {
        let (_, found) = house.get("", &format!("/api/v1/search?category={category}")).await;
        let all_of_it = |item: &Value| item["category"] == category;
        let items = found["items"].as_array().unwrap();
        assert!(!items.is_empty() && items.iter().all(all_of_it), "{category}");
    }
    let (_, dear) = search("flow=sale&sort=dearest").await;
    let prices: Vec<i64> = dear["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["price"].as_i64().unwrap())
        .collect();
    assert!(prices.is_sorted_by(|a, b| a >= b), "{prices:?}");
    assert_eq!(search("page=2").await.1["items"], json!([]));
    for bad in ["sort=best", "flow=gift", "category=x", "page=-1", "page=x", "colour=red"] {
        let (status, _) = house.get("", &format!("/api/v1/search?{bad}")).await;
        assert_eq!(status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_picture_is_what_its_bytes_say() {
    let house = House::open().await;
    let staff = user(&house, "u-kilim-staff").await;
    let lamp = house.listing("Mosaic lamp").await;
    let path = format!("{KILIM}/listings/{lamp}/pictures");
    let send = |token: String, key: &'static str, type_: &'static str, bytes: Vec<u8>| {
        let (house, path) = (&house, path.as_str());
        async move {
            let headers = [
                ("cookie", format!("pazar_session={token}")),
                ("idempotency-key", key.to_owned()),
                ("content-type", type_.to_owned()),
            ];
            house.send(Method::POST, path, &headers, bytes).await
        }
    };
    let png = |last: u8| [&b"\x89PNG\r\n\x1a\n"[..], &[last]].concat();
    let ada = house.person("u-1").await;
    assert_eq!(send(ada, "p", "image/png", png(0)).await.0, 403);
    for (key, status) in [("p0", 201), ("p0", 200), ("again", 409)] {
        assert_eq!(send(staff.clone(), key, "image/png", png(0)).await.0, status, "{key}");
    }
    for (key, last) in [("p1", 1), ("p2", 2), ("p3", 3), ("p4", 4), ("p5", 5)] {
        assert_eq!(send(staff.clone(), key, "image/png", png(last)).await.0, 201);
    }
    assert_eq!(send(staff.clone(), "p6", "image/png", png(6)).await.0, 422, "six at most");
    assert_eq!(send(staff.clone(), "svg", "image/svg+xml", b"<svg/>".to_vec()).await.0, 400);
    assert_eq!(send(staff.clone(), "txt", "text/plain", png(7)).await.0, 415);
    let big = [png(8), vec![0; 1 << 20]].concat();
    assert_eq!(send(staff.clone(), "big", "image/png", big).await.0, 413);
    assert_eq!(house.get("", &format!("{KILIM}/listings/{lamp}")).await.1["pictures"], 6);
    assert_eq!(house.get("", &format!("/t/kilim/listings/{lamp}/pictures/5")).await.0, 200);
    assert_eq!(house.get("", &format!("/t/kilim/listings/{lamp}/pictures/6")).await.0, 404);
    assert_eq!(house.get("", "/drawings/food.svg").await.0, 200);
    assert_eq!(house.get("", "/drawings/none.svg").await.0, 404);
}

#[tokio::test]
async fn a_calendar_shows_what_is_taken_and_not_by_whom() {
    let house = House::open().await;
    let ada = house.person("u-1").await;
    let booking = booked(&house, &ada, "Hamam", "konak", 30).await;
    let hamam = house.listing("Hamam").await;
    let (from, to) = (house.hours(24), house.hours(48));
    let path = format!("{KONAK}/listings/{hamam}/availability");
    let (_, taken) = house.get("", &format!("{path}?from={from}&to={to}")).await;
    assert_eq!(taken, json!([{ "starts": booking["starts"], "ends": booking["ends"] }]));
    let cancel = format!("{KONAK}/reservations/{}/actions/cancel", id(&booking));
    assert_eq!(house.post(&ada, &cancel, "c", json!({})).await.0, 200);
    assert_eq!(house.get("", &format!("{path}?from={from}&to={to}")).await.1, json!([]));
    let far = house.hours(24 * 400);
    assert_eq!(house.get("", &format!("{path}?from={from}&to={far}")).await.0, 400);
}

#[tokio::test]
async fn the_super_admin_alone_looks_after_the_whole() {
    let house = House::open().await;
    let (root, owner) = (user(&house, "u-root").await, user(&house, "u-kilim-owner").await);
    let ada = user(&house, "u-ada").await;
    let admin = "/api/v1/admin";
    for (token, status) in [(&owner, 404), (&ada, 404), (&root, 200)] {
        assert_eq!(house.get(token, admin).await.0, status);
    }
    let ban = json!({ "reason": "does not pay" });
    assert_eq!(house.put(&owner, "/api/v1/admin/bans/u-ada", "b", ban.clone()).await.0, 403);
    assert_eq!(house.put(&root, "/api/v1/admin/bans/u-ada", "b", ban).await.0, 200);
    let mode = json!({ "tenant": "kilim", "ability": "order.create", "mode": "shadow" });
    assert_eq!(house.put(&root, "/api/v1/admin/modes", "m", mode).await.0, 200);
    let taken = json!({ "tenant": "konak", "reason": "flood in the cellar", "hours": 2 });
    assert_eq!(house.post(&root, "/api/v1/admin/emergencies", "e", taken.clone()).await.0, 200);
    assert_eq!(house.post(&ada, "/api/v1/admin/emergencies", "e", taken).await.0, 403);
    let (_, whole) = house.get(&root, admin).await;
    assert_eq!(whole["open"], true);
    assert_eq!(whole["firms"].as_array().unwrap().len(), 3);
    assert_eq!(whole["bans"], json!([{ "tenant": "@world", "actor": "u-ada" }]));
    assert_eq!(whole["modes"][0]["mode"], "shadow");
    assert_eq!(whole["emergencies"][0]["actor"], "u-root");
    let body = json!({ "listing": house.listing("Mosaic lamp").await, "quantity": 1 });
    let (status, banned) = house.post(&ada, &format!("{KILIM}/orders"), "o", body.clone()).await;
    assert_eq!((status, &banned["code"]), (403, &json!("banned")));
    let headers =
        [("cookie", format!("pazar_session={root}")), ("idempotency-key", "u".to_owned())];
    let unban = house.send(Method::DELETE, "/api/v1/admin/bans/u-ada", &headers, "");
    assert_eq!(unban.await.0, 200);
    assert_eq!(house.post(&ada, &format!("{KILIM}/orders"), "o", body).await.0, 201);
    house.clock.advance(Duration::from_secs(7_200));
    assert_eq!(house.get(&root, admin).await.1["emergencies"], json!([]), "it ends by itself");
    let world = hos_core::id::Tenant::world();
    let root = hos_core::actor::Actor::user("u-root").unwrap();
    let query = hos_core::laws::Query::in_tenant(&root, "world.read", house.app.world(), &world);
    assert!(house.app.hos().can(&query).await.unwrap().permits());
}

/// Half a year after it was opened. In a file there are no months.
#[tokio::test]
async fn a_shop_that_stays_open_has_room_for_the_months_that_come() {
    let house = House::open().await;
    let months = match house.app.database().dialect() {
        Dialect::Sqlite => return,
        Dialect::Postgres => {
            "SELECT COUNT(*) FROM pg_inherits WHERE inhparent = 'hos_entry'::regclass"
        }
        Dialect::Mysql => {
            "SELECT COUNT(*) FROM information_schema.partitions \
             WHERE table_schema = DATABASE() AND table_name = 'hos_entry'"
        }
    };
    let count = async || {
        let count: i64 = query(months).fetch_one(house.app.database()).await.unwrap();
        count
    };
    let before = count().await;
    house.clock.advance(Duration::from_secs(180 * 86_400));
    let kept = house.app.clone().keep_house();
    let looked = async {
        while count().await == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! { () = kept => {}, () = looked => {} }
    assert!(count().await > before);
}
