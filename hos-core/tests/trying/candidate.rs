//! A candidate beside the law in force: what is found, and what it never touches.

use std::collections::BTreeSet;
use std::time::Duration;

use hos_core::candidate::{
    CAUSES_EACH_MAX, CAUSES_SAMPLED_EVERY, Candidate, Direction, DivergenceCount, DivergenceReport,
    EXAMPLES_MAX, EXAMPLES_OF_ABILITY_MAX, Example, LINES_MAX, Side,
};
use hos_core::command::{Activation, Command, StandingChange};
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Policy as _, Proofs as _, Query};
use hos_core::standing::Mode;
use hos_core::subject::Subject;
use proptest::prelude::proptest;

use crate::desk::{Desk, block_on, builder, contract, live, random, tenant, user, world};

const DAY: Duration = Duration::from_secs(86_400);

fn count(gains: u64, losses: u64, others: u64) -> DivergenceCount {
    DivergenceCount { gains, losses, others }
}

#[test]
fn a_law_never_parts_from_itself() {
    let desk = Desk::new(live());
    let order = desk.order("o", 5);
    desk.tries(live());
    assert!(desk.asks("customer-1", "order.cancel", &order));
    assert!(!desk.asks("stranger-1", "order.pay", &order));
    assert_eq!(desk.does("clerk-1", "pay", &order), Err("guard_failed"));
    assert_eq!(desk.does("clerk-1", "cancel", &order), Err("denied"));
    assert_eq!(desk.does("owner-1", "settle", &order), Ok(()));
    let report = desk.report();
    assert_eq!((report.judged, report.totals, report.errors), (5, count(0, 0, 0), 0));
    assert!(report.abilities.is_empty() && report.examples.is_empty());
}

#[test]
fn who_gains_and_who_loses_is_told_with_its_cause() {
    let desk = Desk::new(live());
    let order = desk.order("o", 50);
    let next = builder("2")
        .contract(contract("1", "subject.total >= 10", "paid"))
        .allow("order.cancel", ["clerk"])
        .allow("order.pay", ["clerk"])
        .forbid_if("order.pay", ["clerk"], "subject.total > 20");
    desk.tries(next.build().unwrap());
    assert!(!desk.asks("clerk-1", "order.cancel", &order), "the answer is the live law's");
    assert!(desk.asks("customer-1", "order.cancel", &order));
    assert!(desk.asks("clerk-1", "order.pay", &order));
    assert!(desk.asks("owner-1", "order.pay", &order), "a forbid of the clerk alone");
    let report = desk.report();
    assert_eq!((report.judged, report.totals), (4, count(1, 2, 0)));
    assert_eq!(report.abilities["order.cancel"], count(1, 1, 0));
    assert_eq!(report.abilities["order.pay"], count(0, 1, 0));
    assert_eq!(report.tenants["firm-1"], count(1, 2, 0));
    assert_eq!(report.roles["clerk"], count(1, 1, 0));
    let told: Vec<(Direction, &str, &str, &str)> = report
        .examples
        .iter()
        .map(|e| (e.direction, e.ability.as_str(), e.live.as_str(), e.candidate.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Direction::Gains, "order.cancel", "deny", "allow"),
            (Direction::Loses, "order.cancel", "allow", "deny"),
            (Direction::Loses, "order.pay", "allow", "deny"),
        ]
    );
    let causes = |at: usize| {
        let causes = report.examples[at].causes.iter();
        causes.map(|c| (c.side, c.code.as_str(), c.rule.as_str())).collect::<Vec<_>>()
    };
    assert!(causes(0).contains(&(Side::Candidate, "permitted", "permit order.cancel")));
    assert!(causes(1).contains(&(Side::Live, "permitted", "permit order.cancel")));
    assert!(causes(2).contains(&(Side::Candidate, "forbidden", "forbid order.pay")));
    assert_eq!(report.examples[0].subject, "order:o");
    assert_eq!(report.examples[0].actor, "clerk-1");
}

#[test]
fn transitions_are_tried_with_their_guards_and_contracts() {
    let desk = Desk::new(live());
    let (poor, rich) = (desk.order("poor", 5), desk.order("rich", 50));
    let huge = desk.order("huge", 500);
    let next = builder("2")
        .contract(contract("1", "subject.total >= 10", "paid"))
        .contract(contract("2", "subject.total < 100", "settled"))
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .allow("order.pay", ["clerk"]);
    desk.tries(next.build().unwrap());
    assert_eq!(desk.does("clerk-1", "pay", &poor), Err("guard_failed"));
    assert_eq!(desk.does("clerk-1", "pay", &rich), Ok(()));
    assert_eq!(desk.does("clerk-1", "pay", &huge), Ok(()));
    assert_eq!(desk.does("owner-1", "cancel", &huge), Ok(()));
    assert_eq!(desk.does("owner-1", "pay", &huge), Err("terminal_state"));
    let report = desk.report();
    assert_eq!((report.judged, report.totals), (5, count(1, 1, 1)));
    let told: Vec<_> =
        report.examples.iter().map(|e| (e.live.as_str(), e.candidate.as_str())).collect();
    let wanted =
        [("guard_failed", "moved"), ("moved", "guard_failed"), ("moved", "moved_otherwise")];
    assert_eq!(told, wanted);
    let guard = |at: usize| {
        let cause = report.examples[at].causes.last().unwrap();
        (cause.side, cause.code.as_str(), cause.rule.as_str())
    };
    assert_eq!(guard(0), (Side::Live, "guard_failed", "enough"));
    assert_eq!(guard(1), (Side::Candidate, "guard_failed", "enough"));
    let situation = block_on(desk.hos.situation(&rich)).unwrap().unwrap();
    assert_eq!((situation.snapshot.state.as_str(), situation.snapshot.contract.as_str()), {
        ("paid", "1")
    });
}

#[test]
fn changes_of_standing_and_of_the_law_are_tried_by_policy() {
    let desk = Desk::new(live());
    let next = builder("2")
        .contract(contract("1", "subject.total >= 10", "paid"))
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .allow("order.pay", ["clerk"])
        .allow("hos.law", ["customer"])
        .forbid("hos.tenant", ["root"]);
    desk.tries(next.build().unwrap());
    desk.change("firm-2", StandingChange::AddTenant);
    let other = builder("3").contract(contract("1", "subject.total >= 10", "paid"));
    let activation = Activation::new(&user("stranger-1"), other.build().unwrap()).key("a");
    assert!(block_on(desk.hos.activate(&activation)).is_err());
    let report = desk.report();
    assert_eq!((report.judged, report.weighed, report.errors), (2, 2, 0));
    assert_eq!(report.abilities["hos.tenant"], count(0, 1, 0));
    assert_eq!(report.abilities["hos.law"], count(1, 0, 0));
    assert_eq!(report.tenants["firm-2"], count(0, 1, 0));
    assert_eq!(desk.hos.decision_counts(&world())["hos.law"].denied, 1);
}

#[test]
fn a_step_that_nobody_expects_is_told_of_a_compound_command() {
    let desk = Desk::new(live());
    let (one, two) = (desk.order("one", 50), desk.order("two", 50));
    let next = builder("2")
        .contract(contract("1", "subject.total >= 10", "paid"))
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .forbid("order.pay", ["owner"])
        .forbid("order.settle", ["owner"]);
    desk.hos.set_candidate(&Candidate::new(next.build().unwrap()).expect("order.pay")).unwrap();
    let command = Command::new(&user("owner-1"), &one, "pay").and(&two, "settle").key("k");
    block_on(desk.hos.transition(&command)).unwrap();
    let report = desk.report();
    assert_eq!((report.totals, report.unexpected), (count(0, 1, 0), count(0, 1, 0)));
    assert_eq!(report.examples[0].ability, "order.settle");
    assert_eq!(report.examples[0].subject, "order:two");
    assert_eq!(report.evidence["order.pay"], 1, "each step is evidence");
}

#[test]
fn a_batch_is_tried_as_single_commands_are() {
    let desk = Desk::new(live());
    let orders: Vec<Subject> = (0..4).map(|n| desk.order(&format!("o{n}"), 50)).collect();
    let next = builder("2").contract(contract("1", "subject.total >= 10", "paid"));
    desk.tries(next.build().unwrap());
    let commands: Vec<Command> = orders
        .iter()
        .map(|order| Command::new(&user("clerk-1"), order, "pay").key(order.to_string()))
        .collect();
    assert!(block_on(desk.hos.transition_all(&commands)).iter().all(Result::is_ok));
    assert_eq!(desk.report().abilities["order.pay"], count(0, 4, 0));
    assert!(block_on(desk.hos.transition_all(&commands)).iter().all(Result::is_ok));
    assert_eq!(desk.report().totals, count(0, 4, 0), "a replay is no judgement");
}

#[test]
fn enforcing_what_is_in_shadow_is_tried_with_the_law_itself() {
    let desk = Desk::new(live());
    let order = desk.order("o", 50);
    let mode = StandingChange::SetMode { ability: None, mode: Some(Mode::Shadow) };
    desk.change("firm-1", mode);
    desk.tries(live());
    assert!(desk.asks("clerk-1", "order.pay", &order));
    assert!(desk.asks("stranger-1", "order.pay", &order), "the mode lets it through");
    assert_eq!(desk.does("stranger-1", "pay", &order), Ok(()));
    let report = desk.report();
    assert_eq!((report.judged, report.totals), (3, count(0, 2, 0)));
    assert_eq!(report.examples[0].live, "shadow");
    assert_eq!((report.examples[1].live.as_str(), report.examples[1].candidate.as_str()), {
        ("moved", "not_found")
    });
}

#[test]
fn an_ability_that_the_candidate_lacks_is_lost() {
    let desk = Desk::new(
        builder("1")
            .ability("shop.open")
            .allow("shop.open", ["owner"])
            .contract(contract("1", "subject.total >= 10", "paid"))
            .build()
            .unwrap(),
    );
    desk.tries(live());
    let query = Query::in_tenant(&user("owner-1"), "shop.open", &world(), &tenant("firm-1"));
    assert!(block_on(desk.hos.can(&query)).unwrap().permits());
    assert_eq!(desk.report().examples[0].candidate, "unknown_ability");
}

#[test]
fn what_the_candidate_does_not_take_in_is_lost() {
    let base = || builder("1").contract(contract("1", "subject.total >= 10", "paid"));
    let live = base().context("channel", hos_core::value::Type::String);
    let desk = Desk::new(live.allow("order.pay", ["clerk"]).build().unwrap());
    let order = desk.order("o", 50);
    let next = builder("2").contract(contract("1", "subject.total >= 10", "paid"));
    desk.tries(next.allow("order.pay", ["clerk"]).build().unwrap());
    let query = Query::new(&user("clerk-1"), "order.pay", &order).context("channel", "web");
    assert!(block_on(desk.hos.can(&query)).unwrap().permits());
    let command = Command::new(&user("clerk-1"), &order, "pay").context("channel", "web");
    assert!(block_on(desk.hos.transition(&command.clone().key("k"))).is_ok());
    assert!(block_on(desk.hos.transition(&command)).is_err(), "no key: nobody's fault");
    let report = desk.report();
    assert_eq!(report.totals, count(0, 2, 0));
    assert!(report.examples.iter().all(|example| example.candidate == "invalid_input"));
}

#[test]
fn what_is_kept_is_bounded_and_what_is_counted_is_exact() {
    let desk = Desk::new(live());
    let next = builder("2").contract(contract("1", "subject.total >= 10", "paid"));
    desk.tries(next.allow("order.pay", ["customer"]).build().unwrap());
    let many = u64::try_from(LINES_MAX).unwrap() + 200;
    for n in 0..many {
        let name = format!("t{n}");
        desk.change(&name, StandingChange::AddTenant);
        let actor = user("somebody");
        let query = Query::in_tenant(&actor, "order.pay", &world(), &tenant(&name));
        for _ in 0..2 {
            assert!(!block_on(desk.hos.can(&query)).unwrap().permits());
        }
    }
    let report = desk.report();
    assert_eq!(report.totals, count(2 * many, 0, 0));
    assert_eq!((report.tenants.len(), report.unlisted), (LINES_MAX, 400));
    assert!(report.tenants.values().all(|line| *line == count(2, 0, 0)));
    assert_eq!(u64::try_from(report.examples.len()).unwrap(), EXAMPLES_OF_ABILITY_MAX);
    for (_, line) in &report.causes {
        assert!(line.gains.abs_diff(2 * many) < CAUSES_SAMPLED_EVERY, "told of all: {line:?}");
    }
    let both = report.clone().and(&DivergenceReport {
        tenants: (0..2_000).map(|n| (format!("x{n}"), count(1, 0, 0))).collect(),
        ..report
    });
    let both = both.unwrap();
    assert_eq!(both.totals, count(4 * many, 0, 0));
    assert_eq!((both.tenants.len(), both.unlisted), (LINES_MAX, 2_000 + 800));
}

#[test]
fn a_gain_is_shown_however_many_losses_came_first() {
    let many = EXAMPLES_MAX / usize::try_from(EXAMPLES_OF_ABILITY_MAX).unwrap() + 2;
    let lost: Vec<String> = (0..many).map(|n| format!("shop.lost_{n}")).collect();
    let law = |version| {
        let law = builder(version).contract(contract("1", "subject.total >= 10", "paid"));
        lost.iter().fold(law.ability("shop.gained"), |law, ability| law.ability(ability))
    };
    let desk = Desk::new(law("1").allow("shop.*", ["clerk"]).build().unwrap());
    desk.tries(law("2").allow("shop.gained", ["owner"]).build().unwrap());
    let asks = |actor: &str, ability: &str| {
        let query = Query::in_tenant(&user(actor), ability, &world(), &tenant("firm-1"));
        for _ in 0..EXAMPLES_OF_ABILITY_MAX {
            block_on(desk.hos.can(&query)).unwrap();
        }
    };
    let shown = |direction: Direction| {
        let report = desk.report();
        assert!(report.examples.len() <= EXAMPLES_MAX);
        let shown = report.examples.into_iter().filter(|example| example.direction == direction);
        shown.map(|example| example.ability).collect::<Vec<_>>()
    };
    lost.iter().for_each(|ability| asks("clerk-1", ability));
    assert_eq!(shown(Direction::Loses).len(), EXAMPLES_MAX);
    let every = |shown: &[String]| lost.iter().all(|ability| shown.contains(ability));
    assert!(every(&shown(Direction::Loses)), "the last has one too");
    asks("owner-1", "shop.gained");
    assert!(shown(Direction::Gains).contains(&"shop.gained".to_owned()));
    let losses = shown(Direction::Loses);
    assert!(every(&losses) && losses.len() < EXAMPLES_MAX, "each still has one");

    let mut gains = desk.report().examples;
    gains.retain(|example| example.direction == Direction::Gains);
    let of = |n: usize| {
        gains.iter().cloned().map(move |gain| Example { ability: format!("shop.more_{n}"), ..gain })
    };
    let gains = (0..many).flat_map(of);
    let gains = DivergenceReport { examples: gains.collect(), ..desk.report() };
    let both = desk.report().and(&gains).unwrap().examples;
    let [gained, lost] = [Direction::Gains, Direction::Loses].map(|direction| {
        let one = both.iter().filter(|example| example.direction == direction);
        one.map(|example| example.ability.clone()).collect::<Vec<_>>()
    });
    assert!(every(&lost) && gained.iter().collect::<BTreeSet<_>>().len() == many + 1);
    assert_eq!(both.len(), EXAMPLES_MAX);
}

#[test]
fn what_is_rare_is_told_beside_what_is_frequent() {
    let desk = Desk::new(live());
    let order = desk.order("o", 50);
    let next = builder("2").contract(contract("1", "subject.total >= 10", "paid"));
    let next = next.allow_if("order.pay", ["customer"], "subject.customer != 'nobody'");
    let next = next.forbid_if("order.pay", ["owner"], "subject.total == 50");
    desk.tries(next.allow("order.pay", ["clerk"]).build().unwrap());
    let frequent = CAUSES_EACH_MAX + 10 * CAUSES_SAMPLED_EVERY;
    for _ in 0..frequent {
        assert!(!desk.asks("stranger-1", "order.pay", &order));
    }
    assert!(desk.asks("owner-1", "order.pay", &order));
    let report = desk.report();
    assert_eq!(report.totals, count(frequent, 1, 0));
    assert_eq!(report.roles.get("owner"), Some(&count(0, 1, 0)));
    let told = |rule: &str| report.causes.iter().any(|(cause, _)| cause.rule.contains(rule));
    assert!(told("forbid"), "{:?}", report.causes);
    let permitted = report.causes.iter().filter(|(cause, _)| cause.code == "permitted");
    let permitted: Vec<_> = permitted.map(|(_, line)| line.gains).collect();
    assert_eq!(permitted, [frequent], "each of the first, and one for all of a block");
}

#[test]
fn reports_add_up_and_survive_as_json() {
    let desk = Desk::new(live());
    let order = desk.order("o", 50);
    let next = builder("2").contract(contract("1", "subject.total >= 10", "paid"));
    desk.tries(next.build().unwrap());
    assert!(desk.asks("clerk-1", "order.pay", &order));
    let one = desk.report();
    desk.clock.advance(DAY);
    assert!(desk.asks("customer-1", "order.cancel", &order));
    let two = desk.report();
    let both = one.clone().and(&two).unwrap();
    assert_eq!((both.judged, both.totals), (3, count(0, 3, 0)));
    assert_eq!((both.since, both.at), (one.since, two.at));
    assert_eq!(both.abilities["order.pay"], count(0, 2, 0));
    let text = serde_json::to_string(&both).unwrap();
    assert_eq!(serde_json::from_str::<DivergenceReport>(&text).unwrap(), both);
    desk.tries(live());
    assert_eq!(one.and(&desk.report()), None, "about another candidate");
}

#[test]
fn a_candidate_is_of_a_known_world_and_ends_with_the_law_beside_it() {
    let desk = Desk::new(live());
    assert_eq!(desk.hos.divergences(&world()), None);
    let elsewhere = Law::builder("annex", "1").build().unwrap();
    let refused = desk.hos.set_candidate(&Candidate::new(elsewhere)).unwrap_err();
    assert_eq!(refused.refusal().unwrap().code(), "invalid_world");
    let misspelt = Candidate::new(live()).expect("order.refnd").expect("order.pay");
    let refused = desk.hos.set_candidate(&misspelt).unwrap_err();
    assert!(refused.to_string().contains("`order.refnd` is not known"), "{refused}");
    let next = builder("2").contract(contract("1", "subject.total >= 10", "paid"));
    let next = next.build().unwrap();
    desk.tries(next.clone());
    let began = desk.report().since;
    let activation = Activation::new(&user("root"), next).key("a");
    block_on(desk.hos.activate(&activation)).unwrap();
    assert_eq!(desk.hos.divergences(&world()), None);
    desk.clock.advance(DAY);
    let kept = desk.hos.remove_candidate(&world()).unwrap();
    assert_eq!((kept.at, kept.since), (began, began), "what it found is not lost; it ended then");
    desk.tries(live());
    assert!(desk.hos.remove_candidate(&world()).is_some());
    assert_eq!(desk.hos.remove_candidate(&world()), None);
}

#[test]
fn nothing_of_a_candidate_reaches_the_log() {
    let desk = Desk::new(live());
    let before = block_on(desk.hos.head(&world(), &tenant("firm-1"))).unwrap();
    let next = builder("2").contract(contract("1", "subject.total >= 10", "paid"));
    desk.tries(next.critical(["order.pay"]).build().unwrap());
    let order = desk.order("o", 50);
    desk.asks("clerk-1", "order.pay", &order);
    assert_eq!(desk.does("customer-1", "pay", &order), Err("not_found"));
    let after = block_on(desk.hos.head(&world(), &tenant("firm-1"))).unwrap();
    assert_eq!(after.size, before.size + 1, "the opening alone");
}

proptest! {
    #[test]
    fn every_divergence_is_found_and_no_other(live in random("1"), next in random("2")) {
        let desk = Desk::new(live);
        let others = Desk::new(next.clone());
        desk.tries(next);
        let mut expected = DivergenceCount::default();
        for total in [5, 50] {
            let subject = desk.order(&format!("o{total}"), total);
            others.order(&format!("o{total}"), total);
            for actor in ["owner-1", "clerk-1", "customer-1", "stranger-1"] {
                for ability in ["order.pay", "order.cancel", "order.settle"] {
                    let now = desk.asks(actor, ability, &subject);
                    let then = others.asks(actor, ability, &subject);
                    expected.gains += u64::from(!now && then);
                    expected.losses += u64::from(now && !then);
                }
            }
        }
        let totals = desk.report().totals;
        proptest::prop_assert_eq!((totals.gains, totals.losses), (expected.gains, expected.losses));
    }
}

#[test]
fn who_gains_has_an_example_though_the_losses_came_first() {
    let abilities: Vec<String> = (0..200).map(|number| format!("order.x{number}")).collect();
    let with = |version| {
        let law = builder(version).contract(contract("1", "subject.total >= 10", "paid"));
        let law = law.ability("order.read").allow("order.pay", ["clerk"]);
        abilities.iter().fold(law, |law, ability| law.ability(ability))
    };
    let desk = Desk::new(with("1").allow("order.*", ["clerk"]).build().unwrap());
    let order = desk.order("o", 5);
    desk.tries(with("2").allow("order.read", ["customer"]).build().unwrap());
    for ability in &abilities {
        for _ in 0..3 {
            desk.asks("clerk-1", ability, &order);
        }
    }
    desk.asks("stranger-1", "order.read", &order);
    let report = desk.report();
    assert_eq!(report.totals.gains, 1);
    assert_eq!(report.examples[0].direction, Direction::Gains);
}
