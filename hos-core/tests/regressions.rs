//! The earlier system's faults, each under its number: what went wrong there cannot here.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::command::{Command, Opening, Record, StandingChange, StandingCommand};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::Error;
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::{Tenant, World};
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Policy as _, Proofs as _, Query, Registry as _};
use hos_core::memory::MemoryStore;
use hos_core::policy::RoleDefinition;
use hos_core::receipt::{Effect, Receipt};
use hos_core::store::Outbox as _;
use hos_core::subject::Subject;
use hos_core::time::{ManualClock, SeededIds, Timestamp};
use hos_core::value::Type;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// The earlier system's machines as they were meant: nothing missing, no dead end.
fn reservation() -> Contract {
    Contract::builder("reservation", "1")
        .states(["pending", "confirmed", "checked_in", "completed", "cancelled"])
        .initial("pending")
        .terminal(["completed", "cancelled"])
        .attribute("customer", Type::String)
        .open("reservation.create", ["customer"])
        .open_topic("reservation.opened")
        .action(
            ActionDefinition::new("confirm", ["pending"], "confirmed", "reservation.confirm")
                .optional_input("note", Type::String)
                .topic("reservation.moved"),
        )
        .action(
            ActionDefinition::new("check_in", ["confirmed"], "checked_in", "reservation.ops")
                .topic("reservation.moved"),
        )
        .action(ActionDefinition::new("complete", ["checked_in"], "completed", "reservation.ops"))
        .action(ActionDefinition::new(
            "cancel",
            ["pending", "confirmed", "checked_in"],
            "cancelled",
            "reservation.cancel",
        ))
        .timer("pending", Duration::from_secs(60), "cancel")
        .build()
        .unwrap()
}

fn law() -> Law {
    Law::builder("pazar", "1")
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::new("owner"),
            RoleDefinition::new("staff"),
            RoleDefinition::implicit("customer", ActorKind::User),
        ])
        .allow("reservation.*", ["owner"])
        .allow("reservation.ops", ["staff"])
        .allow_if("reservation.create", ["customer"], "subject.customer == actor.id")
        .allow_if("reservation.cancel", ["customer"], "subject.customer == actor.id")
        .allow("hos.record", ["owner"])
        .allow("hos.member", ["owner"])
        .contract(reservation())
        .build()
        .unwrap()
}

/// Two firms, each with an owner of its own.
struct Market {
    hos: Hos,
    store: MemoryStore,
}

fn user(id: &str) -> Actor {
    Actor::user(id).unwrap()
}

fn world() -> World {
    "pazar".parse().unwrap()
}

fn tenant(id: &str) -> Tenant {
    id.parse().unwrap()
}

fn reserved(firm: &str, id: &str) -> Subject {
    Subject::new("pazar", firm, "reservation", id).unwrap()
}

fn opening(actor: &Actor, subject: &Subject, key: &str) -> Opening {
    Opening::new(actor, subject).attribute("customer", actor.id().as_str()).key(key)
}

fn code<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    answer.unwrap_err().refusal().unwrap().code().to_owned()
}

impl Market {
    async fn open() -> Self {
        let store = MemoryStore::new();
        let clock = ManualClock::at(Timestamp::parse("2026-12-01T12:00:00Z").unwrap());
        let options = HosOptions::default().clock(clock).ids(SeededIds::new(1));
        let hos = Hos::open_with([law()], store.clone(), options).await.unwrap();
        let (root, role) = (user("root"), "super_admin".parse().unwrap());
        hos.bootstrap(&world(), root.id(), &role, b"boot").await.unwrap();
        for firm in ["firm-1", "firm-2"] {
            let member = format!("owner of {firm}").parse().unwrap();
            let roles = vec!["owner".parse().unwrap()];
            for change in [StandingChange::AddTenant, StandingChange::SetMember { member, roles }] {
                let key = change.as_str();
                let command = StandingCommand::new(&root, &world(), &tenant(firm), change).key(key);
                hos.change_standing(&command).await.unwrap();
            }
        }
        Self { hos, store }
    }

    async fn does(&self, actor: &str, subject: &Subject, action: &str) -> Result<Receipt, Error> {
        let key = format!("{actor} {action} {subject}");
        self.hos.transition(&Command::new(&user(actor), subject, action).key(key)).await
    }

    async fn size(&self, firm: &str) -> u64 {
        self.hos.head(&world(), &tenant(firm)).await.unwrap().size
    }
}

const OWNER: &str = "owner of firm-1";

#[test]
fn r1_the_same_status_is_one_answer_and_an_outbox_row_tells_from_and_to() {
    block_on(async {
        let market = Market::open().await;
        let one = reserved("firm-1", "1");
        market.hos.open(&opening(&user("u"), &one, "open")).await.unwrap();
        let moved = market.does(OWNER, &one, "confirm").await.unwrap();
        let by_action = Command::new(&user(OWNER), &one, "confirm").key("a");
        let by_state = Command::to(&user(OWNER), &one, "confirmed").key("b");
        for command in [by_action, by_state] {
            let again = market.hos.transition(&command).await.unwrap();
            assert_eq!((again.effect, again.proof_id), (Effect::Unchanged, moved.proof_id));
        }
        let rows = market.store.waiting(10).await.unwrap();
        let told: Vec<(u64, serde_json::Value)> = rows
            .iter()
            .map(|row| (row.revision, serde_json::from_str(&row.payload).unwrap()))
            .collect();
        assert_eq!(told.len(), 2, "what did not move publishes nothing");
        assert_eq!(
            (told[1].0, &told[1].1["from"], &told[1].1["to"]),
            (2, &"pending".into(), &"confirmed".into())
        );
    });
}

#[test]
fn r5_same_key_with_another_body_is_refused_before_anything_is_written() {
    block_on(async {
        let market = Market::open().await;
        let (one, two) = (reserved("firm-1", "1"), reserved("firm-1", "2"));
        market.hos.open(&opening(&user("u"), &one, "key")).await.unwrap();
        let size = market.size("firm-1").await;
        assert_eq!(code(market.hos.open(&opening(&user("u"), &two, "key")).await), "key_reused");
        assert_eq!(code(market.hos.open(&opening(&user("v"), &one, "key")).await), "key_reused");
        let confirm = |note: &str| {
            Command::new(&user(OWNER), &one, "confirm").input("note", note).key("key-2")
        };
        let first = market.hos.transition(&confirm("a")).await.unwrap();
        assert_eq!(code(market.hos.transition(&confirm("b")).await), "key_reused");
        let replay = market.hos.transition(&confirm("a")).await.unwrap();
        assert!(replay.replayed && replay.proof_id == first.proof_id);
        assert!(market.hos.situation(&two).await.unwrap().is_none());
        assert_eq!(market.size("firm-1").await, size + 1);
    });
}

#[test]
fn r6_a_key_is_one_tenants_own() {
    block_on(async {
        let market = Market::open().await;
        for firm in ["firm-1", "firm-2"] {
            let receipt = market.hos.open(&opening(&user("u"), &reserved(firm, "1"), "key")).await;
            assert!(!receipt.unwrap().replayed, "{firm}");
        }
        let other = opening(&user("v"), &reserved("firm-2", "2"), "key");
        assert_eq!(code(market.hos.open(&other).await), "key_reused");
    });
}

#[test]
fn r7_policy_alone_keeps_a_customer_from_somebody_elses_subject() {
    block_on(async {
        let market = Market::open().await;
        let one = reserved("firm-1", "1");
        market.hos.open(&opening(&user("u"), &one, "open")).await.unwrap();
        for (actor, may) in [("u", true), ("v", false), ("U", false), ("u ", false)] {
            let query = Query::new(&user(actor), "reservation.cancel", &one);
            assert_eq!(market.hos.can(&query).await.unwrap().permits(), may, "{actor:?}");
        }
        assert_eq!(code(market.does("v", &one, "cancel").await), "not_found");
        let foreign = opening(&user("v"), &reserved("firm-1", "2"), "x").attribute("customer", "u");
        assert_eq!(code(market.hos.open(&foreign).await), "denied", "not in another's name");
        assert_eq!(market.does("u", &one, "cancel").await.unwrap().effect, Effect::Moved);
    });
}

#[test]
fn r8_an_owner_of_one_firm_is_nobody_in_another_and_no_admin_of_the_world() {
    block_on(async {
        let market = Market::open().await;
        let (owner, theirs) = (user(OWNER), reserved("firm-2", "1"));
        market.hos.open(&opening(&user("u"), &theirs, "open")).await.unwrap();
        assert_eq!(code(market.does(OWNER, &theirs, "confirm").await), "not_found");
        let change = |tenant: &Tenant, change| {
            StandingCommand::new(&owner, &world(), tenant, change).key("take over")
        };
        let add = change(&tenant("firm-3"), StandingChange::AddTenant);
        assert_eq!(code(market.hos.change_standing(&add).await), "denied");
        for (place, role, expected) in [
            (tenant("firm-2"), "owner", "not_found"),
            (Tenant::world(), "super_admin", "denied"),
            (tenant("firm-1"), "super_admin", "invalid_input"),
        ] {
            let (member, roles) = (owner.id().clone(), vec![role.parse().unwrap()]);
            let seize = change(&place, StandingChange::SetMember { member, roles });
            assert_eq!(code(market.hos.change_standing(&seize).await), expected, "{place}");
        }
        let highest = "super_admin".parse().unwrap();
        let boot = market.hos.bootstrap(&world(), owner.id(), &highest, b"x").await;
        assert_eq!(code(boot), "denied");
    });
}

#[test]
fn r9_what_does_not_exist_is_not_found_and_leaves_nothing() {
    block_on(async {
        let market = Market::open().await;
        let (missing, size) = (reserved("firm-1", "none"), market.size("firm-1").await);
        for actor in [OWNER, "root", "u"] {
            assert_eq!(code(market.does(actor, &missing, "confirm").await), "not_found");
            let actions = market.hos.allowed_actions(&user(actor), &missing).await.unwrap();
            assert!(actions.is_empty());
            let query = Query::new(&user(actor), "reservation.confirm", &missing);
            assert!(!market.hos.can(&query).await.unwrap().permits());
        }
        let nowhere = reserved("firm-9", "1");
        assert_eq!(code(market.does("root", &nowhere, "confirm").await), "not_found");
        assert_eq!(market.size("firm-1").await, size);
        assert_eq!(market.size("firm-9").await, 0);
    });
}

#[test]
fn r10_every_state_of_a_contract_can_be_stored() {
    block_on(async {
        let market = Market::open().await;
        let contract = reservation();
        let one = reserved("firm-1", "1");
        market.hos.open(&opening(&user("u"), &one, "open")).await.unwrap();
        let mut stored = vec!["pending".to_owned()];
        for action in ["confirm", "check_in", "complete"] {
            let receipt = market.does(OWNER, &one, action).await.unwrap();
            let kept = market.hos.situation(&one).await.unwrap().unwrap();
            assert_eq!(receipt.to.as_ref(), Some(&kept.snapshot.state));
            stored.push(kept.snapshot.state.to_string());
        }
        let other = reserved("firm-1", "2");
        market.hos.open(&opening(&user("u"), &other, "open 2")).await.unwrap();
        market.does(OWNER, &other, "cancel").await.unwrap();
        stored
            .push(market.hos.situation(&other).await.unwrap().unwrap().snapshot.state.to_string());
        assert_eq!(stored, contract.states().iter().map(ToString::to_string).collect::<Vec<_>>());
    });
}

#[test]
fn r11_a_state_without_a_way_to_an_end_does_not_load() {
    let order = Contract::builder("order", "1")
        .states(["placed", "accepted", "approved", "completed"])
        .initial("placed")
        .terminal(["completed"])
        .open("order.create", [""; 0])
        .action(ActionDefinition::new("accept", ["placed"], "accepted", "order.accept"))
        .action(ActionDefinition::new("approve", ["placed"], "approved", "order.approve"))
        .action(ActionDefinition::new("complete", ["approved"], "completed", "order.complete"));
    let error = order.clone().build().unwrap_err();
    assert_eq!(error.faults().len(), 1);
    assert!(error.has("endless_state") && error.to_string().contains("`accepted`"));
    let mended = ActionDefinition::new("finish", ["accepted"], "completed", "order.complete");
    assert!(order.action(mended).build().is_ok());
}

#[test]
fn r12_paging_skips_no_entry_of_the_same_instant() {
    block_on(async {
        let market = Market::open().await;
        for number in 0..25 {
            let record = Record::new(&user(OWNER), &world(), &tenant("firm-1"), "note");
            market.hos.record(&record.key(format!("note {number}"))).await.unwrap();
        }
        let size = market.size("firm-1").await;
        for limit in [1, 3, 7, 100] {
            let (mut from, mut ids) = (0, Vec::new());
            loop {
                let page = market.hos.page(&world(), &tenant("firm-1"), from, limit).await.unwrap();
                let Some(last) = page.last() else { break };
                from = last.index.unwrap() + 1;
                assert!(page.iter().all(|entry| entry.recorded_at == page[0].recorded_at));
                ids.extend(page.iter().map(|entry| entry.id));
            }
            let all: std::collections::BTreeSet<_> = ids.iter().collect();
            assert_eq!((all.len(), ids.len()), (27, 27), "limit {limit}");
            assert_eq!(from, size);
        }
    });
}

#[test]
fn r14_a_tenant_that_nobody_registered_takes_nothing_from_anybody() {
    block_on(async {
        let market = Market::open().await;
        for actor in ["root", OWNER, "u"] {
            let one = reserved("firm-9", "1");
            let opened = market.hos.open(&opening(&user(actor), &one, "open")).await;
            assert_eq!(code(opened), "not_found", "{actor}");
            let query =
                Query::in_tenant(&user(actor), "reservation.create", &world(), &tenant("firm-9"));
            assert!(!market.hos.can(&query).await.unwrap().permits(), "{actor}");
            let record = Record::new(&user(actor), &world(), &tenant("firm-9"), "note").key("n");
            assert_eq!(code(market.hos.record(&record).await), "not_found");
        }
        let job = Actor::job("night").unwrap();
        let unasked = opening(&job, &reserved("firm-1", "1"), "open");
        assert_eq!(code(market.hos.open(&unasked).await), "denied", "no switch turns policy off");
    });
}

#[test]
fn r15_an_actor_is_found_by_id_and_tenant_and_never_by_the_first_that_fits() {
    block_on(async {
        let market = Market::open().await;
        let root = user("root");
        for (firm, role) in [("firm-1", "staff"), ("firm-2", "owner")] {
            let (member, roles) =
                ("ayse@example.com".parse().unwrap(), vec![role.parse().unwrap()]);
            let change = StandingChange::SetMember { member, roles };
            let command = StandingCommand::new(&root, &world(), &tenant(firm), change).key("ayse");
            market.hos.change_standing(&command).await.unwrap();
        }
        for (actor, firm, ops, confirm) in [
            ("ayse@example.com", "firm-1", true, false),
            ("ayse@example.com", "firm-2", true, true),
            ("Ayse@example.com", "firm-2", false, false),
            ("ayse@example.com ", "firm-2", false, false),
        ] {
            for (ability, may) in [("reservation.ops", ops), ("reservation.confirm", confirm)] {
                let query = Query::in_tenant(&user(actor), ability, &world(), &tenant(firm));
                let permits = market.hos.can(&query).await.unwrap().permits();
                assert_eq!(permits, may, "{actor:?} {firm} {ability}");
            }
        }
    });
}

#[test]
fn n1_a_late_call_never_revives_what_has_ended() {
    block_on(async {
        let market = Market::open().await;
        let one = reserved("firm-1", "1");
        market.hos.open(&opening(&user("u"), &one, "open")).await.unwrap();
        market.does("u", &one, "cancel").await.unwrap();
        for actor in [OWNER, "root"] {
            for action in ["confirm", "check_in", "complete"] {
                assert_eq!(code(market.does(actor, &one, action).await), "terminal_state");
            }
            assert!(market.hos.allowed_actions(&user(actor), &one).await.unwrap().is_empty());
        }
        let again = opening(&user("u"), &one, "open again");
        assert_eq!(code(market.hos.open(&again).await), "invalid_transition");
    });
}
