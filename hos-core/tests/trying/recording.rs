//! Recorded decisions are weighed again, and nothing is guessed.

use hos_core::actor::ActorKind;
use hos_core::command::{Activation, Opening, Record, StandingChange};
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::ActorId;
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Policy as _, Proofs as _, Query};
use hos_core::memory::MemoryStore;
use hos_core::policy::{DecisionEffect, RoleDefinition};
use hos_core::recording::{
    DecisionRecord, NotReplayable, RECORD_BYTES_MAX, RECORDS_MAX, REPLAY_EXAMPLES_MAX, RecordError,
    Recorder, Replay, ReplayOutcome,
};
use hos_core::standing::Mode;
use hos_core::value::Type;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use crate::desk::{Desk, block_on, builder, contract, live, random, tenant, user, world};

fn recording(law: Law, recorder: &Recorder) -> Desk {
    Desk::with(law, HosOptions::default().recorder(recorder))
}

fn all() -> Recorder {
    Recorder::one_in(1).unwrap().reveal("actor.id").unwrap().reveal("subject.id").unwrap()
}

/// One decision about an order of 50, recorded.
fn one(law: Law, recorder: &Recorder, actor: &str, ability: &str) -> DecisionRecord {
    let desk = recording(law, recorder);
    let order = desk.order("o", 50);
    desk.asks(actor, ability, &order);
    recorder.take(2).pop().unwrap()
}

fn next(law: impl FnOnce(hos_core::law::LawBuilder) -> hos_core::law::LawBuilder) -> Law {
    law(builder("2").contract(contract("1", "subject.total >= 10", "paid"))).build().unwrap()
}

#[test]
fn a_decision_is_recorded_with_all_that_it_was_made_upon() {
    let record = one(live(), &all(), "customer-1", "order.cancel");
    assert_eq!(record.policy_digest, live().digest());
    assert_eq!((record.effect, record.was_allowed()), (DecisionEffect::Allow, true));
    assert_eq!(record.actor.as_ref().unwrap().as_str(), "customer-1");
    let subject = record.subject.as_ref().unwrap();
    assert_eq!((subject.kind.as_str(), subject.state.as_str()), ("order", "pending"));
    assert_eq!(subject.attributes.iter().len(), 2);
    let read = DecisionRecord::from_json(&record.to_json()).unwrap();
    assert_eq!(read, record);
}

#[test]
fn one_in_so_many_is_kept_and_what_has_no_room_is_counted() {
    assert!(Recorder::one_in(0).is_err());
    let recorder = Recorder::one_in(10).unwrap();
    let desk = recording(live(), &recorder);
    let order = desk.order("o", 50);
    assert_eq!(recorder.take(2).len(), 1, "the opening");
    for _ in 0..100 {
        desk.asks("clerk-1", "order.pay", &order);
    }
    assert_eq!((recorder.take(4).len(), recorder.take(100).len()), (4, 6));

    let recorder = all();
    let desk = recording(live(), &recorder);
    let query = Query::in_tenant(&user("clerk-1"), "order.pay", &world(), &tenant("firm-1"));
    let queries = vec![query; 1_000];
    for _ in 0..=RECORDS_MAX / 1_000 {
        assert!(block_on(desk.hos.can_all(&queries)).iter().all(Result::is_ok));
    }
    let seen = (RECORDS_MAX / 1_000 + 1) * 1_000;
    let dropped = usize::try_from(recorder.dropped()).unwrap();
    assert!(dropped > 0);
    assert_eq!(recorder.take(usize::MAX).len() + dropped, seen);
    desk.asks("clerk-1", "order.pay", &desk.order("o", 50));
    assert_eq!(recorder.take(usize::MAX).len(), 2, "there is room again");
}

#[test]
fn who_asks_the_same_in_turn_is_kept_with_each_of_the_questions() {
    let recorder = Recorder::one_in(100).unwrap().reveal("actor.id").unwrap();
    let desk = recording(live(), &recorder);
    let asked = |n: u32| {
        Query::in_tenant(&user(&format!("a-{n}")), "order.pay", &world(), &tenant("firm-1"))
    };
    let page: Vec<Query> = (0..20).map(asked).collect();
    for _ in 0..1_000 {
        assert!(block_on(desk.hos.can_all(&page)).iter().all(Result::is_ok));
    }
    let kept = recorder.take(usize::MAX);
    assert_eq!(kept.len(), 200);
    let of = |n: u32| {
        let name = format!("a-{n}");
        kept.iter().filter(|kept| kept.actor.as_ref().is_some_and(|id| *id == *name)).count()
    };
    let fewest = (0..20).map(of).min();
    assert!(fewest >= Some(3), "{fewest:?}");
}

#[test]
fn what_is_off_is_not_decided_and_not_recorded() {
    let recorder = all();
    let desk = recording(live(), &recorder);
    let order = desk.order("o", 50);
    assert_eq!(recorder.take(2).len(), 1, "the opening");
    desk.change("firm-1", StandingChange::SetMode { ability: None, mode: Some(Mode::Off) });
    assert!(desk.asks("stranger-1", "order.pay", &order));
    assert_eq!(recorder.take(1), []);
    let mode = Some(Mode::Shadow);
    desk.change("firm-1", StandingChange::SetMode { ability: None, mode });
    assert!(desk.asks("stranger-1", "order.pay", &order));
    assert!(!recorder.take(1).pop().unwrap().was_allowed(), "the mode let it through");
}

#[test]
fn what_is_redacted_is_gone_and_never_guessed() {
    let recorder = || {
        let recorder = all().redact("subject.customer").unwrap().redact("actor.id").unwrap();
        recorder.redact("subject.id").unwrap()
    };
    let record = one(live(), &recorder(), "customer-1", "order.cancel");
    let text = record.to_json();
    assert!(!text.contains("customer-1") && !text.contains("\"o\""), "{text}");
    let unrecorded = ReplayOutcome::NotReplayable(NotReplayable::Unrecorded(vec![
        "actor.id".to_owned(),
        "subject.customer".to_owned(),
    ]));
    assert_eq!(record.replay(&live(), &live()), unrecorded);
    let open = next(|law| law.allow("order.cancel", ["customer"]));
    assert_eq!(record.replay(&live(), &open), ReplayOutcome::Unchanged);
    let shut = next(|law| law.forbid("order.cancel", ["customer"]));
    assert_eq!(record.replay(&live(), &shut), ReplayOutcome::WouldDeny);
    let either = next(|law| {
        law.allow("order.cancel", ["customer"]).forbid_if(
            "order.cancel",
            ["customer"],
            "subject.customer == 'x'",
        )
    });
    assert!(matches!(record.replay(&live(), &either), ReplayOutcome::NotReplayable(_)));
    assert!(all().redact("customer").is_err());
    for told in ["subject.state", "subject.tenant", "subject.revision", "actor.kind"] {
        assert!(all().redact(told).is_err(), "{told} stands in every record");
    }
}

#[test]
fn ids_are_left_out_unless_they_are_revealed() {
    let record = one(live(), &Recorder::one_in(1).unwrap(), "clerk-1", "order.pay");
    let text = record.to_json();
    assert!(!text.contains("clerk-1") && !text.contains("\"o\""), "{text}");
    assert_eq!(record.replay(&live(), &live()), ReplayOutcome::Unchanged);
    assert!(all().reveal("actor.id").is_err(), "it is revealed already");
    assert!(all().reveal("subject.total").is_err(), "it was never left out");
}

#[test]
fn what_is_to_be_left_out_stands_in_a_law() {
    let misspelt = all().redact("subject.custmer").unwrap();
    let options = HosOptions::default().recorder(&misspelt);
    let opened = block_on(Hos::open_with([live()], MemoryStore::new(), options));
    assert!(opened.unwrap_err().to_string().contains("`subject.custmer`"));
    let desk = recording(live(), &all().redact("subject.customer").unwrap());
    let renamed = Law::builder("pazar", "2").roles([RoleDefinition::superuser("root")]);
    let activation = Activation::new(&user("root"), renamed.build().unwrap()).key("a");
    let refused = block_on(desk.hos.activate(&activation)).unwrap_err();
    assert!(refused.to_string().contains("`subject.customer`"), "{refused}");
    for path in ["input.x", "facts.x", "context.x", "actor.x"] {
        let options = HosOptions::default().recorder(&all().redact(path).unwrap());
        let opened = block_on(Hos::open_with([live()], MemoryStore::new(), options));
        assert!(opened.is_err(), "{path}");
    }
}

#[test]
fn beginnings_and_records_are_kept_and_replayed() {
    let recorder = all();
    let desk = recording(live(), &recorder);
    let order = desk.order("o", 50);
    let record = Record::about(&user("root"), &order, "call").key("r");
    block_on(desk.hos.record(&record)).unwrap();
    let opening = Opening::new(&user("clerk-1"), &crate::desk::order("p"));
    let opening = opening.attribute("customer", "c").attribute("total", 5).key("p");
    assert!(block_on(desk.hos.open(&opening)).is_err());
    let kept = recorder.take(9);
    let told: Vec<_> =
        kept.iter().map(|kept| (kept.ability.as_str(), kept.was_allowed())).collect();
    let wanted = [("order.create", true), ("hos.record", true), ("order.create", false)];
    assert_eq!(told, wanted);
    let open = next(|law| law.allow_if("order.create", ["clerk"], "subject.total < 10"));
    let outcomes: Vec<_> = kept.iter().map(|kept| kept.replay(&live(), &open)).collect();
    let unchanged = ReplayOutcome::Unchanged;
    assert_eq!(outcomes, [unchanged.clone(), unchanged, ReplayOutcome::WouldAllow]);
}

#[test]
fn what_the_deciding_law_did_not_declare_was_not_recorded() {
    let record = one(live(), &all(), "clerk-1", "order.pay");
    let asks = |condition: &str| {
        next(|law| {
            law.context("channel", Type::String).claim("verified", Type::Bool).allow_if(
                "order.pay",
                ["clerk"],
                condition,
            )
        })
    };
    for condition in ["context.channel == 'web'", "has(context.channel)", "actor.verified"] {
        let outcome = record.replay(&live(), &asks(condition));
        assert!(matches!(outcome, ReplayOutcome::NotReplayable(_)), "{condition}: {outcome:?}");
    }
    let outcome = record.replay(&live(), &asks("subject.total > 50"));
    assert_eq!(outcome, ReplayOutcome::WouldDeny);
}

#[test]
fn records_of_another_law_or_world_are_left_out() {
    let record = one(live(), &all(), "clerk-1", "order.pay");
    let other = next(|law| law);
    let left_out = ReplayOutcome::NotReplayable(NotReplayable::OtherLaw);
    assert_eq!(record.replay(&other, &live()), left_out);
    let elsewhere =
        Law::builder("annex", "1").roles([RoleDefinition::implicit("customer", ActorKind::User)]);
    assert_eq!(record.replay(&live(), &elsewhere.build().unwrap()), left_out);
    let forged = DecisionRecord { ability: "order.nothing".to_owned(), ..record };
    assert_eq!(forged.replay(&live(), &live()), left_out);
}

#[test]
fn a_ban_binds_under_every_law() {
    let recorder = all();
    let desk = recording(live(), &recorder);
    let target = ActorId::new("clerk-1").unwrap();
    desk.change("firm-1", StandingChange::Ban { target, reason: "for a test".to_owned() });
    let order = desk.order("o", 50);
    assert!(!desk.asks("clerk-1", "order.pay", &order));
    let record = recorder.take(9).pop().unwrap();
    let open = next(|law| law.allow("order.pay", ["clerk"]));
    assert_eq!(record.replay(&live(), &open), ReplayOutcome::Unchanged);
}

#[test]
fn lines_are_counted_and_bad_ones_told() {
    let candidate = next(|law| law.allow("order.cancel", ["clerk"]));
    let live = live();
    let mut replay = Replay::new(&live, &candidate);
    let cancel = one(live.clone(), &all(), "clerk-1", "order.cancel").to_json();
    let pay = one(live.clone(), &all(), "clerk-1", "order.pay").to_json();
    for _ in 0..100 {
        assert_eq!(replay.add_json(&cancel), ReplayOutcome::WouldAllow);
    }
    assert_eq!(replay.add_json(&pay), ReplayOutcome::WouldDeny);
    for line in ["", "{}", "null", &cancel[..cancel.len() - 1], &cancel.replace("at", "when")] {
        replay.add_json(line);
    }
    let report = replay.report();
    assert_eq!((report.would_allow, report.would_deny, report.unchanged), (100, 1, 0));
    assert_eq!(report.not_replayable["the line is no record"], 5);
    assert_eq!(report.abilities["order.cancel"], (100, 0));
    assert_eq!(report.newly_allowed.len(), REPLAY_EXAMPLES_MAX);
    assert_eq!(report.newly_denied.len(), 1);

    let long = " ".repeat(RECORD_BYTES_MAX + 1);
    assert!(matches!(DecisionRecord::from_json(&long), Err(RecordError::TooLong(_))));
    let many: Vec<String> = (0..100).map(|n| format!("\"a{n}\":1")).collect();
    let claims = format!("{{\"claims\":{{{}}},", many.join(","));
    let crowded = cancel.replacen('{', &claims, 1);
    assert!(matches!(DecisionRecord::from_json(&crowded), Err(RecordError::Limits("claims"))));
}

proptest! {
    #[test]
    fn a_replay_says_what_the_candidate_would_have_said(
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
        let then = Desk::new(next.clone());
        let (first, second, third) =
            (one.order("o", 50), other.order("o", 50), then.order("o", 50));
        let _openings = (full.take(9), bare.take(9));
        for actor in ["owner-1", "clerk-1", "customer-1", "stranger-1"] {
            for ability in ["order.pay", "order.cancel", "order.settle"] {
                let was = one.asks(actor, ability, &first);
                other.asks(actor, ability, &second);
                let wanted = match (was, then.asks(actor, ability, &third)) {
                    (false, true) => ReplayOutcome::WouldAllow,
                    (true, false) => ReplayOutcome::WouldDeny,
                    _ => ReplayOutcome::Unchanged,
                };
                let record = full.take(1).pop().unwrap();
                prop_assert_eq!(&record.replay(&live, &next), &wanted);
                let redacted = bare.take(1).pop().unwrap().replay(&live, &next);
                let left_out = matches!(redacted, ReplayOutcome::NotReplayable(_));
                prop_assert!(left_out || redacted == wanted, "{redacted:?} is not {wanted:?}");
                prop_assert!(!left_out || redacts_total || redacts_customer);
            }
        }
    }
}
