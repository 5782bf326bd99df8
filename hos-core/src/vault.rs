//! The keys of persons: kept apart from everything that they open, wrapped under a master key that
//! the vault does not have.

mod copy;
mod master;
mod memory;

use async_trait::async_trait;

use crate::cipher::{KeyId, SecretKey};
use crate::error::Fault;
use crate::id::{ActorId, Name, Tenant, World};
use crate::time::{ProofId, Timestamp};

pub use copy::{CopiedKeys, VaultCopy};
pub use master::{MASTER_KEYS_MAX, MASTER_NAME_BYTES_MAX, MasterKeys};
pub use memory::MemoryVault;

/// The most keys that are asked for, or listed, at once.
pub const KEYS_MAX: u32 = 1_000;

/// A data subject: whom parts are about, in one tenant (or the reserved one).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a name in a scope is a person")]
pub struct Person {
    /// The world.
    pub world: World,
    /// The tenant.
    pub tenant: Tenant,
    /// The id, as it stands in leaves.
    pub id: ActorId,
}

/// A person's key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its number.
    pub id: KeyId,
    /// Whose it is.
    pub person: Person,
    /// The person's epoch, from 1: each erasure ends one.
    pub epoch: u32,
    /// The key, or what is left of it.
    pub state: KeyState,
}

impl StoredKey {
    /// Unwraps what is kept of this key.
    ///
    /// # Errors
    ///
    /// As [`KeyWrapper::unwrap`].
    pub async fn unwrap(
        &self,
        wrapped: &Wrapped,
        master: &dyn KeyWrapper,
    ) -> Result<SecretKey, Fault> {
        master.unwrap(wrapped, &bound(self.id, &self.person)).await
    }
}

/// A key, or what is left of it.
///
/// Exhaustive: it is there or it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a key is there or it is not")]
pub enum KeyState {
    /// It is there.
    Live(Wrapped),
    /// It was destroyed: a tombstone, without the key.
    Destroyed {
        /// The entry that records the erasure.
        entry: ProofId,
        /// When.
        at: Timestamp,
    },
}

/// A key under a master key.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a name and bytes are what is kept")]
pub struct Wrapped {
    /// The name of the master key.
    pub master: String,
    /// What the master key made of the key.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wrapped").field("master", &self.master).finish_non_exhaustive()
    }
}

/// What a vault knows of a person. Of one that it never heard of: the first epoch and no key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a vault answers all of it")]
pub struct PersonKeys {
    /// The newest epoch, from 1.
    pub epoch: u32,
    /// Commits that were judged under this generation of the tenant's standing, or a later one,
    /// are of the newest epoch; those before are of the one before.
    pub since: u64,
    /// The key of the newest epoch.
    pub newest: Option<StoredKey>,
    /// The key of the epoch before.
    pub before: Option<StoredKey>,
    /// What keeps the person from being erased.
    pub held: Option<Held>,
}

/// A person as a vault keeps it, beside the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a vault answers all of it")]
pub struct StoredPerson {
    /// Who.
    pub person: Person,
    /// The newest epoch, from 1.
    pub epoch: u32,
    /// As [`PersonKeys::since`].
    pub since: u64,
    /// What keeps the person from being erased.
    pub held: Option<Held>,
}

/// A hold as a vault keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a matter and a time are a hold")]
pub struct Held {
    /// For which matter.
    pub matter: Name,
    /// When it was placed last, by the clock of whoever placed it, but later than any time before:
    /// who saw one placing never takes the next one for it.
    pub at: Timestamp,
}

/// What a vault answers to the end of an epoch.
///
/// Exhaustive: it ended or it may not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an epoch ended or it may not")]
pub enum Closed {
    /// The epochs up to this one are over once the standing has the generation.
    Through(u32),
    /// A hold forbids it, for this matter.
    Held(Name),
}

/// Keeps the wrapped keys of persons.
///
/// # Duties
///
/// - The answer is given after it is durable. A dropped future leaves all or nothing of a method,
///   but for `destroy`, which may have ended epochs whose keys are still there, and is called
///   again.
/// - There is at most one key of a person and an epoch. What was destroyed is never live again by
///   any method, and what it was leaves no bytes in the vault's rows.
/// - It is never within the transaction of a commit, and has its own backups: whoever restores
///   them has every erasure since done again, from the log, by
///   [`Hos::repeat_erasures`](crate::hos::Hos::repeat_erasures).
#[async_trait]
pub trait Vault: Send + Sync {
    /// What it knows of a person.
    async fn keys(&self, person: &Person) -> Result<PersonKeys, Fault>;

    /// Keeps a key, unless the person has one of this epoch. One that is destroyed, as another
    /// vault has it, leaves its tombstone here, also where the same key is live.
    async fn add(&self, key: &StoredKey) -> Result<(), Fault>;

    /// Keys of one tenant by their numbers, in no order; unknown ones and those of others are left
    /// out. At most [`KEYS_MAX`].
    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        ids: &[KeyId],
    ) -> Result<Vec<StoredKey>, Fault>;

    /// Lets a new epoch begin with a generation of the tenant's standing, unless the person is
    /// held.
    ///
    /// With the generation that the newest epoch began with, it is a repeat, which changes
    /// nothing: but only while nothing can have been written under the newest epoch. Where that one
    /// has a key, or the key of the one before is destroyed, so that whoever is judged under an
    /// earlier generation takes the newest, the generation came a second time: the law was restored
    /// from a backup, and another epoch begins.
    async fn close(&self, person: &Person, since: u64) -> Result<Closed, Fault>;

    /// Destroys the person's keys up to an epoch, whatever holds there are, and leaves tombstones.
    /// Answers how many there were. A newest epoch that is not later than this one is over.
    async fn destroy(
        &self,
        person: &Person,
        through: u32,
        entry: ProofId,
        at: Timestamp,
    ) -> Result<u32, Fault>;

    /// Holds a person for a matter; one who is held already stays held for the first matter.
    /// Answers for which. Held for the same one, the hold is placed anew: at this time, or a
    /// microsecond after it was placed last, whatever is later.
    async fn hold(&self, person: &Person, matter: &Name, at: Timestamp) -> Result<Name, Fault>;

    /// Ends a hold for a matter that was placed no later than this.
    async fn release(&self, person: &Person, matter: &Name, until: Timestamp) -> Result<(), Fault>;

    /// For which matter somebody of a tenant is held; none when nobody is.
    async fn held(&self, world: &World, tenant: &Tenant) -> Result<Option<Name>, Fault>;

    /// How much of a tenant's log was walked for erasures and holds that this vault was to learn
    /// of: the entries before this index; 0 where nobody said. A vault that was restored from a
    /// backup answers what it had been told by then.
    async fn walked(&self, world: &World, tenant: &Tenant) -> Result<u64, Fault>;

    /// Says how much of a tenant's log was walked: less than before where the log was restored.
    async fn walk_to(&self, world: &World, tenant: &Tenant, size: u64) -> Result<(), Fault>;

    /// Keys by number, after one, at most [`KEYS_MAX`]: live ones and tombstones.
    async fn page(&self, after: Option<KeyId>, limit: u32) -> Result<Vec<StoredKey>, Fault>;

    /// Persons of all tenants in an order of the vault's own, after one, at most [`KEYS_MAX`];
    /// those who only have a key of the first epoch may be left out.
    async fn persons(&self, after: Option<&Person>, limit: u32)
    -> Result<Vec<StoredPerson>, Fault>;

    /// Takes over a person from another vault: the later epoch counts with its beginning, and a
    /// hold that is there already stays.
    async fn adopt(&self, person: &StoredPerson) -> Result<(), Fault>;

    /// Puts a live key under another master key, if it still is as it was read; says whether.
    async fn rewrap(&self, id: KeyId, from: &Wrapped, to: &Wrapped) -> Result<bool, Fault>;
}

/// Wraps keys under a master key: from a file, the environment, or a service that never gives the
/// master key away.
#[async_trait]
pub trait KeyWrapper: Send + Sync {
    /// The name of the master key that wraps from now on.
    fn master(&self) -> &str;

    /// Wraps a key, bound to some bytes.
    async fn wrap(&self, key: &SecretKey, bound: &[u8]) -> Result<Wrapped, Fault>;

    /// Unwraps a key that is bound to these bytes.
    ///
    /// # Errors
    ///
    /// `Unauthorized` where the master key is not at hand, `Corrupt` where it does not fit.
    async fn unwrap(&self, wrapped: &Wrapped, bound: &[u8]) -> Result<SecretKey, Fault>;
}

/// What a wrapped key is bound to: its number and its person.
pub(crate) fn bound(id: KeyId, person: &Person) -> Vec<u8> {
    let mut bytes = b"hos/key/v1\0".to_vec();
    bytes.extend_from_slice(id.as_bytes());
    for text in [person.world.as_str(), person.tenant.as_str(), person.id.as_str()] {
        // No id is longer than 128 bytes.
        bytes.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}
