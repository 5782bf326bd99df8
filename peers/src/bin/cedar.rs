//! The differential run against Cedar, as large as it is told by the environment:
//! `HOS_CAMPAIGN_SIZE` questions from the seed `HOS_CAMPAIGN_SEED`.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use hos_peers::differential::{Difference, QUESTIONS_OF_LAW, Tally, law};

fn main() -> ExitCode {
    let (size, seed) = (told("HOS_CAMPAIGN_SIZE", 100_000), told("HOS_CAMPAIGN_SEED", 1));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("the law beside Cedar: {size} questions, seed {seed}, {threads} threads");
    let start = Instant::now();
    match campaign(size.div_ceil(QUESTIONS_OF_LAW), seed, threads) {
        Ok(tally) => {
            let seconds = start.elapsed().as_secs_f64();
            println!("{tally}\n{seconds:.1} s; no difference that is not listed here");
            ExitCode::SUCCESS
        }
        Err(difference) => {
            println!("seed {seed}, {difference}");
            ExitCode::FAILURE
        }
    }
}

fn told(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is no number: `{text}`"))
    })
}

/// Each thread takes the next law; which laws there are does not depend on the threads.
fn campaign(laws: u64, seed: u64, threads: usize) -> Result<Tally, Difference> {
    let next = AtomicU64::new(0);
    let seen = Mutex::new(Ok(Tally::default()));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= laws {
                return;
            }
            let result = law(seed, number, QUESTIONS_OF_LAW, None);
            let mut seen = seen.lock().expect("no thread panics with the lock");
            match (&mut *seen, result) {
                (Ok(tally), Ok(more)) => *tally += more,
                (Ok(_), Err(difference)) => *seen = Err(difference),
                (Err(_), _) => return,
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    seen.into_inner().expect("no thread panics with the lock")
}
