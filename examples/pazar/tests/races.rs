//! What holds under any race, and what the clock brings about.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

#[expect(dead_code, reason = "the flows use all of it")]
#[path = "support/house.rs"]
mod house;

use house::House;

async fn people(house: &House, count: usize) -> Vec<String> {
    let mut tokens = Vec::with_capacity(count);
    for number in 0..count {
        tokens.push(house.person(&format!("u-{number}")).await);
    }
    tokens
}

/// How often somebody who was told to send the same again does so.
const SENT_MAX: usize = 20;

/// Everybody posts at once, and whoever is told to sends the same again; answers the statuses,
/// sorted.
async fn at_once(
    house: &Arc<House>,
    tokens: Vec<String>,
    path: &'static str,
    body: Value,
) -> Vec<u16> {
    let mut posts = JoinSet::new();
    for token in tokens {
        let (house, body) = (Arc::clone(house), body.clone());
        posts.spawn(async move {
            let mut status = 503;
            for _ in 0..SENT_MAX {
                status = house.post(&token, path, "one", body.clone()).await.0;
                if status != 503 {
                    break;
                }
            }
            status
        });
    }
    let mut statuses = posts.join_all().await;
    statuses.sort_unstable();
    statuses
}

fn how_many(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|other| **other == status).count()
}

/// Who got what they asked for, at once or when they sent it again.
fn served(statuses: &[u16]) -> usize {
    how_many(statuses, 201) + how_many(statuses, 200)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_buyers_of_the_last_ten() {
    let house = Arc::new(House::open().await);
    let tokens = people(&house, 200).await;
    let owner = pazar::auth::open_session(&house.app, "u-kilim-owner").await.unwrap();
    let path =
        format!("/api/v1/tenants/kilim/listings/{}/stock", house.listing("Mosaic lamp").await);
    assert_eq!(house.put(&owner, &path, "ten", json!({ "stock": 10 })).await.0, 200);
    let body = json!({ "listing": house.listing("Mosaic lamp").await, "quantity": 1 });
    let statuses = at_once(&house, tokens, "/api/v1/tenants/kilim/orders", body).await;
    assert_eq!((served(&statuses), how_many(&statuses, 409)), (10, 190));
    assert_eq!(house.count("SELECT count(*) FROM orders").await, 10);
    assert_eq!(house.count("SELECT stock FROM listings WHERE title = 'Mosaic lamp'").await, 0);
    let law = "SELECT count(*) FROM hos_subject WHERE kind = 'order'";
    assert_eq!(house.count(law).await, 10, "what was refused left nothing in the law either");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_bookers_of_one_slot() {
    let house = Arc::new(House::open().await);
    let tokens = people(&house, 200).await;
    let listing = house.listing("Guest hall").await;
    let (starts, ends) = (house.hours(24), house.hours(26));
    let body = json!({ "listing": listing, "party_size": 1, "starts": starts, "ends": ends });
    let statuses = at_once(&house, tokens, "/api/v1/tenants/konak/reservations", body).await;
    assert_eq!((served(&statuses), how_many(&statuses, 409)), (1, 199), "{statuses:?}");
    assert_eq!(house.count("SELECT count(*) FROM reservations").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_copies_of_one_click() {
    let house = Arc::new(House::open().await);
    let token = house.person("u-x").await;
    let body = json!({ "listing": house.listing("Mosaic lamp").await, "quantity": 1 });
    let statuses = at_once(&house, vec![token; 64], "/api/v1/tenants/kilim/orders", body).await;
    assert_eq!((how_many(&statuses, 201), how_many(&statuses, 200)), (1, 63), "{statuses:?}");
    assert_eq!(house.count("SELECT stock FROM listings WHERE title = 'Mosaic lamp'").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_copies_of_one_webhook() {
    let house = Arc::new(House::open().await);
    let token = house.person("u-x").await;
    let (id, event) = owed(&house, &token).await;
    let mut hooks = JoinSet::new();
    for _ in 0..1_000 {
        let (house, event) = (Arc::clone(&house), event.clone());
        hooks.spawn(async move { house.webhook("evt_same", &event).await });
    }
    let answers = hooks.join_all().await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
    let accepted = answers.iter().filter(|(_, body)| body["outcome"] == "accepted").count();
    assert_eq!(accepted, 1);
    assert_eq!(house.count("SELECT count(*) FROM webhook_events").await, 1);
    assert_eq!(house.count("SELECT count(*) FROM payments WHERE status = 'paid'").await, 1);
    let (_, order) = house.get(&token, &format!("/api/v1/tenants/kilim/orders/{id}")).await;
    assert_eq!((&order["status"], &order["revision"]), (&json!("paid"), &json!(2)));
}

/// An order with an open payment: its id, and the event that pays it.
async fn owed(house: &House, token: &str) -> (String, Value) {
    let body = json!({ "listing": house.listing("Mosaic lamp").await, "quantity": 1 });
    let (_, order) = house.post(token, "/api/v1/tenants/kilim/orders", "o", body).await;
    let id = order["id"].as_str().unwrap().to_owned();
    let body = json!({ "payable_kind": "order", "payable": id });
    let (_, payment) = house.post(token, "/api/v1/tenants/kilim/payments", "p", body).await;
    let (reference, amount) = (&payment["reference"], &payment["amount"]);
    let data = json!({ "reference": reference, "amount": amount, "currency": "TRY" });
    (id, json!({ "type": "payment.paid", "data": data }))
}

#[tokio::test(flavor = "multi_thread")]
async fn paying_and_cancelling_at_once_never_lose_money_or_stock() {
    let house = Arc::new(House::open().await);
    for round in 0..16 {
        let token = house.person(&format!("u-{round}")).await;
        let (id, event) = owed(&house, &token).await;
        let cancel = {
            let (house, path) =
                (Arc::clone(&house), format!("/api/v1/tenants/kilim/orders/{id}/actions/cancel"));
            tokio::spawn(async move { house.post(&token, &path, "c", json!({})).await.0 })
        };
        let paid = house.webhook(&format!("evt_{round}"), &event).await;
        assert_eq!((cancel.await.unwrap(), paid.0), (200, 200));
        assert_eq!(house.count("SELECT count(*) FROM refunds").await, round + 1);
        let stock = "SELECT stock FROM listings WHERE title = 'Mosaic lamp'";
        assert_eq!(house.count(stock).await, 5);
    }
    let wrong = "SELECT count(*) FROM hos_subject JOIN hos_scope ON hos_scope.number = scope \
         JOIN orders ON orders.tenant = hos_scope.tenant AND orders.id = hos_subject.id \
         WHERE kind = 'order' AND hos_subject.state <> orders.status";
    assert_eq!(house.count(wrong).await, 0, "rows say what the law says");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_hold_ends_by_itself_and_frees_its_slot() {
    let house = House::open().await;
    let (first, second) = (house.person("u-1").await, house.person("u-2").await);
    let listing = house.listing("Courtyard room").await;
    let (starts, ends) = (house.hours(24), house.hours(48));
    let body = json!({ "listing": listing, "party_size": 1, "starts": starts, "ends": ends });
    let path = "/api/v1/tenants/konak/reservations";
    let (status, held) = house.post(&first, path, "k", body.clone()).await;
    assert_eq!(status, 201);
    assert_eq!(house.post(&second, path, "k", body.clone()).await.0, 409);
    house.clock.advance(Duration::from_secs(14 * 60));
    assert_eq!(house.app.end_holds().await.unwrap(), 0);
    house.clock.advance(Duration::from_secs(60));
    assert_eq!(house.app.end_holds().await.unwrap(), 1);
    assert_eq!(house.app.end_holds().await.unwrap(), 0, "once");
    let path_of_held = format!("{path}/{}", held["id"].as_str().unwrap());
    assert_eq!(house.get(&first, &path_of_held).await.1["status"], "cancelled");
    assert_eq!(house.post(&second, path, "k", body).await.0, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_hold_waits_for_the_owner_and_not_for_the_clock() {
    let house = House::open().await;
    let token = house.person("u-1").await;
    let body = json!({ "listing": house.listing("Guest hall").await, "party_size": 1,
        "starts": house.hours(200), "ends": house.hours(201) });
    let (_, held) = house.post(&token, "/api/v1/tenants/konak/reservations", "k", body).await;
    let id = held["id"].as_str().unwrap();
    let body = json!({ "payable_kind": "reservation", "payable": id });
    let (_, payment) = house.post(&token, "/api/v1/tenants/konak/payments", "p", body).await;
    let data = json!({ "reference": payment["reference"], "amount": 60_000, "currency": "TRY" });
    let (_, heard) = house.webhook("evt_1", &json!({ "type": "payment.paid", "data": data })).await;
    assert_eq!(heard["outcome"], "accepted");
    house.clock.advance(Duration::from_secs(3_600));
    assert_eq!(house.app.end_holds().await.unwrap(), 0);
    let path = format!("/api/v1/tenants/konak/reservations/{id}");
    assert_eq!(house.get(&token, &path).await.1["status"], "pending");
    let cancel = format!("{path}/actions/cancel");
    assert_eq!(house.post(&token, &cancel, "c", json!({})).await.0, 200);
    assert_eq!(house.count("SELECT count(*) FROM refunds WHERE reason = 'cancelled'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_for_an_expired_order_is_listed_for_refund() {
    let house = House::open().await;
    let token = house.person("u-1").await;
    let (id, event) = owed(&house, &token).await;
    house.clock.advance(pazar::law::ORDER_HOLD);
    assert_eq!(house.app.end_holds().await.unwrap(), 2, "the order and its payment");
    assert_eq!(house.count("SELECT stock FROM listings WHERE title = 'Mosaic lamp'").await, 5);
    let (status, heard) = house.webhook("evt_late", &event).await;
    assert_eq!((status, &heard["outcome"]), (200, &json!("late_payment")));
    let (_, order) = house.get(&token, &format!("/api/v1/tenants/kilim/orders/{id}")).await;
    assert_eq!(order["status"], "cancelled", "never revived");
    assert_eq!(house.count("SELECT count(*) FROM refunds WHERE reason = 'late_payment'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_for_an_expired_booking_is_marked_and_listed_for_refund() {
    let house = House::open().await;
    let token = house.person("u-1").await;
    let body = json!({ "listing": house.listing("Courtyard room").await, "party_size": 1,
        "starts": house.hours(24), "ends": house.hours(48) });
    let (_, held) = house.post(&token, "/api/v1/tenants/konak/reservations", "k", body).await;
    let id = held["id"].as_str().unwrap();
    let body = json!({ "payable_kind": "reservation", "payable": id });
    let (_, payment) = house.post(&token, "/api/v1/tenants/konak/payments", "p", body).await;
    house.clock.advance(pazar::law::BOOKING_HOLD);
    assert_eq!(house.app.end_holds().await.unwrap(), 1, "the booking, not yet its payment");
    let (reference, amount) = (&payment["reference"], &payment["amount"]);
    let data = json!({ "reference": reference, "amount": amount, "currency": "TRY" });
    let (_, heard) = house.webhook("evt_1", &json!({ "type": "payment.paid", "data": data })).await;
    assert_eq!(heard["outcome"], "accepted");
    let path = format!("/api/v1/tenants/konak/reservations/{id}");
    assert_eq!(house.get(&token, &path).await.1["status"], "cancelled", "never revived");
    assert_eq!(house.count("SELECT count(*) FROM payments WHERE status = 'paid'").await, 1);
    assert_eq!(house.count("SELECT count(*) FROM refunds WHERE reason = 'closed'").await, 1);
}
