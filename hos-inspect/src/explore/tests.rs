use hos_core::contract::{ActionDefinition, Contract};

use super::{FindingCode, explore_within};

fn door() -> Contract {
    Contract::builder("door", "1")
        .states(["open", "closed"])
        .initial("open")
        .terminal(["closed"])
        .open("door.create", [""; 0])
        .action(ActionDefinition::new("shut", ["open"], "closed", "door.shut"))
        .build()
        .unwrap()
}

#[test]
fn a_search_that_is_cut_says_so_and_claims_nothing_of_what_it_did_not_try() {
    let whole = explore_within(&door(), &[], 2).unwrap();
    assert!(whole.is_exhaustive(), "{whole}");
    let cut = explore_within(&door(), &[], 1).unwrap();
    assert!(!cut.is_exhaustive());
    assert_eq!(cut.cuts().collect::<Vec<_>>(), ["1 judgements were made"]);
    assert!(whole.states().len() > cut.states().len());
    let codes = cut.findings().iter().map(|finding| finding.code);
    assert!(!codes.collect::<Vec<_>>().contains(&FindingCode::DeadEnd), "{cut}");
}
