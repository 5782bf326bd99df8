//! Transactions of the caller's that meet others.

use std::collections::BTreeSet;

use hos_core::error::FaultKind;
use hos_core::prelude::*;
use hos_sqlx::{PostgresOptions, WithinExt as _};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use crate::job::{job, worker};
use crate::pressure::{JOBS, Place, SHORT};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_callers_who_wait_for_each_other_one_is_asked_to_begin_again() {
    let Some(place) = Place::start(|options| options).await else { return };
    let mut first = place.store.begin().await.unwrap();
    let mut second = place.store.begin().await.unwrap();
    let (one, other) = (place.touch(0, "one-0"), place.touch(1, "other-1"));
    place.hos.within(&mut first).transition(&one).await.unwrap();
    place.hos.within(&mut second).transition(&other).await.unwrap();
    let (crossing, back) = (place.touch(1, "one-1"), place.touch(0, "other-0"));
    let (mine, theirs) = {
        let (mine, theirs) = (place.hos.within(&mut first), place.hos.within(&mut second));
        tokio::join!(async { mine.transition(&crossing).await }, async {
            theirs.transition(&back).await
        })
    };
    let faults: Vec<FaultKind> = [&mine, &theirs]
        .into_iter()
        .filter_map(|answer| Some(answer.as_ref().err()?.fault()?.kind()))
        .collect();
    let mut keys = BTreeSet::new();
    assert_eq!(faults, [FaultKind::Transaction], "{mine:?} {theirs:?}");
    let (winner, loser, names) = match &mine {
        Ok(_) => (first, second, ["one-0", "one-1"]),
        Err(_) => (second, first, ["other-0", "other-1"]),
    };
    winner.commit().await.unwrap();
    keys.extend(names.map(str::to_owned));
    loser.rollback().await.unwrap();
    for command in [one, crossing, other, back] {
        place.hos.transition(&command).await.unwrap();
    }
    keys.extend(["one-0", "one-1", "other-0", "other-1"].map(str::to_owned));
    place.end(&keys).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_of_a_stricter_isolation_is_asked_to_begin_again() {
    let Some(place) = Place::start(|options| options).await else { return };
    for isolation in ["BEGIN ISOLATION LEVEL REPEATABLE READ", "BEGIN ISOLATION LEVEL SERIALIZABLE"]
    {
        let begin = || place.store.pool().begin_with(isolation);
        let mut transaction = begin().await.unwrap();
        transaction.execute("SELECT count(*) FROM hos_schema").await.unwrap();
        place.hos.transition(&place.touch(0, isolation)).await.unwrap();
        let late = place.touch(0, &format!("{isolation}, late"));
        let error = place.hos.within(&mut transaction).transition(&late).await.unwrap_err();
        let kind = error.fault().map(Fault::kind);
        assert_eq!(kind, Some(FaultKind::Transaction), "{isolation}: {error:?}");
        transaction.rollback().await.unwrap();
        let mut transaction = begin().await.unwrap();
        let receipt = place.hos.within(&mut transaction).transition(&late).await.unwrap();
        assert_eq!(receipt.effect, Effect::Moved);
        transaction.commit().await.unwrap();
    }
    place.end(&BTreeSet::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_in_which_something_failed_is_not_gone_on_with() {
    let Some(place) = Place::start(|options| options).await else { return };
    let mut transaction = place.store.begin().await.unwrap();
    assert!(transaction.execute("SELECT 1 / 0").await.is_err());
    let touch = place.touch(0, "after");
    let error = place.hos.within(&mut transaction).transition(&touch).await.unwrap_err();
    assert_eq!(error.fault().map(Fault::kind), Some(FaultKind::Transaction), "{error:?}");
    transaction.rollback().await.unwrap();
    place.hos.transition(&touch).await.unwrap();
    place.end(&BTreeSet::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_does_not_see_that_another_opened_it_is_asked_to_begin_again() {
    let Some(place) = Place::start(|options| options).await else { return };
    for (at, isolation) in [(JOBS, "REPEATABLE READ"), (JOBS + 1, "SERIALIZABLE")] {
        let subject = job(&place.firm, at);
        let open = |key: &'static str| Opening::new(&worker(), &subject).key(format!("{key}-{at}"));
        let mut transaction = place.store.begin().await.unwrap();
        let level = AssertSqlSafe(format!("SET TRANSACTION ISOLATION LEVEL {isolation}"));
        transaction.execute(sqlx::raw_sql(level)).await.unwrap();
        transaction.execute("SELECT count(*) FROM hos_schema").await.unwrap();
        place.hos.open(&open("other")).await.unwrap();
        let error = place.hos.within(&mut transaction).open(&open("late")).await.unwrap_err();
        let kind = error.fault().map(Fault::kind);
        assert_eq!(kind, Some(FaultKind::Transaction), "{isolation}: {error:?}");
        transaction.rollback().await.unwrap();
        let mut transaction = place.store.begin().await.unwrap();
        let error = place.hos.within(&mut transaction).open(&open("late")).await.unwrap_err();
        assert!(error.refusal().is_some(), "it is seen now: {error:?}");
        transaction.rollback().await.unwrap();
    }
    place.end(&BTreeSet::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_waited_too_long_is_asked_to_begin_again() {
    let patience: [fn(PostgresOptions) -> PostgresOptions; 2] =
        [|options| options.lock_timeout(SHORT), |options| options.statement_timeout(SHORT)];
    for patience in patience {
        let Some(place) = Place::start(patience).await else { return };
        let mut stranger = place.stranger().await;
        let mut other = stranger.begin().await.unwrap();
        other.execute("SELECT FROM hos_subject WHERE id = 'j-0' FOR UPDATE").await.unwrap();
        let mut transaction = place.store.begin().await.unwrap();
        let touch = place.touch(0, "late");
        let error = place.hos.within(&mut transaction).transition(&touch).await.unwrap_err();
        assert_eq!(error.fault().map(Fault::kind), Some(FaultKind::Transaction), "{error:?}");
        assert!(error.to_string().contains("begin it again"), "{error}");
        transaction.rollback().await.unwrap();
        other.rollback().await.unwrap();
        let mut transaction = place.store.begin().await.unwrap();
        place.hos.within(&mut transaction).transition(&touch).await.unwrap();
        transaction.commit().await.unwrap();
        place.end(&BTreeSet::from(["late".to_owned()])).await;
    }
}
