//! Judges changes of standing, and the first super-admin.

use super::open::{check_reason, reason_body};
use super::{Judge, Permission, Stop, Verdict, action_name, refuse_faults};
use crate::actor::Actor;
use crate::command::{StandingChange, StandingCommand};
use crate::commit::{Commit, StandingRow, StandingWrite};
use crate::condition::Nothing;
use crate::digest::Digest;
use crate::error::{InputFault, Refusal};
use crate::id::{Ability, Role};
use crate::policy::{DecisionEffect, Question};
use crate::proof::{Entry, EntryType, Leaf, part};
use crate::receipt::{Effect, StepReceipt};
use crate::standing::{
    AbilityPattern, ActorStanding, BREAK_GLASS_DURATION_MAX, GRANT_DURATION_MAX, Grant, Mode,
    ROLES_OF_ACTOR_MAX, Standing,
};
use crate::time::Timestamp;

impl Judge<'_> {
    /// Judges a change of standing.
    #[must_use]
    pub fn change_standing(&self, command: &StandingCommand, standing: &Standing) -> Verdict {
        self.standing_commit(command, standing).into()
    }

    /// Judges the bootstrap: the first superuser, while none exists.
    ///
    /// `superuser_exists` is what the store says under the generations of `standing`.
    #[must_use]
    pub fn bootstrap(
        &self,
        command: &StandingCommand,
        standing: &Standing,
        superuser_exists: bool,
    ) -> Verdict {
        self.bootstrap_commit(command, standing, superuser_exists).into()
    }

    fn standing_commit(
        &self,
        command: &StandingCommand,
        standing: &Standing,
    ) -> Result<Commit, Stop> {
        let StandingCommand { actor, change, envelope, .. } = command;
        let admitted = self.admit(actor, envelope, standing, || command.fingerprint())?;
        if !matches!(change, StandingChange::SetWorld { .. }) {
            self.require_open(standing)?;
        }
        self.require_not_banned(standing)?;
        let exists = standing.tenant_exists || command.tenant.is_world();
        if !exists && *change != StandingChange::AddTenant {
            return Err(Refusal::NotFound.into());
        }
        let context = &envelope.context;
        let permission = self.permit(actor, change.ability(), &Nothing, context, standing);
        let Some(permission) = permission else {
            // Whether a tenant exists is not told by refusing to add it.
            let adds = *change == StandingChange::AddTenant;
            let known = standing.actor.is_insider(self.now) || adds || command.tenant.is_world();
            return Err(if known { Refusal::Denied } else { Refusal::NotFound }.into());
        };
        refuse_faults(self.standing_faults(command, exists))?;
        if !self.may_hand_out(command, standing) {
            return Err(Refusal::Denied.into());
        }
        self.standing_write(command, standing, admitted, Some(permission))
    }

    /// Nobody hands out more than they hold: a superuser's role only by one who has such a role,
    /// and not by a break-glass; a grant only of abilities that the giver has, every one of them.
    fn may_hand_out(&self, command: &StandingCommand, standing: &Standing) -> bool {
        let rules = self.law.rules();
        let is_super = |role: &Role| rules.is_superuser(role.as_str());
        let by_role = standing.actor.world_roles.iter().any(is_super);
        match &command.change {
            StandingChange::SetMember { roles, .. } => by_role || !roles.iter().any(is_super),
            StandingChange::Grant { pattern, .. } => {
                let lasting = ActorStanding { grants: Vec::new(), ..(*standing.actor).clone() };
                let has = |ability: &Ability| {
                    let answer = rules.answer(&Question {
                        actor: &command.actor,
                        ability: ability.as_str(),
                        subject: &Nothing,
                        context: &command.envelope.context,
                        standing: &lasting,
                        modes: &standing.modes,
                        now: self.now,
                    });
                    answer.is_some_and(|answer| answer.effect == DecisionEffect::Allow)
                };
                let abilities = rules.abilities();
                abilities.iter().filter(|ability| pattern.matches(ability.as_str())).all(has)
            }
            _ => true,
        }
    }

    fn bootstrap_commit(
        &self,
        command: &StandingCommand,
        standing: &Standing,
        superuser_exists: bool,
    ) -> Result<Commit, Stop> {
        let StandingCommand { actor, change, envelope, .. } = command;
        let admitted = self.admit(actor, envelope, standing, || command.fingerprint())?;
        self.require_open(standing)?;
        let mut faults = self.standing_faults(command, true);
        match change {
            StandingChange::SetMember { roles, .. }
                if roles.iter().any(|role| self.law.rules().is_superuser(role.as_str())) => {}
            _ => faults.push(InputFault::new("roles", "name no superuser's role")),
        }
        refuse_faults(faults)?;
        if superuser_exists {
            return Err(Refusal::Denied.into());
        }
        self.standing_write(command, standing, admitted, None)
    }

    fn standing_faults(&self, command: &StandingCommand, exists: bool) -> Vec<InputFault> {
        let mut faults = Vec::new();
        let in_world = command.tenant.is_world();
        match &command.change {
            StandingChange::AddTenant if in_world || exists => {
                faults.push(InputFault::new("tenant", "exists already"));
            }
            StandingChange::AddTenant
            | StandingChange::Unban { .. }
            | StandingChange::RevokeGrant { .. } => {}
            StandingChange::SetMember { roles, .. } => {
                self.check_roles(roles, in_world, &mut faults);
            }
            StandingChange::Ban { reason, .. } => check_reason(reason, &mut faults),
            StandingChange::Grant { pattern, duration, reason, .. } => {
                check_reason(reason, &mut faults);
                check_duration(*duration, GRANT_DURATION_MAX, &mut faults);
                let known = self.law.rules().abilities();
                if !known.iter().any(|ability| pattern.matches(ability.as_str())) {
                    faults.push(InputFault::new("pattern", format!("`{pattern}` is no ability")));
                }
            }
            StandingChange::BreakGlass { duration, reason } => {
                check_reason(reason, &mut faults);
                check_duration(*duration, BREAK_GLASS_DURATION_MAX, &mut faults);
            }
            StandingChange::SetMode { ability: Some(ability), mode } => {
                if !self.law.rules().knows(ability.as_str()) {
                    faults.push(InputFault::new("ability", format!("`{ability}` is not known")));
                }
                if ability.resource() == "hos" && mode.is_some_and(|mode| mode != Mode::Enforce) {
                    let message = "the abilities of the law itself are always enforced";
                    faults.push(InputFault::new("ability", message));
                }
            }
            StandingChange::SetMode { ability: None, .. } => {}
            StandingChange::SetWorld { .. } => {
                if !in_world {
                    faults.push(InputFault::new("tenant", "a world is closed as a whole"));
                }
            }
        }
        faults
    }

    fn check_roles(&self, roles: &[Role], in_world: bool, faults: &mut Vec<InputFault>) {
        if roles.len() > ROLES_OF_ACTOR_MAX {
            faults.push(InputFault::new("roles", format!("are more than {ROLES_OF_ACTOR_MAX}")));
        }
        for (at, role) in roles.iter().enumerate() {
            match self.law.rules().role_scope(role.as_str()) {
                Some(world) if world == in_world => {}
                Some(true) => {
                    let message = format!("`{role}` is a role of the whole world");
                    faults.push(InputFault::new("roles", message));
                }
                Some(false) => {
                    let message = format!("`{role}` is a role of a tenant");
                    faults.push(InputFault::new("roles", message));
                }
                None => faults.push(InputFault::new("roles", format!("`{role}` is not declared"))),
            }
            if roles.iter().take(at).any(|other| other == role) {
                faults.push(InputFault::new("roles", format!("`{role}` is named twice")));
            }
        }
    }

    fn standing_write(
        &self,
        command: &StandingCommand,
        standing: &Standing,
        (key, fingerprint): (crate::id::CommandKey, Digest),
        permission: Option<Permission>,
    ) -> Result<Commit, Stop> {
        let StandingCommand { actor, world, tenant, change, envelope } = command;
        let log = self.origin(world, tenant);
        let leaf = self.leaf(entry_type(change), &log, actor, envelope, permission);
        let pattern = match change {
            StandingChange::Grant { pattern, .. } => Some(pattern.to_string()),
            _ => None,
        };
        let entry = self.seal_change(leaf, change, pattern.as_deref());
        let row = self.row(change, actor, &entry);
        let step = StepReceipt {
            proof_id: entry.id(),
            subject: None,
            action: action_name(change.as_str())?,
            from: None,
            to: None,
            revision: 0,
            effect: Effect::Moved,
            contract_version: None,
        };
        Ok(Commit {
            world: world.clone(),
            tenant: tenant.clone(),
            versions: standing.versions,
            receipt: Some(self.keep(key, fingerprint, self.receipt(step))),
            changes: Vec::new(),
            standing: Some(StandingWrite { change: row }),
            entries: vec![entry],
            person: command.about(),
            shadowed: Vec::new(),
        })
    }

    fn seal_change<'b>(
        &self,
        mut leaf: Leaf<'b>,
        change: &'b StandingChange,
        pattern: Option<&'b str>,
    ) -> Entry {
        leaf.action = Some(change.as_str());
        let reason = match change {
            StandingChange::AddTenant => None,
            StandingChange::SetMember { member, roles } => {
                leaf.target = Some(member.as_str());
                leaf.roles = Some(roles);
                None
            }
            StandingChange::Ban { target, reason } => {
                leaf.target = Some(target.as_str());
                Some(reason)
            }
            StandingChange::Unban { target } => {
                leaf.target = Some(target.as_str());
                None
            }
            StandingChange::Grant { target, duration, reason, .. } => {
                leaf.target = Some(target.as_str());
                leaf.ability = pattern;
                leaf.until = Some(self.now.after(*duration));
                Some(reason)
            }
            StandingChange::RevokeGrant { target, grant } => {
                leaf.target = Some(target.as_str());
                leaf.reference = Some((*grant, "revoke"));
                None
            }
            StandingChange::BreakGlass { duration, reason } => {
                leaf.until = Some(self.now.after(*duration));
                Some(reason)
            }
            StandingChange::SetMode { ability, mode } => {
                leaf.ability = Some(ability.as_ref().map_or("*", |ability| ability.as_str()));
                leaf.mode = mode.map(Mode::as_str);
                None
            }
            StandingChange::SetWorld { status } => {
                leaf.to = Some(status.as_str());
                None
            }
        };
        let reason = reason.map(|reason| (part::REASON, reason_body(reason)));
        leaf.seal(self.ids, reason.into_iter().collect())
    }

    fn row(&self, change: &StandingChange, actor: &Actor, entry: &Entry) -> StandingRow {
        let grant = |pattern: &AbilityPattern, until, break_glass| Grant {
            id: entry.id(),
            pattern: pattern.clone(),
            until,
            break_glass,
        };
        match change {
            StandingChange::AddTenant => StandingRow::Scope,
            StandingChange::SetMember { member, roles } => {
                StandingRow::Member { member: member.clone(), roles: roles.clone() }
            }
            StandingChange::Ban { target, .. } => {
                StandingRow::Ban { target: target.clone(), banned: true }
            }
            StandingChange::Unban { target } => {
                StandingRow::Ban { target: target.clone(), banned: false }
            }
            StandingChange::Grant { target, pattern, duration, .. } => StandingRow::Grant {
                target: target.clone(),
                grant: grant(pattern, self.now.after(*duration), false),
            },
            StandingChange::RevokeGrant { target, grant: id } => StandingRow::Grant {
                target: target.clone(),
                grant: Grant { id: *id, ..grant(&AbilityPattern::All, ENDED, false) },
            },
            StandingChange::BreakGlass { duration, .. } => StandingRow::Grant {
                target: actor.id().clone(),
                grant: grant(&AbilityPattern::All, self.now.after(*duration), true),
            },
            StandingChange::SetMode { ability, mode } => {
                StandingRow::Mode { ability: ability.clone(), mode: *mode }
            }
            StandingChange::SetWorld { status } => StandingRow::Status { status: *status },
        }
    }
}

/// Before every time that a judge may meet.
const ENDED: Timestamp = Timestamp::EPOCH;

fn entry_type(change: &StandingChange) -> EntryType {
    match change {
        StandingChange::AddTenant => EntryType::Tenant,
        StandingChange::SetMember { .. } => EntryType::Member,
        StandingChange::Ban { .. } | StandingChange::Unban { .. } => EntryType::Ban,
        StandingChange::Grant { .. } | StandingChange::RevokeGrant { .. } => EntryType::Grant,
        StandingChange::BreakGlass { .. } => EntryType::BreakGlass,
        StandingChange::SetMode { .. } => EntryType::Mode,
        StandingChange::SetWorld { .. } => EntryType::World,
    }
}

fn check_duration(
    duration: std::time::Duration,
    max: std::time::Duration,
    faults: &mut Vec<InputFault>,
) {
    // Whole seconds, for that is what the fingerprint tells apart.
    if duration.is_zero() || duration.subsec_nanos() > 0 || duration > max {
        let message = format!("is not 1 to {} whole seconds", max.as_secs());
        faults.push(InputFault::new("duration", message));
    }
}
