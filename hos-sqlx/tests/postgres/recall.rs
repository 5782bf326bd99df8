//! What one process remembers while another one changes it: nothing is decided upon it.

use hos_core::prelude::*;
use hos_core::store::{Ask, Store as _};
use hos_sqlx::{PostgresOptions, PostgresStore};

use crate::shop::{FIRMS, Shop, firm, law, member, order, owner, server, world};

/// A shop that remembers its first order, and another process of the same law.
async fn two() -> Option<(Shop, Hos)> {
    let shop = Shop::open(server()?).await;
    shop.open_order(FIRMS[0], "o-1", "").await;
    shop.hos.transition(&touch("warm")).await.unwrap();
    assert!(shop.store.recall(&ask()).is_some(), "it remembers");
    let options = PostgresOptions::new(shop.url()).subject_bytes_cached(0);
    let other = PostgresStore::open_with(options).await.unwrap();
    let hos = Hos::open([law()], other.clone()).await.unwrap();
    hos.transition(&touch("other")).await.unwrap();
    assert!(other.recall(&ask()).is_none(), "it was told to remember nothing");
    Some((shop, hos))
}

fn touch(key: &str) -> Command {
    Command::new(&owner(FIRMS[0]), &order(FIRMS[0], "o-1"), "touch").key(key)
}

fn ask() -> Ask {
    Ask {
        world: world(),
        tenant: firm(FIRMS[0]),
        actor: owner(FIRMS[0]).id().clone(),
        subjects: vec![order(FIRMS[0], "o-1")],
        key: None,
    }
}

fn code(answer: Result<Receipt, Error>) -> &'static str {
    answer.unwrap_err().refusal().unwrap().code()
}

#[tokio::test]
async fn a_move_goes_on_from_where_another_process_left_the_subject() {
    let Some((shop, _)) = two().await else { return };
    let moved = shop.hos.transition(&touch("next")).await.unwrap();
    assert_eq!((moved.step.revision, moved.replayed), (4, false));
    let both = shop.hos.transition_all(&[touch("a"), touch("b")]).await;
    let revisions = both.into_iter().map(|answer| answer.unwrap().step.revision);
    assert_eq!(revisions.collect::<Vec<_>>(), [5, 6]);
}

#[tokio::test]
async fn a_move_that_another_process_made_unlawful_is_refused() {
    let Some((shop, other)) = two().await else { return };
    other.transition(&shop.command(FIRMS[0], "o-1", "cancel")).await.unwrap();
    assert_eq!(code(shop.hos.transition(&touch("late")).await), "terminal_state");
    let answers = shop.hos.transition_all(&[touch("later"), touch("latest")]).await;
    assert!(answers.into_iter().all(|answer| code(answer) == "terminal_state"));
}

#[tokio::test]
async fn a_move_that_another_process_made_lawful_is_not_refused() {
    let Some((shop, other)) = two().await else { return };
    let clerk = Actor::user("clerk").unwrap();
    let pay = |key: &str| Command::new(&clerk, &order(FIRMS[0], "o-1"), "pay").key(key);
    assert_eq!(code(shop.hos.transition(&pay("too early")).await), "not_found");
    let root = Actor::user("root").unwrap();
    let hired = member("clerk", &["owner"]);
    let hire = StandingCommand::new(&root, &world(), &firm(FIRMS[0]), hired).key("hire");
    other.change_standing(&hire).await.unwrap();
    shop.hos.transition(&pay("now")).await.unwrap();
}

#[tokio::test]
async fn whoever_another_process_banned_moves_nothing() {
    let Some((shop, other)) = two().await else { return };
    let root = Actor::user("root").unwrap();
    let target = owner(FIRMS[0]).id().clone();
    let ban = StandingChange::Ban { target, reason: "of another process".to_owned() };
    let ban = StandingCommand::new(&root, &world(), &firm(FIRMS[0]), ban).key("ban");
    other.change_standing(&ban).await.unwrap();
    assert!(shop.hos.transition(&touch("banned")).await.is_err());
    let situation = other.situation(&order(FIRMS[0], "o-1")).await.unwrap();
    assert_eq!(situation.unwrap().snapshot.revision, 3, "nothing moved");
}

#[tokio::test]
async fn a_key_that_another_process_used_is_replayed_or_refused() {
    let Some((shop, other)) = two().await else { return };
    let receipt = other.transition(&touch("same")).await.unwrap();
    let again = shop.hos.transition(&touch("same")).await.unwrap();
    assert_eq!(again, Receipt { replayed: true, ..receipt });
    let stolen = Command::new(&owner(FIRMS[0]), &order(FIRMS[0], "o-1"), "pay").key("same");
    assert_eq!(code(shop.hos.transition(&stolen).await), "key_reused");
}

/// A fail-over that lost commits may bring the same revision back as another one.
#[tokio::test]
async fn a_revision_of_the_same_number_with_another_proof_is_another() {
    let Some((shop, other)) = two().await else { return };
    shop.hos.transition(&touch("remembered")).await.unwrap();
    let fork = "SET session_replication_role = replica; \
                UPDATE hos_subject SET state = 'paid', proof_id = gen_random_uuid() \
                WHERE kind = 'order' AND id = 'o-1'";
    shop.run(fork).await.unwrap();
    assert_eq!(code(shop.hos.transition(&touch("fork")).await), "invalid_transition");
    drop(other);
}
