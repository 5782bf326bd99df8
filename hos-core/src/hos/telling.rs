//! What a subject is, and everything that its log says about it, not only what moved it.

use std::borrow::Cow;

use serde::Deserialize;

use super::Hos;
use super::settle::ask;
use crate::actor::Actor;
use crate::error::{Error, Fault, FaultKind};
use crate::laws::{EntriesAbout, Situation};
use crate::proof::{EntryType, LogEntry, PAGE_MAX, part};
use crate::subject::Subject;
use crate::time::ProofId;

/// The most entries of a log that one call looks through for those about a subject.
pub const ENTRIES_WALKED_MAX: u32 = 16_000;

/// What a leaf says of whom it is about.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(rename = "ref", borrow)]
    reference: Option<Reference<'a>>,
    #[serde(borrow)]
    subject: Option<Cow<'a, str>>,
    #[serde(borrow)]
    target: Option<Cow<'a, str>>,
    #[serde(borrow)]
    typ: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    id: ProofId,
    #[serde(borrow)]
    why: Cow<'a, str>,
}

/// The subjects of a batch of a migration.
#[derive(Deserialize)]
struct Migrated<'a> {
    #[serde(borrow)]
    subjects: Vec<Member<'a>>,
}

#[derive(Deserialize)]
struct Member<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

impl Hos {
    /// A subject as the law keeps it; none when there is no such subject. Asks no policy: a world
    /// asks `can(<kind>.read)` before it shows one.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidWorld`](crate::error::Refusal::InvalidWorld), and what the store says.
    pub async fn situation(&self, subject: &Subject) -> Result<Option<Situation>, Error> {
        self.bench.law(&subject.world)?;
        let actor = Actor::service("hos").map_err(super::internal)?;
        let ask = ask(&subject.world, &subject.tenant, &actor, vec![subject.clone()], None);
        let standing = self.load(&ask).await?;
        let law = self.bench.law(&subject.world)?;
        let snapshot = standing.subjects.into_iter().next().flatten();
        Ok(snapshot.map(|snapshot| {
            let (kind, version) = (subject.kind.as_str(), snapshot.contract.as_str());
            let contract = law.contract_version(kind, version);
            let terminal = contract.map(|c| c.is_terminal(snapshot.state.as_str()));
            Situation { snapshot, terminal }
        }))
    }

    pub(super) async fn told_about(
        &self,
        subject: &Subject,
        from: u64,
        limit: u32,
    ) -> Result<EntriesAbout, Fault> {
        let Subject { world, tenant, .. } = subject;
        let limit = usize::try_from(limit.min(PAGE_MAX)).unwrap_or(usize::MAX);
        let (mut entries, mut at, mut walked) = (Vec::new(), from, 0);
        while walked < ENTRIES_WALKED_MAX && entries.len() < limit {
            let page = self.paged(world, tenant, at, PAGE_MAX).await?;
            if page.is_empty() {
                return Ok(EntriesAbout { entries, next: None });
            }
            for entry in page {
                if entries.len() == limit {
                    break;
                }
                at = entry.index.unwrap_or(at).saturating_add(1);
                walked += 1;
                if self.is_about(&entry, subject).await? {
                    entries.push(entry);
                }
            }
        }
        self.bench.open(world, tenant, &mut entries).await?;
        Ok(EntriesAbout { entries, next: Some(at) })
    }

    async fn is_about(&self, entry: &LogEntry, subject: &Subject) -> Result<bool, Fault> {
        let told: Told<'_> = read(&entry.leaf, "a leaf")?;
        let own = subject.to_string();
        if let Some(named) = told.subject {
            return Ok(named == own);
        }
        if told.typ == EntryType::Migration.as_str() {
            let is_kind = told.target.is_some_and(|kind| kind == subject.kind.as_str());
            let list = entry.parts.iter().find(|part| part.name == part::SUBJECTS);
            let Some(list) = list.filter(|_| is_kind) else { return Ok(false) };
            let migrated: Migrated<'_> = read(&list.body, "the subjects of a migration")?;
            return Ok(migrated.subjects.iter().any(|member| member.id == subject.id.as_str()));
        }
        // A correction about nothing is about what it corrects.
        match told.reference.filter(|reference| reference.why == "correction") {
            None => Ok(false),
            Some(corrected) => {
                let found = self.found(&subject.world, &subject.tenant, corrected.id).await?;
                let Some(found) = found else { return Ok(false) };
                let told: Told<'_> = read(&found.leaf, "a leaf")?;
                Ok(told.subject.is_some_and(|named| named == own))
            }
        }
    }
}

fn read<'a, T: Deserialize<'a>>(text: &'a str, what: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| {
        Fault::new(FaultKind::Corrupt, format!("{what} cannot be read")).caused_by(error)
    })
}
