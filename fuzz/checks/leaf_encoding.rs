//! Any ids, values and times: what is written is canonical JSON (RFC 8785) by another's judgement,
//! reads back as it was given, and its parts are bound to it.

use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use arbitrary::{Arbitrary as _, Result, Unstructured};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hos_core::actor::{Actor, ActorKind};
use hos_core::command::{Command, StandingChange, StandingCommand};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::digest::commitment;
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::{ActorId, RequestId, Role, World};
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Proofs as _, Registry as _};
use hos_core::memory::MemoryStore;
use hos_core::merkle::leaf_hash;
use hos_core::policy::RoleDefinition;
use hos_core::proof::{LogEntry, Part};
use hos_core::subject::Subject;
use hos_core::time::{ManualClock, SeededIds, Timestamp};
use hos_core::value::{Attributes, Type, Value};
use serde_json::Value as Json;

const FIELDS: [(&str, Type); 6] = [
    ("flag", Type::Bool),
    ("names", Type::StringSet),
    ("note", Type::String),
    ("sizes", Type::IntegerSet),
    ("total", Type::Integer),
    ("when", Type::Time),
];

/// What the law is asked to keep.
struct Case {
    actor: Actor,
    subject: Subject,
    key: Vec<u8>,
    request: Option<RequestId>,
    at: Timestamp,
    attributes: Attributes,
    input: Vec<(&'static str, Value)>,
}

pub(crate) fn check(data: &[u8]) {
    let Ok(Some(case)) = case(&mut Unstructured::new(data)) else { return };
    let mut run = pin!(run(&case));
    // OK because the store in memory never waits.
    let polled = run.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(polled, Poll::Ready(()));
}

fn case(input: &mut Unstructured<'_>) -> Result<Option<Case>> {
    let (tenant, actor) = (text(input, 140)?, text(input, 140)?);
    let (subject, request) = (text(input, 140)?, text(input, 20)?);
    let key: Vec<u8> = Vec::arbitrary(input)?;
    let at = Timestamp::from_micros(i64::arbitrary(input)?);
    let mut attributes = Attributes::new();
    let mut given = Vec::new();
    for (name, type_) in FIELDS {
        if bool::arbitrary(input)? {
            attributes.set(name.parse().expect("a name"), value(input, type_)?);
        }
        if bool::arbitrary(input)? {
            given.push((name, value(input, type_)?));
        }
    }
    let Ok(actor) = Actor::user(actor) else { return Ok(None) };
    let Ok(subject) = Subject::new("desk", &tenant, "ticket", &subject) else { return Ok(None) };
    let request = RequestId::new(request).ok();
    Ok(Some(Case { actor, subject, key, request, at, attributes, input: given }))
}

fn text(input: &mut Unstructured<'_>, max: usize) -> Result<String> {
    let text = <&str>::arbitrary(input)?;
    Ok(text.chars().take(max).collect())
}

fn value(input: &mut Unstructured<'_>, type_: Type) -> Result<Value> {
    Ok(match type_ {
        Type::Bool => Value::Bool(bool::arbitrary(input)?),
        Type::Integer => Value::Integer(i64::arbitrary(input)?),
        Type::Time => Value::Time(Timestamp::from_micros(i64::arbitrary(input)?)),
        Type::StringSet => members(input, Type::String)?,
        Type::IntegerSet => members(input, Type::Integer)?,
        _ => Value::from(text(input, 5_000)?),
    })
}

fn members(input: &mut Unstructured<'_>, type_: Type) -> Result<Value> {
    let count = input.int_in_range(0..=8)?;
    (0..count).map(|_| value(input, type_)).collect()
}

fn law() -> Law {
    static LAW: OnceLock<Law> = OnceLock::new();
    LAW.get_or_init(|| {
        let mut touch = ActionDefinition::new("touch", ["open"], "open", "ticket.touch");
        for (name, type_) in FIELDS {
            touch = touch.input(name, type_);
        }
        let ticket = Contract::builder("ticket", "1")
            .states(["open", "done"])
            .initial("open")
            .terminal(["done"])
            .open("ticket.open", [""; 0])
            .action(touch)
            .action(ActionDefinition::new("finish", ["open"], "done", "ticket.finish"));
        let declare = |ticket: hos_core::contract::ContractBuilder, field: &(&str, Type)| {
            ticket.attribute(field.0, field.1)
        };
        Law::builder("desk", "1")
            .roles([
                RoleDefinition::superuser("super_admin"),
                RoleDefinition::implicit("visitor", ActorKind::User),
            ])
            .allow("ticket.*", ["visitor"])
            .contract(FIELDS.iter().fold(ticket, declare).build().expect("a contract"))
            .build()
            .expect("a law")
    })
    .clone()
}

async fn run(case: &Case) {
    let options = HosOptions::default().clock(ManualClock::at(case.at)).ids(SeededIds::new(1));
    let hos = Hos::open_with([law()], MemoryStore::new(), options).await.expect("an empty store");
    let Subject { world, tenant, .. } = &case.subject;
    begin(&hos, world, &case.subject).await;
    let key = |what: u8| [&[what], case.key.get(..200).unwrap_or(&case.key)].concat();
    let subject = &case.subject;
    let opened = hos.open_subject(&case.actor, subject, case.attributes.clone(), key(1)).await;
    let mut command = Command::new(&case.actor, subject, "touch").key(key(2));
    if let Some(request) = &case.request {
        command = command.request(request.clone());
    }
    for (name, value) in &case.input {
        command = command.input(name, value.clone());
    }
    let moved = hos.transition(&command).await;
    let entries = hos.page(world, tenant, 0, 100).await.expect("a log");
    let kept = 1 + usize::from(opened.is_ok()) + usize::from(moved.is_ok());
    assert_eq!(entries.len(), kept, "{opened:?} {moved:?}");
    for entry in &entries {
        expect_sound(entry);
    }
    if opened.is_ok() {
        expect_bag(&entries[1], "attributes", &case.attributes);
    }
    if moved.is_ok() {
        let mut input = Attributes::new();
        for (name, value) in &case.input {
            input.set(name.parse().expect("a name"), value.clone());
        }
        expect_bag(&entries[2], "input", &input);
        let leaf = read(&entries[2].leaf);
        assert_eq!(leaf["actor"]["p"], case.actor.id().as_str());
        assert_eq!(leaf["subject"], case.subject.to_string());
        assert_eq!(leaf["at"], case.at.to_string());
    }
}

async fn begin(hos: &Hos, world: &World, subject: &Subject) {
    let (root, role) = (ActorId::new("root"), Role::new("super_admin"));
    let (root, role) = (root.expect("an id"), role.expect("a name"));
    hos.bootstrap(world, &root, &role, b"boot").await.expect("nobody was first");
    let root = Actor::user("root").expect("an id");
    let add = StandingCommand::new(&root, world, &subject.tenant, StandingChange::AddTenant);
    hos.change_standing(&add.key("tenant")).await.expect("a superuser may");
}

fn read(text: &str) -> Json {
    serde_json::from_str(text).expect("JSON")
}

/// Canonical, hashed as stored, and bound to each of its parts.
fn expect_sound(entry: &LogEntry) {
    let leaf = read(&entry.leaf);
    assert_eq!(serde_json_canonicalizer::to_string(&leaf).expect("JCS"), entry.leaf);
    assert_eq!(leaf_hash(entry.leaf.as_bytes()), entry.leaf_hash);
    assert_eq!(leaf["id"], entry.id.to_string());
    let none = Vec::new();
    let bound = leaf["prt"].as_array().unwrap_or(&none);
    assert_eq!(bound.len(), entry.parts.len());
    for (bound, Part { name, salt, body }) in bound.iter().zip(&entry.parts) {
        let body_json = read(body);
        assert_eq!(serde_json_canonicalizer::to_string(&body_json).expect("JCS"), *body);
        let expected = commitment(salt, entry.id, name, body.as_bytes());
        assert_eq!(bound["n"], name.as_str());
        assert_eq!(bound["c"], URL_SAFE_NO_PAD.encode(expected.as_bytes()));
    }
}

/// The part of this name reads back as what was given; nothing given leaves no part.
fn expect_bag(entry: &LogEntry, name: &str, given: &Attributes) {
    let part = entry.parts.iter().find(|part| part.name == name);
    let kept = part.map(|part| serde_json::from_str::<Attributes>(&part.body).expect("a bag"));
    assert_eq!(kept, (!given.is_empty()).then(|| given.clone()));
}
