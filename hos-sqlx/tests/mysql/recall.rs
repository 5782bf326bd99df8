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
