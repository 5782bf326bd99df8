//! The law in a transaction of the caller's.

use std::sync::Mutex;

use async_trait::async_trait;
use hos_core::command::{Command, Opening, Record, StandingChange};
use hos_core::commit::{Commit, Outcome};
use hos_core::error::Fault;
use hos_core::hos::Hos;
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::receipt::Effect;
use hos_core::standing::{Mode, Standing};
use hos_core::store::{Ask, Store};

use crate::case::cases;
use crate::forward::{Borrowed, Owned};
use crate::stage::{Stage, act, code, leaf, owner, subject, viewer};

cases!(
    "within",
    [
        within_commits_with_the_callers_transaction,
        within_several_calls_commit_together,
        within_reads_what_it_wrote,
        within_rollback_leaves_nothing,
        within_dropped_transaction_leaves_nothing,
        within_refusal_leaves_the_transaction_usable,
        within_refusal_writes_nothing,
        within_conflict_is_returned_and_leaves_the_transaction_usable,
        within_replays_an_earlier_key,
        within_replays_its_own_key,
        within_key_of_a_rolled_back_call_may_be_used_again,
        within_denials_are_handed_back_and_recorded_later,
        within_denials_survive_a_rollback,
        within_denials_are_recorded_once,
        within_denials_are_recorded_though_the_standing_changed,
        within_record_commits_with_the_callers_transaction,
        within_proof_verifies_after_the_commit,
        within_compound_commits_whole,
        within_shadow_counts_what_was_decided_and_proves_what_came_to_be,
    ]
);

async fn within_commits_with_the_callers_transaction(stage: Stage) {
    let order = stage.order("o").await;
    let mut transaction = stage.ground.begin().await;
    let pay = act(&owner(), &order, "pay", "k");
    let receipt = stage.hos.over(Owned(transaction.store())).transition(&pay).await.unwrap();
    assert_eq!(receipt.effect, Effect::Moved);
    transaction.commit().await.unwrap();
    assert_eq!(stage.at(&order).await, ("paid".to_owned(), 2));
    assert!(stage.send(&pay).await.unwrap().replayed);
    assert_eq!(stage.outbox().await.len(), 3);
}

async fn within_several_calls_commit_together(stage: Stage) {
    let order = stage.order("o").await;
    let mut transaction = stage.ground.begin().await;
    {
        let law = stage.hos.over(Owned(transaction.store()));
        law.transition(&act(&owner(), &order, "pay", "k1")).await.unwrap();
        law.open(&Opening::new(&owner(), &subject("lamp", "l")).key("k2")).await.unwrap();
        law.transition(&act(&owner(), &order, "cancel", "k3")).await.unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(stage.at(&order).await, ("cancelled".to_owned(), 3));
    assert_eq!(stage.at(&subject("lamp", "l")).await.1, 1);
}

async fn within_reads_what_it_wrote(stage: Stage) {
    let order = stage.order("o").await;
    let mut transaction = stage.ground.begin().await;
    {
        let law = stage.hos.over(Owned(transaction.store()));
        law.transition(&act(&owner(), &order, "pay", "k1")).await.unwrap();
        let again = law.transition(&act(&owner(), &order, "pay", "k2")).await.unwrap();
        assert_eq!((again.effect, again.revision), (Effect::Unchanged, 2));
    }
    transaction.rollback().await.unwrap();
}

async fn within_rollback_leaves_nothing(stage: Stage) {
    let order = stage.order("o").await;
    let (log, messages) = (stage.log().await, stage.outbox().await);
    let mut transaction = stage.ground.begin().await;
    {
        let law = stage.hos.over(Owned(transaction.store()));
        law.transition(&act(&owner(), &order, "pay", "k1")).await.unwrap();
        law.open(&Opening::new(&owner(), &subject("lamp", "l")).key("k2")).await.unwrap();
    }
    transaction.rollback().await.unwrap();
    assert_eq!(stage.at(&order).await, ("pending".to_owned(), 1));
    assert!(!stage.exists(&subject("lamp", "l")).await);
    assert_eq!((stage.log().await, stage.outbox().await), (log, messages));
}

async fn within_dropped_transaction_leaves_nothing(stage: Stage) {
    let order = stage.order("o").await;
    let log = stage.log().await;
    {
        let mut transaction = stage.ground.begin().await;
        let law = stage.hos.over(Owned(transaction.store()));
        law.transition(&act(&owner(), &order, "pay", "k1")).await.unwrap();
    }
    assert_eq!(stage.at(&order).await, ("pending".to_owned(), 1));
    assert_eq!(stage.log().await, log);
    stage.moved(&act(&owner(), &order, "pay", "k2")).await;
}

async fn within_refusal_leaves_the_transaction_usable(stage: Stage) {
    let order = stage.order("o").await;
    let mut transaction = stage.ground.begin().await;
    {
        let law = stage.hos.over(Owned(transaction.store()));
        let refused = law.transition(&act(&viewer(), &order, "touch", "k1")).await;
        assert_eq!(code(refused), "denied");
        let refused = law.transition(&act(&owner(), &order, "deliver", "k2")).await;
        assert_ne!(code(refused), "conflict");
        law.transition(&act(&owner(), &order, "pay", "k3")).await.unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(stage.at(&order).await, ("paid".to_owned(), 2));
}

async fn within_refusal_writes_nothing(stage: Stage) {
    let order = stage.order("o").await;
    let (log, messages) = (stage.log().await, stage.outbox().await);
    let mut transaction = stage.ground.begin().await;
    let law = stage.hos.over(Owned(transaction.store()));
    assert_eq!(code(law.transition(&act(&viewer(), &order, "cancel", "k")).await), "denied");
    drop(law);
    transaction.commit().await.unwrap();
    assert_eq!((stage.log().await, stage.outbox().await), (log, messages));
}

/// A transaction in which something else moves between the first load and its commit.
struct Raced<'s> {
    store: &'s dyn Store,
    hos: Hos,
    between: Mutex<Option<Command>>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Raced<'_> {
    fn recall(&self, ask: &Ask) -> Option<Standing> {
        self.store.recall(ask)
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        self.store.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        let between = self.between.lock().expect("nobody panicked").take();
        if let Some(command) = between {
            let moved = self.hos.over(Borrowed(self.store)).transition(&command).await;
            moved.expect("the one between moves");
        }
        self.store.commit_all(commits).await
    }
}

async fn within_conflict_is_returned_and_leaves_the_transaction_usable(stage: Stage) {
    let order = stage.order("o").await;
    let mut transaction = stage.ground.begin().await;
    {
        let store = transaction.store();
        let between = Mutex::new(Some(act(&owner(), &order, "touch", "between")));
        let raced = Raced { store: &*store, hos: stage.hos.clone(), between };
        let law = stage.hos.over(raced);
        let pay = act(&owner(), &order, "pay", "k");
        assert_eq!(code(law.transition(&pay).await), "conflict", "nothing is retried");
        assert_eq!(law.transition(&pay).await.unwrap().revision, 3);
    }
    transaction.commit().await.unwrap();
    assert_eq!(stage.at(&order).await, ("paid".to_owned(), 3));
}

async fn within_replays_an_earlier_key(stage: Stage) {
    let order = stage.order("o").await;
    let pay = act(&owner(), &order, "pay", "k");
    let first = stage.moved(&pay).await;
    let mut transaction = stage.ground.begin().await;
    let replay = stage.hos.over(Owned(transaction.store())).transition(&pay).await.unwrap();
    assert!(replay.replayed);
    assert_eq!(replay.proof_id, first.proof_id);
    transaction.rollback().await.unwrap();
}

async fn within_replays_its_own_key(stage: Stage) {
    let order = stage.order("o").await;
    let pay = act(&owner(), &order, "pay", "k");
    let mut transaction = stage.ground.begin().await;
    {
        let law = stage.hos.over(Owned(transaction.store()));
        let first = law.transition(&pay).await.unwrap();
        let replay = law.transition(&pay).await.unwrap();
        assert!(replay.replayed);
        assert_eq!(replay.proof_id, first.proof_id);
        let reused = law.transition(&act(&owner(), &order, "cancel", "k")).await;
        assert_eq!(code(reused), "key_reused");
    }
    transaction.commit().await.unwrap();
    assert_eq!(stage.at(&order).await.1, 2);
}

async fn within_key_of_a_rolled_back_call_may_be_used_again(stage: Stage) {
    let order = stage.order("o").await;
    let pay = act(&owner(), &order, "pay", "k");
    let mut transaction = stage.ground.begin().await;
    stage.hos.over(Owned(transaction.store())).transition(&pay).await.unwrap();
    transaction.rollback().await.unwrap();
    stage.moved(&pay).await;
}

async fn denied_within(stage: &Stage, commit: bool) -> hos_core::hos::Denials {
    let order = stage.order("o").await;
    let mut transaction = stage.ground.begin().await;
    let denials = {
        let law = stage.hos.over(Owned(transaction.store()));
        let denied = law.transition(&act(&viewer(), &order, "cancel", "k")).await;
        assert_eq!(code(denied), "denied");
        law.denials()
    };
    let ended = if commit { transaction.commit() } else { transaction.rollback() };
    ended.await.unwrap();
    denials
}

async fn within_denials_are_handed_back_and_recorded_later(stage: Stage) {
    let denials = denied_within(&stage, true).await;
    let size = stage.size().await;
    assert_eq!(denials.len(), 1);
    stage.hos.record_denials(&denials).await.unwrap();
    assert!(denials.is_empty());
    assert_eq!(stage.size().await, size + 1);
    assert_eq!(leaf(stage.log().await.last().unwrap())["typ"], "denial/1");
}

async fn within_denials_survive_a_rollback(stage: Stage) {
    let denials = denied_within(&stage, false).await;
    let size = stage.size().await;
    stage.hos.record_denials(&denials).await.unwrap();
    assert_eq!(stage.size().await, size + 1);
}

async fn within_denials_are_recorded_once(stage: Stage) {
    let denials = denied_within(&stage, true).await;
    let size = stage.size().await;
    stage.hos.record_denials(&denials).await.unwrap();
    stage.hos.record_denials(&denials).await.unwrap();
    let order = subject("order", "o");
    assert_eq!(code(stage.send(&act(&viewer(), &order, "cancel", "k")).await), "denied");
    assert_eq!(stage.size().await, size + 1, "once per key");
}

async fn within_denials_are_recorded_though_the_standing_changed(stage: Stage) {
    let denials = denied_within(&stage, true).await;
    stage.change(crate::stage::member("viewer-1", &["owner"]), "promote").await;
    let size = stage.size().await;
    stage.hos.record_denials(&denials).await.unwrap();
    assert_eq!(stage.size().await, size + 1, "the attempt was denied all the same");
}

async fn within_record_commits_with_the_callers_transaction(stage: Stage) {
    let order = stage.order("o").await;
    let size = stage.size().await;
    let record = Record::about(&owner(), &order, "call").payload("minutes", 2).key("k");
    let mut transaction = stage.ground.begin().await;
    stage.hos.over(Owned(transaction.store())).record(&record).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(stage.size().await, size);
    let mut transaction = stage.ground.begin().await;
    stage.hos.over(Owned(transaction.store())).record(&record).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(stage.size().await, size + 1);
    assert!(stage.hos.record(&record).await.unwrap().replayed);
}

async fn within_proof_verifies_after_the_commit(stage: Stage) {
    let order = stage.order("o").await;
    let mut transaction = stage.ground.begin().await;
    let pay = act(&owner(), &order, "pay", "k");
    stage.hos.over(Owned(transaction.store())).transition(&pay).await.unwrap();
    transaction.commit().await.unwrap();
    stage.moved(&act(&owner(), &order, "cancel", "after")).await;
    let log = stage.log().await;
    assert!(log.iter().enumerate().all(|(at, entry)| entry.index == u64::try_from(at).ok()));
    let head = stage.hos.head(&crate::stage::world(), &crate::stage::firm()).await.unwrap();
    let root = hos_core::merkle::root_of(log.iter().map(|entry| entry.leaf_hash));
    assert_eq!(head.root, root);
}

async fn within_compound_commits_whole(stage: Stage) {
    let order = stage.order("o").await;
    let payment = stage.subject("payment", "p").await;
    let mut transaction = stage.ground.begin().await;
    {
        let law = stage.hos.over(Owned(transaction.store()));
        let bad = act(&owner(), &order, "pay", "k1").and(&subject("payment", "no"), "settle");
        assert_eq!(code(law.transition(&bad).await), "not_found");
        let good = act(&owner(), &order, "pay", "k2").and(&payment, "settle");
        law.transition(&good).await.unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(stage.at(&payment).await, ("settled".to_owned(), 2));
}

async fn within_shadow_counts_what_was_decided_and_proves_what_came_to_be(stage: Stage) {
    let order = stage.order("o").await;
    let mode = StandingChange::SetMode { ability: None, mode: Some(Mode::Shadow) };
    stage.change(mode, "mode").await;
    for (tries, commits) in [(1, false), (2, true)] {
        let mut transaction = stage.ground.begin().await;
        {
            let law = stage.hos.over(Owned(transaction.store()));
            let pay = act(&viewer(), &order, "pay", "k");
            law.transition(&pay).await.unwrap();
            law.transition(&pay).await.unwrap();
            assert_eq!(stage.hos.shadow_divergences(), tries, "once written, and no replay");
            let refused = law.transition(&act(&viewer(), &order, "deliver", "d")).await;
            assert_eq!(code(refused), "invalid_transition");
            assert_eq!(
                stage.hos.shadow_divergences(),
                tries,
                "what is refused was not let through"
            );
        }
        if commits {
            transaction.commit().await.unwrap();
        } else {
            transaction.rollback().await.unwrap();
        }
        assert_eq!(stage.hos.shadow_divergences(), tries);
    }
    let leaves: Vec<_> = stage.log().await.iter().map(leaf).collect();
    let paid: Vec<_> = leaves.iter().filter(|leaf| leaf["action"] == "pay").collect();
    assert_eq!(paid.len(), 1, "rolled back, it has no proof");
    assert_eq!(paid[0]["mode"], "shadow");
}
