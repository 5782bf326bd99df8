//! How each command is judged, and what is said of it beside the answer.

use std::sync::Arc;

use super::bench::Bench;
use crate::candidate::Trial;
use crate::command::{Adoption, Command, Opening, Record};
use crate::judge::{Judge, Verdict};
use crate::law::Law;
use crate::standing::Standing;

/// A command that the bench judges.
pub(super) trait Case: Send + Sync {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict;

    /// Weighs the command under the candidate too.
    fn weigh(&self, _trial: &Trial, _judge: &Judge<'_>, _standing: &Standing, _live: &Verdict) {}

    /// Keeps the attempt, where there is a recorder that wants it.
    fn keep(&self, _bench: &Bench, _law: &Law, _standing: &Standing, _live: &Verdict) {}
}

impl<F: Fn(&Judge<'_>, &Standing) -> Verdict + Send + Sync> Case for F {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict {
        self(judge, standing)
    }
}

impl Case for Command {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict {
        judge.transition(self, standing)
    }

    fn weigh(&self, trial: &Trial, judge: &Judge<'_>, standing: &Standing, live: &Verdict) {
        trial.transition(judge, self, standing, live);
    }

    fn keep(&self, bench: &Bench, law: &Law, standing: &Standing, live: &Verdict) {
        if let Some(recorder) = &bench.recorder
            && recorder.wants_attempt(live)
        {
            recorder.keep_attempt(law, &bench.judge(law), self, standing);
        }
    }
}

impl Case for Opening {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict {
        judge.open(self, standing)
    }

    fn weigh(&self, trial: &Trial, judge: &Judge<'_>, standing: &Standing, live: &Verdict) {
        trial.opening(judge, self, standing, live);
    }
}

impl Case for Adoption {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict {
        judge.adopt(self, standing)
    }

    fn weigh(&self, trial: &Trial, judge: &Judge<'_>, standing: &Standing, live: &Verdict) {
        trial.adoption(judge, self, standing, live);
    }
}

impl Case for Record {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict {
        judge.record(self, standing)
    }

    fn weigh(&self, trial: &Trial, judge: &Judge<'_>, standing: &Standing, live: &Verdict) {
        trial.record(judge, self, standing, live);
    }
}

impl Bench {
    /// Judges a command. What comes of it is weighed beside the candidate, and recorded, unless it
    /// is a refusal on what is remembered, for that is no answer.
    pub(super) fn judged(
        &self,
        case: &dyn Case,
        law: &Arc<Law>,
        standing: &Standing,
        is_fresh: bool,
    ) -> Verdict {
        let judge = self.judge(law);
        let verdict = case.judge(&judge, standing);
        if is_fresh || matches!(verdict, Verdict::Commit(_)) {
            if let Some(trial) = self.trial(law) {
                case.weigh(&trial, &judge, standing, &verdict);
            }
            case.keep(self, law, standing, &verdict);
        }
        verdict
    }
}
