//! What happens between judging and writing, on either side.

use futures_util::future::BoxFuture;
use hos_core::command::{Activation, Migration, StandingCommand};
use hos_core::hos::Hos;
use hos_core::id::Tenant;
use hos_core::laws::{Contracts as _, Registry as _};

use super::law::{later, strict};
use super::{migrated, reopened, snapshot};
use crate::forward::{Hook, Interposed, Trap};
use crate::stage::{Stage, act, code, firm, member, owner, root, user, world};

/// The later law whose next write lets a change happen first.
pub(super) async fn racing(
    stage: &Stage,
    change: impl FnOnce() -> BoxFuture<'static, ()> + Send + 'static,
) -> (Hos, Trap) {
    let trap = Trap::default();
    let store = Interposed { inner: stage.backend(), trap: trap.clone() };
    let raced = Hos::open_with([later()], store, stage.options()).await.expect("a law opens");
    let hook: Hook = Box::new(change);
    trap.set(hook);
    (raced, trap)
}

pub(super) async fn migration_overtakes_a_command_judged_before(stage: Stage) {
    let order = stage.order("a").await;
    let hos = reopened(&stage).await;
    let (raced, trap) = racing(&stage, move || {
        Box::pin(async move { assert_eq!(migrated(&hos).await.migrated, 1) })
    })
    .await;
    let receipt = raced.transition(&act(&owner(), &order, "pay", "k")).await.unwrap();
    assert!(trap.sprang());
    assert_eq!(receipt.from.as_ref().map(AsRef::as_ref), Some("awaiting"), "judged anew");
    assert_eq!(receipt.contract_version.as_ref().map(AsRef::as_ref), Some("2"));
    assert_eq!(receipt.revision, 2);
}

pub(super) async fn migration_overtakes_what_is_remembered(stage: Stage) {
    let order = stage.order("a").await;
    let hos = reopened(&stage).await;
    // Whatever a backend remembers of the order is of the old contract.
    hos.transition(&act(&owner(), &order, "touch", "k1")).await.unwrap();
    migrated(&hos).await;
    let receipt = hos.transition(&act(&owner(), &order, "touch", "k2")).await.unwrap();
    assert_eq!(receipt.contract_version.as_ref().map(AsRef::as_ref), Some("2"));
    let now = snapshot(&hos, &order).await;
    assert_eq!((now.state.as_str(), now.contract.as_str()), ("awaiting", "2"));
    // One who knows only the old law can do nothing to it.
    assert_eq!(code(stage.send(&act(&owner(), &order, "touch", "k3")).await), "not_found");
}

pub(super) async fn migration_skips_what_moves_at_the_same_time(stage: Stage) {
    let (order, other) = (stage.order("a").await, stage.order("b").await);
    let hos = reopened(&stage).await;
    let pay = act(&owner(), &order, "pay", "k");
    let (raced, trap) =
        racing(&stage, move || Box::pin(async move { drop(hos.transition(&pay).await.unwrap()) }))
            .await;
    let report = migrated(&raced).await;
    assert!(trap.sprang());
    assert_eq!((report.migrated, report.skipped), (1, 1));
    let (one, two) = (snapshot(&raced, &order).await, snapshot(&raced, &other).await);
    assert_eq!((one.state.as_str(), one.contract.as_str()), ("paid", "1"));
    assert_eq!(two.contract, "2");
    let log = stage.log().await;
    let listed = &log.last().unwrap().parts[0].body;
    assert!(!listed.contains(r#""id":"a""#), "the proof lists what was migrated: {listed}");
    assert_eq!(migrated(&raced).await.migrated, 1, "another walk meets it");
    assert_eq!(snapshot(&raced, &order).await.state, "paid");
}

pub(super) async fn migration_is_overtaken_by_a_revoked_role(stage: Stage) {
    let order = stage.order("a").await;
    stage.change_world(member("auditor-1", &["auditor"]), "k1").await;
    let first = stage.hos.clone();
    let (raced, trap) = racing(&stage, move || {
        Box::pin(async move {
            let change = member("auditor-1", &[]);
            let command = StandingCommand::new(&root(), &world(), &Tenant::world(), change);
            first.change_standing(&command.key("k2")).await.unwrap();
        })
    })
    .await;
    let wish = Migration::new(&user("auditor-1"), &world(), &firm(), "order", "1", "2").key("k");
    assert_eq!(code(raced.migrate(&wish, 100).await), "not_found");
    assert!(trap.sprang());
    assert_eq!(snapshot(&raced, &order).await.contract, "1");
}

pub(super) async fn migration_is_overtaken_by_an_activation(stage: Stage) {
    let order = stage.order("a").await;
    stage.change_world(member("auditor-1", &["auditor"]), "k1").await;
    let trap = Trap::default();
    let store = Interposed { inner: stage.backend(), trap: trap.clone() };
    let raced = Hos::open_with([later()], store, stage.options()).await.expect("a law opens");
    let meanwhile = raced.clone();
    trap.set(Box::new(move || {
        Box::pin(async move {
            let strict = Activation::new(&root(), strict()).key("a");
            meanwhile.activate(&strict).await.expect("the strict law comes into force");
        })
    }));
    let by = Migration::new(&user("auditor-1"), &world(), &firm(), "order", "1", "2").key("k");
    assert_eq!(code(raced.migrate(&by, 100).await), "denied");
    assert!(trap.sprang());
    assert_eq!(snapshot(&raced, &order).await.contract, "1");
}
