//! Rows of a vault, and the words of the law.

use hos_core::cipher::KeyId;
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{ActorId, IdError, Name, Tenant, World};
use hos_core::time::{ProofId, Timestamp};
use hos_core::vault::{
    Closed, Held, KeyState, Person, PersonKeys, StoredKey, StoredPerson, Wrapped,
};

#[cfg(any(feature = "sqlite", feature = "mysql"))]
use crate::encoding::hex;
use crate::fault::corrupt;

/// The version of a vault's schema.
pub(crate) const VERSION: i64 = 1;

/// A key: number, world, tenant, person, epoch, master, wrapped, the entry that it was destroyed
/// by, and when. Texts are bytes, which every database has.
pub(crate) type KeyRow = (
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    Vec<u8>,
    i64,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Option<i64>,
);

/// A person: the newest epoch, since when, and the matter and the time of a hold.
pub(crate) type PersonRow = (i64, i64, Option<Vec<u8>>, Option<i64>);

/// A person in a list: world, tenant, person, and what [`PersonRow`] has.
pub(crate) type ListedRow = (Vec<u8>, Vec<u8>, Vec<u8>, i64, i64, Option<Vec<u8>>, Option<i64>);

pub(crate) fn listed(row: ListedRow) -> Result<StoredPerson, Fault> {
    let (world, tenant, id, number, since, matter, at) = row;
    Ok(StoredPerson {
        person: person(world, tenant, id)?,
        epoch: epoch(number)?,
        since: generation(since)?,
        held: held(matter, at)?,
    })
}

/// After whom a list goes on: nobody has an empty name.
pub(crate) fn after(person: Option<&Person>) -> [&str; 3] {
    person.map_or([""; 3], |person| {
        [person.world.as_str(), person.tenant.as_str(), person.id.as_str()]
    })
}

pub(crate) fn stored(row: KeyRow) -> Result<StoredKey, Fault> {
    let (id, world, tenant, person, number, master, wrapped, entry, at) = row;
    let state = match (master, wrapped, entry, at) {
        (Some(master), Some(bytes), None, None) => {
            KeyState::Live(Wrapped { master: text(master)?, bytes })
        }
        (None, None, Some(entry), Some(at)) => KeyState::Destroyed {
            entry: ProofId::from_bytes(sixteen(&entry)?),
            at: Timestamp::from_micros(at),
        },
        _ => return Err(corrupt("a key that is neither live nor destroyed")),
    };
    Ok(StoredKey {
        id: KeyId::from_bytes(sixteen(&id)?),
        person: self::person(world, tenant, person)?,
        epoch: epoch(number)?,
        state,
    })
}

/// What is known of a person from the row, if there is one, and the keys of its last two epochs.
pub(crate) fn person_keys(
    person: Option<PersonRow>,
    keys: Vec<KeyRow>,
) -> Result<PersonKeys, Fault> {
    let (newest, since, matter, at) = person.unwrap_or((1, 0, None, None));
    let newest = epoch(newest)?;
    let mut known = PersonKeys {
        epoch: newest,
        since: generation(since)?,
        newest: None,
        before: None,
        held: held(matter, at)?,
    };
    for key in keys {
        let key = stored(key)?;
        if key.epoch == newest {
            known.newest = Some(key);
        } else if key.epoch + 1 == newest {
            known.before = Some(key);
        }
    }
    Ok(known)
}

pub(crate) fn held(matter: Option<Vec<u8>>, at: Option<i64>) -> Result<Option<Held>, Fault> {
    match (matter, at) {
        (None, None) => Ok(None),
        (Some(matter), Some(at)) => {
            Ok(Some(Held { matter: name(matter)?, at: Timestamp::from_micros(at) }))
        }
        _ => Err(corrupt("half a hold")),
    }
}

/// The answer to the end of an epoch, which left this number.
pub(crate) fn closed(newest: i64) -> Result<Closed, Fault> {
    Ok(Closed::Through(epoch(newest)?.saturating_sub(1)))
}

/// Another call ended what this one met.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn overtaken() -> Fault {
    Fault::new(FaultKind::Busy, "the person's hold changed at the same time; try again")
}

/// The fault of whoever joins a vault that is not there.
pub(crate) fn missing() -> Fault {
    let message = "there is no vault: the keys of persons are kept elsewhere, or were never made";
    Fault::new(FaultKind::Foreign, message)
}

pub(crate) fn newer() -> Fault {
    let message = "the vault was written by a newer version of this software; upgrade";
    Fault::new(FaultKind::NewerSchema, message)
}

/// Numbers of keys as a JSON array of hexadecimal texts.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(crate) fn id_lines(ids: &[KeyId]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| hex(id.as_bytes())).collect();
    serde_json::Value::from(ids).to_string()
}

pub(crate) fn name(bytes: Vec<u8>) -> Result<Name, Fault> {
    parsed(bytes, Name::new)
}

fn parsed<T>(bytes: Vec<u8>, parse: impl FnOnce(String) -> Result<T, IdError>) -> Result<T, Fault> {
    parse(text(bytes)?).map_err(|error| corrupt("a name").caused_by(error))
}

fn text(bytes: Vec<u8>) -> Result<String, Fault> {
    String::from_utf8(bytes).map_err(|error| corrupt("a text").caused_by(error))
}

fn sixteen(bytes: &[u8]) -> Result<[u8; 16], Fault> {
    bytes.try_into().map_err(|error| corrupt("a number").caused_by(error))
}

fn person(world: Vec<u8>, tenant: Vec<u8>, id: Vec<u8>) -> Result<Person, Fault> {
    Ok(Person {
        world: parsed(world, World::new)?,
        tenant: parsed(tenant, |text| Tenant::from_stored(&text))?,
        id: parsed(id, ActorId::new)?,
    })
}

fn generation(number: i64) -> Result<u64, Fault> {
    u64::try_from(number).map_err(|error| corrupt("a generation").caused_by(error))
}

fn epoch(number: i64) -> Result<u32, Fault> {
    u32::try_from(number).map_err(|error| corrupt("an epoch").caused_by(error))
}
