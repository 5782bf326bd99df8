//! What a log says about a subject: not only what moved it.

use hos_core::command::{Migration, Record};
use hos_core::hos::Hos;
use hos_core::laws::{EntriesAbout, Proofs as _};
use hos_core::proof::LogEntry;
use hos_core::subject::Subject;

use super::migration::law::later;
use crate::case::cases;
use crate::stage::{
    NEIGHBOUR, Stage, act, code, firm, leaf, owner, root, subject, tenant, viewer, world,
};

cases!(
    "about",
    [
        about_tells_records_corrections_denials_and_migrations_in_order,
        about_goes_on_page_by_page,
        about_leaves_out_whatever_is_about_others,
    ]
);

/// Everything about a subject, in pages of so many.
pub(super) async fn all(hos: &Hos, subject: &Subject, limit: u32) -> Vec<LogEntry> {
    let (mut entries, mut from) = (Vec::new(), Some(0));
    while let Some(at) = from {
        let page = hos.entries_about(subject, at, limit).await.expect("a page");
        assert!(page.entries.len() <= usize::try_from(limit).unwrap());
        assert!(page.next.is_none_or(|next| next > at), "it goes on");
        entries.extend(page.entries);
        from = page.next;
    }
    entries
}

fn types(entries: &[LogEntry]) -> Vec<String> {
    entries.iter().map(|entry| leaf(entry)["typ"].as_str().unwrap().to_owned()).collect()
}

/// An order to which everything happened, and another beside it; the law is the later one.
async fn eventful(stage: &Stage) -> (Hos, Subject) {
    let order = stage.order("o").await;
    let other = stage.order("p").await;
    stage.moved(&act(&owner(), &order, "touch", "k1")).await;
    stage.hos.record(&Record::about(&owner(), &order, "call").key("k2")).await.expect("a record");
    let called = stage.log().await.last().expect("an entry").id;
    let correction = Record::about(&owner(), &order, "call").corrects(called);
    stage.hos.record(&correction.key("k3")).await.expect("a correction");
    let aside = Record::new(&owner(), &world(), &firm(), "called").corrects(called);
    stage.hos.record(&aside.key("k4")).await.expect("a correction about nothing");
    let theirs = Record::about(&owner(), &other, "call").key("k5");
    let theirs = stage.hos.record(&theirs).await.expect("a record of the other").proof_id;
    let aside = Record::new(&owner(), &world(), &firm(), "called").corrects(theirs);
    stage.hos.record(&aside.key("k6")).await.expect("a correction of the other's");
    stage.hos.record(&Record::new(&owner(), &world(), &firm(), "noise").key("k7")).await.unwrap();
    assert_eq!(code(stage.send(&act(&viewer(), &order, "cancel", "k8")).await), "denied");
    let hos = stage.open([later()]).await.expect("the later law");
    let migration = Migration::new(&root(), &world(), &firm(), "order", "1", "2").key("k9");
    hos.migrate(&migration, 100).await.expect("a migration");
    hos.sequence_pending(1_000).await.expect("places in the log");
    (hos, order)
}

async fn about_tells_records_corrections_denials_and_migrations_in_order(stage: Stage) {
    let (hos, order) = eventful(&stage).await;
    let told = all(&hos, &order, 1_000).await;
    let expected = [
        "opened/1",
        "transition/1",
        "record/1",
        "correction/1",
        "correction/1",
        "denial/1",
        "migration/1",
    ];
    assert_eq!(types(&told), expected);
    let log = stage.log().await;
    assert!(told.iter().all(|entry| log.contains(entry)), "as the log has them, parts and all");
    assert!(told.is_sorted_by_key(|entry| entry.index));
    let moves = hos.history(&order, 0, 1_000).await.expect("a history");
    assert!(moves.iter().all(|entry| told.contains(entry)), "the chain of states is among them");
}

async fn about_goes_on_page_by_page(stage: Stage) {
    let (hos, order) = eventful(&stage).await;
    let whole = all(&hos, &order, 1_000).await;
    for limit in [1, 2, 3, 7] {
        assert_eq!(all(&hos, &order, limit).await, whole, "{limit} at a time");
    }
    let size = hos.head(&world(), &firm()).await.expect("a head").size;
    for from in [size, u64::MAX] {
        let past = hos.entries_about(&order, from, 10).await.expect("a page");
        assert_eq!(past, EntriesAbout { entries: Vec::new(), next: None });
    }
}

async fn about_leaves_out_whatever_is_about_others(stage: Stage) {
    let (hos, _) = eventful(&stage).await;
    let other = all(&hos, &subject("order", "p"), 1_000).await;
    assert_eq!(types(&other), ["opened/1", "record/1", "correction/1", "migration/1"]);
    for (kind, id) in [("lamp", "o"), ("order", "O"), ("order", "o "), ("order", "q")] {
        assert_eq!(all(&hos, &subject(kind, id), 1_000).await, [], "{kind} `{id}`");
    }
    let next_door = Subject { tenant: tenant(NEIGHBOUR), ..subject("order", "o") };
    assert_eq!(all(&hos, &next_door, 1_000).await, []);
}
