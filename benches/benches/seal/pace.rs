//! How long what was recorded waits until it is sealed, while a thousand firms go on recording.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hos_benches::desk::Desk;
use hos_benches::{is_smoke, judge};
use hos_core::hos::Sealer;
use hos_core::id::Tenant;
use hos_core::note::SigningKey;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::{Keys, LogName};
use hos_core::store::Backend;
use hos_work::{DirectoryKeeper, LaneOptions};
use tokio::runtime::Runtime;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Transitions a second.
const RATE: u32 = 3_000;
const CALLERS: u32 = 192;
/// How often a round begins, as `seal_forever` does by itself.
const EVERY: Duration = Duration::from_millis(250);
/// What the 99th of a hundred entries may wait for its seal.
const SEALED_WITHIN: Duration = Duration::from_secs(1);

/// Seals beside a load, first to warm up, and prints how long entries waited.
pub(crate) fn pace(name: &str, runtime: &Runtime, store: impl Backend + 'static) {
    let lanes = LaneOptions::default().lanes(2).batch_max(128);
    let desk = runtime.block_on(Desk::open(store, lanes, 4_000));
    let directory = tempfile::tempdir().unwrap();
    let keeper = DirectoryKeeper::open(directory.path()).unwrap();
    let key = SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    let sealer = desk.hos().sealer(Keys::new(key), keeper).unwrap();
    let (warm, lasts) = if is_smoke() { (0, 1) } else { (5, 30) };
    let mut waiting = Waiting::default();
    runtime.block_on(async {
        desk.sequence().await;
        while waiting.seal(&sealer).await > 0 {}
        run(&desk, &sealer, &mut waiting, Duration::from_secs(warm)).await;
        run(&desk, &sealer, &mut waiting, Duration::from_secs(lasts)).await.print(name);
    });
}

async fn run(desk: &Desk, sealer: &Sealer, waiting: &mut Waiting, lasts: Duration) -> Figures {
    let (start, recorded) = (Instant::now(), Recorded::default());
    waiting.recorded = Arc::clone(&recorded);
    let turning = desk.turn_at(RATE, CALLERS, lasts, move |firm| {
        recorded.lock().unwrap().entry(firm.clone()).or_default().push_back(Instant::now());
    });
    let turning = tokio::spawn(turning);
    let mut figures = Figures::default();
    let mut rounds = interval(EVERY);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let is_last = turning.is_finished();
        rounds.tick().await;
        let begun = Instant::now();
        while desk.hos().sequence_pending(PAGE_MAX).await.unwrap() == PAGE_MAX {}
        let numbered = Instant::now();
        let sealed = waiting.seal(sealer).await;
        figures.rounds.push((numbered - begun, numbered.elapsed(), sealed));
        if is_last {
            break;
        }
        figures.took = start.elapsed();
    }
    turning.await.unwrap();
    figures.waited = std::mem::take(&mut waiting.waited);
    figures
}

/// Of each firm when what is not sealed was recorded.
type Recorded = Arc<Mutex<BTreeMap<Tenant, VecDeque<Instant>>>>;

#[derive(Default)]
struct Waiting {
    recorded: Recorded,
    sizes: BTreeMap<Tenant, u64>,
    waited: Vec<Duration>,
}

impl Waiting {
    /// Seals, and notes how long what is under the new checkpoints has waited by now. Those of one
    /// firm are told apart by their order; one whose answer is still under way has waited for
    /// nothing.
    async fn seal(&mut self, sealer: &Sealer) -> usize {
        let report = sealer.seal_pending(PAGE_MAX).await.unwrap();
        assert!(report.refused.is_empty(), "{:?}", report.refused);
        let now = Instant::now();
        let mut recorded = self.recorded.lock().unwrap();
        for (log, checkpoint) in &report.sealed {
            let LogName::Tenant(_, firm) = log else { continue };
            let before = self.sizes.insert(firm.clone(), checkpoint.size).unwrap_or(0);
            let of_it = recorded.get_mut(firm);
            let ended = of_it.into_iter().flat_map(|of_it| {
                let count = of_it.len().min(usize::try_from(checkpoint.size - before).unwrap());
                of_it.drain(..count)
            });
            self.waited.extend(ended.map(|at| now.saturating_duration_since(at)));
        }
        report.sealed.len()
    }
}

#[derive(Default)]
struct Figures {
    took: Duration,
    waited: Vec<Duration>,
    /// Of each round how long it numbered and sealed, and how many logs.
    rounds: Vec<(Duration, Duration, usize)>,
}

impl Figures {
    fn print(mut self, name: &str) {
        let rate = self.waited.len() as f64 / self.took.as_secs_f64();
        println!("\n{name}: {rate:.0} transitions a second of all firms, {RATE} asked");
        let spread_of = spread(&mut self.waited);
        let is_met = judge(at(&self.waited, 99) <= SEALED_WITHIN);
        println!("recorded to sealed: {spread_of}{}", if is_met { "" } else { " MISSED" });
        let mut numbered: Vec<_> = self.rounds.iter().map(|round| round.0).collect();
        let mut sealed: Vec<_> = self.rounds.iter().map(|round| round.1).collect();
        let logs: usize = self.rounds.iter().map(|round| round.2).sum();
        let each = logs / self.rounds.len();
        println!("{} rounds, {each} logs each", self.rounds.len());
        println!("numbering: {}; sealing: {}", spread(&mut numbered), spread(&mut sealed));
    }
}

fn spread(all: &mut [Duration]) -> String {
    all.sort_unstable();
    format!("p50 {:?}, p99 {:?}, max {:?}", at(all, 50), at(all, 99), at(all, 100))
}

/// Of what is sorted.
fn at(all: &[Duration], part: usize) -> Duration {
    let place = (all.len() * part / 100).min(all.len().saturating_sub(1));
    all.get(place).copied().unwrap_or_default()
}
