//! What is taken away in one process is taken away in every other, with the next answer there: a
//! second process, which remembers what the first one takes, asks over a wire that is cut.
//!
//! `HOS_CAMPAIGN_SIZE` is how often each way of being permitted is given and taken, from the seed
//! `HOS_CAMPAIGN_SEED`. This binary starts itself as the second process. Nothing tells it of a
//! change but the database, in the answer to the question itself; so there is nothing else that
//! could be cut.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test binary")]

mod harbor;
#[path = "../support/house.rs"]
mod house;
mod reader;
mod stale;
mod wire;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::process::ExitCode;

use hos_conformance::campaign::Campaign;
use hos_conformance::random::Random;
use libtest_mimic::{Arguments, Trial};

use harbor::{Harbor, Way};
use house::Kind;
use reader::{Plant, Reader};
use wire::Wire;

/// How often each permission is given and taken.
const ROUNDS: u64 = 3;
/// How often it is asked over a dead wire.
const QUESTIONS_CUT: usize = 5;
/// How often it moves its subject at most before it is revoked in mid-course.
const HEADWAY_MAX: u64 = 10;

fn main() -> ExitCode {
    if let Ok(url) = std::env::var(reader::CHILD) {
        runtime().block_on(reader::serve(&url));
        return ExitCode::SUCCESS;
    }
    let every = [Kind::Sqlite, Kind::Postgres, Kind::MariaDb];
    let servers = [Kind::Postgres, Kind::MariaDb];
    let mut trials = Vec::new();
    for kind in every {
        trials.push(trial(kind, "the_next_answer_elsewhere_knows_of_it", |harbor| {
            next_answer(harbor, &Way::ALL, Plant::Nothing)
        }));
        trials.push(trial(kind, "no_move_elsewhere_comes_after_it", |harbor| {
            in_mid_course(harbor, &Way::ALL, Plant::Nothing)
        }));
        trials.push(Trial::test(
            format!("{}::a_store_that_never_forgets_is_found_out", kind.name()),
            move || {
                found_out(kind);
                Ok(())
            },
        ));
    }
    for kind in servers {
        trials.push(trial(kind, "whoever_is_cut_off_is_told_nothing", cut_off));
        trials.push(trial(kind, "a_question_that_was_held_up_is_answered_as_of_then", held_up));
    }
    // One at a time: each has a process and a server of its own on a small machine.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test in a fresh database; none where its server cannot be started.
fn trial<F>(kind: Kind, name: &str, test: fn(Harbor) -> F) -> Trial
where
    F: Future<Output = ()> + 'static,
{
    Trial::test(format!("{}::{name}", kind.name()), move || {
        let directory = tempfile::tempdir().unwrap();
        if let Some(url) = kind.database(directory.path()) {
            runtime().block_on(async { test(Harbor::open(&url).await).await });
        }
        Ok(())
    })
}

/// By each way of having been permitted, and by who moves on in mid-course.
fn found_out(kind: Kind) {
    let by = |what: &str, test: &dyn Fn(Harbor) -> Pin<Box<dyn Future<Output = ()>>>| {
        let directory = tempfile::tempdir().unwrap();
        let Some(url) = kind.database(directory.path()) else { return };
        let runtime = runtime();
        let harbor = runtime.block_on(Harbor::open(&url));
        let ran = catch_unwind(AssertUnwindSafe(|| runtime.block_on(test(harbor))));
        let told = ran.expect_err(what).downcast::<String>().expect("an assertion's words");
        assert!(told.contains(what), "by {what}: {told}");
    };
    for way in Way::ALL {
        by(&format!("{way:?}, round 0"), &move |harbor| {
            Box::pin(async move { next_answer(harbor, &[way], Plant::Stale).await })
        });
    }
    by("moved after it was revoked", &|harbor| {
        Box::pin(in_mid_course(harbor, &[Way::Role], Plant::Stale))
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// By every way in which somebody may come to be permitted.
async fn next_answer(harbor: Harbor, ways: &[Way], plant: Plant) {
    let mut reader = Reader::start(harbor.url(), plant);
    assert_eq!(reader.ask("can"), "deny", "before anything was given");
    for round in 0..Campaign::from_environment(ROUNDS).size {
        for &way in ways {
            let given = harbor.give(way).await;
            for _ in 0..2 {
                assert_eq!(reader.ask("can"), "allow", "{way:?}, round {round}");
                assert_eq!(reader.ask("can_all"), "allow", "{way:?}, round {round}");
                assert_eq!(reader.ask("move"), "moved", "{way:?}, round {round}");
            }
            harbor.take(way, &given).await;
            // In a closed world reading goes on.
            let answer = if way == Way::World { "allow" } else { "deny" };
            assert_eq!(reader.ask("can"), answer, "{way:?}, round {round}");
            assert_eq!(reader.ask("can_all"), answer, "{way:?}, round {round}");
            assert_eq!(reader.ask("move"), "refused", "{way:?}, round {round}");
            harbor.restore(way).await;
        }
    }
    reader.end();
    harbor.close().await;
}

/// Law 9.9: the other process moves without a break, and the last of its moves that came to be
/// came to be before the revocation was answered.
async fn in_mid_course(harbor: Harbor, ways: &[Way], plant: Plant) {
    let campaign = Campaign::from_environment(ROUNDS);
    let mut random = Random::new(campaign.seed);
    let mut reader = Reader::start(harbor.url(), plant);
    for round in 0..campaign.size {
        for &way in ways {
            let given = harbor.give(way).await;
            reader.tell("run");
            for _ in 0..=random.below(HEADWAY_MAX) {
                assert_eq!(reader.hear(), "moved", "{way:?}, round {round}");
            }
            harbor.take(way, &given).await;
            let revision = harbor.revision().await;
            while reader.hear() != "end" {}
            let later = harbor.revision().await;
            assert_eq!(later, revision, "{way:?}, round {round}: moved after it was revoked");
            harbor.restore(way).await;
        }
    }
    reader.end();
    harbor.close().await;
}

/// What is remembered is never the answer: without a word from the database there is none.
async fn cut_off(harbor: Harbor) {
    let wire = Wire::before(harbor.url()).await;
    let mut reader = Reader::start(&wire.url(harbor.url()), Plant::Nothing);
    for round in 0..Campaign::from_environment(ROUNDS).size {
        let given = harbor.give(Way::Role).await;
        assert_eq!(reader.ask("can"), "allow", "round {round}");
        assert_eq!(reader.ask("move"), "moved", "round {round}");

        wire.cut();
        for _ in 0..QUESTIONS_CUT {
            assert_eq!(reader.ask("can"), "fault", "it remembers, and does not answer by heart");
            assert_eq!(reader.ask("can_all"), "fault", "round {round}");
            assert_eq!(reader.ask("move"), "fault", "round {round}");
        }
        let revision = harbor.revision().await;
        harbor.take(Way::Role, &given).await;
        assert_eq!(reader.ask("can"), "fault", "round {round}");

        wire.mend();
        assert_eq!(reader.ask("can"), "deny", "the first answer after the cut, round {round}");
        assert_eq!(reader.ask("move"), "refused", "round {round}");
        assert_eq!(harbor.revision().await, revision, "round {round}");
    }
    reader.end();
    harbor.close().await;
}

/// Nobody tells the reader that the wire is dead, and it waits: the answer is that of the moment
/// in which the database was asked, however long the question was on its way.
async fn held_up(harbor: Harbor) {
    let wire = Wire::before(harbor.url()).await;
    let mut reader = Reader::start(&wire.url(harbor.url()), Plant::Nothing);
    let mut given = harbor.give(Way::Role).await;
    for round in 0..Campaign::from_environment(ROUNDS).size {
        for question in ["can", "can_all"] {
            assert_eq!(reader.ask(question), "allow", "round {round}");
            wire.hold();
            reader.tell(question);
            wire.until_held().await;
            harbor.take(Way::Role, &given).await;
            wire.mend();
            assert_eq!(reader.hear(), "deny", "{question}, round {round}");
            given = harbor.give(Way::Role).await;
        }
    }
    reader.end();
    harbor.close().await;
}
