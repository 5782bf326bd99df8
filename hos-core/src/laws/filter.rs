//! The rules as a list asks them: what must a subject be like?

use crate::condition::{Lookup, Predicate, ValueRef};
use crate::contract::validate::subject_schema;
use crate::digest::Digest;
use crate::error::{InputFault, Refusal};
use crate::id::{Ability, Kind, Tenant, Version, World};
use crate::law::Law;
use crate::laws::Query;
use crate::policy::Question;
use crate::standing::Standing;
use crate::subject::SubjectView;
use crate::time::Timestamp;

/// Of which subjects of one kind, in one tenant, an actor may do something, as the law stands.
///
/// It permits exactly those of which [`Policy::can`](super::Policy::can) would have permitted it
/// at the same moment: never more, and fewer only where `can` denies. It ages as a decision does;
/// ask for it anew with each list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    world: World,
    tenant: Tenant,
    kind: Kind,
    predicate: Predicate,
    policy_version: Version,
    policy_digest: Digest,
}

impl Filter {
    pub(crate) fn new(
        law: &Law,
        query: &Query,
        kind: &Kind,
        standing: &Standing,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let refused =
            |message: String| Refusal::InvalidInput(vec![InputFault::new("kind", message)]);
        let ability = Ability::new(&query.ability).ok();
        let about = law.contract(kind.as_str()).zip(ability);
        let about = about.filter(|(contract, ability)| contract.is_about(ability));
        let Some((contract, _)) = about else {
            return Err(refused(format!("`{}` is not about `{kind}`", query.ability)));
        };
        let schema = subject_schema(contract.attributes());
        let question = Question {
            actor: &query.actor,
            ability: &query.ability,
            subject: &OfAll { tenant: &query.tenant, kind },
            context: &query.context,
            standing: &standing.actor,
            modes: &standing.modes,
            now,
        };
        let exists = standing.tenant_exists || query.tenant.is_world();
        let predicate = match law.rules().filter(&question, &schema) {
            Some(predicate) if exists => predicate.map_err(|error| refused(error.to_string()))?,
            _ => Predicate::Never,
        };
        let versions = law.contracts().filter(|version| version.kind() == kind);
        let elsewhere = versions.flat_map(|version| version.attributes());
        for (name, type_) in elsewhere {
            if contract.attributes().get(name).is_some_and(|own| own != type_)
                && predicate.reads(name)
            {
                let message = format!("`{name}` has another type in another version of `{kind}`");
                return Err(refused(message));
            }
        }
        Ok(Self {
            world: query.world.clone(),
            tenant: query.tenant.clone(),
            kind: kind.clone(),
            predicate,
            policy_version: law.version().clone(),
            policy_digest: law.digest(),
        })
    }

    /// The world of the subjects.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Their tenant: a list has its own predicate for it.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Their kind.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// What else they must be like.
    #[must_use]
    pub fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// Which law said it.
    #[must_use]
    pub fn policy_version(&self) -> &Version {
        &self.policy_version
    }

    /// The digest of that law.
    #[must_use]
    pub fn policy_digest(&self) -> Digest {
        self.policy_digest
    }

    /// Whether a subject passes.
    #[must_use]
    pub fn permits(&self, view: &SubjectView<'_>) -> bool {
        let subject = view.subject;
        (&subject.world, &subject.tenant, &subject.kind) == (&self.world, &self.tenant, &self.kind)
            && self.predicate.holds(view)
    }
}

/// What is the same of all subjects in a list.
struct OfAll<'a> {
    tenant: &'a Tenant,
    kind: &'a Kind,
}

impl Lookup for OfAll<'_> {
    fn lookup(&self, name: &str) -> Option<ValueRef<'_>> {
        match name {
            "tenant" => Some(ValueRef::String(self.tenant.as_str())),
            "kind" => Some(ValueRef::String(self.kind.as_str())),
            _ => None,
        }
    }
}
