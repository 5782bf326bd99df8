//! Commits of one batch: what happens to one happens to it alone.

use hos_core::error::FaultKind;
use sqlx::Executor;

use crate::shop::{Shop, open_shop};

/// A shop with three orders, where the world's own trigger lets nobody move `o-3`.
async fn shop_with_a_fault() -> Shop {
    let shop = open_shop().await;
    for id in ["o-1", "o-2", "o-3"] {
        shop.open(id).await;
    }
    let trigger = "CREATE TRIGGER never BEFORE UPDATE ON hos_subject WHEN NEW.id = 'o-3'
        BEGIN SELECT RAISE(ABORT, 'never'); END";
    shop.stranger().await.execute(trigger).await.unwrap();
    shop
}

#[tokio::test]
async fn the_fault_of_one_is_its_own() {
    let shop = shop_with_a_fault().await;
    let commands = ["o-1", "o-3", "o-2"].map(|id| shop.command(id, "pay"));
    let answers = shop.hos.transition_all(&commands).await;
    let revisions: Vec<Option<u64>> =
        answers.iter().map(|answer| answer.as_ref().ok().map(|receipt| receipt.revision)).collect();
    assert_eq!(revisions, [Some(2), None, Some(2)], "{answers:?}");
    let fault = answers.get(1).unwrap().as_ref().unwrap_err();
    assert_eq!(fault.fault().unwrap().kind(), FaultKind::Internal);
    shop.audit().await;
}
