//! What one entry proves.

use hos_core::store::{EntryRow, PartRow, StandingGroup};
use hos_core::time::Timestamp;
use serde::Deserialize;

use crate::leaf::Leaf;

/// What an entry proves, for the check to replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fact {
    /// A subject is as it says from now on.
    Subject(SubjectFact),
    /// Subjects of a kind pin another contract.
    Migrated(MigrationFact),
    /// A row of standing is as it says from now on.
    Standing(StandingFact),
}

/// A subject after an entry, and before it where there was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubjectFact {
    /// `kind:id`
    pub(crate) subject: String,
    pub(crate) before: Option<SubjectState>,
    pub(crate) after: SubjectState,
}

/// What the logs tell of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubjectState {
    pub(crate) revision: u64,
    pub(crate) state: String,
    /// The digest of the contract.
    pub(crate) contract: String,
}

impl std::fmt::Display for SubjectState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let contract: String = self.contract.chars().take(12).collect();
        write!(f, "`{}` at revision {} under contract {contract}", self.state, self.revision)
    }
}

/// Subjects that were migrated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MigrationFact {
    pub(crate) kind: String,
    /// None where the part that lists them was erased.
    pub(crate) subjects: Option<Vec<SubjectFact>>,
}

/// A change of standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StandingFact {
    /// A row is there, or no longer.
    Row { group: StandingGroup, key: String, value: Option<String> },
    /// A grant ends, if it is this actor's.
    EndGrant { grant: String, actor: String },
    /// A law came into force.
    Law(String),
    /// The scope is registered, open or closed.
    Status(String),
}

/// Reads what an entry proves; none for one that only tells. The error says what is wrong with it.
pub(crate) fn fact(leaf: &Leaf<'_>, entry: &EntryRow) -> Result<Option<Fact>, String> {
    match leaf.kind() {
        "opened" | "adopted" => subject(leaf, false).map(|fact| Some(Fact::Subject(fact))),
        "transition" | "timer" => subject(leaf, true).map(|fact| Some(Fact::Subject(fact))),
        "migration" => migration(leaf, entry).map(|fact| Some(Fact::Migrated(fact))),
        _ => Ok(standing(leaf)?.map(Fact::Standing)),
    }
}

fn subject(leaf: &Leaf<'_>, moves: bool) -> Result<SubjectFact, String> {
    let revision = leaf.revision.filter(|revision| *revision >= 1);
    let revision = revision.ok_or("it has no revision")?;
    let contract = text(leaf.contract.as_deref(), "contract")?;
    let state =
        |state: String, revision| SubjectState { revision, state, contract: contract.clone() };
    if !moves && revision != 1 {
        return Err(format!("it begins a subject at revision {revision}"));
    }
    let before = match moves {
        true => Some(state(text(leaf.from.as_deref(), "from")?, revision - 1)),
        false => None,
    };
    let after = state(text(leaf.to.as_deref(), "to")?, revision);
    Ok(SubjectFact { subject: text(leaf.subject.as_deref(), "subject")?, before, after })
}

/// The part of a migration's entry that lists the subjects.
#[derive(Deserialize)]
struct MigratedBody {
    subjects: Vec<MigratedSubject>,
}

#[derive(Deserialize)]
struct MigratedSubject {
    id: String,
    revision: u64,
    from: String,
    to: String,
}

fn migration(leaf: &Leaf<'_>, entry: &EntryRow) -> Result<MigrationFact, String> {
    let migrated = leaf.migrated.as_ref().ok_or("it has no `migrated`")?;
    let (kind, count) = (text(leaf.target.as_deref(), "target")?, migrated.count);
    let (from, to) = (&migrated.contract, text(leaf.contract.as_deref(), "contract")?);
    let kept = |part: &&PartRow| part.name == "subjects" && !part.is_erased();
    let Some(part) = entry.parts.iter().find(kept) else {
        return Ok(MigrationFact { kind, subjects: None });
    };
    let body: MigratedBody = serde_json::from_slice(&part.body)
        .map_err(|error| format!("its part `subjects` cannot be read: {error}"))?;
    let fact = |subject: MigratedSubject| {
        let MigratedSubject { id, revision, from: state, to: next } = subject;
        let under =
            |state, contract: &str| SubjectState { revision, state, contract: contract.to_owned() };
        SubjectFact {
            subject: format!("{kind}:{id}"),
            before: Some(under(state, from)),
            after: under(next, &to),
        }
    };
    let subjects: Vec<SubjectFact> = body.subjects.into_iter().map(fact).collect();
    if u64::try_from(subjects.len()) != Ok(count) {
        return Err(format!("it tells of {count} subjects and lists {}", subjects.len()));
    }
    Ok(MigrationFact { kind, subjects: Some(subjects) })
}

fn standing(leaf: &Leaf<'_>) -> Result<Option<StandingFact>, String> {
    let row = |group, key, value| StandingFact::Row { group, key, value };
    let target = || text(leaf.target.as_deref(), "target");
    let to = || text(leaf.to.as_deref(), "to");
    let action = leaf.action.as_deref().unwrap_or_default();
    Ok(Some(match (leaf.kind(), action) {
        ("tenant", _) => StandingFact::Status("open".to_owned()),
        ("world", _) => StandingFact::Status(to()?),
        ("member", _) => {
            let roles = serde_json::Value::from(leaf.roles.clone()).to_string();
            let value = (!leaf.roles.is_empty()).then_some(roles);
            row(StandingGroup::Member, target()?, value)
        }
        ("ban", "ban") => row(StandingGroup::Ban, target()?, Some(String::new())),
        ("ban", _) => row(StandingGroup::Ban, target()?, None),
        ("grant", "grant") => {
            let pattern = text(leaf.ability.as_deref(), "ability")?;
            row(StandingGroup::Grant, leaf.id.to_string(), Some(grant(leaf, &target()?, &pattern)?))
        }
        ("grant", _) => {
            let ended = leaf.reference.as_ref().ok_or("it has no `ref`")?;
            StandingFact::EndGrant { grant: ended.id.to_string(), actor: target()? }
        }
        ("break_glass", _) => {
            let value = grant(leaf, &leaf.actor.p, "*")?;
            row(StandingGroup::Grant, leaf.id.to_string(), Some(value))
        }
        ("mode", _) => {
            let mode = leaf.mode.as_deref().map(str::to_owned);
            row(StandingGroup::Mode, text(leaf.ability.as_deref(), "ability")?, mode)
        }
        ("law", _) => {
            let version = text(leaf.version.as_deref(), "version")?;
            StandingFact::Law(format!("{version} {}", leaf.law))
        }
        ("contract", _) => {
            let (version, digest) = (leaf.version.as_deref(), leaf.contract.as_deref());
            let (version, digest) = (text(version, "version")?, text(digest, "contract")?);
            let key = format!("{} {version} {digest}", target()?);
            row(StandingGroup::Contract, key, Some(String::new()))
        }
        _ => return Ok(None),
    }))
}

fn grant(leaf: &Leaf<'_>, actor: &str, pattern: &str) -> Result<String, String> {
    let until = leaf.until.as_deref().and_then(Timestamp::parse).ok_or("it has no `until`")?;
    let is_break_glass = u8::from(leaf.kind() == "break_glass");
    let value = serde_json::json!([actor, pattern, until.as_micros(), is_break_glass]);
    Ok(value.to_string())
}

fn text(member: Option<&str>, name: &str) -> Result<String, String> {
    member.map(str::to_owned).ok_or_else(|| format!("it has no `{name}`"))
}
