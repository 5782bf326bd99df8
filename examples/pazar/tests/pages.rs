//! What a browser is shown: every page in both languages, hostile forms, double clicks, old pages.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt as _;
use pazar::auth;
use tower::ServiceExt as _;

#[path = "support/house.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod house;

use house::House;

/// A page as a browser gets it.
struct Shown {
    status: u16,
    text: String,
    location: String,
}

impl Shown {
    /// The first value of a hidden field.
    fn field(&self, name: &str) -> String {
        let (_, rest) = self.text.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}

/// A browser with a session and a language.
struct Browser<'a> {
    house: &'a House,
    cookie: String,
}

impl<'a> Browser<'a> {
    async fn of(house: &'a House, user: &str, language: &str) -> Self {
        let token = auth::open_session(&house.app, user).await.unwrap();
        Self { house, cookie: format!("pazar_session={token}; pazar_language={language}") }
    }

    async fn get(&self, path: &str) -> Shown {
        self.send(Method::GET, path, String::new()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Shown {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.send(Method::POST, path, pairs.join("&")).await
    }

    async fn send(&self, method: Method, path: &str, body: String) -> Shown {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("cookie", &self.cookie)
            .header("accept", "text/html,*/*")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        let answer = self.house.app.router().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let location = answer.headers().get("location");
        let location = location.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        Shown { status, text: String::from_utf8(bytes.to_vec()).unwrap(), location }
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Buys some glasses as Ada and answers the order's path.
async fn bought(house: &House, key: &str) -> String {
    let ada = Browser::of(house, "u-ada", "en").await;
    let listing = house.listing("Tulip tea glasses").await;
    let fields = [("key", key), ("listing", listing.as_str()), ("quantity", "1")];
    let bought = ada.post("/t/kilim/orders", &fields).await;
    assert_eq!(bought.status, 303, "{}", bought.text);
    bought.location
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_speaks_both_languages() {
    let house = House::open().await;
    let order = bought(&house, "one").await;
    let (glasses, room) =
        (house.listing("Tulip tea glasses").await, house.listing("Courtyard room").await);
    let hall = house.listing("Guest hall").await;
    let mut pages = vec![
        ("u-ada", "/".to_owned()),
        ("u-ada", "/?text=a&category=food&flow=sale&sort=cheapest&page=2".to_owned()),
        ("u-ada", "/?text=%3Cscript%3E&page=x&sort=y".to_owned()),
        ("u-ada", "/sign-in".to_owned()),
        ("u-ada", "/mine".to_owned()),
        ("u-ada", "/mine?tab=past".to_owned()),
        ("u-ada", format!("/t/kilim/listings/{glasses}")),
        ("u-ada", format!("/t/konak/listings/{room}?month=2027-03")),
        ("u-ada", format!("/t/konak/listings/{hall}?day=2030-01-02")),
        ("u-ada", format!("/t/kilim/checkout?listing={glasses}&quantity=3")),
        ("u-ada", format!("/t/konak/checkout?listing={room}&from=2030-01-02&to=2030-01-04")),
        (
            "u-ada",
            format!("/t/konak/checkout?listing={hall}&day=2030-01-02&from_hour=10&to_hour=12"),
        ),
        ("u-ada", order.clone()),
        ("u-ada", format!("{order}/cancel?revision=1&back=/mine")),
        ("u-ada", "/panel".to_owned()),
        ("u-root", "/panel".to_owned()),
        ("u-root", "/admin".to_owned()),
        ("u-kilim-owner", "/panel/kilim/listings/new".to_owned()),
        ("u-kilim-owner", format!("/panel/kilim/listings/{glasses}")),
        ("u-konak-owner", format!("/panel/konak/listings/{room}")),
    ];
    for section in ["", "/listings", "/orders", "/reservations", "/payments"] {
        for user in ["u-kilim-owner", "u-kilim-staff"] {
            pages.push((user, format!("/panel/kilim{section}")));
        }
    }
    for section in ["refunds", "staff"] {
        pages.push(("u-kilim-owner", format!("/panel/kilim/{section}")));
    }
    for (user, path) in pages {
        for language in ["tr", "en"] {
            let page = Browser::of(&house, user, language).await.get(&path).await;
            assert_eq!(page.status, 200, "{user} {path}: {}", page.text);
            assert!(page.text.contains(&format!("<html lang=\"{language}\">")), "{path}");
            assert_eq!(page.text.matches("<h1").count(), 1, "{path} has one heading");
            assert!(!page.text.contains("<script") && !page.text.contains(" style="), "{path}");
            for line in page.text.lines() {
                let bare = line.trim();
                let is_key = bare.contains('-') && !bare.contains([' ', '<', '{', '/', '@', '.']);
                let is_key = is_key && bare.chars().all(|c| c.is_ascii_lowercase() || c == '-');
                assert!(!is_key, "{path} shows the key {bare}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_kept_and_goes_back_to_the_page() {
    let house = House::open().await;
    let ada = Browser::of(&house, "u-ada", "tr").await;
    let switched = ada.post("/language", &[("language", "en"), ("back", "/mine?tab=all")]).await;
    assert_eq!((switched.status, switched.location.as_str()), (303, "/mine?tab=all"));
    let away = ada.post("/language", &[("language", "en"), ("back", "//evil.example")]).await;
    assert_eq!(away.location, "/");
    assert_eq!(ada.post("/language", &[("language", "xx")]).await.status, 400);
    assert!(ada.get("/").await.text.contains("1.800,00 ₺"));
    let english = Browser::of(&house, "u-ada", "en").await;
    assert!(english.get("/").await.text.contains("₺1,800.00"));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_fields_come_back_as_readable_pages() {
    let house = House::open().await;
    let owner = Browser::of(&house, "u-kilim-owner", "tr").await;
    let ada = Browser::of(&house, "u-ada", "tr").await;
    let root = Browser::of(&house, "u-root", "tr").await;
    let (long, script) = ("x".repeat(10_240), "<script>alert(1)</script>");
    let new = "/panel/kilim/listings";
    let listing = |title: &'static str, price: &'static str| {
        [("key", "k"), ("title", title), ("price", price), ("category", "product")]
    };
    let glasses = house.listing("Tulip tea glasses").await;
    let order = |quantity: &'static str| [("key", "k"), ("listing", "l-1"), ("quantity", quantity)];
    let refused = [
        owner.post(new, &[]).await,
        owner.post(new, &[("key", "k"), ("title", &long), ("price", "1"), ("flow", "sale")]).await,
        owner.post(new, &listing("Bowl", "free")).await,
        owner.post(new, &listing("Bowl", script)).await,
        owner.post(new, &listing("", "10")).await,
        owner.post("/panel/kilim/staff", &[("key", "k"), ("email", script)]).await,
        owner.post("/panel/kilim/listings/l-1/stock", &[("key", "k"), ("stock", "many")]).await,
        ada.post("/t/kilim/orders", &order("-1")).await,
        ada.post("/t/kilim/orders", &order("<b>")).await,
        ada.post("/t/kilim/orders", &order("99999999999999999999")).await,
        ada.post("/t/kilim/orders", &[("key", ""), ("listing", &glasses), ("quantity", "1")]).await,
        ada.post("/t/konak/reservations", &[("key", "k"), ("starts", script)]).await,
        ada.post("/t/kilim/payments", &[("key", "k"), ("payable_kind", script), ("payable", "x")])
            .await,
        ada.post("/t/kilim/orders/o-1/cancel", &[("key", "k"), ("revision", "old")]).await,
        ada.get("/t/kilim/orders/%3Cscript%3E").await,
        ada.get("/t/kilim/checkout?listing=%3Cscript%3E").await,
        ada.get("/t/kilim/nothings/x/y").await,
        ada.get("/no/such/page").await,
        ada.get("/admin").await,
        ada.get("/panel/kilim").await,
        root.post("/admin/firms", &[("key", "k"), ("id", script), ("name", script)]).await,
        root.post("/admin/modes", &[("key", "k"), ("ability", script), ("mode", "off")]).await,
        root.post("/admin/emergencies", &[("key", "k"), ("hours", "99"), ("reason", "x")]).await,
    ];
    for (index, page) in refused.iter().enumerate() {
        assert!((400..500).contains(&page.status), "{index}: {} {}", page.status, page.text);
        assert!(page.text.contains("<html lang=\"tr\">"), "{index}: {}", page.text);
        assert!(page.text.contains("refusal") || page.text.contains("<h1>"), "{index}");
        assert!(!page.text.contains("<script"), "{index}: {}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_firm_says_is_shown_as_text() {
    let house = House::open().await;
    let owner = Browser::of(&house, "u-kilim-owner", "en").await;
    let fields = [
        ("key", "k"),
        ("flow", "sale"),
        ("title", "<img src=x onerror=alert(1)>"),
        ("description", "\"><script>alert(1)</script>"),
        ("price", "12,50"),
        ("category", "food"),
        ("stock", "3"),
    ];
    let opened = owner.post("/panel/kilim/listings", &fields).await;
    assert_eq!(opened.status, 303, "{}", opened.text);
    for path in [opened.location.as_str(), "/panel/kilim/listings"] {
        let page = owner.get(path).await;
        assert_eq!(page.status, 200);
        assert!(!page.text.contains("<script") && !page.text.contains("<img src=x"), "{path}");
        assert!(page.text.contains("₺12.50"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_does_one_thing_and_an_old_page_says_so() {
    let house = House::open().await;
    let owner = Browser::of(&house, "u-kilim-owner", "en").await;
    let staff = Browser::of(&house, "u-kilim-staff", "en").await;
    let listing = house.listing("Mosaic lamp").await;
    let path = format!("/t/kilim/listings/{listing}");
    // Two pages are open at once.
    let (first, second) = (owner.get(&path).await, staff.get(&path).await);
    let pressed = |page: &Shown| (page.field("key"), page.field("revision"));
    let ((key, revision), (late_key, late_revision)) = (pressed(&first), pressed(&second));
    let pause = format!("{path}/pause");
    let fields = [("key", key.as_str()), ("revision", &revision), ("back", &path)];
    for _ in 0..2 {
        let paused = owner.post(&pause, &fields).await;
        assert_eq!((paused.status, paused.location.as_str()), (303, path.as_str()));
    }
    let proofs = "SELECT count(*) FROM hos_entry WHERE leaf LIKE '%\"pause\"%'";
    assert_eq!(house.count(proofs).await, 1, "a double click is one step");
    let late = [("key", late_key.as_str()), ("revision", &late_revision), ("back", &path)];
    let late = staff.post(&pause, &late).await;
    assert_eq!(late.status, 409, "{}", late.text);
    assert!(late.text.contains("This changed meanwhile, look again"), "{}", late.text);
    assert!(late.text.contains(&format!("href=\"{path}\"")), "with a link to it as it is now");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_saw_another_price_is_asked_to_look_again() {
    let house = House::open().await;
    let ada = Browser::of(&house, "u-ada", "en").await;
    let listing = house.listing("Tulip tea glasses").await;
    let checkout = format!("/t/kilim/checkout?listing={listing}&quantity=1");
    let seen = ada.get(&checkout).await.field("price");
    for (price, status) in [("1", 409), (seen.as_str(), 303)] {
        let fields = [("key", price), ("listing", &listing), ("quantity", "1"), ("price", price)];
        assert_eq!(ada.post("/t/kilim/orders", &fields).await.status, status, "{price}");
    }
    assert_eq!(house.count("SELECT count(*) FROM orders").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_button_comes_from_the_law() {
    let house = House::open().await;
    let order = bought(&house, "one").await;
    let cancel = format!("{order}/cancel?");
    for (user, expected) in [("u-ada", true), ("u-kilim-owner", true), ("u-kilim-staff", false)] {
        let page = Browser::of(&house, user, "en").await.get(&order).await;
        assert_eq!(page.text.contains(&cancel), expected, "{user}");
    }
    let ada = Browser::of(&house, "u-ada", "en").await;
    let question = ada.get(&format!("{order}/cancel?revision=1&back={order}")).await;
    assert!(question.text.contains("Cancel order"));
    let (key, revision) = (question.field("key"), question.field("revision"));
    let answer = [("key", key.as_str()), ("revision", &revision), ("back", &order)];
    let cancelled = ada.post(&format!("{order}/cancel"), &answer).await;
    assert_eq!((cancelled.status, cancelled.location.as_str()), (303, order.as_str()));
    assert!(ada.get(&order).await.text.contains("Cancelled"));
    let staff = Browser::of(&house, "u-kilim-staff", "en").await;
    for section in ["refunds", "staff"] {
        let page = staff.get(&format!("/panel/kilim/{section}")).await;
        assert_eq!(page.status, 403, "{section}: {}", page.text);
        assert!(page.text.contains("You are not allowed to do this"));
    }
}
