//! Logs that are read, and whose checkpoints are published, in one call.

use std::sync::Arc;

use futures_util::future::join_all;
use hos_core::error::FaultKind;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::{Checkpoint, LogName, LogState, Publication, Published, SPANS_MAX, Span};
use hos_core::time::Timestamp;

use crate::case::cases;
use crate::sealing::{kind, log_of};
use crate::stage::{NEIGHBOUR, Stage, firm, tenant};

cases!(
    "seal",
    [
        seal_reads_many_logs_in_the_order_asked,
        seal_publishes_many_each_upon_its_own_log,
        seal_publishes_of_several_at_once_only_one,
    ]
);

/// One that is not there, and others out of the order of their numbers.
fn logs() -> [LogName; 4] {
    let absent = log_of(&tenant("firm-9"));
    [absent, log_of(&tenant(NEIGHBOUR)), LogName::Deployment, log_of(&firm())]
}

/// The firm's log has two entries that are not sealed; every other log is.
async fn grown(stage: &Stage) {
    let sealer = stage.sealer(&Arc::default());
    stage.settle().await;
    sealer.seal_pending(PAGE_MAX).await.unwrap();
    sealer.anchor_round(PAGE_MAX).await.unwrap();
    stage.order("o").await;
    stage.touched("o", 1, "touch").await;
}

async fn seal_reads_many_logs_in_the_order_asked(stage: Stage) {
    grown(&stage).await;
    let (backend, logs) = (stage.backend(), logs());
    let seals = backend.seals();
    let states = seals.states(&logs).await.unwrap();
    let sizes: Vec<u64> = states.iter().map(|state| state.size).collect();
    let anchors = seals.anchors(0, PAGE_MAX).await.unwrap();
    let firms = stage.log().await;
    assert_eq!((sizes[0], sizes[2], sizes[3]), (0, 3, u64::try_from(firms.len()).unwrap()));
    for (log, state) in logs.iter().zip(&states) {
        assert_eq!(*state, seals.state(log).await.unwrap());
        let last = seals.checkpoints(log, 0, PAGE_MAX).await.unwrap().pop();
        assert_eq!(state.sealed, last);
    }
    let edge = |first: usize, count: usize| Span::Edge {
        level: 0,
        first: first.try_into().unwrap(),
        count: count.try_into().unwrap(),
    };
    let [absent, neighbour, deployment, firm] = logs;
    let asked = [
        (absent.clone(), vec![]),
        (firm.clone(), vec![edge(1, 1), edge(0, firms.len())]),
        (deployment, vec![edge(0, anchors.len())]),
        (neighbour, vec![edge(0, 1)]),
    ];
    let read = seals.hashes_of(&asked).await.unwrap();
    let leaves: Vec<_> = firms.iter().map(|entry| entry.leaf_hash).collect();
    let anchored: Vec<_> = anchors.iter().map(|anchor| anchor.leaf_hash).collect();
    assert_eq!(read[..3], [vec![], vec![leaves[1..2].to_vec(), leaves.clone()], vec![anchored]]);
    assert_eq!(read[3].len(), 1);
    assert_ne!(read[3][0], leaves[..1]);
    let all = [(firm.clone(), vec![edge(0, 1); SPANS_MAX])];
    assert_eq!(seals.hashes_of(&all).await.unwrap(), [vec![leaves[..1].to_vec(); SPANS_MAX]]);
    for missing in [(firm, vec![edge(0, leaves.len() + 1)]), (absent, vec![edge(0, 1)])] {
        let asked = [asked[3].clone(), missing];
        assert_eq!(kind(seals.hashes_of(&asked).await), FaultKind::Corrupt);
    }
    assert_eq!(seals.states(&[]).await.unwrap(), []);
    assert!(seals.hashes_of(&[]).await.unwrap().is_empty());
}

/// What may be published over all entries of a log, or over one that is not there.
fn publication(log: LogName, state: &LogState) -> Publication {
    let base = state.sealed.as_ref().map_or(0, |last| last.size);
    let note = format!("a \"note\" of {log}\n\n\u{2014} signed\n");
    let checkpoint =
        Checkpoint { size: state.size.max(1), note, sealed_at: Timestamp::from_micros(1) };
    Publication { log, base, checkpoint }
}

async fn seal_publishes_many_each_upon_its_own_log(stage: Stage) {
    grown(&stage).await;
    let backend = stage.backend();
    let seals = backend.seals();
    let before = seals.states(&logs()).await.unwrap();
    let publications: Vec<Publication> =
        logs().into_iter().zip(&before).map(|(log, state)| publication(log, state)).collect();
    assert_eq!(seals.unsealed(None, PAGE_MAX).await.unwrap().len(), 1);
    let published = seals.publish_all(&publications).await.unwrap();
    let outrun = |at: usize| Published::Outrun(before[at].sealed.clone());
    assert_eq!(published, [outrun(0), outrun(1), outrun(2), Published::Done]);
    let after = seals.states(&logs()).await.unwrap();
    assert_eq!(after[..3], before[..3]);
    assert_eq!(after[3].sealed.as_ref(), Some(&publications[3].checkpoint));
    assert_eq!(seals.unsealed(None, PAGE_MAX).await.unwrap(), []);
    let unanchored = seals.unanchored(PAGE_MAX).await.unwrap();
    assert_eq!(unanchored, [(log_of(&firm()), publications[3].checkpoint.clone())]);
    let again = seals.publish_all(&publications).await.unwrap();
    assert_eq!(again[3], Published::Outrun(after[3].sealed.clone()));
    assert_eq!(seals.publish_all(&[]).await.unwrap(), []);
}

async fn seal_publishes_of_several_at_once_only_one(stage: Stage) {
    stage.settle().await;
    let backend = stage.backend();
    let seals = backend.seals();
    let mut publications = Vec::new();
    for (_, log) in seals.unsealed(None, PAGE_MAX).await.unwrap() {
        let state = seals.state(&log).await.unwrap();
        publications.push(publication(log, &state));
    }
    assert!(publications.len() >= 3, "{publications:?}");
    let mut backwards = publications.clone();
    backwards.reverse();
    let publish = (0..8)
        .map(|turn| seals.publish_all(if turn % 2 == 0 { &publications } else { &backwards }));
    let published = join_all(publish).await;
    let done = published.into_iter().flat_map(Result::unwrap).filter(|of| *of == Published::Done);
    assert_eq!(done.count(), publications.len());
    assert_eq!(seals.unsealed(None, PAGE_MAX).await.unwrap(), []);
}
