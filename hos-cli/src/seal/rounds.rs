//! Rounds of sealing: told in a line where something happened.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::time::Duration;

use hos_core::error::Fault;
use hos_core::hos::{Sealer, Sealing};
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

    fn refuse(&mut self, refused: Vec<(LogName, Fault)>) {
        for (log, fault) in refused {
            let what = log.to_string();
            if self.logs.insert(log) {
                self.refused.push((what, fault));
            }
        }
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
    match number(sealer).await {
        Ok(sequenced) => done.sequenced = sequenced,
        Err(fault) => done.refused.push(("numbering".to_owned(), fault)),
    }
    seal_every(sealer, opened, &mut done).await?;
    for _ in 0..ROUNDS_MAX {
        let report = sealer.seal_pending(PAGE_MAX).await?;
        let tried = report.tried();
        let is_over = report.growing == 0 && u32::try_from(tried).is_ok_and(|n| n < PAGE_MAX);
        let is_stuck = tried == report.refused.len()
            && report.refused.iter().all(|(log, _)| done.logs.contains(log));
        done.sealed = done.sealed.saturating_add(count(report.sealed.len()));
        done.refuse(report.refused);
        bar.set_message(format!("{} logs sealed", done.sealed));
        bar.tick();
        if is_over || is_stuck {
            break;
        }
    }
    for _ in 0..ROUNDS_MAX {
        let round = match sealer.anchor_round(PAGE_MAX).await {
            Ok(round) => round,
            Err(fault) => {
                done.refused.push((LogName::Deployment.to_string(), fault));
                break;
            }
        };
        done.anchored = done.anchored.saturating_add(u64::from(round.anchored));
        bar.tick();
        if round.anchored < PAGE_MAX && round.sealing != Sealing::Growing {
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
) -> Result<Exit, Trouble> {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut anchored: Option<Instant> = None;
    loop {
        ticks.tick().await;
        let mut done = Done::default();
        match number(sealer).await {
            Ok(sequenced) => done.sequenced = sequenced,
            Err(fault) => done.refused.push(("numbering".to_owned(), fault)),
        }
        let is_time = anchored.is_none_or(|at| at.elapsed() >= anchor_every);
        if is_time && let Err(fault) = seal_every(sealer, opened, &mut done).await {
            done.refused.push(("sealing".to_owned(), fault));
        }
        match sealer.seal_pending(PAGE_MAX).await {
            Ok(report) => {
                done.sealed = done.sealed.saturating_add(count(report.sealed.len()));
                done.refuse(report.refused);
            }
            Err(fault) => done.refused.push(("sealing".to_owned(), fault)),
        }
        if is_time {
            match sealer.anchor_round(PAGE_MAX).await {
                Ok(round) => {
                    done.anchored = u64::from(round.anchored);
                    anchored = Some(Instant::now());
                }
                Err(fault) => done.refused.push((LogName::Deployment.to_string(), fault)),
            }
        }
        if !done.is_idle() {
            done.show(voice);
        }
    }
}

/// Looks at every log, those too that have not grown: of one that came back from a backup the
/// keeper knows more than the database.
async fn seal_every(sealer: &Sealer, opened: &Opened, done: &mut Done) -> Result<(), Fault> {
    let mut after = None;
    loop {
        let page = logs(opened, after.as_ref()).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.clone());
        let names = page.iter().map(|log| LogName::of(&log.world, &log.tenant));
        let report = sealer.seal_all(&names.collect::<Vec<_>>()).await?;
        done.sealed = done.sealed.saturating_add(count(report.sealed.len()));
        done.refuse(report.refused);
    }
}

/// Numbers everything that waits now.
async fn number(sealer: &Sealer) -> Result<u64, Fault> {
    let mut sequenced = 0_u64;
    for _ in 0..ROUNDS_MAX {
        let round = sealer.hos().sequence_pending(PAGE_MAX).await?;
        sequenced = sequenced.saturating_add(u64::from(round));
        if round < PAGE_MAX {
            break;
        }
    }
    Ok(sequenced)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Seen on a terminal only.
fn spinner() -> ProgressBar {
    if std::io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() }
}
