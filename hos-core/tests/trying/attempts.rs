//! Attempts at transitions are recorded, and judged again under another law.

use hos_core::command::{Command, StandingChange};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::hos::HosOptions;
use hos_core::law::{Law, MigrationDefinition};
use hos_core::laws::Contracts as _;
use hos_core::policy::{RoleDefinition, RuleDefinition, RuleEffect};
use hos_core::recording::{
    DecisionRecord, NotReplayable, RecordError, Recorder, Replay, ReplayOutcome,
};
use hos_core::standing::Mode;
use hos_core::subject::Subject;
use hos_core::value::Type;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use crate::desk::{Desk, block_on, builder, contract, live, random, user};

fn all() -> Recorder {
    Recorder::one_in(1).unwrap().reveal("actor.id").unwrap().reveal("subject.id").unwrap()
}

fn recording(law: Law, recorder: &Recorder) -> Desk {
    Desk::with(law, HosOptions::default().recorder(recorder))
}

/// One attempt at an order, and what it came to.
fn one(recorder: &Recorder, actor: &str, action: &str, total: i64) -> DecisionRecord {
    let desk = recording(live(), recorder);
    let order = desk.order("o", total);
    let _answered = desk.does(actor, action, &order);
    let record = recorder.take(2).pop().unwrap();
    assert_eq!(DecisionRecord::from_json(&record.to_json()).unwrap(), record);
    record
}

fn outcome(record: &DecisionRecord) -> &str {
    &record.attempt.as_ref().unwrap().outcome
}

fn next(guard: &str) -> Law {
    builder("2")
        .contract(contract("1", "subject.total >= 10", "paid"))
        .contract(contract("2", guard, "paid"))
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .allow("order.pay", ["clerk"])
        .build()
        .unwrap()
}

fn unrecorded(path: &str) -> ReplayOutcome {
    ReplayOutcome::NotReplayable(NotReplayable::Unrecorded(vec![path.to_owned()]))
}

#[test]
fn an_attempt_is_recorded_with_all_that_it_was_judged_upon() {
    let record = one(&all(), "clerk-1", "pay", 50);
    assert_eq!((record.ability.as_str(), outcome(&record)), ("order.pay", "moved"));
    assert!(record.was_allowed());
    let attempt = record.attempt.as_ref().unwrap();
    assert_eq!(attempt.wish.action.as_deref(), Some("pay"));
    assert_eq!(record.subject.as_ref().unwrap().state.as_str(), "pending");
    assert_eq!(outcome(&one(&all(), "stranger-1", "pay", 50)), "not_found");
    assert_eq!(outcome(&one(&all(), "clerk-1", "reopen", 50)), "denied");
    assert_eq!(outcome(&one(&all(), "owner-1", "reopen", 50)), "invalid_transition");
}

#[test]
fn a_guard_that_failed_is_named_and_judged_again() {
    let record = one(&all(), "clerk-1", "pay", 5);
    assert_eq!(outcome(&record), "guard_failed");
    assert_eq!(record.attempt.as_ref().unwrap().guards[0].as_str(), "enough");
    assert!(!record.was_allowed(), "policy let it through, the contract did not");
    assert_eq!(record.replay(&live(), &live()), ReplayOutcome::Unchanged);
    assert_eq!(record.replay(&live(), &next("subject.total >= 1")), ReplayOutcome::WouldAllow);
    let record = one(&all(), "clerk-1", "pay", 50);
    assert_eq!(record.replay(&live(), &next("subject.total >= 99")), ReplayOutcome::WouldDeny);
}

#[test]
fn what_a_guard_reads_and_was_redacted_is_not_guessed() {
    let recorder = || all().redact("subject.total").unwrap();
    let record = one(&recorder(), "clerk-1", "pay", 50);
    assert!(!record.to_json().contains("50"), "{}", record.to_json());
    assert_eq!(record.replay(&live(), &live()), unrecorded("subject.total"));
    assert_eq!(record.replay(&live(), &next("true")), ReplayOutcome::Unchanged);
    assert_eq!(record.replay(&live(), &next("false")), ReplayOutcome::WouldDeny);
    let denied = one(&recorder(), "customer-1", "pay", 50);
    assert_eq!(denied.replay(&live(), &live()), ReplayOutcome::Unchanged, "no guard is asked");
    let impossible = one(&recorder(), "owner-1", "reopen", 50);
    assert_eq!(impossible.replay(&live(), &live()), ReplayOutcome::Unchanged);
}

#[test]
fn an_attempt_is_recorded_as_if_it_were_enforced() {
    let recorder = all();
    let desk = recording(live(), &recorder);
    let order = desk.order("o", 50);
    let mode = Some(Mode::Shadow);
    desk.change("firm-1", StandingChange::SetMode { ability: None, mode });
    desk.does("stranger-1", "pay", &order).unwrap();
    let record = recorder.take(9).pop().unwrap();
    assert!(!record.was_allowed(), "the mode let it through");
    assert_eq!(record.replay(&live(), &live()), ReplayOutcome::Unchanged);
}

#[test]
fn what_no_law_could_answer_otherwise_is_not_recorded() {
    let recorder = all();
    let desk = recording(live(), &recorder);
    let order = desk.order("o", 50);
    assert_eq!(recorder.take(9).len(), 1, "the opening");
    desk.does("clerk-1", "pay", &order).unwrap();
    desk.does("clerk-1", "pay", &order).unwrap();
    assert_eq!(recorder.take(9).len(), 1, "the second was a replay");
    assert_eq!(desk.does("clerk-1", "fly", &order), Err("invalid_input"));
    let nowhere = crate::desk::order("nowhere");
    assert_eq!(desk.does("clerk-1", "pay", &nowhere), Err("not_found"));
    let keyless = Command::new(&user("clerk-1"), &order, "settle");
    block_on(desk.hos.transition(&keyless)).unwrap_err();
    assert_eq!(recorder.take(9), []);
    let each = Recorder::one_in(3).unwrap();
    let desk = recording(live(), &each);
    let order = desk.order("o", 50);
    assert_eq!(each.take(9).len(), 1, "the opening");
    for action in ["pay", "settle", "cancel", "reopen", "pay", "settle"] {
        desk.does("stranger-1", action, &order).unwrap_err();
    }
    assert_eq!(each.take(9).len(), 2);

    let both = Recorder::one_in(2).unwrap();
    let desk = recording(live(), &both);
    let order = desk.order("o", 50);
    for action in ["pay", "settle", "cancel", "reopen"] {
        desk.asks("stranger-1", "order.pay", &order);
        desk.does("stranger-1", action, &order).unwrap_err();
    }
    let attempts = both.take(9).iter().filter(|record| record.attempt.is_some()).count();
    assert_eq!(attempts, 2, "and two answers: asking before does not hide the attempts");
}

/// A law whose action asks for an input, of which a guard is.
fn asking(version: &str, guard: &str, input: &[(&str, Type)]) -> Law {
    let give = ActionDefinition::new("give", ["open"], "open", "job.give").guard("fits", guard);
    let give = input.iter().fold(give, |give, (name, type_)| give.input(name, *type_));
    let job = Contract::builder("job", "1")
        .states(["open", "done"])
        .initial("open")
        .terminal(["done"])
        .open("job.open", Vec::<String>::new())
        .action(give)
        .action(ActionDefinition::new("finish", ["open"], "done", "job.finish"))
        .build()
        .unwrap();
    Law::builder("pazar", version)
        .roles([RoleDefinition::superuser("root"), RoleDefinition::new("owner")])
        .roles([RoleDefinition::new("clerk")])
        .allow("job.*", ["owner"])
        .contract(job)
        .build()
        .unwrap()
}

fn given(recorder: &Recorder, law: &Law, amount: i64) -> DecisionRecord {
    let desk = recording(law.clone(), recorder);
    let jobs = ["j-1", "j-2"].map(|id| Subject::new("pazar", "firm-1", "job", id).unwrap());
    let owner = user("owner-1");
    for job in &jobs {
        block_on(desk.hos.open_subject(&owner, job, Default::default(), job.to_string())).unwrap();
    }
    let command = Command::new(&owner, &jobs[0], "give").input("amount", amount);
    let command = command.and(&jobs[1], "give").input("amount", amount + 1).key("give");
    drop(block_on(desk.hos.transition(&command)));
    recorder.take(9).pop().unwrap()
}

#[test]
fn every_step_of_a_compound_attempt_is_judged_again() {
    let amount = [("amount", Type::Integer)];
    let law = asking("1", "input.amount < 10", &amount);
    let record = given(&all().redact("subject.id").unwrap(), &law, 5);
    assert_eq!((outcome(&record), record.attempt.as_ref().unwrap().also.len()), ("moved", 1));
    assert_eq!(record.replay(&law, &law), ReplayOutcome::Unchanged);
    let strict = asking("2", "input.amount < 6", &amount);
    assert_eq!(record.replay(&law, &strict), ReplayOutcome::WouldDeny, "the second is 6");
    assert_eq!(given(&all(), &law, 9).replay(&law, &law), ReplayOutcome::Unchanged);

    let hidden = given(&all().redact("input.amount").unwrap(), &law, 5);
    assert!(!hidden.to_json().contains("amount\":5"));
    assert_eq!(hidden.replay(&law, &law), unrecorded("input.amount"));
    let open = asking("2", "true", &amount);
    assert_eq!(hidden.replay(&law, &open), ReplayOutcome::Unchanged);
    let told = asking(
        "2",
        "input.amount < 10 && !has(input.note)",
        &[("amount", Type::Integer), ("note", Type::String)],
    );
    let outcome = given(&all(), &law, 5).replay(&law, &told);
    assert_eq!(outcome, unrecorded("input.note"), "nobody could send it then");
}

#[test]
fn every_step_of_an_attempt_is_evidence_of_what_the_laws_differ_about() {
    let live = asking("1", "true", &[]);
    let mut next = live.definition().clone();
    next.rules.push(RuleDefinition {
        id: None,
        effect: RuleEffect::Forbid,
        abilities: vec!["job.finish".to_owned(), "job.open".to_owned()],
        roles: vec!["clerk".to_owned()],
        when: None,
    });
    let next = Law::new(&next).unwrap();
    let recorder = all().redact("subject.id").unwrap();
    let desk = recording(live.clone(), &recorder);
    let jobs = ["j-1", "j-2"].map(|id| Subject::new("pazar", "firm-1", "job", id).unwrap());
    for job in &jobs {
        let (owner, key) = (user("owner-1"), job.to_string());
        block_on(desk.hos.open_subject(&owner, job, Default::default(), key)).unwrap();
    }
    let command = Command::new(&user("owner-1"), &jobs[0], "give");
    block_on(desk.hos.transition(&command.and(&jobs[1], "finish").key("both"))).unwrap();
    let record = recorder.take(9).pop().unwrap();
    assert_eq!(record.ability, "job.give");
    let mut replay = Replay::new(&live, &next);
    for _ in 0..2 {
        assert_eq!(replay.add(&record), ReplayOutcome::Unchanged);
    }
    let told: Vec<_> = replay.report().evidence.iter().collect();
    assert_eq!(told, [(&"job.finish".to_owned(), &2), (&"job.open".to_owned(), &0)]);
}

#[test]
fn what_a_migration_would_make_of_the_subject_is_judged() {
    let record = one(&all(), "clerk-1", "pay", 5);
    let map = MigrationDefinition::new("order", "1", "2").set("total", "50");
    let raised = builder("2")
        .contract(contract("1", "subject.total >= 10", "paid"))
        .contract(contract("2", "subject.total >= 10", "paid"))
        .migration(map)
        .allow("order.pay", ["clerk"])
        .build()
        .unwrap();
    assert_eq!(record.replay(&live(), &raised), ReplayOutcome::WouldAllow);
    let hidden = one(&all().redact("subject.customer").unwrap(), "clerk-1", "pay", 5);
    assert_eq!(hidden.replay(&live(), &raised), unrecorded("subject.total"));
}

#[test]
fn bags_of_an_attempt_have_their_limits_too() {
    let record = one(&all(), "clerk-1", "pay", 50).to_json();
    let many: Vec<String> = (0..100).map(|n| format!("\"a{n}\":1")).collect();
    let crowded = format!("\"wish\":{{\"facts\":{{{}}},", many.join(","));
    let crowded = record.replacen("\"wish\":{", &crowded, 1);
    assert!(matches!(DecisionRecord::from_json(&crowded), Err(RecordError::Limits("facts"))));
}

proptest! {
    /// What the candidate beside the law finds is what the records tell afterwards.
    #[test]
    fn a_replay_of_attempts_finds_what_a_trial_finds(
        live in random("1"),
        next in random("2"),
        redacts_total in any::<bool>(),
        redacts_customer in any::<bool>(),
    ) {
        let full = all();
        let mut bare = all();
        for (path, redacts) in
            [("subject.total", redacts_total), ("subject.customer", redacts_customer)]
        {
            bare = if redacts { bare.redact(path).unwrap() } else { bare };
        }
        let (one, other) = (recording(live.clone(), &full), recording(live.clone(), &bare));
        one.tries(next.clone());
        for (number, total) in [5, 50].into_iter().enumerate() {
            for actor in ["owner-1", "clerk-1", "customer-1", "stranger-1"] {
                let id = format!("o-{number}-{actor}");
                let orders = [one.order(&id, total), other.order(&id, total)];
                for action in ["pay", "settle", "reopen", "cancel"] {
                    let answered = one.does(actor, action, &orders[0]);
                    prop_assert_eq!(answered, other.does(actor, action, &orders[1]));
                }
            }
        }
        let (mut replay, mut blind) = (Replay::new(&live, &next), Replay::new(&live, &next));
        for (record, redacted) in full.take(usize::MAX).iter().zip(bare.take(usize::MAX)) {
            let wanted = replay.add(record);
            let outcome = blind.add(&redacted);
            let left_out = matches!(outcome, ReplayOutcome::NotReplayable(_));
            prop_assert!(left_out || outcome == wanted, "{outcome:?} is not {wanted:?}");
        }
        let report = replay.report();
        prop_assert_eq!(report.not_replayable.len(), 0);
        let totals = one.report().totals;
        prop_assert_eq!((report.would_allow, report.would_deny), (totals.gains, totals.losses));
    }
}
