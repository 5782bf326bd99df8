//! A key that somebody holds who has not ended.

use std::time::Duration;

use hos_core::error::FaultKind;
use hos_core::prelude::*;
use hos_sqlx::{PostgresOptions, PostgresStore, WithinExt as _};

use crate::shop::{FIRMS, Shop, law, order, owner, server};

fn touch(id: &str, key: &str) -> Command {
    Command::new(&owner(FIRMS[0]), &order(FIRMS[0], id), "touch").key(key)
}

fn is_busy(answer: Result<Receipt, Error>) -> bool {
    answer.unwrap_err().fault().map(Fault::kind) == Some(FaultKind::Busy)
}

#[tokio::test]
async fn whoever_sends_a_key_that_is_held_is_told_that_it_is_in_progress() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    for id in ["o-1", "o-2", "o-3"] {
        shop.open_order(FIRMS[0], id, "").await;
    }
    let options = PostgresOptions::new(shop.url()).lock_timeout(Duration::from_millis(100));
    let store = PostgresStore::open_with(options).await.unwrap();
    let hos = Hos::open([law()], store.clone()).await.unwrap();

    let mut holder = shop.store.begin().await.unwrap();
    let first = shop.hos.within(&mut holder).transition(&touch("o-1", "k")).await.unwrap();
    let refused = hos.transition(&touch("o-1", "k")).await.unwrap_err();
    assert_eq!(*refused.refusal().unwrap(), Refusal::InProgress);
    assert!(is_busy(hos.transition(&touch("o-1", "another")).await), "the key is nobody's");
    let elsewhere = hos.transition(&touch("o-2", "k")).await.unwrap_err();
    assert_eq!(*elsewhere.refusal().unwrap(), Refusal::InProgress, "the subject is nobody's");

    let batch = [touch("o-3", "free"), touch("o-1", "k"), touch("o-1", "another")];
    let [free, held, waits] = hos.transition_all(&batch).await.try_into().unwrap();
    free.unwrap();
    assert_eq!(*held.unwrap_err().refusal().unwrap(), Refusal::InProgress);
    assert!(is_busy(waits));

    for id in ["o-2", "o-3"] {
        shop.hos.within(&mut holder).transition(&touch(id, id)).await.unwrap();
    }
    // Each waits as long as a lock may take, so that the third one is not tried.
    let batch = [touch("o-1", "k"), touch("o-2", "o-2"), touch("o-3", "o-3")];
    let [one, other, untried] = hos.transition_all(&batch).await.try_into().unwrap();
    for held in [one, other] {
        assert_eq!(*held.unwrap_err().refusal().unwrap(), Refusal::InProgress);
    }
    assert!(is_busy(untried));

    holder.commit().await.unwrap();
    let again = hos.transition(&touch("o-1", "k")).await.unwrap();
    assert_eq!(again, Receipt { replayed: true, ..first });
    hos.transition(&touch("o-3", "another")).await.unwrap();
    store.close().await;
}
