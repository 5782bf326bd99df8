//! The world over the store in memory: the matrix, the machine, and one order's whole life.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::command::{Command, Opening, Record, StandingChange, StandingCommand};
use hos_core::condition::Nothing;
use hos_core::error::{Error, Refusal};
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::{Name, Role, Tenant, World};
use hos_core::judge::Judge;
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Policy as _, Proofs as _, Query, Registry as _};
use hos_core::memory::MemoryStore;
use hos_core::policy::{DecisionEffect, Question};
use hos_core::receipt::{Effect, Receipt};
use hos_core::standing::{ActorStanding, Modes, Standing, Versions, WorldStatus};
use hos_core::subject::{Snapshot, Subject};
use hos_core::time::{Clock, ManualClock, ProofId, SeededIds, Timestamp};
use hos_core::value::{Attributes, Value};
use workorder::law::{ADDITIONS, MATRIX, ROLES, VERBS, law, official_law};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn noon() -> Timestamp {
    Timestamp::parse("2026-12-01T12:00:00Z").unwrap()
}

fn role_may(law: &Law, role: &str, ability: &str) -> bool {
    let actor = Actor::user("staff").unwrap();
    let roles = vec![Role::new(role).unwrap()];
    let standing = ActorStanding { roles, ..ActorStanding::default() };
    let question = Question {
        actor: &actor,
        ability,
        subject: &Nothing,
        context: &Nothing,
        standing: &standing,
        modes: &Modes::default(),
        now: noon(),
    };
    law.rules().answer(&question).is_some_and(|answer| answer.effect == DecisionEffect::Allow)
}

/// The cells of the matrix that a law allows, as (role, ability).
fn allowed_cells(law: &Law) -> Vec<(&'static str, String)> {
    let mut cells = Vec::new();
    for (resource, _) in MATRIX {
        for (_, verb) in VERBS {
            let ability = format!("{resource}.{verb}");
            let holders = ROLES.into_iter().filter(|role| role_may(law, role, &ability));
            cells.extend(holders.map(|role| (role, ability.clone())));
        }
    }
    cells
}

#[test]
fn the_official_matrix_has_81_cells_allowed_and_99_denied() {
    let law = official_law().unwrap();
    let cells = allowed_cells(&law);
    assert_eq!((cells.len(), 180 - cells.len()), (81, 99));
    let of = |role| cells.iter().filter(|(holder, _)| *holder == role).count();
    assert_eq!(ROLES.map(of), [30, 17, 5, 11, 8, 10]);
}

#[test]
fn the_law_changes_exactly_one_cell_of_the_matrix() {
    let (official, ours) = (official_law().unwrap(), law().unwrap());
    let before = allowed_cells(&official);
    let added: Vec<_> = allowed_cells(&ours).into_iter().filter(|c| !before.contains(c)).collect();
    assert_eq!(added, [("guvenlik", "workorder.read".to_owned())]);
}

#[test]
fn the_six_spot_checks_of_the_matrix_hold() {
    let law = law().unwrap();
    for (role, ability, allowed) in [
        ("operasyon", "kurlar.write", false),
        ("finans", "tarife.delete", true),
        ("readonly", "cari.write", false),
        ("saha", "workorder.write", true),
        ("guvenlik", "guvenlik.delete", true),
        ("readonly", "audit.read", false),
    ] {
        assert_eq!(role_may(&law, role, ability), allowed, "{role} {ability}");
    }
}

#[test]
fn the_additions_go_to_exactly_the_roles_that_they_name() {
    let law = law().unwrap();
    for (ability, holders) in ADDITIONS.into_iter().filter(|(a, _)| *a != "workorder.read") {
        for role in ROLES {
            assert_eq!(role_may(&law, role, ability), holders.contains(&role), "{role} {ability}");
        }
    }
    for (role, ability) in [("finans", "workorder.approve"), ("saha", "workorder.invoice")] {
        assert!(!role_may(&law, role, ability), "{role} {ability}");
    }
}

/// A superuser and one order in a state, as the judge sees them.
fn standing(state: &str, attributes: Attributes) -> Standing {
    let world_roles = vec![Role::new("super_admin").unwrap()];
    Standing {
        world: Some(WorldStatus::Open),
        tenant_exists: true,
        versions: Versions::default(),
        actor: Arc::new(ActorStanding { world_roles, ..ActorStanding::default() }),
        modes: Arc::default(),
        subjects: vec![Some(Snapshot {
            state: state.parse().unwrap(),
            revision: 4,
            attributes: Arc::new(attributes),
            contract: "1".parse().unwrap(),
            proof_id: ProofId::from_bytes([7; 16]),
        })],
        receipt: None,
    }
}

fn whole_order() -> Attributes {
    let mut attributes = Attributes::new();
    let mut set = |name: &str, value: Value| attributes.set(Name::new(name).unwrap(), value);
    set("company", "45".into());
    set("title", "Crane for a hull".into());
    set("description", "Lift one hull of twelve tons".into());
    set("gate_required", false.into());
    set("crane", false.into());
    set("actual_start", noon().before(Duration::from_secs(3_600)).into());
    attributes
}

/// Everything that any guard asks for, for the action that leads from one state to another.
fn well_given(command: Command, action: Option<&str>) -> Command {
    match action {
        Some("submit" | "resubmit") => command.fact("items", 1),
        Some("approve") => command.fact("customs_permit", "approved"),
        Some("approve_direct") => {
            command.fact("customs_permit", "approved").fact("permit_needed", true)
        }
        Some("reject" | "revoke") => command.input("reason", "The berth is taken"),
        Some("start") => command
            .fact("customs_permit", "approved")
            .fact("permit_until", noon().after(Duration::from_secs(60)))
            .fact("letter_approved", true)
            .fact("persons_approved", true),
        Some("complete") => command.input("actual_end", noon()).fact("work_logs", 1),
        Some("invoice") => command
            .input("invoice_number", "A-1")
            .input("invoice_date", noon())
            .fact("items", 1)
            .fact("items_priced", 1)
            .fact("total_kurus", 24_000)
            .fact("price_list", "2026/4")
            .fact("rate", "TRY"),
        _ => command,
    }
}

#[test]
fn of_the_64_pairs_of_states_ten_move_and_a_superuser_moves_no_other() {
    let law = law().unwrap();
    let contract = law.contract("workorder").unwrap();
    let (ids, actor) = (SeededIds::new(1), Actor::user("root").unwrap());
    let judge = Judge::new(&law, "test", noon(), &ids);
    let order = Subject::new("workorder", "port", "workorder", "1").unwrap();
    let (mut moved, mut unchanged, mut refused) = (Vec::new(), 0, 0);
    for from in contract.states() {
        for to in contract.states() {
            let action = contract.actions_from(from.as_str()).find(|entry| entry.to() == to);
            let command = Command::to(&actor, &order, to.as_str());
            let command = well_given(command, action.map(|entry| entry.name().as_str()));
            let standing = standing(from.as_str(), whole_order());
            match judge.plan(&command, &standing) {
                Ok(plan) if plan.steps()[0].effect() == Effect::Moved => {
                    moved.push(format!("{from}>{to}"));
                }
                Ok(_) => {
                    assert_eq!(from, to);
                    unchanged += 1;
                }
                Err(stop) => {
                    let expected =
                        if *from == "closed" { "terminal_state" } else { "invalid_transition" };
                    assert_eq!(stop.refusal.code(), expected, "{from} to {to}");
                    refused += 1;
                }
            }
        }
    }
    let expected = "draft>submitted draft>approved submitted>approved submitted>rejected \
         approved>in_progress approved>rejected in_progress>completed completed>invoiced \
         invoiced>closed rejected>submitted";
    assert_eq!(moved, expected.split_whitespace().collect::<Vec<_>>());
    // Seven states are reached by some action, so that being there already is no refusal.
    assert_eq!((unchanged, refused), (7, 47));
}

#[test]
fn a_refusal_names_what_is_possible_instead() {
    let law = law().unwrap();
    let (ids, actor) = (SeededIds::new(1), Actor::user("root").unwrap());
    let judge = Judge::new(&law, "test", noon(), &ids);
    let order = Subject::new("workorder", "port", "workorder", "1").unwrap();
    let command = Command::to(&actor, &order, "kapandi");
    let standing = standing("submitted", whole_order());
    match judge.plan(&command, &standing).unwrap_err().refusal {
        Refusal::InvalidTransition { from, action, allowed } => {
            assert_eq!((from.as_str(), action.as_str()), ("submitted", "kapandi"));
            assert_eq!(allowed, ["approve", "reject"]);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn every_guard_of_the_machine_is_listed_when_it_fails() {
    let law = law().unwrap();
    let (ids, actor) = (SeededIds::new(1), Actor::user("root").unwrap());
    let judge = Judge::new(&law, "test", noon(), &ids);
    let order = Subject::new("workorder", "port", "workorder", "1").unwrap();
    let refused = |state: &str, attributes: Attributes, command: Command| {
        let standing = standing(state, attributes);
        match judge.plan(&command, &standing).map(|_| ()).unwrap_err().refusal {
            Refusal::GuardFailed(codes) => codes.iter().map(ToString::to_string).collect(),
            other => vec![other.to_string()],
        }
    };
    let command = |action| Command::new(&actor, &order, action);
    let mut bare = whole_order();
    bare.set("title".parse().unwrap(), "hull");
    bare.set("description".parse().unwrap(), "short");
    let submit = command("submit").fact("items", 0);
    assert_eq!(
        refused("draft", bare, submit),
        ["subject_too_short", "description_too_short", "no_items"]
    );
    let mut asked = whole_order();
    asked.set("owner".parse().unwrap(), "u-1");
    let direct = command("approve_direct").fact("permit_needed", true).fact("customs_permit", "");
    assert_eq!(refused("draft", asked, direct), ["asked_for_by_portal", "customs_permit"]);
    for permit in ["uploaded", "rejected", "expired", "superseded"] {
        let approve = command("approve").fact("customs_permit", permit);
        assert_eq!(refused("submitted", whole_order(), approve), ["customs_permit"]);
    }
    for (action, state) in [("reject", "submitted"), ("revoke", "approved")] {
        let short = command(action).input("reason", "too short");
        assert_eq!(refused(state, whole_order(), short), ["reason_too_short"]);
    }
    let mut heavy = whole_order();
    heavy.set("crane".parse().unwrap(), true);
    heavy.set("gate_required".parse().unwrap(), true);
    let start = command("start")
        .fact("customs_permit", "expired")
        .fact("permit_until", noon())
        .fact("letter_approved", false)
        .fact("persons_approved", false);
    assert_eq!(
        refused("approved", heavy, start),
        ["customs_permit", "customs_permit_expired", "letter_not_approved", "persons_not_approved"]
    );
    let early = noon().before(Duration::from_secs(7_200));
    let complete = command("complete").input("actual_end", early).fact("work_logs", 0);
    assert_eq!(
        refused("in_progress", whole_order(), complete),
        ["no_work_log", "ends_before_start"]
    );
    let invoice = well_given(command("invoice"), Some("invoice"));
    let invoice = invoice.input("invoice_number", "").fact("items_priced", 0);
    assert_eq!(
        refused("completed", whole_order(), invoice),
        ["invoice_number_missing", "item_without_price"]
    );
}

#[test]
fn of_the_25_pairs_of_a_trip_five_are_moves() {
    let law = law().unwrap();
    let trip = law.contract("trip").unwrap();
    let edges = trip
        .actions()
        .iter()
        .flat_map(|action| action.from().iter().map(move |from| format!("{from}>{}", action.to())));
    let mut edges: Vec<String> = edges.collect();
    edges.sort();
    assert_eq!(
        edges,
        [
            "devam_ediyor>iptal",
            "devam_ediyor>tamamlandi",
            "planlandi>devam_ediyor",
            "planlandi>iptal",
            "tamamlandi>faturalandi",
        ]
    );
    assert_eq!(trip.states().len(), 5);
}

/// The port, open, with one member of each role.
struct Port {
    hos: Hos,
    keys: AtomicU64,
    world: World,
    tenant: Tenant,
}

/// The story's clock: shared with the law, so that it can be moved on.
#[derive(Clone)]
struct Hands(Arc<ManualClock>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl Port {
    async fn new(clock: &Hands) -> Self {
        let options = HosOptions::default().clock(clock.clone()).ids(SeededIds::new(7));
        let hos = Hos::open_with([law().unwrap()], MemoryStore::new(), options).await.unwrap();
        let (world, tenant) = (World::new("workorder").unwrap(), Tenant::new("port").unwrap());
        let root = Actor::user("root").unwrap();
        hos.bootstrap(&world, root.id(), &"super_admin".parse().unwrap(), b"boot").await.unwrap();
        let change =
            |change, key: &str| StandingCommand::new(&root, &world, &tenant, change).key(key);
        hos.change_standing(&change(StandingChange::AddTenant, "tenant")).await.unwrap();
        for role in ROLES {
            let (member, roles) = (role.parse().unwrap(), vec![role.parse().unwrap()]);
            let set = StandingChange::SetMember { member, roles };
            hos.change_standing(&change(set, role)).await.unwrap();
        }
        Self { hos, keys: AtomicU64::new(0), world, tenant }
    }

    fn subject(&self, kind: &str, id: &str) -> Subject {
        Subject::new(self.world.as_str(), self.tenant.as_str(), kind, id).unwrap()
    }

    async fn does(&self, command: Command) -> Result<Receipt, Error> {
        let key = self.keys.fetch_add(1, Ordering::Relaxed);
        self.hos.transition(&command.key(format!("k-{key}"))).await
    }
}

fn code(answer: Result<Receipt, Error>) -> String {
    answer.unwrap_err().refusal().unwrap().code().to_owned()
}

fn ordered(actor: &Actor, order: &Subject, company: &str) -> Opening {
    Opening::new(actor, order)
        .attribute("company", company)
        .attribute("owner", actor.id().as_str())
        .attribute("title", "Crane for a hull")
        .attribute("description", "Lift one hull of twelve tons")
        .attribute("gate_required", true)
        .attribute("crane", true)
        .key(format!("open {order} {company}"))
}

#[test]
fn one_order_lives_from_draft_to_closed_and_its_log_alone_rebuilds_it() {
    block_on(async {
        let clock = Hands(Arc::new(ManualClock::at(noon())));
        let port = Port::new(&clock).await;
        let hos = &port.hos;
        let staff = |name: &str| Actor::user(name).unwrap();
        let customer = Actor::user("kaptan").unwrap().claim("company", "45").unwrap();
        let order = port.subject("workorder", "WO-2026-00001");
        let permit = port.subject("document", "permit-1");

        hos.open(&ordered(&customer, &order, "45")).await.unwrap();
        let submit = Command::new(&customer, &order, "submit").fact("items", 1);
        port.does(submit).await.unwrap();

        let upload = Opening::new(&staff("operasyon"), &permit)
            .attribute("order", order.id.as_str())
            .attribute("digest", "0".repeat(64))
            .key("upload");
        hos.open(&upload).await.unwrap();
        let approve = Command::new(&staff("operasyon"), &order, "approve");
        assert_eq!(
            code(port.does(approve.clone().fact("customs_permit", "uploaded")).await),
            "guard_failed"
        );
        port.does(Command::new(&staff("operasyon"), &permit, "approve")).await.unwrap();
        let by_finance = Command::new(&staff("finans"), &order, "approve");
        assert_eq!(code(port.does(by_finance.fact("customs_permit", "approved")).await), "denied");
        port.does(approve.fact("customs_permit", "approved")).await.unwrap();
        let readable = Query::new(&staff("guvenlik"), "workorder.read", &order);
        assert!(hos.can(&readable).await.unwrap().permits(), "the gate checks orders");

        let start = |until: Timestamp| {
            Command::new(&staff("operasyon"), &order, "start")
                .fact("customs_permit", "approved")
                .fact("permit_until", until)
                .fact("letter_approved", true)
                .fact("persons_approved", true)
        };
        assert_eq!(code(port.does(start(noon())).await), "guard_failed", "the permit expired");
        port.does(start(noon().after(Duration::from_secs(86_400)))).await.unwrap();
        for hour in 1..=2 {
            clock.0.advance(Duration::from_secs(3_600));
            let log = Record::about(&staff("saha"), &order, "work_log")
                .payload("minutes", 60)
                .key(format!("log {hour}"));
            assert_eq!(hos.record(&log).await.unwrap().revision, 4, "a record moves nothing");
        }
        let complete = Command::new(&staff("saha"), &order, "complete");
        port.does(complete.fact("work_logs", 2).input("actual_end", clock.now())).await.unwrap();
        let invoice = Command::new(&staff("finans"), &order, "invoice");
        port.does(well_given(invoice, Some("invoice"))).await.unwrap();
        let close = Command::new(&staff("sistem_yoneticisi"), &order, "close");
        assert_eq!(port.does(close).await.unwrap().revision, 7);
        let reopened = Command::to(&staff("root"), &order, "draft");
        assert_eq!(code(port.does(reopened).await), "terminal_state");

        let page = hos.page(&port.world, &port.tenant, 0, 1_000).await.unwrap();
        let leaves = page
            .iter()
            .map(|entry| serde_json::from_str::<serde_json::Value>(&entry.leaf).unwrap());
        let own: Vec<_> = leaves.filter(|leaf| leaf["subject"] == order.to_string()).collect();
        let effects: Vec<_> = own.iter().filter(|leaf| leaf["typ"] != "denial/1").collect();
        let told: Vec<&str> = effects
            .iter()
            .map(|leaf| leaf["action"].as_str().or(leaf["code"].as_str()).unwrap())
            .collect();
        assert_eq!(
            told,
            "open submit approve start work_log work_log complete invoice close"
                .split(' ')
                .collect::<Vec<_>>(),
        );
        assert_eq!(own.len(), 10, "nine effects, and finance's denied approval");
        let mut state = None;
        for leaf in effects.iter().filter(|leaf| leaf["to"].is_string()) {
            assert_eq!(leaf["from"].as_str(), state);
            state = leaf["to"].as_str();
        }
        let situation = hos.situation(&order).await.unwrap().unwrap();
        assert_eq!(state, Some(situation.snapshot.state.as_str()));
        assert_eq!(situation.terminal, Some(true));
        assert_eq!(hos.history(&permit, 0, 10).await.unwrap().len(), 2);
        assert_eq!(hos.history(&order, 0, 10).await.unwrap().len(), 7);
    });
}

#[test]
fn a_portal_user_stays_within_the_own_company_and_sees_no_colleagues_order() {
    block_on(async {
        let port = Port::new(&Hands(Arc::new(ManualClock::at(noon())))).await;
        let person = |id: &str, company: &str| {
            Actor::new(ActorKind::User, id.parse().unwrap()).claim("company", company).unwrap()
        };
        let order = port.subject("workorder", "1");
        let anna = person("anna", "45");
        port.hos.open(&ordered(&anna, &order, "45")).await.unwrap();
        let abroad = ordered(&anna, &port.subject("workorder", "2"), "46");
        assert_eq!(code(port.hos.open(&abroad).await), "denied");
        let boss = person("boss", "45").claim("portal_admin", true).unwrap();
        let rival = person("boss-46", "46").claim("portal_admin", true).unwrap();
        let nobody = Actor::user("nobody").unwrap();
        for (reader, sees) in [
            (anna, true),
            (boss, true),
            (person("colleague", "45"), false),
            (person("anna", "46"), false),
            (rival, false),
            (nobody, false),
        ] {
            let query = Query::new(&reader, "workorder.read", &order);
            assert_eq!(port.hos.can(&query).await.unwrap().permits(), sees, "{reader:?}");
            let submit = Command::new(&reader, &order, "submit").fact("items", 0);
            let expected = if sees { "guard_failed" } else { "not_found" };
            assert_eq!(code(port.does(submit).await), expected);
        }
    });
}

#[test]
fn the_gate_lets_a_vehicle_in_for_a_lawful_order_and_out_once() {
    block_on(async {
        let port = Port::new(&Hands(Arc::new(ManualClock::at(noon())))).await;
        let guard = Actor::user("guvenlik").unwrap();
        let enter = |id: &str, state: &str, complete: bool| {
            Opening::new(&guard, &port.subject("gate", id))
                .attribute("order", "1")
                .attribute("order_state", state)
                .attribute("plate", "34 ABC 1")
                .attribute("checklist_complete", complete)
                .attribute("entered_at", noon())
                .key(id)
        };
        assert_eq!(code(port.hos.open(&enter("a", "submitted", true)).await), "guard_failed");
        assert_eq!(code(port.hos.open(&enter("b", "approved", false)).await), "guard_failed");
        let exception = enter("c", "approved", false).attribute("exception_reason", "Ambulance in");
        port.hos.open(&exception).await.unwrap();
        port.hos.open(&enter("d", "in_progress", true)).await.unwrap();
        let inside = port.subject("gate", "d");
        let leave = |at| Command::new(&guard, &inside, "exit").input("exited_at", at);
        let early = noon().before(Duration::from_secs(1));
        assert_eq!(code(port.does(leave(early)).await), "guard_failed");
        assert_eq!(port.does(leave(noon())).await.unwrap().effect, Effect::Moved);
        let later = noon().after(Duration::from_secs(1));
        assert_eq!(port.does(leave(later)).await.unwrap().effect, Effect::Unchanged);
    });
}
