//! Nobody reads or infers what belongs to another tenant.

use hos_core::command::{Opening, Record, StandingCommand};
use hos_core::laws::{Contracts as _, Policy as _, Proofs as _, Query, Registry as _};
use hos_core::subject::Subject;

use crate::case::cases;
use crate::law::{OTHER_WORLD, WORLD, law, law_of};
use crate::stage::{
    FIRM, NEIGHBOUR, Stage, act, clerk, code, customer, firm, member, owner, root, stranger,
    tenant, user, world,
};

cases!(
    "tenant",
    [
        tenant_outsider_cannot_tell_existing_from_missing,
        tenant_owner_is_an_outsider_next_door,
        tenant_outsider_with_an_implicit_role_acts_on_its_own_only,
        tenant_subjects_of_one_name_are_apart,
        tenant_keys_of_one_name_are_apart,
        tenant_logs_are_apart,
        tenant_entry_is_not_found_next_door,
        tenant_history_is_empty_next_door,
        tenant_members_are_apart,
        tenant_bans_and_modes_are_apart,
        tenant_unknown_finds_nothing_by_any_call,
        tenant_change_next_door_does_not_disturb,
        tenant_replay_next_door_tells_nothing,
        tenant_worlds_are_apart,
        tenant_world_closed_leaves_the_other_open,
        tenant_messages_name_their_tenant,
        tenant_timers_of_every_tenant_fire,
    ]
);

fn next_door(kind: &str, id: &str) -> Subject {
    Subject::new(WORLD, NEIGHBOUR, kind, id).unwrap()
}

async fn open_next_door(stage: &Stage, id: &str) -> Subject {
    let order = next_door("order", id);
    let opening = Opening::new(&user("owner-2"), &order).attribute("customer", "customer-2");
    stage.hos.open(&opening.key(format!("open {id}"))).await.expect("an order opens next door");
    order
}

async fn tenant_outsider_cannot_tell_existing_from_missing(stage: Stage) {
    let order = stage.cancelled("o").await;
    let missing = crate::stage::subject("order", "missing");
    for action in ["pay", "cancel", "touch"] {
        let mut answers = Vec::new();
        for subject in [&order, &missing] {
            let refused = stage.send(&act(&stranger(), subject, action, action).seen(1)).await;
            let error = refused.unwrap_err();
            answers.push((error.refusal().unwrap().clone(), error.to_string()));
        }
        assert_eq!(answers[0], answers[1], "{action}");
        assert_eq!(answers[0].0.code(), "not_found");
    }
    let allowed = stage.hos.allowed_actions(&stranger(), &order).await.unwrap();
    assert_eq!(allowed, stage.hos.allowed_actions(&stranger(), &missing).await.unwrap());
}

async fn tenant_owner_is_an_outsider_next_door(stage: Stage) {
    let order = open_next_door(&stage, "o").await;
    assert_eq!(code(stage.send(&act(&owner(), &order, "pay", "k1")).await), "not_found");
    let query = Query::new(&owner(), "order.read", &order);
    assert!(!stage.hos.can(&query).await.unwrap().permits());
    let record = Record::about(&owner(), &order, "call").key("k2");
    assert_eq!(code(stage.hos.record(&record).await), "not_found");
    let change = member("owner-1", &["owner"]);
    let command = StandingCommand::new(&owner(), &world(), &tenant(NEIGHBOUR), change).key("k3");
    assert_eq!(code(stage.hos.change_standing(&command).await), "not_found");
    assert_eq!(stage.at(&order).await.1, 1);
}

async fn tenant_outsider_with_an_implicit_role_acts_on_its_own_only(stage: Stage) {
    let own = stage.order("own").await;
    let theirs = crate::stage::subject("order", "theirs");
    let opening = Opening::new(&owner(), &theirs).attribute("customer", "customer-2").key("k0");
    stage.hos.open(&opening).await.unwrap();
    assert_eq!(code(stage.send(&act(&customer(), &theirs, "cancel", "k1")).await), "not_found");
    assert_eq!(code(stage.send(&act(&customer(), &own, "pay", "k2")).await), "denied");
    stage.moved(&act(&customer(), &own, "cancel", "k3")).await;
}

async fn tenant_subjects_of_one_name_are_apart(stage: Stage) {
    let ours = stage.order("o").await;
    let theirs = open_next_door(&stage, "o").await;
    stage.moved(&act(&owner(), &ours, "pay", "k")).await;
    assert_eq!(stage.at(&ours).await, ("paid".to_owned(), 2));
    assert_eq!(stage.at(&theirs).await, ("pending".to_owned(), 1));
}

async fn tenant_keys_of_one_name_are_apart(stage: Stage) {
    let (ours, theirs) = (stage.order("o").await, open_next_door(&stage, "o").await);
    let first = stage.moved(&act(&owner(), &ours, "pay", "same")).await;
    let second = stage.moved(&act(&user("owner-2"), &theirs, "pay", "same")).await;
    assert_ne!(first.proof_id, second.proof_id);
    let replay = stage.send(&act(&owner(), &ours, "pay", "same")).await.unwrap();
    assert_eq!((replay.replayed, replay.proof_id), (true, first.proof_id));
}

async fn tenant_logs_are_apart(stage: Stage) {
    let before = stage.log().await;
    open_next_door(&stage, "o").await;
    assert_eq!(stage.log().await, before);
    let theirs = stage.hos.head(&world(), &tenant(NEIGHBOUR)).await.unwrap();
    assert_eq!(theirs.size, 3, "tenant, owner, order");
}

async fn tenant_entry_is_not_found_next_door(stage: Stage) {
    let order = stage.order("o").await;
    let receipt = stage.moved(&act(&owner(), &order, "pay", "k")).await;
    let id = receipt.proof_id;
    assert!(stage.hos.find(&world(), &firm(), id).await.unwrap().is_some());
    assert_eq!(stage.hos.find(&world(), &tenant(NEIGHBOUR), id).await.unwrap(), None);
    let reserved = hos_core::id::Tenant::world();
    assert_eq!(stage.hos.find(&world(), &reserved, id).await.unwrap(), None);
}

async fn tenant_history_is_empty_next_door(stage: Stage) {
    stage.order("o").await;
    assert_eq!(stage.hos.history(&next_door("order", "o"), 0, 10).await.unwrap(), []);
}

async fn tenant_members_are_apart(stage: Stage) {
    let ids = async |firm: &str| -> Vec<String> {
        let members = stage.hos.members(&world(), &tenant(firm), None, 100).await.unwrap();
        members.into_iter().map(|(id, _)| id.to_string()).collect()
    };
    assert_eq!(ids(FIRM).await, ["clerk-1", "owner-1", "viewer-1"]);
    assert_eq!(ids(NEIGHBOUR).await, ["owner-2"]);
    assert_eq!(ids("firm-9").await, [""; 0]);
}

async fn tenant_bans_and_modes_are_apart(stage: Stage) {
    use hos_core::command::StandingChange;
    use hos_core::standing::Mode;
    let theirs = open_next_door(&stage, "o").await;
    stage.change(StandingChange::SetMode { ability: None, mode: Some(Mode::Off) }, "k1").await;
    let query = Query::new(&stranger(), "order.pay", &theirs);
    assert!(!stage.hos.can(&query).await.unwrap().permits());
    assert_eq!(code(stage.send(&act(&clerk(), &theirs, "pay", "k2")).await), "not_found");
}

async fn tenant_unknown_finds_nothing_by_any_call(stage: Stage) {
    let nowhere = Subject::new(WORLD, "firm-9", "order", "o").unwrap();
    assert_eq!(code(stage.send(&act(&root(), &nowhere, "pay", "k1")).await), "not_found");
    let record = Record::new(&root(), &world(), &tenant("firm-9"), "call").key("k2");
    assert_eq!(code(stage.hos.record(&record).await), "not_found");
    let change = StandingCommand::new(&root(), &world(), &tenant("firm-9"), member("x", &[]));
    assert_eq!(code(stage.hos.change_standing(&change.key("k3")).await), "not_found");
    assert!(!stage.exists(&nowhere).await);
    let query = Query::in_tenant(&root(), "hos.record", &world(), &tenant("firm-9"));
    assert!(!stage.hos.can(&query).await.unwrap().permits());
    assert_eq!(stage.hos.head(&world(), &tenant("firm-9")).await.unwrap().size, 0);
}

async fn tenant_change_next_door_does_not_disturb(stage: Stage) {
    let order = stage.order("o").await;
    let (raced, _) = stage
        .racing(|hos| {
            Box::pin(async move {
                let change = member("new-2", &["owner"]);
                let actor = user("owner-2");
                let command = StandingCommand::new(&actor, &world(), &tenant(NEIGHBOUR), change);
                hos.change_standing(&command.key("k")).await.expect("a change next door");
            })
        })
        .await;
    let receipt = raced.transition(&act(&owner(), &order, "pay", "k")).await.unwrap();
    assert_eq!((receipt.revision, receipt.replayed), (2, false));
}

async fn tenant_replay_next_door_tells_nothing(stage: Stage) {
    let ours = stage.order("o").await;
    open_next_door(&stage, "o").await;
    stage.moved(&act(&owner(), &ours, "pay", "secret")).await;
    let guess = act(&stranger(), &next_door("order", "o"), "pay", "secret");
    assert_eq!(code(stage.send(&guess).await), "not_found");
}

async fn tenant_worlds_are_apart(stage: Stage) {
    let ours = stage.order("o").await;
    let mut annex = stage.restart_with([law(), law_of(OTHER_WORLD)]).await.unwrap();
    let other = hos_core::id::World::new(OTHER_WORLD).unwrap();
    assert_eq!(annex.hos.tenants(&other, None, 10).await.unwrap().len(), 0);
    annex.people(&other).await;
    let theirs = Subject::new(OTHER_WORLD, FIRM, "order", "o").unwrap();
    assert!(!annex.exists(&theirs).await);
    let opening = Opening::new(&owner(), &theirs).attribute("customer", "c").key("open o");
    assert!(!annex.hos.open(&opening).await.unwrap().replayed, "keys of worlds are apart");
    annex.moved(&act(&owner(), &theirs, "pay", "k")).await;
    assert_eq!(annex.at(&ours).await.1, 1);
    assert_eq!(annex.hos.history(&ours, 0, 10).await.unwrap().len(), 1);
    annex = annex.restart_with([law()]).await.unwrap();
    assert_eq!(code(annex.send(&act(&owner(), &theirs, "cancel", "k2")).await), "invalid_world");
}

async fn tenant_world_closed_leaves_the_other_open(stage: Stage) {
    use hos_core::command::StandingChange;
    use hos_core::standing::WorldStatus;
    let annex = stage.restart_with([law(), law_of(OTHER_WORLD)]).await.unwrap();
    annex.people(&hos_core::id::World::new(OTHER_WORLD).unwrap()).await;
    annex.change_world(StandingChange::SetWorld { status: WorldStatus::Closed }, "k").await;
    let lamp = Subject::new(OTHER_WORLD, FIRM, "lamp", "l").unwrap();
    annex.hos.open(&Opening::new(&owner(), &lamp).key("k1")).await.unwrap();
    let lamp = crate::stage::subject("lamp", "l");
    let refused = annex.hos.open(&Opening::new(&owner(), &lamp).key("k1")).await;
    assert_eq!(code(refused), "world_closed");
}

async fn tenant_messages_name_their_tenant(stage: Stage) {
    let ours = stage.order("o").await;
    let theirs = open_next_door(&stage, "o").await;
    let subjects: Vec<Subject> = stage.outbox().await.into_iter().map(|r| r.subject).collect();
    assert_eq!(subjects.len(), 2);
    assert!(subjects.contains(&ours) && subjects.contains(&theirs));
}

async fn tenant_timers_of_every_tenant_fire(stage: Stage) {
    use hos_core::time::Clock as _;
    stage.order("o").await;
    open_next_door(&stage, "o").await;
    stage.advance(3_600);
    let fired = stage.hos.fire_due(stage.clock.now(), 10).await.unwrap();
    assert_eq!(fired.len(), 2);
    assert!(fired.iter().all(|fired| fired.outcome.is_ok()));
}
