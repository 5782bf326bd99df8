//! Subjects come to pin another contract version, by the law's map, provably and resumably.

mod key;
pub(crate) mod law;
mod race;

use std::sync::atomic::{AtomicU64, Ordering};

use hos_core::command::{Command, Migration, Opening, StandingChange};
use hos_core::digest::{Digest, commitment};
use hos_core::hos::{Hos, MigrationReport};
use hos_core::id::SubjectId;
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::receipt::Effect;
use hos_core::standing::WorldStatus;
use hos_core::subject::{Snapshot, Subject};
use hos_core::value::Attributes;

use crate::case::cases;
use crate::stage::{
    FIRM, NEIGHBOUR, Stage, act, code, firm, leaf, member, owner, root, stranger, subject, tenant,
    user, world,
};

use law::{last, later};

cases!(
    "migration",
    [
        migration_gives_live_subjects_the_new_contract,
        migration_leaves_one_proof_that_lists_what_it_moved,
        migration_raises_no_revision_and_enters_no_history,
        migration_is_followed_by_moves_of_the_new_contract,
        migration_leaves_a_terminal_subject_as_it_ended,
        migration_stays_in_its_tenant,
        migration_needs_an_ability_of_the_whole_world,
        migration_by_a_banned_actor_is_refused,
        migration_that_the_law_does_not_declare_is_refused,
        migration_in_a_closed_world_is_refused,
        migration_in_shadow_writes_nothing,
        migration_reports_what_fails_and_leaves_it,
        migration_keeps_the_time_of_timers_that_go_on,
        migration_goes_on_after_its_last_batch,
        migration_that_was_broken_off_begins_anew,
        migration_whose_answer_was_lost_is_complete_all_the_same,
        migration_leaves_replays_as_they_were,
        migration_without_a_key_is_refused,
        migration_that_is_sent_again_is_answered_as_the_first_time,
        migration_replays_in_a_closed_world_and_after_a_restart,
        migration_under_a_used_key_is_refused,
        migration_that_finds_nothing_keeps_no_key,
        migration_in_shadow_looks_at_no_key,
        migration_of_two_with_one_key_moves_once,
        migration_is_overtaken_by_its_key,
        migration_frees_the_old_version,
        migration_survives_a_restart,
        migration_overtakes_a_command_judged_before,
        migration_overtakes_what_is_remembered,
        migration_skips_what_moves_at_the_same_time,
        migration_is_overtaken_by_a_revoked_role,
        migration_is_overtaken_by_an_activation,
    ]
);

use key::{
    migration_in_shadow_looks_at_no_key, migration_is_overtaken_by_its_key,
    migration_leaves_replays_as_they_were, migration_of_two_with_one_key_moves_once,
    migration_replays_in_a_closed_world_and_after_a_restart,
    migration_that_finds_nothing_keeps_no_key,
    migration_that_is_sent_again_is_answered_as_the_first_time,
    migration_under_a_used_key_is_refused,
    migration_whose_answer_was_lost_is_complete_all_the_same, migration_without_a_key_is_refused,
};
use race::{
    migration_is_overtaken_by_a_revoked_role, migration_is_overtaken_by_an_activation,
    migration_overtakes_a_command_judged_before, migration_overtakes_what_is_remembered,
    migration_skips_what_moves_at_the_same_time,
};

/// One batch more, under a key of its own.
fn migration() -> Migration {
    Migration::new(&root(), &world(), &firm(), "order", "1", "2").key(fresh_key())
}

fn fresh_key() -> String {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    format!("batch {}", KEYS.fetch_add(1, Ordering::Relaxed))
}

async fn reopened(stage: &Stage) -> Hos {
    stage.open([later()]).await.expect("the later law opens beside the first")
}

async fn migrated(hos: &Hos) -> MigrationReport {
    hos.migrate(&migration(), 100).await.expect("a batch is migrated")
}

async fn snapshot(hos: &Hos, subject: &Subject) -> Snapshot {
    hos.situation(subject).await.unwrap().expect("the subject exists").snapshot
}

async fn migration_gives_live_subjects_the_new_contract(stage: Stage) {
    let (one, two) = (stage.order("a").await, stage.order("b").await);
    stage.moved(&act(&owner(), &one, "touch", "k1").input("urgent", true)).await;
    stage.moved(&act(&owner(), &two, "pay", "k2")).await;
    let hos = reopened(&stage).await;
    let report = migrated(&hos).await;
    assert_eq!((report.migrated, report.skipped, report.failed), (2, 0, 0));
    assert_eq!(report.next, None, "the walk is at its end");
    let (one, two) = (snapshot(&hos, &one).await, snapshot(&hos, &two).await);
    assert_eq!((one.state.as_str(), one.contract.as_str()), ("awaiting", "2"));
    assert_eq!((two.state.as_str(), two.contract.as_str()), ("paid", "2"));
    assert_eq!(one.attributes.get("buyer"), Some(&"customer-1".into()), "by its expression");
    assert_eq!(one.attributes.get("large"), Some(&false.into()));
    assert_eq!(one.attributes.get("total"), Some(&50.into()), "kept under its name");
    assert_eq!(one.attributes.get("urgent"), None, "dropped");
    assert_eq!((Some(one.proof_id), Some(two.proof_id)), (report.proof, report.proof));
    let again = migrated(&hos).await;
    assert_eq!(again, MigrationReport::default(), "nothing is left to migrate");
}

async fn migration_leaves_one_proof_that_lists_what_it_moved(stage: Stage) {
    stage.order("a").await;
    let paid = stage.order("b").await;
    stage.moved(&act(&owner(), &paid, "pay", "k")).await;
    let (hos, size) = (reopened(&stage).await, stage.size().await);
    let report = migrated(&hos).await;
    assert_eq!(stage.size().await, size + 1, "one proof for the batch");
    let log = stage.log().await;
    let entry = log.last().unwrap();
    assert_eq!(Some(entry.id), report.proof);
    let leaf = leaf(entry);
    assert_eq!(leaf["typ"], "migration/1");
    assert_eq!((&leaf["action"], &leaf["target"]), (&"migrate".into(), &"order".into()));
    assert_eq!((&leaf["from"], &leaf["to"]), (&"1".into(), &"2".into()));
    let digest =
        |version: &str| later().contract_version("order", version).unwrap().digest().to_string();
    assert_eq!(leaf["contract"], digest("2"));
    assert_eq!(leaf["migrated"], serde_json::json!({"contract": digest("1"), "count": 2}));
    assert_eq!(leaf["actor"]["p"], "root");

    let [part] = &*entry.parts else { panic!("one part: {:?}", entry.parts) };
    let bound = commitment(&part.salt, entry.id, &part.name, part.body.as_bytes());
    let bound =
        base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bound.as_bytes());
    assert_eq!(leaf["prt"], serde_json::json!([{"c": bound, "n": "subjects"}]));
    let listed: serde_json::Value = serde_json::from_str(&part.body).unwrap();
    let mut expected = Vec::new();
    for (id, from, to) in [("a", "pending", "awaiting"), ("b", "paid", "paid")] {
        let now = snapshot(&hos, &subject("order", id)).await;
        expected.push(serde_json::json!({
            "attributes": digest_of(&now.attributes),
            "from": from,
            "id": id,
            "revision": now.revision,
            "to": to,
        }));
    }
    assert_eq!(listed, serde_json::json!({ "subjects": expected }));
}

/// Of attributes whose canonical JSON is what serde writes: no times, no sets, no escapes.
fn digest_of(attributes: &Attributes) -> String {
    Digest::of(serde_json::to_string(attributes).unwrap().as_bytes()).to_string()
}

async fn migration_raises_no_revision_and_enters_no_history(stage: Stage) {
    let order = stage.order("a").await;
    stage.moved(&act(&owner(), &order, "touch", "k")).await;
    let history = stage.hos.history(&order, 0, 100).await.unwrap();
    let hos = reopened(&stage).await;
    migrated(&hos).await;
    assert_eq!(snapshot(&hos, &order).await.revision, 2);
    assert_eq!(hos.history(&order, 0, 100).await.unwrap(), history);
    let receipt = hos.transition(&act(&owner(), &order, "pay", "k2").seen(2)).await.unwrap();
    assert_eq!(receipt.revision, 3);
    assert_eq!(hos.history(&order, 0, 100).await.unwrap().len(), 3);
}

async fn migration_is_followed_by_moves_of_the_new_contract(stage: Stage) {
    let order = stage.order("a").await;
    let hos = reopened(&stage).await;
    let proof = migrated(&hos).await.proof.expect("a proof");
    let loops = Command::to(&owner(), &order, "awaiting").key("k0");
    assert_eq!(code(hos.transition(&loops).await), "ambiguous_action", "`touch` and `remind`");
    let receipt = hos.transition(&act(&owner(), &order, "pay", "k1")).await.unwrap();
    assert_eq!(receipt.from.as_ref().map(AsRef::as_ref), Some("awaiting"));
    assert_eq!(receipt.contract_version.as_ref().map(AsRef::as_ref), Some("2"));
    assert_ne!(receipt.proof_id, proof);
    hos.transition(&act(&owner(), &order, "cancel", "k2")).await.unwrap();
    let refused = hos.transition(&act(&owner(), &order, "pay", "k3")).await;
    assert_eq!(code(refused), "terminal_state");
}

async fn migration_leaves_a_terminal_subject_as_it_ended(stage: Stage) {
    let ended = stage.cancelled("a").await;
    stage.order("b").await;
    let hos = reopened(&stage).await;
    let before = hos.situation(&ended).await.unwrap();
    assert_eq!(migrated(&hos).await.migrated, 1);
    assert_eq!(hos.situation(&ended).await.unwrap(), before);
    assert_eq!(before.unwrap().snapshot.contract, "1");
}

async fn migration_stays_in_its_tenant(stage: Stage) {
    stage.order("a").await;
    let next_door = Subject::new(crate::law::WORLD, NEIGHBOUR, "order", "a").unwrap();
    let opening = Opening::new(&user("owner-2"), &next_door).attribute("customer", "c").key("k");
    stage.hos.open(&opening.attribute("total", 200)).await.unwrap();
    stage.subject("lamp", "a").await;
    let hos = reopened(&stage).await;
    assert_eq!(migrated(&hos).await.migrated, 1);
    assert_eq!(snapshot(&hos, &next_door).await.contract, "1");
    let neighbour = tenant(NEIGHBOUR);
    let size = hos.head(&world(), &neighbour).await.unwrap().size;
    let there = Migration::new(&root(), &world(), &neighbour, "order", "1", "2").key("there");
    assert_eq!(hos.migrate(&there, 100).await.unwrap().migrated, 1);
    assert_eq!(snapshot(&hos, &next_door).await.attributes.get("large"), Some(&true.into()));
    assert_eq!(hos.head(&world(), &neighbour).await.unwrap().size, size + 1);
    let nowhere = Migration::new(&root(), &world(), &tenant("firm-9"), "order", "1", "2");
    assert_eq!(code(hos.migrate(&nowhere.key("k"), 100).await), "not_found");
}

async fn migration_needs_an_ability_of_the_whole_world(stage: Stage) {
    let order = stage.order("a").await;
    let hos = reopened(&stage).await;
    let by = |actor| Migration::new(&actor, &world(), &firm(), "order", "1", "2").key(fresh_key());
    let size = stage.size().await;
    // The owner's role has the ability, but only in a tenant.
    assert_eq!(code(hos.migrate(&by(owner()), 100).await), "denied");
    assert_eq!(code(hos.migrate(&by(owner()).shadow(), 100).await), "denied");
    assert_eq!(code(hos.migrate(&by(stranger()), 100).await), "not_found");
    assert_eq!((snapshot(&hos, &order).await.contract.as_str(), stage.size().await), ("1", size));
    stage.change_world(member("auditor-1", &["auditor"]), "k").await;
    assert_eq!(hos.migrate(&by(user("auditor-1")), 100).await.unwrap().migrated, 1);
}

async fn migration_by_a_banned_actor_is_refused(stage: Stage) {
    stage.order("a").await;
    let hos = reopened(&stage).await;
    stage.change(crate::stage::ban("root"), "k").await;
    assert_eq!(code(hos.migrate(&migration(), 100).await), "banned");
}

async fn migration_that_the_law_does_not_declare_is_refused(stage: Stage) {
    stage.order("a").await;
    assert_eq!(code(stage.hos.migrate(&migration(), 100).await), "invalid_input");
    let hos = reopened(&stage).await;
    for (kind, from, to) in [("lamp", "1", "2"), ("order", "2", "1"), ("order", "1", "3")] {
        let wish = Migration::new(&root(), &world(), &firm(), kind, from, to).key("wish");
        assert_eq!(code(hos.migrate(&wish, 100).await), "invalid_input");
    }
}

async fn migration_in_a_closed_world_is_refused(stage: Stage) {
    stage.order("a").await;
    let hos = reopened(&stage).await;
    stage.change_world(StandingChange::SetWorld { status: WorldStatus::Closed }, "k").await;
    assert_eq!(code(hos.migrate(&migration(), 100).await), "world_closed");
}

async fn migration_in_shadow_writes_nothing(stage: Stage) {
    let order = stage.order("a").await;
    without_total(&stage, "b").await;
    let hos = reopened(&stage).await;
    let (before, size) = (hos.situation(&order).await.unwrap(), stage.size().await);
    let told = hos.migrate(&migration().shadow(), 100).await.unwrap();
    assert_eq!((told.migrated, told.failed, told.proof), (1, 1, None));
    assert_eq!(hos.situation(&order).await.unwrap(), before);
    assert_eq!(stage.size().await, size);
    let done = migrated(&hos).await;
    assert_eq!((done.migrated, done.failed), (told.migrated, told.failed));
    assert_eq!(done.examples, told.examples, "it happens as it was told");
}

async fn without_total(stage: &Stage, id: &str) -> Subject {
    let order = subject("order", id);
    let opening = Opening::new(&owner(), &order).attribute("customer", "c");
    stage.hos.open(&opening.key(format!("open {id}"))).await.expect("an order opens");
    order
}

async fn migration_reports_what_fails_and_leaves_it(stage: Stage) {
    stage.order("a").await;
    let failing = without_total(&stage, "b").await;
    let fine = stage.order("c").await;
    let hos = reopened(&stage).await;
    let before = hos.situation(&failing).await.unwrap();
    let report = migrated(&hos).await;
    assert_eq!((report.migrated, report.failed), (2, 1));
    let [example] = &*report.examples else { panic!("{report:?}") };
    assert_eq!((example.subject.as_str(), example.state.as_str()), ("b", "pending"));
    assert_eq!(example.faults[0].field, "attributes.large");
    assert_eq!(hos.situation(&failing).await.unwrap(), before);
    assert_eq!(snapshot(&hos, &fine).await.contract, "2");
    // Mended under the old contract, it passes.
    let mend = act(&owner(), &failing, "touch", "k").input("total", 120);
    hos.transition(&mend).await.unwrap();
    assert_eq!(migrated(&hos).await.migrated, 1);
    assert_eq!(snapshot(&hos, &failing).await.attributes.get("large"), Some(&true.into()));
}

async fn migration_keeps_the_time_of_timers_that_go_on(stage: Stage) {
    stage.order("a").await;
    let paid = stage.order("b").await;
    stage.moved(&act(&owner(), &paid, "pay", "k")).await;
    stage.advance(2_900);
    stage.order("c").await;
    stage.advance(100);
    let hos = reopened(&stage).await;
    migrated(&hos).await;
    // `expire` was to fire an hour after the opening; under the new contract it would be later.
    stage.advance(599);
    assert_eq!(fired(&stage, &hos).await, [""; 0]);
    stage.advance(1);
    assert_eq!(fired(&stage, &hos).await, ["a expire"]);
    // `remind` is new and began with the migration.
    stage.advance(99);
    assert_eq!(fired(&stage, &hos).await, [""; 0]);
    stage.advance(1);
    assert_eq!(fired(&stage, &hos).await, ["c remind"]);
    stage.advance(699);
    stage.advance(4_000);
    let later = fired(&stage, &hos).await;
    assert_eq!(later, ["c remind"], "what is paid has no timer under the new contract");
}

async fn fired(stage: &Stage, hos: &Hos) -> Vec<String> {
    use hos_core::time::Clock as _;
    let fired = hos.fire_due(stage.clock.now(), 100).await.unwrap();
    let name = |fired: &hos_core::laws::Fired| {
        assert_eq!(fired.outcome.as_ref().unwrap().effect, Effect::Moved);
        format!("{} {}", fired.subject.id, fired.action)
    };
    fired.iter().map(name).collect()
}

async fn migration_goes_on_after_its_last_batch(stage: Stage) {
    for id in ["a", "b", "c", "d", "e"] {
        stage.order(id).await;
    }
    without_total(&stage, "bb").await;
    let (hos, size) = (reopened(&stage).await, stage.size().await);
    let mut walk = migration();
    let mut reports = Vec::new();
    loop {
        let report = hos.migrate(&walk, 2).await.unwrap();
        let next = report.next.clone();
        reports.push((report.migrated, report.failed));
        let Some(next) = next else { break };
        walk = migration().after(next);
    }
    assert_eq!(reports, [(2, 0), (1, 1), (2, 0), (0, 0)]);
    assert_eq!(stage.size().await, size + 3, "one proof for each batch that moved something");
}

async fn migration_that_was_broken_off_begins_anew(stage: Stage) {
    for id in ["a", "b", "c"] {
        stage.order(id).await;
    }
    let first = reopened(&stage).await.migrate(&migration(), 1).await.unwrap();
    assert_eq!(first.next, Some(SubjectId::new("a").unwrap()));
    let stage = stage.restart_with([later()]).await.unwrap();
    assert_eq!(migrated(&stage.hos).await.migrated, 2, "those that are left");
}

async fn migration_frees_the_old_version(stage: Stage) {
    stage.order("a").await;
    stage.cancelled("b").await;
    let hos = reopened(&stage).await;
    let refused = stage.open([last()]).await;
    assert!(refused.is_err(), "a live subject pins the first version");
    migrated(&hos).await;
    let orders = stage.backend().pins(&world()).await.unwrap().into_iter();
    let orders: Vec<String> =
        orders.filter(|(kind, _)| *kind == "order").map(|(_, v)| v.to_string()).collect();
    assert_eq!(orders, ["2"]);
    stage.open([last()]).await.expect("nothing live pins the first version");
}

async fn migration_survives_a_restart(stage: Stage) {
    let order = stage.order("a").await;
    let report = migrated(&reopened(&stage).await).await;
    let before = snapshot(&stage.hos, &order).await;
    let stage = stage.restart_with([later()]).await.unwrap();
    assert_eq!(snapshot(&stage.hos, &order).await, before);
    let proof = report.proof.expect("a proof");
    assert!(stage.hos.find(&world(), &tenant(FIRM), proof).await.unwrap().is_some());
    stage.moved(&act(&owner(), &order, "pay", "k")).await;
}
