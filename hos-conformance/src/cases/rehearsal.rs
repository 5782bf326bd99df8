//! Why can I not? Openings and records are tried: every obstacle is told, nothing is written.

use hos_core::actor::Actor;
use hos_core::command::{Opening, Record, StandingChange};
use hos_core::error::Refusal;
use hos_core::judge::Rehearsal;
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::policy::ReasonCode;
use hos_core::standing::WorldStatus;
use hos_core::time::ProofId;

use crate::case::cases;
use crate::stage::{Stage, ban, code, firm, owner, stranger, subject, tenant, viewer, world};

cases!(
    "rehearsal",
    [
        rehearsal_of_an_opening_tells_every_obstacle,
        rehearsal_of_an_opening_foretells_the_answer_and_opens_nothing,
        rehearsal_of_an_opening_in_a_closed_world_by_the_banned,
        rehearsal_of_an_opening_where_nothing_can_be,
        rehearsal_of_a_record_tells_every_obstacle,
        rehearsal_of_a_record_foretells_the_answer_and_records_nothing,
    ]
);

/// The codes of what stands in the way.
fn obstacles(rehearsal: &Rehearsal) -> Vec<&'static str> {
    let [step] = rehearsal.steps.as_slice() else { panic!("one step: {rehearsal:?}") };
    step.obstacles.iter().map(Refusal::code).collect()
}

fn told(rehearsal: &Rehearsal) -> Option<&'static str> {
    rehearsal.refusal.as_ref().map(Refusal::code)
}

async fn rehearsal_of_an_opening_tells_every_obstacle(stage: Stage) {
    let order = stage.order("o").await;
    let opening = Opening::new(&viewer(), &order)
        .attribute("customer", "")
        .attribute("total", "much")
        .attribute("colour", "red")
        .context("channel", 1);
    let rehearsal = stage.hos.rehearse_open(&opening).await.expect("a rehearsal");
    let expected = ["invalid_input", "invalid_input", "invalid_transition", "guard_failed"];
    assert_eq!(obstacles(&rehearsal), expected, "{rehearsal:?}");
    let fields = |at: usize| match &rehearsal.steps[0].obstacles[at] {
        Refusal::InvalidInput(faults) => {
            faults.iter().map(|fault| fault.field.to_string()).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(fields(0), ["context.channel"]);
    assert_eq!(fields(1), ["attributes.colour", "attributes.total"]);
    let Refusal::GuardFailed(guards) = &rehearsal.steps[0].obstacles[3] else { panic!() };
    assert_eq!(guards.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["customer_empty"]);
    assert_eq!(told(&rehearsal), Some("invalid_input"));

    // Every user is a customer, who may open; what else there is takes a role.
    let lamp = Opening::new(&stranger(), &subject("lamp", "l"));
    let rehearsal = stage.hos.rehearse_open(&lamp).await.expect("a rehearsal");
    assert_eq!((obstacles(&rehearsal), told(&rehearsal)), (vec!["denied"], Some("denied")));
    assert_eq!(rehearsal.steps[0].reasons[0].code, ReasonCode::NotGranted);
}

async fn rehearsal_of_an_opening_foretells_the_answer_and_opens_nothing(stage: Stage) {
    let opened = stage.order("o").await;
    let fresh = subject("order", "p");
    let (size, waiting) = (stage.size().await, stage.outbox().await);
    let mut permitted = 0;
    for actor in [owner(), viewer(), stranger(), Actor::service("robot").unwrap()] {
        for order in [&opened, &fresh] {
            for customer in ["", "customer-1"] {
                let opening = Opening::new(&actor, order).attribute("customer", customer);
                let rehearsal = stage.hos.rehearse_open(&opening).await.expect("a rehearsal");
                assert_eq!(obstacles(&rehearsal).is_empty(), rehearsal.refusal.is_none());
                assert_eq!(stage.size().await, size, "nothing is recorded");
                match &rehearsal.refusal {
                    None => permitted += 1,
                    Some(refusal) => {
                        assert!(rehearsal.steps[0].obstacles.contains(refusal), "{rehearsal:?}");
                        let answer = stage.hos.open(&opening.key("k")).await;
                        assert_eq!(code(answer), refusal.code());
                    }
                }
            }
        }
    }
    assert_eq!(permitted, 3, "owner, viewer and stranger open a fresh order");
    assert!(!stage.exists(&fresh).await);
    assert_eq!(stage.outbox().await, waiting);
    let opening = Opening::new(&owner(), &fresh).attribute("customer", "customer-1").key("k");
    let receipt = stage.hos.open(&opening).await.expect("what was rehearsed can be done");
    assert!(!receipt.replayed, "no key was kept");
}

async fn rehearsal_of_an_opening_in_a_closed_world_by_the_banned(stage: Stage) {
    stage.change(ban("stranger-1"), "ban").await;
    stage.change_world(StandingChange::SetWorld { status: WorldStatus::Closed }, "close").await;
    let lamp = Opening::new(&stranger(), &subject("lamp", "l"));
    let rehearsal = stage.hos.rehearse_open(&lamp).await.expect("a rehearsal");
    assert_eq!(obstacles(&rehearsal), ["world_closed", "banned", "denied"]);
    assert_eq!(told(&rehearsal), Some("world_closed"));
}

async fn rehearsal_of_an_opening_where_nothing_can_be(stage: Stage) {
    let ghost = Opening::new(&owner(), &subject("ghost", "g"));
    let rehearsal = stage.hos.rehearse_open(&ghost).await.expect("a rehearsal");
    assert_eq!(obstacles(&rehearsal), ["invalid_input"], "no such kind");
    let nowhere = hos_core::subject::Subject { tenant: tenant("firm-9"), ..subject("lamp", "l") };
    let rehearsal = stage.hos.rehearse_open(&Opening::new(&owner(), &nowhere)).await;
    let rehearsal = rehearsal.expect("a rehearsal");
    assert_eq!((obstacles(&rehearsal), told(&rehearsal)), (vec!["not_found"], Some("not_found")));
}

async fn rehearsal_of_a_record_tells_every_obstacle(stage: Stage) {
    let order = stage.order("o").await;
    let unknown = ProofId::from_bytes([0x5a; 16]);
    let record = Record::about(&viewer(), &order, "Call").corrects(unknown).context("channel", 1);
    let rehearsal = stage.hos.rehearse_record(&record).await.expect("a rehearsal");
    let expected = ["invalid_input", "invalid_input", "denied", "invalid_input"];
    assert_eq!(obstacles(&rehearsal), expected, "{rehearsal:?}");
    assert_eq!(rehearsal.steps[0].reasons[0].code, ReasonCode::NotGranted);
    assert_eq!(rehearsal.steps[0].from.as_ref().map(AsRef::as_ref), Some("pending"));
    let missing = Record::about(&owner(), &subject("order", "missing"), "call");
    let rehearsal = stage.hos.rehearse_record(&missing).await.expect("a rehearsal");
    assert_eq!((obstacles(&rehearsal), told(&rehearsal)), (vec!["not_found"], Some("not_found")));
    stage.change(ban("owner-1"), "ban").await;
    let banned = Record::about(&owner(), &order, "call");
    let rehearsal = stage.hos.rehearse_record(&banned).await.expect("a rehearsal");
    assert_eq!(
        (obstacles(&rehearsal), told(&rehearsal)),
        (vec!["banned", "denied"], Some("banned"))
    );
}

async fn rehearsal_of_a_record_foretells_the_answer_and_records_nothing(stage: Stage) {
    let (order, lamp) = (stage.order("o").await, stage.subject("lamp", "l").await);
    let first = stage.log().await.last().expect("an entry").id;
    let size = stage.size().await;
    for actor in [owner(), viewer(), stranger()] {
        let about = |kind| Record::about(&actor, &order, kind);
        let records = [
            about("call"),
            about("Call"),
            about("call").corrects(first),
            Record::about(&actor, &lamp, "call").corrects(first),
            Record::new(&actor, &world(), &firm(), "call").corrects(first),
        ];
        for (at, record) in records.into_iter().enumerate() {
            let rehearsal = stage.hos.rehearse_record(&record).await.expect("a rehearsal");
            assert_eq!(obstacles(&rehearsal).is_empty(), rehearsal.refusal.is_none());
            if let Some(refusal) = &rehearsal.refusal {
                let answer = stage.hos.record(&record.key("k")).await;
                assert_eq!(code(answer), refusal.code(), "{at} by {actor:?}");
            } else {
                assert_eq!(actor, owner());
            }
            assert_eq!(stage.size().await, size, "nothing is recorded");
        }
    }
}
