//! Every contract that a part of this repository works with, beside those of the examples, which
//! explore their own: searched in full, each with what must always hold of it. A contract that is
//! not here fails `xtask/tests/tidy/contracts.rs`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod laws;

use hos_core::contract::Contract;
use hos_inspect::explore::explore;

use laws::laws;

/// One move, and it is over.
const BEGUN_OR_ENDED: &str = "subject.state in ['due', 'waiting', 'held'] && subject.revision == 1 \
     || !(subject.state in ['due', 'waiting', 'held']) && subject.revision == 2";

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
        ("pazar", "order", _) => ("has(subject.customer)", &[]),
        _ => panic!("say what must always hold of `{world}` {kind}/{version}"),
    }
}

#[test]
fn every_contract_does_what_it_says() {
    for (_, law) in laws() {
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
