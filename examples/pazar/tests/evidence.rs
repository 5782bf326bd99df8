//! The evidence of a sale and of a booking, the firm's log, and the law, as their readers see them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use axum::body::Body;
use axum::http::Request;
use hos_core::merkle::{Hash, leaf_hash, verify_inclusion};
use http_body_util::BodyExt as _;
use pazar::database::{Dialect, query};
use serde_json::{Value, json};
use tower::ServiceExt as _;

#[expect(dead_code, reason = "the flows use all of it")]
#[path = "support/house.rs"]
mod house;

use house::House;

/// What keys of texts begin with, so that one which stands in a page is found.
const KEYS: [&str; 13] = [
    "evidence-",
    "law-",
    "log-",
    "sort-",
    "checked-",
    "move-",
    "why-",
    "timer-",
    "span-",
    "machine-",
    "actor-",
    "state-",
    "kind-",
];

/// A page in a language: its status and its text.
async fn page(house: &House, token: &str, path: &str, language: &str) -> (u16, String) {
    let cookie = format!("pazar_session={token}; pazar_language={language}");
    let request = Request::builder().uri(path).header("cookie", cookie);
    let request = request.body(Body::empty()).unwrap();
    let answer = house.app.router().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

/// A page in both languages, without a key where words should be.
async fn pages(house: &House, token: &str, path: &str) -> (String, String) {
    let mut texts = Vec::new();
    for language in ["tr", "en"] {
        let (status, text) = page(house, token, path, language).await;
        assert_eq!(status, 200, "{path}: {text}");
        assert!(text.contains(&format!("<html lang=\"{language}\">")));
        assert!(!text.contains("style=") && !text.contains("<script"), "{path}: {text}");
        let words = words(&text);
        for word in words.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_') {
            assert!(!KEYS.iter().any(|key| word.starts_with(key)), "{path} {language}: {word}");
        }
        texts.push(text);
    }
    assert_ne!(words(&texts[0]), words(&texts[1]));
    (texts[0].clone(), texts[1].clone())
}

/// What stands between the tags.
fn words(text: &str) -> String {
    let mut words = String::new();
    for part in text.split('<').skip(1) {
        words.push_str(part.split_once('>').map_or("", |(_, after)| after));
        words.push(' ');
    }
    words
}

async fn member(house: &House, id: &str) -> String {
    pazar::auth::open_session(&house.app, id).await.unwrap()
}

async fn posted(house: &House, token: &str, path: &str, body: Value) -> Value {
    let (status, answer) = house.post(token, path, path, body).await;
    assert!(matches!(status, 200 | 201), "{path}: {answer}");
    answer
}

/// An order of kilim's, paid through the gate.
async fn paid_order(house: &House, token: &str) -> String {
    let body = json!({ "listing": house.listing("Mosaic lamp").await, "quantity": 1 });
    let order = posted(house, token, "/api/v1/tenants/kilim/orders", body).await;
    let id = order["id"].as_str().unwrap().to_owned();
    let body = json!({ "payable_kind": "order", "payable": id });
    let payment = posted(house, token, "/api/v1/tenants/kilim/payments", body).await;
    let (reference, amount) = (&payment["reference"], &payment["amount"]);
    let data = json!({ "reference": reference, "amount": amount, "currency": "TRY" });
    let event = json!({ "type": "payment.paid", "data": data });
    assert_eq!(house.webhook(&format!("evt_{id}"), &event).await.0, 200);
    id
}

fn unhex(text: &Value) -> Hash {
    let text = text.as_str().unwrap();
    let digits = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    let bytes = text.as_bytes().chunks(2).map(digits);
    bytes.collect::<Vec<u8>>().try_into().unwrap()
}

/// Verifies as somebody else would: from the answer alone.
fn verified(evidence: &Value) -> usize {
    let (root, size) = (unhex(&evidence["root"]), evidence["size"].as_u64().unwrap());
    for entry in evidence["entries"].as_array().unwrap() {
        let hash = unhex(&entry["leaf_hash"]);
        if let Some(leaf) = entry["leaf"].as_str() {
            assert_eq!(leaf_hash(leaf.as_bytes()), hash);
        }
        let path: Vec<Hash> = entry["path"].as_array().unwrap().iter().map(unhex).collect();
        let index = entry["index"].as_u64().unwrap();
        verify_inclusion(&root, size, index, &hash, &path).unwrap();
        let mut wrong = hash;
        wrong[0] ^= 1;
        assert!(verify_inclusion(&root, size, index, &wrong, &path).is_err());
        assert_eq!(entry["checked"], "proven");
    }
    evidence["entries"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_sale_is_followed_to_its_end() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let owner = member(&house, "u-kilim-owner").await;
    let id = paid_order(&house, &customer).await;
    let cancel = format!("/api/v1/tenants/kilim/orders/{id}/actions/cancel");
    let path = format!("/t/kilim/orders/{id}/evidence");
    house.app.seal_now().await.unwrap();
    posted(&house, &owner, &cancel, json!({})).await;
    let (turkish, english) = pages(&house, &customer, &path).await;
    assert_eq!(english.matches("class=\"step good\"").count(), 2);
    assert_eq!(english.matches("class=\"step wait\"").count(), 1);
    assert!(english.contains("One step shown here waits for the next seal"));
    assert!(turkish.contains("Mührünü bekliyor"));
    let (_, waiting) =
        house.get(&customer, &format!("/api/v1/tenants/kilim/orders/{id}/evidence")).await;
    assert_eq!(waiting["entries"][2]["checked"], "waiting");
    assert_eq!(waiting["entries"][2]["path"], json!([]));

    house.app.seal_now().await.unwrap();
    let (turkish, english) = pages(&house, &customer, &path).await;
    assert_eq!(english.matches("class=\"step good\"").count(), 3);
    assert!(!english.contains("class=\"step bad\""));
    assert_eq!(english.matches("class=\"state current\"").count(), 1);
    for expected in ["1. Opened", "2. Pay", "3. Cancel", "You", "Payment provider", "Owner"] {
        assert!(english.contains(expected), "{expected}: {}", words(&english));
    }
    assert!(turkish.contains("Kanıtlandı") && turkish.contains("İşletmeci"));
    assert!(!english.contains("u-kilim-owner"), "others are shown by their role");
    assert!(english.contains("own only"), "why the customer might");

    let (_, english) = pages(&house, &owner, &path).await;
    assert!(english.contains("u-kilim-owner") && english.contains("u-1"));

    let json = format!("/api/v1/tenants/kilim/orders/{id}/evidence");
    let (status, mine) = house.get(&customer, &json).await;
    assert_eq!((status, verified(&mine)), (200, 3));
    assert!(mine["entries"][2]["leaf"].is_null(), "it names the owner");
    assert!(mine["entries"][0]["leaf"].as_str().unwrap().contains("u-1"));
    let (_, whole) = house.get(&owner, &json).await;
    assert_eq!(verified(&whole), 3);
    assert!(whole["entries"][2]["leaf"].as_str().unwrap().contains("u-kilim-owner"));
    let (_, rest) = house.get(&owner, &format!("{json}?after=2")).await;
    assert_eq!((verified(&rest), &rest["entries"][0]["revision"]), (1, &json!(3)));
}

#[tokio::test]
async fn a_booking_is_followed_to_its_end() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let owner = member(&house, "u-konak-owner").await;
    let staff = member(&house, "u-konak-staff").await;
    let body = json!({ "listing": house.listing("Guest hall").await, "party_size": 1,
        "starts": house.hours(24), "ends": house.hours(25) });
    let booked = posted(&house, &customer, "/api/v1/tenants/konak/reservations", body).await;
    let path = format!("/api/v1/tenants/konak/reservations/{}", booked["id"].as_str().unwrap());
    for (who, action) in [(&owner, "confirm"), (&staff, "check_in"), (&staff, "complete")] {
        posted(&house, who, &format!("{path}/actions/{action}"), json!({})).await;
    }
    house.app.seal_now().await.unwrap();
    let shown = format!("{}/evidence", path.replace("/api/v1/tenants", "/t"));
    for who in [&customer, &owner, &staff] {
        let (_, english) = pages(&house, who, &shown).await;
        assert_eq!(english.matches("class=\"step good\"").count(), 4);
        assert!(english.contains("4. Complete") && english.contains("Completed"));
        let (_, evidence) = house.get(who, &format!("{path}/evidence")).await;
        assert_eq!(verified(&evidence), 4);
    }
    let (_, english) = pages(&house, &staff, &shown).await;
    assert!(!english.contains("u-konak-owner"), "staff does not read the log");
}

#[tokio::test]
async fn the_clock_is_shown_as_the_clock() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let body = json!({ "listing": house.listing("Mosaic lamp").await, "quantity": 1 });
    let order = posted(&house, &customer, "/api/v1/tenants/kilim/orders", body).await;
    house.clock.advance(pazar::law::ORDER_HOLD);
    house.app.end_holds().await.unwrap();
    let path = format!("/t/kilim/orders/{}/evidence", order["id"].as_str().unwrap());
    let (turkish, english) = pages(&house, &customer, &path).await;
    assert!(english.contains("2. Expire") && english.contains("<dd>Clock</dd>"), "{english}");
    assert!(turkish.contains("<dd>Saat</dd>"));
}

#[tokio::test]
async fn whoever_may_not_read_the_subject_is_told_of_none() {
    let house = House::open().await;
    let (customer, other) = (house.person("u-1").await, house.person("u-2").await);
    let stranger = member(&house, "u-konak-owner").await;
    let id = paid_order(&house, &customer).await;
    for path in [
        format!("/t/kilim/orders/{id}/evidence"),
        format!("/api/v1/tenants/kilim/orders/{id}/evidence"),
    ] {
        for token in [&other, &stranger] {
            assert_eq!(page(&house, token, &path, "en").await.0, 404, "{path}");
        }
        assert_eq!(page(&house, "nobody", &path, "en").await.0, 401, "{path}");
        assert_eq!(page(&house, &customer, &path, "en").await.0, 200, "{path}");
    }
    for path in [
        "/t/kilim/orders/o-none/evidence".to_owned(),
        format!("/t/kilim/refunds/{id}/evidence"),
        format!("/t/konak/orders/{id}/evidence"),
        format!("/t/no%20firm/orders/{id}/evidence"),
    ] {
        assert_eq!(page(&house, &customer, &path, "en").await.0, 404, "{path}");
    }
    let path = format!("/t/kilim/orders/{id}/evidence?after=x");
    assert_eq!(page(&house, &customer, &path, "en").await.0, 400);
}

/// Somebody with the database in hand takes the protection away and edits what was written.
async fn tamper(house: &House, edits: &[&'static str], id: &str) {
    house.app.seal_now().await.unwrap();
    let database = house.app.database();
    let mut transaction = database.begin().await.unwrap();
    let unprotect: &[&'static str] = match database.dialect() {
        Dialect::Sqlite => &["DROP TRIGGER hos_entry_update"],
        Dialect::Postgres => &[
            "DROP TRIGGER hos_entry_kept ON hos_entry",
            "DROP TRIGGER hos_leaf_kept ON hos_leaf",
            "SELECT hos_bind_all()",
        ],
        Dialect::Mysql => &["DROP TRIGGER hos_entry_update", "DROP TRIGGER hos_leaf_update"],
    };
    for statement in unprotect {
        query(statement).execute(&mut transaction).await.unwrap();
    }
    for edit in edits {
        let edited = query(edit).bind(format!("%\"subject\":\"order:{id}\"%")).bind(vec![0; 32]);
        assert_eq!(edited.execute(&mut transaction).await.unwrap(), 1);
    }
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn an_edited_entry_raises_the_alarm() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let id = paid_order(&house, &customer).await;
    let edit = "UPDATE hos_entry SET leaf = replace(leaf, 'u-1', 'u-2') \
                WHERE leaf LIKE ?1 AND type = 'opened/1' AND leaf_hash <> ?2";
    tamper(&house, &[edit], &id).await;
    let (_, evidence) =
        house.get(&customer, &format!("/api/v1/tenants/kilim/orders/{id}/evidence")).await;
    assert_eq!(evidence["entries"][0]["checked"], "leaf_changed");
    assert_eq!(evidence["entries"][1]["checked"], "proven");
    let (turkish, english) =
        pages(&house, &customer, &format!("/t/kilim/orders/{id}/evidence")).await;
    assert_eq!(english.matches("class=\"step bad\"").count(), 1);
    assert!(english.contains("role=\"alert\"") && english.contains("does not agree with the log"));
    assert!(turkish.contains("Değiştirilmiş"));
}

#[tokio::test]
async fn an_entry_edited_with_its_hash_raises_the_alarm_too() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let id = paid_order(&house, &customer).await;
    let edit = "UPDATE hos_entry SET leaf_hash = ?2 \
                WHERE leaf LIKE ?1 AND type = 'opened/1'";
    // The servers keep the hashes of a log in a table of their own.
    let in_its_log = "UPDATE hos_leaf SET leaf_hash = ?2 WHERE entry = \
                      (SELECT id FROM hos_entry WHERE leaf LIKE ?1 AND type = 'opened/1')";
    let edits = match house.app.database().dialect() {
        Dialect::Sqlite => vec![edit],
        Dialect::Postgres | Dialect::Mysql => vec![edit, in_its_log],
    };
    tamper(&house, &edits, &id).await;
    let (_, evidence) =
        house.get(&customer, &format!("/api/v1/tenants/kilim/orders/{id}/evidence")).await;
    assert_eq!(evidence["entries"][0]["checked"], "leaf_changed");
    // Its neighbours rest on it: their paths do not lead to the root any more.
    assert_eq!(evidence["entries"][1]["checked"], "not_in_tree");
    let (_, english) = pages(&house, &customer, &format!("/t/kilim/orders/{id}/evidence")).await;
    assert_eq!(english.matches("class=\"step bad\"").count(), 2);
}

#[tokio::test]
async fn the_log_is_its_owners() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let id = paid_order(&house, &customer).await;
    let path = "/panel/kilim/log";
    assert_eq!(page(&house, &customer, path, "en").await.0, 404);
    assert_eq!(page(&house, "nobody", path, "en").await.0, 401);
    let expected =
        [("u-kilim-staff", 403), ("u-konak-owner", 404), ("u-kilim-owner", 200), ("u-root", 200)];
    for (member_id, status) in expected {
        let token = member(&house, member_id).await;
        assert_eq!(page(&house, &token, path, "en").await.0, status, "{member_id}");
    }
    let owner = member(&house, "u-kilim-owner").await;
    let (_, english) = pages(&house, &owner, path).await;
    assert!(english.contains(&format!("/t/kilim/orders/{id}/evidence")));
    let (size, root) = head(&house).await;
    assert!(english.contains(&format!(">{size}</dd>")) && english.contains(&root));
}

async fn head(house: &House) -> (u64, String) {
    let owner = member(house, "u-kilim-owner").await;
    let (_, page) = house.get(&owner, "/api/v1/tenants/kilim/proofs").await;
    (page["size"].as_u64().unwrap(), page["root"].as_str().unwrap().to_owned())
}

fn rows(text: &str) -> usize {
    text.matches("<tr>").count().saturating_sub(1)
}

#[tokio::test]
async fn the_log_is_searched() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let owner = member(&house, "u-kilim-owner").await;
    let staff = member(&house, "u-kilim-staff").await;
    let id = paid_order(&house, &customer).await;
    let cancel = format!("/api/v1/tenants/kilim/orders/{id}/actions/cancel");
    assert_eq!(house.post(&staff, &cancel, "k", json!({})).await.0, 403);
    let found = async |query: &str| {
        let (status, text) = page(&house, &owner, &format!("/panel/kilim/log?{query}"), "en").await;
        assert_eq!(status, 200, "{query}");
        rows(&text)
    };
    let (size, _) = head(&house).await;
    let all = usize::try_from(size).unwrap();
    assert_eq!(found("").await, all);
    assert_eq!(found("sort=&kind=&actor=&from=&until=").await, all, "an empty form asks nothing");
    assert_eq!(found("sort=denial").await, 1);
    assert_eq!(found("sort=denial&actor=u-kilim-staff").await, 1);
    assert_eq!(found("sort=denial&actor=u-1").await, 0);
    assert_eq!(found("kind=order&sort=opened").await, 1);
    assert_eq!(found("kind=payment").await, 2, "asked for and paid");
    assert_eq!(found("actor=u-1").await, 2);
    assert_eq!(found("actor=%3Cscript%3E").await, 0);
    assert_eq!(found("until=2001-01-01").await, 0);
    assert_eq!(found("from=2001-01-01&until=2999-12-31").await, all);
    assert_eq!(found("from=2999-12-31").await, 0);
    assert_eq!(found("before=2").await, 2);
    assert_eq!(found("before=0").await, 0);
    assert_eq!(found(&format!("before={}", u64::MAX)).await, all);
    for wrong in ["from=yesterday", "until=2026-13-01", "before=-1", "before=x"] {
        let path = format!("/panel/kilim/log?{wrong}");
        assert_eq!(page(&house, &owner, &path, "en").await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_long_log_is_paged_without_gap_or_repetition() {
    let house = House::open().await;
    let owner = member(&house, "u-kilim-owner").await;
    let listing = house.listing("Mosaic lamp").await;
    for number in 0..120 {
        let action = if number % 2 == 0 { "pause" } else { "publish" };
        let path = format!("/api/v1/tenants/kilim/listings/{listing}/actions/{action}");
        assert_eq!(house.post(&owner, &path, &format!("k-{number}"), json!({})).await.0, 200);
    }
    let (size, _) = head(&house).await;
    let mut seen = Vec::new();
    let mut path = "/panel/kilim/log?kind=listing".to_owned();
    for _ in 0..10 {
        let (_, text) = page(&house, &owner, &path, "en").await;
        let cells = text.split("<td class=\"number\">").skip(1);
        seen.extend(cells.map(|cell| cell.split('<').next().unwrap().parse::<u64>().unwrap()));
        let Some((_, next)) = text.split_once("href=\"/panel/kilim/log?before=") else { break };
        let query = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        assert!(query.ends_with("&kind=listing"), "{query}");
        path = format!("/panel/kilim/log?before={query}");
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable_by(|one, other| other.cmp(one));
    sorted.dedup();
    assert_eq!(seen, sorted, "the latest first, each once");
    assert_eq!(seen.first(), Some(&(size - 1)));
    assert!(seen.len() >= 120);
    house.app.seal_now().await.unwrap();
    let path = format!("/t/kilim/listings/{listing}/evidence");
    let (_, english) = pages(&house, &owner, &path).await;
    assert_eq!(english.matches("class=\"step good\"").count(), 25, "a page of its life");
    assert!(english.contains("/evidence?after=25"));
}

#[tokio::test]
async fn the_law_is_read_by_everybody_and_its_modes_by_who_may() {
    let house = House::open().await;
    let (turkish, english) = pages(&house, "nobody", "/law").await;
    let law = pazar::law::law().unwrap();
    for text in [&turkish, &english] {
        assert!(text.contains(&law.digest().to_string()));
        assert!(text.contains(law.version().as_str()));
        for ability in law.rules().abilities() {
            assert!(text.contains(&format!("<span class=\"mono code\">{ability}</span>")));
            assert!(!text.contains(&format!("<th scope=\"row\">{ability}")), "{ability}: no words");
        }
        assert!(!text.contains("id=\"modes\""));
        assert!(!words(text).contains("subject."), "a condition without words");
    }
    assert!(english.contains("own only") && turkish.contains("yalnızca kendisininki"));
    assert!(english.contains("ends by itself after 15 minutes"));
    assert!(turkish.contains("15 dakika sonra kendiliğinden biter"));
    let drawn = law.contracts().count();
    let machines = english.matches("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"machine\"");
    assert_eq!(machines.count(), drawn);

    let staff = member(&house, "u-kilim-staff").await;
    assert!(!page(&house, &staff, "/law", "en").await.1.contains("id=\"modes\""));
    let owner = member(&house, "u-kilim-owner").await;
    let (_, english) = pages(&house, &owner, "/law").await;
    assert!(english.contains("All rules are enforced") && english.contains("Kilim"));
    assert!(!english.contains("Konak House"));
    assert!(english.contains("nothing went through that the rules would have denied"));
}

#[tokio::test]
async fn a_watched_rule_and_what_it_let_through_are_shown() {
    use hos_core::actor::Actor;
    use hos_core::command::{StandingChange, StandingCommand};
    use hos_core::id::{Ability, Tenant};
    use hos_core::laws::Registry as _;
    use hos_core::standing::Mode;

    let house = House::open().await;
    let change = StandingChange::SetMode {
        ability: Some(Ability::new("order.cancel").unwrap()),
        mode: Some(Mode::Shadow),
    };
    let (root, tenant) = (Actor::user("u-root").unwrap(), Tenant::new("kilim").unwrap());
    let command = StandingCommand::new(&root, house.app.world(), &tenant, change);
    house.app.hos().change_standing(&command.key("shadow")).await.unwrap();
    let customer = house.person("u-1").await;
    let staff = member(&house, "u-kilim-staff").await;
    let owner = member(&house, "u-kilim-owner").await;
    let id = paid_order(&house, &customer).await;
    let cancel = format!("/api/v1/tenants/kilim/orders/{id}/actions/cancel");
    posted(&house, &staff, &cancel, json!({})).await;
    let (_, english) = pages(&house, &owner, "/law").await;
    assert!(english.contains("Only watched") && english.contains("one step went through"));
    let (_, english) = pages(&house, &owner, &format!("/t/kilim/orders/{id}/evidence")).await;
    assert!(english.contains("The rule was not enforced: the mode was Only watched."));
}
