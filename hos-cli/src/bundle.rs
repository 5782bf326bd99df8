//! `hos verify BUNDLE`: a bundle, or a directory of archives, offline.

use std::path::{Path, PathBuf};

use clap::Args;
use hos_core::time::{Clock as _, SystemClock, Timestamp};
use hos_verify::bundle::BUNDLE_BYTES_MAX;
use hos_verify::checkpoint::Checkpoint;
use hos_verify::note::{NOTE_BYTES_MAX, SignedNote};
use hos_verify::policy::{POLICY_BYTES_MAX, Policy};
use hos_verify::time::Time;
use hos_verify::verdict::{self, Line, Status};
use hos_verify::verify::{Trust, follow, verify};
use serde_json::{Value, json};

use crate::archive::verifying::{self, Held};
use crate::exit::{Exit, Trouble};
use crate::law::bytes;
use crate::voice::{BAD, GOOD, Voice, WARNING};

/// The largest file that is read as a bundle: a larger one is none, and is said to be none.
const READ_MAX: usize = BUNDLE_BYTES_MAX + 1;

/// What a bundle is held to.
#[derive(Debug, Args)]
pub(crate) struct Bundle {
    /// A bundle, or the directory of an archive; it is verified offline, and no database is asked.
    #[arg(value_name = "BUNDLE", conflicts_with_all = ["world", "tenant"])]
    pub(crate) bundle: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: TrustArguments,
    /// The time to hold it to, as in 2026-11-21T09:15:02Z; else the clock's.
    #[arg(long, value_name = "TIME", requires = "bundle")]
    now: Option<String>,
    /// The log that it has to be of; of a directory of archives, the only one.
    #[arg(long, value_name = "ORIGIN", requires = "bundle")]
    log: Option<String>,
}

/// What comes from outside, never from a bundle or a database.
#[derive(Debug, Args)]
pub(crate) struct TrustArguments {
    /// Whose signatures count (C2SP tlog-policy).
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// A checkpoint that was received another way.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// A bundle of an entry that announces a key: the key counts too, if the bundle verifies under
    /// the policy; may be given several times, each under what came before.
    #[arg(long, value_name = "BUNDLE", requires = "policy")]
    follow: Vec<PathBuf>,
}

impl TrustArguments {
    /// Reads policy and checkpoint; what is followed is held to this time.
    pub(crate) fn read(
        &self,
        now: Timestamp,
    ) -> Result<(Option<Policy>, Option<Checkpoint>), Trouble> {
        let mut policy = self.policy.as_deref().map(policy).transpose()?;
        for path in &self.follow {
            policy = policy.map(|policy| followed(policy, path, now)).transpose()?;
        }
        Ok((policy, self.known.as_deref().map(known).transpose()?))
    }
}

/// Verifies a bundle; the exit code is the verdict's.
pub(crate) fn obey(voice: &Voice, order: &Bundle, path: &Path) -> Result<Exit, Trouble> {
    let now = match &order.now {
        None => SystemClock.now(),
        // One before 1970, which no verifier counts, would hold nothing to be of the future.
        Some(text) => {
            Timestamp::parse(text).filter(|now| moment(*now).is_some()).ok_or_else(|| {
                let message = format!("`{}` is no time", text.escape_debug());
                Trouble::new(Exit::Usage, message, "write it as 2026-11-21T09:15:02Z")
            })?
        }
    };
    let (policy, known) = order.trust.read(now)?;
    if path.is_dir() {
        let held = Held { policy, known, now, log: order.log.as_deref() };
        return verifying::obey(voice, path, &held);
    }
    let now = moment(now);
    // One byte too many is the verifier's to refuse.
    let bundle = bytes(path, READ_MAX, Exit::Unreadable)?;
    let log = order.log.as_deref();
    let trust = Trust { policy: policy.as_ref(), known: known.as_ref(), log, now };
    let verdict = verify(&bundle, &trust);
    let exit = Exit::from(verdict.exit());
    let lines = verdict.lines().map(|(name, line)| line_json(name, line));
    voice.document("verify", json!({"exit": exit.code(), "lines": lines}));
    show_lines(voice, verdict.lines());
    Ok(exit)
}

/// A line of a verdict as JSON.
pub(crate) fn line_json(name: &str, line: &Line) -> Value {
    json!({"line": name, "status": line.status.as_str(), "words": line.words})
}

/// Shows a verdict.
pub(crate) fn show_lines(voice: &Voice, lines: [(&str, &Line); 5]) {
    for (name, line) in lines {
        let style = match line.status {
            Status::Unchecked | Status::Ok | Status::Stated => GOOD,
            Status::Incomplete | Status::Unproven => WARNING,
            Status::Contradicted | Status::Invalid | Status::Unreadable => BAD,
        };
        let word = line.status.as_str();
        voice.line(format_args!("{name:<13} {style}{word}{style:#}"));
        for words in &line.words {
            voice.line(format_args!("              {words}"));
        }
    }
}

impl From<verdict::Exit> for Exit {
    fn from(exit: verdict::Exit) -> Self {
        match exit {
            verdict::Exit::Verified => Self::Done,
            verdict::Exit::Unanchored => Self::Unanchored,
            verdict::Exit::Incomplete => Self::Incomplete,
            verdict::Exit::Contradicted => Self::Contradicted,
            verdict::Exit::Invalid => Self::Invalid,
            verdict::Exit::Unreadable => Self::Unreadable,
        }
    }
}

fn policy(path: &Path) -> Result<Policy, Trouble> {
    let bytes = bytes(path, POLICY_BYTES_MAX, Exit::Address)?;
    Policy::parse(&bytes).map_err(|faults| {
        let message = format!("{} is no policy", path.display());
        let trouble = Trouble::new(Exit::Address, message, "give a C2SP tlog-policy");
        Trouble { causes: faults.iter().map(ToString::to_string).collect(), ..trouble }
    })
}

/// Follows a key that a bundle announces.
fn followed(policy: Policy, path: &Path, now: Timestamp) -> Result<Policy, Trouble> {
    let bundle = bytes(path, READ_MAX, Exit::Address)?;
    follow(policy, &bundle, moment(now)).map_err(|verdict| {
        let message = format!("{} announces no key that could be followed", path.display());
        let advice = "give a bundle of the entry `key/1`, sealed under a key of the policy";
        let words = verdict.lines().into_iter().flat_map(|(_, line)| line.words.clone());
        Trouble { causes: words.collect(), ..Trouble::new(Exit::Address, message, advice) }
    })
}

fn moment(now: Timestamp) -> Option<Time> {
    u64::try_from(now.as_micros()).ok().and_then(Time::from_micros)
}

fn known(path: &Path) -> Result<Checkpoint, Trouble> {
    let bytes = bytes(path, NOTE_BYTES_MAX, Exit::Address)?;
    let wrong = |error: &dyn std::fmt::Display| {
        let message = format!("{} is no checkpoint: {error}", path.display());
        Trouble::new(Exit::Address, message, "give a signed note (C2SP tlog-checkpoint)")
    };
    let note = SignedNote::parse(&bytes).map_err(|error| wrong(&error))?;
    Checkpoint::parse(note.text()).map_err(|error| wrong(&error))
}
