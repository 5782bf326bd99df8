//! The page with the machines of all three worlds is what their laws are.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fmt::Write as _;

use hos_conformance::golden::assert_golden;
use hos_core::law::Law;
use hos_inspect::drawing::Machine;

const HEAD: &str = "\
# Machines

Every contract of the example worlds, drawn from the laws themselves; `cargo xtask bless` writes
this page anew, and a test fails when it is stale. Beside each arrow stand the action with the
ability that it needs, the roles that may, what its guards refuse and after how long a timer does
it; what leads nowhere else stands in a note. A role with a star may only where a condition holds:
the table below the drawing says which. A role stands for itself, without what else its holder may
be; bans and grants are not drawn.
";

fn page(laws: &[Law]) -> String {
    let mut page = HEAD.to_owned();
    for law in laws {
        write!(page, "\n## {} {}\n", law.world(), law.version()).unwrap();
        for contract in law.contracts() {
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
    let laws = [pazar::law::law(), chat::law::law(), workorder::law::law()];
    let page = page(&laws.map(Result::unwrap));
    assert_golden(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/machines.md"), &page);
}
