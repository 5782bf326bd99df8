//! Load, judge, commit: the whole of one command.

use super::Denials;
use super::bench::Bench;
use super::case::{Case, Hearing};
use crate::actor::Actor;
use crate::command::{Command, Opening, Record, STEPS_MAX, StandingCommand};
use crate::commit::{Commit, Outcome};
use crate::error::{Error, Fault, FaultKind, Refusal};
use crate::id::{CommandKey, RequestId, Tenant, World};
use crate::judge::{Refused, Verdict};
use crate::receipt::{Effect, Receipt};
use crate::standing::Standing;
use crate::store::{Ask, Backend, Store};
use crate::subject::Subject;
use crate::weave::point;

/// What one judged command asks the store about.
pub(super) fn ask(
    world: &World,
    tenant: &Tenant,
    actor: &Actor,
    subjects: Vec<Subject>,
    key: Option<&CommandKey>,
) -> Ask {
    Ask {
        world: world.clone(),
        tenant: tenant.clone(),
        actor: actor.id().clone(),
        subjects,
        key: key.cloned(),
    }
}

pub(super) fn ask_transition(command: &Command) -> Ask {
    let Subject { world, tenant, .. } = command.subject();
    // One more than lawful is refused unread, and must not spoil the load of a whole batch.
    let steps = command.steps().into_iter().take(STEPS_MAX);
    let subjects = steps.map(|step| step.subject().clone()).collect();
    ask(world, tenant, command.actor(), subjects, command.command_key())
}

pub(super) fn ask_open(opening: &Opening) -> Ask {
    let Subject { world, tenant, .. } = &opening.subject;
    let subjects = vec![opening.subject.clone()];
    ask(world, tenant, &opening.actor, subjects, opening.envelope.key.as_ref())
}

pub(super) fn ask_record(record: &Record) -> Ask {
    let subjects = record.subject.iter().cloned().collect();
    let Record { world, tenant, actor, .. } = record;
    ask(world, tenant, actor, subjects, record.envelope.key.as_ref())
}

pub(super) fn ask_standing(command: &StandingCommand) -> Ask {
    let StandingCommand { world, tenant, actor, .. } = command;
    ask(world, tenant, actor, Vec::new(), command.envelope.key.as_ref())
}

/// Where a command is loaded from and kept.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// The law's own store.
    Own(&'a dyn Backend),
    /// Another, such as a transaction of the caller's, where nothing else is asked for.
    Borrowed(&'a dyn Store),
}

impl<'a> Place<'a> {
    fn store(self) -> &'a dyn Store {
        match self {
            Self::Own(store) => store,
            Self::Borrowed(store) => store,
        }
    }

    async fn load(self, bench: &Bench, ask: &Ask) -> Result<Standing, Fault> {
        let standing = load_one(self.store(), ask).await?;
        if let Self::Own(store) = self {
            bench.follow(store, &ask.world, &standing).await?;
        }
        Ok(standing)
    }
}

/// Judges and keeps one command: the whole of a transition.
pub(super) async fn settle(
    bench: &Bench,
    place: Place<'_>,
    ask: &Ask,
    attempts: u32,
    evidence: Option<&Denials>,
    case: &dyn Case,
) -> Result<Receipt, Error> {
    if !bench.knows(&ask.world) {
        return Err(Refusal::InvalidWorld.into());
    }
    let store = place.store();
    if let Some(standing) = store.recall(ask) {
        let hearing = bench.hearing(&ask.world, standing, false)?;
        if let Some(answer) = answered(bench, store, evidence, case, hearing).await? {
            return answer;
        }
    }
    for _ in 0..attempts {
        let standing = place.load(bench, ask).await?;
        let hearing = bench.hearing(&ask.world, standing, true)?;
        if let Some(answer) = answered(bench, store, evidence, case, hearing).await? {
            return answer;
        }
    }
    Err(Refusal::Conflict.into())
}

/// Judges a command once and keeps what came of it; none where it is to be judged again.
async fn answered(
    bench: &Bench,
    store: &dyn Store,
    evidence: Option<&Denials>,
    case: &dyn Case,
    hearing: Hearing,
) -> Result<Option<Result<Receipt, Error>>, Fault> {
    match bench.judged(case, &hearing) {
        Verdict::Replayed(_) | Verdict::Refused(_) if !hearing.is_fresh => Ok(None),
        Verdict::Replayed(receipt) => Ok(Some(Ok(*receipt))),
        Verdict::Refused(Refused { refusal, evidence: denial }) => {
            let settled = match (denial, evidence) {
                (None, _) => Outcome::Committed,
                (Some(commit), Some(denials)) => {
                    denials.add(*commit);
                    Outcome::Committed
                }
                (Some(commit), None) => commit_one(store, &commit).await?,
            };
            if settled == Outcome::Conflict {
                return Ok(None);
            }
            bench.note(case, &hearing, Err(&refusal));
            Ok(Some(Err(refusal.into())))
        }
        Verdict::Commit(mut commit) => {
            bench.seal(&mut commit).await?;
            Ok(Some(match commit_one(store, &commit).await? {
                Outcome::Committed => {
                    bench.note(case, &hearing, Ok(&commit));
                    kept(*commit)
                }
                Outcome::Replayed(receipt) => Ok(Receipt { replayed: true, ..*receipt }),
                Outcome::Reused => Err(Refusal::KeyReused.into()),
                Outcome::InProgress => Err(Refusal::InProgress.into()),
                Outcome::Conflict => return Ok(None),
            }))
        }
    }
}

pub(super) fn kept(commit: Commit) -> Result<Receipt, Error> {
    let receipt = commit.receipt.map(|kept| kept.receipt);
    receipt.ok_or_else(|| Fault::new(FaultKind::Internal, "a commit without a receipt").into())
}

pub(super) async fn load_one(store: &dyn Store, ask: &Ask) -> Result<Standing, Fault> {
    point();
    let standings = store.load_all(std::slice::from_ref(ask)).await?;
    let missing = || Fault::new(FaultKind::Internal, "the store did not answer the ask");
    standings.into_iter().next().ok_or_else(missing)
}

pub(super) async fn commit_one(store: &dyn Store, commit: &Commit) -> Result<Outcome, Fault> {
    point();
    let outcomes = store.commit_all(std::slice::from_ref(commit)).await;
    let missing = || Fault::new(FaultKind::Internal, "the store did not answer the commit");
    outcomes.into_iter().next().ok_or_else(missing)?
}

/// Names what happened in the span and hands the answer on.
pub(super) fn noted(answer: Result<Receipt, Error>) -> Result<Receipt, Error> {
    let outcome = match &answer {
        Ok(receipt) if receipt.replayed => "replayed",
        Ok(receipt) => match receipt.effect {
            Effect::Moved => "moved",
            Effect::Unchanged => "unchanged",
        },
        Err(Error::Refused(refusal)) => refusal.code(),
        Err(Error::Fault(_)) => "fault",
    };
    tracing::Span::current().record("outcome", outcome);
    answer
}

pub(super) fn span(action: &str, ask: &Ask, request: Option<&RequestId>) -> tracing::Span {
    let kind = ask.subjects.first().map_or("", |subject| subject.kind.as_str());
    let request = request.map_or("", RequestId::as_str);
    let outcome = tracing::field::Empty;
    tracing::info_span!("hos", world = %ask.world, kind, action, request, outcome)
}
