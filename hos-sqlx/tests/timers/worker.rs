//! A process that fires timers until none is due.

use std::fmt;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::Sender;

use hos_core::laws::Fired;
use hos_core::time::Clock as _;

use crate::holds::{clock_after_outage, hos};
use crate::house::House;

pub(crate) const CHILD: &str = "HOS_TIMERS_CHILD";

/// What became of the timers that one process met.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) moved: u64,
    /// Fired by another process before.
    replayed: u64,
    refused: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, fired: &[Fired]) {
        for fired in fired {
            match &fired.outcome {
                Ok(receipt) if receipt.replayed => self.replayed += 1,
                Ok(_) => self.moved += 1,
                Err(_) => self.refused += 1,
            }
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let numbers: Vec<u64> = line.split(' ').map_while(|text| text.parse().ok()).collect();
        let [moved, replayed, refused] = numbers.try_into().ok()?;
        Some(Self { moved, replayed, refused })
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { moved, replayed, refused } = self;
        write!(f, "{moved} moved, {replayed} replayed, {refused} refused")
    }
}

/// The child: says when it is ready, and after each call what became of the timers so far.
pub(crate) async fn work(child: &str) {
    let (url, limit) = child.rsplit_once('#').unwrap();
    let limit: u32 = limit.parse().unwrap();
    let house = House::open(url).await;
    let clock = clock_after_outage();
    let now = clock.now();
    let hos = hos(&house, clock).await;
    say("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let mut tally = Tally::default();
    loop {
        let fired = hos.fire_due(now, limit).await.unwrap();
        if fired.is_empty() {
            break;
        }
        assert!(
            fired.len() <= usize::try_from(limit).unwrap(),
            "a batch of {} for {limit}",
            fired.len()
        );
        tally.add(&fired);
        say(&format!("{} {} {}", tally.moved, tally.replayed, tally.refused));
    }
    house.close().await;
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// A child as its parent sees it.
pub(crate) struct Worker {
    child: Child,
    lines: Option<Lines<BufReader<ChildStdout>>>,
}

impl Worker {
    /// Starts one and waits until it has opened its store.
    pub(crate) fn start(url: &str, limit: u64) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(CHILD, format!("{url}#{limit}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().expect("it is ready").unwrap(), "ready");
        Self { child, lines: Some(lines) }
    }

    /// Lets it fire; whatever it says is told under a name.
    pub(crate) fn go(&mut self, name: usize, tell: Sender<(usize, Tally)>) {
        let lines = self.lines.take().unwrap();
        std::thread::spawn(move || {
            // A line cut short by a kill is none.
            let tallies = lines.map_while(Result::ok).map_while(|line| Tally::parse(&line));
            tallies.for_each(|tally| tell.send((name, tally)).unwrap());
        });
        self.child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits for its end; answers whether it ended well.
    pub(crate) fn end(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}
