//! Many commands at once: loaded together, judged one after the other, committed together.

use std::collections::{HashMap, HashSet};

use super::case::{End, Hearing};
use super::settle::{ask_transition, kept};
use super::{ATTEMPTS_MAX, Hos};
use crate::command::{Command, Step};
use crate::commit::{Commit, Outcome};
use crate::error::{Error, Fault, FaultKind, Refusal};
use crate::id::CommandKey;
use crate::judge::{Refused, Verdict};
use crate::receipt::Receipt;
use crate::standing::Standing;
use crate::store::{Ask, BATCH_MAX};
use crate::subject::{Snapshot, Subject};

type Answer = Result<Receipt, Error>;

impl Hos {
    /// Transitions many subjects, each command on its own, with two round trips to the store for
    /// up to [`BATCH_MAX`] of them. Answers each, in order.
    ///
    /// Commands on one subject are judged one after the other, each on what the one before it
    /// leaves, so that a hot subject costs no more than many.
    pub async fn transition_all(&self, commands: &[Command]) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(commands.len());
        for chunk in commands.chunks(BATCH_MAX) {
            answers.extend(self.transition_chunk(chunk).await);
        }
        answers
    }

    async fn transition_chunk(&self, commands: &[Command]) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = commands.iter().map(|_| None).collect();
        let known = |command: &Command| self.bench.law(&command.subject().world);
        for (answer, command) in answers.iter_mut().zip(commands) {
            *answer = known(command).err().map(|refusal| Err(refusal.into()));
        }
        for attempt in 0..ATTEMPTS_MAX {
            let open = |(at, answer): (usize, &Option<Answer>)| answer.is_none().then_some(at);
            let waiting: Vec<usize> = answers.iter().enumerate().filter_map(open).collect();
            if waiting.is_empty() {
                break;
            }
            for (at, answer) in self.round(commands, &waiting, attempt == 0).await {
                if let Some(slot) = answers.get_mut(at) {
                    *slot = Some(answer);
                }
            }
        }
        let spent = || Err(Refusal::Conflict.into());
        answers.into_iter().map(|answer| answer.unwrap_or_else(spent)).collect()
    }

    /// Loads, judges and commits the waiting commands once; answers those that are settled.
    async fn round(
        &self,
        commands: &[Command],
        waiting: &[usize],
        recalls: bool,
    ) -> Vec<(usize, Answer)> {
        let batch: Vec<(usize, &Command)> = waiting
            .iter()
            .filter_map(|at| commands.get(*at).map(|command| (*at, command)))
            .collect();
        let asks: Vec<Ask> = batch.iter().map(|(_, command)| ask_transition(command)).collect();
        let grounds = match self.grounds(asks, recalls).await {
            Ok(grounds) => grounds,
            Err(fault) => return everyone(waiting, &fault),
        };
        let mut round = Round::default();
        for ((at, command), ground) in batch.into_iter().zip(grounds) {
            match ground {
                Ok((standing, is_fresh)) => {
                    self.judge_into(&mut round, at, command, standing, is_fresh);
                }
                Err(fault) => round.answers.push((at, Err(fault.into()))),
            }
        }
        let outcomes = self.commit_sealed(&mut round).await;
        round.settle(outcomes, |at, hearing, end| {
            if let Some(command) = commands.get(at) {
                self.bench.note(command, hearing, end);
            }
        })
    }

    /// Commits those whose parts could be sealed. What rests on one that is left out is not written
    /// either, for the proof that it comes from is not there: it goes again.
    async fn commit_sealed(&self, round: &mut Round) -> Vec<Result<Outcome, Fault>> {
        let faults = self.seal_all(&mut round.commits).await;
        if faults.iter().all(Option::is_none) {
            return self.store.commit_all(&round.commits).await;
        }
        let all = std::mem::take(&mut round.commits).into_iter().zip(faults);
        let (mut sealed, mut left_out) = (Vec::new(), Vec::new());
        for (at, (commit, fault)) in all.enumerate() {
            match fault {
                None => sealed.push(commit),
                Some(fault) => left_out.push((at, commit, fault)),
            }
        }
        let mut outcomes = self.store.commit_all(&sealed).await;
        outcomes.resize_with(sealed.len(), unanswered);
        for (at, commit, fault) in left_out {
            sealed.insert(at, commit);
            outcomes.insert(at, Err(fault));
        }
        round.commits = sealed;
        outcomes
    }

    /// Seals what is about persons; says of each why it could not be.
    async fn seal_all(&self, commits: &mut [Commit]) -> Vec<Option<Fault>> {
        let mut faults = Vec::with_capacity(commits.len());
        let mut away: Option<Fault> = None;
        for commit in commits {
            // A vault that is away is waited for once.
            let known = away.as_ref().filter(|_| commit.person.is_some());
            let fault = match known {
                Some(fault) => Some(fault.again()),
                None => self.bench.seal(commit).await.err(),
            };
            away = away
                .or_else(|| fault.as_ref().filter(|fault| fault.is_retryable()).map(Fault::again));
            faults.push(fault);
        }
        faults
    }

    /// What is remembered, where it may be; the rest is loaded.
    async fn grounds(&self, asks: Vec<Ask>, recalls: bool) -> Result<Grounds, Fault> {
        let recall = |ask: &Ask| if recalls { self.store.recall(ask) } else { None };
        let recalled: Vec<Option<Standing>> = asks.iter().map(recall).collect();
        let unknown = asks.into_iter().zip(&recalled);
        let unknown: Vec<Ask> =
            unknown.filter_map(|(ask, known)| known.is_none().then_some(ask)).collect();
        let loaded = match unknown.as_slice() {
            [] => Vec::new(),
            unknown => self.load_each(unknown).await?,
        };
        let mut loaded = loaded.into_iter();
        let missing = || Err(Fault::new(FaultKind::Internal, "the store did not answer the ask"));
        let known = recalled.into_iter().map(|recalled| match recalled {
            Some(standing) => Ok((standing, false)),
            None => Ok((loaded.next().unwrap_or_else(missing)?, true)),
        });
        Ok(known.collect())
    }

    fn judge_into(
        &self,
        round: &mut Round,
        at: usize,
        command: &Command,
        standing: Standing,
        is_fresh: bool,
    ) {
        let key = command.command_key().map(|key| {
            let Subject { world, tenant, .. } = command.subject();
            (world.clone(), tenant.clone(), key.clone())
        });
        if key.as_ref().is_some_and(|key| round.keys.contains(key)) {
            // The same key twice in one batch: the second waits for what becomes of the first.
            return;
        }
        if round.waits_for(command) {
            round.wait(command);
            return;
        }
        let (standing, ahead) = round.overlaid(command, standing);
        let world = &command.subject().world;
        let Ok(hearing) = self.bench.hearing(world, standing, is_fresh) else { return };
        match self.bench.judged(command, &hearing) {
            Verdict::Replayed(receipt) => round.answers.push((at, Ok(*receipt))),
            Verdict::Commit(commit) => {
                round.keys.extend(key);
                round.add(at, *commit, (hearing, None));
            }
            // What is remembered refuses nobody: it waits until the standing is loaded.
            Verdict::Refused(_) if !is_fresh => round.wait(command),
            Verdict::Refused(Refused { refusal, evidence: Some(commit) }) => {
                round.add(at, *commit, (hearing, Some((refusal, ahead))));
            }
            Verdict::Refused(Refused { refusal, evidence: None }) => {
                round.refusals.push((at, hearing, (refusal, ahead)));
            }
        }
    }
}

fn unanswered() -> Result<Outcome, Fault> {
    Err(Fault::new(FaultKind::Internal, "the store did not answer"))
}

/// Of each command the standing, and whether it was loaded just now, or why that could not be.
type Grounds = Vec<Result<(Standing, bool), Fault>>;

/// One fault for all: nothing was written.
fn everyone(waiting: &[usize], fault: &Fault) -> Vec<(usize, Answer)> {
    waiting.iter().map(|at| (*at, Err(fault.again().into()))).collect()
}

/// A refusal, and the commits that it was judged upon.
type Tentative = (Refusal, Vec<usize>);

#[derive(Default)]
struct Round {
    commits: Vec<Commit>,
    /// Of each commit: whose it is, upon what, and the refusal that it is evidence of.
    owners: Vec<(usize, Hearing, Option<Tentative>)>,
    /// What the commits so far leave, and which of them left it.
    overlay: HashMap<Subject, (Snapshot, usize)>,
    keys: HashSet<(crate::id::World, crate::id::Tenant, CommandKey)>,
    answers: Vec<(usize, Answer)>,
    /// Subjects of commands that wait for the next round, so that later ones wait behind them.
    waiting: HashSet<Subject>,
    refusals: Vec<(usize, Hearing, Tentative)>,
}

impl Round {
    /// The standing as the commits so far leave it, and which of them it rests on.
    fn overlaid(&self, command: &Command, mut standing: Standing) -> (Standing, Vec<usize>) {
        let mut ahead = Vec::new();
        for (step, slot) in command.steps().iter().zip(&mut standing.subjects) {
            if let Some((snapshot, by)) = self.overlay.get(step.subject()) {
                *slot = Some(snapshot.clone());
                ahead.push(*by);
            }
        }
        (standing, ahead)
    }

    /// Whether one on the same subject waits for the next round.
    fn waits_for(&self, command: &Command) -> bool {
        let waits = |step: &&Step| self.waiting.contains(step.subject());
        !self.waiting.is_empty() && command.steps().iter().any(waits)
    }

    fn wait(&mut self, command: &Command) {
        self.waiting.extend(command.steps().iter().map(|step| step.subject().clone()));
    }

    fn add(
        &mut self,
        at: usize,
        commit: Commit,
        (hearing, evidence): (Hearing, Option<Tentative>),
    ) {
        for change in &commit.changes {
            if let Some(after) = &change.after {
                let left = (after.snapshot.clone(), self.commits.len());
                self.overlay.insert(change.subject.clone(), left);
            }
        }
        self.commits.push(commit);
        self.owners.push((at, hearing, evidence));
    }

    /// Answers what is settled, and notes it; what rests on a commit that was not written waits.
    fn settle(
        mut self,
        outcomes: Vec<Result<Outcome, Fault>>,
        note: impl Fn(usize, &Hearing, End<'_>),
    ) -> Vec<(usize, Answer)> {
        let written: Vec<bool> =
            outcomes.iter().map(|outcome| matches!(outcome, Ok(Outcome::Committed))).collect();
        let stands = |ahead: &[usize]| ahead.iter().all(|by| written.get(*by) == Some(&true));
        let mut outcomes = outcomes.into_iter();
        let mut refusals = self.refusals;
        for (commit, (at, hearing, evidence)) in self.commits.into_iter().zip(self.owners) {
            let answer = match (outcomes.next().unwrap_or_else(unanswered), evidence) {
                (Err(fault), _) => Err(fault.into()),
                (Ok(Outcome::Conflict), _) => continue,
                (Ok(_), Some(refusal)) => {
                    refusals.push((at, hearing, refusal));
                    continue;
                }
                (Ok(Outcome::Committed), None) => {
                    note(at, &hearing, Ok(&commit));
                    kept(commit)
                }
                (Ok(Outcome::Replayed(receipt)), None) => {
                    Ok(Receipt { replayed: true, ..*receipt })
                }
                (Ok(Outcome::Reused), None) => Err(Refusal::KeyReused.into()),
                (Ok(Outcome::InProgress), None) => Err(Refusal::InProgress.into()),
            };
            self.answers.push((at, answer));
        }
        for (at, hearing, (refusal, ahead)) in refusals {
            if stands(&ahead) {
                note(at, &hearing, Err(&refusal));
                self.answers.push((at, Err(refusal.into())));
            }
        }
        self.answers
    }
}
