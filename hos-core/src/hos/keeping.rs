//! Keeps openings, adoptions and records as decisions of policy, so that they can be replayed.

use std::sync::Arc;

use super::bench::Bench;
use super::case::Ended;
use crate::command::{Opening, Record};
use crate::condition::{Lookup, Nothing};
use crate::contract::Contract;
use crate::error::Refusal;
use crate::id::Tenant;
use crate::law::Law;
use crate::policy::Question;
use crate::recording::About;
use crate::subject::{Snapshot, Subject, SubjectView};
use crate::time::ProofId;
use crate::value::Attributes;

impl Bench {
    /// Keeps what policy answered of a subject that is to begin.
    pub(super) fn keep_beginning(
        &self,
        opening: &Opening,
        ability: &str,
        contract: &Contract,
        Ended { judge, standing, end }: Ended<'_>,
    ) {
        let Opening { actor, subject, attributes, envelope } = opening;
        let before = Snapshot {
            state: contract.initial().clone(),
            revision: 0,
            attributes: Arc::new(attributes.clone()),
            contract: contract.version().clone(),
            proof_id: ProofId::from_bytes([0; 16]),
        };
        let view = SubjectView::of(subject, &before);
        let question = judge.question(actor, ability, &view, &envelope.context, standing);
        let about = (&subject.tenant, Some((subject, &before)), &envelope.context);
        self.keep_decision(judge.law(), &question, about, end.err());
    }

    /// Keeps what policy answered of a record.
    pub(super) fn keep_record(&self, record: &Record, ended: Ended<'_>) {
        let Ended { judge, standing, end } = ended;
        let snapshot = standing.subjects.first().and_then(Option::as_ref);
        let found = record.subject.as_ref().zip(snapshot);
        if record.subject.is_some() && found.is_none() {
            return;
        }
        let view = found.map(|(subject, snapshot)| SubjectView::of(subject, snapshot));
        let subject: &dyn Lookup = view.as_ref().map_or(&Nothing, |view| view);
        let context = &record.envelope.context;
        let question = judge.question(&record.actor, "hos.record", subject, context, standing);
        self.keep_decision(judge.law(), &question, (&record.tenant, found, context), end.err());
    }

    fn keep_decision(
        &self,
        law: &Law,
        question: &Question<'_>,
        (tenant, subject, context): (&Tenant, Option<(&Subject, &Snapshot)>, &Attributes),
        refused: Option<&Refusal>,
    ) {
        let wanted = self.recorder.as_ref().filter(|recorder| recorder.wants_beginning(refused));
        if let Some(recorder) = wanted
            && let Some(answer) = law.rules().answer(question)
        {
            let (policy_version, policy_digest) = (law.version(), law.digest());
            let world = law.world();
            let about = About { world, tenant, context, subject, policy_version, policy_digest };
            recorder.keep(question, answer, &about);
        }
    }
}
