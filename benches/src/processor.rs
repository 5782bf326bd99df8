//! How long this process and the servers that it started have been on a processor.
//!
//! Where the load, the server and others share a machine, this says what a thing costs; the clock
//! says only how long it had to wait.

use std::collections::HashMap;
use std::fs;
use std::ops::Div;
use std::time::Duration;

use crate::median;

/// Time on a processor.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    /// Of this process.
    pub(crate) own: Duration,
    /// Of every process that it started, and of those that these started.
    pub(crate) servers: Duration,
}

impl Spent {
    /// What was spent until now by all that live; none where the system does not tell it.
    #[must_use]
    pub(crate) fn until_now() -> Option<Self> {
        let own = std::process::id();
        let parents = parents()?;
        let is_ours = |process: u32| {
            let mut ancestors = std::iter::successors(Some(process), |at| parents.get(at).copied());
            ancestors.any(|ancestor| ancestor == own)
        };
        let servers = parents.keys().filter(|process| **process != own && is_ours(**process));
        Some(Self { own: of(own)?, servers: servers.filter_map(|process| of(*process)).sum() })
    }

    /// What was spent since.
    #[must_use]
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            own: self.own.saturating_sub(before.own),
            servers: self.servers.saturating_sub(before.servers),
        }
    }
}

impl Div<u32> for Spent {
    type Output = Self;

    fn div(self, times: u32) -> Self {
        Self { own: self.own / times, servers: self.servers / times }
    }
}

/// Prints the medians of several rounds, and how each compares with the first rows.
pub(crate) fn print(rows: &[(&str, &Vec<Spent>)]) {
    let total = |spent: &Spent| (spent.own + spent.servers).as_secs_f64() * 1e6;
    println!(
        "{:<46} {:>11} {:>11} {:>11}   of the others, rates",
        "us on a processor", "load", "server", "both"
    );
    for (at, (name, spent)) in rows.iter().enumerate() {
        let of = |part: fn(&Spent) -> Duration| {
            median(spent.iter().map(|spent| part(spent).as_secs_f64() * 1e6).collect())
        };
        let (own, servers) = (of(|spent| spent.own), of(|spent| spent.servers));
        let both = median(spent.iter().map(total).collect());
        print!("{name:<46} {own:>11.1} {servers:>11.1} {both:>11.1}  ");
        for (_, other) in rows.iter().take(at) {
            let ratios = other.iter().zip(*spent).map(|(other, own)| total(other) / total(own));
            print!(" {:.2}", median(ratios.collect()));
        }
        println!();
    }
}

/// Each process and who started it.
fn parents() -> Option<HashMap<u32, u32>> {
    let parent = |process: u32| -> Option<u32> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
    };
    let processes = fs::read_dir("/proc").ok()?.filter_map(|entry| {
        let process = entry.ok()?.file_name().to_str()?.parse().ok()?;
        Some((process, parent(process)?))
    });
    Some(processes.collect())
}

/// What the threads of a process have spent.
fn of(process: u32) -> Option<Duration> {
    let spent = |thread: std::io::Result<fs::DirEntry>| -> Option<Duration> {
        let statistics = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        Some(Duration::from_nanos(statistics.split(' ').next()?.parse().ok()?))
    };
    Some(fs::read_dir(format!("/proc/{process}/task")).ok()?.filter_map(spent).sum())
}
