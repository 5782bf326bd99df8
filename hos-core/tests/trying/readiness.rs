//! Whether a candidate may be enforced: every threshold, on both of its sides.

use std::time::Duration;

use hos_core::candidate::{
    Blocker, Candidate, Covered, DivergenceReport, JUDGED_BEFORE_READY, Operations,
    QUIET_BEFORE_READY, WEIGHED_BEFORE_READY,
};
use hos_core::command::Opening;
use hos_core::law::Law;
use hos_core::laws::Contracts as _;
use hos_core::policy::RoleDefinition;

use crate::desk::{Desk, block_on, builder, contract, live, order, user};

const DAY: Duration = Duration::from_secs(86_400);

fn calm() -> Operations {
    Operations {
        outbox_backlog: Some(99),
        outbox_age: Some(Duration::from_millis(299_999)),
        dead_letters: Some(0),
        p95: Some(Duration::from_micros(299_999)),
        p99: Some(Duration::from_micros(799_999)),
    }
}

fn blocked(report: &DivergenceReport, operations: &Operations) -> Vec<String> {
    let readiness = report.readiness(operations);
    assert_eq!(readiness.is_ready(), readiness.blockers().is_empty());
    let name = |blocker: &Blocker| {
        assert!(!blocker.to_string().is_empty());
        match blocker {
            Blocker::TooFewWeighed { ability, .. } => format!("few {ability}"),
            Blocker::NotMeasured { what } => format!("unmeasured {what}"),
            other => format!("{other:?}").split(' ').next().unwrap().to_owned(),
        }
    };
    readiness.blockers().iter().map(name).collect()
}

/// Differs from the law in force about `order.cancel` alone.
fn next() -> Law {
    let next = builder("2").contract(contract("1", "subject.total >= 10", "paid"));
    next.allow("order.pay", ["clerk"]).build().unwrap()
}

/// Seven quiet days with enough of everything.
fn quiet() -> (Desk, DivergenceReport) {
    let desk = Desk::new(live());
    let order = desk.order("o", 50);
    desk.tries(next());
    for _ in 0..JUDGED_BEFORE_READY {
        desk.asks("clerk-1", "order.cancel", &order);
    }
    desk.clock.advance(7 * DAY);
    let report = desk.report();
    (desk, report)
}

#[test]
fn each_threshold_of_the_running_world_is_kept_on_both_sides() {
    let (_desk, report) = quiet();
    assert_eq!(blocked(&report, &calm()), [""; 0]);
    let worse: [(Operations, &str); 5] = [
        (Operations { outbox_backlog: Some(100), ..calm() }, "OutboxBacklog"),
        (Operations { outbox_age: Some(Duration::from_secs(300)), ..calm() }, "OutboxAge"),
        (Operations { dead_letters: Some(1), ..calm() }, "DeadLetters"),
        (Operations { p95: Some(Duration::from_millis(300)), ..calm() }, "SlowP95"),
        (Operations { p99: Some(Duration::from_millis(800)), ..calm() }, "SlowP99"),
    ];
    for (operations, name) in &worse {
        assert_eq!(blocked(&report, operations), [*name]);
    }
    assert_eq!(blocked(&report, &Operations::default()).len(), worse.len(), "none was measured");
    for unmeasured in [
        Operations { outbox_backlog: None, ..calm() },
        Operations { outbox_age: None, ..calm() },
        Operations { dead_letters: None, ..calm() },
        Operations { p95: None, ..calm() },
        Operations { p99: None, ..calm() },
    ] {
        let blocked = blocked(&report, &unmeasured);
        assert!(blocked.len() == 1 && blocked[0].starts_with("unmeasured"), "{blocked:?}");
    }
}

#[test]
fn each_threshold_of_what_was_seen_is_kept_on_both_sides() {
    let (_desk, report) = quiet();
    let few = DivergenceReport { judged: JUDGED_BEFORE_READY - 1, ..report.clone() };
    assert_eq!(blocked(&few, &calm()), ["TooFewJudged"]);
    let until = report.since.after(QUIET_BEFORE_READY - Duration::from_micros(1));
    let covered = Covered::span(report.since, until);
    let short = DivergenceReport { covered, ..report.clone() };
    assert_eq!(blocked(&short, &calm()), ["TooShort"]);
    let erring = |errors| DivergenceReport { errors, weighed: 3_001, ..report.clone() };
    assert_eq!(blocked(&erring(3), &calm()), [""; 0]);
    assert_eq!(blocked(&erring(4), &calm()), ["Errors"]);
}

#[test]
fn a_changed_ability_that_was_hardly_seen_stands_in_the_way() {
    let desk = Desk::new(live());
    let order = desk.order("o", 50);
    desk.tries(next());
    for _ in 0..JUDGED_BEFORE_READY {
        desk.asks("clerk-1", "order.pay", &order);
    }
    desk.clock.advance(7 * DAY);
    let report = desk.report();
    assert_eq!((report.judged, report.weighed), (JUDGED_BEFORE_READY, 0));
    assert_eq!(report.evidence.into_iter().collect::<Vec<_>>(), [("order.cancel".to_owned(), 0)]);
    for n in 1..=WEIGHED_BEFORE_READY {
        assert_eq!(blocked(&desk.report(), &calm()), ["few order.cancel"], "before {n}");
        desk.asks("clerk-1", "order.cancel", &order);
    }
    assert_eq!(blocked(&desk.report(), &calm()), [""; 0]);
}

#[test]
fn a_role_that_nobody_named_changes_no_ability() {
    let desk = Desk::new(live());
    let same = builder("2")
        .roles([RoleDefinition::new("auditor")])
        .contract(contract("1", "subject.total >= 10", "paid"))
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .allow("order.pay", ["clerk"]);
    desk.tries(same.build().unwrap());
    assert!(desk.report().evidence.is_empty());
    let heir = builder("2")
        .roles([RoleDefinition::new("auditor").inherits("clerk")])
        .contract(contract("1", "subject.total >= 10", "paid"))
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .allow("order.pay", ["clerk"]);
    desk.tries(heir.build().unwrap());
    let evidence = desk.report().evidence;
    assert_eq!(evidence.keys().collect::<Vec<_>>(), ["order.pay"], "one more role has it");
}

#[test]
fn a_candidate_is_ready_after_seven_quiet_days() {
    let desk = Desk::new(live());
    let order = desk.order("o", 50);
    desk.tries(next());
    assert_eq!(blocked(&desk.report(), &calm()), ["TooFewJudged", "few order.cancel", "TooShort"]);
    for _ in 0..JUDGED_BEFORE_READY {
        desk.asks("clerk-1", "order.cancel", &order);
    }
    assert_eq!(blocked(&desk.report(), &calm()), ["TooShort"]);
    desk.clock.advance(7 * DAY);
    assert_eq!(blocked(&desk.report(), &calm()), [""; 0]);
    assert!(desk.asks("customer-1", "order.cancel", &order));
    assert_eq!(blocked(&desk.report(), &calm()), ["Diverged"]);
    desk.clock.advance(7 * DAY);
    assert_eq!(blocked(&desk.report(), &calm()), [""; 0], "seven days later");

    desk.hos.set_candidate(&Candidate::new(next()).expect("order.cancel")).unwrap();
    assert!(desk.asks("customer-1", "order.cancel", &order));
    let report = desk.report();
    assert_eq!((report.totals.losses, report.unexpected.total()), (1, 0));
    assert_eq!(blocked(&report, &calm()), ["TooFewJudged", "TooShort"]);
}

#[test]
fn two_short_trials_far_apart_are_not_seven_days() {
    let desk = Desk::new(live());
    let minute = Duration::from_secs(60);
    let run = |after: Duration| {
        desk.clock.advance(after);
        desk.tries(next());
        desk.clock.advance(minute);
        desk.report()
    };
    let (one, two) = (run(minute), run(8 * DAY));
    let both = one.clone().and(&two).unwrap();
    assert_eq!((both.since, both.at), (one.since, two.at));
    assert_eq!(both.covered.total(), 2 * minute);
    assert!(blocked(&both, &calm()).contains(&"TooShort".to_owned()));
    let beside = one.clone().and(&one).unwrap();
    assert_eq!(beside.covered.total(), minute, "two processes at the same time");
    desk.hos.set_candidate(&Candidate::new(next()).expect("order.cancel")).unwrap();
    assert_eq!(one.and(&desk.report()), None, "other abilities are meant to change");
}

#[test]
fn what_the_candidate_cannot_decide_stands_in_its_way() {
    let desk = Desk::new(live());
    let order = order("bare");
    let opening = Opening::new(&user("owner-1"), &order).attribute("customer", "customer-1");
    block_on(desk.hos.open(&opening.key("bare"))).unwrap();
    let next = builder("2").contract(contract("1", "subject.total >= 10", "paid"));
    let next = next.allow_if("order.pay", ["clerk"], "subject.total > 1").build().unwrap();
    desk.hos.set_candidate(&Candidate::new(next).expect("order.pay")).unwrap();
    assert!(desk.asks("clerk-1", "order.pay", &order));
    let report = desk.report();
    assert_eq!((report.errors, report.examples[0].candidate.as_str()), (1, "indeterminate"));
    let readiness = report.readiness(&calm());
    assert!(readiness.blockers().contains(&Blocker::Errors { errors: 1, weighed: 1 }));
    assert_eq!(desk.does("clerk-1", "pay", &order), Err("guard_failed"));
    assert_eq!(desk.report().errors, 2, "of a transition too");
    assert_eq!(desk.does("stranger-1", "pay", &order), Err("not_found"));
    assert_eq!(desk.report().errors, 2, "that is a plain denial");
}

#[test]
fn an_opening_that_the_candidate_cannot_decide_counts_too() {
    let desk = Desk::new(live());
    let next = builder("2").contract(contract("1", "subject.total >= 10", "paid")).forbid_if(
        "order.create",
        ["owner"],
        "subject.total > 1000",
    );
    desk.tries(next.build().unwrap());
    let opening = Opening::new(&user("owner-1"), &order("bare")).attribute("customer", "c");
    block_on(desk.hos.open(&opening.key("bare"))).unwrap();
    let report = desk.report();
    assert_eq!((report.errors, report.totals.losses), (1, 1));
}
