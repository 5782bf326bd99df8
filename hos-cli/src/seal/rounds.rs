//! Rounds of sealing: told in a line where something happened.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::time::Duration;

use hos_core::error::Fault;
use hos_core::hos::{SealReport, Sealer, Sealing};
use hos_core::proof::PAGE_MAX;
use hos_core::seal::LogName;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::database::Opened;
use crate::exit::{Exit, Trouble};
use crate::scope::logs;
use crate::voice::{BAD, GOOD, Voice};

/// The most rounds of one run that is to end: more than 100 million tiles.
const ROUNDS_MAX: u32 = 1_000_000;
/// Pages of entries that one round of many numbers; the rest waits for the next.
const NUMBERING_PAGES_MAX: u32 = 32;

/// What rounds came to.
#[derive(Default)]
struct Done {
    sequenced: u64,
    sealed: u64,
    anchored: u64,
    refused: Vec<(String, Fault)>,
    /// The logs that are refused, each of which is told once, however many rounds refuse it.
    logs: BTreeSet<LogName>,
}

impl Done {
    fn is_idle(&self) -> bool {
        self.sequenced == 0 && self.sealed == 0 && self.anchored == 0 && self.refused.is_empty()
    }

    fn show(&self, voice: &Voice) {
        let Self { sequenced, sealed, anchored, refused, .. } = self;
        let rows =
            refused.iter().map(|(what, fault)| json!({"what": what, "message": fault.to_string()}));
        let rows: Vec<Value> = rows.collect();
        voice.document(
            "seal",
            json!({
                "event": "round", "sequenced": sequenced, "sealed": sealed,
                "anchored": anchored, "refused": rows,
            }),
        );
        for (what, fault) in refused {
            let shown = format!(" {what}: {fault}");
            voice.styled(BAD, "refused", shown.escape_debug());
        }
        voice.styled(
            GOOD,
            "sealed",
            format_args!(" {sealed} logs; {sequenced} entries numbered, {anchored} logs anchored"),
        );
    }

    /// The first fault is the one to act upon.
    fn end(self) -> Result<Exit, Trouble> {
        match self.refused.into_iter().next() {
            None => Ok(Exit::Done),
            Some((what, fault)) => {
                let trouble = Trouble::from(fault);
                Err(Trouble { message: format!("{what}: {}", trouble.message), ..trouble })
            }
        }
    }
}

/// Seals and anchors everything that is there now.
pub(super) async fn once(voice: &Voice, sealer: &Sealer, opened: &Opened) -> Result<Exit, Trouble> {
    let bar = spinner();
    let mut done = Done::default();
    done.number(sealer, ROUNDS_MAX).await;
    done.look(sealer, opened).await;
    for _ in 0..ROUNDS_MAX {
        let is_over = done.seal(sealer).await;
        bar.set_message(format!("{} logs sealed", done.sealed));
        bar.tick();
        if is_over {
            break;
        }
    }
    for _ in 0..ROUNDS_MAX {
        let round = done.anchor(sealer).await;
        bar.tick();
        if round.is_none_or(|is_over| is_over) {
            break;
        }
    }
    bar.finish_and_clear();
    done.show(voice);
    done.end()
}

/// Rounds until the process is ended; what fails is told and tried again.
pub(super) async fn forever(
    voice: &Voice,
    sealer: &Sealer,
    opened: &Opened,
    (every, anchor_every): (Duration, Duration),
) -> ! {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let is_due =
        |done: Option<Instant>| done.is_none_or(|done: Instant| done.elapsed() >= anchor_every);
    let (mut looked, mut anchored) = (None, None);
    loop {
        ticks.tick().await;
        let mut done = Done::default();
        done.number(sealer, NUMBERING_PAGES_MAX).await;
        if is_due(looked) && done.look(sealer, opened).await {
            looked = Some(Instant::now());
        }
        done.seal(sealer).await;
        if is_due(anchored) && done.anchor(sealer).await.is_some() {
            anchored = Some(Instant::now());
        }
        if !done.is_idle() {
            done.show(voice);
        }
    }
}

impl Done {
    /// Numbers what waits, as far as this many pages go.
    async fn number(&mut self, sealer: &Sealer, pages_max: u32) {
        for _ in 0..pages_max {
            let round = sealer.hos().sequence_pending(PAGE_MAX).await;
            let Some(round) = self.unless_refused("numbering", round) else { break };
            self.sequenced = self.sequenced.saturating_add(u64::from(round));
            if round < PAGE_MAX {
                break;
            }
        }
    }

    /// Looks at every log, those too that have not grown: of one that came back from a backup the
    /// keeper knows more than the database. Whether it saw them all.
    async fn look(&mut self, sealer: &Sealer, opened: &Opened) -> bool {
        let mut after = None;
        loop {
            let page = logs(opened, after.as_ref()).await;
            let Some(page) = self.unless_refused("sealing", page) else { return false };
            let Some(last) = page.last() else { return true };
            after = Some(last.clone());
            let names: Vec<_> =
                page.iter().map(|log| LogName::of(&log.world, &log.tenant)).collect();
            let report = sealer.seal_all(&names).await;
            let Some(report) = self.unless_refused("sealing", report) else { return false };
            self.take(report);
        }
    }

    /// Seals a page of what has grown. Whether nothing is left that can be sealed.
    async fn seal(&mut self, sealer: &Sealer) -> bool {
        let report = sealer.seal_pending(PAGE_MAX).await;
        let Some(report) = self.unless_refused("sealing", report) else { return true };
        let tried = report.tried();
        let is_over = report.growing == 0 && u32::try_from(tried).is_ok_and(|n| n < PAGE_MAX);
        let is_stuck = tried == report.refused.len()
            && report.refused.iter().all(|(log, _)| self.logs.contains(log));
        self.take(report);
        is_over || is_stuck
    }

    /// Anchors a page of what was sealed. Whether nothing is left; nothing where it failed.
    async fn anchor(&mut self, sealer: &Sealer) -> Option<bool> {
        let round = sealer.anchor_round(PAGE_MAX).await;
        let round = self.unless_refused(&LogName::Deployment.to_string(), round)?;
        self.anchored = self.anchored.saturating_add(u64::from(round.anchored));
        Some(round.anchored < PAGE_MAX && round.sealing != Sealing::Growing)
    }

    fn take(&mut self, report: SealReport) {
        self.sealed = self.sealed.saturating_add(count(report.sealed.len()));
        for (log, fault) in report.refused {
            let what = log.to_string();
            if self.logs.insert(log) {
                self.refused.push((what, fault));
            }
        }
    }

    fn unless_refused<T>(&mut self, what: &str, done: Result<T, Fault>) -> Option<T> {
        done.map_err(|fault| self.refused.push((what.to_owned(), fault))).ok()
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Seen on a terminal only.
fn spinner() -> ProgressBar {
    if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() }
}
