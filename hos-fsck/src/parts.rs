//! Parts that leaves are bound to and that are not there.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::time::ProofId;

use crate::report::{FindingCode, Findings};
use crate::scope::Whose;
use crate::sums::Seed;
use crate::{PARTS_AT_ONCE_MAX, page::Checked};

/// A part: its entry, and its name.
type Name = (ProofId, String);

/// The missing parts of a log, or of one part of it of so many, until the entry of their erasure
/// comes by.
#[derive(Debug)]
pub(crate) struct Missing {
    seed: Seed,
    part: u64,
    of: u64,
    missing: BTreeMap<Name, Option<u64>>,
    /// Erased by an entry that came by earlier, which is so for an entry that was set aside and
    /// got its place late; or still there.
    erased: BTreeSet<Name>,
    facts: u64,
    is_full: bool,
}

impl Missing {
    /// One part of so many.
    pub(crate) fn part(seed: Seed, part: u64, of: u64) -> Self {
        let (missing, erased) = (BTreeMap::new(), BTreeSet::new());
        Self { seed, part, of, missing, erased, facts: 0, is_full: false }
    }

    /// Into how many parts it must go to be held; none if it is held whole.
    pub(crate) fn parts(&self) -> Option<u64> {
        let most = u64::try_from(PARTS_AT_ONCE_MAX / 2).unwrap_or(u64::MAX);
        self.is_full.then(|| self.facts / most + 1)
    }

    /// Takes a page in.
    pub(crate) fn add(&mut self, checked: &mut Checked) {
        for (name, index) in checked.missing.drain(..) {
            self.facts += 1;
            if self.is_ours(&name) && !self.erased.remove(&name) && self.has_room() {
                self.missing.insert(name, index);
            }
        }
        for name in checked.erased.drain(..) {
            self.facts += 1;
            if self.is_ours(&name) && self.missing.remove(&name).is_none() && self.has_room() {
                self.erased.insert(name);
            }
        }
    }

    fn is_ours(&self, (entry, _): &Name) -> bool {
        self.seed.part(&entry.to_string(), self.of) == self.part
    }

    fn has_room(&mut self) -> bool {
        self.is_full |= self.missing.len() + self.erased.len() >= PARTS_AT_ONCE_MAX;
        !self.is_full
    }

    /// Those that are missing without an erasure.
    pub(crate) fn end(self, whose: Whose<'_>, findings: &mut Findings) {
        for ((entry, name), index) in self.missing {
            let message = format!("part `{name}` is gone, and no entry says that it was erased");
            let mut finding = whose.finding(FindingCode::PartMissing, message);
            (finding.index, finding.entry) = (index, Some(entry.to_string()));
            findings.add(finding);
        }
    }
}
