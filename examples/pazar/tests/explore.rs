//! Every way that a listing, an order, a booking and a payment can go, under each version.

use hos_inspect::explore::explore;

const METHOD: &str = "subject.method in ['online', 'cash_on_delivery', 'bank_transfer']";
const QUANTITY: &str = "subject.quantity >= 1 && subject.quantity <= 100";
const FLOW: &str = "subject.flow in ['sale', 'booking']";
const PARTY: &str = "subject.party_size >= 1 && subject.party_size <= subject.capacity";
const RANGE: &str = "subject.starts < subject.ends";
const AMOUNT: &str = "subject.amount >= 1";
const PAYABLE: &str = "subject.payable_kind in ['order', 'reservation']";
const PAID: &str = "has(subject.paid)";

#[test]
fn every_contract_does_what_it_says() {
    let law = pazar::law::law().unwrap();
    for contract in law.contracts() {
        let version = contract.version().as_str();
        let (invariants, expected): (&[&str], &[&str]) = match (contract.kind().as_str(), version) {
            ("listing", _) => (&[FLOW], &[]),
            ("order", "1") => (&[QUANTITY], &[]),
            ("order", "2") => (&[QUANTITY, METHOD], &[]),
            ("reservation", "1") => (&[PARTY, RANGE, PAID], &[]),
            ("reservation", "2") => (&[PARTY, RANGE, METHOD, PAID], &[]),
            ("payment", "1") => (&[AMOUNT, PAYABLE], &[]),
            ("payment", "2") => (&[AMOUNT, PAYABLE, METHOD], &[]),
            (kind, version) => panic!("say what holds of `{kind}/{version}`"),
        };
        let explored = explore(contract, invariants).unwrap();
        let findings = explored.findings().iter();
        let found: Vec<String> =
            findings.map(|found| format!("{} {}", found.code.as_str(), found.about)).collect();
        assert!(explored.is_exhaustive(), "{explored}");
        assert_eq!(found, expected, "{explored}");
    }
}
