//! The laws as traits: what a world's code depends on, wherever the law runs.

mod filter;
mod prospect;

use async_trait::async_trait;
use serde::Serialize;

pub use filter::Filter;
pub use prospect::Prospect;

use crate::actor::Actor;
use crate::command::{Adoption, Command, Opening, Record, StandingCommand};
use crate::digest::Digest;
use crate::error::{Error, Fault, InputFault, Refusal};
use crate::id::{Ability, ActionName, ActorId, Kind, Name, Role, Tenant, Version, World};
use crate::policy::{DecisionEffect, Reason};
use crate::proof::{LogEntry, LogHead};
use crate::receipt::Receipt;
use crate::standing::Mode;
use crate::subject::{Snapshot, Subject};
use crate::time::{ProofId, Timestamp};
use crate::value::{Attributes, Value};

/// May this actor do this to this subject?
#[async_trait]
pub trait Policy: Send + Sync {
    /// Decides one question. Never writes.
    async fn can(&self, query: &Query) -> Result<Decision, Error>;

    /// Decides several questions, each on its own, in order. Never writes.
    async fn can_all(&self, queries: &[Query]) -> Vec<Result<Decision, Error>>;

    /// Decides one question with all its reasons: for operators, not for the actor.
    async fn explain(&self, query: &Query) -> Result<Explanation, Error>;

    /// What subjects of a kind must be like so that this may be done to them: the rules of `can`
    /// for a list. The query asks about no single subject. Never writes.
    async fn filter(&self, query: &Query, kind: &Kind) -> Result<Filter, Error>;

    /// As [`Policy::filter`], for several queries, each on its own, in order: a list over the
    /// tenants of a world needs the filter of each. Never writes.
    async fn filter_all(&self, queries: &[Query], kind: &Kind) -> Vec<Result<Filter, Error>>;

    /// Who could do this, by id, after one: among at most `limit` who stand in the tenant or the
    /// world, or whom the subject or the context names. Of the query's actor the kind and the
    /// claims count, as if everyone held that credential. For operators and auditors; never writes.
    async fn who_can(
        &self,
        query: &Query,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Holders, Error>;

    /// Every ability about subjects of this kind that the actor has on this one, by name: those
    /// that `can` permits with the same claims and context. Never writes.
    async fn abilities_of(&self, prospect: &Prospect) -> Result<Vec<Ability>, Error>;

    /// The actions that an interface may offer with these claims and this context, in catalogue
    /// order. Never writes.
    async fn actions_of(&self, prospect: &Prospect) -> Result<Vec<ActionName>, Error>;

    /// As [`Policy::abilities_of`], where the request has no context.
    async fn abilities(&self, actor: &Actor, subject: &Subject) -> Result<Vec<Ability>, Error> {
        self.abilities_of(&Prospect::new(actor, subject)).await
    }

    /// As [`Policy::actions_of`], where the request has no context.
    async fn allowed_actions(
        &self,
        actor: &Actor,
        subject: &Subject,
    ) -> Result<Vec<ActionName>, Error> {
        self.actions_of(&Prospect::new(actor, subject)).await
    }
}

/// May this subject move now?
#[async_trait]
pub trait Contracts: Send + Sync {
    /// Brings a fresh subject under its contract.
    async fn open(&self, opening: &Opening) -> Result<Receipt, Error>;

    /// Takes in a row that existed before the law.
    async fn adopt(&self, adoption: &Adoption) -> Result<Receipt, Error>;

    /// Moves one subject, or up to 16 at once.
    async fn transition(&self, command: &Command) -> Result<Receipt, Error>;
}

/// What happened, provably?
#[async_trait]
pub trait Proofs: Send + Sync {
    /// Records a proof of the world's own.
    async fn record(&self, record: &Record) -> Result<Receipt, Error>;

    /// One entry of this tenant by its number.
    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault>;

    /// Entries of a tenant's log from an index on.
    async fn page(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault>;

    /// The entries that raised a subject's revision, after a revision, in order: the chain of its
    /// states. [`Proofs::entries_about`] tells the rest too.
    async fn history(
        &self,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault>;

    /// Every entry about a subject, from an index of its tenant's log on, in the order of the log:
    /// what moved it, records, corrections, denials, and migrations that took it along. A
    /// correction about no subject is about that of the entry which it corrects.
    ///
    /// Walks the log, [`ENTRIES_WALKED_MAX`](crate::hos::ENTRIES_WALKED_MAX) entries in a call, so
    /// that a page may be short, or empty, with more to come. Entries that have no place in the log
    /// yet, and migrations whose list was erased, are not among them.
    async fn entries_about(
        &self,
        subject: &Subject,
        from: u64,
        limit: u32,
    ) -> Result<EntriesAbout, Fault>;

    /// Size and root of a tenant's log.
    async fn head(&self, world: &World, tenant: &Tenant) -> Result<LogHead, Fault>;
}

/// Who stands how: tenants, memberships, bans, grants, modes, worlds.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Changes the standing: keyed, permitted by policy, recorded as proof.
    async fn change_standing(&self, command: &StandingCommand) -> Result<Receipt, Error>;

    /// Gives the first superuser its role, while the world has none.
    async fn bootstrap(
        &self,
        world: &World,
        member: &ActorId,
        role: &Role,
        key: &[u8],
    ) -> Result<Receipt, Error>;

    /// The members of a scope with their roles, by actor id, after one.
    async fn members(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<(ActorId, Vec<Role>)>, Fault>;

    /// The tenants of a world, by id, after one.
    async fn tenants(
        &self,
        world: &World,
        after: Option<&Tenant>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Fault>;
}

/// One question to policy.
///
/// ```
/// use hos_core::actor::Actor;
/// use hos_core::laws::Query;
/// use hos_core::subject::Subject;
///
/// let order = Subject::new("pazar", "firm-1", "order", "o-17")?;
/// let query = Query::new(&Actor::user("u-1")?, "order.cancel", &order);
/// # Ok::<(), hos_core::id::IdError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Query {
    pub(crate) actor: Actor,
    pub(crate) ability: String,
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    pub(crate) subject: Option<Subject>,
    pub(crate) context: Attributes,
    pub(crate) faults: Vec<InputFault>,
}

impl Query {
    /// Asks about a subject.
    pub fn new(actor: &Actor, ability: &str, subject: &Subject) -> Self {
        let query = Self::in_tenant(actor, ability, &subject.world, &subject.tenant);
        Self { subject: Some(subject.clone()), ..query }
    }

    /// Asks about no single subject.
    pub fn in_tenant(actor: &Actor, ability: &str, world: &World, tenant: &Tenant) -> Self {
        Self {
            actor: actor.clone(),
            ability: ability.to_owned(),
            world: world.clone(),
            tenant: tenant.clone(),
            subject: None,
            context: Attributes::new(),
            faults: Vec::new(),
        }
    }

    /// One name of the request's context.
    pub fn context(mut self, name: &str, value: impl Into<Value>) -> Self {
        put_context(&mut self.context, &mut self.faults, name, value.into());
        self
    }
}

fn put_context(context: &mut Attributes, faults: &mut Vec<InputFault>, name: &str, value: Value) {
    match Name::new(name) {
        Ok(name) => context.set(name, value),
        Err(error) => {
            faults.push(InputFault::new(format!("context.{name}"), error.to_string()));
        }
    }
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What policy says.
    pub effect: DecisionEffect,
    /// How hard it bites.
    pub mode: Mode,
    /// Whether the ban list decided; that binds in every mode.
    pub banned: bool,
    /// Which law said it.
    pub policy_version: Version,
    /// The digest of that law.
    pub policy_digest: Digest,
}

impl Decision {
    /// Whether the call may go on.
    #[must_use]
    pub fn permits(&self) -> bool {
        !self.banned && (self.mode != Mode::Enforce || self.effect == DecisionEffect::Allow)
    }

    /// Turns a decision that does not permit into the refusal of the call.
    ///
    /// # Errors
    ///
    /// [`Refusal::Banned`] or [`Refusal::Denied`].
    pub fn require(&self) -> Result<(), Refusal> {
        match (self.permits(), self.banned) {
            (true, _) => Ok(()),
            (false, true) => Err(Refusal::Banned),
            (false, false) => Err(Refusal::Denied),
        }
    }
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The answer.
    pub decision: Decision,
    /// Every cause, as stable codes with rule ids.
    pub reasons: Vec<Reason>,
}

/// Some of those who could do something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holders {
    /// Who could, by id.
    pub actors: Vec<ActorId>,
    /// Whether anybody could who stands nowhere and whom nothing names.
    pub others: Others,
    /// Where to go on; none where everyone was looked at.
    pub next: Option<ActorId>,
}

/// What holds of whoever stands nowhere, not even on a ban list, and whom neither subject nor
/// context names.
///
/// Exhaustive: all, none, or it depends on the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "all, none, or it depends on the name")]
pub enum Others {
    /// All of them could: everyone with such a credential.
    All,
    /// None of them could.
    None,
    /// A condition reads `actor.id`: those could whose name it lets through, if any.
    ByName,
}

/// Some of what a log says about a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntriesAbout {
    /// The entries, in the order of the log.
    pub entries: Vec<LogEntry>,
    /// The index where to go on; none at the end of the log.
    pub next: Option<u64>,
}

/// What became of a due timer.
#[derive(Debug)]
pub struct Fired {
    /// Of which subject.
    pub subject: Subject,
    /// What was to be done.
    pub action: ActionName,
    /// When it was due, or was to be tried again.
    pub due_at: Timestamp,
    /// What it led to. After a refusal the timer is tried again later, unless the subject moved on.
    pub outcome: Result<Receipt, Error>,
    /// When it is tried again; none where it is over.
    pub again_at: Option<Timestamp>,
    /// Whether it has been due for longer than
    /// [`TIMER_STUCK_AFTER`](crate::hos::TIMER_STUCK_AFTER) and is still refused: its job lacks the
    /// ability, a guard never holds, or the world is closed. Only a person can mend that.
    pub is_stuck: bool,
}

/// A subject as the law keeps it, with its contract's opinion of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// State, revision, attributes, contract version, proof.
    pub snapshot: Snapshot,
    /// Whether nothing leaves the state; none where the law of this process lacks the contract
    /// version: the subject ended before the version was dropped, or another process knows more.
    pub terminal: Option<bool>,
}
