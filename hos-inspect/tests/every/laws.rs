//! The laws that a part of this repository works with, beside those of the examples.

#[path = "../../../hos-work/src/lane/model/ticket.rs"]
mod desk;
#[expect(dead_code, reason = "only its laws are looked at")]
#[path = "../../../hos-sqlx/tests/migration/law.rs"]
mod fair;
#[path = "../../../hos-sqlx/tests/timers/law.rs"]
mod outage;
#[path = "paved.rs"]
mod paved;
#[expect(dead_code, reason = "only its law is looked at")]
#[path = "../../../hos-sqlx/tests/support/job.rs"]
mod struck;

use hos_core::law::Law;

/// Each with what works with it.
pub(crate) fn laws() -> Vec<(&'static str, Law)> {
    let mut laws = vec![("the README", paved::law().unwrap())];
    laws.extend(hos_conformance::laws::laws().into_iter().map(|law| ("the suite", law)));
    laws.extend([
        ("the lane's model", desk::law()),
        ("the campaign of migrations", fair::before()),
        ("the campaign of migrations", fair::after()),
        ("the campaign of timers", outage::law()),
        ("the campaigns under load", struck::law()),
    ]);
    laws
}
