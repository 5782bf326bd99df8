use std::collections::{BTreeMap, BTreeSet};

use super::FAULTS_MAX;
use super::epochs;
use super::evidence::{Evidence, Signed};
use crate::anchor;
use crate::bundle::{
    Bundle, Claim, ConsistencyFile, EARLIER_MAX, Listed, Name, Opening, RangeFile, sha256,
};
use crate::commitment::commit;
use crate::epoch::{EPOCH_TYPE, belongs};
use crate::leaf::{EntryId, Leaf};
use crate::merkle::{verify_consistency, verify_inclusion, verify_range};
use crate::proof::Proof;

/// Holds everything in a bundle to everything else in it; the faults in the order of the checks.
pub(super) fn check<'a>(bundle: &'a Bundle<'a>) -> Result<Evidence<'a>, Vec<String>> {
    let mut check = Check { bundle, faults: Vec::new() };
    check.files();
    // Without them there is nothing to hold the rest to.
    let head = match check.head() {
        Some(head) if check.faults.is_empty() => head,
        _ => return Err(check.faults),
    };
    let others = check.others(&head);
    let ranges = check.ranges(&head);
    let entries = check.entries(&head, &ranges);
    let places = entries.iter().enumerate().map(|(at, (listed, _))| (listed.id, at)).collect();
    let openings = epochs::openings(&entries);
    let (anchor, opened) = (None, 0);
    let mut evidence = Evidence { bundle, head, others, anchor, entries, places, openings, opened };
    check.epochs(&evidence);
    evidence.anchor = check.anchor(&evidence.head);
    evidence.opened = check.openings(&evidence);
    check.erased(&evidence);
    check.strays();
    if check.faults.is_empty() { Ok(evidence) } else { Err(check.faults) }
}

struct Check<'a> {
    bundle: &'a Bundle<'a>,
    faults: Vec<String>,
}

impl<'a> Check<'a> {
    fn fault(&mut self, name: &Name, why: &str) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(format!("{name}: {why}"));
        }
    }

    /// The manifest lists exactly the files that are here.
    fn files(&mut self) {
        let bundle = self.bundle;
        let here = bundle.files().filter(|(name, _)| **name != Name::Manifest);
        let mut listed = bundle.manifest.files.iter();
        for (name, data) in here {
            let Some(file) = listed.next().filter(|file| file.name == name.to_string()) else {
                return self.fault(&Name::Manifest, "lists other files than are here");
            };
            let size = u64::try_from(data.len()).unwrap_or(u64::MAX);
            if file.size != size || file.sha256 != sha256(data) {
                self.fault(name, "not the file that the manifest lists");
            }
        }
        if listed.next().is_some() {
            self.fault(&Name::Manifest, "lists other files than are here");
        }
    }

    /// The checkpoint that all proofs lead to.
    fn head(&mut self) -> Option<Signed> {
        let manifest = &self.bundle.manifest;
        let name = Name::Checkpoint(manifest.size);
        let signed = self.bundle.file(&name).and_then(Signed::parse);
        let signed = signed.filter(|signed| {
            let checkpoint = &signed.checkpoint;
            checkpoint.origin() == manifest.origin && checkpoint.size() == manifest.size
        });
        if signed.is_none() {
            self.fault(&name, "not the checkpoint that the manifest speaks of");
        }
        signed
    }

    /// The other checkpoints, and that the log grew from one into the other.
    fn others(&mut self, head: &Signed) -> Vec<Signed> {
        let mut others = Vec::new();
        for (name, data) in self.bundle.files() {
            let Name::Checkpoint(size) = name else { continue };
            if *size == head.checkpoint.size() {
                continue;
            }
            let belongs = |signed: &Signed| {
                let (one, other) = (signed.checkpoint.origin(), head.checkpoint.origin());
                belongs(one, other) || belongs(other, one)
            };
            let signed = Signed::parse(data).filter(|signed| signed.checkpoint.size() == *size);
            match signed.filter(belongs) {
                Some(signed) if self.is_consistent(head, &signed) => others.push(signed),
                Some(_) => self.fault(name, "not proved consistent with the other checkpoint"),
                None => self.fault(name, "not a checkpoint of this log and size"),
            }
        }
        if others.len() > EARLIER_MAX {
            self.fault(&Name::Manifest, "more checkpoints than a bundle may hold");
        }
        others
    }

    fn is_consistent(&self, head: &Signed, other: &Signed) -> bool {
        let mut ends = [&head.checkpoint, &other.checkpoint];
        ends.sort_by_key(|checkpoint| checkpoint.size());
        let [old, new] = ends;
        let file = self.bundle.file(&Name::Consistency(old.size(), new.size()));
        let file = file.and_then(ConsistencyFile::parse);
        file.is_some_and(|file| {
            let sizes = (file.old, file.new) == (old.size(), new.size());
            let (one, other) = (old.root(), new.root());
            sizes && verify_consistency(old.size(), one, new.size(), other, &file.hashes).is_ok()
        })
    }

    /// The claimed ranges, proved.
    fn ranges(&mut self, head: &Signed) -> Vec<RangeFile> {
        let mut ranges = Vec::new();
        for claim in &self.bundle.manifest.claims {
            let Claim::Range { from, to } = claim else { continue };
            let name = Name::Range(*from, *to);
            match self.bundle.file(&name).and_then(RangeFile::parse) {
                None => self.fault(&name, "not a range proof"),
                Some(range) => match range_problem(&range, *from, *to, head) {
                    None => ranges.push(range),
                    Some(why) => self.fault(&name, why),
                },
            }
        }
        ranges
    }

    /// The entries, each where the manifest says.
    fn entries(&mut self, head: &Signed, ranges: &[RangeFile]) -> Vec<(Listed, Leaf)> {
        let mut entries = Vec::new();
        for listed in &self.bundle.manifest.entries {
            let name = Name::Entry(listed.id);
            let Some(bytes) = self.bundle.file(&name) else {
                self.fault(&name, "missing");
                continue;
            };
            match Leaf::parse(bytes) {
                Err(_) => self.fault(&name, "not a leaf"),
                Ok(leaf) if leaf.id != listed.id => self.fault(&name, "another entry's leaf"),
                Ok(leaf) if !belongs(&leaf.log, head.checkpoint.origin()) => {
                    self.fault(&name, "a leaf of another log");
                }
                Ok(leaf) => {
                    if self.is_proved(head, ranges, listed, &leaf) {
                        entries.push((*listed, leaf));
                    }
                }
            }
        }
        entries
    }

    /// A range proves all entries within it; what lies in none has a proof of its own.
    fn is_proved(
        &mut self,
        head: &Signed,
        ranges: &[RangeFile],
        listed: &Listed,
        leaf: &Leaf,
    ) -> bool {
        let mut is_covered = false;
        for range in ranges {
            let place = listed.index.checked_sub(range.from);
            let place = place.and_then(|place| usize::try_from(place).ok());
            let Some(hash) = place.and_then(|place| range.leaves.get(place)) else { continue };
            if *hash != leaf.hash {
                self.fault(&Name::Entry(listed.id), "not the leaf at its index");
                return false;
            }
            is_covered = true;
        }
        let name = Name::Proof(listed.id);
        let problem = match self.bundle.file(&name).map(Proof::parse) {
            None if is_covered => None,
            None => Some("missing"),
            Some(Err(_)) => Some("not a proof"),
            Some(Ok(proof)) if proof.index != listed.index => Some("a proof of another index"),
            Some(Ok(proof)) => proof_problem(&proof, leaf, head),
        };
        if let Some(why) = problem {
            self.fault(&name, why);
        }
        problem.is_none()
    }

    /// Every epoch of the log was opened by an entry here, and each checkpoint is of the epoch that
    /// the log was in.
    fn epochs(&mut self, evidence: &Evidence<'_>) {
        for (listed, leaf) in &evidence.entries {
            let is_opening = leaf.type_ == EPOCH_TYPE;
            if is_opening && !evidence.openings.iter().any(|(index, _)| *index == listed.index) {
                self.fault(&Name::Entry(listed.id), "opens no epoch");
            }
        }
        for (size, why) in epochs::problems(evidence) {
            self.fault(&Name::Checkpoint(size), why);
        }
    }

    /// The deployment's checkpoint, whose log holds the head's note as a leaf.
    fn anchor(&mut self, head: &Signed) -> Option<Signed> {
        let bytes = self.bundle.file(&Name::Anchor)?;
        match anchor::over(&head.note, bytes) {
            Ok((note, checkpoint)) => Some(Signed::new(note, checkpoint)),
            Err(error) => {
                self.fault(&Name::Anchor, &error.to_string());
                None
            }
        }
    }

    /// Opened parts are what the leaves committed to; how many they are.
    fn openings(&mut self, evidence: &Evidence<'_>) -> usize {
        let Some(bytes) = self.bundle.file(&Name::Openings) else { return 0 };
        let Some(openings) = Opening::parse_all(bytes) else {
            self.fault(&Name::Openings, "not a list of openings");
            return 0;
        };
        for opening in &openings {
            let name = Name::Part(opening.id, opening.part.clone());
            let bound = evidence.entry(opening.id).and_then(|(_, leaf)| leaf.part(&opening.part));
            match (bound, self.bundle.file(&name)) {
                (None, _) => self.fault(&name, "bound by no leaf here"),
                (_, None) => self.fault(&name, "missing"),
                (Some(bound), Some(body)) => {
                    let id = opening.id.as_bytes();
                    if commit(&opening.salt, id, &opening.part, body) != bound.commitment {
                        self.fault(&name, "not what the leaf committed to");
                    }
                }
            }
        }
        openings.len()
    }

    /// What is said to be erased was erased, by an entry that is proved here and came later: behind
    /// it in the log, or where the entry was placed late, as its name or the times of both tell.
    fn erased(&mut self, evidence: &Evidence<'_>) {
        let mut seen = BTreeSet::new();
        for erased in &self.bundle.manifest.erased {
            let name = Name::Part(erased.id, erased.part.clone());
            let target = evidence.entry(erased.id);
            let bound = target.filter(|(_, leaf)| leaf.part(&erased.part).is_some());
            let is_open = self.bundle.file(&name).is_some();
            let is_new = seen.insert((erased.id, &erased.part));
            let (Some((listed, made)), false, true) = (bound, is_open, is_new) else {
                self.fault(&name, "not a part that can have been erased");
                continue;
            };
            let by = evidence.entry(erased.by);
            let is_lawful = by.is_some_and(|(by, leaf)| {
                // Whoever names an entry has seen it.
                let named = leaf.erased.contains(&(erased.id, erased.part.clone()));
                let of_person = leaf.erased.is_empty() && leaf.target.is_some();
                let is_later = by.index > listed.index || leaf.at > made.at;
                by.index != listed.index && leaf.erases() && (named || (of_person && is_later))
            });
            if !is_lawful {
                self.fault(&name, "no entry here records that it was erased");
            }
        }
    }

    /// No file is here that nothing asks for.
    fn strays(&mut self) {
        let bundle = self.bundle;
        let manifest = &bundle.manifest;
        let ids: BTreeSet<EntryId> = manifest.entries.iter().map(|entry| entry.id).collect();
        let openings = bundle.file(&Name::Openings).and_then(Opening::parse_all);
        let openings = openings.unwrap_or_default();
        let opened: BTreeMap<_, _> =
            openings.iter().map(|opening| ((opening.id, opening.part.as_str()), ())).collect();
        for (name, _) in bundle.files() {
            let is_asked_for = match name {
                Name::Entry(id) | Name::Proof(id) => ids.contains(id),
                Name::Part(id, part) => opened.contains_key(&(*id, part.as_str())),
                Name::Range(from, to) => {
                    manifest.claims.contains(&Claim::Range { from: *from, to: *to })
                }
                Name::Consistency(old, new) => {
                    let ends = [old, new].map(|size| bundle.file(&Name::Checkpoint(*size)));
                    let has_head = *old == manifest.size || *new == manifest.size;
                    old < new && has_head && ends.iter().all(Option::is_some)
                }
                _ => true,
            };
            if !is_asked_for {
                self.fault(name, "belongs to nothing here");
            }
        }
    }
}

fn range_problem(range: &RangeFile, from: u64, to: u64, head: &Signed) -> Option<&'static str> {
    let length = u64::try_from(range.leaves.len()).unwrap_or(u64::MAX);
    if (range.from, range.from.saturating_add(length)) != (from, to) {
        return Some("a proof of another range");
    }
    if range.checkpoint != head.written {
        return Some("against another checkpoint");
    }
    let (root, size) = (head.checkpoint.root(), head.checkpoint.size());
    let proved = verify_range(root, size, from, &range.leaves, &range.around);
    if proved.is_err() { Some("does not lead to the checkpoint") } else { None }
}

fn proof_problem(proof: &Proof, leaf: &Leaf, head: &Signed) -> Option<&'static str> {
    if proof.checkpoint != head.written {
        return Some("against another checkpoint");
    }
    let (root, size) = (head.checkpoint.root(), head.checkpoint.size());
    let proved = verify_inclusion(root, size, proof.index, &leaf.hash, &proof.hashes);
    if proved.is_err() { Some("does not lead to the checkpoint") } else { None }
}
