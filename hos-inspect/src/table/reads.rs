//! What the rules about an ability read.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::condition::{Expression, Path};
use hos_core::id::Ability;
use hos_core::law::Law;

/// What the conditions of the rules about each ability read. Nothing else turns an answer.
pub(super) struct Reads(BTreeMap<Ability, BTreeSet<Path>>);

impl Reads {
    pub(super) fn new(law: &Law) -> Self {
        let mut reads: BTreeMap<Ability, BTreeSet<Path>> = BTreeMap::new();
        let abilities = law.rules().abilities();
        for rule in &law.definition().rules {
            let Some(condition) = rule.condition() else { continue };
            let mut paths = BTreeSet::new();
            read(&condition, &mut paths);
            for ability in abilities.iter().filter(|ability| rule.names(ability.as_str())) {
                reads.entry(ability.clone()).or_default().extend(paths.iter().copied().cloned());
            }
        }
        Self(reads)
    }

    /// Whether a rule about an ability reads one of some paths.
    pub(super) fn any(&self, ability: &str, paths: &[Path]) -> bool {
        self.0.get(ability).is_some_and(|read| paths.iter().any(|path| read.contains(path)))
    }

    /// Whether a rule about any ability does.
    pub(super) fn anywhere(&self, paths: &[Path]) -> bool {
        self.0.keys().any(|ability| self.any(ability.as_str(), paths))
    }
}

fn read<'e>(expression: &'e Expression, all: &mut BTreeSet<&'e Path>) {
    match expression {
        Expression::Path(path) | Expression::Has(path) => {
            all.insert(path);
        }
        Expression::Not(operand) | Expression::Size(operand) => read(operand, all),
        Expression::Compare { left: one, right: other, .. }
        | Expression::In { needle: one, set: other }
        | Expression::StartsWith { text: one, prefix: other } => {
            read(one, all);
            read(other, all);
        }
        Expression::And(operands) | Expression::Or(operands) => {
            operands.iter().for_each(|operand| read(operand, all));
        }
        Expression::Literal(_) | Expression::Now => {}
    }
}
