//! The API against its own description, by schemathesis: `cargo xtask campaign api`.
//!
//! Few examples in ordinary tests, more in the campaign. A machine without Python says that it
//! skipped; in CI that is a failure.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]
#![expect(clippy::print_stdout, reason = "a campaign tells how far it came")]

use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "support/program.rs"]
mod program;

use hos_core::time::{Clock as _, SystemClock, Timestamp};
use program::Program;
use serde_json::{Value, json};

const PACKAGE: &str = "schemathesis==4.32.5";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_schema_conformance,response_headers_conformance";
/// These end the session that the run is signed in with.
const ENDINGS: [&str; 2] = ["DELETE /session", "DELETE /sessions"];

/// The tool, in an environment of its own below the build directory; none where Python or its
/// registry is missing.
fn tool() -> Option<PathBuf> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let tool = home.join("bin/schemathesis");
    let ends_well = |command: &mut Command| command.status().is_ok_and(|status| status.success());
    // It is asked, because it does not survive that the build directory is moved.
    let there = ends_well(Command::new(&tool).arg("--version"))
        || (ends_well(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))
            && ends_well(Command::new(home.join("bin/pip")).args(["install", "-q", PACKAGE])));
    if there {
        return Some(tool);
    }
    let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(!is_ci, "SKIPPED in CI: {PACKAGE} cannot be installed");
    eprintln!("SKIPPED: install Python with venv and pip to see the API held to its description");
    None
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// Actions that some contract knows, and one that none does.
const ACTIONS: [&str; 9] =
    ["publish", "pause", "archive", "pay", "cancel", "confirm", "check_in", "mark_paid", "fly"];

/// What there is, by id: listings, and what ada has.
struct Things {
    listings: Vec<Value>,
    orders: Vec<Value>,
    /// Of the first order.
    payment: Value,
    reservation: Value,
}

impl Things {
    /// What a parameter may be, unless it may be anything.
    fn parameter(&self, path: &str, parameter: &Value) -> Option<Value> {
        let Self { listings, orders, payment, reservation } = self;
        let known = match parameter["name"].as_str()? {
            "tenant" if parameter["in"] == "path" => json!(["kilim", "konak"]),
            "things" => json!(["listings", "orders", "reservations", "payments", "nothing"]),
            "target" => json!(["u-kilim-staff", "u-nobody"]),
            "action" => json!(ACTIONS),
            "payment" => json!([payment]),
            "id" if path.contains("/listings/") => json!(listings),
            "id" if path.contains("/orders/") => json!(orders),
            "id" if path.contains("/reservations/") => json!([reservation]),
            "id" if path.contains("/payments/") => json!([payment]),
            "id" => json!([listings[0], orders[0], reservation, payment]),
            _ => return None,
        };
        Some(known)
    }
}

/// A time so many hours from now.
fn hour(hours: i64) -> Value {
    let hour = 3_600_000_000;
    let from_now = SystemClock.now().as_micros().div_euclid(hour) + hours;
    json!(Timestamp::from_micros(from_now * hour))
}

/// A booking that is possible, as long as nobody else has made it.
fn booking(lesson: &Value, from: i64) -> Value {
    let (starts, ends) = (hour(from), hour(from + 2));
    json!({ "listing": lesson["id"], "party_size": 1, "starts": starts, "ends": ends })
}

/// Ada buys, pays and books.
async fn buy(program: &Program, all: &[Value], lesson: &Value) -> Things {
    let glasses = all.iter().find(|one| one["stock"] == 40).unwrap();
    let cookie = program.sign_in("ada@pazar.example").await;
    let post = |path: &'static str, key: String, body: Value| {
        let headers = [("cookie", cookie.clone()), ("idempotency-key", key)];
        async move {
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            let answer = program.post(path, &headers, body.to_string()).await;
            let text = answer.text().await.unwrap();
            serde_json::from_str::<Value>(&text).unwrap()["id"].clone()
        }
    };
    let mut orders = Vec::new();
    for number in 0..5 {
        let body = json!({ "listing": glasses["id"], "quantity": 1 });
        let key = format!("buy-{number}");
        orders.push(post("/api/v1/tenants/kilim/orders", key, body).await);
    }
    let body = json!({ "payable_kind": "order", "payable": orders[0] });
    let payment = post("/api/v1/tenants/kilim/payments", "pay-1".to_owned(), body).await;
    let body = booking(lesson, 100);
    let path = "/api/v1/tenants/kilim/reservations";
    let reservation = post(path, "book-1".to_owned(), body).await;
    let listings = all.iter().map(|one| one["id"].clone()).collect();
    Things { listings, orders, payment, reservation }
}

/// The description with what there is written in, or hardly a request would get past the first
/// 404. What must be answered stays as it is.
async fn description(program: &Program, directory: &Path) -> PathBuf {
    let read = |path: &'static str| async move {
        let answer = program.client.get(format!("{}/api/v1{path}", program.url)).send().await;
        let text = answer.unwrap().text().await.unwrap();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let listings = read("/listings").await;
    let listings = listings.as_array().unwrap();
    let booked = listings.iter().filter(|one| one["flow"] == "booking");
    let booked: Vec<&Value> = booked.collect();
    let bookable: Vec<&Value> = booked.iter().map(|one| &one["id"]).collect();
    let lesson = booked.iter().find(|one| one["tenant"] == "kilim").unwrap();
    let things = buy(program, listings, lesson).await;
    let mut description = read("/openapi.json").await;
    for (path, item) in description["paths"].as_object_mut().unwrap() {
        for operation in item.as_object_mut().unwrap().values_mut() {
            for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
                let Some(known) = things.parameter(path, parameter) else { continue };
                parameter["schema"]["enum"] = known;
            }
        }
    }
    let book = &mut description["paths"]["/tenants/{tenant}/reservations"]["post"]["requestBody"];
    book["content"]["application/json"]["example"] = booking(lesson, 200);
    let methods = json!(["online", "cash_on_delivery", "bank_transfer"]);
    let known = [
        ("NewOrder", "listing", json!(things.listings)),
        ("NewOrder", "method", methods.clone()),
        ("NewReservation", "listing", json!(bookable)),
        ("NewReservation", "method", methods),
        ("NewReservation", "party_size", json!([0, 1, 2])),
        ("NewReservation", "starts", json!([30, 40, 50, 60].map(hour))),
        ("NewReservation", "ends", json!([35, 45, 55, 65].map(hour))),
        ("NewPayment", "payable", json!([things.orders[0], things.orders[1], things.reservation])),
        ("NewPayment", "payable_kind", json!(["order", "reservation"])),
    ];
    for (schema, member, values) in known {
        description["components"]["schemas"][schema]["properties"][member]["enum"] = values;
    }
    let path = directory.join("openapi.json");
    std::fs::write(&path, description.to_string()).unwrap();
    path
}

/// Which operations a round is about.
enum Scope {
    /// All that leave the session alone.
    Lasting,
    /// Those that end it.
    Ending,
}

/// One round as one account.
async fn round(tool: &Path, program: &Program, description: &Path, email: &str, scope: Scope) {
    let cookie = program.sign_in(email).await;
    let mut command = Command::new(tool);
    command
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .arg("run")
        .arg(description)
        .args(["--url", &format!("{}/api/v1", program.url)])
        .args(["--header", &format!("Cookie: {cookie}")])
        .args(["--header", &format!("Origin: {}", program.url)])
        .args(["--checks", CHECKS])
        .args(["--generation-with-security-parameters", "false"])
        .args(["--generation-database", "none", "--no-color", "--warnings", "off"])
        .args(["--max-examples", &setting("HOS_CAMPAIGN_SIZE", "4")])
        .args(["--seed", &setting("HOS_CAMPAIGN_SEED", "1")]);
    let choice = match scope {
        Scope::Lasting => "--exclude-name",
        Scope::Ending => "--include-name",
    };
    command.args(ENDINGS.iter().flat_map(|name| [choice, name]));
    println!("== as {email}");
    run(&mut command);
    assert!(!program.log().contains("panicked"), "{}", program.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_answers_as_it_is_described() {
    let Some(tool) = tool() else { return };
    let directory = tempfile::tempdir().unwrap();
    let settings = [("PAZAR_LIMITS", "off"), ("PAZAR_LOG_LEVEL", "warn")];
    let program = Program::start(directory.path(), &settings).await;
    let description = description(&program, directory.path()).await;
    round(&tool, &program, &description, "ada@pazar.example", Scope::Lasting).await;
    round(&tool, &program, &description, "owner@kilim.example", Scope::Lasting).await;
    // The super admin opens and closes the world meanwhile.
    round(&tool, &program, &description, "root@pazar.example", Scope::Lasting).await;
    round(&tool, &program, &description, "can@pazar.example", Scope::Ending).await;
    let counted = program.client.get(format!("{}/metrics", program.url)).send().await.unwrap();
    let counted = counted.text().await.unwrap();
    for line in counted.lines().filter(|line| line.contains("status=\"2xx\"")) {
        println!("{line}");
    }
    let firm = "/api/v1/tenants/{tenant}";
    for made in ["orders", "reservations", "payments", "listings/{id}/pictures"] {
        let done = format!("{{method=\"POST\",route=\"{firm}/{made}\",status=\"2xx\"}}");
        assert!(counted.contains(&done), "never: {done}");
    }
    assert!(!counted.contains("status=\"5xx\""), "a server error");
}
