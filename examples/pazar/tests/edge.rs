//! The program as whoever runs it meets it: its settings, its log lines, its end.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use serde_json::{Value, json};

#[path = "support/program.rs"]
mod program;

use program::Program;

#[test]
fn it_does_not_start_with_faults_and_names_them_all() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pazar.toml");
    std::fs::write(&file, "log_format = \"xml\"\nsail = true\n").unwrap();
    let told = Command::new(env!("CARGO_BIN_EXE_pazar"))
        .args(["--address", "nowhere", "--webhook-secret=whsec_c2VjcmV0", "--config"])
        .arg(&file)
        .env("PAZAR_DEMO", "perhaps")
        .env("PAZAR_WEBHOOK_SECRET", "whsec_dG9vIHNob3J0")
        .output()
        .unwrap();
    assert!(!told.status.success());
    let text = String::from_utf8(told.stderr).unwrap();
    for part in
        ["6 fault(s)", "--address", "log_format", "sail", "PAZAR_DEMO", "`--webhook-secret`"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("whsec_dG9vIHNob3J0") && !text.contains("c2VjcmV0"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_demo_nobody_signs_for_the_provider() {
    let directory = tempfile::tempdir().unwrap();
    let program = Program::start(directory.path(), &[]).await;
    let cookie = program.sign_in("ada@pazar.example").await;
    let listings = program.client.get(format!("{}/api/v1/listings", program.url)).send().await;
    let listings: Value = serde_json::from_str(&listings.unwrap().text().await.unwrap()).unwrap();
    let glasses = listings.as_array().unwrap().iter().find(|one| one["stock"] == 40).unwrap();
    let said = |key| [("cookie", cookie.as_str()), ("idempotency-key", key)];
    let order = json!({ "listing": glasses["id"], "quantity": 1 }).to_string();
    let order = program.post("/api/v1/tenants/kilim/orders", &said("order"), order).await;
    let order: Value = serde_json::from_str(&order.text().await.unwrap()).unwrap();
    let payment = json!({ "payable_kind": "order", "payable": order["id"] }).to_string();
    let payment = program.post("/api/v1/tenants/kilim/payments", &said("pay"), payment).await;
    let payment: Value = serde_json::from_str(&payment.text().await.unwrap()).unwrap();
    let page = payment["pay_url"].as_str().unwrap().to_owned();
    let opened = program.client.get(format!("{}{page}", program.url)).send().await.unwrap();
    assert_eq!(opened.status(), 200);
    drop(program);
    let program = Program::start(directory.path(), &[("PAZAR_DEMO", "off")]).await;
    let press =
        program.client.post(format!("{}{page}", program.url)).header("origin", &program.url);
    let press = press.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(press.body("key=k1&outcome=paid").send().await.unwrap().status(), 404);
    let opened = program.client.get(format!("{}{page}", program.url)).send().await.unwrap();
    assert_eq!(opened.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_name_the_request_and_hold_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    let secret = pazar::webhook::Secret::random().reveal();
    let settings = [
        ("PAZAR_LOG_FORMAT", "json"),
        ("PAZAR_LOG_LEVEL", "trace"),
        ("PAZAR_WEBHOOK_SECRET", secret.as_str()),
    ];
    let program = Program::start(directory.path(), &settings).await;
    let cookie = program.sign_in("ada@pazar.example").await;
    let wrong = json!({ "email": "can@pazar.example", "password": "sesame-17" }).to_string();
    assert_eq!(program.post("/api/v1/session", &[], wrong).await.status(), 401);
    let listings = program.client.get(format!("{}/api/v1/listings", program.url)).send().await;
    let listings: Value = serde_json::from_str(&listings.unwrap().text().await.unwrap()).unwrap();
    let glasses = listings.as_array().unwrap().iter().find(|one| one["stock"] == 40).unwrap();
    let body = json!({ "listing": glasses["id"], "quantity": 1 }).to_string();
    let headers =
        [("cookie", cookie.as_str()), ("idempotency-key", "key-23"), ("x-request-id", "mine-17")];
    let bought = program.post("/api/v1/tenants/kilim/orders?q=query-42", &headers, body).await;
    assert_eq!(bought.status(), 201);
    assert_eq!(bought.headers()["x-request-id"], "mine-17");
    let order: Value = serde_json::from_str(&bought.text().await.unwrap()).unwrap();
    let payment = json!({ "payable_kind": "order", "payable": order["id"] }).to_string();
    let headers = [("cookie", cookie.as_str()), ("idempotency-key", "key-24")];
    let payment = program.post("/api/v1/tenants/kilim/payments", &headers, payment).await;
    assert_eq!(payment.status(), 201);
    let forged = [("webhook-id", "e"), ("webhook-timestamp", "1"), ("webhook-signature", "v1,AA")];
    assert_eq!(program.post("/webhooks/demo", &forged, String::new()).await.status(), 401);

    let log = program.log();
    let token = cookie.split_once('=').unwrap().1;
    let order_id = order["id"].as_str().unwrap();
    let secrets = [
        token,
        "pazar_session",
        "pazar-demo",
        "sesame-17",
        "@pazar.example",
        "key-23",
        "query-42",
        "whsec_",
        secret.trim_start_matches("whsec_"),
        "127.0.0.1",
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} stands in the log");
    }
    assert!(!log.contains(&format!("orders/{order_id}")), "a route, not a path");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty());
    let of = |id: &str| {
        lines.iter().filter(|line| line["span"]["request_id"] == id).cloned().collect::<Vec<_>>()
    };
    let mine = of("mine-17");
    let answered = mine.iter().find(|line| line["message"] == "answered").unwrap();
    assert_eq!(answered["status"], 201);
    assert_eq!(answered["span"]["route"], "/api/v1/tenants/{tenant}/orders");
    let let_in = lines.iter().find(|line| line["message"] == "a webhook was not let in").unwrap();
    assert!(let_in["span"]["request_id"].as_str().unwrap().starts_with("req-"));

    // The same id stands in the proof.
    let owner = program.sign_in("owner@kilim.example").await;
    let proofs = format!("{}/api/v1/tenants/kilim/proofs", program.url);
    let proofs = program.client.get(proofs).header("cookie", owner).send().await.unwrap();
    assert!(proofs.text().await.unwrap().contains("mine-17"));
}

/// A request whose body is half sent: the server has read its head and waits for the rest.
fn half_sent(program: &Program, body: &str) -> TcpStream {
    let host = program.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).unwrap();
    assert!(told.starts_with(b"HTTP/1.1 100 Continue"), "it waits for the body");
    stream.write_all(&body.as_bytes()[..10]).unwrap();
    stream
}

/// Tells it to stop, as a service manager does.
fn terminate(program: &Program) {
    let told = Command::new("kill").arg("-TERM").arg(program.child.id().to_string()).status();
    assert!(told.unwrap().success());
}

/// Waits until nobody answers there any more.
fn wait_until_it_listens_no_more(program: &Program) {
    let host = program.url.trim_start_matches("http://");
    for _ in 0..1_000_000 {
        if TcpStream::connect(host).is_err() {
            return;
        }
        std::thread::yield_now();
    }
    panic!("it goes on listening");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_is_answered_before_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut program = Program::start(directory.path(), &[]).await;
    let body = json!({ "email": "ada@pazar.example", "password": "pazar-demo" }).to_string();
    let mut stream = half_sent(&program, &body);
    terminate(&program);
    wait_until_it_listens_no_more(&program);
    stream.write_all(&body.as_bytes()[10..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(program.child.wait().unwrap().success(), "a graceful end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_ends_does_not_keep_the_program_from_stopping() {
    let directory = tempfile::tempdir().unwrap();
    let mut program = Program::start(directory.path(), &[("PAZAR_STOP_SECONDS", "0")]).await;
    let _held = half_sent(&program, "{\"email\": \"never\", \"password\": \"sent\"}");
    terminate(&program);
    assert!(program.child.wait().unwrap().success());
    assert!(program.log().contains("not waited for"), "{}", program.log());
}
