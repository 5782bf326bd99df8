//! Judges records: proofs of the world's own.

use super::{Judge, Permission, Stop, Verdict, action_name, refuse_faults};
use crate::command::Record;
use crate::commit::{Commit, SubjectChange};
use crate::condition::{Lookup, Nothing};
use crate::encoding::encode_attributes;
use crate::error::{InputFault, Refusal};
use crate::id::ActionName;
use crate::proof::{EntryType, part};
use crate::receipt::{Effect, StepReceipt};
use crate::standing::Standing;
use crate::subject::{Snapshot, Subject, SubjectView};

impl Judge<'_> {
    /// Judges a record. It goes on in a closed world: closing never stops evidence.
    #[must_use]
    pub fn record(&self, record: &Record, standing: &Standing) -> Verdict {
        self.record_commit(record, standing).into()
    }

    fn record_commit(&self, record: &Record, standing: &Standing) -> Result<Commit, Stop> {
        let (actor, envelope) = (&record.actor, &record.envelope);
        let (key, fingerprint) = self.admit(actor, envelope, standing, || record.fingerprint())?;
        let Recorded { permission, about, action } = self.plan_record(record, standing)?;
        let log = self.origin(&record.world, &record.tenant);
        let type_ =
            if record.corrects.is_some() { EntryType::Correction } else { EntryType::Record };
        let mut leaf = self.leaf(type_, &log, actor, envelope, Some(permission));
        leaf.code = Some(record.kind.as_str());
        leaf.subject = record.subject.as_ref();
        leaf.revision = about.map(|(_, snapshot)| snapshot.revision);
        if let Some(entry) = record.corrects {
            leaf.reference = Some((entry, "correction"));
        }
        let payload = (!record.payload.is_empty())
            .then(|| (part::PAYLOAD, encode_attributes(&record.payload)));
        let entry = leaf.seal(self.ids, payload.into_iter().collect());
        let step = StepReceipt {
            proof_id: entry.id(),
            subject: record.subject.clone(),
            action,
            from: None,
            to: None,
            revision: about.map_or(0, |(_, snapshot)| snapshot.revision),
            effect: Effect::Moved,
            contract_version: about.map(|(_, snapshot)| snapshot.contract.clone()),
        };
        let change = about.map(|(subject, snapshot)| SubjectChange {
            subject: subject.clone(),
            from_revision: snapshot.revision,
            from_proof: Some(snapshot.proof_id),
            after: None,
        });
        Ok(Commit {
            world: record.world.clone(),
            tenant: record.tenant.clone(),
            versions: standing.versions,
            receipt: Some(self.keep(key, fingerprint, self.receipt(step))),
            changes: change.into_iter().collect(),
            standing: None,
            entries: vec![entry],
            person: envelope.person(actor),
            shadowed: permission.shadowed("hos.record").into_iter().collect(),
        })
    }

    /// Whether a record may be made.
    pub(crate) fn plan_record<'b>(
        &self,
        record: &'b Record,
        standing: &'b Standing,
    ) -> Result<Recorded<'b>, Refusal> {
        let (actor, envelope) = (&record.actor, &record.envelope);
        self.require_not_banned(standing)?;
        let action = action_name(&record.kind)?;
        let mut faults = Vec::new();
        if !record.payload.is_within_limits() {
            faults.push(InputFault::new("payload", "is beyond the limits of number or size"));
        }
        refuse_faults(faults)?;
        if !standing.tenant_exists && !record.tenant.is_world() {
            return Err(Refusal::NotFound);
        }
        let about = self.about(record, standing)?;
        let view = about.map(|(subject, snapshot)| SubjectView::of(subject, snapshot));
        let subject: &dyn Lookup = view.as_ref().map_or(&Nothing, |view| view);
        let permission = self.permit(actor, "hos.record", subject, &envelope.context, standing);
        let Some(permission) = permission else {
            let hidden =
                view.is_some_and(|view| !self.may_know(actor, &view, &envelope.context, standing));
            return Err(if hidden { Refusal::NotFound } else { Refusal::Denied });
        };
        Ok(Recorded { permission, about, action })
    }

    fn about<'b>(
        &self,
        record: &'b Record,
        standing: &'b Standing,
    ) -> Result<Option<(&'b Subject, &'b Snapshot)>, Refusal> {
        let Some(subject) = &record.subject else { return Ok(None) };
        match standing.subjects.first().and_then(Option::as_ref) {
            Some(snapshot) => Ok(Some((subject, snapshot))),
            None => Err(Refusal::NotFound),
        }
    }
}

/// A record that may be made.
pub(crate) struct Recorded<'a> {
    permission: Permission,
    about: Option<(&'a Subject, &'a Snapshot)>,
    action: ActionName,
}
