//! Sessions, forged requests, headers, limits and what is told to whom, at the router's door.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hos_core::time::Clock as _;
use pazar::config::{Config, PublicUrl};
use pazar::database::query;
use serde_json::{Value, json};

#[path = "support/door.rs"]
mod door;

use door::Door;

const ADA: &str = "ada@pazar.example";
const JSON: (&str, &str) = ("content-type", "application/json");
const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

async fn open() -> Door {
    Door::open(|_| {}).await
}

#[tokio::test]
async fn a_cookie_planted_before_the_sign_in_is_worth_nothing_after_it() {
    let door = open().await;
    let planted = door.sign_in("can@pazar.example").await;
    let signed = door.sign_in_with(ADA, "pazar-demo", &[("cookie", &planted)]).await;
    let fresh = signed.cookie().unwrap();
    assert_ne!(fresh, planted);
    assert_eq!(door.knows(&planted).await, (false, None));
    assert_eq!(door.own("GET /api/v1/session", &fresh).await.body()["id"], "u-ada");
    let invented = "pazar_session=0123456789abcdef";
    let signed = door.sign_in_with(ADA, "pazar-demo", &[("cookie", invented)]).await;
    assert_ne!(signed.cookie().unwrap(), invented);
    assert_eq!(door.knows(invented).await, (false, None));
}

#[tokio::test]
async fn a_token_is_replaced_after_a_day_and_the_old_one_has_a_minute() {
    let door = open().await;
    let first = door.sign_in(ADA).await;
    door.wait(23);
    assert_eq!(door.knows(&first).await, (true, None), "young enough");
    door.wait(2);
    let (known, second) = door.knows(&first).await;
    let second = second.unwrap();
    assert!(known && second != first);
    assert_eq!(door.knows(&first).await, (true, None), "under way already, and replaced once only");
    assert_eq!(door.knows(&second).await, (true, None));
    door.clock.advance(Duration::from_secs(59));
    assert_eq!(door.knows(&first).await, (true, None));
    door.clock.advance(Duration::from_secs(2));
    assert_eq!(door.knows(&first).await, (false, None), "its minute is over");
    assert_eq!(door.knows(&second).await, (false, None), "two hold it: nobody does");
}

#[tokio::test]
async fn a_token_is_replaced_beside_the_cookie_of_a_language() {
    let door = open().await;
    let first = door.sign_in(ADA).await;
    door.wait(25);
    let headers = [OWN, ("cookie", &first), ("content-type", "application/x-www-form-urlencoded")];
    let answer = door.send("POST /language", &headers, "language=en&back=/").await;
    let set: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(set.len(), 2, "{set:?}");
}

#[tokio::test]
async fn of_many_requests_at_once_one_gets_the_new_token() {
    let door = open().await;
    let first = door.sign_in(ADA).await;
    door.wait(25);
    let ask = || door.knows(&first);
    let answers = tokio::join!(ask(), ask(), ask(), ask());
    let answers = [answers.0, answers.1, answers.2, answers.3];
    assert!(answers.iter().all(|(known, _)| *known));
    assert_eq!(answers.iter().filter(|(_, fresh)| fresh.is_some()).count(), 1);
}

#[tokio::test]
async fn a_session_ends_when_idle_for_a_week_and_after_a_month_at_the_latest() {
    let door = open().await;
    let idle = door.sign_in(ADA).await;
    door.wait(7 * 24);
    assert_eq!(door.knows(&idle).await, (false, None));
    let mut cookie = door.sign_in(ADA).await;
    for _ in 0..29 {
        door.wait(24);
        let (known, fresh) = door.knows(&cookie).await;
        assert!(known);
        cookie = fresh.unwrap_or(cookie);
    }
    door.wait(24);
    assert_eq!(door.knows(&cookie).await, (false, None), "thirty days, however busy");
}

#[tokio::test]
async fn a_stolen_cookie_fails_after_sign_out_and_so_do_its_replacements() {
    let door = open().await;
    let stolen = door.sign_in(ADA).await;
    let elsewhere = door.sign_in(ADA).await;
    door.wait(25);
    let renewed = door.knows(&stolen).await.1.unwrap();
    let out = door.own("DELETE /api/v1/session", &renewed).await;
    assert_eq!((out.status, out.cookie().as_deref()), (204, Some("pazar_session=")));
    for cookie in [&stolen, &renewed] {
        assert_eq!(door.own("GET /api/v1/session", cookie).await.status, 401);
        assert_eq!(door.own("GET /mine", cookie).await.status, 401);
    }
    assert!(door.knows(&elsewhere).await.0, "the other device stays");
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions_of_the_user_and_no_other() {
    let door = open().await;
    for line in ["DELETE /api/v1/sessions", "POST /sign-out-everywhere"] {
        let (one, two) = (door.sign_in(ADA).await, door.sign_in(ADA).await);
        let other = door.sign_in("can@pazar.example").await;
        let mine = door.own("GET /mine", &one).await.text;
        assert!(mine.contains("method=\"post\" action=\"/sign-out-everywhere\""), "a button");
        assert!(matches!(door.own(line, &one).await.status, 204 | 303));
        assert!(!door.knows(&one).await.0 && !door.knows(&two).await.0, "{line}");
        assert!(door.knows(&other).await.0, "{line}");
        assert_eq!(door.own(line, &one).await.status, 401, "nobody is signed in: {line}");
    }
}

#[tokio::test]
async fn tokens_are_not_kept_in_the_file() {
    let door = open().await;
    let cookie = door.sign_in(ADA).await;
    let token = cookie.split_once('=').unwrap().1.to_owned();
    assert_eq!(token.len(), 64, "256 bits");
    let kept: Vec<Vec<u8>> =
        query("SELECT token_hash FROM sessions").fetch_all(door.app.database()).await.unwrap();
    assert!(kept.iter().all(|hash| hash.len() == 32 && hash != token.as_bytes()));
}

#[tokio::test]
async fn another_site_cannot_change_anything() {
    let door = open().await;
    let cookie = door.sign_in(ADA).await;
    let forged: [&[(&str, &str)]; 8] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "http://pazar.example")],
        &[("sec-fetch-site", "nonsense")],
        &[("origin", "http://evil.example")],
        &[("origin", "http://pazar.example.evil.example")],
        &[("origin", "null")],
        &[],
    ];
    for line in ["POST /sign-out", "DELETE /api/v1/session", "DELETE /api/v1/sessions"] {
        for headers in forged {
            let all = [&[("cookie", cookie.as_str()), ("host", "pazar.example")], headers].concat();
            let answer = door.send(line, &all, "").await;
            assert_eq!(answer.status, 403, "{line} {headers:?}: {}", answer.text);
        }
    }
    assert!(door.knows(&cookie).await.0, "none of them signed the user out");
    let own = [("cookie", cookie.as_str()), ("host", "pazar.example")];
    let own = [&own[..], &[("origin", "http://pazar.example")]].concat();
    assert_eq!(door.send("DELETE /api/v1/session", &own, "").await.status, 204);
}

#[tokio::test]
async fn without_a_cookie_there_is_nothing_to_borrow() {
    let door = open().await;
    let body = json!({ "email": ADA, "password": "pazar-demo" }).to_string();
    let program = door.send("POST /api/v1/session", &[JSON], &body).await;
    assert_eq!(program.status, 201);
    let site = [JSON, ("sec-fetch-site", "cross-site")];
    assert_eq!(door.send("POST /api/v1/session", &site, &body).await.status, 403, "login forgery");
}

#[tokio::test]
async fn the_api_takes_json_that_says_so() {
    let door = open().await;
    let body = json!({ "email": ADA, "password": "pazar-demo" }).to_string();
    for type_ in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let answer = door.send("POST /api/v1/session", &[("content-type", type_)], &body).await;
        assert_eq!(answer.status, 415, "{type_}");
    }
    let charset = [("content-type", "application/JSON; charset=utf-8")];
    assert_eq!(door.send("POST /api/v1/session", &charset, &body).await.status, 201);
}

#[tokio::test]
async fn behind_https_cookies_are_bound_to_it_and_the_origin_is_the_public_one() {
    let public = PublicUrl::parse("https://pazar.example").unwrap();
    let door = Door::open(|config| config.public_url = Some(public)).await;
    let signed = door.sign_in_with(ADA, "pazar-demo", &[]).await;
    let set = signed.header("set-cookie");
    assert!(set.starts_with("__Host-pazar_session="), "{set}");
    for mark in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(mark), "{set}");
    }
    assert!(!set.contains("Domain"));
    assert!(signed.header("strict-transport-security").starts_with("max-age="));
    let cookie = signed.cookie().unwrap();
    let plain = cookie.replace("__Host-", "");
    assert!(!door.knows(&plain).await.0, "a subdomain can set the plain name");
    let inner = [("cookie", cookie.as_str()), ("host", "127.0.0.1:8080")];
    let inner = |origin| [&inner[..], &[("origin", origin)]].concat();
    let line = "DELETE /api/v1/session";
    assert_eq!(door.send(line, &inner("http://127.0.0.1:8080"), "").await.status, 403);
    assert_eq!(door.send(line, &inner("https://pazar.example"), "").await.status, 204);
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_browsers_obey() {
    let door = open().await;
    let cookie = door.sign_in(ADA).await;
    assert!(door.send("GET /", &[], "").await.header("allow").is_empty());
    assert_eq!(door.send("PUT /health", &[], "").await.header("allow"), "GET,HEAD");
    let lines = ["GET /", "GET /nothing", "GET /api/v1/listings", "PATCH /", "POST /sign-out"];
    for line in lines {
        let answer = door.send(line, &[("cookie", &cookie)], "").await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{line}");
        for never in ["unsafe", "*", "http:", "https:", "data:"] {
            assert!(!policy.contains(never), "{line}: {policy}");
        }
        for part in ["base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{line}: {policy}");
        }
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{line}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{line}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{line}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{line}");
        assert_eq!(answer.header("cache-control"), "no-store", "{line}");
        assert!(!answer.header("x-request-id").is_empty(), "{line}");
    }
}

/// Every template, whatever directory it lies in.
fn templates(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            templates(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[tokio::test]
async fn no_template_needs_what_the_policy_forbids() {
    let mut found = Vec::new();
    templates(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")), &mut found);
    assert!(found.len() > 5);
    let mut scripts = 0;
    for path in &found {
        let text = std::fs::read_to_string(path).unwrap().to_lowercase();
        scripts += text.matches("<script").count();
        let script = text.split("<script").skip(1).any(|tag| !tag.starts_with(" src=\"/assets/"));
        let style = text.contains("<style") || text.contains(" style=");
        let handler = text.split(" on").skip(1).any(|rest| {
            let name: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
            name.len() > 2 && rest.get(name.len()..).is_some_and(|after| after.starts_with("=\""))
        });
        let address = text.contains("javascript:");
        assert!(!(script || style || handler || address), "{}", path.display());
    }
    let answer = open().await.send("GET /", &[], "").await;
    let allows = answer.header("content-security-policy").contains("script-src 'self'");
    assert_eq!(allows, scripts > 0, "scripts are allowed when there is one, and only then");
}

#[tokio::test]
async fn sign_ins_are_limited_by_account_whoever_asks() {
    let door = Door::open(|config| config.quotas.sign_ins_of_email = 3).await;
    for _ in 0..3 {
        assert_eq!(door.sign_in_with(ADA, "wrong", &[]).await.status, 401);
    }
    let refused = door.sign_in_with(" ADA@pazar.example ", "pazar-demo", &[]).await;
    assert_eq!((refused.status, refused.body()["code"].as_str()), (429, Some("rate_limited")));
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=21).contains(&seconds), "{seconds}");
    assert_eq!(door.sign_in_with("can@pazar.example", "pazar-demo", &[]).await.status, 201);
    door.clock.advance(Duration::from_secs(seconds));
    assert_eq!(door.sign_in_with(ADA, "pazar-demo", &[]).await.status, 201);
}

#[tokio::test]
async fn sign_ins_are_limited_by_address_on_pages_too() {
    let door = Door::open(|config| config.quotas.sign_ins_of_address = 2).await;
    let form = [("content-type", "application/x-www-form-urlencoded"), OWN];
    let try_from = |peer: &'static str| {
        let door = &door;
        let body = "email=nobody%40pazar.example&password=x";
        async move { door.send_from(peer, "POST /sign-in", &form, body).await }
    };
    for _ in 0..2 {
        assert_eq!(try_from("192.0.2.1:1").await.status, 401);
    }
    let refused = try_from("192.0.2.1:2").await;
    assert_eq!(refused.status, 429);
    assert!(refused.text.contains("<html") && !refused.header("retry-after").is_empty());
    assert_eq!(try_from("192.0.2.2:1").await.status, 401, "another address");
}

#[tokio::test]
async fn writes_are_limited_by_account_and_by_address_and_reads_are_not() {
    let limits = |config: &mut Config| {
        config.quotas.writes_of_actor = 3;
        config.quotas.writes_of_address = 5;
    };
    let door = Door::open(limits).await;
    let (ada, can) = (door.sign_in(ADA).await, door.sign_in("can@pazar.example").await);
    let write = |peer: &'static str, cookie: String| {
        let door = &door;
        async move {
            let headers = [("cookie", cookie.as_str()), OWN, JSON, ("idempotency-key", "k")];
            door.send_from(peer, "POST /api/v1/tenants/kilim/orders", &headers, "{}").await.status
        }
    };
    for _ in 0..3 {
        assert_eq!(write("192.0.2.1:1", ada.clone()).await, 400);
    }
    assert_eq!(write("192.0.2.1:1", ada.clone()).await, 429, "the account, here");
    assert_eq!(write("192.0.2.9:1", ada.clone()).await, 429, "and from elsewhere");
    assert_eq!(write("192.0.2.1:1", can.clone()).await, 400, "the fifth of the address");
    assert_eq!(write("192.0.2.1:1", can.clone()).await, 429, "the address");
    assert_eq!(write("192.0.2.9:1", can).await, 400, "not the account");
    for _ in 0..20 {
        assert!(door.knows(&ada).await.0);
    }
}

#[tokio::test]
async fn only_the_trusted_proxy_names_the_client() {
    let proxy: IpAddr = "192.0.2.7".parse().unwrap();
    let door = Door::open(|config| {
        config.quotas.writes_of_address = 1;
        config.trusted_proxy = Some(proxy);
    })
    .await;
    let write = |peer: &'static str, forwarded: &'static str| {
        let door = &door;
        async move {
            let headers = [("x-forwarded-for", forwarded)];
            door.send_from(peer, "POST /sign-out", &headers, "").await.status
        }
    };
    assert_eq!(write("192.0.2.7:1", "203.0.113.1").await, 303);
    assert_eq!(write("192.0.2.7:1", "203.0.113.2").await, 303);
    assert_eq!(write("192.0.2.7:1", "198.51.100.1, 203.0.113.2").await, 429, "the last one counts");
    assert_eq!(write("192.0.2.8:1", "203.0.113.3").await, 303);
    assert_eq!(write("192.0.2.8:1", "203.0.113.4").await, 429, "a stranger's word is nothing");
}

#[tokio::test]
async fn forged_webhooks_are_limited_and_genuine_ones_never() {
    let door = Door::open(|config| config.quotas.bad_webhooks_of_address = 2).await;
    let seconds = door.clock.now().as_micros().div_euclid(1_000_000);
    let stamp = seconds.to_string();
    let hook = |id: &'static str, signature: String| {
        let (door, stamp) = (&door, &stamp);
        async move {
            let headers = [
                ("webhook-id", id),
                ("webhook-timestamp", stamp.as_str()),
                ("webhook-signature", signature.as_str()),
            ];
            door.send("POST /webhooks/demo", &headers, "{}").await.status
        }
    };
    for expected in [401, 401, 429, 429] {
        assert_eq!(hook("evt_1", "v1,AAAA".to_owned()).await, expected);
    }
    for id in ["evt_2", "evt_3", "evt_4"] {
        let signature = door.secret.sign(id, seconds, b"{}");
        assert_eq!(hook(id, signature).await, 422, "genuine, and says nothing");
    }
}

#[tokio::test]
async fn nobody_reaches_what_is_another_s_by_its_id() {
    let door = open().await;
    let ada = door.sign_in(ADA).await;
    let listing = door.listing("Tulip tea glasses").await;
    let body = json!({ "listing": listing, "quantity": 1 }).to_string();
    let order = door.write("POST /api/v1/tenants/kilim/orders", &ada, "k-1", &body).await;
    assert_eq!(order.status, 201, "{}", order.text);
    let order = order.body()["id"].as_str().unwrap().to_owned();
    let pay = json!({ "payable_kind": "order", "payable": order }).to_string();
    let payment = door.write("POST /api/v1/tenants/kilim/payments", &ada, "k-2", &pay).await;
    let payment = payment.body()["id"].as_str().unwrap().to_owned();
    let lines = [
        format!("GET /api/v1/tenants/kilim/orders/{order}"),
        format!("POST /api/v1/tenants/kilim/orders/{order}/actions/cancel"),
        format!("GET /api/v1/tenants/kilim/payments/{payment}"),
        format!("POST /api/v1/tenants/kilim/payments/{payment}/actions/mark_paid"),
        format!("POST /api/v1/tenants/kilim/payments/{payment}/actions/cancel"),
        format!("GET /api/v1/tenants/konak/orders/{order}"),
        "GET /api/v1/tenants/kilim/orders".to_owned(),
        "GET /api/v1/tenants/kilim/payments".to_owned(),
        "GET /api/v1/tenants/kilim/refunds".to_owned(),
        "GET /api/v1/tenants/kilim/proofs".to_owned(),
        format!("GET /t/kilim/orders/{order}"),
        "GET /panel/kilim".to_owned(),
    ];
    for stranger in ["can@pazar.example", "owner@konak.example"] {
        let cookie = door.sign_in(stranger).await;
        for (key, line) in lines.iter().enumerate() {
            let answer = door.write(line, &cookie, &format!("s-{key}"), "{}").await;
            assert_eq!(answer.status, 404, "{stranger} {line}: {}", answer.text);
        }
        let pay = door.write("POST /api/v1/tenants/kilim/payments", &cookie, "s-p", &pay).await;
        assert_eq!(pay.status, 404, "{stranger}");
        assert!(!door.own("GET /api/v1/orders", &cookie).await.text.contains(&order));
    }
    for line in lines.iter().filter(|line| !line.contains("/konak/")) {
        assert_eq!(door.write(line, "", "n-1", "{}").await.status, 401, "nobody: {line}");
    }
    let still = door.own(&lines[0], &ada).await;
    assert_eq!(still.body()["status"], "pending", "{}", still.text);
}

#[tokio::test]
async fn functions_of_owners_and_of_the_super_admin_are_theirs() {
    let door = open().await;
    let people = ["staff@kilim.example", "owner@konak.example", ADA];
    let listing = json!({ "flow": "sale", "title": "Mine", "price": 1, "stock": 1 }).to_string();
    let roles = json!({ "roles": ["owner"] }).to_string();
    let tenant = json!({ "id": "mine", "name": "Mine" }).to_string();
    let closed = json!({ "status": "closed" }).to_string();
    let offered = door.listing("Mosaic lamp").await;
    let before = door.send("GET /api/v1/listings", &[], "").await.text;
    let archive = format!("POST /api/v1/tenants/kilim/listings/{offered}/actions/archive");
    let lines = [
        ("POST /api/v1/tenants/kilim/listings", listing.as_str()),
        ("PUT /api/v1/tenants/kilim/members/u-ada", roles.as_str()),
        ("POST /api/v1/tenants", tenant.as_str()),
        ("PUT /api/v1/world", closed.as_str()),
        (archive.as_str(), "{}"),
        ("GET /api/v1/tenants/kilim/refunds", ""),
    ];
    for email in people {
        let cookie = door.sign_in(email).await;
        for (key, (line, body)) in lines.iter().enumerate() {
            if email.starts_with("staff") && line.contains("/listings") {
                continue; // Staff look after what is on offer.
            }
            let answer = door.write(line, &cookie, &format!("k-{key}"), body).await;
            assert!(matches!(answer.status, 403 | 404), "{email} {line}: {}", answer.text);
        }
    }
    let after = door.send("GET /api/v1/listings", &[], "").await.text;
    assert_eq!(after, before, "nothing came, nothing went");
}

#[tokio::test]
async fn bodies_hold_what_is_declared_and_answers_hold_no_credential() {
    let door = open().await;
    let ada = door.sign_in(ADA).await;
    let listing = door.listing("Tulip tea glasses").await;
    let members = [
        ("total", json!(1)),
        ("status", json!("paid")),
        ("customer", json!("u-can")),
        ("unit", json!("free")),
    ];
    for (key, (name, value)) in members.iter().enumerate() {
        let mut body = json!({ "listing": listing, "quantity": 1 });
        body[*name] = value.clone();
        let line = "POST /api/v1/tenants/kilim/orders";
        let answer = door.write(line, &ada, &format!("k-{key}"), &body.to_string()).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.text);
    }
    let admin = json!({ "email": ADA, "password": "pazar-demo", "role": "super_admin" });
    let signed = door.send("POST /api/v1/session", &[JSON], &admin.to_string()).await;
    assert_eq!(signed.status, 400);
    let me = door.own("GET /api/v1/session", &ada).await;
    let names: BTreeSet<String> = me.body().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["email", "id", "name"].map(str::to_owned).into());
}

#[tokio::test]
async fn numbers_that_mean_nothing_are_refused_before_they_are_kept() {
    let door = open().await;
    let owner = door.sign_in("owner@kilim.example").await;
    let sale = json!({ "flow": "sale", "title": "A", "price": 1, "stock": 1, "capacity": -1 });
    let booking =
        json!({ "flow": "booking", "title": "B", "price": 1, "capacity": 1, "stock": -1 });
    for (key, body) in [("k-1", sale), ("k-2", booking)] {
        let line = "POST /api/v1/tenants/kilim/listings";
        let answer = door.write(line, &owner, key, &body.to_string()).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
    }
}

#[tokio::test]
async fn hostile_bodies_are_refused_and_nothing_falls_over() {
    let door = open().await;
    let ada = door.sign_in(ADA).await;
    let deep = "[".repeat(50_000);
    let wide = "x".repeat(70_000);
    let number = r#"{"listing":"l","quantity":99999999999999999999}"#;
    let lone = r#"{"listing":"\ud800","quantity":1}"#;
    let bodies = [deep.as_str(), &wide, number, lone, "null", "[]", "\u{0}", "{\"listing\":"];
    let lines = ["POST /api/v1/tenants/kilim/orders", "POST /api/v1/session"];
    for line in lines {
        for body in bodies {
            let answer = door.write(line, &ada, "k-1", body).await;
            let start: String = body.chars().take(20).collect();
            assert!(matches!(answer.status, 400 | 413 | 422), "{line} {start}: {}", answer.text);
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    }
    let form = [("content-type", "application/x-www-form-urlencoded"), OWN, ("cookie", &ada)];
    for body in ["", "key=k", "key=%FF&listing=%00&quantity=1", "key=k&listing=l&quantity=-1e9"] {
        let answer = door.send("POST /t/kilim/orders", &form, body).await;
        assert!(matches!(answer.status, 400 | 404 | 422), "{body}: {}", answer.status);
        assert!(answer.text.contains("<html"), "a page for people: {body}");
    }
    let hostile = "POST /t/kilim/orders/%00/..%2F..%2Fcancel";
    assert!(matches!(door.send(hostile, &form, "key=k").await.status, 400 | 404));
}

#[tokio::test]
async fn a_back_link_leads_to_a_page_of_our_own() {
    let door = open().await;
    let ada = door.sign_in(ADA).await;
    let listing = door.listing("Tulip tea glasses").await;
    let form = [("content-type", "application/x-www-form-urlencoded"), OWN, ("cookie", &ada)];
    let hosts = ["%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil.example"];
    for (number, back) in hosts.iter().enumerate() {
        let body = format!("key=buy-{number}&listing={listing}&quantity=1");
        let bought = door.send("POST /t/kilim/orders", &form, &body).await;
        let cancel = format!("POST {}/cancel", bought.header("location"));
        let body = format!("key=cancel-{number}&back={back}");
        let cancelled = door.send(&cancel, &form, &body).await;
        assert_eq!((cancelled.status, cancelled.header("location")), (303, "/mine"), "{back}");
    }
}

#[tokio::test]
async fn metrics_are_counted_by_route_and_told_to_this_machine_only() {
    let door = Door::open(|config| config.quotas.sign_ins_of_email = 1).await;
    let cookie = door.sign_in(ADA).await;
    assert_eq!(door.sign_in_with(ADA, "pazar-demo", &[]).await.status, 429);
    for id in 0..50 {
        door.own(&format!("GET /t/kilim/listings/nothing-{id}"), &cookie).await;
        door.own(&format!("GET /nowhere/{id}"), &cookie).await;
    }
    let buy = [("cookie", cookie.as_str()), OWN, JSON, ("idempotency-key", "k-1")];
    let body = json!({ "listing": "nothing", "quantity": 1 }).to_string();
    assert_eq!(door.send("POST /api/v1/tenants/kilim/orders", &buy, &body).await.status, 404);
    let told = door.send("GET /metrics", &[], "").await;
    assert_eq!(told.status, 200);
    let expected = [
        "http_requests_total{method=\"GET\",route=\"/t/{tenant}/listings/{id}\",status=\"4xx\"} 50",
        "http_requests_total{method=\"GET\",route=\"none\",status=\"4xx\"} 50",
        "http_request_seconds_bucket{le=\"0.1\",method=\"POST\",route=\"/api/v1/session\"}",
        "pazar_sessions_opened_total 1",
        "pazar_rate_limited_total{limit=\"sign_ins_of_email\"} 1",
        "pazar_deals_total{outcome=\"not_found\"} 1",
        "pazar_timers_fired_total 0",
        "pazar_shadow_divergences_total 0",
    ];
    for line in expected {
        assert!(told.text.contains(line), "{line} is not in\n{}", told.text);
    }
    assert!(!told.text.contains("nothing-"), "no path as it came");
    let elsewhere = door.send_from("192.0.2.1:1", "GET /metrics", &[], "").await;
    let proxied = door.send("GET /metrics", &[("x-forwarded-for", "192.0.2.1")], "").await;
    assert_eq!((elsewhere.status, proxied.status), (404, 404));
}

#[tokio::test]
async fn readiness_ends_when_it_is_told_to_stop_and_when_the_file_is_closed() {
    let door = open().await;
    assert_eq!(door.send("GET /ready", &[], "").await.status, 200);
    door.app.stop();
    assert_eq!(door.send("GET /ready", &[], "").await.status, 503);
    assert_eq!(door.send("GET /health", &[], "").await.status, 200);
    door.app.close().await;
    assert_eq!(door.send("GET /ready", &[], "").await.status, 503);
    assert_eq!(door.send("GET /api/v1/listings", &[], "").await.status, 503);
}

#[test]
fn the_api_s_description_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    hos_conformance::golden::assert_golden(path, &pazar::openapi::text());
}

#[test]
fn the_api_s_description_has_every_route_and_no_other() {
    let description: Value = serde_json::from_str(&pazar::openapi::text()).unwrap();
    let described: BTreeSet<String> = description["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(move |method| format!("{method} {path}"))
        })
        .collect();
    let source = include_str!("../src/routes.rs");
    let api = source.split("fn api()").nth(1).unwrap();
    let api = api.split("\n}").next().unwrap();
    let mut routed = BTreeSet::new();
    for route in api.split(".route(").skip(1) {
        let path = route.split('"').nth(1).unwrap();
        for method in ["get", "post", "put", "delete"] {
            if route.contains(&format!("{method}(")) && path != "/openapi.json" {
                routed.insert(format!("{method} {path}"));
            }
        }
    }
    assert_eq!(described, routed);
    assert!(routed.len() > 20, "{routed:?}");
}
