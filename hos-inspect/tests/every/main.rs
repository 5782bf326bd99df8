//! Every contract that a part of this repository works with, beside those of the examples, which
//! explore their own: searched in full, each with what must always hold of it. A contract that is
//! not here fails `xtask/tests/tidy/contracts.rs`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../../../hos-work/src/lane/model/ticket.rs"]
mod desk;
#[expect(dead_code, reason = "only its laws are looked at")]
#[path = "../../../hos-sqlx/tests/migration/law.rs"]
mod fair;
#[path = "../../../hos-sqlx/tests/timers/law.rs"]
mod outage;
mod paved;
#[expect(dead_code, reason = "only its law is looked at")]
#[path = "../../../hos-sqlx/tests/support/job.rs"]
mod struck;

use hos_core::contract::Contract;
use hos_core::law::Law;
use hos_inspect::explore::explore;

/// One move, and it is over.
const BEGUN_OR_ENDED: &str = "subject.state in ['due', 'waiting', 'held'] && subject.revision == 1 \
     || !(subject.state in ['due', 'waiting', 'held']) && subject.revision == 2";

fn laws() -> Vec<Law> {
    let mut laws = hos_conformance::laws::laws();
    laws.extend([desk::law(), fair::before(), fair::after(), outage::law(), struck::law()]);
    laws.push(Law::builder("paved", "1").contract(paved::order().unwrap()).build().unwrap());
    laws
}

/// What must hold in every configuration of a contract, and what is found in it all the same.
fn expected(world: &str, contract: &Contract) -> (&'static str, &'static [&'static str]) {
    let (kind, version) = (contract.kind().as_str(), contract.version().as_str());
    match (world, kind, version) {
        // Whoever opened it with a time by which it is due may miss it.
        ("suite", "order", "1") => ("size(subject.customer) > 0", &["dead_end state `shipped`"]),
        ("suite", "order", "2") => ("has(subject.buyer) && has(subject.large)", &[]),
        ("suite", "payment" | "task", _) | ("outage", "hold", _) => (BEGUN_OR_ENDED, &[]),
        ("suite", "lamp", _) => ("subject.state in ['off', 'on', 'broken']", &[]),
        ("suite", "bell", _) => ("subject.state in ['set', 'off']", &[]),
        ("model", "job", _) => ("subject.state in ['waiting', 'running', 'done']", &[]),
        ("struck", "job", _) => ("subject.state in ['awake', 'asleep', 'done']", &[]),
        ("desk", "ticket", _) => ("subject.state in ['open', 'done']", &[]),
        ("fair", "ticket", "1") => ("has(subject.cents)", &[]),
        ("fair", "ticket", "2") => ("has(subject.cents) && has(subject.dear)", &[]),
        ("outage", "bell", _) => ("subject.state in ['wound', 'silent']", &[]),
        ("paved", "order", _) => ("has(subject.customer)", &[]),
        _ => panic!("say what must always hold of `{world}` {kind}/{version}"),
    }
}

#[test]
fn every_contract_does_what_it_says() {
    for law in laws() {
        for contract in law.contracts() {
            let (invariant, expected) = expected(law.world().as_str(), contract);
            let explored = explore(contract, &[invariant]).unwrap();
            let findings = explored.findings().iter();
            let found: Vec<String> =
                findings.map(|found| format!("{} {}", found.code.as_str(), found.about)).collect();
            assert!(explored.is_exhaustive(), "{}: {explored}", law.world());
            assert_eq!(found, expected, "{}: {explored}", law.world());
        }
    }
}
