//! Judging: a pure function of a law, a standing, a command, a time and ids.
//!
//! No await, no clock of its own, no log, no store.

mod activation;
mod archival;
mod epoch;
mod erasure;
mod find;
mod migration;
mod open;
mod plan;
mod record;
mod registry;
mod rehearse;
mod transition;

use crate::actor::Actor;
use crate::command::Envelope;
use crate::commit::{Commit, KeptReceipt, Shadowed, SubjectChange};
use crate::condition::Lookup;
use crate::digest::Digest;
use crate::error::{InputFault, Refusal};
use crate::id::{ActionName, CommandKey, Kind, Tenant, World};
use crate::law::Law;
use crate::policy::{Answer, DecisionEffect, Question};
use crate::proof::{Entry, EntryType, Leaf, denial_dedup, origin};
use crate::receipt::{Receipt, StepReceipt};
use crate::standing::{Mode, Standing, WorldStatus};
use crate::subject::{Subject, SubjectView};
use crate::time::{IdSource, ProofId, Timestamp};
use crate::value::{Attributes, Schema};

pub(crate) use activation::Activated;
pub use migration::{MigrationFailure, MigrationPage, MigrationPermit, MigrationVerdict};
pub(crate) use open::Start;
pub use plan::{Plan, PlannedStep};
pub use rehearse::{Rehearsal, RehearsedStep};

/// Judges commands under one law, at one time.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    law: &'a Law,
    deployment: &'a str,
    now: Timestamp,
    ids: &'a dyn IdSource,
}

impl std::fmt::Debug for Judge<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Judge").field("now", &self.now).finish_non_exhaustive()
    }
}

/// What judging a command comes to.
///
/// Exhaustive: something is to be written, was written before, or is refused.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth end of a judgement")]
pub enum Verdict {
    /// To be written.
    Commit(Box<Commit>),
    /// The same command was written before: its receipt.
    Replayed(Box<Receipt>),
    /// Refused; evidence of the attempt is to be written where the law wants it.
    Refused(Refused),
}

/// A refusal and the evidence that it leaves.
#[derive(Debug)]
pub struct Refused {
    /// The answer.
    pub refusal: Refusal,
    /// A denial of a critical ability, to be recorded once per key.
    pub evidence: Option<Box<Commit>>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, evidence: None }
    }
}

impl From<Result<Commit, Stop>> for Verdict {
    fn from(judged: Result<Commit, Stop>) -> Self {
        match judged {
            Ok(commit) => Self::Commit(Box::new(commit)),
            Err(stop) => stop.into(),
        }
    }
}

impl From<Stop> for Verdict {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Replayed(receipt) => Self::Replayed(receipt),
            Stop::Refused(refused) => Self::Refused(refused),
        }
    }
}

/// Why judging ends without a commit.
enum Stop {
    Replayed(Box<Receipt>),
    Refused(Refused),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// What a policy check found that the proof must name.
#[derive(Debug, Clone, Copy)]
struct Permission {
    mode: Mode,
    /// What policy said where only the mode let the call through.
    shadowed: Option<DecisionEffect>,
    break_glass: Option<ProofId>,
}

impl Permission {
    fn shadowed(&self, ability: &str) -> Option<Shadowed> {
        let ability = ability.to_owned();
        self.shadowed.map(|effect| Shadowed { ability, effect })
    }
}

impl<'a> Judge<'a> {
    /// Judges under a law, for a deployment whose name begins the origin of every log.
    #[must_use]
    pub fn new(law: &'a Law, deployment: &'a str, now: Timestamp, ids: &'a dyn IdSource) -> Self {
        Self { law, deployment, now, ids }
    }

    /// The same judge under another law.
    pub(crate) fn under(self, law: &'a Law) -> Self {
        Self { law, ..self }
    }

    pub(crate) fn law(&self) -> &'a Law {
        self.law
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// The checks that every command passes first: well-formed, world known, not a replay.
    fn admit(
        &self,
        actor: &Actor,
        envelope: &Envelope,
        standing: &Standing,
        fingerprint: impl FnOnce() -> Digest,
    ) -> Result<(CommandKey, Digest), Stop> {
        let Some(key) = envelope.key.clone() else {
            let faulty = envelope.faults.iter().any(|fault| fault.field == "key");
            return Err(if faulty {
                Refusal::InvalidInput(envelope.faults.clone()).into()
            } else {
                Refusal::MissingKey.into()
            });
        };
        let mut faults = envelope.faults.clone();
        check_bag("actor", actor.claims(), self.law.actor(), &[], &mut faults);
        check_bag("context", &envelope.context, self.law.context(), &[], &mut faults);
        refuse_faults(faults)?;
        if standing.world.is_none() {
            return Err(Refusal::InvalidWorld.into());
        }
        let fingerprint = fingerprint();
        match &standing.receipt {
            None => Ok((key, fingerprint)),
            Some(stored) if stored.fingerprint == fingerprint => {
                let receipt = Receipt { replayed: true, ..stored.receipt.clone() };
                Err(Stop::Replayed(Box::new(receipt)))
            }
            Some(_) => Err(Refusal::KeyReused.into()),
        }
    }

    fn require_open(&self, standing: &Standing) -> Result<(), Refusal> {
        match standing.world {
            Some(WorldStatus::Open) => Ok(()),
            Some(WorldStatus::Closed) => Err(Refusal::WorldClosed),
            None => Err(Refusal::InvalidWorld),
        }
    }

    /// An actor on the ban list learns nothing, not even whether a subject exists.
    fn require_not_banned(&self, standing: &Standing) -> Result<(), Refusal> {
        if standing.actor.banned { Err(Refusal::Banned) } else { Ok(()) }
    }

    pub(crate) fn answer(
        &self,
        actor: &Actor,
        ability: &str,
        subject: &dyn Lookup,
        context: &Attributes,
        standing: &Standing,
    ) -> Option<Answer> {
        self.law.rules().answer(&self.question(actor, ability, subject, context, standing))
    }

    /// One question of a command to policy.
    pub(crate) fn question<'q>(
        &self,
        actor: &'q Actor,
        ability: &'q str,
        subject: &'q dyn Lookup,
        context: &'q Attributes,
        standing: &'q Standing,
    ) -> Question<'q> {
        let (now, modes) = (self.now, &standing.modes);
        Question { actor, ability, subject, context, standing: &standing.actor, modes, now }
    }

    /// Whether policy lets the actor do this; an ability that the law does not know is denied.
    fn permit(
        &self,
        actor: &Actor,
        ability: &str,
        subject: &dyn Lookup,
        context: &Attributes,
        standing: &Standing,
    ) -> Option<Permission> {
        let answer = self.answer(actor, ability, subject, context, standing)?;
        let glass = |grant: &&crate::standing::Grant| grant.break_glass && grant.until > self.now;
        answer.permits().then(|| Permission {
            mode: answer.mode,
            shadowed: answer.is_shadowed().then_some(answer.effect),
            break_glass: standing.actor.grants.iter().find(glass).map(|grant| grant.id),
        })
    }

    /// Whether the actor may know that a subject exists: it belongs to the tenant, or may read it.
    pub(crate) fn may_know(
        &self,
        actor: &Actor,
        view: &SubjectView<'_>,
        context: &Attributes,
        standing: &Standing,
    ) -> bool {
        standing.actor.is_insider(self.now)
            || self
                .answer(actor, &read_ability(&view.subject.kind), view, context, standing)
                .is_some_and(|answer| answer.effect == DecisionEffect::Allow)
    }

    /// A leaf with what every leaf names.
    fn leaf<'b>(
        &self,
        type_: EntryType,
        log: &'b str,
        actor: &'b Actor,
        envelope: &'b Envelope,
        permission: Option<Permission>,
    ) -> Leaf<'b> {
        let mut leaf = Leaf::new(type_, log, self.now, actor, self.law.digest());
        leaf.request = envelope.request.as_ref();
        if let Some(permission) = permission {
            leaf.mode = (permission.mode != Mode::Enforce).then(|| permission.mode.as_str());
            leaf.reference = permission.break_glass.map(|grant| (grant, "break_glass"));
        }
        leaf
    }

    fn origin(&self, world: &World, tenant: &Tenant) -> String {
        origin(self.deployment, world, tenant)
    }

    fn keep(&self, key: CommandKey, fingerprint: Digest, receipt: Receipt) -> KeptReceipt {
        let expires_at = self.now.after(self.law.key_retention());
        KeptReceipt { key, fingerprint, receipt, expires_at }
    }

    fn receipt(&self, step: StepReceipt) -> Receipt {
        Receipt {
            step,
            also: Vec::new(),
            batch: None,
            replayed: false,
            policy_version: self.law.version().clone(),
            recorded_at: self.now,
        }
    }

    /// A refusal by policy: what it says depends on what the actor may know.
    fn denied(
        &self,
        denial: &Denial<'_>,
        standing: &Standing,
        contract: Option<Digest>,
    ) -> Refused {
        let Denial { actor, view, envelope, ability, action, critical, once } = *denial;
        let refusal = if self.may_know(actor, view, &envelope.context, standing) {
            Refusal::Denied
        } else {
            Refusal::NotFound
        };
        let critical = critical || self.law.rules().is_critical(ability);
        let evidence = envelope.key.as_ref().filter(|_| critical).map(|key| {
            let Subject { world, tenant, .. } = view.subject;
            let log = self.origin(world, tenant);
            let mut leaf = self.leaf(EntryType::Denial, &log, actor, envelope, None);
            leaf.subject = Some(view.subject);
            leaf.revision = Some(view.revision);
            leaf.action = Some(action);
            leaf.ability = Some(ability);
            leaf.from = Some(view.state.as_str());
            leaf.contract = contract;
            leaf.code = Some(Refusal::Denied.code());
            let dedup = Some(once.unwrap_or_else(|| denial_dedup(key)));
            let entry = Entry { dedup, ..leaf.seal(self.ids, Vec::new()) };
            Box::new(Commit {
                world: world.clone(),
                tenant: tenant.clone(),
                versions: standing.versions,
                receipt: None,
                changes: Vec::<SubjectChange>::new(),
                standing: None,
                entries: vec![entry],
                person: None,
                shadowed: Vec::new(),
            })
        });
        Refused { refusal, evidence }
    }
}

/// An attempt that policy refused.
#[derive(Clone, Copy)]
struct Denial<'a> {
    actor: &'a Actor,
    view: &'a SubjectView<'a>,
    envelope: &'a Envelope,
    ability: &'a str,
    action: &'a str,
    critical: bool,
    /// What is recorded once, where it is not the key.
    once: Option<Digest>,
}

/// The ability by which an actor may know of a kind's subjects: `<kind>.read`.
pub(crate) fn read_ability(kind: &Kind) -> String {
    format!("{kind}.read")
}

/// Checks a bag of values against what is declared; adds every fault.
pub(crate) fn check_bag(
    bag: &str,
    values: &Attributes,
    schema: &Schema,
    required: &[crate::id::Name],
    faults: &mut Vec<InputFault>,
) {
    if !values.is_within_limits() {
        faults.push(InputFault::new(bag, "is beyond the limits of number or size"));
    }
    for (name, value) in values.iter() {
        match schema.get(name) {
            Some(type_) if type_.admits(value) => {}
            Some(type_) => {
                faults.push(InputFault::new(format!("{bag}.{name}"), format!("is not a {type_}")));
            }
            None => faults.push(InputFault::new(format!("{bag}.{name}"), "is not declared")),
        }
    }
    for name in required.iter().filter(|name| values.get(name.as_str()).is_none()) {
        faults.push(InputFault::new(format!("{bag}.{name}"), "is missing"));
    }
}

fn refuse_faults(faults: Vec<InputFault>) -> Result<(), Refusal> {
    if faults.is_empty() { Ok(()) } else { Err(Refusal::InvalidInput(faults)) }
}

fn action_name(text: &str) -> Result<ActionName, Refusal> {
    ActionName::new(text)
        .map_err(|error| Refusal::InvalidInput(vec![InputFault::new("action", error.to_string())]))
}
