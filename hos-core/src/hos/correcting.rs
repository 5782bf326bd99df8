//! Records, and whether what one of them corrects is there to be corrected.

use serde::Deserialize;

use super::case::{Ask, Case, Ended};
use super::settle::{Place, ask_record, noted, settle, span};
use super::{ATTEMPTS_MAX, Hos, bench::Bench};
use crate::candidate::Trial;
use crate::command::Record;
use crate::error::{Error, Fault, FaultKind, InputFault, Refusal};
use crate::judge::{Judge, Refused, Verdict};
use crate::receipt::Receipt;
use crate::standing::Standing;
use tracing::Instrument as _;

/// A record, with what is wrong with the entry that it is to correct.
struct Correction<'a> {
    record: &'a Record,
    fault: Option<InputFault>,
}

impl Case for Correction<'_> {
    /// A replay is answered, and policy is asked, before anything is said of the entry.
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict {
        match (self.record.judge(judge, standing), &self.fault) {
            (Verdict::Commit(_), Some(fault)) => {
                Verdict::Refused(Refused::from(Refusal::InvalidInput(vec![fault.clone()])))
            }
            (verdict, _) => verdict,
        }
    }

    fn weigh(&self, trial: &Trial, ended: Ended<'_>) {
        if self.fault.is_none() {
            self.record.weigh(trial, ended);
        }
    }

    fn ask(&self, judge: &Judge<'_>, standing: &Standing, ask: &mut Ask<'_>) {
        Case::ask(self.record, judge, standing, ask);
    }

    fn keep(&self, bench: &Bench, ended: Ended<'_>) {
        self.record.keep(bench, ended);
    }
}

/// What a leaf says of its subject.
#[derive(Deserialize)]
struct About {
    subject: Option<String>,
}

impl Hos {
    pub(super) async fn record_one(&self, record: &Record) -> Result<Receipt, Error> {
        let ask = ask_record(record);
        let span = span("record", &ask, record.envelope.request.as_ref());
        async {
            let correction = Correction { record, fault: self.correction_fault(record).await? };
            let settle = settle(
                &self.bench,
                Place::Own(&*self.store),
                &ask,
                ATTEMPTS_MAX,
                None,
                &correction,
            );
            noted(settle.await)
        }
        .instrument(span)
        .await
    }

    /// Entries never change, so what is found stays true.
    pub(super) async fn correction_fault(
        &self,
        record: &Record,
    ) -> Result<Option<InputFault>, Fault> {
        let Some(id) = record.corrects else { return Ok(None) };
        let fault = |message: &str| Some(InputFault::new("corrects", message));
        let Some(entry) = self.found(&record.world, &record.tenant, id).await? else {
            return Ok(fault("is no entry of this tenant's log"));
        };
        let about: About = serde_json::from_str(&entry.leaf).map_err(|error| {
            let message = "the leaf of a corrected entry cannot be read";
            Fault::new(FaultKind::Corrupt, message).caused_by(error)
        })?;
        // A record about nothing may correct anything of its tenant.
        let other = record.subject.as_ref().map(ToString::to_string);
        let is_same = other.is_none() || other == about.subject;
        Ok(if is_same { None } else { fault("is an entry about another subject") })
    }
}
