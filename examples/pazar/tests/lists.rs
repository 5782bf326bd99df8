//! Every list holds the rows that the law would show alone, and no others: hostile people, hostile
//! rows, and a standing that changes between two pages.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use hos_core::actor::Actor;
use hos_core::command::{StandingChange, StandingCommand};
use hos_core::id::{Ability, ActorId, Role, Tenant};
use hos_core::laws::{Policy as _, Query, Registry as _};
use hos_core::standing::{AbilityPattern, Mode};
use hos_core::subject::Subject;
use http_body_util::BodyExt as _;
use pazar::auth;
use pazar::database::query;
use serde_json::{Value, json};
use tower::ServiceExt as _;

#[path = "support/house.rs"]
#[expect(dead_code, reason = "the flows use all of it")]
mod house;

use house::House;

/// Alike to a careless comparison.
const CUSTOMERS: [&str; 5] = ["u-1", "U-1", "u-1%", "u_1", "u-1'--"];
const OTHERS: [&str; 5] = ["u-nobody", "u-kilim-owner", "u-kilim-staff", "u-konak-owner", "u-root"];
const FIRMS: [&str; 3] = ["kilim", "konak", "liman"];
/// Sections of a firm's API: what opens each, and of which kind its rows are.
const SECTIONS: [(&str, &str, &str); 4] = [
    ("orders", "panel.read", "order"),
    ("reservations", "panel.read", "reservation"),
    ("payments", "panel.read", "payment"),
    ("refunds", "refund.read", "payment"),
];

/// A row of the marketplace: tenant, id, and whose it is.
type Row = (String, String, String);

struct Market {
    house: House,
    people: Vec<(&'static str, String)>,
    changes: u32,
}

impl Market {
    /// Orders, bookings, payments and refunds of every customer, in several states.
    async fn open() -> Self {
        let house = House::open().await;
        let mut people = Vec::new();
        for id in CUSTOMERS {
            people.push((id, house.person(id).await));
        }
        people.push(("u-nobody", house.person("u-nobody").await));
        for id in &OTHERS[1..] {
            people.push((*id, auth::open_session(&house.app, id).await.unwrap()));
        }
        let market = Self { house, people, changes: 0 };
        for (number, (_, token)) in market.people.iter().enumerate().take(CUSTOMERS.len()) {
            market.deal(number, token).await;
        }
        market
    }

    /// What one customer does: three orders in two firms, one of them in person, one cancelled
    /// after it was paid, and a booking.
    async fn deal(&self, number: usize, token: &str) {
        let house = &self.house;
        let order = |tenant: &'static str,
                     title: &'static str,
                     key: String,
                     method: &'static str| async move {
            let body =
                json!({ "listing": house.listing(title).await, "quantity": 1, "method": method });
            let path = format!("/api/v1/tenants/{tenant}/orders");
            // The same key in two firms makes the same id in both.
            let (status, order) = house.post(token, &path, &key, body).await;
            assert_eq!(status, 201, "{order}");
            order["id"].as_str().unwrap().to_owned()
        };
        let key = format!("same-{number}");
        order("kilim", "Handwoven kilim", key.clone(), "bank_transfer").await;
        let cancelled = order("kilim", "Tulip tea glasses", format!("c-{number}"), "online").await;
        self.house.clock.advance(Duration::from_secs(1));
        order("konak", "Bahçe zeytini", key, "online").await;
        self.pay(token, number, &cancelled).await;
        let path = format!("/api/v1/tenants/kilim/orders/{cancelled}/actions/cancel");
        assert_eq!(self.house.post(token, &path, "cancel", json!({})).await.0, 200);
        let hours = 48 + i64::try_from(number).unwrap();
        let body = json!({ "listing": self.house.listing("Guest hall").await, "party_size": 1,
            "starts": self.house.hours(hours), "ends": self.house.hours(hours + 1),
            "method": "cash_on_delivery" });
        let path = "/api/v1/tenants/konak/reservations";
        let (status, booking) = self.house.post(token, path, "b", body).await;
        assert_eq!(status, 201, "{booking}");
    }

    async fn pay(&self, token: &str, number: usize, order: &str) {
        let body = json!({ "payable_kind": "order", "payable": order });
        let path = "/api/v1/tenants/kilim/payments";
        let (status, payment) = self.house.post(token, path, "pay", body).await;
        assert_eq!(status, 201, "{payment}");
        let data = json!({ "reference": payment["reference"], "amount": payment["amount"],
            "currency": "TRY" });
        let event = json!({ "type": "payment.paid", "data": data });
        assert_eq!(self.house.webhook(&format!("evt-{number}"), &event).await.0, 200);
    }

    /// A super admin changes who stands how.
    async fn change(&mut self, tenant: &str, change: StandingChange) {
        self.changes += 1;
        let (app, root) = (&self.house.app, Actor::user("u-root").unwrap());
        let tenant = if tenant.is_empty() { Tenant::world() } else { tenant.parse().unwrap() };
        let command = StandingCommand::new(&root, app.world(), &tenant, change);
        let command = command.key(format!("change-{}", self.changes));
        app.hos().change_standing(&command).await.unwrap();
    }

    async fn grant(&mut self, tenant: &str, target: &str, pattern: &str) {
        let grant = StandingChange::Grant {
            target: ActorId::new(target).unwrap(),
            pattern: AbilityPattern::parse(pattern).unwrap(),
            duration: Duration::from_secs(3_600),
            reason: "for the suite".to_owned(),
        };
        self.change(tenant, grant).await;
    }

    async fn ban(&mut self, tenant: &str, target: &str) {
        let target = ActorId::new(target).unwrap();
        let reason = "for the suite".to_owned();
        self.change(tenant, StandingChange::Ban { target, reason }).await;
    }

    fn token(&self, person: &str) -> &str {
        let (_, token) = self.people.iter().find(|(id, _)| *id == person).unwrap();
        token
    }

    async fn fetch(&self, person: &str, path: &str) -> (u16, Option<String>, String) {
        let request = Request::builder()
            .uri(path)
            .header("cookie", format!("pazar_session={}", self.token(person)))
            .body(Body::empty())
            .unwrap();
        let answer = self.house.app.router().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let next = link.map(|link| {
            let address = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
            format!("{}{address}", path.split('?').next().unwrap())
        });
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, next, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// All pages of a list: tenant and id of each row, in order; or why not.
    async fn listed(
        &self,
        person: &str,
        path: &str,
        id: &str,
    ) -> Result<Vec<(String, String)>, u16> {
        let (mut listed, mut next) = (Vec::new(), Some(format!("{path}?limit=2")));
        while let Some(page) = next {
            let (status, following, text) = self.fetch(person, &page).await;
            if status != 200 {
                return Err(status);
            }
            let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
            assert!(rows.len() <= 2 && (following.is_none() || rows.len() == 2), "{page}");
            let name = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
            listed.extend(rows.iter().map(|row| (name(row, "tenant"), name(row, id))));
            next = following;
        }
        Ok(listed)
    }

    async fn can(&self, person: &str, ability: &str, tenant: &str) -> bool {
        let app = &self.house.app;
        let (actor, tenant) = (Actor::user(person).unwrap(), Tenant::new(tenant).unwrap());
        let query = Query::in_tenant(&actor, ability, app.world(), &tenant);
        app.hos().can(&query).await.unwrap().permits()
    }

    /// Those of some rows that a person may read, asked one by one.
    async fn readable(&self, person: &str, kind: &str, rows: &[Row]) -> Vec<(String, String)> {
        let (actor, ability) = (Actor::user(person).unwrap(), format!("{kind}.read"));
        let mut readable = Vec::new();
        for (tenant, id, _) in rows {
            let subject = Subject::new("pazar", tenant, kind, id).unwrap();
            let query = Query::new(&actor, &ability, &subject);
            if self.house.app.hos().can(&query).await.unwrap().permits() {
                readable.push((tenant.clone(), id.clone()));
            }
        }
        readable
    }

    async fn rows(&self, section: &str) -> Vec<Row> {
        let text = match section {
            "orders" => {
                "SELECT tenant, id, customer FROM orders \
                 ORDER BY created_at DESC, id DESC, tenant DESC"
            }
            "reservations" => {
                "SELECT tenant, id, customer FROM reservations \
                 ORDER BY created_at DESC, id DESC, tenant DESC"
            }
            "payments" => {
                "SELECT tenant, id, customer FROM payments \
                 ORDER BY created_at DESC, id DESC, tenant DESC"
            }
            _ => {
                "SELECT tenant, payment, reason FROM refunds \
                 ORDER BY created_at DESC, payment DESC, tenant DESC"
            }
        };
        query(text).fetch_all(self.house.app.database()).await.unwrap()
    }

    /// Compares every list of every person with what `can` says of every row; answers how many
    /// rows were listed.
    async fn compare(&self) -> usize {
        let mut seen = 0;
        for (section, gate, kind) in SECTIONS {
            let rows = self.rows(section).await;
            let id = if section == "refunds" { "payment" } else { "id" };
            for (person, _) in &self.people {
                if matches!(section, "orders" | "reservations") {
                    let own: Vec<Row> =
                        rows.iter().filter(|row| row.2 == *person).cloned().collect();
                    let mine = self.listed(person, &format!("/api/v1/{section}"), id).await;
                    let readable = self.readable(person, kind, &own).await;
                    seen += readable.len();
                    assert_eq!(mine, Ok(readable), "{person}: own {section}");
                }
                for firm in FIRMS {
                    let path = format!("/api/v1/tenants/{firm}/{section}");
                    let listed = self.listed(person, &path, id).await;
                    if !self.can(person, gate, firm).await {
                        assert!(matches!(listed, Err(403 | 404)), "{person}: {path}: {listed:?}");
                        continue;
                    }
                    let own: Vec<Row> = rows.iter().filter(|row| row.0 == firm).cloned().collect();
                    let readable = self.readable(person, kind, &own).await;
                    seen += readable.len();
                    assert_eq!(listed, Ok(readable), "{person}: {path}");
                }
            }
        }
        seen + self.compare_offers().await
    }

    /// The same of the listings in a firm's panel, which is a page.
    async fn compare_offers(&self) -> usize {
        let rows: Vec<Row> = query("SELECT tenant, id, status FROM listings")
            .fetch_all(self.house.app.database())
            .await
            .unwrap();
        let mut seen = 0;
        for (person, _) in &self.people {
            for firm in FIRMS {
                let (status, _, page) =
                    self.fetch(person, &format!("/panel/{firm}/listings")).await;
                if !self.can(person, "panel.read", firm).await {
                    assert!(matches!(status, 403 | 404), "{person}: {firm}: {status}");
                    continue;
                }
                let own: Vec<Row> = rows.iter().filter(|row| row.0 == firm).cloned().collect();
                let readable = self.readable(person, "listing", &own).await;
                for (tenant, id, _) in &own {
                    let shown = page.contains(&format!("/t/{tenant}/listings/{id}"));
                    let may = readable.contains(&(tenant.clone(), id.clone()));
                    assert_eq!(shown, may, "{person}: {firm}: {id}");
                }
                seen += readable.len();
            }
        }
        seen
    }
}

#[tokio::test]
async fn a_list_holds_what_can_permits_row_by_row() {
    let mut market = Market::open().await;
    let draft = json!({ "flow": "sale", "title": "Not yet", "price": 1 });
    let owner = market.token("u-kilim-owner").to_owned();
    let (status, _) = market.house.post(&owner, "/api/v1/tenants/kilim/listings", "l", draft).await;
    assert_eq!(status, 201);
    let all = market.compare().await;
    assert!(all > 100, "{all}");

    // Who may open the panel and nothing else sees the rows of the customer that they are.
    market.grant("kilim", "u_1", "panel.read").await;
    market.grant("kilim", "u-nobody", "refund.read").await;
    assert!(market.compare().await > all);
    market.grant("konak", "u-nobody", "panel.read").await;
    market.grant("konak", "u-nobody", "order.read").await;
    assert!(market.compare().await > all);

    market.ban("kilim", "u-1").await;
    market.ban("kilim", "u-kilim-staff").await;
    market.ban("", "U-1").await;
    let fewer = market.compare().await;
    let roles = vec![Role::new("staff").unwrap()];
    let member = ActorId::new("u-kilim-owner").unwrap();
    market.change("kilim", StandingChange::SetMember { member, roles }).await;
    assert!(market.compare().await < fewer, "staff has no refunds");

    // In shadow everything is permitted but what the ban list decides.
    let ability = Some(Ability::new("payment.read").unwrap());
    let mode = Some(Mode::Shadow);
    market.change("", StandingChange::SetMode { ability, mode }).await;
    market.compare().await;
    market.change("", StandingChange::SetMode { ability: None, mode: Some(Mode::Off) }).await;
    assert!(market.compare().await > all);
}

#[tokio::test]
async fn a_standing_that_changes_between_two_pages_counts_at_once() {
    let mut market = Market::open().await;
    let (status, next, text) = market.fetch("u-1", "/api/v1/orders?limit=1").await;
    assert_eq!(status, 200);
    let first: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(first[0]["tenant"], "konak");
    market.ban("kilim", "u-1").await;
    let (status, following, text) = market.fetch("u-1", &next.unwrap()).await;
    assert_eq!((status, following, &*text), (200, None, "[]"), "the rest is of the other firm");
    let (_, _, text) = market.fetch("u-1", "/mine").await;
    assert!(text.contains("/t/konak/") && !text.contains("/t/kilim/"), "{text}");

    let path = "/api/v1/tenants/kilim/payments?limit=2";
    let (status, next, _) = market.fetch("u-kilim-staff", path).await;
    assert_eq!(status, 200);
    let member = ActorId::new("u-kilim-staff").unwrap();
    market.change("kilim", StandingChange::SetMember { member, roles: Vec::new() }).await;
    assert_eq!(market.fetch("u-kilim-staff", &next.unwrap()).await.0, 404);

    // Who has taken every ability loses them when their time is over.
    let taken = StandingChange::BreakGlass {
        duration: Duration::from_secs(60),
        reason: "for the suite".to_owned(),
    };
    market.change("konak", taken).await;
    market.compare().await;
    market.house.clock.advance(Duration::from_secs(61));
    market.compare().await;
}

#[tokio::test]
async fn whoever_may_read_an_order_alone_sees_none_of_its_payments() {
    let mut market = Market::open().await;
    let text = "SELECT payable, id FROM payments WHERE tenant = 'kilim' AND method = 'online'";
    let rows: Vec<(String, String)> =
        query(text).fetch_all(market.house.app.database()).await.unwrap();
    let (order, payment) = &rows[0];
    let page = format!("/t/kilim/orders/{order}");
    assert_eq!(market.fetch("u-nobody", &page).await.0, 404);
    market.grant("kilim", "u-nobody", "order.read").await;
    let (status, _, text) = market.fetch("u-nobody", &page).await;
    assert_eq!((status, text.contains(payment.as_str())), (200, false));
    let (_, _, text) = market.fetch("u-kilim-staff", &page).await;
    assert!(text.contains(payment.as_str()));
}

#[tokio::test]
async fn an_address_that_no_page_gave_is_refused() {
    let market = Market::open().await;
    for asked in ["after=1", "after=x~kilim~o", "after=1~kilim~%00", "limit=0", "limit=101", "x=1"]
    {
        let (status, _, text) = market.fetch("u-1", &format!("/api/v1/orders?{asked}")).await;
        assert_eq!(status, 400, "{asked}: {text}");
    }
    let (status, _, text) = market.fetch("u-1", "/api/v1/orders?after=-9~nowhere~o-1").await;
    assert_eq!((status, &*text), (200, "[]"));
}
