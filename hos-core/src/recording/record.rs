//! One decision, with everything that it was made upon.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::attempt::AttemptRecord;
use crate::actor::{Actor, ActorKind};
use crate::condition::{Path, Root};
use crate::digest::Digest;
use crate::id::{ActorId, Kind, Role, State, SubjectId, Tenant, Version, World};
use crate::policy::{Answer, DecisionEffect, Question};
use crate::standing::{AbilityPattern, ActorStanding, Grant};
use crate::subject::{Snapshot, Subject};
use crate::time::{ProofId, Timestamp};
use crate::value::Attributes;

/// The longest record as a line of JSON, in bytes.
pub const RECORD_BYTES_MAX: usize = 256 * 1_024;

/// One decision, with everything that it was made upon but for what is redacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRecord {
    /// When.
    pub at: Timestamp,
    /// The world.
    pub world: World,
    /// The tenant.
    pub tenant: Tenant,
    /// The law that decided.
    pub policy_version: Version,
    /// Its digest.
    pub policy_digest: Digest,
    /// What sort of actor asked.
    pub actor_kind: ActorKind,
    /// Who asked; none where `actor.id` is redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<ActorId>,
    /// The actor's claims.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub claims: Attributes,
    /// What was asked for.
    pub ability: String,
    /// The subject, where the question was about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectRecord>,
    /// The request's context.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub context: Attributes,
    /// The roles of the membership in the tenant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// The roles of the membership in the whole world.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub world_roles: Vec<Role>,
    /// The time-boxed grants that had not ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<GrantRecord>,
    /// Whether the actor was banned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub banned: bool,
    /// What the rules answered, before any mode.
    pub effect: DecisionEffect,
    /// What was attempted, where the decision was made for a transition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptRecord>,
    /// What was left out, as paths such as `subject.customer`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub redacted: BTreeSet<String>,
}

/// The subject of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectRecord {
    /// Its kind.
    pub kind: Kind,
    /// Which one; none where `subject.id` is redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<SubjectId>,
    /// Its state.
    pub state: State,
    /// Its revision.
    pub revision: u64,
    /// The contract version that it pinned.
    pub contract: Version,
    /// Its attributes.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// A time-boxed grant that an actor held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRecord {
    /// What it granted.
    pub pattern: AbilityPattern,
    /// Until when.
    pub until: Timestamp,
}

/// Why a text is no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It is longer than [`RECORD_BYTES_MAX`].
    #[error("a record of {0} bytes, at most {RECORD_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// It is no such JSON; the message tells the column.
    #[error("no decision record: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// A bag of attributes is beyond its limits.
    #[error("`{0}` is beyond the limits of number or size")]
    Limits(&'static str),
}

impl SubjectRecord {
    pub(super) fn new((subject, snapshot): (&Subject, &Snapshot), redacted: &Redacted) -> Self {
        let has_id = !is_redacted(redacted, Root::Subject, "id");
        Self {
            kind: subject.kind.clone(),
            id: has_id.then(|| subject.id.clone()),
            state: snapshot.state.clone(),
            revision: snapshot.revision,
            contract: snapshot.contract.clone(),
            attributes: without(Root::Subject, &snapshot.attributes, redacted),
        }
    }
}

/// What is left out.
pub(super) type Redacted = BTreeSet<Path>;

fn is_redacted(redacted: &Redacted, root: Root, name: &str) -> bool {
    redacted.iter().any(|path| path.root == root && path.name == *name)
}

/// A bag of values without what is left out.
pub(super) fn without(root: Root, bag: &Attributes, redacted: &Redacted) -> Attributes {
    let mut kept = bag.clone();
    for path in redacted.iter().filter(|path| path.root == root) {
        kept.remove(path.name.as_str());
    }
    kept
}

/// What a decision was made upon, beside its question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) world: &'a World,
    pub(crate) tenant: &'a Tenant,
    pub(crate) context: &'a Attributes,
    pub(crate) subject: Option<(&'a Subject, &'a Snapshot)>,
    pub(crate) policy_version: &'a Version,
    pub(crate) policy_digest: Digest,
}

impl DecisionRecord {
    pub(super) fn new(
        question: &Question<'_>,
        answer: Answer,
        about: &About<'_>,
        redacted: &Redacted,
    ) -> Self {
        let without = |root: Root, bag: &Attributes| without(root, bag, redacted);
        let subject = about.subject.map(|about| SubjectRecord::new(about, redacted));
        let standing = question.standing;
        let live = standing.grants.iter().filter(|grant| grant.until > question.now);
        let grant =
            |grant: &Grant| GrantRecord { pattern: grant.pattern.clone(), until: grant.until };
        Self {
            at: question.now,
            world: about.world.clone(),
            tenant: about.tenant.clone(),
            policy_version: about.policy_version.clone(),
            policy_digest: about.policy_digest,
            actor_kind: question.actor.kind(),
            actor: (!is_redacted(redacted, Root::Actor, "id")).then(|| question.actor.id().clone()),
            claims: without(Root::Actor, question.actor.claims()),
            ability: question.ability.to_owned(),
            subject,
            context: without(Root::Context, about.context),
            roles: standing.roles.clone(),
            world_roles: standing.world_roles.clone(),
            grants: live.map(grant).collect(),
            banned: standing.banned,
            effect: answer.effect,
            attempt: None,
            redacted: redacted.iter().map(ToString::to_string).collect(),
        }
    }

    /// One line of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // OK because every key is a string and no value has a serializer that fails.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`DecisionRecord::to_json`] gave.
    ///
    /// # Errors
    ///
    /// [`RecordError`]
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        if text.len() > RECORD_BYTES_MAX {
            return Err(RecordError::TooLong(text.len()));
        }
        let record: Self = serde_json::from_str(text)?;
        let subject = record.subject.as_ref().map(|subject| &subject.attributes);
        let bags = [("claims", Some(&record.claims)), ("context", Some(&record.context))];
        let attempted = record.attempt.iter().flat_map(AttemptRecord::bags);
        let attempted = attempted.map(|(name, bag)| (name, Some(bag)));
        for (name, bag) in bags.into_iter().chain([("subject", subject)]).chain(attempted) {
            if bag.is_some_and(|bag| !bag.is_within_limits()) {
                return Err(RecordError::Limits(name));
            }
        }
        Ok(record)
    }

    /// Whether the call would have gone on if it had been enforced.
    #[must_use]
    pub fn was_allowed(&self) -> bool {
        match &self.attempt {
            Some(attempt) => attempt.was_allowed(),
            None => !self.banned && self.effect == DecisionEffect::Allow,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let subject = self.subject.as_ref().map_or(0, |subject| subject.attributes.bytes());
        // What a record takes beside its bags, which are what may be large.
        const REST: usize = 1_024;
        let attempted = self.attempt.iter().flat_map(AttemptRecord::bags);
        let attempted: usize = attempted.map(|(_, bag)| REST + bag.bytes()).sum();
        REST + self.claims.bytes() + self.context.bytes() + subject + attempted
    }

    pub(super) fn asker(&self) -> Result<Actor, crate::id::IdError> {
        let id = self.actor.clone().map_or_else(|| ActorId::new("redacted"), Ok)?;
        Ok(Actor::new(self.actor_kind, id).with_claims(self.claims.clone()))
    }

    pub(super) fn standing(&self) -> ActorStanding {
        let grant = |grant: &GrantRecord| Grant {
            id: ProofId::from_bytes([0; 16]),
            pattern: grant.pattern.clone(),
            until: grant.until,
            break_glass: false,
        };
        ActorStanding {
            roles: self.roles.clone(),
            world_roles: self.world_roles.clone(),
            banned: self.banned,
            grants: self.grants.iter().map(grant).collect(),
        }
    }
}
