//! `hos replay`.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use hos_core::candidate::{JUDGED_BEFORE_READY, WEIGHED_BEFORE_READY, WEIGHED_PER_ERROR};
use hos_core::law::Law;
use hos_core::recording::{RECORD_BYTES_MAX, Replay as Weigher, ReplayReport};
use serde_json::json;

use crate::exit::{Exit, Trouble};
use crate::law::law;
use crate::voice::{BAD, GOOD, Voice};

/// The most examples that are printed of each direction; all that a report keeps are in the JSON.
const EXAMPLES_TOLD: usize = 8;

/// Weighs recorded decisions again, under a candidate law.
///
/// Records are lines of JSON, as `Recorder` gives them. The candidate is ready when at least 1,000
/// can be weighed, 30 of each ability about which the laws differ, every one of them comes out as
/// it did, but for abilities that are expected to change, and fewer than one in 1,000 cannot be
/// weighed; else the exit code is 6.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The records, one a line.
    #[arg(value_name = "RECORDS")]
    records: PathBuf,
    /// The law under which they were made.
    #[arg(long, value_name = "FILE")]
    live: PathBuf,
    /// The law that may come.
    #[arg(long, value_name = "FILE")]
    candidate: PathBuf,
    /// An ability that is meant to change; may be given several times.
    #[arg(long, value_name = "ABILITY")]
    expect: Vec<String>,
}

/// Replays.
pub(crate) fn obey(voice: &Voice, order: &Replay) -> Result<Exit, Trouble> {
    let (live, candidate) = (law(&order.live)?, law(&order.candidate)?);
    let mut weigher = Weigher::new(&live, &candidate);
    let records = weigh(&mut weigher, &order.records)?;
    let report = weigher.report();
    let expected: BTreeSet<&str> = order.expect.iter().map(String::as_str).collect();
    let mut blockers = blockers(report, records, &expected);
    blockers.extend(misspelt(&expected, [&live, &candidate]));
    let ready = blockers.is_empty();
    voice.document(
        "replay",
        json!({"ready": ready, "blockers": blockers, "records": records, "report": report}),
    );
    show(voice, report);
    for blocker in &blockers {
        voice.styled(BAD, "not ready", format_args!(": {blocker}"));
    }
    if ready {
        voice.styled(GOOD, "ready", format_args!(": {records} decisions come out as expected"));
        return Ok(Exit::Done);
    }
    Ok(Exit::Wrong)
}

/// Weighs line by line, in memory for one of them.
fn weigh(weigher: &mut Weigher<'_>, path: &Path) -> Result<u64, Trouble> {
    let unreadable = |error: std::io::Error| {
        let message = format!("{} cannot be read: {error}", path.display());
        Trouble::new(Exit::Address, message, "check the path")
    };
    let mut reader = BufReader::new(std::fs::File::open(path).map_err(unreadable)?);
    let most = u64::try_from(RECORD_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(2);
    let (mut line, mut records) = (Vec::new(), 0);
    loop {
        line.clear();
        let read = reader.by_ref().take(most).read_until(b'\n', &mut line).map_err(unreadable)?;
        if read == 0 {
            return Ok(records);
        }
        if line.last() != Some(&b'\n') {
            skip_line(&mut reader).map_err(unreadable)?;
        }
        // What is no UTF-8 is no record either.
        let text = std::str::from_utf8(&line).unwrap_or_default().trim_end();
        if text.is_empty() && line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        records += 1;
        weigher.add_json(text);
    }
}

/// Passes over the rest of a line that is too long.
fn skip_line(reader: &mut impl std::io::BufRead) -> std::io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(length);
        if end.is_some() {
            return Ok(());
        }
    }
}

fn blockers(report: &ReplayReport, records: u64, expected: &BTreeSet<&str>) -> Vec<String> {
    let mut blockers = Vec::new();
    let others = report.abilities.iter().filter(|(name, _)| !expected.contains(name.as_str()));
    for (ability, (allowed, denied)) in others {
        blockers.push(format!(
            "`{ability}`: {allowed} would be allowed, {denied} denied; mend the candidate, or \
             `--expect {ability}`"
        ));
    }
    let few = report.evidence.iter().filter(|(_, weighed)| **weighed < WEIGHED_BEFORE_READY);
    for (ability, weighed) in few.filter(|(name, _)| !expected.contains(name.as_str())) {
        blockers.push(format!(
            "`{ability}` differs and was weighed {weighed} times; let a `Recorder` keep \
             {WEIGHED_BEFORE_READY}, or `--expect {ability}`"
        ));
    }
    let unweighed: u64 = report.not_replayable.values().sum();
    if unweighed > 0 && unweighed.saturating_mul(WEIGHED_PER_ERROR) >= records {
        blockers.push(format!("{unweighed} of {records} records cannot be weighed"));
    }
    let weighed = records.saturating_sub(unweighed);
    if weighed < JUDGED_BEFORE_READY {
        blockers.push(format!(
            "{weighed} records can be weighed; let a `Recorder` keep {JUDGED_BEFORE_READY}"
        ));
    }
    blockers
}

/// What is expected of abilities that neither law knows.
fn misspelt(expected: &BTreeSet<&str>, laws: [&Law; 2]) -> Vec<String> {
    let is_known = |name: &&&str| laws.iter().any(|law| law.rules().knows(name));
    let unknown = expected.iter().filter(|name| !is_known(name));
    unknown.map(|name| format!("`--expect {name}`: neither law knows it")).collect()
}

fn show(voice: &Voice, report: &ReplayReport) {
    voice.line(format_args!("would allow     {:>10}", report.would_allow));
    voice.line(format_args!("would deny      {:>10}", report.would_deny));
    voice.line(format_args!("unchanged       {:>10}", report.unchanged));
    let unweighed: u64 = report.not_replayable.values().sum();
    voice.line(format_args!("not replayable  {unweighed:>10}"));
    for (reason, count) in &report.not_replayable {
        voice.line(format_args!("  {count:>8}  {}", reason.escape_debug()));
    }
    let directions = [("gains", &report.newly_allowed), ("loses", &report.newly_denied)];
    for (word, examples) in directions {
        for record in examples.iter().take(EXAMPLES_TOLD) {
            let actor = record.actor.as_ref().map_or("?", |actor| actor.as_str());
            let subject = record.subject.as_ref().map_or(String::new(), |subject| {
                let id = subject.id.as_ref().map_or("?", |id| id.as_str());
                format!(" on {}:{id} in `{}`", subject.kind, subject.state)
            });
            voice.line(format_args!("{word}: {actor} {}{subject}, {}", record.ability, record.at));
        }
    }
}
