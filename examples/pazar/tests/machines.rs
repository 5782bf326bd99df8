//! The page with all machines of this repository is what their laws are.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../../../hos-inspect/tests/every/laws.rs"]
mod beside;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hos_conformance::golden::assert_golden;
use hos_core::law::Law;
use hos_inspect::drawing::Machine;

const HEAD: &str = "\
# Machines

Every contract of this repository that something works with, drawn from the laws themselves: those
of the example worlds first, then the README's and those that the suite, the models and the
campaigns play. `cargo xtask bless` writes this page anew, and a test fails when it is stale. Not
drawn is what a single test or bench makes for itself.

Beside each arrow stand the action with the ability that it needs, the roles that may, what its
guards refuse and after how long a timer does it; what leads nowhere else stands in a note. A role
with a star may only where a condition holds: the table below the drawing says which. A role stands
for itself, without what else its holder may be; bans and grants are not drawn.
";

/// The laws, each with what works with it. What several hold alike is drawn once.
fn page(laws: &[(&str, Law)]) -> String {
    let (mut page, mut drawn, mut title) = (HEAD.to_owned(), BTreeSet::new(), String::new());
    for (whose, law) in laws {
        for contract in law.contracts().filter(|contract| drawn.insert(contract.digest())) {
            let own = format!("## {} {}, of {whose}", law.world(), law.version());
            if title != own {
                write!(page, "\n{own}\n").unwrap();
                title = own;
            }
            let machine = Machine::new(law, contract);
            let (kind, version) = (contract.kind(), contract.version());
            let (mermaid, section) = (machine.to_mermaid(), machine.to_markdown());
            write!(page, "\n### {kind}, version {version}\n\n").unwrap();
            write!(page, "```mermaid\n{mermaid}```\n\n{section}").unwrap();
        }
    }
    page
}

#[test]
fn the_page_of_machines_is_fresh() {
    let mut laws = vec![
        ("the marketplace", pazar::law::law().unwrap()),
        ("the chat", chat::law::law().unwrap()),
        ("the workshop", workorder::law::law().unwrap()),
    ];
    laws.extend(beside::laws());
    let page = page(&laws);
    assert_golden(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/machines.md"), &page);
}
