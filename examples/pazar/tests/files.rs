//! Evidence as a file: who gets which, what both verifiers say of it, and what is left of a person
//! who was erased. Checkpoints as their auditors see them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::process::{Command, Stdio};

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use hos_core::actor::Actor;
use hos_core::command::{StandingChange, StandingCommand};
use hos_core::id::{ActorId, Tenant};
use hos_core::laws::Registry as _;
use hos_verify::policy::Policy;
use hos_verify::verdict::{Exit, Verdict};
use hos_verify::verify::{Trust, verify};
use http_body_util::BodyExt as _;
use pazar::database::{Dialect, query};
use serde_json::{Value, json};
use tower::ServiceExt as _;

#[expect(dead_code, reason = "the flows use all of it")]
#[path = "support/house.rs"]
mod house;

use house::House;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../hos-verify/python/hos_verify.py");

struct Answer {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    fn holds(&self, text: &str) -> bool {
        self.bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

async fn get_in(house: &House, token: &str, path: &str, language: &str) -> Answer {
    let cookie = format!("pazar_session={token}; pazar_language={language}");
    let request = Request::builder().uri(path).header("cookie", cookie);
    let request = request.body(Body::empty()).unwrap();
    let answer = house.app.router().oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status.as_u16(), headers: parts.headers, bytes }
}

async fn get(house: &House, token: &str, path: &str) -> Answer {
    get_in(house, token, path, "en").await
}

async fn posted(house: &House, token: &str, path: &str, body: Value) -> Value {
    let (status, answer) = house.post(token, path, path, body).await;
    assert!(matches!(status, 200 | 201), "{path}: {answer}");
    answer
}

async fn member(house: &House, id: &str) -> String {
    pazar::auth::open_session(&house.app, id).await.unwrap()
}

async fn order(house: &House, token: &str) -> String {
    let body = json!({ "listing": house.listing("Mosaic lamp").await, "quantity": 1 });
    let order = posted(house, token, "/api/v1/tenants/kilim/orders", body).await;
    order["id"].as_str().unwrap().to_owned()
}

async fn cancel(house: &House, token: &str, id: &str, reason: &str) {
    let path = format!("/api/v1/tenants/kilim/orders/{id}/actions/cancel");
    posted(house, token, &path, json!({ "reason": reason })).await;
}

fn file_of(id: &str) -> String {
    format!("/t/kilim/orders/{id}/evidence/file")
}

/// What both verifiers say, under the trust file that the shop offers.
async fn judged(house: &House, file: &Answer) -> Verdict {
    assert_eq!(file.status, 200, "{}", file.text());
    let policy = get(house, "", "/pazar.policy").await;
    assert_eq!(policy.status, 200);
    let trusted = Policy::parse(&policy.bytes).unwrap();
    let trust = Trust { policy: Some(&trusted), ..Trust::default() };
    let verdict = verify(&file.bytes, &trust);
    let directory = tempfile::tempdir().unwrap();
    let (bundle, trust) = (directory.path().join("file.zip"), directory.path().join("policy"));
    std::fs::write(&bundle, &file.bytes).unwrap();
    std::fs::write(&trust, &policy.bytes).unwrap();
    let mut python = Command::new("python3");
    let python = python.arg(SCRIPT).arg(&bundle).arg("--policy").arg(&trust).arg("--json");
    match python.stderr(Stdio::inherit()).output() {
        Ok(output) => {
            let said = String::from_utf8(output.stdout).unwrap();
            assert_eq!(said.trim_end(), verdict.to_json(), "the verifiers differ");
            assert_eq!(output.status.code(), Some(i32::from(verdict.exit().code())));
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "CI has no python3: {error}");
            eprintln!("SKIPPED: python3 is not here");
        }
    }
    verdict
}

#[tokio::test]
async fn a_customer_takes_the_whole_life_away_as_a_file() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let id = order(&house, &customer).await;
    let early = get(&house, &customer, &file_of(&id)).await;
    assert_eq!(early.status, 422, "nothing is sealed yet");
    let (status, problem) = house.get(&customer, &api_of(&id)).await;
    assert_eq!((status, &problem["reasons"][0]), (422, &json!("not_sealed")));
    let page = get(&house, &customer, &format!("/t/kilim/orders/{id}/evidence")).await.text();
    assert!(page.contains("Not sealed yet") && page.contains("Numbered"), "{page}");

    cancel(&house, &customer, &id, "a private matter").await;
    house.app.seal_now().await.unwrap();
    let file = get(&house, &customer, &file_of(&id)).await;
    let verdict = judged(&house, &file).await;
    assert_eq!(verdict.exit(), Exit::Verified, "{}", verdict.to_json());
    assert!(verdict.to_json().contains("revisions 1 to 2"), "{}", verdict.to_json());
    assert!(file.holds("a private matter"), "one's own parts are opened");
    assert_eq!(file.header("content-type"), "application/zip");
    let name = format!("attachment; filename=\"pazar-kilim-order-{id}.hosproof.zip\"");
    assert_eq!(file.header("content-disposition"), name);
    assert_eq!(file.header("cache-control"), "no-store");

    let withheld = get(&house, &customer, &format!("{}?withhold=true", file_of(&id))).await;
    assert!(!withheld.holds("a private matter"));
    assert_eq!(judged(&house, &withheld).await.exit(), Exit::Verified);
    let wrong = get(&house, &customer, &format!("{}?withhold=perhaps", file_of(&id))).await;
    assert_eq!(wrong.status, 400);
    let api = get(&house, &customer, &api_of(&id)).await;
    assert_eq!(judged(&house, &api).await.exit(), Exit::Verified);

    for language in ["tr", "en"] {
        let path = format!("/t/kilim/orders/{id}/evidence");
        let page = get_in(&house, &customer, &path, language).await.text();
        let sealed = if language == "tr" { "Mühürlendi" } else { "Sealed" };
        assert!(page.contains(sealed) && page.contains("hos verify") && page.contains("a private"));
        assert!(page.contains("/pazar.policy") && page.contains("/hos_verify.py"));
    }
    let python = get(&house, "", "/hos_verify.py").await;
    assert_eq!(python.bytes, std::fs::read(SCRIPT).unwrap());
}

fn api_of(id: &str) -> String {
    format!("/api/v1/tenants/kilim/orders/{id}/evidence/file")
}

#[tokio::test]
async fn a_file_tells_its_reader_no_more_than_the_page() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let owner = member(&house, "u-kilim-owner").await;
    let id = order(&house, &customer).await;
    cancel(&house, &owner, &id, "said by the owner").await;
    house.app.seal_now().await.unwrap();

    let theirs = get(&house, &customer, &file_of(&id)).await;
    let verdict = judged(&house, &theirs).await;
    assert_eq!(verdict.exit(), Exit::Verified, "{}", verdict.to_json());
    assert!(!theirs.holds("u-kilim-owner") && !theirs.holds("said by the owner"));
    assert!(!verdict.to_json().contains("revisions 1 to"), "a selection claims no whole");
    let page = get(&house, &customer, &format!("/t/kilim/orders/{id}/evidence")).await.text();
    assert!(page.contains("are not in your file") && !page.contains("said by the owner"));

    let whole = get(&house, &owner, &file_of(&id)).await;
    let verdict = judged(&house, &whole).await;
    assert!(verdict.to_json().contains("revisions 1 to 2"), "{}", verdict.to_json());
    assert!(whole.holds("u-kilim-owner") && whole.holds("said by the owner"));

    let listing = house.listing("Mosaic lamp").await;
    let path = format!("/api/v1/tenants/kilim/listings/{listing}/evidence/file");
    let (status, problem) = house.get(&customer, &path).await;
    assert_eq!((status, &problem["reasons"][0]), (422, &json!("names_others")));
}

#[tokio::test]
async fn nobody_gets_the_evidence_of_others() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let other = house.person("u-2").await;
    let elsewhere = member(&house, "u-konak-owner").await;
    let id = order(&house, &customer).await;
    house.app.seal_now().await.unwrap();
    for token in [&other, &elsewhere] {
        assert_eq!(get(&house, token, &file_of(&id)).await.status, 404);
        let wrong = file_of(&id).replace("/kilim/", "/konak/");
        assert_eq!(get(&house, token, &wrong).await.status, 404);
        for path in ["/panel/kilim/checkpoints", "/panel/kilim/checkpoints/1"] {
            assert_eq!(get(&house, token, path).await.status, 404, "{path}");
        }
        assert_eq!(get(&house, token, "/admin/checkpoints").await.status, 404);
        assert_eq!(get(&house, token, "/admin/checkpoints/1").await.status, 404);
        let body = json!({ "target": "u-1", "basis": "purpose_ended", "requester": "subject" });
        let (status, _) = house.post(token, "/api/v1/admin/erasures", "k", body).await;
        assert_eq!(status, 404);
    }
    assert_eq!(get(&house, "", &file_of(&id)).await.status, 401);
    assert_eq!(get(&house, "", "/panel/kilim/checkpoints").await.status, 401);
    let staff = member(&house, "u-kilim-staff").await;
    assert_eq!(get(&house, &staff, "/panel/kilim/checkpoints").await.status, 403);
    assert_eq!(get(&house, &staff, "/panel/kilim/checkpoints/1").await.status, 403);

    let target = ActorId::new("u-1").unwrap();
    let ban = StandingChange::Ban { target, reason: "spam".to_owned() };
    let (root, tenant) = (Actor::user("u-root").unwrap(), Tenant::new("kilim").unwrap());
    let ban = StandingCommand::new(&root, house.app.world(), &tenant, ban);
    house.app.hos().change_standing(&ban.key("ban")).await.unwrap();
    assert_eq!(get(&house, &customer, &file_of(&id)).await.status, 404, "banned");
}

#[tokio::test]
async fn an_erased_customer_leaves_proofs_and_no_words() {
    let house = House::open().await;
    let customer = house.person("u-1").await;
    let owner = member(&house, "u-kilim-owner").await;
    let root = member(&house, "u-root").await;
    let id = order(&house, &customer).await;
    // The owner gives the reason, and it is about the customer.
    cancel(&house, &owner, &id, "an illness").await;
    house.app.seal_now().await.unwrap();
    let before = get(&house, &owner, &file_of(&id)).await;
    assert!(before.holds("an illness"));

    let body = json!({ "target": "u-1", "basis": "consent_withdrawn", "requester": "subject" });
    let (status, receipts) =
        house.post(&root, "/api/v1/admin/erasures", "erase", body.clone()).await;
    assert_eq!(status, 200, "{receipts}");
    assert_eq!(receipts.as_array().unwrap().len(), 2, "one for the firm, one for all: {receipts}");
    let again = house.post(&root, "/api/v1/admin/erasures", "erase", body).await;
    assert_eq!(again.0, 200);
    house.app.seal_now().await.unwrap();

    let after = get(&house, &owner, &file_of(&id)).await;
    let verdict = judged(&house, &after).await;
    assert_eq!(verdict.exit(), Exit::Incomplete, "{}", verdict.to_json());
    assert!(verdict.to_json().contains("erased"), "{}", verdict.to_json());
    assert!(!after.holds("an illness"));
    assert_eq!(judged(&house, &before).await.exit(), Exit::Verified, "and the earlier file");

    let place = house.log("kilim").await.iter().rposition(|entry| {
        entry.leaf.contains("\"typ\":\"erasure/1\"") && entry.leaf.contains("\"target\":\"u-1\"")
    });
    let path = format!("/t/kilim/orders/{id}/evidence");
    let page = get(&house, &owner, &path).await.text();
    let said = format!("Erased lawfully by entry {} of the log", place.unwrap());
    assert!(page.contains(&said) && !page.contains("an illness"), "{page}");
    let turkish = get_in(&house, &owner, &path, "tr").await.text();
    assert!(turkish.contains("yasaya uygun silindi"));
    assert_eq!(get(&house, &customer, &file_of(&id)).await.status, 401, "the account is gone");
    let left = query("SELECT count(*) FROM users WHERE name = 'u-1' OR email = 'u-1'");
    let left: i64 = left.fetch_one(house.app.database()).await.unwrap();
    assert_eq!(left, 0);

    for (target, reason) in [("u-root", "erases_oneself")] {
        let body = json!({ "target": target, "basis": "court_order", "requester": "authority" });
        let (status, problem) = house.post(&root, "/api/v1/admin/erasures", "self", body).await;
        assert_eq!((status, &problem["reasons"][0]), (422, &json!(reason)));
    }
}

#[tokio::test]
async fn an_auditor_sees_every_checkpoint_and_whether_it_holds() {
    let house = House::open().await;
    let owner = member(&house, "u-kilim-owner").await;
    let root = member(&house, "u-root").await;
    house.app.seal_now().await.unwrap();
    for person in ["u-1", "u-2"] {
        let customer = house.person(person).await;
        let id = order(&house, &customer).await;
        cancel(&house, &customer, &id, "again").await;
        house.app.seal_now().await.unwrap();
    }
    let (status, listed) = house.get(&owner, "/api/v1/tenants/kilim/checkpoints").await;
    assert_eq!(status, 200);
    let rows = listed["checkpoints"].as_array().unwrap();
    assert_eq!(rows.len(), 3, "{listed}");
    let growth: Vec<&Value> = rows.iter().map(|row| &row["growth"]).collect();
    assert_eq!(growth, ["consistent", "consistent", "first"]);
    assert!(rows.iter().all(|row| row["signed"] == "ours" && row["anchor"].is_u64()), "{listed}");

    let english = get(&house, &owner, "/panel/kilim/checkpoints").await.text();
    assert_eq!(english.matches("class=\"step good\"").count(), 3, "{english}");
    assert!(english.contains("All 3 checkpoints shown here fit together"));
    let turkish = get_in(&house, &owner, "/panel/kilim/checkpoints", "tr").await.text();
    assert!(turkish.contains("Kütük yalnızca büyüdü") && !turkish.contains("<script"));
    let size = rows[0]["size"].as_u64().unwrap();
    let note = get(&house, &owner, &format!("/panel/kilim/checkpoints/{size}")).await;
    assert_eq!((note.status, note.header("cache-control")), (200, "no-store"));
    assert!(note.header("content-disposition").contains("attachment"));
    assert!(note.text().starts_with(&format!("pazar.local/w/pazar/t/kilim/main\n{size}\n")));
    let before = format!("/panel/kilim/checkpoints?before={size}");
    let earlier = get(&house, &owner, &before).await.text();
    assert_eq!(earlier.matches("class=\"step good\"").count(), 2);
    for (path, status) in [("/999999", 404), ("/x", 400), ("?before=-1", 400)] {
        let path = format!("/panel/kilim/checkpoints{path}");
        assert_eq!(get(&house, &owner, &path).await.status, status, "{path}");
    }
    let all = get(&house, &root, "/admin/checkpoints").await;
    assert!(all.status == 200 && all.text().contains("pazar.local/deployment"), "{}", all.text());
    assert_eq!(get(&house, &owner, "/admin/checkpoints").await.status, 404);

    if house.app.database().dialect() == Dialect::Sqlite {
        let mut transaction = house.app.database().begin().await.unwrap();
        for statement in ["DROP TRIGGER hos_checkpoint_update", FORGED] {
            query(statement).execute(&mut transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
        let forged = get(&house, &owner, "/panel/kilim/checkpoints").await.text();
        assert!(forged.contains("class=\"step bad\""), "{forged}");
        assert!(forged.contains("The log is another than before!"), "{forged}");
        // It is over other entries than it says, and the next one did not grow out of it.
        assert!(forged.contains("2 checkpoints do not hold!"), "{forged}");
        assert_eq!(forged.matches("class=\"step bad\"").count(), 2, "{forged}");
    }
}

/// The smallest checkpoint of kilim's takes the note of the next one.
const FORGED: &str = "UPDATE hos_checkpoint SET note = (SELECT max(note) FROM hos_checkpoint AS o \
    WHERE o.scope = hos_checkpoint.scope AND o.size > hos_checkpoint.size) \
    WHERE scope = (SELECT number FROM hos_scope WHERE tenant = 'kilim') \
    AND size = (SELECT min(size) FROM hos_checkpoint AS o WHERE o.scope = hos_checkpoint.scope)";

#[tokio::test]
async fn without_a_key_it_serves_and_says_so() {
    let house = House::open_but(|config| (config.keys, config.vault) = (None, None)).await;
    assert!(house.app.why_unsealed().is_some());
    let customer = house.person("u-1").await;
    let id = order(&house, &customer).await;
    house.app.seal_now().await.unwrap();
    let page = get(&house, &customer, &format!("/t/kilim/orders/{id}/evidence")).await;
    assert!(page.status == 200 && page.text().contains("Nothing is sealed here"));
    assert_eq!(get(&house, &customer, &file_of(&id)).await.status, 422);
    assert_eq!(get(&house, &customer, "/pazar.policy").await.status, 404);
    let owner = member(&house, "u-kilim-owner").await;
    let page = get(&house, &owner, "/panel/kilim/checkpoints").await;
    assert!(page.status == 200 && page.text().contains("Nothing is sealed yet"));
}
