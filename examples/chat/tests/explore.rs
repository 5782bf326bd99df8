//! Every way that a post, an application and a message can go.

use hos_inspect::explore::explore;

const ASSIGNED: &str = "!(subject.state in ['assigned', 'completed']) \
     || has(subject.assignee) && subject.assignee != subject.author";

#[test]
fn every_contract_does_what_it_says() {
    let law = chat::law::law().unwrap();
    for contract in law.contracts() {
        let (invariants, expected): (&[&str], &[&str]) = match contract.kind().as_str() {
            "post" => (&[ASSIGNED], &[]),
            "application" => (&["subject.post_state == 'active'"], &[]),
            "message" => (
                &["size(subject.digest) == 64", "subject.bytes >= 1 && subject.bytes <= 4000"],
                // Read, and too old to be edited or deleted: so it stays.
                &["dead_end state `read`"],
            ),
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
