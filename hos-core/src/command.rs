//! What a world asks of the law: commands, each with its key and fingerprint.

use std::time::Duration;

use crate::actor::Actor;
use crate::digest::Digest;
use crate::encoding::{ObjectWriter, encode};
use crate::error::InputFault;
use crate::id::{Ability, ActorId, CommandKey, IdError, Name, RequestId, Role, Tenant, World};
use crate::standing::{AbilityPattern, Mode, WorldStatus};
use crate::subject::Subject;
use crate::time::{ProofId, Timestamp};
use crate::value::{Attributes, Value};

/// The most subjects of one compound command.
pub const STEPS_MAX: usize = 16;
/// The longest `traceparent`, in bytes (W3C Trace Context).
pub const TRACEPARENT_BYTES_MAX: usize = 64;

/// What every command carries beside what it asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Envelope {
    pub(crate) key: Option<CommandKey>,
    pub(crate) request: Option<RequestId>,
    pub(crate) traceparent: Option<String>,
    pub(crate) context: Attributes,
    /// Found while the command was built; reported together when it is judged.
    pub(crate) faults: Vec<InputFault>,
}

impl Envelope {
    fn keep<T>(&mut self, field: &str, parsed: Result<T, IdError>) -> Option<T> {
        let add = |error: IdError| self.faults.push(InputFault::new(field, error.to_string()));
        parsed.map_err(add).ok()
    }

    fn key(&mut self, key: &[u8]) {
        // A key of no bytes is a missing key, which has a code of its own.
        self.key = if key.is_empty() { None } else { self.keep("key", CommandKey::new(key)) };
    }

    fn traceparent(&mut self, text: &str) {
        let fits =
            text.len() <= TRACEPARENT_BYTES_MAX && text.bytes().all(|b| b.is_ascii_graphic());
        if fits {
            self.traceparent = Some(text.to_owned());
        } else {
            let message = format!("is not visible ASCII of at most {TRACEPARENT_BYTES_MAX} bytes");
            self.faults.push(InputFault::new("traceparent", message));
        }
    }

    fn put(&mut self, bag: &str, attributes: &mut Attributes, name: &str, value: Value) {
        if let Some(name) = self.keep(&format!("{bag}.{name}"), Name::new(name)) {
            attributes.set(name, value);
        }
    }
}

macro_rules! envelope_builders {
    () => {
        /// The command key: made once per user intent, sent on every retry. 1..=255 bytes.
        pub fn key(mut self, key: impl AsRef<[u8]>) -> Self {
            self.envelope.key(key.as_ref());
            self
        }

        /// The id of the request, named in the proof.
        pub fn request(mut self, request: RequestId) -> Self {
            self.envelope.request = Some(request);
            self
        }

        /// The W3C `traceparent`, carried by outbox rows.
        pub fn traceparent(mut self, text: &str) -> Self {
            self.envelope.traceparent(text);
            self
        }

        /// One name of the request's context, read by policy as `context.<name>`.
        pub fn context(mut self, name: &str, value: impl Into<Value>) -> Self {
            let mut context = std::mem::take(&mut self.envelope.context);
            self.envelope.put("context", &mut context, name, value.into());
            self.envelope.context = context;
            self
        }
    };
}

/// A transition of one subject, or of up to [`STEPS_MAX`] at once, all or nothing.
///
/// ```
/// use hos_core::actor::Actor;
/// use hos_core::command::Command;
/// use hos_core::subject::Subject;
///
/// let actor = Actor::user("u-17")?;
/// let order = Subject::new("pazar", "firm-1", "order", "o-1")?;
/// let command = Command::new(&actor, &order, "cancel").input("reason", "changed my mind").key("k-1");
/// assert_eq!(command.steps().len(), 1);
/// # Ok::<(), hos_core::id::IdError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Command {
    pub(crate) actor: Actor,
    first: Step,
    also: Vec<Step>,
    pub(crate) envelope: Envelope,
    /// Whether a timer sent it: named in the proof.
    pub(crate) timer: bool,
}

/// One subject of a [`Command`] and what is to happen to it.
#[derive(Debug, Clone)]
pub struct Step {
    pub(crate) subject: Subject,
    pub(crate) wish: Wish,
    pub(crate) input: Attributes,
    pub(crate) facts: Attributes,
    pub(crate) seen: Option<u64>,
}

/// What is to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    Action(String),
    State(String),
}

impl Step {
    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    fn new(subject: &Subject, wish: Wish) -> Self {
        let (input, facts) = (Attributes::new(), Attributes::new());
        Self { subject: subject.clone(), wish, input, facts, seen: None }
    }

    fn encode(&self, object: &mut ObjectWriter<'_>) {
        match &self.wish {
            Wish::Action(action) => object.string("action", action),
            Wish::State(_) => {}
        }
        object.object("input", |object| {
            self.input.iter().for_each(|(name, value)| object.value(name.as_str(), value));
        });
        encode_subject(object, &self.subject);
        if let Wish::State(state) = &self.wish {
            object.string("to", state);
        }
    }
}

fn encode_subject(object: &mut ObjectWriter<'_>, subject: &Subject) {
    object.strings("subject", [subject.kind.as_str(), subject.id.as_str()]);
}

fn fingerprint(actor: &Actor, what: &str, fill: impl FnOnce(&mut ObjectWriter<'_>)) -> Digest {
    let text = encode(512, |object| {
        object.strings("actor", [actor.kind().as_str(), actor.id().as_str()]);
        object.object("command", fill);
        object.string("what", what);
    });
    Digest::of(text.as_bytes())
}

impl Command {
    /// Does an action to a subject.
    pub fn new(actor: &Actor, subject: &Subject, action: &str) -> Self {
        Self::wish(actor, subject, Wish::Action(action.to_owned()))
    }

    /// Moves a subject to a state: sugar, refused where two actions lead there.
    pub fn to(actor: &Actor, subject: &Subject, state: &str) -> Self {
        Self::wish(actor, subject, Wish::State(state.to_owned()))
    }

    fn wish(actor: &Actor, subject: &Subject, wish: Wish) -> Self {
        Self {
            actor: actor.clone(),
            first: Step::new(subject, wish),
            also: Vec::new(),
            envelope: Envelope::default(),
            timer: false,
        }
    }

    /// Does an action to another subject of the same tenant, in the same commit.
    pub fn and(mut self, subject: &Subject, action: &str) -> Self {
        self.also.push(Step::new(subject, Wish::Action(action.to_owned())));
        self
    }

    /// One input of the client, of the step added last.
    pub fn input(mut self, name: &str, value: impl Into<Value>) -> Self {
        let mut input = std::mem::take(&mut self.last().input);
        self.envelope.put("input", &mut input, name, value.into());
        self.last().input = input;
        self
    }

    /// One fact observed by the world, of the step added last; for guards only.
    ///
    /// A fact over domain rows is safe only inside the caller's own transaction, under the
    /// caller's own row locks.
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        let mut facts = std::mem::take(&mut self.last().facts);
        self.envelope.put("facts", &mut facts, name, value.into());
        self.last().facts = facts;
        self
    }

    /// The revision that the caller saw, of the step added last; an old one is refused.
    pub fn seen(mut self, revision: u64) -> Self {
        self.last().seen = Some(revision);
        self
    }

    envelope_builders!();

    pub(crate) fn by_timer(mut self) -> Self {
        self.timer = true;
        self
    }

    fn last(&mut self) -> &mut Step {
        self.also.last_mut().unwrap_or(&mut self.first)
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The first subject.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.first.subject
    }

    /// The steps; at least one.
    #[must_use]
    pub fn steps(&self) -> Vec<&Step> {
        std::iter::once(&self.first).chain(&self.also).collect()
    }

    /// The command key, when one was given.
    #[must_use]
    pub fn command_key(&self) -> Option<&CommandKey> {
        self.envelope.key.as_ref()
    }

    pub(crate) fn fingerprint(&self) -> Digest {
        fingerprint(&self.actor, "transition", |object| {
            object.objects("steps", self.steps(), |object, step| step.encode(object));
        })
    }
}

/// Brings a fresh subject under its contract.
#[derive(Debug, Clone)]
#[must_use]
pub struct Opening {
    pub(crate) actor: Actor,
    pub(crate) subject: Subject,
    pub(crate) attributes: Attributes,
    pub(crate) envelope: Envelope,
}

impl Opening {
    /// Opens a subject.
    pub fn new(actor: &Actor, subject: &Subject) -> Self {
        Self {
            actor: actor.clone(),
            subject: subject.clone(),
            attributes: Attributes::new(),
            envelope: Envelope::default(),
        }
    }

    /// One attribute.
    pub fn attribute(mut self, name: &str, value: impl Into<Value>) -> Self {
        let mut attributes = std::mem::take(&mut self.attributes);
        self.envelope.put("attributes", &mut attributes, name, value.into());
        self.attributes = attributes;
        self
    }

    /// Attributes gathered before.
    pub fn attributes(mut self, attributes: &Attributes) -> Self {
        for (name, value) in attributes.iter() {
            self.attributes.set(name.clone(), value.clone());
        }
        self
    }

    envelope_builders!();

    pub(crate) fn fingerprint(&self) -> Digest {
        fingerprint(&self.actor, "open", |object| {
            object.object("attributes", |object| {
                self.attributes.iter().for_each(|(name, value)| object.value(name.as_str(), value));
            });
            encode_subject(object, &self.subject);
        })
    }
}

/// Takes in a row that existed before the law did, in the state that it has.
#[derive(Debug, Clone)]
#[must_use]
pub struct Adoption {
    pub(crate) opening: Opening,
    pub(crate) state: String,
    pub(crate) reason: String,
}

impl Adoption {
    /// Adopts what an opening describes, in a state (or an alias of one), for a reason.
    pub fn new(opening: Opening, state: &str, reason: &str) -> Self {
        Self { opening, state: state.to_owned(), reason: reason.to_owned() }
    }

    pub(crate) fn fingerprint(&self) -> Digest {
        let opening = self.opening.fingerprint();
        fingerprint(&self.opening.actor, "adopt", |object| {
            object.display("opening", opening);
            object.string("reason", &self.reason);
            object.string("state", &self.state);
        })
    }
}

/// Records a proof of the world's own: a kind, a subject or none, a payload.
#[derive(Debug, Clone)]
#[must_use]
pub struct Record {
    pub(crate) actor: Actor,
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    pub(crate) subject: Option<Subject>,
    pub(crate) kind: String,
    pub(crate) payload: Attributes,
    pub(crate) corrects: Option<ProofId>,
    pub(crate) envelope: Envelope,
}

impl Record {
    /// Records a kind, such as `webhook_accepted`, in a tenant's log.
    pub fn new(actor: &Actor, world: &World, tenant: &Tenant, kind: &str) -> Self {
        Self {
            actor: actor.clone(),
            world: world.clone(),
            tenant: tenant.clone(),
            subject: None,
            kind: kind.to_owned(),
            payload: Attributes::new(),
            corrects: None,
            envelope: Envelope::default(),
        }
    }

    /// Records a kind about a subject; its revision is named and not raised.
    pub fn about(actor: &Actor, subject: &Subject, kind: &str) -> Self {
        let record = Self::new(actor, &subject.world, &subject.tenant, kind);
        Self { subject: Some(subject.clone()), ..record }
    }

    /// One value of the payload, kept beside the leaf and bound by a commitment.
    pub fn payload(mut self, name: &str, value: impl Into<Value>) -> Self {
        let mut payload = std::mem::take(&mut self.payload);
        self.envelope.put("payload", &mut payload, name, value.into());
        self.payload = payload;
        self
    }

    /// The entry that this one corrects.
    pub fn corrects(mut self, entry: ProofId) -> Self {
        self.corrects = Some(entry);
        self
    }

    envelope_builders!();

    pub(crate) fn fingerprint(&self) -> Digest {
        fingerprint(&self.actor, "record", |object| {
            if let Some(entry) = self.corrects {
                object.display("corrects", entry);
            }
            object.string("kind", &self.kind);
            object.object("payload", |object| {
                self.payload.iter().for_each(|(name, value)| object.value(name.as_str(), value));
            });
            if let Some(subject) = &self.subject {
                encode_subject(object, subject);
            }
        })
    }
}

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

    /// What changes.
    #[must_use]
    pub fn change(&self) -> &StandingChange {
        &self.change
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

/// One due timer, as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueTimer {
    /// Of which subject.
    pub subject: Subject,
    /// The revision that set the timer.
    pub revision: u64,
    /// What is to be done.
    pub action: crate::id::ActionName,
    /// Since when.
    pub due_at: Timestamp,
}
