//! What one process remembers while another one changes it: nothing is decided upon it.

use hos_core::prelude::*;
use hos_core::store::{Ask, Store as _};
use hos_sqlx::{MysqlOptions, MysqlStore};
use sqlx::Executor;

use crate::shop::{Shop, law, open_shop};

/// A shop that remembers its first order, and another process of the same law.
async fn two() -> Option<(Shop, Hos)> {
    let shop = open_shop().await?;
    shop.open("o-1").await;
    shop.hos.transition(&touch(&shop, "warm")).await.unwrap();
    assert!(shop.store.recall(&ask(&shop)).is_some(), "it remembers");
    let options = MysqlOptions::new(&shop.url).subject_bytes_cached(0);
    let other = MysqlStore::open_with(options).await.unwrap();
    let hos = Hos::open([law()], other.clone()).await.unwrap();
    hos.transition(&touch(&shop, "other")).await.unwrap();
    assert!(other.recall(&ask(&shop)).is_none(), "it was told to remember nothing");
    Some((shop, hos))
}

fn touch(shop: &Shop, key: &str) -> Command {
    Command::new(&shop.owner, &shop.order("o-1"), "touch").key(key)
}

fn ask(shop: &Shop) -> Ask {
    let order = shop.order("o-1");
    Ask {
        world: order.world.clone(),
        tenant: order.tenant.clone(),
        actor: shop.owner.id().clone(),
        subjects: vec![order],
        key: None,
    }
}

fn code(answer: Result<Receipt, Error>) -> &'static str {
    answer.unwrap_err().refusal().unwrap().code()
}

async fn change(hos: &Hos, shop: &Shop, change: StandingChange) {
    let order = shop.order("o-1");
    let root = Actor::user("root").unwrap();
    let change = StandingCommand::new(&root, &order.world, &order.tenant, change).key("change");
    hos.change_standing(&change).await.unwrap();
}

#[tokio::test]
async fn a_move_goes_on_from_where_another_process_left_the_subject() {
    let Some((shop, _)) = two().await else { return };
    let moved = shop.hos.transition(&touch(&shop, "next")).await.unwrap();
    assert_eq!((moved.step.revision, moved.replayed), (4, false));
    let both = shop.hos.transition_all(&[touch(&shop, "a"), touch(&shop, "b")]).await;
    let revisions = both.into_iter().map(|answer| answer.unwrap().step.revision);
    assert_eq!(revisions.collect::<Vec<_>>(), [5, 6]);
    shop.audit().await;
}

#[tokio::test]
async fn a_move_that_another_process_made_unlawful_is_refused() {
    let Some((shop, other)) = two().await else { return };
    other.transition(&shop.command("o-1", "cancel")).await.unwrap();
    assert_eq!(code(shop.hos.transition(&touch(&shop, "late")).await), "terminal_state");
    let answers = shop.hos.transition_all(&[touch(&shop, "a"), touch(&shop, "b")]).await;
    assert!(answers.into_iter().all(|answer| code(answer) == "terminal_state"));
}

#[tokio::test]
async fn a_move_that_another_process_made_lawful_is_not_refused() {
    let Some((shop, other)) = two().await else { return };
    let clerk = Actor::user("clerk").unwrap();
    let pay = |key: &str| Command::new(&clerk, &shop.order("o-1"), "pay").key(key);
    assert_eq!(code(shop.hos.transition(&pay("too early")).await), "not_found");
    let (member, roles) = (clerk.id().clone(), vec![Role::new("owner").unwrap()]);
    change(&other, &shop, StandingChange::SetMember { member, roles }).await;
    shop.hos.transition(&pay("now")).await.unwrap();
}

#[tokio::test]
async fn whoever_another_process_banned_moves_nothing() {
    let Some((shop, other)) = two().await else { return };
    let target = shop.owner.id().clone();
    let reason = "of another process".to_owned();
    change(&other, &shop, StandingChange::Ban { target, reason }).await;
    assert!(shop.hos.transition(&touch(&shop, "banned")).await.is_err());
    let situation = other.situation(&shop.order("o-1")).await.unwrap();
    assert_eq!(situation.unwrap().snapshot.revision, 3, "nothing moved");
}

#[tokio::test]
async fn a_key_that_another_process_used_is_replayed_or_refused() {
    let Some((shop, other)) = two().await else { return };
    let receipt = other.transition(&touch(&shop, "same")).await.unwrap();
    let again = shop.hos.transition(&touch(&shop, "same")).await.unwrap();
    assert_eq!(again, Receipt { replayed: true, ..receipt });
    let stolen = Command::new(&shop.owner, &shop.order("o-1"), "pay").key("same");
    assert_eq!(code(shop.hos.transition(&stolen).await), "key_reused");
}

/// A fail-over that lost commits may bring the same revision back as another one.
#[tokio::test]
async fn a_revision_of_the_same_number_with_another_proof_is_another() {
    let Some((shop, _)) = two().await else { return };
    shop.hos.transition(&touch(&shop, "remembered")).await.unwrap();
    let mut stranger = shop.stranger().await;
    stranger.execute("DROP TRIGGER hos_subject_update").await.unwrap();
    let fork = "UPDATE hos_subject SET state = 'paid', proof_id = unhex(repeat('0', 32))";
    stranger.execute(fork).await.unwrap();
    assert_eq!(code(shop.hos.transition(&touch(&shop, "fork")).await), "invalid_transition");
    let both = shop.hos.transition_all(&[touch(&shop, "a"), touch(&shop, "b")]).await;
    assert!(both.into_iter().all(|answer| code(answer) == "invalid_transition"));
}

/// What a fail-over that lost commits may leave: the number of a subject is another's now.
#[tokio::test]
async fn a_number_that_became_anothers_moves_nobody_else() {
    let Some(shop) = open_shop().await else { return };
    let touch = |id: &str, key| Command::new(&shop.owner, &shop.order(id), "touch").key(key);
    shop.open("o-1").await;
    shop.open("o-2").await;
    for receipt in shop.hos.transition_all(&[touch("o-1", "a"), touch("o-2", "b")]).await {
        receipt.unwrap();
    }
    // Its number is not known: it was opened alone.
    shop.open("o-3").await;
    let mut stranger = shop.stranger().await;
    for statement in [
        "DROP TRIGGER hos_subject_update",
        "DROP TRIGGER hos_entry_update",
        "UPDATE hos_entry JOIN hos_subject AS own ON own.number = subject
            JOIN hos_subject AS other
            ON (own.id, other.id) IN (('o-1', 'o-2'), ('o-2', 'o-1'))
            SET subject = other.number",
        "SET @first = (SELECT number FROM hos_subject WHERE id = 'o-1')",
        "SET @second = (SELECT number FROM hos_subject WHERE id = 'o-2')",
        "UPDATE hos_subject SET number = -1 WHERE id = 'o-1'",
        "UPDATE hos_subject SET number = @first WHERE id = 'o-2'",
        "UPDATE hos_subject SET number = @second WHERE id = 'o-1'",
    ] {
        stranger.execute(statement).await.unwrap();
    }

    let both = touch("o-1", "d").and(&shop.order("o-3"), "touch");
    let answers = shop.hos.transition_all(&[touch("o-1", "c"), both]).await;
    let revisions = answers.into_iter().map(|answer| answer.unwrap().step.revision);
    assert_eq!(revisions.collect::<Vec<_>>(), [3, 4]);
    let moved = "SELECT count(*) FROM hos_subject
        WHERE (id, revision) IN (('o-1', 4), ('o-2', 2), ('o-3', 2))";
    assert_eq!(shop.number(moved).await, 3);
    shop.audit().await;
}
