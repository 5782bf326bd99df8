//! Every way that a work order and what belongs to it can go.

use hos_inspect::explore::explore;

const STARTED: &str = "!(subject.state in ['in_progress', 'completed', 'invoiced', 'closed']) \
     || has(subject.actual_start)";
const ENDED: &str = "!(subject.state in ['completed', 'invoiced', 'closed']) \
     || has(subject.actual_end) && subject.actual_end >= subject.actual_start";
const INVOICED: &str = "!(subject.state in ['invoiced', 'closed']) \
     || has(subject.invoice_number) && size(subject.invoice_number) >= 1";
const ASKED_FOR: &str = "subject.state != 'submitted' \
     || size(subject.title) >= 5 && size(subject.description) >= 20";
const CHECKED: &str = "subject.checklist_complete \
     || has(subject.exception_reason) && size(subject.exception_reason) >= 10";

#[test]
fn every_contract_does_what_it_says() {
    let law = workorder::law::law().unwrap();
    for contract in law.contracts() {
        let (invariants, expected): (&[&str], &[&str]) = match contract.kind().as_str() {
            // A portal's draft whose description is missing or short can never be submitted, and
            // nothing edits a draft.
            "workorder" => (&[STARTED, ENDED, INVOICED, ASKED_FOR], &["dead_end state `draft`"]),
            "document" => (&["size(subject.digest) == 64"], &[]),
            "trip" => {
                (&["subject.boat_state == 'aktif'", "subject.departs_at < subject.returns_at"], &[])
            }
            "gate" => (&[CHECKED, "subject.order_state in ['approved', 'in_progress']"], &[]),
            "price_list" => (&[], &[]),
            kind => panic!("say what holds of `{kind}`"),
        };
        let explored = explore(contract, invariants).unwrap();
        let findings = explored.findings().iter();
        let found: Vec<String> =
            findings.map(|found| format!("{} {}", found.code.as_str(), found.about)).collect();
        assert!(explored.is_exhaustive(), "{explored}");
        assert_eq!(found, expected, "{explored}");
    }
}
