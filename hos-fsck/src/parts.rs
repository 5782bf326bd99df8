//! Parts that leaves are bound to and that are not there.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::time::ProofId;

use crate::report::{FindingCode, Findings};
use crate::scope::Whose;
use crate::sums::Seed;
use crate::{PARTS_AT_ONCE_MAX, page::Checked};

/// A part: its entry, and its name.
pub(crate) type Name = (ProofId, String);

/// A part that its leaf is bound to and that is not there.
#[derive(Debug)]
pub(crate) struct MissingPart {
    pub(crate) name: Name,
    /// The index of its entry.
    pub(crate) index: Option<u64>,
    /// The entry that what is left of it names as its erasure; none where nothing is left.
    pub(crate) by: Option<ProofId>,
}

/// Where a part is missing, and by which erasure as it says itself.
#[derive(Debug)]
struct Gone {
    index: Option<u64>,
    by: Option<ProofId>,
}

/// The missing parts of a log, or of one part of it of so many, until the entry of their erasure
/// comes by.
#[derive(Debug)]
pub(crate) struct Missing {
    seed: Seed,
    part: u64,
    of: u64,
    missing: BTreeMap<Name, Gone>,
    /// Erased by an entry that came by earlier, which is so for an entry that was set aside and
    /// got its place late; or still there; or erased once more.
    erased: BTreeSet<(Name, ProofId)>,
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
        for MissingPart { name, index, by } in checked.missing.drain(..) {
            self.facts += 1;
            if self.is_ours(&name) && !self.was_erased(&name, by) && self.has_room() {
                self.missing.insert(name, Gone { index, by });
            }
        }
        for (name, by) in checked.erased.drain(..) {
            self.facts += 1;
            if self.is_ours(&name) && !self.explains(&name, by) && self.has_room() {
                self.erased.insert((name, by));
            }
        }
    }

    /// Whether an erasure came by earlier, and this one if one is named.
    fn was_erased(&mut self, name: &Name, by: Option<ProofId>) -> bool {
        let last = ProofId::from_bytes([u8::MAX; 16]);
        let from = (name.clone(), by.unwrap_or(ProofId::from_bytes([0; 16])));
        let to = (name.clone(), by.unwrap_or(last));
        let found = self.erased.range(from..=to).next().cloned();
        found.is_some_and(|found| self.erased.remove(&found))
    }

    /// Whether an erasure is that of a part which is missing.
    fn explains(&mut self, name: &Name, by: ProofId) -> bool {
        let is_its = |gone: &Gone| gone.by.is_none_or(|own| own == by);
        self.missing.get(name).is_some_and(is_its) && self.missing.remove(name).is_some()
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
        for ((entry, name), Gone { index, by }) in self.missing {
            let (code, message) = match by {
                None => {
                    let message =
                        format!("part `{name}` is gone, and no entry says that it was erased");
                    (FindingCode::PartMissing, message)
                }
                Some(by) => {
                    let message =
                        format!("part `{name}` names {by} as its erasure, which does not erase it");
                    (FindingCode::ErasureDiffers, message)
                }
            };
            let mut finding = whose.finding(code, message);
            (finding.index, finding.entry) = (index, Some(entry.to_string()));
            findings.add(finding);
        }
    }
}
