//! Crowds of callers, some of whom leave at any moment.

use hos_core::hos::Hos;
use hos_core::laws::Proofs as _;
use hos_core::receipt::Effect;
use hos_core::subject::Subject;
use hos_work::{Lane, LaneOptions};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::law::{Answer, call, desk, settled, ticket, touch};
use crate::store::Watch;

const CALLERS: usize = 60;
const FIRMS: usize = 3;

#[tokio::test(start_paused = true)]
async fn forty_crowds_are_answered_each_with_its_own_and_once() {
    for seed in 0..40 {
        crowd(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn crowds_on_several_threads_are_answered_each_with_its_own_and_once() {
    for seed in 40..48 {
        crowd(seed).await;
    }
}

/// One crowd: the first caller leaves at work, a third of the others at random, in every fourth
/// crowd a whole window of them; every fourth caller wants the same ticket.
async fn crowd(seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let (hos, watch) = desk(FIRMS).await;
    let options = LaneOptions::default().lanes(rng.random_range(1..4)).batch_max(16).queue_max(40);
    let lane = Lane::with_options(hos.clone(), options);
    let hot = ticket(&hos, 0, "hot").await;
    let mut tickets = Vec::new();
    for caller in 0..CALLERS {
        let own = ticket(&hos, caller % FIRMS, &format!("t-{caller}")).await;
        tickets.push(if caller % 4 == 1 { hot.clone() } else { own });
    }
    watch.forget();
    watch.dawdle(seed);
    let commands = tickets.iter().enumerate().map(|(caller, own)| touch(own, key(caller)));
    let callers: Vec<_> = commands.map(|command| call(&lane, command)).collect();
    let window = rng.random_range(0..CALLERS)..CALLERS;
    let mut left = Vec::new();
    for (at, caller) in callers.iter().enumerate() {
        for _ in 0..rng.random_range(0..3) {
            tokio::task::yield_now().await;
        }
        let whole = seed % 4 == 3 && window.contains(&at) && at < window.start + 16;
        if at == 0 || whole || rng.random_range(0..3) == 0 {
            caller.abort();
            left.push(at);
        }
    }
    for (at, (caller, own)) in callers.into_iter().zip(&tickets).enumerate() {
        match settled(caller).await {
            Ok(answer) => expect_own(&answer, own, &watch, at),
            Err(gone) => assert!(gone.is_cancelled() && left.contains(&at), "caller {at}"),
        }
        assert!(watch.times_asked(&key(at)) <= 1, "caller {at} ran twice in crowd {seed}");
    }
    everybody_leaves(&lane, &hos, &watch).await;
    settled(lane.close()).await;
    assert_eq!(lane.waiting(), 0);
    expect_history(&hos, &hot, &watch).await;
}

fn key(caller: usize) -> String {
    format!("c-{caller}")
}

fn expect_own(answer: &Answer, own: &Subject, watch: &Watch, at: usize) {
    let receipt = answer.as_ref().unwrap();
    assert_eq!(receipt.subject.as_ref(), Some(own), "caller {at} got another's receipt");
    assert!(receipt.effect == Effect::Moved && !receipt.replayed, "caller {at}");
    assert_eq!(watch.times_asked(&key(at)), 1, "caller {at}");
}

/// Ten callers who all leave, then one more.
async fn everybody_leaves(lane: &Lane, hos: &Hos, watch: &Watch) {
    let last = ticket(hos, 1, "last").await;
    let callers: Vec<_> = (0..10).map(|n| call(lane, touch(&last, format!("gone-{n}")))).collect();
    for caller in callers {
        caller.abort();
        assert!(settled(caller).await.map_or_else(|gone| gone.is_cancelled(), |a| a.is_ok()));
    }
    let answer = settled(call(lane, touch(&last, "one more"))).await.unwrap();
    assert_eq!(answer.unwrap().subject.as_ref(), Some(&last));
    assert_eq!(watch.times_asked("one more"), 1);
}

/// The ticket that many wanted moved once per command that was worked, whether told or not.
async fn expect_history(hos: &Hos, hot: &Subject, watch: &Watch) {
    let wanted = (0..CALLERS).filter(|caller| caller % 4 == 1);
    let worked: usize = wanted.map(|caller| watch.times_asked(&key(caller))).sum();
    let moves = hos.history(hot, 1, 100).await.unwrap();
    assert_eq!(moves.len(), worked);
}

#[tokio::test(start_paused = true)]
async fn compound_commands_on_crossing_lanes_all_move() {
    let (hos, watch) = desk(1).await;
    let lane = Lane::with_options(hos.clone(), LaneOptions::default().lanes(2).batch_max(4));
    let mut tickets = Vec::new();
    for id in ["a", "b", "c", "d"] {
        tickets.push(ticket(&hos, 0, id).await);
    }
    watch.dawdle(7);
    let mut callers = Vec::new();
    for n in 0..24 {
        let (one, other) = (&tickets[n % 4], &tickets[(n + 1 + n % 3) % 4]);
        let both = touch(one, format!("both-{n}")).and(other, "touch");
        callers.push(call(&lane, both));
    }
    for caller in callers {
        assert_eq!(settled(caller).await.unwrap().unwrap().also.len(), 1);
    }
    let mut moves = 0;
    for ticket in &tickets {
        moves += hos.history(ticket, 1, 100).await.unwrap().len();
    }
    assert_eq!(moves, 48);
}
