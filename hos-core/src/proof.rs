//! The third law: what happened, provably. Entries, their leaf bytes, and the parts beside them.

mod epoch;
mod erasure;
mod facts;
mod head;
mod origin;
pub(crate) mod part;
mod sample;
mod segment;
mod withheld;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub(crate) use epoch::EpochFacts;
pub use epoch::EpochRecord;
pub(crate) use erasure::ErasureFacts;
#[doc(hidden)]
pub use sample::LeafSample;
pub use withheld::{Withheld, Withholding};

use crate::actor::Actor;
use crate::digest::{Digest, commitment};
use crate::encoding::encode;
use crate::id::{CommandKey, RequestId};
use crate::merkle::{Hash, leaf_hash};
use crate::subject::Subject;
use crate::time::{IdSource, ProofId, Timestamp};

pub use facts::LeafFacts;
pub use head::LogHead;
pub use origin::origin;
pub use segment::{SEGMENT_AGE, SEGMENT_ENTRIES_MAX, SEGMENT_TILE, SegmentFiles, SegmentRecord};

/// The largest leaf, in bytes.
pub const LEAF_BYTES_MAX: usize = 8_192;
/// The most entries in one page.
pub const PAGE_MAX: u32 = 1_000;

/// What an entry records; in the leaf with its version, as in `transition/1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EntryType {
    /// A subject came under its contract.
    Opened,
    /// A row that existed before the law came under it.
    Adopted,
    /// A subject moved.
    Transition,
    /// A subject moved because a timer fired.
    Timer,
    /// An attempt at a critical ability was denied.
    Denial,
    /// A tenant was registered.
    Tenant,
    /// A world was opened or closed.
    World,
    /// A membership changed.
    Member,
    /// The ban list changed.
    Ban,
    /// A time-boxed grant was given or ended.
    Grant,
    /// Somebody took every ability in an emergency.
    BreakGlass,
    /// A mode was set or cleared.
    Mode,
    /// A law was activated.
    Law,
    /// A contract version was activated.
    Contract,
    /// Subjects were migrated from one contract version to another.
    Migration,
    /// Something that the world wanted recorded.
    Record,
    /// An earlier entry is corrected.
    Correction,
    /// A person or single parts were erased.
    Erasure,
    /// A hold, which refuses the erasure of a person, was placed or lifted.
    Hold,
    /// A segment of the log left the store for the archive.
    Archive,
    /// A segment of the log came back from the archive.
    Restore,
    /// An epoch of a log began: the database came back from an older backup, and is kept.
    Epoch,
    /// A key that will sign checkpoints was announced.
    Key,
}

impl EntryType {
    /// The registered type and its version.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened/1",
            Self::Adopted => "adopted/1",
            Self::Transition => "transition/1",
            Self::Timer => "timer/1",
            Self::Denial => "denial/1",
            Self::Tenant => "tenant/1",
            Self::World => "world/1",
            Self::Member => "member/1",
            Self::Ban => "ban/1",
            Self::Grant => "grant/1",
            Self::BreakGlass => "break_glass/1",
            Self::Mode => "mode/1",
            Self::Law => "law/1",
            Self::Contract => "contract/1",
            Self::Migration => "migration/1",
            Self::Record => "record/1",
            Self::Correction => "correction/1",
            Self::Erasure => "erasure/1",
            Self::Hold => "hold/1",
            Self::Archive => "archive/1",
            Self::Restore => "restore/1",
            Self::Epoch => "epoch/1",
            Self::Key => "key/1",
        }
    }

    /// Whether such an entry raises its subject's revision.
    #[must_use]
    pub fn moves(self) -> bool {
        matches!(self, Self::Opened | Self::Adopted | Self::Transition | Self::Timer)
    }
}

/// A payload beside the leaf, bound to it by a salted commitment, erasable without breaking it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name within the entry.
    pub name: String,
    /// 32 bytes that make the body un-guessable from the commitment.
    pub salt: [u8; 32],
    /// Canonical JSON.
    pub body: String,
}

/// One immutable entry: the leaf bytes as they are hashed and stored, and its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub(crate) id: ProofId,
    pub(crate) type_: EntryType,
    pub(crate) subject: Option<Subject>,
    pub(crate) revision: Option<u64>,
    pub(crate) recorded_at: Timestamp,
    pub(crate) leaf: String,
    pub(crate) leaf_hash: Hash,
    pub(crate) parts: Vec<Part>,
    pub(crate) dedup: Option<Digest>,
}

impl Entry {
    /// The external evidence number.
    #[must_use]
    pub fn id(&self) -> ProofId {
        self.id
    }

    /// What it records.
    #[must_use]
    pub fn type_(&self) -> EntryType {
        self.type_
    }

    /// About which subject.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// The subject's revision after it.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        self.revision
    }

    /// When.
    #[must_use]
    pub fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    /// The leaf: JCS (RFC 8785), hashed as stored.
    #[must_use]
    pub fn leaf(&self) -> &str {
        &self.leaf
    }

    /// The leaf's hash (RFC 9162, section 2.1.1).
    #[must_use]
    pub fn leaf_hash(&self) -> &Hash {
        &self.leaf_hash
    }

    /// The payloads beside the leaf.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// An entry with the same value is already there: keep that one and write nothing.
    #[must_use]
    pub fn dedup(&self) -> Option<Digest> {
        self.dedup
    }
}

/// An entry as a log returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its position in the log; none until it is sequenced.
    pub index: Option<u64>,
    /// The external evidence number.
    pub id: ProofId,
    /// The leaf bytes.
    pub leaf: String,
    /// The hash that was stored with them.
    pub leaf_hash: Hash,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The payloads that can be read here.
    pub parts: Vec<Part>,
    /// The payloads that cannot: sealed under a person's key, or erased with one.
    pub withheld: Vec<Withheld>,
}

/// What goes into a leaf. Only codes, opaque ids, integers, digests and commitments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf<'a> {
    pub(crate) type_: EntryType,
    pub(crate) log: &'a str,
    pub(crate) at: Timestamp,
    pub(crate) actor: &'a Actor,
    pub(crate) subject: Option<&'a Subject>,
    pub(crate) revision: Option<u64>,
    pub(crate) action: Option<&'a str>,
    pub(crate) from: Option<&'a str>,
    pub(crate) to: Option<&'a str>,
    pub(crate) law: Digest,
    pub(crate) contract: Option<Digest>,
    pub(crate) request: Option<&'a RequestId>,
    /// A world's own name for the proof, or the code of a refusal.
    pub(crate) code: Option<&'a str>,
    /// The ability that was asked for, or that a mode or grant is about.
    pub(crate) ability: Option<&'a str>,
    /// A mode that was set, or that let a move through.
    pub(crate) mode: Option<&'a str>,
    /// The actor that a change of standing is about.
    pub(crate) target: Option<&'a str>,
    pub(crate) roles: Option<&'a [crate::id::Role]>,
    pub(crate) until: Option<Timestamp>,
    /// A break-glass that the actor held, or the entry that is corrected or ended.
    pub(crate) reference: Option<(ProofId, &'a str)>,
    pub(crate) version: Option<&'a str>,
    /// The contract that subjects were migrated from, and how many they are.
    pub(crate) migrated: Option<(Digest, u32)>,
    /// What an erasure or a hold says beside its target.
    pub(crate) erasure: Option<&'a ErasureFacts<'a>>,
    pub(crate) archived: Option<&'a SegmentFiles>,
    pub(crate) epoch: Option<&'a EpochFacts>,
    /// A key that is announced, as a vkey.
    pub(crate) key: Option<&'a str>,
}

impl<'a> Leaf<'a> {
    pub(crate) fn new(
        type_: EntryType,
        log: &'a str,
        at: Timestamp,
        actor: &'a Actor,
        law: Digest,
    ) -> Self {
        Self {
            type_,
            log,
            at,
            actor,
            subject: None,
            revision: None,
            action: None,
            from: None,
            to: None,
            law,
            contract: None,
            request: None,
            code: None,
            ability: None,
            mode: None,
            target: None,
            roles: None,
            until: None,
            reference: None,
            version: None,
            migrated: None,
            erasure: None,
            archived: None,
            epoch: None,
            key: None,
        }
    }

    /// Encodes and hashes; binds the parts, each a name and canonical JSON.
    pub(crate) fn seal(&self, ids: &dyn IdSource, bodies: Vec<(&str, String)>) -> Entry {
        let id = ids.proof_id(self.at);
        let part =
            |(name, body): (&str, String)| Part { name: name.to_owned(), salt: ids.salt(), body };
        let parts: Vec<Part> = bodies.into_iter().map(part).collect();
        let leaf = self.encode(id, &parts);
        Entry {
            id,
            type_: self.type_,
            subject: self.subject.cloned(),
            revision: self.revision,
            recorded_at: self.at,
            leaf_hash: leaf_hash(leaf.as_bytes()),
            leaf,
            parts,
            dedup: None,
        }
    }

    fn encode(&self, id: ProofId, parts: &[Part]) -> String {
        encode(640, |leaf| {
            leaf.optional("ability", self.ability);
            leaf.optional("action", self.action);
            leaf.object("actor", |actor| {
                actor.string("k", self.actor.kind().as_str());
                actor.string("p", self.actor.id().as_str());
            });
            self.archived.inspect(|files| leaf.object("archived", |object| files.encode(object)));
            leaf.display("at", self.at);
            leaf.optional("basis", self.erasure.and_then(|facts| facts.basis));
            leaf.optional("code", self.code);
            self.contract.inspect(|digest| leaf.display("contract", digest));
            self.epoch.inspect(|facts| leaf.object("epoch", |object| facts.encode(object)));
            if let Some(facts) = self.erasure.filter(|facts| !facts.parts.is_empty()) {
                leaf.objects("erased", facts.parts, |object, (entry, name)| {
                    object.display("id", entry);
                    object.string("n", name);
                });
            }
            leaf.optional("from", self.from);
            leaf.display("id", id);
            leaf.optional("key", self.key);
            leaf.display("law", self.law);
            leaf.string("log", self.log);
            leaf.optional("matter", self.erasure.and_then(|facts| facts.matter));
            leaf.optional("method", self.erasure.and_then(|facts| facts.method));
            if let Some((contract, count)) = self.migrated {
                leaf.object("migrated", |object| {
                    object.display("contract", contract);
                    object.integer("count", count);
                });
            }
            leaf.optional("mode", self.mode);
            if !parts.is_empty() {
                leaf.objects("prt", parts, |object, part| {
                    let bound = commitment(&part.salt, id, &part.name, part.body.as_bytes());
                    object.string("c", &URL_SAFE_NO_PAD.encode(bound.as_bytes()));
                    object.string("n", &part.name);
                });
            }
            if let Some((entry, why)) = self.reference {
                leaf.object("ref", |object| {
                    object.display("id", entry);
                    object.string("why", why);
                });
            }
            leaf.optional("request", self.request.map(RequestId::as_str));
            leaf.optional("requester", self.erasure.and_then(|facts| facts.requester));
            self.revision.inspect(|revision| leaf.integer("revision", *revision));
            self.roles.inspect(|roles| leaf.strings("roles", *roles));
            if let Some(subject) = self.subject {
                leaf.string("subject", &subject.to_string());
            }
            leaf.optional("target", self.target);
            if let Some(through) = self.erasure.and_then(|facts| facts.through) {
                leaf.integer("through", through);
            }
            leaf.optional("to", self.to);
            leaf.string("typ", self.type_.as_str());
            self.until.inspect(|until| leaf.display("until", until));
            leaf.integer("v", 1);
            leaf.optional("version", self.version);
        })
    }
}

/// Suppresses a second denial for the same key.
pub(crate) fn denial_dedup(key: &CommandKey) -> Digest {
    Digest::of(&[b"denial\0", key.as_bytes()].concat())
}
