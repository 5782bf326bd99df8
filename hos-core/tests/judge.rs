//! The judge: the order of its checks, every refusal, receipts, and what a commit holds.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::command::{Adoption, Command, Opening, Record, STEPS_MAX};
use hos_core::commit::Commit;
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::{InputFault, Refusal};
use hos_core::id::{Tenant, World};
use hos_core::judge::{Judge, Refused, Verdict};
use hos_core::law::Law;
use hos_core::policy::RoleDefinition;
use hos_core::proof::EntryType;
use hos_core::receipt::{Effect, Receipt, StoredReceipt};
use hos_core::standing::{
    AbilityPattern, ActorStanding, Generations, Grant, Mode, REASON_BYTES_MAX, Standing, Versions,
    WorldStatus,
};
use hos_core::subject::{Snapshot, Subject};
use hos_core::time::{ProofId, SeededIds, Timestamp};
use hos_core::value::{Attributes, Type};

fn law() -> Law {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid", "shipped", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .attribute("note", Type::String)
        .attribute("paid_at", Type::Time)
        .open("order.create", ["customer"])
        .open_guard("customer_empty", r#"subject.customer != """#)
        .open_guard("revision_zero", r#"subject.revision == 0 && subject.state == "pending""#)
        .open_topic("order.opened")
        .alias("old_pending", "pending")
        .action(
            ActionDefinition::new("pay", ["pending"], "paid", "order.pay")
                .input("amount", Type::Integer)
                .optional_input("note", Type::String)
                .fact("stock", Type::Integer)
                .guard("amount_low", "input.amount > 0")
                .guard("no_stock", "facts.stock > 0")
                .set("note", "input.note")
                .set("paid_at", "now")
                .topic("order.paid")
                .topic("stock.taken")
                .proof("payment")
                .critical(),
        )
        .action(ActionDefinition::new("ship", ["paid"], "shipped", "order.ship"))
        .action(ActionDefinition::new("courier", ["paid"], "shipped", "order.courier"))
        .action(ActionDefinition::new("touch", ["shipped"], "shipped", "order.touch"))
        .action(ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel"))
        .action(ActionDefinition::new("cancel", ["shipped"], "pending", "order.recall"))
        .timer("pending", Duration::from_secs(60), "cancel")
        .timer("paid", Duration::from_secs(30), "ship")
        .build()
        .unwrap();
    Law::builder("pazar", "2026-12-01")
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::new("owner"),
            RoleDefinition::new("clerk"),
            RoleDefinition::new("recaller"),
            RoleDefinition::implicit("customer", ActorKind::User),
        ])
        .claim("verified", Type::Bool)
        .context("urgent", Type::Bool)
        .allow("order.*", ["owner"])
        .allow("order.ship", ["clerk"])
        .allow("order.recall", ["recaller"])
        .allow("order.create", ["customer"])
        .allow_if("order.read", ["customer"], "subject.customer == actor.id")
        .allow_if("order.courier", ["customer"], "has(context.urgent) && context.urgent")
        .allow("hos.record", ["owner"])
        .allow("hos.adopt", ["owner"])
        .critical(["order.cancel"])
        .contract(order)
        .build()
        .unwrap()
}

fn now() -> Timestamp {
    Timestamp::parse("2026-12-01T12:00:00Z").unwrap()
}

fn order() -> Subject {
    subject("o-1")
}

fn subject(id: &str) -> Subject {
    Subject::new("pazar", "firm-1", "order", id).unwrap()
}

fn actor() -> Actor {
    Actor::user("u-1").unwrap()
}

fn snapshot(state: &str) -> Snapshot {
    let mut attributes = Attributes::new();
    attributes.set("customer".parse().unwrap(), "u-9");
    Snapshot {
        state: state.parse().unwrap(),
        revision: 3,
        attributes: Arc::new(attributes),
        contract: "1".parse().unwrap(),
        proof_id: ProofId::from_bytes([7; 16]),
    }
}

/// What an owner of the firm finds: the order in a state.
fn standing(state: &str) -> Standing {
    held_by(&["owner"], Some(snapshot(state)))
}

fn held_by(roles: &[&str], snapshot: Option<Snapshot>) -> Standing {
    let generations = |n| Generations { members: n, ..Generations::default() };
    Standing {
        world: Some(WorldStatus::Open),
        tenant_exists: true,
        versions: Versions { tenant: generations(4), world: generations(5) },
        actor: Arc::new(ActorStanding {
            roles: roles.iter().map(|role| role.parse().unwrap()).collect(),
            ..ActorStanding::default()
        }),
        modes: Arc::default(),
        subjects: vec![snapshot],
        receipt: None,
    }
}

fn with<T>(judged: impl FnOnce(&Judge<'_>) -> T) -> T {
    let (law, ids) = (law(), SeededIds::new(1));
    judged(&Judge::new(&law, "test.example", now(), &ids))
}

fn transition(command: &Command, standing: &Standing) -> Verdict {
    with(|judge| judge.transition(command, standing))
}

#[track_caller]
fn committed(verdict: Verdict) -> Commit {
    match verdict {
        Verdict::Commit(commit) => *commit,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(verdict: Verdict) -> Refusal {
    refused_with(verdict).refusal
}

#[track_caller]
fn refused_with(verdict: Verdict) -> Refused {
    match verdict {
        Verdict::Refused(refused) => refused,
        other => panic!("{other:?}"),
    }
}

fn act(action: &str) -> Command {
    Command::new(&actor(), &order(), action).key("k")
}

fn pay() -> Command {
    act("pay").input("amount", 5).fact("stock", 1)
}

fn receipt(commit: &Commit) -> Receipt {
    commit.receipt().unwrap().receipt().clone()
}

fn fields(refusal: Refusal) -> Vec<String> {
    match refusal {
        Refusal::InvalidInput(faults) => faults.into_iter().map(|fault| fault.field).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_move_commits_state_proof_messages_timers_and_receipt_with_all_that_was_read() {
    let command = pay().input("note", "quick").seen(3).traceparent("00-ab-cd-01");
    let standing = standing("pending");
    let commit = committed(transition(&command, &standing));
    assert_eq!((commit.world().as_str(), commit.tenant().as_str()), ("pazar", "firm-1"));
    assert_eq!(*commit.versions(), standing.versions);
    assert!(commit.standing().is_none());
    let [change] = commit.changes() else { panic!() };
    assert_eq!((change.subject(), change.from_revision()), (&order(), 3));
    let after = change.after().unwrap();
    let [entry] = commit.entries() else { panic!() };
    let snapshot = after.snapshot();
    assert_eq!((snapshot.state.as_str(), snapshot.revision), ("paid", 4));
    assert_eq!((snapshot.proof_id, snapshot.contract.as_str()), (entry.id(), "1"));
    assert_eq!(snapshot.attributes.get("customer"), Some(&"u-9".into()));
    assert_eq!(snapshot.attributes.get("note"), Some(&"quick".into()));
    assert_eq!(snapshot.attributes.get("paid_at"), Some(&now().into()));
    assert!(!after.is_terminal());
    let [timer] = after.timers() else { panic!() };
    assert_eq!(
        (timer.action.as_str(), timer.due_at),
        ("ship", now().after(Duration::from_secs(30)))
    );
    let topics: Vec<&str> = after.outbox().iter().map(|row| row.topic.as_str()).collect();
    assert_eq!(topics, ["order.paid", "stock.taken"]);
    for row in after.outbox() {
        assert_eq!((row.entry, row.traceparent.as_deref()), (entry.id(), Some("00-ab-cd-01")));
        assert_eq!(
            row.payload,
            concat!(
                r#"{"action":"pay","attributes":{"customer":"u-9","note":"quick","#,
                r#""paid_at":{"time":"2026-12-01T12:00:00.000000Z"}},"from":"pending","#,
                r#""to":"paid"}"#,
            )
        );
    }
    let kept = commit.receipt().unwrap();
    assert_eq!(kept.key().as_bytes(), b"k");
    assert_eq!(kept.expires_at(), now().after(Duration::from_secs(7 * 86_400)));
    let receipt = kept.receipt();
    assert_eq!(
        (receipt.proof_id, receipt.revision, receipt.effect),
        (entry.id(), 4, Effect::Moved)
    );
    assert_eq!(receipt.subject.as_ref(), Some(&order()));
    assert_eq!((receipt.action.as_str(), receipt.replayed), ("pay", false));
    assert_eq!(receipt.from.as_ref().unwrap(), "pending");
    assert_eq!(receipt.to.as_ref().unwrap(), "paid");
    assert_eq!(receipt.contract_version.as_ref().unwrap().as_str(), "1");
    assert_eq!((receipt.policy_version.as_str(), receipt.recorded_at), ("2026-12-01", now()));
    assert!(receipt.also.is_empty());
    let last = committed(transition(&act("cancel"), &standing));
    assert!(last.changes()[0].after().unwrap().is_terminal());
    assert!(last.changes()[0].after().unwrap().timers().is_empty());
    assert!(last.changes()[0].after().unwrap().outbox().is_empty());
}

#[test]
fn what_does_not_change_keeps_its_attributes_and_no_part() {
    let commit = committed(transition(&act("ship"), &standing("paid")));
    assert!(commit.entries()[0].parts().is_empty());
    let before = snapshot("paid").attributes;
    assert_eq!(commit.changes()[0].after().unwrap().snapshot().attributes, before);
    let commit = committed(transition(&pay(), &standing("pending")));
    let names: Vec<&str> = commit.entries()[0].parts().iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["attributes", "facts", "input"]);
    let after = commit.changes()[0].after().unwrap().snapshot().attributes.clone();
    assert!(after.get("note").is_none(), "an absent source leaves its attribute as it was");
}

/// Each row breaks its own check and all later ones: the first check that is broken answers.
#[test]
fn the_checks_come_in_the_order_of_the_law() {
    let contract_blind = Subject::new("pazar", "firm-1", "parcel", "o-1").unwrap();
    let replayed = |fingerprint_of: &Command| {
        let commit = committed(transition(fingerprint_of, &standing("pending")));
        let kept = commit.receipt().unwrap();
        Some(StoredReceipt { fingerprint: kept.fingerprint(), receipt: kept.receipt().clone() })
    };
    let broken = pay().input("amount", 0).seen(2);
    let ask = |command: &Command, change: &dyn Fn(&mut Standing)| {
        let mut standing = standing("cancelled");
        standing.actor = Arc::default();
        standing.subjects = vec![None];
        standing.world = Some(WorldStatus::Closed);
        change(&mut standing);
        match transition(command, &standing) {
            Verdict::Refused(refused) => refused.refusal.code(),
            Verdict::Replayed(_) => "replayed",
            Verdict::Commit(_) => "commit",
        }
    };
    let keyless = Command::new(&actor(), &order(), "fly").context("x", 1);
    assert_eq!(ask(&keyless, &|s| s.world = None), "missing_key");
    assert_eq!(ask(&keyless.key("k"), &|s| s.world = None), "invalid_input");
    assert_eq!(ask(&broken, &|s| s.world = None), "invalid_world");
    assert_eq!(ask(&broken, &|s| s.receipt = replayed(&act("cancel"))), "key_reused");
    let same = pay();
    assert_eq!(ask(&same, &|s| s.receipt = replayed(&same)), "replayed");
    let banned = |s: &mut Standing| {
        s.actor = Arc::new(ActorStanding { banned: true, ..ActorStanding::default() });
    };
    assert_eq!(ask(&broken, &banned), "world_closed");
    let open = |s: &mut Standing| s.world = Some(WorldStatus::Open);
    let fly = act("fly");
    assert_eq!(ask(&fly, &|s| (open(s), banned(s)).1), "banned");
    assert_eq!(ask(&fly, &open), "invalid_input");
    let parcel = Command::new(&actor(), &contract_blind, "pay").key("k");
    assert_eq!(ask(&parcel, &open), "invalid_input");
    assert_eq!(ask(&broken, &open), "not_found");
    let there = |state: &'static str| {
        move |s: &mut Standing| {
            open(s);
            s.subjects = vec![Some(snapshot(state))];
        }
    };
    assert_eq!(ask(&broken, &there("cancelled")), "not_found", "an outsider learns nothing");
    let member = |state: &'static str, role: &'static str| {
        move |s: &mut Standing| {
            there(state)(s);
            s.actor = held_by(&[role], None).actor;
        }
    };
    assert_eq!(ask(&broken, &member("cancelled", "clerk")), "denied");
    assert_eq!(
        ask(&broken, &|s| {
            member("cancelled", "owner")(s);
            s.tenant_exists = false;
        }),
        "not_found"
    );
    assert_eq!(ask(&broken, &member("cancelled", "owner")), "terminal_state");
    assert_eq!(ask(&broken, &member("shipped", "owner")), "invalid_transition");
    assert_eq!(ask(&broken, &member("paid", "owner")), "stale_revision", "unchanged, but seen old");
    assert_eq!(ask(&broken.clone().seen(3), &member("paid", "owner")), "commit");
    let unfit = act("pay").input("amount", "five").seen(2);
    assert_eq!(ask(&unfit, &member("pending", "owner")), "invalid_input");
    assert_eq!(ask(&broken, &member("pending", "owner")), "guard_failed");
    assert_eq!(ask(&pay().seen(2), &member("pending", "owner")), "stale_revision");
    assert_eq!(ask(&pay().seen(3), &member("pending", "owner")), "commit");
}

#[test]
fn a_replay_answers_with_the_first_receipt_in_any_standing_and_binds_actor_subject_and_input() {
    let first = committed(transition(&pay(), &standing("pending")));
    let kept = first.receipt().unwrap();
    let stored = StoredReceipt { fingerprint: kept.fingerprint(), receipt: kept.receipt().clone() };
    let mut later = standing("cancelled");
    later.receipt = Some(stored);
    later.world = Some(WorldStatus::Closed);
    later.actor = Arc::new(ActorStanding { banned: true, ..ActorStanding::default() });
    let same = [
        pay(),
        pay().fact("stock", 9),
        pay().seen(1),
        pay().request("r-1".parse().unwrap()),
        pay().traceparent("00-x"),
        pay().context("urgent", true),
    ];
    for (number, command) in same.into_iter().enumerate() {
        match transition(&command, &later) {
            Verdict::Replayed(receipt) => {
                assert_eq!(*receipt, Receipt { replayed: true, ..kept.receipt().clone() });
            }
            other => panic!("{number}: {other:?}"),
        }
    }
    let service = Actor::service("u-1").unwrap();
    let other = [
        pay().input("amount", 6),
        pay().input("note", ""),
        act("cancel"),
        Command::to(&actor(), &order(), "paid").key("k").input("amount", 5),
        Command::new(&Actor::user("u-2").unwrap(), &order(), "pay").input("amount", 5).key("k"),
        Command::new(&service, &order(), "pay").input("amount", 5).key("k"),
        Command::new(&actor(), &subject("o-2"), "pay").input("amount", 5).key("k"),
        pay().and(&subject("o-2"), "cancel"),
    ];
    for (number, command) in other.into_iter().enumerate() {
        assert_eq!(refused(transition(&command, &later)).code(), "key_reused", "{number}");
    }
}

#[test]
fn unchanged_needs_the_ability_keeps_the_key_and_writes_no_proof() {
    for command in [act("cancel"), Command::to(&actor(), &order(), "cancelled").key("k")] {
        let commit = committed(transition(&command, &standing("cancelled")));
        assert!(commit.entries().is_empty());
        assert_eq!(
            (commit.changes()[0].from_revision(), commit.changes()[0].after().is_none()),
            (3, true)
        );
        let receipt = receipt(&commit);
        assert_eq!((receipt.effect, receipt.revision), (Effect::Unchanged, 3));
        assert_eq!(
            (receipt.proof_id, receipt.action.as_str()),
            (ProofId::from_bytes([7; 16]), "cancel")
        );
        assert_eq!(receipt.from, receipt.to);
        let clerk = held_by(&["clerk"], Some(snapshot("cancelled")));
        assert_eq!(refused(transition(&command, &clerk)), Refusal::Denied);
    }
    // The other entry of `cancel` leads elsewhere: its ability does not help here.
    let recaller = held_by(&["recaller"], Some(snapshot("cancelled")));
    assert_eq!(refused(transition(&act("cancel"), &recaller)), Refusal::Denied);
    let recalled = held_by(&["recaller"], Some(snapshot("shipped")));
    assert_eq!(receipt(&committed(transition(&act("cancel"), &recalled))).effect, Effect::Moved);
}

#[test]
fn a_listed_self_loop_moves() {
    let commit = committed(transition(&act("touch"), &standing("shipped")));
    let receipt = receipt(&commit);
    assert_eq!((receipt.effect, receipt.revision, commit.entries().len()), (Effect::Moved, 4, 1));
    let to = Command::to(&actor(), &order(), "shipped").key("k");
    let verdict = transition(&to, &standing("shipped"));
    assert_eq!(committed(verdict).receipt().unwrap().receipt().action.as_str(), "touch");
}

#[test]
fn a_state_is_sugar_for_the_one_action_that_leads_there() {
    let to = |state: &str| Command::to(&actor(), &order(), state).key("k");
    let cancelled = committed(transition(&to("cancelled"), &standing("paid")));
    assert_eq!(receipt(&cancelled).action.as_str(), "cancel");
    match refused(transition(&to("shipped"), &standing("paid"))) {
        Refusal::AmbiguousAction(actions) => assert_eq!(actions, ["ship", "courier"]),
        other => panic!("{other}"),
    }
    let back = committed(transition(&to("old_pending"), &standing("shipped")));
    assert_eq!(receipt(&back).to.as_ref().unwrap(), "pending");
    assert_eq!(fields(refused(transition(&to("gone"), &standing("paid")))), ["to"]);
}

#[test]
fn a_state_that_no_action_leads_to_is_no_question_of_policy() {
    let thing = Contract::builder("thing", "1")
        .states(["a", "b", "end"])
        .initial("a")
        .terminal(["end"])
        .open("thing.create", [""; 0])
        .action(ActionDefinition::new("go", ["a"], "b", "thing.go"))
        .action(ActionDefinition::new("stop", ["b"], "end", "thing.stop"))
        .build()
        .unwrap();
    let law = Law::builder("pazar", "1")
        .roles(["mover", "stranger", "reader"])
        .allow("thing.go", ["mover"])
        .allow("thing.read", ["reader"])
        .contract(thing)
        .build()
        .unwrap();
    let (ids, subject) =
        (SeededIds::new(1), Subject::new("pazar", "firm-1", "thing", "t").unwrap());
    let judge = Judge::new(&law, "test", now(), &ids);
    let back = |roles: &[&str], state: &str| {
        let standing = held_by(roles, Some(snapshot(state)));
        refused(judge.transition(&Command::to(&actor(), &subject, "a").key("k"), &standing))
    };
    match back(&["mover"], "b") {
        Refusal::InvalidTransition { from, action, allowed } => {
            assert_eq!((from.as_str(), action.as_str(), allowed.len()), ("b", "a", 0));
        }
        other => panic!("{other}"),
    }
    assert_eq!(back(&["mover"], "end").code(), "terminal_state");
    assert_eq!(back(&["mover"], "a").code(), "invalid_transition");
    assert_eq!(back(&["stranger"], "b"), Refusal::Denied);
    assert_eq!(back(&["reader"], "b"), Refusal::Denied);
    assert_eq!(back(&[], "b"), Refusal::NotFound);
}

#[test]
fn an_invalid_transition_lists_what_this_actor_may_do_in_catalogue_order() {
    let allowed = |roles: &[&str], urgent: bool| {
        let standing = held_by(roles, Some(snapshot("paid")));
        let command = act("touch").context("urgent", urgent);
        match refused(transition(&command, &standing)) {
            Refusal::InvalidTransition { from, action, allowed } => {
                assert_eq!((from.as_str(), action.as_str()), ("paid", "touch"));
                allowed.iter().map(ToString::to_string).collect::<Vec<_>>()
            }
            other => vec![other.code().to_owned()],
        }
    };
    assert_eq!(allowed(&["owner"], false), ["ship", "courier", "cancel"]);
    assert_eq!(allowed(&["clerk"], true), ["denied"]);
}

#[test]
fn allowed_actions_are_what_policy_and_contract_allow_now() {
    let allowed = |roles: &[&str], state: &str, urgent: bool, change: &dyn Fn(&mut Standing)| {
        let mut standing = held_by(roles, Some(snapshot(state)));
        change(&mut standing);
        let mut context = Attributes::new();
        context.set("urgent".parse().unwrap(), urgent);
        let actions = with(|judge| judge.allowed_actions(&actor(), &order(), &context, &standing));
        actions.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let same = |_: &mut Standing| {};
    assert_eq!(allowed(&["owner"], "pending", false, &same), ["pay", "cancel"]);
    assert_eq!(allowed(&["owner"], "paid", false, &same), ["ship", "courier", "cancel"]);
    assert_eq!(allowed(&["owner"], "shipped", false, &same), ["touch", "cancel"]);
    assert_eq!(allowed(&["owner"], "cancelled", false, &same), [""; 0]);
    assert_eq!(allowed(&["clerk"], "paid", false, &same), ["ship"]);
    assert_eq!(allowed(&["clerk"], "paid", true, &same), ["ship", "courier"]);
    assert_eq!(allowed(&["recaller"], "shipped", false, &same), ["cancel"]);
    assert_eq!(allowed(&[], "paid", false, &same), [""; 0]);
    let none: [&dyn Fn(&mut Standing); 6] = [
        &|s| s.world = Some(WorldStatus::Closed),
        &|s| s.world = None,
        &|s| s.tenant_exists = false,
        &|s| s.subjects = vec![None],
        &|s| s.subjects = Vec::new(),
        &|s| s.subjects[0].as_mut().unwrap().contract = "9".parse().unwrap(),
    ];
    for (number, change) in none.into_iter().enumerate() {
        assert_eq!(allowed(&["owner"], "paid", false, change), [""; 0], "{number}");
    }
    let banned = |s: &mut Standing| Arc::make_mut(&mut s.actor).banned = true;
    assert_eq!(allowed(&["owner"], "paid", false, &banned), [""; 0]);
}

#[test]
fn who_may_not_know_of_a_subject_is_told_that_there_is_none() {
    let mut read = snapshot("pending");
    read.attributes = {
        let mut attributes = Attributes::new();
        attributes.set("customer".parse().unwrap(), "u-1");
        Arc::new(attributes)
    };
    let grant = |until| Grant {
        id: ProofId::from_bytes([1; 16]),
        pattern: AbilityPattern::parse("order.touch").unwrap(),
        until,
        break_glass: false,
    };
    let granted = |until| {
        let mut standing = held_by(&[], Some(snapshot("pending")));
        Arc::make_mut(&mut standing.actor).grants = vec![grant(until)];
        standing
    };
    for (standing, refusal) in [
        (held_by(&[], Some(snapshot("pending"))), Refusal::NotFound),
        (held_by(&[], Some(read)), Refusal::Denied),
        (held_by(&["clerk"], Some(snapshot("pending"))), Refusal::Denied),
        (granted(now()), Refusal::NotFound),
        (granted(now().after(Duration::from_micros(1))), Refusal::Denied),
        (held_by(&[], None), Refusal::NotFound),
    ] {
        assert_eq!(refused(transition(&pay(), &standing)), refusal, "{:?}", standing.actor);
    }
}

#[test]
fn a_denied_critical_attempt_leaves_evidence_and_no_other_does() {
    let clerk = |state| held_by(&["clerk"], Some(snapshot(state)));
    let evidence = refused_with(transition(&pay(), &clerk("pending"))).evidence.unwrap();
    assert!(evidence.receipt().is_none() && evidence.changes().is_empty());
    assert!(evidence.standing().is_none());
    assert_eq!(*evidence.versions(), clerk("pending").versions);
    let [entry] = evidence.entries() else { panic!() };
    assert_eq!((entry.type_(), entry.revision()), (EntryType::Denial, Some(3)));
    assert_eq!(entry.subject(), Some(&order()));
    let again =
        refused_with(transition(&pay().input("amount", 9), &clerk("paid"))).evidence.unwrap();
    assert_eq!(entry.dedup(), again.entries()[0].dedup(), "once per key");
    let other = refused_with(transition(&pay().key("k2"), &clerk("pending"))).evidence.unwrap();
    assert_ne!(entry.dedup(), other.entries()[0].dedup());
    let by_law = refused_with(transition(&act("cancel"), &clerk("pending")));
    assert!(by_law.evidence.is_some(), "critical by the law's own list");
    for (action, state) in [("courier", "paid"), ("touch", "shipped")] {
        let quiet = refused_with(transition(&act(action), &clerk(state)));
        assert!(quiet.refusal == Refusal::Denied && quiet.evidence.is_none(), "{action}");
    }
    let failed = refused_with(transition(&pay().input("amount", 0), &standing("pending")));
    assert!(failed.evidence.is_none(), "a failing guard is no denial");
    let outsider = refused_with(transition(&pay(), &held_by(&[], Some(snapshot("pending")))));
    assert_eq!(outsider.refusal, Refusal::NotFound);
    assert!(outsider.evidence.unwrap().entries()[0].leaf().contains("\"code\":\"denied\""));
}

#[test]
fn input_and_facts_are_checked_against_what_is_declared_all_faults_at_once() {
    let bad = act("pay").input("amount", "five").input("colour", 1).fact("weather", true);
    assert_eq!(
        fields(refused(transition(&bad, &standing("pending")))),
        ["input.amount", "input.colour", "facts.weather", "facts.stock"]
    );
    let long = pay().input("note", "x".repeat(4_097));
    assert_eq!(fields(refused(transition(&long, &standing("pending")))), ["input"]);
    let misnamed =
        pay().input("Note", 1).fact("Stock", 1).context("Urgent", true).traceparent("\n").key("");
    assert_eq!(refused(transition(&misnamed, &standing("pending"))), Refusal::MissingKey);
    let misnamed = misnamed.key("k").context("colour", 1);
    assert_eq!(
        fields(refused(transition(&misnamed, &standing("pending")))),
        ["input.Note", "facts.Stock", "context.Urgent", "traceparent", "context.colour"]
    );
    let key = |bytes: usize| transition(&pay().key("k".repeat(bytes)), &standing("pending"));
    assert!(matches!(key(255), Verdict::Commit(_)));
    assert_eq!(fields(refused(key(256))), ["key"]);
    let claims = Actor::user("u-1").unwrap().claim("verified", 1).unwrap().claim("age", 9).unwrap();
    let claimed = Command::new(&claims, &order(), "ship").key("k");
    assert_eq!(
        fields(refused(transition(&claimed, &standing("paid")))),
        ["actor.age", "actor.verified"]
    );
    for length in [64, 65] {
        let verdict = transition(&pay().traceparent(&"x".repeat(length)), &standing("pending"));
        assert_eq!(matches!(verdict, Verdict::Commit(_)), length == 64);
    }
}

#[test]
fn a_refusal_lists_every_guard_that_fails() {
    let low = pay().input("amount", 0).fact("stock", 0);
    match refused(transition(&low, &standing("pending"))) {
        Refusal::GuardFailed(codes) => assert_eq!(codes, ["amount_low", "no_stock"]),
        other => panic!("{other}"),
    }
    match refused(transition(&pay().fact("stock", 0), &standing("pending"))) {
        Refusal::GuardFailed(codes) => assert_eq!(codes, ["no_stock"]),
        other => panic!("{other}"),
    }
}

fn both(first: &str, second: &str) -> Standing {
    let mut standing = standing(first);
    standing.subjects.push(Some(Snapshot { revision: 8, ..snapshot(second) }));
    standing
}

#[test]
fn a_compound_command_moves_all_of_its_subjects_or_none() {
    let command = act("ship").and(&subject("o-2"), "cancel");
    let commit = committed(transition(&command, &both("paid", "pending")));
    assert_eq!((commit.changes().len(), commit.entries().len()), (2, 2));
    let receipt = receipt(&commit);
    assert_eq!((receipt.action.as_str(), receipt.also.len()), ("ship", 1));
    let second = &receipt.also[0];
    assert_eq!((second.action.as_str(), second.revision), ("cancel", 9));
    assert_eq!(second.subject.as_ref().unwrap().id.as_str(), "o-2");
    assert_eq!(second.proof_id, commit.entries()[1].id());
    let partly = committed(transition(&command, &both("paid", "cancelled")));
    assert_eq!((partly.changes().len(), partly.entries().len()), (2, 1));
    assert!(partly.changes()[1].after().is_none(), "read, and must not have moved");
    let failed = transition(&command.clone().seen(7), &both("paid", "pending"));
    assert_eq!(refused(failed), Refusal::StaleRevision { seen: 7, current: 8 });
    let missing = Standing { subjects: vec![Some(snapshot("paid"))], ..standing("paid") };
    assert_eq!(refused(transition(&command, &missing)), Refusal::NotFound);
}

#[test]
fn the_steps_of_a_command_are_of_one_tenant_different_and_at_most_sixteen() {
    let many = |count: usize| {
        (1..count)
            .fold(act("cancel"), |command, n| command.and(&subject(&format!("x-{n}")), "cancel"))
    };
    let standing = || {
        let mut standing = standing("paid");
        standing.subjects = vec![Some(snapshot("paid")); 20];
        standing
    };
    assert_eq!(committed(transition(&many(STEPS_MAX), &standing())).entries().len(), 16);
    assert_eq!(fields(refused(transition(&many(STEPS_MAX + 1), &standing()))), ["steps"]);
    let twice = act("ship").and(&order(), "cancel");
    assert_eq!(fields(refused(transition(&twice, &standing()))), ["steps"]);
    for (world, tenant) in [("chat", "firm-1"), ("pazar", "firm-2")] {
        let foreign = Subject::new(world, tenant, "order", "o-2").unwrap();
        let command = act("ship").and(&foreign, "cancel");
        assert_eq!(refused(transition(&command, &standing())), Refusal::WorldMismatch);
    }
    let unknown = act("fly").and(&subject("o-2"), "swim");
    assert_eq!(fields(refused(transition(&unknown, &standing()))), ["action", "action"]);
    let kind = Subject::new("pazar", "firm-1", "parcel", "p").unwrap();
    let command = Command::new(&actor(), &kind, "pay").key("k");
    assert_eq!(fields(refused(transition(&command, &standing()))), ["kind"]);
}

#[test]
fn a_plan_says_what_would_happen_and_needs_no_key() {
    let (law, ids) = (law(), SeededIds::new(1));
    let judge = Judge::new(&law, "test", now(), &ids);
    let command = Command::new(&actor(), &order(), "ship").and(&subject("o-2"), "cancel");
    let standing = both("paid", "cancelled");
    let plan = judge.plan(&command, &standing).unwrap();
    let [first, second] = plan.steps() else { panic!() };
    assert_eq!((first.subject(), first.action().as_str()), (&order(), "ship"));
    assert_eq!(
        (first.from().as_str(), first.to().as_str(), first.effect()),
        ("paid", "shipped", Effect::Moved)
    );
    assert_eq!(
        (second.from().as_str(), second.to().as_str(), second.effect()),
        ("cancelled", "cancelled", Effect::Unchanged)
    );
    assert!(!plan.diverges());
    assert!(format!("{judge:?}").contains("Judge"));
}

#[test]
fn only_shadow_lets_a_denied_command_diverge() {
    let under = |mode: Option<Mode>, role: &str| {
        let mut standing = held_by(&[role], Some(snapshot("paid")));
        Arc::make_mut(&mut standing.modes).tenant.all = mode;
        standing
    };
    let (law, ids) = (law(), SeededIds::new(1));
    let judge = Judge::new(&law, "test", now(), &ids);
    for (mode, role, diverges) in [
        (Some(Mode::Shadow), "recaller", true),
        (Some(Mode::Shadow), "clerk", false),
        (Some(Mode::Off), "recaller", false),
        (Some(Mode::Enforce), "clerk", false),
        (None, "clerk", false),
    ] {
        let (standing, command) = (under(mode, role), act("ship"));
        assert_eq!(judge.plan(&command, &standing).unwrap().diverges(), diverges, "{mode:?}");
        let commit = committed(judge.transition(&command, &standing));
        let leaf = commit.entries()[0].leaf();
        let named = match mode {
            Some(Mode::Shadow) => Some("\"mode\":\"shadow\""),
            Some(Mode::Off) => Some("\"mode\":\"off\""),
            _ => None,
        };
        assert_eq!(leaf.contains("\"mode\""), named.is_some());
        assert!(named.is_none_or(|named| leaf.contains(named)));
    }
    let closed = judge.transition(&act("ship"), &under(Some(Mode::Enforce), "recaller"));
    assert_eq!(refused(closed), Refusal::Denied);
}

#[test]
fn a_move_under_a_break_glass_names_it() {
    let glass = |until, break_glass| {
        let mut standing = held_by(&[], Some(snapshot("paid")));
        let id = ProofId::from_bytes([9; 16]);
        Arc::make_mut(&mut standing.actor).grants =
            vec![Grant { id, pattern: AbilityPattern::All, until, break_glass }];
        standing
    };
    let later = now().after(Duration::from_micros(1));
    let leaf = |standing: &Standing| {
        committed(transition(&act("ship"), standing)).entries()[0].leaf().to_owned()
    };
    let named = r#""ref":{"id":"09090909-0909-0909-0909-090909090909","why":"break_glass"}"#;
    assert!(leaf(&glass(later, true)).contains(named));
    assert!(!leaf(&glass(later, false)).contains("\"ref\""));
    assert_eq!(refused(transition(&act("ship"), &glass(now(), true))), Refusal::NotFound);
    let mut ended = glass(now(), true);
    Arc::make_mut(&mut ended.actor).roles.push("owner".parse().unwrap());
    assert!(!leaf(&ended).contains("\"ref\""), "until is exclusive");
}

fn opening() -> Opening {
    Opening::new(&actor(), &order()).attribute("customer", "u-1").key("k")
}

fn open(opening: &Opening, standing: &Standing) -> Verdict {
    with(|judge| judge.open(opening, standing))
}

#[test]
fn an_opening_pins_the_contract_and_starts_at_revision_one() {
    let standing = held_by(&[], None);
    let commit = committed(open(&opening().attribute("note", "n"), &standing));
    let [change] = commit.changes() else { panic!() };
    let after = change.after().unwrap();
    let snapshot = after.snapshot();
    assert_eq!((change.from_revision(), snapshot.revision), (0, 1));
    assert_eq!((snapshot.state.as_str(), snapshot.contract.as_str()), ("pending", "1"));
    assert_eq!(snapshot.attributes.iter().len(), 2);
    assert_eq!(after.timers()[0].due_at, now().after(Duration::from_secs(60)));
    let [row] = after.outbox() else { panic!() };
    assert_eq!(
        row.payload,
        r#"{"action":"open","attributes":{"customer":"u-1","note":"n"},"to":"pending"}"#
    );
    let receipt = receipt(&commit);
    assert_eq!((receipt.action.as_str(), receipt.from.as_ref()), ("open", None));
    assert_eq!((receipt.effect, receipt.revision), (Effect::Moved, 1));
    assert_eq!(receipt.to.as_ref().unwrap(), "pending");
    assert_eq!(receipt.contract_version.as_ref().unwrap().as_str(), "1");
    assert_eq!(commit.entries()[0].type_(), EntryType::Opened);
    assert_eq!(*commit.versions(), standing.versions);
}

#[test]
fn openings_are_refused_in_the_order_of_the_law() {
    let ask = |opening: &Opening, change: &dyn Fn(&mut Standing)| {
        let mut standing = held_by(&[], Some(snapshot("paid")));
        standing.actor = Arc::default();
        change(&mut standing);
        refused(open(opening, &standing)).code()
    };
    let job = Actor::job("j").unwrap();
    let broken = Opening::new(&job, &order()).attribute("customer", "");
    assert_eq!(ask(&broken, &|s| s.world = None), "missing_key");
    let broken = broken.key("k");
    assert_eq!(ask(&broken, &|s| s.world = None), "invalid_world");
    let unfit = broken.clone().attribute("colour", 1);
    let banned = |s: &mut Standing| Arc::make_mut(&mut s.actor).banned = true;
    assert_eq!(
        ask(&unfit, &|s| (banned(s), s.world = Some(WorldStatus::Closed)).1),
        "world_closed"
    );
    assert_eq!(ask(&unfit, &banned), "banned");
    assert_eq!(ask(&unfit, &|s| s.tenant_exists = false), "invalid_input");
    assert_eq!(ask(&broken, &|s| s.tenant_exists = false), "not_found");
    assert_eq!(ask(&broken, &|_| {}), "denied");
    let may = opening().attribute("customer", "");
    assert_eq!(ask(&may, &|_| {}), "invalid_transition", "it exists");
    assert_eq!(ask(&may, &|s| s.subjects = vec![None]), "guard_failed");
    let parcel = Subject::new("pazar", "firm-1", "parcel", "p").unwrap();
    let parcel = Opening::new(&actor(), &parcel).key("k");
    assert_eq!(fields(refused(open(&parcel, &held_by(&[], None)))), ["kind"]);
    let missing = Opening::new(&actor(), &order()).attribute("colour", 1).attribute("note", 1);
    assert_eq!(
        fields(refused(open(&missing.key("k"), &held_by(&[], None)))),
        ["attributes.colour", "attributes.note", "attributes.customer"]
    );
    let world = Subject { tenant: Tenant::world(), ..order() };
    let world = Opening::new(&actor(), &world).attribute("customer", "c").key("k");
    assert_eq!(fields(refused(open(&world, &held_by(&[], None)))), ["tenant"]);
    match refused(open(&may, &held_by(&[], Some(snapshot("paid"))))) {
        Refusal::InvalidTransition { from, action, allowed } => {
            assert_eq!((from.as_str(), action.as_str(), allowed.len()), ("", "open", 0));
        }
        other => panic!("{other}"),
    }
    assert_eq!(
        refused(open(&opening(), &Standing { subjects: Vec::new(), ..held_by(&[], None) })).code(),
        "invalid_transition"
    );
}

#[test]
fn an_adoption_takes_a_row_in_the_state_that_it_has() {
    let adopt = |state: &str, reason: &str, standing: &Standing| {
        let adoption = Adoption::new(opening(), state, reason);
        with(|judge| judge.adopt(&adoption, standing))
    };
    let owner = held_by(&["owner"], None);
    let commit = committed(adopt("old_pending", "from the old system", &owner));
    assert_eq!(commit.entries()[0].type_(), EntryType::Adopted);
    let names: Vec<&str> = commit.entries()[0].parts().iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["attributes", "reason"]);
    assert_eq!(commit.entries()[0].parts()[1].body, r#"{"reason":"from the old system"}"#);
    let receipt = receipt(&commit);
    assert_eq!(
        (receipt.action.as_str(), receipt.to.as_ref().unwrap().as_str()),
        ("adopt", "pending")
    );
    let ended = committed(adopt("cancelled", "r", &owner));
    assert!(ended.changes()[0].after().unwrap().is_terminal());
    assert_eq!(fields(refused(adopt("gone", " ", &owner))), ["reason", "state"]);
    assert!(matches!(adopt("paid", &"r".repeat(REASON_BYTES_MAX), &owner), Verdict::Commit(_)));
    assert_eq!(
        fields(refused(adopt("paid", &"r".repeat(REASON_BYTES_MAX + 1), &owner))),
        ["reason"]
    );
    assert_eq!(refused(adopt("paid", "r", &held_by(&["clerk"], None))), Refusal::Denied);
    assert_eq!(refused(adopt("paid", "r", &standing("paid"))).code(), "invalid_transition");
    let stored = |adoption: &Adoption| {
        let commit = committed(with(|judge| judge.adopt(adoption, &owner)));
        commit.receipt().unwrap().fingerprint()
    };
    let base = stored(&Adoption::new(opening(), "paid", "r"));
    assert_ne!(base, stored(&Adoption::new(opening(), "pending", "r")));
    assert_ne!(base, stored(&Adoption::new(opening(), "paid", "s")));
    assert_ne!(base, stored(&Adoption::new(opening().attribute("note", "n"), "paid", "r")));
    assert_ne!(base, committed(open(&opening(), &owner)).receipt().unwrap().fingerprint());
}

fn record(record: &Record, standing: &Standing) -> Verdict {
    with(|judge| judge.record(record, standing))
}

fn names() -> (World, Tenant) {
    ("pazar".parse().unwrap(), "firm-1".parse().unwrap())
}

#[test]
fn a_record_is_evidence_and_moves_nothing() {
    let (world, tenant) = names();
    let owner = standing("paid");
    let about = Record::about(&actor(), &order(), "call").payload("minutes", 5).key("k");
    let commit = committed(record(&about, &owner));
    let [change] = commit.changes() else { panic!() };
    assert!(change.after().is_none() && change.from_revision() == 3);
    let [entry] = commit.entries() else { panic!() };
    assert_eq!((entry.type_(), entry.revision()), (EntryType::Record, Some(3)));
    assert_eq!(entry.parts()[0].body, r#"{"minutes":5}"#);
    let told = receipt(&commit);
    assert_eq!((told.action.as_str(), told.revision, told.effect), ("call", 3, Effect::Moved));
    assert_eq!((told.from.as_ref(), told.to.as_ref()), (None, None));
    let free = Record::new(&actor(), &world, &tenant, "call").corrects(entry.id()).key("k");
    let mut closed = held_by(&["owner"], None);
    closed.subjects.clear();
    closed.world = Some(WorldStatus::Closed);
    let commit = committed(record(&free, &closed));
    assert!(commit.changes().is_empty());
    assert_eq!(commit.entries()[0].type_(), EntryType::Correction);
    assert!(commit.entries()[0].parts().is_empty());
    assert_eq!(receipt(&commit).revision, 0);
    let in_world = Record::new(&actor(), &world, &Tenant::world(), "call").key("k");
    closed.tenant_exists = false;
    assert!(matches!(record(&in_world, &closed), Verdict::Commit(_)));
    assert_eq!(refused(record(&free, &closed)), Refusal::NotFound);
    let prints =
        |record_: &Record| committed(record(record_, &owner)).receipt().unwrap().fingerprint();
    let base = prints(&about);
    for other in [
        about.clone().payload("minutes", 6),
        about.corrects(entry.id()),
        Record::about(&actor(), &order(), "visit").payload("minutes", 5).key("k"),
        Record::about(&actor(), &subject("o-2"), "call").payload("minutes", 5).key("k"),
    ] {
        assert_ne!(prints(&other), base);
    }
}

#[test]
fn records_are_refused_in_the_order_of_the_law() {
    let about = |kind: &str| Record::about(&actor(), &order(), kind).key("k");
    let ask =
        |kind: &str, roles: &[&str], found: Option<Snapshot>, change: &dyn Fn(&mut Standing)| {
            let mut standing = held_by(roles, found);
            change(&mut standing);
            refused(record(&about(kind), &standing)).code()
        };
    let same: &dyn Fn(&mut Standing) = &|_| {};
    assert_eq!(ask("Call", &[], None, &|s| Arc::make_mut(&mut s.actor).banned = true), "banned");
    assert_eq!(ask("Call", &[], None, same), "invalid_input");
    assert_eq!(ask("call", &["owner"], None, same), "not_found");
    assert_eq!(
        ask("call", &["owner"], Some(snapshot("paid")), &|s| s.tenant_exists = false),
        "not_found"
    );
    assert_eq!(ask("call", &[], Some(snapshot("paid")), same), "not_found");
    assert_eq!(ask("call", &["clerk"], Some(snapshot("paid")), same), "denied");
    let (world, tenant) = names();
    let free = Record::new(&actor(), &world, &tenant, "call").key("k");
    let nobody = Standing { subjects: Vec::new(), ..held_by(&[], None) };
    assert_eq!(refused(record(&free, &nobody)), Refusal::Denied);
    let large = (0..65).fold(free, |record, n| record.payload(&format!("n{n}"), n));
    let owner = Standing { subjects: Vec::new(), ..held_by(&["owner"], None) };
    assert_eq!(fields(refused(record(&large, &owner))), ["payload"]);
}

#[test]
fn every_refusal_has_one_code_and_one_status() {
    let name = |text: &str| text.parse().unwrap();
    let all = [
        (Refusal::InvalidInput(vec![InputFault::new("x", "y")]), "invalid_input", 400),
        (Refusal::InvalidWorld, "invalid_world", 400),
        (Refusal::MissingKey, "missing_key", 400),
        (Refusal::Denied, "denied", 403),
        (Refusal::Banned, "banned", 403),
        (Refusal::NotFound, "not_found", 404),
        (Refusal::StaleRevision { seen: 1, current: 2 }, "stale_revision", 409),
        (Refusal::InProgress, "in_progress", 409),
        (Refusal::Conflict, "conflict", 409),
        (Refusal::WorldClosed, "world_closed", 410),
        (Refusal::WorldMismatch, "world_mismatch", 422),
        (
            Refusal::InvalidTransition {
                from: "a".to_owned(),
                action: "b".to_owned(),
                allowed: Vec::new(),
            },
            "invalid_transition",
            422,
        ),
        (Refusal::TerminalState("a".parse().unwrap()), "terminal_state", 422),
        (Refusal::GuardFailed(vec![name("low")]), "guard_failed", 422),
        (Refusal::KeyReused, "key_reused", 422),
        (Refusal::AmbiguousAction(Vec::new()), "ambiguous_action", 422),
    ];
    for (refusal, code, status) in all {
        assert_eq!((refusal.code(), refusal.status()), (code, status));
        assert_eq!(refusal.is_retryable(), ["in_progress", "conflict"].contains(&code), "{code}");
    }
    let listed = Refusal::GuardFailed(vec![name("low"), name("late")]);
    assert_eq!(listed.to_string(), "guards do not hold: low, late");
    let faulty = Refusal::InvalidInput(vec![InputFault::new("x", "is odd")]);
    assert_eq!(faulty.to_string(), "the call is not valid: `x` is odd");
}
