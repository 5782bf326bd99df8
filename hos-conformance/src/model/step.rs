//! What may happen, and what comes of it.

use super::state::{
    Action, Code, Entry, Fate, Group, Kept, Picture, Process, Row, Sight, Stage, State, Told, Wish,
};
use super::{Mutant, Protocol};

/// What a commit comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Committed,
    Replayed(Told),
    Reused,
    Conflict,
}

/// What judging comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The state that it moves to, or none where the job is there already.
    Commit(Option<Stage>),
    Refused(Code),
}

impl Protocol {
    /// Everything that may happen in a state, in a fixed order.
    #[must_use]
    pub fn actions(&self, state: &State) -> Vec<Action> {
        let mut actions = Vec::new();
        for (process, at) in state.processes.iter().enumerate() {
            match at {
                Process::Idle => {
                    let sendable = (0..self.intents.len()).filter(|at| state.sends[*at] > 0);
                    for intent in sendable {
                        let forgot = Action::Send { process, intent, recalled: None };
                        let recalls = pictures(&state.kept).map(|picture| Action::Send {
                            process,
                            intent,
                            recalled: Some(picture),
                        });
                        actions.extend(std::iter::once(forgot).chain(recalls));
                    }
                }
                Process::Loading { .. } => actions.push(Action::Load { process }),
                Process::Committing { .. } => {
                    actions.push(Action::Commit { process, fate: Fate::Answered });
                    if state.losses > 0 {
                        actions.push(Action::Commit { process, fate: Fate::AnswerLost });
                        actions.push(Action::Commit { process, fate: Fate::CallLost });
                    }
                }
            }
            if *at != Process::Idle && state.crashes > 0 {
                actions.push(Action::Crash { process });
            }
        }
        if state.kept.changes.len() < self.bounds.changes {
            let may = |group: &&Group| may_change(&state.kept.changes, **group);
            actions.extend(self.groups.iter().filter(may).map(|group| Action::Change(*group)));
        }
        actions
    }

    /// The state after something that may happen in this one.
    #[must_use]
    pub fn next(&self, state: &State, action: Action) -> State {
        let mut next = state.clone();
        next.sight = Sight::Nothing;
        match action {
            Action::Send { process, intent, recalled } => {
                next.sends[intent] -= 1;
                next.processes[process] = Process::Loading { intent };
                if let Some(picture) = recalled {
                    self.judge_recalled(&mut next, process, intent, picture);
                }
            }
            Action::Load { process } => self.load(&mut next, process),
            Action::Commit { process, fate } => self.commit(&mut next, process, fate),
            Action::Crash { process } => {
                next.crashes -= 1;
                next.processes[process] = Process::Idle;
            }
            Action::Change(group) => next.kept.changes.push(group),
        }
        next
    }

    /// Judged on what is remembered: committed or loaded, never refused.
    fn judge_recalled(&self, next: &mut State, process: usize, intent: usize, picture: Picture) {
        match self.judge(&next.kept, intent, picture) {
            Verdict::Commit(_) => {
                next.processes[process] = Process::Committing { intent, picture };
            }
            Verdict::Refused(code) if self.mutant == Some(Mutant::RefusedOnMemory) => {
                next.processes[process] = Process::Idle;
                self.refuse(next, intent, code);
            }
            Verdict::Refused(_) => {}
        }
    }

    fn load(&self, next: &mut State, process: usize) {
        let Process::Loading { intent } = next.processes[process] else { return };
        next.processes[process] = Process::Idle;
        match self.receipt(&next.kept, intent) {
            Some(Outcome::Replayed(told)) => return answer(next, intent, told),
            Some(_) => return self.refuse(next, intent, Code::KeyReused),
            None => {}
        }
        let picture = Picture { proof: next.kept.row.proof, changes: next.kept.changes.len() };
        match self.judge(&next.kept, intent, picture) {
            Verdict::Refused(code) if !self.leaves_evidence(intent, code) => {
                self.refuse(next, intent, code);
            }
            _ => next.processes[process] = Process::Committing { intent, picture },
        }
    }

    fn commit(&self, next: &mut State, process: usize, fate: Fate) {
        let Process::Committing { intent, picture } = next.processes[process] else { return };
        next.processes[process] = Process::Idle;
        let verdict = self.judge(&next.kept, intent, picture);
        next.losses -= u8::from(fate != Fate::Answered);
        if fate == Fate::CallLost {
            if let (Some(Mutant::Torn), Verdict::Commit(Some(stage))) = (self.mutant, verdict) {
                next.kept.row =
                    Row { stage, revision: next.kept.row.revision + 1, ..next.kept.row };
            }
            next.sight = Sight::Ambiguous;
            return;
        }
        let outcome = self.write(next, intent, picture, verdict, fate);
        if fate == Fate::AnswerLost {
            next.sight = Sight::Ambiguous;
            next.lost[intent] |=
                outcome == Outcome::Committed && matches!(verdict, Verdict::Commit(_));
            return;
        }
        match (outcome, verdict) {
            (Outcome::Conflict, _) => {
                next.processes[process] = Process::Loading { intent };
                next.sight = Sight::Conflict;
            }
            (Outcome::Committed, Verdict::Refused(code)) => self.refuse(next, intent, code),
            (Outcome::Committed, Verdict::Commit(moved)) => {
                let told = Told { intent, moved: moved.is_some(), row: self.written(next, intent) };
                answer(next, intent, told);
                next.sight = if told.moved { Sight::First } else { Sight::Unchanged };
            }
            (Outcome::Replayed(told), _) => answer(next, intent, told),
            (Outcome::Reused, _) => self.refuse(next, intent, Code::KeyReused),
        }
    }

    /// What a commit that was just written says of the job.
    fn written(&self, next: &State, intent: usize) -> Row {
        next.kept.receipts[self.intents[intent].key].map_or(next.kept.row, |told| told.row)
    }

    /// The sequence of every store: key, versions, then everything or nothing.
    fn write(
        &self,
        next: &mut State,
        intent: usize,
        picture: Picture,
        verdict: Verdict,
        fate: Fate,
    ) -> Outcome {
        let moved = match verdict {
            Verdict::Commit(moved) => moved,
            Verdict::Refused(_) => return self.write_evidence(next, intent, picture),
        };
        if self.mutant != Some(Mutant::KeyUncompared)
            && let Some(outcome) = self.receipt(&next.kept, intent)
        {
            return outcome;
        }
        let proof_differs = picture.proof != next.kept.row.proof;
        if !self.generations_are_as_read(&next.kept, picture)
            || proof_differs && self.mutant != Some(Mutant::ProofUncompared)
        {
            return Outcome::Conflict;
        }
        next.wrongs.overtaken |= self.forbidden(&next.kept.changes).is_some();
        let read = row_at(&next.kept, picture.proof);
        if let Some(to) = moved {
            let revision = read.revision + 1;
            next.kept.log.push(Entry::Moved { intent, from: read.stage, to, revision });
            next.kept.row = Row { stage: to, revision, proof: next.kept.log.len() - 1 };
        }
        let told = Told { intent, moved: moved.is_some(), row: next.kept.row };
        if !(self.mutant == Some(Mutant::ReceiptApart) && fate == Fate::AnswerLost) {
            next.kept.receipts[self.intents[intent].key] = Some(told);
        }
        Outcome::Committed
    }

    /// Evidence is recorded once, under the generations that the denial read.
    fn write_evidence(&self, next: &mut State, intent: usize, picture: Picture) -> Outcome {
        if self.mutant != Some(Mutant::EvidenceUncompared)
            && !self.generations_are_as_read(&next.kept, picture)
        {
            return Outcome::Conflict;
        }
        let key = self.intents[intent].key;
        let known = next.kept.log.iter().any(|entry| match entry {
            Entry::Denied { intent } => self.intents[*intent].key == key,
            _ => false,
        });
        if !known || self.mutant == Some(Mutant::EvidenceRepeated) {
            next.wrongs.overtaken |= self.forbidden(&next.kept.changes).is_none();
            next.kept.log.push(Entry::Denied { intent });
        }
        Outcome::Committed
    }

    fn generations_are_as_read(&self, kept: &Kept, picture: Picture) -> bool {
        let later = kept.changes.iter().skip(picture.changes);
        later.filter(|group| self.mutant != Some(Mutant::GroupUncompared(**group))).count() == 0
    }

    /// What is kept under an intent's key: its own receipt, or another's.
    fn receipt(&self, kept: &Kept, intent: usize) -> Option<Outcome> {
        let told = kept.receipts[self.intents[intent].key]?;
        let is_own = told.intent == intent || self.mutant == Some(Mutant::FingerprintIgnored);
        Some(if is_own { Outcome::Replayed(told) } else { Outcome::Reused })
    }

    fn leaves_evidence(&self, intent: usize, code: Code) -> bool {
        code == Code::Denied && self.intents[intent].wish == Wish::Finish
    }

    /// The law, on a picture: world open, not banned, policy, unchanged, action, revision.
    fn judge(&self, kept: &Kept, intent: usize, picture: Picture) -> Verdict {
        if let Some(code) = self.forbidden(&kept.changes[..picture.changes]) {
            return Verdict::Refused(code);
        }
        let row = row_at(kept, picture.proof);
        let wish = self.intents[intent].wish;
        let moved = match (wish, row.stage) {
            (Wish::Start, Stage::Waiting) => Some(Stage::Running),
            (Wish::Touch, Stage::Waiting | Stage::Running) => Some(row.stage),
            (Wish::Finish, Stage::Running) => Some(Stage::Done),
            (Wish::Start, Stage::Running) | (Wish::Finish, Stage::Done) => None,
            (Wish::Start | Wish::Touch, Stage::Done) => {
                return Verdict::Refused(Code::TerminalState);
            }
            (Wish::Finish, Stage::Waiting) => return Verdict::Refused(Code::InvalidTransition),
        };
        match self.intents[intent].seen {
            Some(seen) if seen != row.revision => Verdict::Refused(Code::StaleRevision),
            _ => Verdict::Commit(moved),
        }
    }

    /// Why the actor may do nothing under so many changes; none where the actor may.
    fn forbidden(&self, changes: &[Group]) -> Option<Code> {
        let turned = |group| is_turned(changes, group);
        if turned(Group::Status) {
            Some(Code::WorldClosed)
        } else if turned(Group::Bans) {
            Some(Code::Banned)
        } else if turned(Group::Members) && !turned(Group::Grants) && !turned(Group::Modes) {
            Some(Code::Denied)
        } else {
            None
        }
    }

    /// Refuses, and looks whether it is true of this very moment.
    fn refuse(&self, next: &mut State, intent: usize, code: Code) {
        let now = Picture { proof: next.kept.row.proof, changes: next.kept.changes.len() };
        let is_true = match self.receipt(&next.kept, intent) {
            Some(Outcome::Reused) => code == Code::KeyReused,
            Some(_) => false,
            None => self.judge(&next.kept, intent, now) == Verdict::Refused(code),
        };
        next.wrongs.untrue_refusal |= !is_true;
        next.sight = Sight::Refused(code);
    }
}

/// Tells a client what its intent led to.
fn answer(next: &mut State, intent: usize, told: Told) {
    next.sight = if next.told[intent].is_none() && next.lost[intent] {
        Sight::FoundAgain
    } else {
        Sight::Replayed
    };
    match next.told[intent] {
        None => next.told[intent] = Some(told),
        Some(first) => next.wrongs.answered_twice |= first != told,
    }
}

/// Everything that anybody may remember.
fn pictures(kept: &Kept) -> impl Iterator<Item = Picture> {
    let proofs = kept.log.iter().enumerate();
    let proofs = proofs.filter(|(_, entry)| !matches!(entry, Entry::Denied { .. }));
    let changes = kept.changes.len();
    proofs.flat_map(move |(proof, _)| (0..=changes).map(move |changes| Picture { proof, changes }))
}

/// The job's row as one of its proofs tells it.
fn row_at(kept: &Kept, proof: usize) -> Row {
    match kept.log[proof] {
        Entry::Moved { to, revision, .. } => Row { stage: to, revision, proof },
        Entry::Opened | Entry::Denied { .. } => Row { stage: Stage::Waiting, revision: 1, proof },
    }
}

/// A closed world takes no change but the one that opens it; and while policy does not decide, it
/// does not say either that the giver of a grant holds what is granted.
fn may_change(changes: &[Group], group: Group) -> bool {
    let gives = group == Group::Grants && !is_turned(changes, group);
    (group == Group::Status || !is_turned(changes, Group::Status))
        && !(gives && is_turned(changes, Group::Modes))
}

fn is_turned(changes: &[Group], group: Group) -> bool {
    changes.iter().filter(|change| **change == group).count() % 2 == 1
}
