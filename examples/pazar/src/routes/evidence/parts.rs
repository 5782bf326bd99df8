//! The parts beside a leaf, and how far its proof has come.

use hos_core::proof::Withholding;
use hos_core::seal::ProofState;

use super::Reader;
use crate::domain::evidence::{Life, Step};

/// A part beside a leaf.
#[derive(Debug)]
pub(in crate::routes) struct PartView {
    pub(super) name: String,
    pub(super) text: String,
}

impl Reader<'_> {
    /// The parts beside a leaf: what they say, or why they do not.
    pub(super) fn parts(&self, life: &Life, step: &Step) -> Vec<PartView> {
        let shell = self.shell;
        let shown = self.sight.shows(self.user, &step.leaf);
        let name = |name: &str| shell.word("part", name);
        let there = step.entry.parts.iter().map(|part| PartView {
            name: name(&part.name),
            text: if shown { part.body.clone() } else { shell.text("part-others") },
        });
        let gone = step.entry.withheld.iter().map(|withheld| PartView {
            name: name(&withheld.name),
            text: match &withheld.why {
                Withholding::Erased { entry, at } => {
                    let place = life.erasures.get(entry).map(ToString::to_string);
                    let entry = place.unwrap_or_else(|| entry.to_string());
                    let values = [("entry", entry), ("when", shell.time(&at.as_micros()))];
                    shell.text_with("part-erased", &values)
                }
                _ => shell.text("part-sealed"),
            },
        });
        there.chain(gone).collect()
    }
}

pub(super) fn proof_code(state: ProofState) -> &'static str {
    match state {
        ProofState::Quarantined => "quarantined",
        ProofState::Sequenced => "sequenced",
        ProofState::Sealed => "sealed",
        ProofState::Anchored => "anchored",
        _ => "recorded",
    }
}

/// The colour of its badge.
pub(super) fn proof_tone(state: ProofState) -> &'static str {
    match state {
        ProofState::Sealed | ProofState::Anchored => "good",
        ProofState::Quarantined => "bad",
        _ => "wait",
    }
}
