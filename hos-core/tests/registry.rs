//! Standing: who may change it, what each change writes, and every leaf, byte for byte.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::checkpoint::Checkpoint;
use hos_core::command::{
    Adoption, Command, EpochOpening, KeyAnnouncement, Opening, Record, StandingChange,
    StandingCommand,
};
use hos_core::commit::{Commit, StandingRow};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::{Error, FaultKind, Refusal};
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::{ActorId, Role, Tenant, World};
use hos_core::judge::{Judge, Verdict};
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Policy as _, Proofs as _, Query, Registry as _};
use hos_core::memory::MemoryStore;
use hos_core::merkle::leaf_hash;
use hos_core::note::{SignedNote, SigningKey};
use hos_core::policy::RoleDefinition;
use hos_core::proof::{EntryType, LogEntry};
use hos_core::receipt::Receipt;
use hos_core::standing::{
    AbilityPattern, ActorStanding, BREAK_GLASS_DURATION_MAX, GRANT_DURATION_MAX, Mode,
    REASON_BYTES_MAX, ROLES_OF_ACTOR_MAX, Standing, Versions, WorldStatus,
};
use hos_core::subject::Subject;
use hos_core::time::{Clock, ManualClock, ProofId, SeededIds, Timestamp};
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

fn law() -> Law {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .open("order.create", ["customer"])
        .action(
            ActionDefinition::new("pay", ["pending"], "paid", "order.pay")
                .input("amount", Type::Integer)
                .fact("stock", Type::Integer)
                .proof("payment")
                .critical(),
        )
        .action(ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel"))
        .timer("paid", Duration::from_secs(60), "cancel")
        .build()
        .unwrap();
    Law::builder("pazar", "2026-12-01")
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::world("auditor"),
            RoleDefinition::new("owner"),
            RoleDefinition::new("keeper"),
            RoleDefinition::implicit("customer", ActorKind::User),
            RoleDefinition::implicit("system", ActorKind::Job),
        ])
        .roles((0..20).map(|n| RoleDefinition::new(&format!("r{n}"))))
        .allow("order.*", ["owner"])
        .allow("hos.record", ["owner"])
        .allow("hos.adopt", ["owner"])
        .allow("hos.member", ["keeper"])
        .allow("order.cancel", ["system"])
        .contract(order)
        .build()
        .unwrap()
}

fn noon() -> Timestamp {
    Timestamp::parse("2026-12-01T12:00:00Z").unwrap()
}

fn world() -> World {
    "pazar".parse().unwrap()
}

fn firm() -> Tenant {
    "firm-1".parse().unwrap()
}

fn id(id: &str) -> ActorId {
    id.parse().unwrap()
}

fn role(role: &str) -> Role {
    role.parse().unwrap()
}

fn user(id: &str) -> Actor {
    Actor::user(id).unwrap()
}

fn change(actor: &Actor, tenant: &Tenant, change: StandingChange) -> StandingCommand {
    StandingCommand::new(actor, &world(), tenant, change).key("k")
}

fn member(who: &str, roles: &[&str]) -> StandingChange {
    StandingChange::SetMember { member: id(who), roles: roles.iter().map(|r| role(r)).collect() }
}

fn ban(reason: &str) -> StandingChange {
    StandingChange::Ban { target: id("u-2"), reason: reason.to_owned() }
}

fn grant(pattern: &str, duration: Duration, reason: &str) -> StandingChange {
    let pattern = AbilityPattern::parse(pattern).unwrap();
    StandingChange::Grant { target: id("u-2"), pattern, duration, reason: reason.to_owned() }
}

fn glass(duration: Duration) -> StandingChange {
    StandingChange::BreakGlass { duration, reason: "fire".to_owned() }
}

fn mode(ability: Option<&str>, mode: Option<Mode>) -> StandingChange {
    StandingChange::SetMode {
        ability: ability.map(|a| hos_core::id::Ability::new(a).unwrap()),
        mode,
    }
}

fn status(status: WorldStatus) -> StandingChange {
    StandingChange::SetWorld { status }
}

const HOUR: Duration = Duration::from_secs(3_600);

fn held_by(roles: &[&str], world_roles: &[&str]) -> Standing {
    let list = |names: &[&str]| names.iter().map(|name| role(name)).collect();
    Standing {
        world: Some(WorldStatus::Open),
        tenant_exists: true,
        versions: Versions::default(),
        actor: Arc::new(ActorStanding {
            roles: list(roles),
            world_roles: list(world_roles),
            ..ActorStanding::default()
        }),
        modes: Arc::default(),
        subjects: Vec::new(),
        receipt: None,
    }
}

fn judged(command: &StandingCommand, standing: &Standing) -> Result<Commit, Refusal> {
    let (law, ids) = (law(), SeededIds::new(1));
    match Judge::new(&law, "test.example", noon(), &ids).change_standing(command, standing) {
        Verdict::Commit(commit) => Ok(*commit),
        Verdict::Refused(refused) => Err(refused.refusal),
        Verdict::Replayed(receipt) => panic!("{receipt:?}"),
    }
}

fn root_does(tenant: &Tenant, what: StandingChange) -> Result<Commit, Refusal> {
    let mut standing = held_by(&[], &["root"]);
    standing.tenant_exists = !tenant.is_world();
    judged(&change(&user("root"), tenant, what), &standing)
}

#[track_caller]
fn unfit(fields: &[&str], tenant: &Tenant, what: StandingChange) {
    match root_does(tenant, what) {
        Err(Refusal::InvalidInput(faults)) => {
            assert_eq!(faults.iter().map(|f| f.field.as_str()).collect::<Vec<_>>(), fields);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_change_names_its_ability_writes_its_row_and_its_kind_of_entry() {
    let number = ProofId::from_bytes([3; 16]);
    let revoke = StandingChange::RevokeGrant { target: id("u-2"), grant: number };
    let unban = StandingChange::Unban { target: id("u-2") };
    let all = [
        (member("u-2", &["owner"]), "set_member", "hos.member", EntryType::Member),
        (ban("spam"), "ban", "hos.ban", EntryType::Ban),
        (unban, "unban", "hos.ban", EntryType::Ban),
        (grant("order.*", HOUR, "audit"), "grant", "hos.grant", EntryType::Grant),
        (revoke, "revoke_grant", "hos.grant", EntryType::Grant),
        (glass(HOUR), "break_glass", "hos.break_glass", EntryType::BreakGlass),
        (mode(Some("order.pay"), Some(Mode::Shadow)), "set_mode", "hos.mode", EntryType::Mode),
    ];
    for (what, name, ability, type_) in all {
        assert_eq!((what.as_str(), what.ability()), (name, ability));
        let commit = root_does(&firm(), what.clone()).unwrap();
        let entry = &commit.entries()[0];
        assert_eq!((entry.type_(), commit.entries().len()), (type_, 1));
        assert!(commit.changes().is_empty() && entry.subject().is_none());
        let receipt = commit.receipt().unwrap().receipt();
        assert_eq!((receipt.action.as_str(), receipt.revision), (name, 0));
        assert!(receipt.subject.is_none() && receipt.contract_version.is_none());
        let until = noon().after(HOUR);
        let row = commit.standing().unwrap().row().clone();
        match (&what, row) {
            (StandingChange::SetMember { .. }, StandingRow::Member { member, roles }) => {
                assert_eq!((member, roles), (id("u-2"), vec![role("owner")]));
            }
            (StandingChange::Ban { .. }, StandingRow::Ban { target, banned }) => {
                assert_eq!((target, banned), (id("u-2"), true));
            }
            (StandingChange::Unban { .. }, StandingRow::Ban { target, banned }) => {
                assert_eq!((target, banned), (id("u-2"), false));
            }
            (StandingChange::Grant { .. }, StandingRow::Grant { target, grant }) => {
                assert_eq!((target, grant.id, grant.until), (id("u-2"), entry.id(), until));
                assert_eq!(
                    (grant.pattern.to_string(), grant.break_glass),
                    ("order.*".to_owned(), false)
                );
            }
            (StandingChange::RevokeGrant { .. }, StandingRow::Grant { target, grant }) => {
                assert_eq!((target, grant.id, grant.until), (id("u-2"), number, Timestamp::EPOCH));
            }
            (StandingChange::BreakGlass { .. }, StandingRow::Grant { target, grant }) => {
                assert_eq!((target, grant.id, grant.until), (id("root"), entry.id(), until));
                assert_eq!((grant.pattern, grant.break_glass), (AbilityPattern::All, true));
            }
            (StandingChange::SetMode { .. }, StandingRow::Mode { ability, mode }) => {
                assert_eq!((ability.unwrap().as_str(), mode), ("order.pay", Some(Mode::Shadow)));
            }
            (what, row) => panic!("{what:?} wrote {row:?}"),
        }
    }
    let closed = root_does(&Tenant::world(), status(WorldStatus::Closed)).unwrap();
    assert_eq!(closed.entries()[0].type_(), EntryType::World);
    assert_eq!(
        *closed.standing().unwrap().row(),
        StandingRow::Status { status: WorldStatus::Closed }
    );
    assert_eq!(status(WorldStatus::Open).ability(), "hos.world");
    assert_eq!(status(WorldStatus::Open).as_str(), "set_world");
    let mut fresh = held_by(&[], &["root"]);
    fresh.tenant_exists = false;
    let add = judged(&change(&user("root"), &firm(), StandingChange::AddTenant), &fresh).unwrap();
    assert_eq!(*add.standing().unwrap().row(), StandingRow::Scope);
    assert_eq!(add.entries()[0].type_(), EntryType::Tenant);
    assert_eq!(
        (StandingChange::AddTenant.as_str(), StandingChange::AddTenant.ability()),
        ("add_tenant", "hos.tenant")
    );
}

#[test]
fn every_change_is_checked_before_it_is_written() {
    let (firm, all) = (firm(), Tenant::world());
    unfit(&["tenant"], &firm, StandingChange::AddTenant);
    unfit(&["tenant"], &all, StandingChange::AddTenant);
    unfit(&["roles"], &firm, member("u", &["nobody"]));
    unfit(&["roles"], &firm, member("u", &["auditor"]));
    unfit(&["roles"], &all, member("u", &["owner"]));
    unfit(&["roles"], &firm, member("u", &["owner", "owner"]));
    let names: Vec<String> = (0..20).map(|n| format!("r{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(root_does(&firm, member("u", &names[..ROLES_OF_ACTOR_MAX])).is_ok());
    unfit(&["roles"], &firm, member("u", &names[..=ROLES_OF_ACTOR_MAX]));
    assert!(root_does(&firm, member("u", &[])).is_ok(), "no roles end a membership");
    assert!(root_does(&all, member("u", &["auditor"])).is_ok());
    unfit(&["reason"], &firm, ban(" "));
    assert!(root_does(&firm, ban(&"r".repeat(REASON_BYTES_MAX))).is_ok());
    unfit(&["reason"], &firm, ban(&"r".repeat(REASON_BYTES_MAX + 1)));
    let more = Duration::from_micros(1);
    for (what, fine) in [
        (grant("order.*", GRANT_DURATION_MAX, "r"), true),
        (grant("order.*", GRANT_DURATION_MAX + more, "r"), false),
        (grant("order.*", Duration::ZERO, "r"), false),
        (glass(BREAK_GLASS_DURATION_MAX), true),
        (glass(BREAK_GLASS_DURATION_MAX + more), false),
        (glass(Duration::ZERO), false),
    ] {
        match fine {
            true => assert!(root_does(&firm, what).is_ok()),
            false => unfit(&["duration"], &firm, what),
        }
    }
    unfit(&["reason", "duration", "pattern"], &firm, grant("ship.*", Duration::ZERO, ""));
    unfit(&["pattern"], &firm, grant("order.ship", HOUR, "r"));
    assert!(root_does(&firm, grant("*", HOUR, "r")).is_ok());
    let nameless = StandingChange::BreakGlass { duration: HOUR, reason: String::new() };
    unfit(&["reason"], &firm, nameless);
    unfit(&["ability"], &firm, mode(Some("order.ship"), Some(Mode::Off)));
    unfit(&["ability"], &firm, mode(Some("hos.ban"), Some(Mode::Off)));
    unfit(&["ability"], &firm, mode(Some("hos.ban"), Some(Mode::Shadow)));
    for fine in [Some(Mode::Enforce), None] {
        assert!(root_does(&firm, mode(Some("hos.ban"), fine)).is_ok());
    }
    assert!(root_does(&firm, mode(None, Some(Mode::Off))).is_ok());
    unfit(&["tenant"], &firm, status(WorldStatus::Closed));
}

#[test]
fn changes_are_refused_in_the_order_of_the_law() {
    let bad = || ban("");
    let ask =
        |what: StandingChange, tenant: &Tenant, roles: &[&str], turn: &dyn Fn(&mut Standing)| {
            let mut standing = held_by(roles, &[]);
            turn(&mut standing);
            judged(&change(&user("u-1"), tenant, what), &standing).map(|_| ()).unwrap_err().code()
        };
    let (firm, all) = (firm(), Tenant::world());
    let banned = |s: &mut Standing| Arc::make_mut(&mut s.actor).banned = true;
    let keyless = StandingCommand::new(&user("u-1"), &world(), &firm, bad());
    assert_eq!(judged(&keyless, &held_by(&[], &[])).unwrap_err(), Refusal::MissingKey);
    assert_eq!(ask(bad(), &firm, &[], &|s| s.world = None), "invalid_world");
    assert_eq!(
        ask(bad(), &firm, &[], &|s| (banned(s), s.world = Some(WorldStatus::Closed)).1),
        "world_closed"
    );
    assert_eq!(ask(bad(), &firm, &[], &|s| (banned(s), s.tenant_exists = false).1), "banned");
    assert_eq!(ask(bad(), &firm, &[], &|s| s.tenant_exists = false), "not_found");
    assert_eq!(ask(bad(), &firm, &[], &|_| {}), "not_found", "an outsider");
    assert_eq!(ask(bad(), &firm, &["owner"], &|_| {}), "denied");
    assert_eq!(ask(bad(), &all, &[], &|s| s.tenant_exists = false), "denied", "the world is known");
    assert_eq!(ask(StandingChange::AddTenant, &firm, &[], &|s| s.tenant_exists = false), "denied");
    assert_eq!(ask(StandingChange::AddTenant, &firm, &[], &|_| {}), "denied", "no leak");
    assert_eq!(ask(member("u", &["x"]), &firm, &["keeper"], &|_| {}), "invalid_input");
    let closed = |s: &mut Standing| s.world = Some(WorldStatus::Closed);
    assert_eq!(ask(status(WorldStatus::Open), &all, &[], &closed), "denied");
    let mut reopened = held_by(&[], &["root"]);
    closed(&mut reopened);
    assert!(judged(&change(&user("root"), &all, status(WorldStatus::Open)), &reopened).is_ok());
}

#[test]
fn a_fingerprint_binds_every_part_of_a_change() {
    let print = |what: StandingChange| {
        let commit = root_does(&firm(), what).unwrap();
        commit.receipt().unwrap().fingerprint()
    };
    let number = |n| ProofId::from_bytes([n; 16]);
    let revoke =
        |target: &str, n| StandingChange::RevokeGrant { target: id(target), grant: number(n) };
    let all = [
        member("u-2", &["owner"]),
        member("u-3", &["owner"]),
        member("u-2", &["keeper"]),
        member("u-2", &[]),
        ban("a"),
        ban("b"),
        StandingChange::Ban { target: id("u-3"), reason: "a".to_owned() },
        StandingChange::Unban { target: id("u-2") },
        StandingChange::Unban { target: id("u-3") },
        grant("order.*", HOUR, "a"),
        grant("order.pay", HOUR, "a"),
        grant("order.*", HOUR * 2, "a"),
        grant("order.*", HOUR, "b"),
        revoke("u-2", 1),
        revoke("u-2", 2),
        revoke("u-3", 1),
        glass(HOUR),
        glass(HOUR * 2),
        mode(None, None),
        mode(None, Some(Mode::Off)),
        mode(Some("order.pay"), Some(Mode::Off)),
        mode(Some("order.pay"), Some(Mode::Shadow)),
    ];
    let count = all.len();
    let prints: std::collections::BTreeSet<_> = all.into_iter().map(print).collect();
    assert_eq!(prints.len(), count);
}

#[test]
fn a_bootstrap_gives_a_superusers_role_and_works_once() {
    let (law, ids) = (law(), SeededIds::new(1));
    let judge = Judge::new(&law, "test.example", noon(), &ids);
    let service = Actor::service("hos").unwrap();
    let ask = |what: StandingChange, exists: bool, standing: &Standing| {
        let command = change(&service, &Tenant::world(), what);
        match judge.bootstrap(&command, standing, exists) {
            Verdict::Commit(commit) => commit.entries()[0].type_().as_str().to_owned(),
            Verdict::Refused(refused) => refused.refusal.code().to_owned(),
            Verdict::Replayed(_) => "replayed".to_owned(),
        }
    };
    let nobody = held_by(&[], &[]);
    assert_eq!(ask(member("u", &["root"]), false, &nobody), "member/1");
    assert_eq!(ask(member("u", &["auditor", "root"]), false, &nobody), "member/1");
    assert_eq!(ask(member("u", &["root"]), true, &nobody), "denied");
    for what in
        [member("u", &["auditor"]), member("u", &[]), member("u", &["root", "owner"]), ban("x")]
    {
        assert_eq!(ask(what, true, &nobody), "invalid_input");
    }
    let closed = Standing { world: Some(WorldStatus::Closed), ..nobody };
    assert_eq!(ask(member("u", &["root"]), true, &closed), "world_closed");
}

/// The clock of a story: shared with the law, so that it can be moved on.
#[derive(Clone)]
struct Hands(Arc<ManualClock>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

async fn opened() -> (Hos, Hands) {
    let clock = Hands(Arc::new(ManualClock::at(noon())));
    let options = HosOptions::default()
        .deployment("test.example")
        .clock(clock.clone())
        .ids(SeededIds::new(7));
    let hos = Hos::open_with([law()], MemoryStore::new(), options).await.unwrap();
    hos.bootstrap(&world(), &id("root"), &role("root"), b"boot").await.unwrap();
    (hos, clock)
}

async fn changed(hos: &Hos, tenant: &Tenant, what: StandingChange, key: &str) -> Receipt {
    let command = StandingCommand::new(&user("root"), &world(), tenant, what).key(key);
    hos.change_standing(&command).await.unwrap()
}

/// One of each entry type, in one story, under one clock and one source of ids.
async fn story() -> Vec<LogEntry> {
    let (hos, clock) = opened().await;
    let all = Tenant::world();
    let order = |id: &str| Subject::new("pazar", "firm-1", "order", id).unwrap();
    let boss = user("u-1");
    changed(&hos, &firm(), StandingChange::AddTenant, "1").await;
    changed(&hos, &firm(), member("u-1", &["owner", "keeper"]), "2").await;
    changed(&hos, &firm(), ban("spam"), "3").await;
    changed(&hos, &firm(), StandingChange::Unban { target: id("u-2") }, "4").await;
    let granted = changed(&hos, &firm(), grant("order.*", HOUR, "audit"), "5").await;
    let revoke = StandingChange::RevokeGrant { target: id("u-2"), grant: granted.proof_id };
    changed(&hos, &firm(), revoke, "6").await;
    changed(&hos, &firm(), mode(Some("order.pay"), Some(Mode::Shadow)), "7").await;
    changed(&hos, &firm(), mode(Some("order.pay"), None), "8").await;
    changed(&hos, &firm(), mode(None, Some(Mode::Enforce)), "9").await;
    clock.0.advance(Duration::from_micros(1_234_567));
    let opening = |id: &str| {
        Opening::new(&boss, &order(id)).attribute("customer", "u-9").key(format!("open {id}"))
    };
    hos.open(&opening("o-1").request("req-1".parse().unwrap())).await.unwrap();
    hos.adopt(&Adoption::new(opening("o-2"), "paid", "moved house")).await.unwrap();
    let pay = |actor: &Actor| {
        Command::new(actor, &order("o-1"), "pay").input("amount", 5).fact("stock", 2).key("pay")
    };
    hos.transition(&pay(&user("u-2"))).await.unwrap_err();
    hos.transition(&pay(&boss).request("req-2".parse().unwrap())).await.unwrap();
    let called = Record::about(&boss, &order("o-1"), "call").payload("minutes", 3).key("call");
    let call = hos.record(&called).await.unwrap();
    let corrected =
        Record::new(&boss, &world(), &firm(), "call").corrects(call.proof_id).key("fix");
    hos.record(&corrected).await.unwrap();
    changed(&hos, &firm(), glass(HOUR), "10").await;
    let cancel = Command::new(&user("root"), &order("o-2"), "cancel").key("cancel");
    hos.transition(&cancel).await.unwrap();
    clock.0.advance(Duration::from_secs(61));
    let fired = hos.fire_due(clock.now(), 10).await.unwrap();
    assert_eq!(fired.len(), 1);
    changed(&hos, &all, status(WorldStatus::Closed), "11").await;
    let key = SigningKey::from_seed("test.example", &[7; 32]).unwrap();
    let text = Checkpoint::new("test.example/w/pazar/t/firm-1/main", 1_000, [7; 32]).unwrap();
    let text = text.to_text();
    let note = SignedNote::new(&text, vec![key.sign(&text)]).unwrap().to_string();
    let opening = EpochOpening::new(&user("root"), &world(), &firm(), &note, "lost").key("12");
    hos.open_epoch(&opening, &[key.verifier_key()]).await.unwrap();
    let next = SigningKey::from_seed("test.example", &[8; 32]).unwrap().verifier_key();
    let announcement = KeyAnnouncement::new(&user("root"), &world(), &next).key("13");
    hos.announce_key(&announcement).await.unwrap();
    let mut entries = hos.page(&world(), &all, 0, 100).await.unwrap();
    entries.extend(hos.page(&world(), &firm(), 0, 100).await.unwrap());
    entries
}

#[test]
fn the_leaf_of_every_kind_of_entry_is_pinned_byte_for_byte() {
    let entries = block_on(story());
    let found: Vec<&str> = entries.iter().map(|entry| entry.leaf.as_str()).collect();
    assert_eq!(found, LEAVES.lines().collect::<Vec<_>>());
    let types = EntryTypes::of(&found);
    assert_eq!(types.0.len(), 18, "every type of entry: {:?}", types.0);
    for entry in &entries {
        assert_eq!(entry.leaf_hash, leaf_hash(entry.leaf.as_bytes()));
        let leaf: serde_json::Value = serde_json::from_str(&entry.leaf).unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&leaf).unwrap(), entry.leaf);
    }
}

struct EntryTypes(std::collections::BTreeSet<String>);

impl EntryTypes {
    fn of(leaves: &[&str]) -> Self {
        let type_ = |leaf: &&str| {
            let leaf: serde_json::Value = serde_json::from_str(leaf).unwrap();
            leaf.get("typ").and_then(|type_| type_.as_str()).unwrap().to_owned()
        };
        Self(leaves.iter().map(type_).collect())
    }
}

#[test]
fn the_same_story_gives_the_same_bytes() {
    let leaves = || block_on(story()).into_iter().map(|entry| entry.leaf).collect::<Vec<_>>();
    assert_eq!(leaves(), leaves());
}

#[test]
fn a_change_is_made_once_per_key_and_shown_in_the_lists() {
    block_on(async {
        let (hos, _) = opened().await;
        let added = changed(&hos, &firm(), StandingChange::AddTenant, "t").await;
        let again = changed(&hos, &firm(), StandingChange::AddTenant, "t").await;
        assert!(again.replayed && again.proof_id == added.proof_id);
        changed(&hos, &firm(), member("u-2", &["owner"]), "m2").await;
        changed(&hos, &firm(), member("u-1", &["keeper", "owner"]), "m1").await;
        let page = hos.members(&world(), &firm(), None, 1).await.unwrap();
        assert_eq!(page, [(id("u-1"), vec![role("keeper"), role("owner")])]);
        let rest = hos.members(&world(), &firm(), Some(&id("u-1")), 9).await.unwrap();
        assert_eq!(rest, [(id("u-2"), vec![role("owner")])]);
        changed(&hos, &firm(), member("u-1", &[]), "m3").await;
        assert_eq!(hos.members(&world(), &firm(), None, 9).await.unwrap().len(), 1);
        assert_eq!(hos.tenants(&world(), None, 9).await.unwrap(), [firm()]);
        assert!(hos.tenants(&world(), Some(&firm()), 9).await.unwrap().is_empty());
    });
}

#[test]
fn standing_takes_effect_at_once_and_ends_on_time() {
    block_on(async {
        let (hos, clock) = opened().await;
        changed(&hos, &firm(), StandingChange::AddTenant, "t").await;
        let may = |ability: &str| {
            let query = Query::in_tenant(&user("u-2"), ability, &world(), &firm());
            let hos = hos.clone();
            async move { hos.can(&query).await.unwrap().permits() }
        };
        assert!(!may("order.pay").await);
        let given = changed(&hos, &firm(), grant("order.pay", HOUR, "r"), "g").await;
        assert!(may("order.pay").await && !may("order.cancel").await);
        clock.0.advance(HOUR - Duration::from_micros(1));
        assert!(may("order.pay").await);
        clock.0.advance(Duration::from_micros(1));
        assert!(!may("order.pay").await, "until is exclusive");
        clock.0.set(noon());
        let revoke = StandingChange::RevokeGrant { target: id("u-2"), grant: given.proof_id };
        changed(&hos, &firm(), revoke, "r").await;
        assert!(!may("order.pay").await);
        changed(&hos, &firm(), member("u-2", &["owner"]), "m").await;
        assert!(may("order.pay").await);
        changed(&hos, &firm(), ban("spam"), "b").await;
        changed(&hos, &firm(), mode(None, Some(Mode::Off)), "o").await;
        assert!(!may("order.pay").await, "a ban binds in every mode");
        changed(&hos, &firm(), StandingChange::Unban { target: id("u-2") }, "u").await;
        changed(&hos, &firm(), member("u-2", &[]), "m0").await;
        assert!(may("order.pay").await, "off decides nothing");
        assert!(!may("hos.ban").await, "the law's own abilities stay enforced");
        changed(&hos, &firm(), mode(None, None), "o2").await;
        assert!(!may("order.pay").await);
    });
}

#[test]
fn laws_that_do_not_fit_what_the_store_recorded_are_faults() {
    block_on(async {
        let store = MemoryStore::new();
        let open = |law: Law, deployment: &'static str| {
            let options = HosOptions::default().deployment(deployment);
            let store = store.clone();
            async move { Hos::open_with([law], store, options).await }
        };
        open(law(), "one").await.unwrap();
        open(law(), "one").await.unwrap();
        let head = hos_core::store::Ledger::head(&store, &world(), &Tenant::world()).await.unwrap();
        assert_eq!(head.size, 3, "world, law and contract, each once");
        let fault = |opened: Result<Hos, hos_core::error::Fault>| {
            let fault = opened.unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Law);
            assert!(!fault.is_retryable());
            fault.to_string()
        };
        assert!(fault(open(law(), "two").await).contains("`one`"));
        let other = Law::builder("pazar", "2026-12-01").build().unwrap();
        assert!(fault(open(other, "one").await).contains("new version label"));
        for name in ["", "a b", &"x".repeat(129)] {
            let options = HosOptions::default().deployment(name);
            fault(Hos::open_with([law()], MemoryStore::new(), options).await);
        }
        let longest = HosOptions::default().deployment(&"x".repeat(128));
        assert!(Hos::open_with([law()], MemoryStore::new(), longest).await.is_ok());
        assert!(fault(Hos::open([law(), law()], MemoryStore::new()).await).contains("`pazar`"));
    });
}

#[test]
fn a_live_subjects_contract_version_may_not_leave_the_law() {
    block_on(async {
        let store = MemoryStore::new();
        let hos = Hos::open([law()], store.clone()).await.unwrap();
        hos.bootstrap(&world(), &id("root"), &role("root"), b"boot").await.unwrap();
        changed(&hos, &firm(), StandingChange::AddTenant, "t").await;
        let order = Subject::new("pazar", "firm-1", "order", "o").unwrap();
        let opening = Opening::new(&user("root"), &order).attribute("customer", "c").key("o");
        hos.open(&opening).await.unwrap();
        let bare = || Law::builder("pazar", "2").build().unwrap();
        let fault = Hos::open([bare()], store.clone()).await.unwrap_err();
        assert!(fault.to_string().contains("`order/1`"), "{fault}");
        hos.transition(&Command::new(&user("root"), &order, "cancel").key("c")).await.unwrap();
        assert!(Hos::open([bare()], store).await.is_ok(), "what has ended needs no contract");
    });
}

#[test]
fn a_world_that_is_not_here_is_refused_everywhere() {
    block_on(async {
        let (hos, _) = opened().await;
        let nowhere = World::new("nowhere").unwrap();
        let order = Subject::new("nowhere", "firm-1", "order", "o").unwrap();
        let root = user("root");
        let code = |error: Error| error.refusal().unwrap().code();
        let add =
            StandingCommand::new(&root, &nowhere, &firm(), StandingChange::AddTenant).key("k");
        assert_eq!(code(hos.change_standing(&add).await.unwrap_err()), "invalid_world");
        assert_eq!(
            code(hos.can(&Query::new(&root, "order.pay", &order)).await.unwrap_err()),
            "invalid_world"
        );
        assert_eq!(code(hos.allowed_actions(&root, &order).await.unwrap_err()), "invalid_world");
        assert_eq!(code(hos.situation(&order).await.unwrap_err()), "invalid_world");
        let boot = hos.bootstrap(&nowhere, &id("root"), &role("root"), b"b").await;
        assert_eq!(code(boot.unwrap_err()), "invalid_world");
        assert!(hos.law(&nowhere).is_none() && hos.law(&world()).is_some());
    });
}

/// In the world's log, then in the firm's.
const LEAVES: &str = include_str!("golden/leaves.txt");
