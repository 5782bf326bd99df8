//! Changes of standing.

use std::time::Duration;

use super::envelope::{Envelope, envelope_builders, fingerprint, person_builder};
use crate::actor::Actor;
use crate::digest::Digest;
use crate::encoding::ObjectWriter;
use crate::id::{Ability, ActorId, RequestId, Role, Tenant, World};
use crate::standing::{AbilityPattern, Mode, WorldStatus};
use crate::time::ProofId;
use crate::value::Value;

/// A change of standing: keyed, permitted by policy, recorded as proof.
#[derive(Debug, Clone)]
#[must_use]
pub struct StandingCommand {
    pub(crate) actor: Actor,
    pub(crate) world: World,
    /// The scope: a tenant, or [`Tenant::world`].
    pub(crate) tenant: Tenant,
    pub(crate) change: StandingChange,
    pub(crate) envelope: Envelope,
}

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StandingChange {
    /// Registers the tenant of the command.
    AddTenant,
    /// Gives an actor exactly these roles; none ends the membership.
    SetMember {
        /// The member.
        member: ActorId,
        /// All roles that the member has from now on.
        roles: Vec<Role>,
    },
    /// Puts an actor on the ban list.
    Ban {
        /// Who is banned.
        target: ActorId,
        /// Why.
        reason: String,
    },
    /// Takes an actor off the ban list.
    Unban {
        /// Who was banned.
        target: ActorId,
    },
    /// Grants abilities to an actor for a time.
    Grant {
        /// To whom.
        target: ActorId,
        /// What.
        pattern: AbilityPattern,
        /// For how long.
        duration: Duration,
        /// Why.
        reason: String,
    },
    /// Ends a grant or a break-glass before its time.
    RevokeGrant {
        /// Whose.
        target: ActorId,
        /// Its number.
        grant: ProofId,
    },
    /// The acting actor takes every ability in an emergency.
    BreakGlass {
        /// For how long.
        duration: Duration,
        /// Why.
        reason: String,
    },
    /// Sets or clears a mode.
    SetMode {
        /// For one ability; none for all that have no mode of their own.
        ability: Option<Ability>,
        /// None clears it.
        mode: Option<Mode>,
    },
    /// Opens or closes the world.
    SetWorld {
        /// From now on.
        status: WorldStatus,
    },
}

impl StandingCommand {
    /// Changes the standing in a scope: a tenant, or [`Tenant::world`].
    pub fn new(actor: &Actor, world: &World, tenant: &Tenant, change: StandingChange) -> Self {
        let (world, tenant) = (world.clone(), tenant.clone());
        Self { actor: actor.clone(), world, tenant, change, envelope: Envelope::default() }
    }

    envelope_builders!();
    person_builder!();

    /// What changes.
    #[must_use]
    pub fn change(&self) -> &StandingChange {
        &self.change
    }

    /// Whom the reason is about: who was named, else who is banned or granted something, else the
    /// acting user.
    pub(crate) fn about(&self) -> Option<ActorId> {
        let target = match &self.change {
            StandingChange::Ban { target, .. } | StandingChange::Grant { target, .. } => {
                Some(target)
            }
            _ => None,
        };
        let named = self.envelope.person.as_ref().or(target).cloned();
        named.or_else(|| self.envelope.person(&self.actor))
    }

    pub(crate) fn fingerprint(&self) -> Digest {
        fingerprint(&self.actor, self.change.as_str(), |object| self.change.encode(object))
    }
}

impl StandingChange {
    /// The name of the change, which is also the receipt's action.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::AddTenant => "add_tenant",
            Self::SetMember { .. } => "set_member",
            Self::Ban { .. } => "ban",
            Self::Unban { .. } => "unban",
            Self::Grant { .. } => "grant",
            Self::RevokeGrant { .. } => "revoke_grant",
            Self::BreakGlass { .. } => "break_glass",
            Self::SetMode { .. } => "set_mode",
            Self::SetWorld { .. } => "set_world",
        }
    }

    /// The built-in ability that the change needs.
    #[must_use]
    pub fn ability(&self) -> &'static str {
        match self {
            Self::AddTenant => "hos.tenant",
            Self::SetMember { .. } => "hos.member",
            Self::Ban { .. } | Self::Unban { .. } => "hos.ban",
            Self::Grant { .. } | Self::RevokeGrant { .. } => "hos.grant",
            Self::BreakGlass { .. } => "hos.break_glass",
            Self::SetMode { .. } => "hos.mode",
            Self::SetWorld { .. } => "hos.world",
        }
    }

    fn encode(&self, object: &mut ObjectWriter<'_>) {
        match self {
            Self::AddTenant => {}
            Self::SetMember { member, roles } => {
                object.string("member", member.as_str());
                object.strings("roles", roles);
            }
            Self::Ban { target, reason } => {
                object.string("reason", reason);
                object.string("target", target.as_str());
            }
            Self::Unban { target } => object.string("target", target.as_str()),
            Self::Grant { target, pattern, duration, reason } => {
                object.integer("duration", duration.as_secs());
                object.string("pattern", &pattern.to_string());
                object.string("reason", reason);
                object.string("target", target.as_str());
            }
            Self::RevokeGrant { target, grant } => {
                object.display("grant", grant);
                object.string("target", target.as_str());
            }
            Self::BreakGlass { duration, reason } => {
                object.integer("duration", duration.as_secs());
                object.string("reason", reason);
            }
            Self::SetMode { ability, mode } => {
                object.optional("ability", ability.as_ref().map(Ability::as_str));
                object.optional("mode", mode.map(Mode::as_str));
            }
            Self::SetWorld { status } => object.string("status", status.as_str()),
        }
    }
}
