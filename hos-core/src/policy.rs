//! The first law: may this actor do this to this subject?
//!
//! Default deny; forbid beats permit; an error never grants.

pub(crate) mod compile;
mod definition;
mod filter;
pub(crate) mod mentioned;
mod partial;
mod weigh;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use weigh::Silent;

pub use definition::{RoleDefinition, RuleDefinition, RuleEffect};

use crate::actor::{Actor, ActorKind};
use crate::condition::{Condition, Lookup};
use crate::id::{Ability, Role};
use crate::standing::{ActorStanding, Mode, Modes};
use crate::time::Timestamp;

/// The most roles of one law.
pub const ROLES_MAX: usize = 64;
/// The most abilities of one law.
pub const ABILITIES_MAX: usize = 512;
/// The most rules of one law.
pub const RULES_MAX: usize = 10_240;
/// The most rules of one law, each counted for every ability that it is about.
pub const RULES_OF_ABILITIES_MAX: usize = 1 << 20;

/// The abilities that the law itself asks for; every law has them.
pub const BUILT_IN_ABILITIES: [&str; 16] = [
    "hos.adopt",
    "hos.archive",
    "hos.ban",
    "hos.break_glass",
    "hos.epoch",
    "hos.erase",
    "hos.grant",
    "hos.hold",
    "hos.key",
    "hos.law",
    "hos.member",
    "hos.migrate",
    "hos.mode",
    "hos.record",
    "hos.tenant",
    "hos.world",
];

/// The answer of policy before modes.
///
/// Exhaustive: three-way, so that an error is never counted as a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "three-way by the law")]
pub enum DecisionEffect {
    /// Some rule or grant permits, none forbids.
    Allow,
    /// Nothing permits, or something forbids.
    Deny,
    /// A condition could not be decided: enforced as deny, counted apart.
    Indeterminate,
}

impl DecisionEffect {
    /// The stable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Indeterminate => "indeterminate",
        }
    }
}

/// Why policy answered so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reason {
    /// The stable code.
    pub code: ReasonCode,
    /// The rule, or the number of the grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// The stable codes of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReasonCode {
    /// A rule permits.
    Permitted,
    /// A superuser's role holds every grant.
    Superuser,
    /// A time-boxed grant permits.
    Granted,
    /// A break-glass permits.
    BreakGlass,
    /// A rule forbids.
    Forbidden,
    /// A rule would permit, but its condition does not hold.
    ConditionFailed,
    /// A rule's condition reads an attribute that is absent.
    AttributeAbsent,
    /// No role of the actor is granted the ability.
    NotGranted,
    /// The ban list names the actor.
    Banned,
    /// The subject does not exist, or the actor may not know of it.
    NotFound,
    /// The mode of the ability is `off`: nothing was decided.
    ModeOff,
    /// The mode of the ability is `shadow`: the answer is counted, not enforced.
    ModeShadow,
}

impl ReasonCode {
    /// The stable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::Superuser => "superuser",
            Self::Granted => "granted",
            Self::BreakGlass => "break_glass",
            Self::Forbidden => "forbidden",
            Self::ConditionFailed => "condition_failed",
            Self::AttributeAbsent => "attribute_absent",
            Self::NotGranted => "not_granted",
            Self::Banned => "banned",
            Self::NotFound => "not_found",
            Self::ModeOff => "mode_off",
            Self::ModeShadow => "mode_shadow",
        }
    }
}

/// The roles of one law as bits; at most [`ROLES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RoleSet(u64);

impl RoleSet {
    fn of(index: usize) -> Self {
        u32::try_from(index).map_or(Self(0), |index| Self(1_u64.checked_shl(index).unwrap_or(0)))
    }

    fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The compiled roles and rules of one law.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Few and short: a walk is faster than a hash.
    roles: Vec<(Role, RoleEntry)>,
    implicit: Implicit,
    superusers: RoleSet,
    ids: Vec<Arc<str>>,
    tables: HashMap<Ability, Table, RandomState>,
}

/// The roles that an actor has by being of a kind.
#[derive(Debug, Clone, Copy, Default)]
struct Implicit {
    user: RoleSet,
    service: RoleSet,
    job: RoleSet,
    webhook: RoleSet,
}

impl Implicit {
    fn of(&self, kind: ActorKind) -> RoleSet {
        match kind {
            ActorKind::User => self.user,
            ActorKind::Service => self.service,
            ActorKind::Job => self.job,
            ActorKind::Webhook => self.webhook,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct RoleEntry {
    /// The role and all that it inherits.
    closure: RoleSet,
    world: bool,
}

/// What the rules say about one ability.
#[derive(Debug, Clone, Default)]
struct Table {
    critical: bool,
    built_in: bool,
    /// The roles that unconditional permits name: one test answers most questions.
    permitted: RoleSet,
    /// The roles that conditional permits name: for any other role there is nothing to weigh.
    conditional: RoleSet,
    /// Unconditional ones too, for their reasons.
    permits: Vec<Rule>,
    forbids: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    id: Arc<str>,
    /// None means every actor.
    roles: Option<RoleSet>,
    /// Shared by every ability that the rule is about.
    condition: Option<Arc<Condition>>,
}

/// One question to policy, with everything that its answer depends on.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Who asks.
    pub actor: &'a Actor,
    /// What for.
    pub ability: &'a str,
    /// On what, as conditions read it.
    pub subject: &'a dyn Lookup,
    /// The request's context.
    pub context: &'a dyn Lookup,
    /// The actor's standing.
    pub standing: &'a ActorStanding,
    /// The modes in force.
    pub modes: &'a Modes,
    /// When.
    pub now: Timestamp,
}

impl std::fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question").field("ability", &self.ability).finish_non_exhaustive()
    }
}

/// What the rules answered, and under which mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Before the mode.
    pub effect: DecisionEffect,
    /// How hard it bites.
    pub mode: Mode,
    /// Whether the ban list decided.
    pub banned: bool,
}

impl Answer {
    /// Whether the call may go on. A ban binds in every mode.
    #[must_use]
    pub fn permits(&self) -> bool {
        !self.banned && (self.mode != Mode::Enforce || self.effect == DecisionEffect::Allow)
    }
}

impl Answer {
    /// Whether only a mode of `shadow` lets the call go on.
    pub(crate) fn is_shadowed(self) -> bool {
        let is_refused = !self.banned && self.effect != DecisionEffect::Allow;
        is_refused && self.mode == Mode::Shadow
    }
}

impl Rules {
    /// Answers a question, or none for an ability that the law does not know. Never allocates.
    #[must_use]
    pub fn answer(&self, question: &Question<'_>) -> Option<Answer> {
        self.weigh(question, &mut Silent)
    }

    /// Answers a question with all its reasons.
    #[must_use]
    pub fn explain(&self, question: &Question<'_>) -> Option<(Answer, Vec<Reason>)> {
        let mut reasons = Vec::new();
        let answer = self.weigh(question, &mut reasons)?;
        Some((answer, reasons))
    }

    /// Whether the law knows an ability.
    #[must_use]
    pub fn knows(&self, ability: &str) -> bool {
        self.tables.contains_key(ability)
    }

    /// Whether a denied attempt at an ability leaves evidence.
    #[must_use]
    pub fn is_critical(&self, ability: &str) -> bool {
        self.tables.get(ability).is_some_and(|table| table.critical)
    }

    /// Every ability that the law knows, in order.
    #[must_use]
    pub fn abilities(&self) -> Vec<Ability> {
        let mut abilities: Vec<Ability> = self.tables.keys().cloned().collect();
        abilities.sort();
        abilities
    }

    /// The ids that reasons name, of each rule in the order of the law: its own, or one made of its
    /// effect and first ability.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.ids.iter().map(AsRef::as_ref)
    }

    /// Whether a role is declared, and whether it is one of the whole world.
    pub(crate) fn role_scope(&self, role: &str) -> Option<bool> {
        self.role(role).map(|entry| entry.world)
    }

    /// Whether a role holds every grant, by itself or by what it inherits.
    #[must_use]
    pub fn is_superuser(&self, role: &str) -> bool {
        self.role(role).is_some_and(|entry| entry.closure.meets(self.superusers))
    }

    /// Whether a role has the grants of another, or is the same.
    pub(crate) fn has(&self, role: &str, other: &str) -> bool {
        let at = self.roles.iter().position(|(name, _)| name == other);
        let closure = self.role(role).map(|entry| entry.closure);
        closure.zip(at).is_some_and(|(closure, at)| closure.meets(RoleSet::of(at)))
    }

    fn role(&self, role: &str) -> Option<&RoleEntry> {
        self.roles.iter().find(|(name, _)| name == role).map(|(_, entry)| entry)
    }
}
