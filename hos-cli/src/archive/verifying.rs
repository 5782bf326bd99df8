//! `hos verify ARCHIVE_DIR`: archives, offline.

use std::path::Path;

use hos_archive::{Expectation, LogArchive, verify_archive};
use hos_core::time::Timestamp;
use hos_verify::checkpoint::Checkpoint;
use hos_verify::epoch::split;
use hos_verify::policy::Policy;
use hos_verify::verdict::{Exit as Verdict, Line};
use serde_json::{Value, json};

use crate::bundle::{line_json, show_lines};
use crate::exit::{Exit, Trouble};
use crate::voice::{Voice, WARNING};

/// What archives are held to.
pub(crate) struct Held<'a> {
    pub(crate) policy: Option<Policy>,
    pub(crate) known: Option<Checkpoint>,
    pub(crate) now: Timestamp,
    /// Only the log of this origin.
    pub(crate) log: Option<&'a str>,
}

/// Verifies the archives in a directory; the exit code is that of the first in the order of
/// verdicts.
pub(crate) fn obey(voice: &Voice, path: &Path, held: &Held<'_>) -> Result<Exit, Trouble> {
    let unreadable = |error: std::io::Error| {
        let message = format!("{} cannot be read: {error}", path.display());
        Trouble::new(Exit::Unreadable, message, "give the directory of an archive")
    };
    let mut archives = LogArchive::all(path).map_err(unreadable)?;
    if let (Some(log), true) = (held.log, archives.len() > 1) {
        archives.retain(|archive| archive.origin() == Some(log));
    }
    if archives.is_empty() {
        let message = match held.log {
            Some(log) => format!("{} holds no archive of {log}", path.display()),
            None => format!("{} holds no archive", path.display()),
        };
        let advice = "give the directory that `hos archive` writes to, or that of one log in it";
        return Err(Trouble::new(Exit::Unreadable, message, advice));
    }
    let (mut worst, mut logs) = (Verdict::Verified, Vec::new());
    for archive in &archives {
        let (verdict, document) = one(voice, archive, held);
        logs.push(document);
        if rank(verdict) > rank(worst) {
            worst = verdict;
        }
    }
    let is_of = |known: &Checkpoint| {
        archives.iter().any(|own| own.origin() == Some(split(known.origin()).0))
    };
    if let Some(known) = held.known.as_ref().filter(|known| !is_of(known)) {
        let rest = format!(": the known checkpoint is of {}, which is not here", known.origin());
        voice.styled(WARNING, "unproven", rest);
        if rank(worst) < rank(Verdict::Unanchored) {
            worst = Verdict::Unanchored;
        }
    }
    let exit = Exit::from(worst);
    voice.document("verify", json!({"exit": exit.code(), "logs": logs}));
    Ok(exit)
}

fn one(voice: &Voice, archive: &LogArchive, held: &Held<'_>) -> (Verdict, Value) {
    let origin = held.log.or(archive.origin()).unwrap_or_default();
    let known = held.known.as_ref().filter(|known| split(known.origin()).0 == origin);
    let expectation = Expectation {
        origin: origin.to_owned(),
        now: held.now,
        policy: held.policy.clone(),
        known: known.map(|known| (known.size(), *known.root())),
        known_epoch: known.map_or(1, |known| split(known.origin()).1),
        segments: Vec::new(),
    };
    let report = verify_archive(archive, &expectation);
    let verdict = report.verdict();
    let lines = verdict.lines();
    voice.line(format_args!("{}", archive.path().display()));
    show_lines(voice, lines);
    let document = json!({
        "log": origin, "path": archive.path().display().to_string(),
        "exit": verdict.exit().code(), "segments": report.segments, "entries": report.entries,
        "size": report.size, "findings": report.finding_count,
        "lines": lines.map(|(name, line): (&str, &Line)| line_json(name, line)),
    });
    (verdict.exit(), document)
}

/// The order of verdicts, the first one last.
fn rank(exit: Verdict) -> u8 {
    match exit {
        Verdict::Verified => 0,
        Verdict::Incomplete => 1,
        Verdict::Unanchored => 2,
        Verdict::Contradicted => 3,
        Verdict::Invalid => 4,
        Verdict::Unreadable => 5,
    }
}
