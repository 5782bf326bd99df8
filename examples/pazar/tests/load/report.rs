//! What the answers took.

use std::collections::BTreeMap;
use std::time::Duration;

/// The times of all answers, by what was asked.
#[derive(Default)]
pub(crate) struct Report(BTreeMap<&'static str, Vec<Duration>>);

impl Report {
    /// Waits for an answer and keeps what it took.
    pub(crate) async fn time<T>(
        &mut self,
        name: &'static str,
        answer: impl Future<Output = T>,
    ) -> T {
        let begun = tokio::time::Instant::now();
        let answer = answer.await;
        self.0.entry(name).or_default().push(begun.elapsed());
        answer
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (name, times) in other.0 {
            self.0.entry(name).or_default().extend(times);
        }
    }

    pub(crate) fn print(&self, users: u64, usage: Option<(Usage, Usage)>) {
        println!("{users} users");
        println!("{:<10}{:>9}{:>10}{:>10}{:>10}", "", "answers", "p50 ms", "p95 ms", "p99 ms");
        let all = self.0.values().flatten().copied().collect();
        let rows = self.0.iter().map(|(name, times)| (*name, times.clone()));
        for (name, mut times) in rows.chain([("all", all)]) {
            times.sort();
            let at = |percent: usize| {
                let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
                times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
            };
            let (count, p50, p95, p99) = (times.len(), at(50), at(95), at(99));
            println!("{name:<10}{count:>9}{p50:>10.1}{p95:>10.1}{p99:>10.1}");
        }
        if let Some((before, after)) = usage {
            let seconds = after.cpu.saturating_sub(before.cpu).as_secs_f64();
            println!("server: {seconds:.1} s of CPU, {} MiB at most", after.memory_kib / 1_024);
        }
    }
}

/// What a process has used since it started.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    cpu: Duration,
    memory_kib: u64,
}

impl Usage {
    /// Where the system tells (`proc(5)`).
    pub(crate) fn of(process: u32) -> Option<Self> {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).ok();
        let (stat, status) = (read("stat")?, read("status")?);
        // Behind the name in brackets: user and system time in hundredths of a second.
        let mut times = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
        let mut ticks = || times.next()?.parse::<u64>().ok();
        let cpu = Duration::from_millis((ticks()? + ticks()?) * 10);
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let memory_kib = peak.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(Self { cpu, memory_kib })
    }
}
