//! What the entries of a segment say: of epochs, of times, and of parts that are gone.

use hos_verify::epoch::Opening;
use hos_verify::policy::Endorsement;
use hos_verify::time::Time;
use hos_verify::verify::AHEAD_SECONDS_MAX;

use super::Walk;
use crate::check::SegmentCheck;
use crate::finding::{Fault, Finding};

/// The most entries that open epochs, of all segments.
const EPOCHS_MAX: usize = 256;
/// The most erased parts that are remembered until the entry of their erasure comes by.
const ERASED_MAX: usize = 65_536;

impl Walk<'_> {
    /// Whoever saw the tree of a segment saw its entries.
    pub(super) fn refuse_late(&mut self, check: &SegmentCheck, endorsement: &Endorsement) {
        let times = endorsement.witnesses.iter().map(|(_, seconds)| *seconds);
        let first = times.min().and_then(Time::from_seconds);
        let latest = check.latest().and_then(|at| u64::try_from(at.as_micros()).ok());
        let latest = latest.and_then(Time::from_micros);
        if let (Some(seen), Some(latest)) = (first, latest)
            && latest > seen.plus_seconds(AHEAD_SECONDS_MAX)
        {
            let segment = Some(check.manifest().range());
            self.report.add(Finding { segment, index: None, kind: Fault::Late });
        }
    }

    /// Epochs follow each other, and nothing came back that was not there.
    pub(super) fn refuse_order(&self, check: &SegmentCheck) -> Result<(), Fault> {
        let openings = self.report.openings.len().saturating_add(check.openings().len());
        let mut last = self.epoch;
        let of_log = |(_, opening): &&(u64, Opening)| opening.log() == self.expectation.origin;
        for (index, opening) in check.openings().iter().filter(of_log) {
            let follows = opening.number == last + 1 || (!self.is_whole && opening.number > last);
            if !follows || opening.size > *index {
                return Err(Fault::Epoch);
            }
            last = opening.number;
        }
        if openings > EPOCHS_MAX { Err(Fault::Epoch) } else { Ok(()) }
    }

    pub(super) fn count_parts(&mut self, check: &SegmentCheck) {
        let (own, all) = (check.parts(), &mut self.report.parts);
        all.bound += own.bound;
        all.sealed += own.sealed;
        all.erased += own.erased;
        all.missing += own.missing;
        let segment = check.manifest().range();
        if own.missing > 0 {
            let kind = Fault::MissingPart;
            self.report.add(Finding { segment: Some(segment), index: None, kind });
        }
        let (erased, erasures) = check.erasures();
        let is_full = u64::try_from(erased.len()) != Ok(own.erased);
        for erasure in erased.difference(erasures) {
            if is_full || self.erased.len() >= ERASED_MAX {
                let kind = Fault::UnprovenErasure;
                return self.report.add(Finding { segment: Some(segment), index: None, kind });
            }
            self.erased.insert(erasure.clone(), segment);
        }
        for erasure in erasures {
            self.erased.remove(erasure);
        }
    }

    /// An entry that opens an epoch is under no checkpoint of an earlier one: who signed that knew
    /// that it was over.
    pub(super) fn refuse_outlived(&mut self, check: &SegmentCheck) {
        let of_log = |(_, opening): &&(u64, Opening)| opening.log() == self.expectation.origin;
        for (index, opening) in check.openings().iter().filter(of_log) {
            let over = |(size, _): &(u64, (u64, u64))| size > index;
            let earlier = self.signed.range(..opening.number).map(|(_, signed)| *signed);
            let outlived: Vec<_> = earlier.filter(over).collect();
            self.signed.retain(|epoch, signed| *epoch >= opening.number || !over(signed));
            for (_, segment) in outlived {
                let segment = Some(segment);
                self.report.add(Finding { segment, index: Some(*index), kind: Fault::Epoch });
            }
        }
    }

    /// The epoch that the log is in behind a segment, as far as entries so far tell.
    pub(super) fn reached(&self, check: &SegmentCheck) -> u64 {
        let of_log = |(_, opening): &&(u64, Opening)| opening.log() == self.expectation.origin;
        let own = check.openings().iter().filter(of_log);
        own.map(|(_, opening)| opening.number).fold(self.epoch, u64::max)
    }
}
