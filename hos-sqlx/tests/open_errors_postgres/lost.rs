//! Upkeep whose answer is lost on its way.

use hos_core::error::FaultKind;
use hos_core::time::Timestamp;
use hos_sqlx::PostgresStore;

use crate::pressure::Place;
use crate::proxy::{Cut, Proxy};

const MONTHS: &str = "SELECT count(*) FROM pg_inherits \
    WHERE inhrelid = to_regclass('hos_entry_200001');";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_detachment_whose_answer_was_lost_is_not_said_to_have_found_nothing() {
    let Some(place) = Place::start(|options| options).await else { return };
    let then = Timestamp::parse("2000-01-01T00:00:00Z").unwrap();
    let after = Timestamp::parse("2000-02-01T00:00:00Z").unwrap();
    assert_eq!(place.store.partition_ahead(then, 1).await.unwrap(), 2);
    let proxy = Proxy::start(&place.server()).await;
    let store = PostgresStore::open(&proxy.url(&place.url)).await.unwrap();
    for (cut, left) in [(Cut::Commit, "1"), (Cut::Answer, "0")] {
        proxy.cut_next(cut);
        let fault = store.detach_before(after).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Ambiguous, "{cut:?}: {fault:?}");
        assert_eq!(place.superuser(MONTHS), left, "{cut:?}");
    }
    assert_eq!(proxy.cuts(), 2);
    assert_eq!(store.detach_before(after).await.unwrap(), [] as [String; 0]);
    store.close().await;
    place.end(&std::collections::BTreeSet::new()).await;
}
