//! The earlier marketplace's faults, by their numbers, and what the rows themselves refuse.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use hos_core::actor::Actor;
use hos_core::command::{Command, StandingChange, StandingCommand};
use hos_core::id::{ActorId, Role, Tenant};
use hos_core::laws::{Contracts as _, Policy as _, Registry as _};
use hos_core::subject::Subject;
use pazar::database::{Dialect, query};
use serde_json::json;

#[expect(dead_code, reason = "the flows use all of it")]
#[path = "support/house.rs"]
mod house;

use house::House;

const ORDERS: &str = "/api/v1/tenants/kilim/orders";

async fn an_order(house: &House, token: &str) -> String {
    let body = json!({ "listing": house.listing("Mosaic lamp").await, "quantity": 1 });
    let (status, order) = house.post(token, ORDERS, "order", body).await;
    assert_eq!(status, 201, "{order}");
    order["id"].as_str().unwrap().to_owned()
}

fn code(body: &serde_json::Value) -> &str {
    body["code"].as_str().unwrap_or_default()
}

#[test]
fn the_law_has_no_faults() {
    pazar::law::law().unwrap();
}

#[tokio::test]
async fn r7_nobody_cancels_somebody_elses_order() {
    let house = House::open().await;
    let (mine, other) = (house.person("u-1").await, house.person("u-2").await);
    let id = an_order(&house, &mine).await;
    let cancel = format!("{ORDERS}/{id}/actions/cancel");
    let (status, problem) = house.post(&other, &cancel, "k", json!({})).await;
    assert_eq!((status, code(&problem)), (404, "not_found"));
    assert_eq!(house.get(&other, &format!("{ORDERS}/{id}")).await.0, 404);
    let order = Subject::new("pazar", "kilim", "order", &id).unwrap();
    let actor = Actor::user("u-2").unwrap();
    assert!(house.app.hos().allowed_actions(&actor, &order).await.unwrap().is_empty());
    assert_eq!(house.get(&mine, &format!("{ORDERS}/{id}")).await.1["status"], "pending");
}

#[tokio::test]
async fn r8_an_owner_is_nobody_elsewhere_and_nobody_makes_oneself_an_owner() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let id = an_order(&house, &customer).await;
    let order = Subject::new("pazar", "kilim", "order", &id).unwrap();
    let host = Actor::user("u-konak-owner").unwrap();
    let cancel = Command::new(&host, &order, "cancel").key("k-1");
    let refused = house.app.hos().transition(&cancel).await.unwrap_err();
    assert_eq!(refused.refusal().unwrap().code(), "not_found");
    let world = house.app.world().clone();
    for (actor, tenant) in [("u-1", "kilim"), ("u-konak-owner", "kilim"), ("u-1", "konak")] {
        let actor = Actor::user(actor).unwrap();
        let (member, roles) = (actor.id().clone(), vec![Role::new("owner").unwrap()]);
        let change = StandingChange::SetMember { member, roles };
        let tenant = Tenant::new(tenant).unwrap();
        let command = StandingCommand::new(&actor, &world, &tenant, change).key("own");
        let refused = house.app.hos().change_standing(&command).await.unwrap_err();
        assert!(matches!(refused.refusal().unwrap().code(), "denied" | "not_found"));
    }
    let fresh = Tenant::new("mine").unwrap();
    let actor = Actor::user("u-1").unwrap();
    let add = StandingCommand::new(&actor, &world, &fresh, StandingChange::AddTenant).key("add");
    let refused = house.app.hos().change_standing(&add).await.unwrap_err();
    assert_eq!(refused.refusal().unwrap().code(), "denied");
    let (root, role) = (ActorId::new("u-1").unwrap(), Role::new("super_admin").unwrap());
    let again = house.app.hos().bootstrap(&world, &root, &role, b"again").await.unwrap_err();
    assert_eq!(again.refusal().unwrap().code(), "denied");
}

#[tokio::test]
async fn r9_moving_what_does_not_exist_is_no_success() {
    let house = House::open().await;
    let token = house.person("u-1").await;
    let path = format!("{ORDERS}/o-missing/actions/cancel");
    let (status, problem) = house.post(&token, &path, "k", json!({})).await;
    assert_eq!((status, code(&problem)), (404, "not_found"));
}

#[tokio::test]
async fn r10_the_rows_accept_every_state_of_the_law() {
    let house = House::open().await;
    let token = house.person("u-1").await;
    let body = json!({ "listing": house.listing("Guest hall").await, "party_size": 1,
        "starts": house.hours(24), "ends": house.hours(25) });
    let (_, booked) = house.post(&token, "/api/v1/tenants/konak/reservations", "k", body).await;
    let id = booked["id"].as_str().unwrap();
    let reservation = Subject::new("pazar", "konak", "reservation", id).unwrap();
    let owner = Actor::user("u-konak-owner").unwrap();
    let path = format!("/api/v1/tenants/konak/reservations/{id}");
    let steps = [("confirm", "confirmed"), ("check_in", "checked_in"), ("complete", "completed")];
    for (action, state) in steps {
        let command = Command::new(&owner, &reservation, action).key(action);
        house.app.hos().transition(&command).await.unwrap();
        assert_eq!(house.get(&token, &path).await.1["status"], state);
    }
}

#[tokio::test]
async fn r15_an_address_names_one_account_in_the_whole_marketplace() {
    let house = House::open().await;
    let app = &house.app;
    pazar::auth::add_account(app, "u-9", " Ada@Pazar.example ", "Ada", "another").await.unwrap();
    let same = "SELECT count(*) FROM users WHERE lower(email) = 'ada@pazar.example'";
    assert_eq!(house.count(same).await, 1);
    let tenants = match app.database().dialect() {
        Dialect::Sqlite => {
            "SELECT count(*) FROM pragma_table_info('users') WHERE name LIKE '%tenant%'"
        }
        Dialect::Postgres | Dialect::Mysql => {
            "SELECT count(*) FROM information_schema.columns \
             WHERE table_name = 'users' AND column_name LIKE '%tenant%'"
        }
    };
    assert_eq!(house.count(tenants).await, 0, "no account belongs to a tenant");
}

#[tokio::test]
async fn a_status_is_written_by_the_law_alone() {
    let house = House::open().await;
    let token = house.person("u-1").await;
    let id = an_order(&house, &token).await;
    let mut transaction = house.app.database().begin().await.unwrap();
    let forced = query("UPDATE orders SET status = 'paid' WHERE id = ?")
        .bind(&id)
        .execute(&mut transaction)
        .await
        .unwrap_err();
    assert!(forced.to_string().contains("hos:guarded"), "{forced}");
    transaction.rollback().await.unwrap();
}

#[tokio::test]
async fn an_owner_who_marks_a_payment_moves_its_order_in_the_same_commit() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let owner = pazar::auth::open_session(&house.app, "u-kilim-owner").await.unwrap();
    let staff = pazar::auth::open_session(&house.app, "u-kilim-staff").await.unwrap();
    let payments = "/api/v1/tenants/kilim/payments";
    let online = an_order(&house, &customer).await;
    let body = json!({ "payable_kind": "order", "payable": online });
    let (_, payment) = house.post(&customer, payments, "p", body).await;
    let mark = format!("{payments}/{}/actions/mark_paid", payment["id"].as_str().unwrap());
    assert_eq!(house.post(&owner, &mark, "m", json!({})).await.0, 422, "the provider's to say");
    let lamp = house.listing("Mosaic lamp").await;
    let body = json!({ "listing": lamp, "quantity": 1, "method": "cash_on_delivery" });
    let (_, order) = house.post(&customer, ORDERS, "cash", body).await;
    let id = order["id"].as_str().unwrap();
    let (_, all) = house.get(&owner, payments).await;
    let payment = all.as_array().unwrap().iter().find(|payment| payment["payable"] == id).unwrap();
    let mark = format!("{payments}/{}/actions/mark_paid", payment["id"].as_str().unwrap());
    assert_eq!(house.post(&customer, &mark, "m", json!({})).await.0, 403);
    assert_eq!(house.post(&staff, &mark, "m", json!({})).await.0, 403);
    let old = json!({ "revision": 0 });
    assert_eq!(house.post(&owner, &mark, "m", old).await.0, 409, "an old page");
    let (status, marked) = house.post(&owner, &mark, "m", json!({ "revision": 1 })).await;
    assert_eq!((status, &marked["status"]), (200, &json!("paid")));
    assert_eq!(marked["receipt"]["also"][0]["to"], "paid", "one command, two subjects");
    assert_eq!(house.get(&customer, &format!("{ORDERS}/{id}")).await.1["status"], "paid");
    let (_, again) = house.post(&owner, &mark, "m", json!({})).await;
    assert_eq!(again["receipt"]["replayed"], true);
}

#[tokio::test]
async fn a_denied_attempt_at_a_critical_ability_leaves_evidence() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let staff = pazar::auth::open_session(&house.app, "u-kilim-staff").await.unwrap();
    let id = an_order(&house, &customer).await;
    let cancel = format!("{ORDERS}/{id}/actions/cancel");
    let before = house.count("SELECT count(*) FROM hos_entry").await;
    assert_eq!(house.post(&staff, &cancel, "k", json!({})).await.0, 403);
    assert_eq!(house.count("SELECT count(*) FROM hos_entry").await, before + 1);
}

#[tokio::test]
async fn a_second_start_lays_nothing_down_twice() {
    let directory = tempfile::tempdir().unwrap();
    let secret = pazar::webhook::Secret::random();
    let config = pazar::config::Config::for_file(directory.path().join("a/b.db"), secret);
    let mut counts = Vec::new();
    for _ in 0..2 {
        let app = pazar::app::App::open(&config).await.unwrap();
        let count = "SELECT (SELECT count(*) FROM listings) + (SELECT count(*) FROM hos_entry)";
        let count: i64 = query(count).fetch_one(app.database()).await.unwrap();
        counts.push(count);
        app.close().await;
    }
    assert_eq!(counts.first(), counts.last());
}
