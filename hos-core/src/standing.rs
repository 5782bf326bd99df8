//! Rows that change by themselves: memberships, bans, grants, modes, world status.
//!
//! Each group carries a generation that every change raises. A commit compares the generations of
//! everything that was read, so that no transition overtakes a revocation.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{Ability, IdError, Role};
use crate::receipt::StoredReceipt;
use crate::subject::Snapshot;
use crate::time::{ProofId, Timestamp};

/// How far a bare `can` in another process may lag behind a change of standing, in milliseconds.
///
/// Embedded it lags by nothing, for it asks its store each time; whoever puts a memory before the
/// law is held to this.
pub const MEMBERS_STALE_MS_MAX: u64 = 1_000;
/// The most roles of one actor in one tenant.
pub const ROLES_OF_ACTOR_MAX: usize = 16;
/// The most live grants of one actor in one tenant.
pub const GRANTS_OF_ACTOR_MAX: usize = 32;
/// The longest reason of a ban or grant, in bytes.
pub const REASON_BYTES_MAX: usize = 512;
/// The longest that a grant or a break-glass may last.
pub const GRANT_DURATION_MAX: Duration = Duration::from_secs(90 * 86_400);
/// The longest that a break-glass may last.
pub const BREAK_GLASS_DURATION_MAX: Duration = Duration::from_secs(24 * 3_600);

/// How hard policy bites. Per world, ability and tenant.
///
/// Exhaustive: the three modes of the law.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the three modes of the law")]
pub enum Mode {
    /// What is denied does not happen. Also when nothing is configured.
    #[default]
    Enforce,
    /// Decides, counts and logs the divergence; never changes the answer.
    Shadow,
    /// Does not decide. Explicit, visible, recorded.
    Off,
}

impl Mode {
    /// The name in stores and leaves.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Shadow => "shadow",
            Self::Off => "off",
        }
    }

    /// Reads what [`Mode::as_str`] gave.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Enforce, Self::Shadow, Self::Off].into_iter().find(|mode| mode.as_str() == text)
    }
}

/// The modes that were set in one scope: a tenant, or the whole world.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ModeScope {
    /// For every ability without a mode of its own.
    pub all: Option<Mode>,
    /// For single abilities.
    pub abilities: BTreeMap<Ability, Mode>,
}

impl ModeScope {
    fn is_enforced(&self) -> bool {
        let mut set = self.all.iter().chain(self.abilities.values());
        set.all(|mode| *mode == Mode::Enforce)
    }

    fn mode(&self, ability: &str) -> Option<Mode> {
        if self.abilities.is_empty() {
            return self.all;
        }
        self.abilities.get(ability).copied().or(self.all)
    }
}

/// The modes that hold in one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Modes {
    /// Set for the tenant; these win.
    pub tenant: ModeScope,
    /// Set for the whole world.
    pub world: ModeScope,
}

impl Modes {
    /// Whether every ability is enforced.
    #[must_use]
    pub fn is_enforced(&self) -> bool {
        self.tenant.is_enforced() && self.world.is_enforced()
    }

    /// The mode of an ability; [`Mode::Enforce`] when nothing is configured.
    #[must_use]
    pub fn mode(&self, ability: &str) -> Mode {
        self.tenant.mode(ability).or_else(|| self.world.mode(ability)).unwrap_or_default()
    }
}

/// What a rule or a grant is about: one ability, all of a resource, or everything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum AbilityPattern {
    /// `order.cancel`
    One(Ability),
    /// `order.*`: only this resource.
    Resource(Box<str>),
    /// `*`: everything; a separate, visible grant.
    All,
}

impl AbilityPattern {
    /// Reads `order.cancel`, `order.*` or `*`.
    ///
    /// # Errors
    ///
    /// [`IdError`] of anything else, such as `*.cancel`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text == "*" {
            return Ok(Self::All);
        }
        match text.strip_suffix(".*") {
            Some(resource) => {
                crate::id::Name::new(resource)?;
                Ok(Self::Resource(resource.into()))
            }
            None => Ability::new(text).map(Self::One),
        }
    }

    /// Whether an ability falls under the pattern.
    #[must_use]
    pub fn matches(&self, ability: &str) -> bool {
        match self {
            Self::One(one) => one.as_str() == ability,
            Self::Resource(resource) => {
                ability.strip_prefix(resource.as_ref()).is_some_and(|rest| rest.starts_with('.'))
            }
            Self::All => true,
        }
    }
}

impl std::fmt::Display for AbilityPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::One(ability) => f.write_str(ability.as_str()),
            Self::Resource(resource) => write!(f, "{resource}.*"),
            Self::All => f.write_str("*"),
        }
    }
}

impl TryFrom<String> for AbilityPattern {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<AbilityPattern> for String {
    fn from(pattern: AbilityPattern) -> Self {
        pattern.to_string()
    }
}

/// A time-boxed grant to one actor; a break-glass is one for everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grant {
    /// The entry that proves it; its number.
    pub id: ProofId,
    /// What it grants.
    pub pattern: AbilityPattern,
    /// Until when, exclusive.
    pub until: Timestamp,
    /// Whether it was taken in an emergency.
    pub break_glass: bool,
}

/// One actor in one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ActorStanding {
    /// The roles of the active membership in the tenant.
    pub roles: Vec<Role>,
    /// The roles of the active membership in the whole world.
    pub world_roles: Vec<Role>,
    /// Whether the ban list of the tenant or of the world names the actor.
    pub banned: bool,
    /// Time-boxed grants in the tenant or the world, expired ones perhaps included.
    pub grants: Vec<Grant>,
}

impl ActorStanding {
    /// The roles in the tenant, then those in the whole world.
    pub(crate) fn all_roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.iter().chain(&self.world_roles)
    }

    /// Whether the actor belongs to the tenant or the world by more than an implicit role.
    #[must_use]
    pub fn is_insider(&self, now: Timestamp) -> bool {
        !self.roles.is_empty()
            || !self.world_roles.is_empty()
            || self.grants.iter().any(|grant| grant.until > now)
    }
}

/// The generation of each group of standing in one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Generations {
    /// Memberships.
    pub members: u64,
    /// The ban list.
    pub bans: u64,
    /// Time-boxed grants and break-glass.
    pub grants: u64,
    /// Modes.
    pub modes: u64,
    /// Open or closed.
    pub status: u64,
}

/// The generations of a tenant and of its world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Versions {
    /// Of the tenant.
    pub tenant: Generations,
    /// Of the whole world.
    pub world: Generations,
}

/// Whether a world takes new commands.
///
/// Exhaustive: open or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a world is open or closed")]
pub enum WorldStatus {
    /// It takes commands.
    #[default]
    Open,
    /// It refuses new ones; reading, replaying a key, and proofs go on.
    Closed,
}

impl WorldStatus {
    /// The name in stores and leaves.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// Everything that a judgement reads, as one consistent picture.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The world's status; none for a world that is not registered.
    pub world: Option<WorldStatus>,
    /// Whether the tenant is registered.
    pub tenant_exists: bool,
    /// The generations of everything below.
    pub versions: Versions,
    /// The actor in the tenant.
    pub actor: Arc<ActorStanding>,
    /// The modes in the tenant.
    pub modes: Arc<Modes>,
    /// The subjects, in the order of the ask.
    pub subjects: Vec<Option<Snapshot>>,
    /// What the command key already led to.
    pub receipt: Option<StoredReceipt>,
}
