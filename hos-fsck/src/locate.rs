//! Names the subjects that the logs do not lead to: replays those of some buckets, one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hos_core::error::Fault;

use crate::entry::{Fact, SubjectFact, SubjectState};
use crate::log::{Pages, Reader};
use crate::page::{Checked, CheckedEntry, Wanted};
use crate::report::{Finding, FindingCode, Report};
use crate::scope::Scope;
use crate::subjects::{self, Contracts, Kept};
use crate::sums::Seed;

/// What a round looks for, and in what.
#[derive(Debug)]
pub(crate) struct Round<'a> {
    pub(crate) scope: &'a Arc<Scope>,
    pub(crate) contracts: &'a Arc<Contracts>,
    pub(crate) seed: Seed,
    pub(crate) buckets: &'a BTreeSet<usize>,
    /// The kinds with a migration whose list of subjects was erased.
    pub(crate) erased: &'a BTreeSet<String>,
}

/// Replays the subjects of a round and compares them with those that are kept.
pub(crate) async fn locate(
    reader: &mut Reader<'_>,
    round: &Round<'_>,
    report: &mut Report,
) -> Result<(), Fault> {
    let mut replay = Replay { round, tips: BTreeMap::new(), report };
    let mut pages = Pages::new(round.scope, Wanted::Facts);
    while let Some(checked) = pages.next(reader).await? {
        replay.add(checked);
    }
    subjects::read(reader, round.scope, round.contracts, |kept| replay.compare(&kept)).await?;
    replay.end();
    Ok(())
}

/// Where the log leads a subject.
#[derive(Debug)]
struct Tip {
    state: SubjectState,
    index: Option<u64>,
    entry: String,
}

struct Replay<'a> {
    round: &'a Round<'a>,
    tips: BTreeMap<String, Tip>,
    report: &'a mut Report,
}

impl Replay<'_> {
    fn add(&mut self, checked: Checked) {
        for entry in checked.entries {
            match &entry.fact {
                Some(Fact::Subject(fact)) => self.step(fact, &entry),
                Some(Fact::Migrated(fact)) => {
                    fact.subjects.iter().flatten().for_each(|fact| self.step(fact, &entry));
                }
                Some(Fact::Standing(_)) | None => {}
            }
        }
    }

    fn is_ours(&self, subject: &str) -> bool {
        self.round.buckets.contains(&self.round.seed.bucket(subject))
    }

    /// Whether a migration that nobody can read any more may have led from one state to another.
    fn may_be_erased(&self, subject: &str, one: &SubjectState, other: &SubjectState) -> bool {
        let kind = subject.split(':').next().unwrap_or_default();
        self.round.erased.contains(kind)
            && one.revision == other.revision
            && one.contract != other.contract
    }

    fn step(&mut self, fact: &SubjectFact, entry: &CheckedEntry) {
        if !self.is_ours(&fact.subject) {
            return;
        }
        let tip = self.tips.get(&fact.subject);
        let wrong = match (&fact.before, tip) {
            (None, None) => None,
            (None, Some(tip)) => Some(format!("it was opened by entry {} already", tip.entry)),
            (Some(before), None) => Some(format!("it was {before}; no entry says so before")),
            (Some(before), Some(tip)) if tip.state == *before => None,
            (Some(before), Some(tip)) if self.may_be_erased(&fact.subject, before, &tip.state) => {
                None
            }
            (Some(before), Some(tip)) => {
                Some(format!("it was {before}; entry {} says: {}", tip.entry, tip.state))
            }
        };
        if let Some(message) = wrong {
            self.report.findings.add(Finding {
                index: entry.index,
                entry: Some(entry.id.to_string()),
                about: Some(fact.subject.clone()),
                ..self.round.scope.finding(FindingCode::HistoryBroken, message)
            });
        }
        let tip =
            Tip { state: fact.after.clone(), index: entry.index, entry: entry.id.to_string() };
        self.tips.insert(fact.subject.clone(), tip);
    }

    fn compare(&mut self, kept: &Kept) {
        if !self.is_ours(&kept.subject) {
            return;
        }
        let finding = |code, tip: Option<&Tip>, message: String| Finding {
            index: tip.and_then(|tip| tip.index),
            entry: tip.map(|tip| tip.entry.clone()),
            about: Some(kept.subject.clone()),
            ..self.round.scope.finding(code, message)
        };
        let found = match self.tips.remove(&kept.subject) {
            None => {
                let message = format!("it is kept as {}; no entry tells of it", kept.state);
                Some(finding(FindingCode::SubjectWithoutEntry, None, message))
            }
            Some(tip) if self.may_be_erased(&kept.subject, &tip.state, &kept.state) => {
                self.report.not_rebuilt += 1;
                let message = format!("entry {} does not say: {}", kept.proof, kept.state);
                let code = FindingCode::SubjectDiffers;
                (!kept.is_proven).then(|| finding(code, Some(&tip), message))
            }
            Some(tip) if tip.state != kept.state => {
                let message =
                    format!("it is kept as {}; the log leads to {}", kept.state, tip.state);
                Some(finding(FindingCode::SubjectDiffers, Some(&tip), message))
            }
            Some(tip) if tip.entry != kept.proof || !kept.is_proven => {
                let message = format!("it names entry {} as its proof", kept.proof);
                Some(finding(FindingCode::SubjectDiffers, Some(&tip), message))
            }
            Some(_) => None,
        };
        found.into_iter().for_each(|finding| self.report.findings.add(finding));
    }

    fn end(self) {
        for (subject, tip) in self.tips {
            let message = format!("the log leads to {}; it is not there", tip.state);
            let finding = self.round.scope.finding(FindingCode::SubjectMissing, message);
            self.report.findings.add(Finding {
                index: tip.index,
                entry: Some(tip.entry),
                about: Some(subject),
                ..finding
            });
        }
    }
}
