//! What the benches share: ratios of medians, taken from rounds that alternate in one run.

#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

pub mod comparison;
pub mod desk;
mod processor;

use std::time::{Duration, Instant};

use processor::Spent;

/// Something that is measured: told how often, it says how long that took.
pub type Measured<'a> = Box<dyn FnMut(u32) -> Duration + 'a>;

/// One row of a table.
pub struct Row<'a> {
    /// What is measured.
    pub name: &'a str,
    /// The row that it is compared with, and how it should compare.
    pub target: Option<Target>,
    /// How often it is done in one round.
    pub times: u32,
    /// Does it.
    pub run: Measured<'a>,
}

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What is asked of a row.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Target {
    /// At most so many times as long as the first row.
    TimesAsLong(f64),
    /// At least so many times the first row's number per second.
    TimesAsMany(f64),
    /// At least so many times the number per second of the row with this name.
    TimesAsManyAs(&'static str, f64),
    /// A rival: at least so many times as long as the row with this name.
    TimesAsLongAs(&'static str, f64),
    /// At most so many nanoseconds.
    Nanoseconds(f64),
}

/// Whether this is a smoke run: everything once, no figures worth reading.
#[must_use]
pub fn is_smoke() -> bool {
    std::env::args().any(|argument| argument == "--test")
}

/// Whether it is also told how long each thing was on a processor.
fn is_of_processor() -> bool {
    std::env::args().any(|argument| argument == "processor")
}

/// The numbers among the arguments.
#[must_use]
pub fn numbers() -> Vec<u32> {
    std::env::args().filter_map(|argument| argument.parse().ok()).collect()
}

/// How long something takes.
pub fn timed(run: impl FnOnce()) -> Duration {
    let start = now();
    run();
    start.elapsed()
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a bench measures time")]
    Instant::now()
}

/// Runs every row once per round, and prints the medians with their ratio to the first row.
pub fn table(title: &str, rounds: usize, rows: &mut [Row<'_>]) {
    let smoke = is_smoke();
    let rounds = if smoke { 1 } else { rounds };
    let mut figures: Vec<Vec<f64>> = rows.iter().map(|_| Vec::with_capacity(rounds)).collect();
    let mut ratios = figures.clone();
    let mut spent: Vec<Vec<Spent>> = rows.iter().map(|_| Vec::with_capacity(rounds)).collect();
    for _ in 0..rounds {
        let mut floor = None;
        for (at, row) in rows.iter_mut().enumerate() {
            let times = if smoke { 1 } else { row.times };
            let before = is_of_processor().then(Spent::until_now).flatten();
            let each = (row.run)(times).as_secs_f64() * 1e9 / f64::from(times);
            let after = before.and_then(|before| Some(Spent::until_now()?.since(before) / times));
            if let (Some(figures), Some(ratios), Some(spent)) =
                (figures.get_mut(at), ratios.get_mut(at), spent.get_mut(at))
            {
                figures.push(each);
                ratios.push(each / *floor.get_or_insert(each));
                spent.extend(after);
            }
        }
    }
    println!("\n{title}");
    println!("{:<46} {:>11} {:>11} {:>7} {:>10}", "", "ns each", "per second", "ratio", "target");
    let by_rate = rows
        .iter()
        .any(|row| matches!(row.target, Some(Target::TimesAsMany(_) | Target::TimesAsManyAs(..))));
    let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
    let all = figures.clone();
    for ((row, figures), ratios) in rows.iter().zip(figures).zip(ratios) {
        let (each, longer) = (median(figures.clone()), median(ratios));
        let ratio = if by_rate { longer.recip() } else { longer };
        let against = |name: &str| {
            let other = names.iter().position(|other| *other == name).and_then(|at| all.get(at));
            let rates = other.into_iter().flatten().zip(&figures).map(|(other, own)| other / own);
            median(rates.collect())
        };
        let target = match row.target {
            None => String::new(),
            Some(Target::TimesAsLong(most)) => format!("<= {most:.2}{}", mark(longer <= most)),
            Some(Target::TimesAsMany(least)) => {
                format!(">= {least:.2}{}", mark(longer.recip() >= least))
            }
            Some(Target::TimesAsManyAs(name, least)) => {
                let rate = against(name);
                format!("{rate:.2} of `{name}` >= {least:.2}{}", mark(rate >= least))
            }
            Some(Target::TimesAsLongAs(name, least)) => {
                let longer = against(name).recip();
                format!("{longer:.1} of `{name}` >= {least:.0}{}", mark(longer >= least))
            }
            Some(Target::Nanoseconds(most)) => format!("<= {most:.0} ns{}", mark(each <= most)),
        };
        let per_second = 1e9 / each;
        println!("{:<46} {each:>11.0} {per_second:>11.0} {ratio:>7.2} {target:>10}", row.name);
    }
    if is_of_processor() {
        let names = rows.iter().map(|row| row.name).zip(&spent);
        processor::print(&names.collect::<Vec<_>>());
    }
}

fn mark(is_met: bool) -> &'static str {
    if is_met || is_smoke() { "" } else { " MISSED" }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
