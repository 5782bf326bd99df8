//! What was committed stands when everything is opened again; and only what fits it is opened.

use hos_core::error::FaultKind;
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::Tenant;
use hos_core::laws::{Policy as _, Query};
use hos_core::policy::RoleDefinition;
use hos_core::standing::Mode;

use crate::case::cases;
use crate::forward::Shared;
use crate::law::{WORLD, builder, law, order, order_builder};
use crate::stage::{Stage, act, ban, clerk, code, log_of, member, owner, viewer, world};

cases!(
    "restart",
    [
        restart_keeps_subjects_logs_and_messages,
        restart_keeps_standing,
        restart_goes_on_where_it_stopped,
        restart_with_a_changed_law_of_the_same_version_is_refused,
        restart_with_a_changed_contract_of_the_same_version_is_refused,
        restart_with_a_new_version_of_the_law_is_recorded,
        restart_without_a_pinned_version_is_refused,
        restart_without_the_version_of_ended_subjects_is_fine,
        restart_keeps_subjects_on_their_pinned_version,
        restart_under_another_deployment_is_refused,
        restart_as_a_guest_records_nothing,
        restart_with_two_laws_of_one_world_is_refused,
        restart_after_a_refused_opening_works,
    ]
);

async fn restart_keeps_subjects_logs_and_messages(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "touch", "k1").input("note", "çay")).await;
    let cancelled = stage.cancelled("c").await;
    let (log, messages) = (stage.log().await, stage.outbox().await);
    let before = stage.hos.situation(&order).await.unwrap();
    let stage = stage.restart().await;
    assert_eq!((stage.log().await, stage.outbox().await), (log, messages));
    assert_eq!(stage.hos.situation(&order).await.unwrap(), before);
    let refused = stage.send(&act(&owner(), &cancelled, "pay", "k2")).await;
    assert_eq!(code(refused), "terminal_state");
}

async fn restart_keeps_standing(stage: Stage) {
    use hos_core::command::StandingChange;
    let order = stage.order("o").await;
    stage.change(ban("clerk-1"), "k1").await;
    stage.change(member("viewer-1", &["viewer", "clerk"]), "k2").await;
    let ability = Some(hos_core::id::Ability::new("order.expire").unwrap());
    stage.change(StandingChange::SetMode { ability, mode: Some(Mode::Shadow) }, "k3").await;
    let stage = stage.restart().await;
    assert_eq!(code(stage.send(&act(&clerk(), &order, "pay", "k4")).await), "banned");
    stage.moved(&act(&viewer(), &order, "pay", "k5")).await;
    let query = Query::new(&viewer(), "order.expire", &order);
    assert_eq!(stage.hos.can(&query).await.unwrap().mode, Mode::Shadow);
}

async fn restart_goes_on_where_it_stopped(mut stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    for round in 0..3_u64 {
        let light = act(&owner(), &lamp, "light", &format!("on {round}"));
        assert_eq!(stage.moved(&light).await.revision, 2 * round + 2);
        stage = stage.restart().await;
        let dim = act(&owner(), &lamp, "dim", &format!("off {round}"));
        assert_eq!(stage.moved(&dim).await.revision, 2 * round + 3);
    }
    let log = stage.log().await;
    assert!(log.iter().enumerate().all(|(at, entry)| entry.index == u64::try_from(at).ok()));
}

/// And nothing is recorded: another process that knows the law would follow it.
async fn refused(stage: Stage, law: hos_core::law::Law) {
    let before = log_of(&stage.hos, &world(), &Tenant::world()).await;
    let fault = stage.open([law]).await.expect_err("the law does not fit");
    assert_eq!(fault.kind(), FaultKind::Law, "{fault}");
    assert_eq!(log_of(&stage.hos, &world(), &Tenant::world()).await, before);
    assert_eq!(stage.backend().laws(&world()).await.unwrap().len(), 1);
}

async fn restart_with_a_changed_law_of_the_same_version_is_refused(stage: Stage) {
    let changed = builder(WORLD, "1").contract(order("1")).allow("order.touch", ["viewer"]);
    refused(stage, changed.build().unwrap()).await;
}

async fn restart_with_a_changed_contract_of_the_same_version_is_refused(stage: Stage) {
    let changed = order_builder("1").alias("dispatched", "shipped").build().unwrap();
    refused(stage, builder(WORLD, "2").contract(changed).build().unwrap()).await;
}

async fn restart_with_a_new_version_of_the_law_is_recorded(stage: Stage) {
    let next = builder(WORLD, "2").roles([RoleDefinition::new("guest")]).contract(order("1"));
    let stage = stage.restart_with([next.build().unwrap()]).await.unwrap();
    let versions: Vec<String> = stage
        .backend()
        .laws(&world())
        .await
        .unwrap()
        .into_iter()
        .map(|record| record.version.to_string())
        .collect();
    assert_eq!(versions.len(), 2);
    assert!(versions.contains(&"1".to_owned()) && versions.contains(&"2".to_owned()));
    let stage = stage.restart().await;
    stage.order("o").await;
}

async fn restart_without_a_pinned_version_is_refused(stage: Stage) {
    stage.order("o").await;
    refused(stage, builder(WORLD, "2").contract(order("2")).build().unwrap()).await;
}

async fn restart_without_the_version_of_ended_subjects_is_fine(stage: Stage) {
    stage.cancelled("o").await;
    let next = builder(WORLD, "2").contract(order("2")).build().unwrap();
    let stage = stage.restart_with([next]).await.unwrap();
    stage.order("p").await;
}

async fn restart_keeps_subjects_on_their_pinned_version(stage: Stage) {
    let old = stage.order("old").await;
    let next = builder(WORLD, "2").contract(order("1")).contract(order("2")).build().unwrap();
    let stage = stage.restart_with([next]).await.unwrap();
    let new = stage.order("new").await;
    let version = async |subject| {
        let situation = stage.hos.situation(subject).await.unwrap().unwrap();
        situation.snapshot.contract.to_string()
    };
    assert_eq!((version(&old).await.as_str(), version(&new).await.as_str()), ("1", "2"));
    let receipt = stage.moved(&act(&owner(), &old, "pay", "k")).await;
    assert_eq!(receipt.contract_version.as_ref().map(AsRef::as_ref), Some("1"));
    assert_eq!(receipt.policy_version, "2");
    assert_eq!(version(&old).await, "1");
}

async fn restart_under_another_deployment_is_refused(stage: Stage) {
    let options = || HosOptions::default().deployment("elsewhere.example");
    let opened = Hos::open_with([law()], Shared(stage.backend()), options()).await;
    assert_eq!(opened.unwrap_err().kind(), FaultKind::Law);
    let next = builder(WORLD, "2").contract(order("1")).build().unwrap();
    let opened = Hos::open_with([next], Shared(stage.backend()), options()).await;
    assert_eq!(opened.unwrap_err().kind(), FaultKind::Law);
}

async fn restart_as_a_guest_records_nothing(stage: Stage) {
    stage.order("o").await;
    let log = stage.log().await;
    let next = builder(WORLD, "2").contract(order("1")).build().unwrap();
    let recorded = stage.backend().laws(next.world()).await.unwrap();
    for laws in [vec![], vec![law()]] {
        Hos::join(laws, stage.backend(), stage.options()).await.unwrap();
    }
    let elsewhere = stage.options().deployment("elsewhere.example");
    for (law, options) in [(next.clone(), stage.options()), (law(), elsewhere)] {
        let refused = Hos::join([law], stage.backend(), options).await;
        assert_eq!(refused.unwrap_err().kind(), FaultKind::Law);
    }
    assert_eq!(stage.backend().laws(next.world()).await.unwrap(), recorded);
    assert_eq!(stage.log().await, log);
}

async fn restart_with_two_laws_of_one_world_is_refused(stage: Stage) {
    let fault = stage.open([law(), law()]).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Law);
}

async fn restart_after_a_refused_opening_works(stage: Stage) {
    stage.order("o").await;
    let lacking = builder(WORLD, "2").contract(order("2")).build().unwrap();
    assert!(stage.open([lacking]).await.is_err());
    let stage = stage.restart().await;
    let order = crate::stage::subject("order", "o");
    stage.moved(&act(&owner(), &order, "pay", "k")).await;
}
