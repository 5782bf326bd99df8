//! Any text: it is refused with its faults, or it is one sound contract.

use hos_core::contract::Contract;

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let contract = match Contract::from_json(text) {
        Ok(contract) => contract,
        Err(error) => {
            assert!(!error.faults().is_empty() && !error.to_string().is_empty());
            return;
        }
    };
    let written = serde_json::to_string(contract.definition()).expect("a definition is written");
    let again = Contract::from_json(&written).expect("a written contract is read");
    assert_eq!(again.digest(), contract.digest(), "{written}");
    assert!(contract.states().contains(contract.initial()));
    for state in contract.states() {
        assert_eq!(contract.resolve_state(state.as_str()), Some(state));
        let exits = contract.actions_from(state.as_str()).count();
        assert!(exits == 0 || !contract.is_terminal(state.as_str()), "an exit from `{state}`");
        assert!(exits > 0 || contract.is_terminal(state.as_str()), "no way on from `{state}`");
    }
    for action in contract.actions() {
        assert!(contract.states().contains(action.to()));
        for from in action.from() {
            let entry = contract.action_from(from.as_str(), action.name().as_str());
            assert_eq!(entry.map(|entry| entry.to()), Some(action.to()), "two entries");
        }
    }
}
