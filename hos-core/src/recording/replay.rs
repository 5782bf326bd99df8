//! Weighs recorded decisions again, under a candidate.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::attempt::AlsoRecord;
use super::record::{DecisionRecord, SubjectRecord};
use crate::actor::Actor;
use crate::candidate::{Laws, differing};
use crate::condition::{Lookup, Nothing, Path, Root, ValueRef};
use crate::id::Ability;
use crate::judge::check_bag;
use crate::law::Law;
use crate::policy::{DecisionEffect, Question};
use crate::standing::Modes;
use crate::subject::SUBJECT_BUILT_INS;
use crate::value::Schema;

/// The most examples that a report keeps, of those that would be allowed and of those that would
/// be denied.
pub const REPLAY_EXAMPLES_MAX: usize = 64;
/// The most reasons that a report tells apart.
pub const REPLAY_REASONS_MAX: usize = 256;

/// What a candidate would have answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplayOutcome {
    /// It was refused, and the candidate allows it.
    WouldAllow,
    /// It was allowed, and the candidate refuses it.
    WouldDeny,
    /// Both allow it, or both refuse it.
    Unchanged,
    /// The record does not say enough.
    NotReplayable(NotReplayable),
}

/// Why a decision cannot be weighed again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum NotReplayable {
    /// It was made in another world, or by another law than the one that is compared.
    #[error("another law decided")]
    OtherLaw,
    /// The line is no record.
    #[error("the line is no record")]
    Unreadable,
    /// The candidate's answer may depend on what was redacted, or what the law that decided did
    /// not declare.
    #[error("not recorded: {}", .0.join(", "))]
    Unrecorded(Vec<String>),
}

/// Weighs records again, one after the other, and counts what comes of them.
#[derive(Debug)]
#[must_use]
pub struct Replay<'a> {
    live: &'a Law,
    candidate: &'a Law,
    report: ReplayReport,
}

/// How many decisions would come out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ReplayReport {
    /// Refused then, and allowed by the candidate.
    pub would_allow: u64,
    /// Allowed then, and refused by the candidate.
    pub would_deny: u64,
    /// Alike.
    pub unchanged: u64,
    /// Not weighed, by reason; what has no room under its own reason stands under `other`.
    pub not_replayable: BTreeMap<String, u64>,
    /// How many records were weighed of each ability about which the laws differ; with 0 where
    /// there was none. What the law under which they were made does not know is not told here.
    pub evidence: BTreeMap<String, u64>,
    /// By ability: how many would be allowed, and how many denied.
    pub abilities: BTreeMap<String, (u64, u64)>,
    /// The first that would be allowed.
    pub newly_allowed: Vec<DecisionRecord>,
    /// The first that would be denied.
    pub newly_denied: Vec<DecisionRecord>,
}

impl<'a> Replay<'a> {
    /// Compares a candidate with the law under which the records were made.
    pub fn new(live: &'a Law, candidate: &'a Law) -> Self {
        let known = |ability: &Ability| live.rules().knows(ability.as_str());
        let changed = differing(live, candidate).into_iter().filter(known);
        let evidence = changed.map(|ability| (ability.as_str().to_owned(), 0)).collect();
        Self { live, candidate, report: ReplayReport { evidence, ..ReplayReport::default() } }
    }

    /// Weighs one record.
    pub fn add(&mut self, record: &DecisionRecord) -> ReplayOutcome {
        let outcome = record.replay(self.live, self.candidate);
        let report = &mut self.report;
        if !matches!(outcome, ReplayOutcome::NotReplayable(_)) {
            for ability in record.abilities(self.live) {
                if let Some(weighed) = report.evidence.get_mut(ability) {
                    *weighed += 1;
                }
            }
        }
        let (allowed, denied) = match &outcome {
            ReplayOutcome::WouldAllow => (1, 0),
            ReplayOutcome::WouldDeny => (0, 1),
            ReplayOutcome::Unchanged => {
                report.unchanged += 1;
                return outcome;
            }
            ReplayOutcome::NotReplayable(why) => {
                report.leave_out(why);
                return outcome;
            }
        };
        report.would_allow += allowed;
        report.would_deny += denied;
        // As many lines as the law has abilities: another is never weighed.
        let line = report.abilities.entry(record.ability.clone()).or_default();
        *line = (line.0 + allowed, line.1 + denied);
        let examples =
            if allowed == 1 { &mut report.newly_allowed } else { &mut report.newly_denied };
        if examples.len() < REPLAY_EXAMPLES_MAX {
            examples.push(record.clone());
        }
        outcome
    }

    /// Weighs one line of JSON.
    pub fn add_json(&mut self, line: &str) -> ReplayOutcome {
        match DecisionRecord::from_json(line) {
            Ok(record) => self.add(&record),
            Err(_) => {
                self.report.leave_out(&NotReplayable::Unreadable);
                ReplayOutcome::NotReplayable(NotReplayable::Unreadable)
            }
        }
    }

    /// What came of the records so far.
    #[must_use]
    pub fn report(&self) -> &ReplayReport {
        &self.report
    }
}

impl ReplayReport {
    fn leave_out(&mut self, why: &NotReplayable) {
        let mut reason = why.to_string();
        let lines = &mut self.not_replayable;
        if lines.len() >= REPLAY_REASONS_MAX && !lines.contains_key(&reason) {
            "other".clone_into(&mut reason);
        }
        *lines.entry(reason).or_default() += 1;
    }
}

impl DecisionRecord {
    /// What a candidate would have answered in the place of the law that decided.
    #[must_use]
    pub fn replay(&self, live: &Law, candidate: &Law) -> ReplayOutcome {
        if self.world != *live.world()
            || self.world != *candidate.world()
            || self.policy_digest != live.digest()
            || !live.rules().knows(&self.ability)
        {
            return ReplayOutcome::NotReplayable(NotReplayable::OtherLaw);
        }
        let Ok(actor) = self.asker() else {
            return ReplayOutcome::NotReplayable(NotReplayable::Unreadable);
        };
        let again = match &self.attempt {
            Some(attempt) => self.rejudge(attempt, &actor, live, candidate),
            None => Some(self.redecide(&actor, live, candidate)),
        };
        let mut faults = Vec::new();
        check_bag("actor", &self.claims, candidate.actor(), &[], &mut faults);
        check_bag("context", &self.context, candidate.context(), &[], &mut faults);
        let allows = match again {
            // The candidate refuses such a call before it asks any rule.
            _ if !faults.is_empty() => false,
            None => return ReplayOutcome::NotReplayable(NotReplayable::Unreadable),
            Some(Err(unknown)) => {
                let names = unknown.into_iter().collect();
                return ReplayOutcome::NotReplayable(NotReplayable::Unrecorded(names));
            }
            Some(Ok(allows)) => allows,
        };
        match (self.was_allowed(), allows) {
            (false, true) => ReplayOutcome::WouldAllow,
            (true, false) => ReplayOutcome::WouldDeny,
            _ => ReplayOutcome::Unchanged,
        }
    }

    /// What was asked for, once each: of an attempt every step's.
    fn abilities<'a>(&'a self, live: &'a Law) -> BTreeSet<&'a str> {
        let also = self.attempt.iter().flat_map(|attempt| &attempt.also);
        let others = also.filter_map(|AlsoRecord { subject, wish }| {
            let contract = live.contract_version(subject.kind.as_str(), subject.contract.as_str());
            Some(contract?.action(wish.action.as_deref()?)?.ability().as_str())
        });
        others.chain([self.ability.as_str()]).collect()
    }

    /// Whether a candidate allows what was asked for; or what that depends on and is not recorded.
    fn redecide(
        &self,
        actor: &Actor,
        live: &Law,
        candidate: &Law,
    ) -> Result<bool, BTreeSet<String>> {
        let view = self.subject.as_ref().map(|subject| RecordedSubject { subject, record: self });
        let subject: &dyn Lookup = view.as_ref().map_or(&Nothing, |view| view);
        let laws = Laws { live, candidate };
        let pinned = self.subject.as_ref();
        let pinned = pinned.map(|subject| (subject.kind.as_str(), subject.contract.as_str()));
        let answer = candidate.rules().answer_without(
            &Question {
                actor,
                ability: &self.ability,
                subject,
                context: &self.context,
                standing: &self.standing(),
                modes: &Modes::default(),
                now: self.at,
            },
            &|path| !self.knows(path, pinned, laws),
        );
        match answer {
            Some(Err(unknown)) => Err(unknown.iter().map(ToString::to_string).collect()),
            Some(Ok(answer)) => Ok(answer.effect == DecisionEffect::Allow),
            None => Ok(false),
        }
    }

    /// Whether the record tells the value of a path of a question about a subject of a kind that
    /// pinned a contract version, or that it was absent.
    pub(super) fn knows(
        &self,
        path: &Path,
        subject: Option<(&str, &str)>,
        Laws { live, candidate }: Laws<'_>,
    ) -> bool {
        if self.redacted.contains(&path.to_string()) {
            return false;
        }
        let name = path.name.as_str();
        match path.root {
            Root::Actor => is_same(live.actor(), candidate.actor(), name),
            Root::Context => is_same(live.context(), candidate.context(), name),
            Root::Subject => match subject {
                None => true,
                Some((kind, version)) => {
                    let contract = live.contract_version(kind, version);
                    let now = candidate.contract(kind).map(|contract| contract.attributes());
                    SUBJECT_BUILT_INS.iter().any(|(built_in, _)| *built_in == name)
                        || contract
                            .zip(now)
                            .is_some_and(|(own, now)| is_same(own.attributes(), now, name))
                }
            },
            Root::Input | Root::Facts => true,
        }
    }
}

/// Whether a name is declared by both, and of one type: a value of another type was not recorded.
pub(super) fn is_same(live: &Schema, candidate: &Schema, name: &str) -> bool {
    let type_of = |schema: &Schema| schema.get(name).copied();
    type_of(live).is_some() && type_of(live) == type_of(candidate)
}

/// A recorded subject as conditions read it.
struct RecordedSubject<'a> {
    record: &'a DecisionRecord,
    subject: &'a SubjectRecord,
}

impl Lookup for RecordedSubject<'_> {
    fn lookup(&self, name: &str) -> Option<ValueRef<'_>> {
        match name {
            "id" => self.subject.id.as_ref().map(|id| ValueRef::String(id.as_str())),
            "kind" => Some(ValueRef::String(self.subject.kind.as_str())),
            "tenant" => Some(ValueRef::String(self.record.tenant.as_str())),
            "state" => Some(ValueRef::String(self.subject.state.as_str())),
            "revision" => i64::try_from(self.subject.revision).ok().map(ValueRef::Integer),
            _ => self.subject.attributes.lookup(name),
        }
    }
}
