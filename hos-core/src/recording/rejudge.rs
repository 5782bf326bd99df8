//! Judges a recorded attempt again, under a candidate.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::attempt::{AttemptRecord, WishRecord};
use super::record::{DecisionRecord, SubjectRecord};
use crate::actor::Actor;
use crate::candidate::Laws;
use crate::command::{Command, Step};
use crate::condition::{Environment, Nothing, Path, Root};
use crate::contract::{Action, failing};
use crate::error::Refusal;
use crate::id::{Name, SubjectId};
use crate::judge::Judge;
use crate::law::Law;
use crate::policy::{DecisionEffect, Question};
use crate::standing::{Modes, Standing, Versions, WorldStatus};
use crate::subject::{Snapshot, Subject, SubjectView};
use crate::time::{ProofId, RandomIds, Timestamp};
use crate::value::{Attributes, Schema, Type, Value};

/// What is certain of one step, and what it depends on that was not recorded.
enum Sight {
    Refused,
    Open(BTreeSet<String>),
}

/// A step as it is judged again.
struct Again<'a> {
    record: &'a DecisionRecord,
    step: &'a Step,
    /// As it was recorded, and as the candidate finds it.
    was: &'a Snapshot,
    now: &'a Snapshot,
}

impl DecisionRecord {
    /// Whether a candidate lets an attempt through; or what that depends on and is not recorded.
    /// None where the record is of no command.
    pub(super) fn rejudge(
        &self,
        attempt: &AttemptRecord,
        actor: &Actor,
        live: &Law,
        candidate: &Law,
    ) -> Option<Result<bool, BTreeSet<String>>> {
        let command = self.command(attempt, actor, live)?;
        let steps = command.steps();
        let standing = self.whole_standing(attempt);
        let laws = Laws { live, candidate };
        let supposed = laws.supposed(&steps, &standing, self.at);
        let judge = Judge::new(candidate, "replay", self.at, &RandomIds);
        let planned = judge.plan(&command, &supposed).map_err(|refused| refused.refusal);
        if let Err(Refusal::WorldClosed | Refusal::Banned | Refusal::WorldMismatch) = planned {
            return Some(Ok(false));
        }
        let mut unknown = BTreeSet::new();
        let snapshots = standing.subjects.iter().flatten().zip(supposed.subjects.iter().flatten());
        for (step, (was, now)) in steps.into_iter().zip(snapshots) {
            let again = Again { record: self, step, was, now };
            match again.sight(laws, &judge, &command, &supposed) {
                // All or nothing: whatever the others depend on.
                Sight::Refused => return Some(Ok(false)),
                Sight::Open(paths) => unknown.extend(paths),
            }
        }
        Some(if unknown.is_empty() { Ok(planned.is_ok()) } else { Err(unknown) })
    }

    fn command(&self, attempt: &AttemptRecord, actor: &Actor, live: &Law) -> Option<Command> {
        let wish = |at: usize| match at.checked_sub(1) {
            None => Some(&attempt.wish),
            Some(at) => attempt.also.get(at).map(|also| &also.wish),
        };
        let subjects = self.subjects(attempt);
        let mut command: Option<Command> = None;
        for (at, record) in subjects.enumerate() {
            let Some(wish) = wish(at) else { break };
            // Where ids are redacted, no two subjects are taken for one.
            let id = record.id.clone().map_or_else(|| SubjectId::new(format!("#{at}")), Ok).ok()?;
            let (world, tenant) = (self.world.clone(), self.tenant.clone());
            let subject = Subject { world, tenant, kind: record.kind.clone(), id };
            let action = wish.action.as_deref().unwrap_or_default();
            let next = match (command.take(), &wish.to) {
                (None, Some(state)) => Command::to(actor, &subject, state),
                (None, None) => Command::new(actor, &subject, action),
                (Some(command), _) => command.and(&subject, action),
            };
            let contract = live.contract_version(record.kind.as_str(), record.contract.as_str());
            let entry = contract.and_then(|contract| contract.action(action));
            let next = given(next, wish);
            command = Some(match entry {
                // Both come after what was required was found to be there.
                Some(entry) if matches!(&*attempt.outcome, "moved" | "guard_failed") => {
                    self.stand_in(next, wish, entry)
                }
                _ => next,
            });
        }
        let context = self.context.iter();
        Some(
            context.fold(command?, |command, (name, value)| {
                command.context(name.as_str(), value.clone())
            }),
        )
    }

    /// What was given and is redacted stands there by any value: whatever reads it is not known.
    fn stand_in(&self, command: Command, wish: &WishRecord, entry: &Action) -> Command {
        let is_hidden = |root: Root, bag: &Attributes, name: &Name| {
            let path = Path { root, name: name.clone() };
            bag.get(name.as_str()).is_none() && self.redacted.contains(&path.to_string())
        };
        let mut command = command;
        for name in entry.input().required() {
            if is_hidden(Root::Input, &wish.input, name)
                && let Some(type_) = entry.input().schema().get(name.as_str())
            {
                command = command.input(name.as_str(), any_value(*type_));
            }
        }
        for name in entry.facts().required() {
            if is_hidden(Root::Facts, &wish.facts, name)
                && let Some(type_) = entry.facts().schema().get(name.as_str())
            {
                command = command.fact(name.as_str(), any_value(*type_));
            }
        }
        command
    }

    fn subjects<'a>(
        &'a self,
        attempt: &'a AttemptRecord,
    ) -> impl Iterator<Item = &'a SubjectRecord> {
        self.subject.iter().chain(attempt.also.iter().map(|also| &also.subject))
    }

    fn whole_standing(&self, attempt: &AttemptRecord) -> Standing {
        let snapshot = |record: &SubjectRecord| Snapshot {
            state: record.state.clone(),
            revision: record.revision,
            attributes: Arc::new(record.attributes.clone()),
            contract: record.contract.clone(),
            proof_id: ProofId::from_bytes([0; 16]),
        };
        let status = if attempt.world_closed { WorldStatus::Closed } else { WorldStatus::Open };
        Standing {
            world: Some(status),
            tenant_exists: true,
            versions: Versions::default(),
            actor: Arc::new(self.standing()),
            modes: Arc::default(),
            subjects: self.subjects(attempt).map(|record| Some(snapshot(record))).collect(),
            receipt: None,
        }
    }
}

fn any_value(type_: Type) -> Value {
    match type_ {
        Type::Bool => Value::Bool(false),
        Type::Integer => Value::Integer(0),
        Type::String => Value::String("".into()),
        Type::Time => Value::Time(Timestamp::from_micros(0)),
        Type::BoolSet | Type::IntegerSet | Type::StringSet | Type::TimeSet => {
            Value::Set(Arc::default())
        }
    }
}

fn given(mut command: Command, wish: &WishRecord) -> Command {
    for (name, value) in wish.input.iter() {
        command = command.input(name.as_str(), value.clone());
    }
    for (name, value) in wish.facts.iter() {
        command = command.fact(name.as_str(), value.clone());
    }
    match wish.seen {
        Some(seen) => command.seen(seen),
        None => command,
    }
}

impl Again<'_> {
    fn sight(
        &self,
        laws: Laws<'_>,
        judge: &Judge<'_>,
        command: &Command,
        standing: &Standing,
    ) -> Sight {
        let Some(entries) = judge.entries(self.step, self.now) else { return Sight::Refused };
        let view = SubjectView::of(self.step.subject(), self.now);
        let mut unknown = BTreeSet::new();
        let mut is_permitted = false;
        for entry in entries.candidates() {
            let question = Question {
                actor: command.actor(),
                ability: entry.ability().as_str(),
                subject: &view,
                context: &self.record.context,
                standing: &standing.actor,
                modes: &Modes::default(),
                now: self.record.at,
            };
            let is_unknown = |path: &Path| !self.knows(path, laws, entry);
            match laws.candidate.rules().answer_without(&question, &is_unknown) {
                Some(Ok(answer)) if answer.effect == DecisionEffect::Allow => {
                    is_permitted = true;
                    break;
                }
                Some(Err(paths)) => unknown.extend(paths.iter().map(ToString::to_string)),
                Some(Ok(_)) | None => {}
            }
        }
        if is_permitted {
            unknown.clear();
        } else if unknown.is_empty() {
            return Sight::Refused;
        }
        match entries.here.as_slice() {
            [entry] => self.sight_of(entry, laws, command, &view, unknown),
            [] if !entries.there.is_empty() => Sight::Open(unknown),
            _ => Sight::Refused,
        }
    }

    /// A guard that is known and fails is enough; one that is not known leaves it open.
    fn sight_of(
        &self,
        entry: &Action,
        laws: Laws<'_>,
        command: &Command,
        view: &SubjectView<'_>,
        mut unknown: BTreeSet<String>,
    ) -> Sight {
        let environment = Environment {
            actor: command.actor(),
            subject: view,
            context: &Nothing,
            input: &self.step.input,
            facts: &self.step.facts,
            now: self.record.at,
        };
        for guard in entry.guards() {
            let reads = guard.condition().paths();
            let unread: Vec<&Path> = reads.filter(|path| !self.knows(path, laws, entry)).collect();
            if unread.is_empty() && !failing(std::slice::from_ref(guard), &environment).is_empty() {
                return Sight::Refused;
            }
            unknown.extend(unread.into_iter().map(ToString::to_string));
        }
        let fields = [
            (Root::Input, entry.input().required(), &self.step.input),
            (Root::Facts, entry.facts().required(), &self.step.facts),
        ];
        for (root, required, bag) in fields {
            let missing = required.iter().filter(|name| bag.get(name.as_str()).is_none());
            let paths = missing.map(|name| Path { root, name: Name::clone(name) });
            let unread = paths.filter(|path| !self.knows(path, laws, entry));
            unknown.extend(unread.map(|path| path.to_string()));
        }
        Sight::Open(unknown)
    }

    /// Whether the record tells the value of a path, or that it was absent.
    fn knows(&self, path: &Path, laws: Laws<'_>, entry: &Action) -> bool {
        if self.record.redacted.contains(&path.to_string()) {
            return false;
        }
        let (name, step) = (path.name.as_str(), self.step);
        let kind = step.subject().kind.as_str();
        match path.root {
            // What a migration makes of a subject is known where all of the subject is.
            Root::Subject if laws.map(step, self.was).is_some() => {
                !self.record.redacted.iter().any(|path| path.starts_with("subject."))
            }
            Root::Actor | Root::Context | Root::Subject => {
                let subject = (step.subject().kind.as_str(), self.was.contract.as_str());
                self.record.knows(path, Some(subject), laws)
            }
            Root::Input | Root::Facts => {
                let contract = laws.live.contract_version(kind, self.was.contract.as_str());
                let own = contract.and_then(|contract| contract.action(entry.name().as_str()));
                own.is_some_and(|own| {
                    let schema = |action: &Action| -> Schema {
                        let fields = match path.root {
                            Root::Input => action.input(),
                            _ => action.facts(),
                        };
                        fields.schema().clone()
                    };
                    super::replay::is_same(&schema(own), &schema(entry), name)
                })
            }
        }
    }
}
