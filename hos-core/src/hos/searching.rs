//! Who can do this, and what can they do? The rules of `can`, asked the other way round.

use std::collections::BTreeSet;

use super::Hos;
use super::reading::{question, weigh};
use super::settle::ask;
use crate::actor::Actor;
use crate::condition::{Path, Root};
use crate::error::{Error, Refusal};
use crate::id::{Ability, ActorId, Tenant};
use crate::law::Law;
use crate::laws::{Holders, Others, Prospect, Query};
use crate::policy::Question;
use crate::proof::PAGE_MAX;
use crate::standing::{ActorStanding, Mode, Standing};
use crate::store::{Ask, BATCH_MAX};
use crate::subject::Subject;
use crate::value::{Attributes, Value};

impl Hos {
    pub(super) async fn holders(
        &self,
        query: &Query,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Holders, Error> {
        let (standing, law) = self.asked(|bench| bench.ask_query(query)).await?;
        if standing.world.is_none() {
            return Err(Refusal::InvalidWorld.into());
        }
        let limit = limit.clamp(1, PAGE_MAX);
        let candidates = self.candidates(query, &standing, after, limit).await?;
        let next = (candidates.len() == usize::try_from(limit).unwrap_or(usize::MAX))
            .then(|| candidates.last().cloned())
            .flatten();
        let others = self.others(query, &law, &standing);
        let mut actors = Vec::new();
        for chunk in candidates.chunks(BATCH_MAX) {
            let as_actor =
                |id: &ActorId| Query { actor: renamed(&query.actor, id), ..query.clone() };
            let queries: Vec<Query> = chunk.iter().map(as_actor).collect();
            let subjects: Vec<Subject> = query.subject.iter().cloned().collect();
            let asked = |query: &Query| {
                ask(&query.world, &query.tenant, &query.actor, subjects.clone(), None)
            };
            let asks: Vec<Ask> = queries.iter().map(asked).collect();
            let standings = self.load_all(&asks).await?;
            let judge = self.bench.judge(&law);
            for (query, standing) in queries.iter().zip(&standings) {
                let ask =
                    |question: &Question<'_>| Some((law.rules().answer(question)?, Vec::new()));
                let weighed = weigh(&judge, query, standing, ask);
                if weighed.is_ok_and(|(answer, _)| answer.permits()) {
                    actors.push(query.actor.id().clone());
                }
            }
        }
        Ok(Holders { actors, others, next })
    }

    /// Everyone by whose name the answer may turn out otherwise than for a stranger: who stands in
    /// the tenant or the world, and whoever the subject names. The first ones after one, by id.
    async fn candidates(
        &self,
        query: &Query,
        standing: &Standing,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<ActorId>, Error> {
        let (world, tenant) = (&query.world, &query.tenant);
        let mut candidates = BTreeSet::new();
        for scope in [tenant, &Tenant::world()] {
            let members = self.store.members(world, scope, after, limit).await?;
            candidates.extend(members.into_iter().map(|(member, _)| member));
            candidates.extend(self.store.grantees(world, scope, after, limit).await?);
        }
        if let Some(snapshot) = standing.subjects.first().and_then(Option::as_ref) {
            candidates.extend(named(&snapshot.attributes));
        }
        let subject = query.subject.iter();
        candidates.extend(subject.filter_map(|subject| ActorId::new(subject.id.as_str()).ok()));
        candidates.extend(named(&query.context));
        let later = candidates.into_iter().filter(|id| Some(id) > after);
        Ok(later.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    /// What holds of whoever is no candidate: they stand nowhere, and their name is any.
    fn others(&self, query: &Query, law: &Law, standing: &Standing) -> Others {
        let stranger = Standing { actor: ActorStanding::default().into(), ..standing.clone() };
        let is_unknown = |path: &Path| path.root == Root::Actor && path.name == *"id";
        let answered = question(query, &stranger, self.bench.clock.now(), |question, _| {
            let rules = law.rules();
            Some((rules.answer(question)?, rules.answer_without(question, &is_unknown)?))
        });
        match answered.flatten() {
            // The mode lets everyone through, whatever the rules say.
            Some((answer, _)) if answer.mode != Mode::Enforce => Others::All,
            Some((_, Ok(answer))) if answer.permits() => Others::All,
            Some((_, Err(_))) => Others::ByName,
            _ => Others::None,
        }
    }

    pub(super) async fn abilities_told(&self, prospect: &Prospect) -> Result<Vec<Ability>, Error> {
        let (standing, law) = self.asked(|bench| bench.ask_prospect(prospect)).await?;
        let about = |ability: &Ability| match law.contract(prospect.subject.kind.as_str()) {
            Some(contract) => contract.is_about(ability),
            None => false,
        };
        let judge = self.bench.judge(&law);
        let may = |ability: &Ability| {
            let query = prospect.query(ability.as_str());
            let ask = |question: &Question<'_>| Some((law.rules().answer(question)?, Vec::new()));
            weigh(&judge, &query, &standing, ask).is_ok_and(|(answer, _)| answer.permits())
        };
        let known = law.rules().abilities();
        Ok(known.into_iter().filter(about).filter(may).collect())
    }
}

/// The same credential in another's name.
fn renamed(actor: &Actor, id: &ActorId) -> Actor {
    Actor::new(actor.kind(), id.clone()).with_claims(actor.claims().clone())
}

/// Every text that may be somebody's name.
fn named(attributes: &Attributes) -> BTreeSet<ActorId> {
    let texts = attributes.iter().flat_map(|(_, value)| match value {
        Value::String(text) => vec![text.clone()],
        Value::Set(members) => {
            let text = |member: &Value| match member {
                Value::String(text) => Some(text.clone()),
                _ => None,
            };
            members.iter().filter_map(text).collect()
        }
        Value::Bool(_) | Value::Integer(_) | Value::Time(_) => Vec::new(),
    });
    texts.filter_map(|text| ActorId::new(text).ok()).collect()
}
