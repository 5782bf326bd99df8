//! Exploration finds what was planted, and says what the suite's contracts do.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use hos_core::contract::{ActionDefinition, Contract, ContractBuilder};
use hos_core::value::Type;
use hos_inspect::explore::{Exploration, ExploreError, explore};

/// Three states in a row, with an amount that is paid and a time to do it in.
fn invoice() -> ContractBuilder {
    Contract::builder("invoice", "1")
        .states(["draft", "sent", "paid"])
        .initial("draft")
        .terminal(["paid"])
        .attribute("amount", Type::Integer)
        .attribute("note", Type::String)
        .attribute("paid_at", Type::Time)
        .open("invoice.create", ["amount"])
        .open_guard("no_amount", "subject.amount >= 1")
        .action(ActionDefinition::new("send", ["draft"], "sent", "invoice.send"))
}

fn pay() -> ActionDefinition {
    ActionDefinition::new("pay", ["sent"], "paid", "invoice.pay")
        .input("amount", Type::Integer)
        .guard("other_amount", "input.amount == subject.amount")
        .set("paid_at", "now")
}

fn findings(explored: &Exploration) -> Vec<String> {
    let named = |finding: &hos_inspect::explore::Finding| {
        format!("{} {}", finding.code.as_str(), finding.about)
    };
    explored.findings().iter().map(named).collect()
}

#[track_caller]
fn explored(contract: ContractBuilder, invariants: &[&str]) -> Exploration {
    let explored = explore(&contract.build().unwrap(), invariants).unwrap();
    assert!(explored.is_exhaustive(), "{explored}");
    explored
}

#[test]
fn nothing_is_found_where_nothing_was_planted() {
    let invariants = ["subject.amount >= 1", "subject.state != 'paid' || has(subject.paid_at)"];
    let explored = explored(invoice().action(pay()), &invariants);
    assert_eq!(findings(&explored), [""; 0], "{explored}");
    assert_eq!(explored.states().len(), 3);
}

#[test]
fn an_action_that_nobody_can_do_is_found_and_what_it_alone_leads_to() {
    let never = "subject.amount < 1";
    let contract = invoice()
        .states(["lost"])
        .action(pay())
        .action(ActionDefinition::new("lose", ["sent"], "lost", "invoice.lose").guard("few", never))
        .action(ActionDefinition::new("find", ["lost"], "sent", "invoice.find"));
    let found = [
        "state_unreached state `lost`",
        "action_idle action `lose` in `sent`",
        "guard_never_holds guard `few` of `lose` in `sent`",
    ];
    assert_eq!(findings(&explored(contract, &[])), found);
}

#[test]
fn a_guard_that_never_fails_is_found() {
    let contract = invoice().action(pay().guard("some", "subject.amount > 0"));
    let found = ["guard_never_fails guard `some` of `pay` in `sent`"];
    assert_eq!(findings(&explored(contract, &[])), found);
}

#[test]
fn a_guard_that_fails_of_an_absent_attribute_is_seen_both_ways() {
    let contract = invoice().action(pay().guard("no_note", "subject.note != ''"));
    let explored = explored(contract, &[]);
    let found = ["dead_end state `sent`"];
    assert_eq!(findings(&explored), found, "{explored}");
}

#[test]
fn an_invariant_that_breaks_is_told_with_a_shortest_way_there() {
    let back = ActionDefinition::new("recall", ["sent"], "draft", "invoice.recall")
        .optional_input("amount", Type::Integer)
        .set("amount", "input.amount");
    let explored = explored(invoice().action(pay()).action(back), &["subject.amount >= 1"]);
    let broken: Vec<_> = explored.findings().iter().filter(|f| f.trace.is_some()).collect();
    assert_eq!(broken[0].about, "invariant `subject.amount >= 1`");
    let trace = broken[0].trace.as_ref().unwrap();
    let steps: Vec<&str> = trace.steps().iter().map(|step| step.action()).collect();
    assert_eq!(steps, ["open", "send", "recall"], "{trace}");
    assert!(trace.to_string().contains("input.amount = -1"), "{trace}");
}

#[test]
fn an_invariant_that_errs_does_not_hold() {
    let explored = explored(invoice().action(pay()), &["subject.note != 'x'"]);
    assert_eq!(findings(&explored), ["invariant_broken invariant `subject.note != 'x'`"]);
}

#[test]
fn an_invariant_that_breaks_while_time_passes_is_broken() {
    let contract = invoice()
        .attribute("until", Type::Time)
        .open_guard("too_late", "has(subject.until) && now < subject.until")
        .action(pay());
    let explored = explored(contract, &["now < subject.until", "has(subject.until)"]);
    assert_eq!(findings(&explored), ["invariant_broken invariant `now < subject.until`"]);
    let trace = explored.findings()[0].trace.clone().unwrap();
    assert_eq!(trace.steps().len(), 1, "{trace}");
}

#[test]
fn time_only_goes_on() {
    let contract = invoice()
        .attribute("until", Type::Time)
        .open_guard("too_late", "has(subject.until) && now < subject.until")
        .action(pay().guard("over", "now < subject.until"));
    let explored = explored(contract, &["has(subject.until)"]);
    // Whoever waits too long cannot pay any more.
    assert_eq!(findings(&explored), ["dead_end state `draft`", "dead_end state `sent`"][1..]);
    let trace = explored.findings()[0].trace.clone().unwrap();
    assert_eq!(trace.steps().last().unwrap().action(), "send", "{trace}");
}

#[test]
fn a_timer_that_its_guard_keeps_from_jobs_is_found() {
    let lapse = ActionDefinition::new("lapse", ["sent"], "paid", "invoice.lapse")
        .guard("by_hand", "actor.kind == 'user'");
    let contract = invoice().action(pay()).action(lapse);
    let contract = contract.timer("sent", Duration::from_secs(60), "lapse");
    assert_eq!(findings(&explored(contract, &[])), ["timer_idle timer `lapse` in `sent`"]);
}

#[test]
fn what_reads_the_revision_is_cut_and_said_to_be() {
    let again = ActionDefinition::new("remind", ["sent"], "sent", "invoice.remind")
        .guard("enough", "subject.revision < 1000");
    let contract = invoice().action(pay()).action(again).build().unwrap();
    let explored = explore(&contract, &[]).unwrap();
    assert!(!explored.is_exhaustive());
    assert_eq!(explored.cuts().collect::<Vec<_>>(), ["revisions over 16 are not looked at"]);
}

#[test]
fn sets_of_each_size_and_with_and_without_each_member_are_tried() {
    let contract = invoice()
        .attribute("tags", Type::StringSet)
        .attribute("owners", Type::StringSet)
        .open_guard("few", "has(subject.tags) && size(subject.tags) <= 7")
        .open_guard("no_owners", "has(subject.owners)")
        .action(
            pay()
                .guard("untagged", "size(subject.tags) >= 3")
                .guard("not_the_owner", "actor.id in subject.owners"),
        );
    let explored = explored(contract, &["size(subject.tags) != 7", "size(subject.tags) < 8"]);
    let found = ["invariant_broken invariant `size(subject.tags) != 7`", "dead_end state `sent`"];
    assert_eq!(findings(&explored), found, "{explored}");
}

#[test]
fn many_literals_are_cut_and_said_to_be() {
    let guard = (0..90).map(|at| format!("subject.amount != {}", at * 10));
    let guards = guard.collect::<Vec<_>>();
    let contract =
        guards.chunks(30).enumerate().fold(invoice().action(pay()), |contract, (at, g)| {
            contract.open_guard(&format!("amounts_{at}"), &g.join(" && "))
        });
    let explored = explore(&contract.build().unwrap(), &[]).unwrap();
    assert!(!explored.is_exhaustive(), "{explored}");
}

#[test]
fn wrong_invariants_are_refused_all_at_once() {
    let contract = invoice().action(pay()).build().unwrap();
    let refused = explore(&contract, &["subject.amount +", "true", "subject.nothing == 1"]);
    let Err(ExploreError::Invariants(faults)) = refused else { panic!("refused") };
    assert_eq!(faults.len(), 2, "{faults:?}");
}

#[test]
fn the_same_contract_is_explored_alike() {
    let contract = invoice().action(pay()).build().unwrap();
    let once = explore(&contract, &["subject.amount >= 2"]).unwrap().to_string();
    assert_eq!(once, explore(&contract, &["subject.amount >= 2"]).unwrap().to_string());
}

#[test]
fn the_suites_contracts_do_what_they_say() {
    let law = hos_conformance::law::law();
    for contract in law.contracts() {
        let (invariants, expected): (&[&str], &[&str]) = match contract.kind().as_str() {
            // Whoever opened it with a time by which it is due may miss it.
            "order" => (&["size(subject.customer) > 0"], &["dead_end state `shipped`"]),
            _ => (&[], &[]),
        };
        let explored = explore(contract, invariants).unwrap();
        assert!(explored.is_exhaustive(), "{explored}");
        assert_eq!(findings(&explored), expected, "{explored}");
    }
}
