//! Everything has a limit, and up to its limit everything works.

use hos_core::command::{Command, Opening, Record, StandingChange, StandingCommand};
use hos_core::id::{ID_BYTES_MAX, Name};
use hos_core::laws::{Contracts as _, Proofs as _, Registry as _};
use hos_core::proof::PAGE_MAX;
use hos_core::store::{Ask, BATCH_MAX};
use hos_core::value::{
    ATTRIBUTES_BYTES_MAX, ATTRIBUTES_MAX, INTEGER_MAX, SET_MEMBERS_MAX, STRING_BYTES_MAX, Value,
};

use crate::case::cases;
use crate::stage::{Stage, act, code, firm, member, owner, root, subject, tenant, user, world};

cases!(
    "limits",
    [
        limits_longest_string_is_kept,
        limits_string_beyond_its_limit_is_refused,
        limits_integers_at_both_ends_are_kept,
        limits_integer_beyond_its_limit_is_refused,
        limits_largest_set_is_kept,
        limits_set_beyond_its_limit_is_refused,
        limits_largest_payload_is_kept,
        limits_payload_beyond_its_limit_is_refused,
        limits_longest_ids_are_kept,
        limits_page_is_held_to_its_limit,
        limits_members_are_paged,
        limits_tenants_are_paged,
        limits_load_of_a_whole_batch_answers_all,
        limits_earliest_and_latest_times_are_kept,
        limits_duration_of_a_grant_is_bounded,
        limits_roles_of_a_member_are_bounded,
    ]
);

fn touch(key: &str) -> Command {
    act(&owner(), &subject("order", "o"), "touch", key)
}

async fn kept(stage: &Stage, name: &str, value: impl Into<Value>) {
    stage.order("o").await;
    let value = value.into();
    stage.moved(&touch("k").input(name, value.clone())).await;
    let situation = stage.hos.situation(&subject("order", "o")).await.unwrap().unwrap();
    assert_eq!(situation.snapshot.attributes.get(name), Some(&value));
}

async fn refused(stage: &Stage, name: &str, value: impl Into<Value>) {
    stage.order("o").await;
    let answer = stage.send(&touch("k").input(name, value)).await;
    assert_eq!(code(answer), "invalid_input");
    assert_eq!(stage.at(&subject("order", "o")).await.1, 1);
}

async fn limits_longest_string_is_kept(stage: Stage) {
    kept(&stage, "note", "é".repeat(STRING_BYTES_MAX / 2)).await;
}

async fn limits_string_beyond_its_limit_is_refused(stage: Stage) {
    refused(&stage, "note", "x".repeat(STRING_BYTES_MAX + 1)).await;
}

async fn limits_integers_at_both_ends_are_kept(stage: Stage) {
    kept(&stage, "total", -INTEGER_MAX).await;
    stage.moved(&touch("k2").input("total", INTEGER_MAX)).await;
    let situation = stage.hos.situation(&subject("order", "o")).await.unwrap().unwrap();
    assert_eq!(situation.snapshot.attributes.get("total"), Some(&INTEGER_MAX.into()));
}

async fn limits_integer_beyond_its_limit_is_refused(stage: Stage) {
    refused(&stage, "total", INTEGER_MAX + 1).await;
}

fn tags(count: usize) -> Value {
    (0..count).map(|at| format!("tag-{at}")).collect()
}

async fn limits_largest_set_is_kept(stage: Stage) {
    kept(&stage, "tags", tags(SET_MEMBERS_MAX)).await;
}

async fn limits_set_beyond_its_limit_is_refused(stage: Stage) {
    refused(&stage, "tags", tags(SET_MEMBERS_MAX + 1)).await;
}

fn record(texts: usize, bytes: usize) -> Record {
    let record = Record::new(&owner(), &world(), &firm(), "dump").key("k");
    (0..texts).fold(record, |record, at| record.payload(&format!("n{at:03}"), "x".repeat(bytes)))
}

async fn limits_largest_payload_is_kept(stage: Stage) {
    let bytes = ATTRIBUTES_BYTES_MAX / ATTRIBUTES_MAX - 4;
    let record = record(ATTRIBUTES_MAX, bytes);
    let receipt = stage.hos.record(&record).await.unwrap();
    let entry = stage.hos.find(&world(), &firm(), receipt.proof_id).await.unwrap().unwrap();
    assert!(entry.parts[0].body.len() > ATTRIBUTES_BYTES_MAX);
    assert!(stage.hos.record(&record).await.unwrap().replayed);
}

async fn limits_payload_beyond_its_limit_is_refused(stage: Stage) {
    assert_eq!(code(stage.hos.record(&record(ATTRIBUTES_MAX + 1, 1)).await), "invalid_input");
    let bytes = ATTRIBUTES_BYTES_MAX / 16;
    assert_eq!(code(stage.hos.record(&record(16, bytes)).await), "invalid_input");
}

async fn limits_longest_ids_are_kept(stage: Stage) {
    let longest = "x".repeat(ID_BYTES_MAX);
    let firm = tenant(&longest);
    let add = StandingCommand::new(&root(), &world(), &firm, StandingChange::AddTenant).key("k1");
    stage.hos.change_standing(&add).await.unwrap();
    let change = member(&longest, &["owner"]);
    let join = StandingCommand::new(&root(), &world(), &firm, change).key("k2");
    stage.hos.change_standing(&join).await.unwrap();
    let lamp = hos_core::subject::Subject::new(crate::law::WORLD, &longest, "lamp", &longest);
    let lamp = lamp.unwrap();
    stage.hos.open(&Opening::new(&user(&longest), &lamp).key("k3")).await.unwrap();
    stage.moved(&act(&user(&longest), &lamp, "light", "k4")).await;
    assert_eq!(stage.hos.history(&lamp, 0, 10).await.unwrap().len(), 2);
}

async fn limits_page_is_held_to_its_limit(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let command = |at: u32| {
        let action = if at.is_multiple_of(2) { "light" } else { "dim" };
        act(&owner(), &lamp, action, &format!("k{at}"))
    };
    let commands: Vec<Command> = (0..PAGE_MAX + 5).map(command).collect();
    for answer in stage.hos.transition_all(&commands).await {
        answer.unwrap();
    }
    let max = usize::try_from(PAGE_MAX).unwrap();
    let page = stage.hos.page(&world(), &firm(), 0, u32::MAX).await.unwrap();
    assert_eq!(page.len(), max);
    let history = stage.hos.history(&lamp, 0, u32::MAX).await.unwrap();
    assert_eq!(history.len(), max);
    assert_eq!(stage.log().await.len(), max + 10, "four of the cast, the opening, five more");
}

async fn limits_members_are_paged(stage: Stage) {
    for at in 0..7 {
        stage.change(member(&format!("m{at}"), &["viewer"]), &format!("k{at}")).await;
    }
    let first = stage.hos.members(&world(), &firm(), None, 3).await.unwrap();
    assert_eq!(first.len(), 3);
    let after = &first[2].0;
    let second = stage.hos.members(&world(), &firm(), Some(after), 100).await.unwrap();
    assert_eq!(second.len(), 7);
    assert!(second.iter().all(|(id, _)| id > after));
    assert_eq!(stage.hos.members(&world(), &firm(), None, 0).await.unwrap().len(), 0);
}

async fn limits_tenants_are_paged(stage: Stage) {
    let all = stage.hos.tenants(&world(), None, u32::MAX).await.unwrap();
    assert_eq!(all, [firm(), tenant(crate::stage::NEIGHBOUR)]);
    assert_eq!(stage.hos.tenants(&world(), None, 1).await.unwrap(), all[..1]);
    assert_eq!(stage.hos.tenants(&world(), Some(&all[0]), 9).await.unwrap(), all[1..]);
    assert_eq!(stage.hos.tenants(&world(), Some(&all[1]), 9).await.unwrap().len(), 0);
}

async fn limits_load_of_a_whole_batch_answers_all(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let ask = |at: usize| Ask {
        world: world(),
        tenant: firm(),
        actor: owner().id().clone(),
        subjects: vec![subject("lamp", &format!("no-{at}")), lamp.clone()],
        key: None,
    };
    let asks: Vec<Ask> = (0..BATCH_MAX).map(ask).collect();
    let standings = stage.backend().load_all(&asks).await.unwrap();
    assert_eq!(standings.len(), BATCH_MAX);
    for standing in standings {
        assert_eq!(standing.subjects.len(), 2);
        assert!(standing.subjects[0].is_none() && standing.subjects[1].is_some());
        assert_eq!(standing.actor.roles, ["owner"]);
    }
}

async fn limits_earliest_and_latest_times_are_kept(stage: Stage) {
    use hos_core::time::Timestamp;
    stage.order("o").await;
    for (key, micros) in [("k1", i64::MIN), ("k2", i64::MAX), ("k3", -1), ("k4", 0)] {
        let due = Timestamp::from_micros(micros);
        stage.moved(&touch(key).input("due", due)).await;
        let situation = stage.hos.situation(&subject("order", "o")).await.unwrap().unwrap();
        assert_eq!(situation.snapshot.attributes.get("due"), Some(&due.into()));
    }
}

async fn limits_duration_of_a_grant_is_bounded(stage: Stage) {
    use hos_core::standing::{AbilityPattern, GRANT_DURATION_MAX};
    let change = |duration| StandingChange::Grant {
        target: hos_core::id::ActorId::new("viewer-1").unwrap(),
        pattern: AbilityPattern::parse("order.pay").unwrap(),
        duration,
        reason: "because".to_owned(),
    };
    let over = GRANT_DURATION_MAX + std::time::Duration::from_secs(1);
    for (key, duration) in [("k1", over), ("k2", std::time::Duration::ZERO)] {
        let command = StandingCommand::new(&owner(), &world(), &firm(), change(duration));
        assert_eq!(code(stage.hos.change_standing(&command.key(key)).await), "invalid_input");
    }
    stage.change(change(GRANT_DURATION_MAX), "k3").await;
}

async fn limits_roles_of_a_member_are_bounded(stage: Stage) {
    let twice = StandingCommand::new(&owner(), &world(), &firm(), member("x", &["clerk"; 2]));
    assert_eq!(code(stage.hos.change_standing(&twice.key("k1")).await), "invalid_input");
    let unknown = member("x", &[Name::new("pirate").unwrap().as_str()]);
    let unknown = StandingCommand::new(&owner(), &world(), &firm(), unknown).key("k2");
    assert_eq!(code(stage.hos.change_standing(&unknown).await), "invalid_input");
    stage.change(member("x", &["owner", "clerk", "foreman", "viewer"]), "k3").await;
}
