//! A key that somebody holds who has not ended.

use hos_core::error::FaultKind;
use hos_core::prelude::*;
use hos_sqlx::WithinExt as _;

use crate::shop::{Shop, open_shop};

fn touch(shop: &Shop, id: &str, key: &str) -> Command {
    Command::new(&shop.owner, &shop.order(id), "touch").key(key)
}

fn is_busy(answer: Result<Receipt, Error>) -> bool {
    answer.unwrap_err().fault().map(Fault::kind) == Some(FaultKind::Busy)
}

#[tokio::test]
async fn whoever_sends_a_key_that_is_held_is_told_that_it_is_in_progress() {
    let Some(shop) = open_shop().await else { return };
    for id in ["o-1", "o-2", "o-3"] {
        shop.open(id).await;
    }
    let mut holder = shop.store.begin().await.unwrap();
    let within = shop.hos.within(&mut holder);
    let first = within.transition(&touch(&shop, "o-1", "k")).await.unwrap();
    drop(within);
    let refused = shop.hos.transition(&touch(&shop, "o-1", "k")).await.unwrap_err();
    assert_eq!(*refused.refusal().unwrap(), Refusal::InProgress);
    let another = touch(&shop, "o-1", "another");
    assert!(is_busy(shop.hos.transition(&another).await), "the key is nobody's");
    let elsewhere = shop.hos.transition(&touch(&shop, "o-2", "k")).await.unwrap_err();
    assert_eq!(*elsewhere.refusal().unwrap(), Refusal::InProgress, "the subject is nobody's");

    let batch = [touch(&shop, "o-3", "free"), touch(&shop, "o-1", "k"), another];
    let [free, held, waits] = shop.hos.transition_all(&batch).await.try_into().unwrap();
    free.unwrap();
    assert_eq!(*held.unwrap_err().refusal().unwrap(), Refusal::InProgress);
    assert!(is_busy(waits));

    let within = shop.hos.within(&mut holder);
    for id in ["o-2", "o-3"] {
        within.transition(&touch(&shop, id, id)).await.unwrap();
    }
    drop(within);
    // Each waits as long as a lock may take, so that the third one is not tried.
    let batch = [("o-1", "k"), ("o-2", "o-2"), ("o-3", "o-3")].map(|(id, k)| touch(&shop, id, k));
    let [one, other, untried] = shop.hos.transition_all(&batch).await.try_into().unwrap();
    for held in [one, other] {
        assert_eq!(*held.unwrap_err().refusal().unwrap(), Refusal::InProgress);
    }
    assert!(is_busy(untried));

    holder.commit().await.unwrap();
    let again = shop.hos.transition(&touch(&shop, "o-1", "k")).await.unwrap();
    assert_eq!(again, Receipt { replayed: true, ..first });
    shop.hos.transition(&touch(&shop, "o-2", "another")).await.unwrap();
    shop.audit().await;
}
