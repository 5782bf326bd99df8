//! Seals logs together: what costs a round trip or a sync is done once for all of them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use hos_verify::checkpoint;
use hos_verify::epoch::split;

use super::{Sealer, Sealing, read, restored};
use crate::error::Fault;
use crate::hos::proving::Read;
use crate::merkle::Hash;
use crate::seal::{
    Checkpoint, KeptNote, LogName, LogState, Publication, Published, inconsistent, overtaken,
};

/// How many logs' tiles are written, or notes signed, beside each other; few, so that commits find
/// connections too.
const AT_ONCE: usize = 4;

/// What became of logs, each by its place among those that are sealed together.
type Ended = Vec<(usize, Result<Sealing, Fault>)>;

/// A log on its way to a checkpoint.
struct Draft<'l> {
    place: usize,
    log: &'l LogName,
    origin: String,
    /// The note that the keeper knows.
    kept: Option<(checkpoint::Checkpoint, String)>,
    last: Option<checkpoint::Checkpoint>,
    state: LogState,
}

/// What a log that agrees with all that is known of it wants.
enum Wanted {
    /// A signature over this root.
    Signature(Hash),
    /// To be published with the note that was signed already, by a sealer that did not come to it.
    Publishing(String),
}

impl Sealer {
    /// Seals logs; an error is of all of them.
    pub(super) async fn seal_together(
        &self,
        logs: &[LogName],
    ) -> Result<Vec<Result<Sealing, Fault>>, Fault> {
        let mut ended = Ended::new();
        let drafts = self.drafts(logs, &mut ended).await?;
        let drafts = self.grown(drafts, &mut ended).await;
        let notes = self.notes(drafts, &mut ended).await?;
        self.publish(notes, &mut ended).await?;
        ended.sort_by_key(|(place, _)| *place);
        Ok(ended.into_iter().map(|(_, sealing)| sealing).collect())
    }

    /// What is known of each log that has entries to be sealed.
    async fn drafts<'l>(
        &self,
        logs: &'l [LogName],
        ended: &mut Ended,
    ) -> Result<Vec<Draft<'l>>, Fault> {
        let seals = self.hos.store.seals();
        let origins: Vec<String> = logs.iter().map(|log| self.hos.origin(log)).collect();
        // Before the logs' states: what another sealer keeps meanwhile is within the logs already.
        let kept = self.keeper.last_all(&origins).await?;
        let states = seals.states(logs).await?;
        let (mut drafts, mut unchanged) = (Vec::new(), Vec::new());
        let of_each = logs.iter().zip(origins).zip(kept).zip(states).enumerate();
        for (place, (((log, origin), kept), state)) in of_each {
            match state.sealed {
                Some(last) if last.size == state.size => {
                    match not_behind(log, &origin, kept.as_deref(), &last) {
                        Ok(()) => unchanged.push((place, log, last)),
                        Err(fault) => ended.push((place, Err(fault))),
                    }
                }
                None if state.size == 0 => ended.push((place, Ok(Sealing::Unchanged(None)))),
                _ => {
                    let begun = self.in_epoch(log, &origin, kept, &state).await;
                    let draft = begun
                        .and_then(|(origin, kept)| Draft::new(place, log, origin, kept, state));
                    match draft {
                        Ok(draft) => drafts.push(draft),
                        Err(fault) => ended.push((place, Err(fault))),
                    }
                }
            }
        }
        // Takes the mark off, if one is left.
        let marked = unchanged.iter().map(|(_, log, last)| Publication {
            log: (*log).clone(),
            base: last.size,
            checkpoint: last.clone(),
        });
        seals.publish_all(&marked.collect::<Vec<_>>()).await?;
        let unchanged = unchanged.into_iter();
        ended.extend(unchanged.map(|(place, _, last)| (place, Ok(Sealing::Unchanged(Some(last))))));
        Ok(drafts)
    }

    /// The logs whose tiles are written.
    async fn grown<'l>(&self, drafts: Vec<Draft<'l>>, ended: &mut Ended) -> Vec<Draft<'l>> {
        let mut ready = Vec::with_capacity(drafts.len());
        let mut drafts = drafts.into_iter().peekable();
        while drafts.peek().is_some() {
            let group: Vec<Draft<'_>> = drafts.by_ref().take(AT_ONCE).collect();
            let mut growing = Vec::with_capacity(AT_ONCE);
            for draft in &group {
                growing.push(self.grow(draft.log, &draft.state, draft.last.as_ref()));
            }
            let grown = join_all(growing).await;
            for (draft, grown) in group.into_iter().zip(grown) {
                match grown {
                    Ok(true) => ready.push(draft),
                    Ok(false) => ended.push((draft.place, Ok(Sealing::Growing))),
                    Err(fault) => ended.push((draft.place, Err(fault))),
                }
            }
        }
        ready
    }

    /// The note over each log as it is, once everything that is known of it agrees, and the keeper
    /// has it.
    async fn notes<'l>(
        &self,
        drafts: Vec<Draft<'l>>,
        ended: &mut Ended,
    ) -> Result<Vec<(Draft<'l>, String)>, Fault> {
        let sizes: Vec<_> = drafts.iter().map(|draft| (draft.log, draft.sizes())).collect();
        let reads = Read::roots(&self.hos, &sizes).await?;
        let (mut notes, mut unsigned) = (Vec::new(), Vec::new());
        for (draft, read) in drafts.into_iter().zip(reads) {
            match draft.compared(&read, |note| self.is_signed(note)) {
                Ok(Wanted::Publishing(note)) => notes.push((draft, note)),
                Ok(Wanted::Signature(root)) => unsigned.push((draft, root)),
                Err(fault) => ended.push((draft.place, Err(fault))),
            }
        }
        let signed = self.signed(unsigned, ended).await;
        notes.extend(self.kept(signed, ended).await?);
        Ok(notes)
    }

    async fn signed<'l>(
        &self,
        drafts: Vec<(Draft<'l>, Hash)>,
        ended: &mut Ended,
    ) -> Vec<(Draft<'l>, Hash, String)> {
        let mut signed = Vec::with_capacity(drafts.len());
        let mut drafts = drafts.into_iter().peekable();
        while drafts.peek().is_some() {
            let group: Vec<(Draft<'_>, Hash)> = drafts.by_ref().take(AT_ONCE).collect();
            let mut signing = Vec::with_capacity(AT_ONCE);
            for (draft, root) in &group {
                signing.push(self.sign(draft.log, &draft.origin, draft.state.size, *root));
            }
            let notes = join_all(signing).await;
            for ((draft, root), note) in group.into_iter().zip(notes) {
                match note {
                    Ok(note) => signed.push((draft, root, note)),
                    Err(fault) => ended.push((draft.place, Err(fault))),
                }
            }
        }
        signed
    }

    /// Keeps notes before they are published, and answers the ones that were kept first.
    async fn kept<'l>(
        &self,
        signed: Vec<(Draft<'l>, Hash, String)>,
        ended: &mut Ended,
    ) -> Result<Vec<(Draft<'l>, String)>, Fault> {
        if signed.is_empty() {
            return Ok(Vec::new());
        }
        let keep = signed.iter().map(|(draft, _, note)| KeptNote {
            origin: draft.origin.clone(),
            size: draft.state.size,
            note: note.clone(),
        });
        self.keeper.keep_all(&keep.collect::<Vec<_>>()).await?;
        let origins: Vec<String> = signed.iter().map(|(draft, ..)| draft.origin.clone()).collect();
        let firsts = self.keeper.last_all(&origins).await?;
        let mut notes = Vec::with_capacity(signed.len());
        for ((draft, root, note), first) in signed.into_iter().zip(firsts) {
            match draft.first(root, first) {
                // Its own was looked at when it was signed.
                Ok(Some(first)) if first != note && self.is_signed(&first) => {
                    notes.push((draft, first));
                }
                Ok(_) => notes.push((draft, note)),
                Err(fault) => ended.push((draft.place, Err(fault))),
            }
        }
        Ok(notes)
    }

    async fn publish(
        &self,
        notes: Vec<(Draft<'_>, String)>,
        ended: &mut Ended,
    ) -> Result<(), Fault> {
        if notes.is_empty() {
            return Ok(());
        }
        let sealed_at = self.hos.bench.clock.now();
        let (places, publications): (Vec<usize>, Vec<Publication>) = notes
            .into_iter()
            .map(|(Draft { place, log, state, .. }, note)| {
                let base = state.sealed.map_or(0, |last| last.size);
                let checkpoint = Checkpoint { size: state.size, note, sealed_at };
                (place, Publication { log: log.clone(), base, checkpoint })
            })
            .unzip();
        let published = self.hos.store.seals().publish_all(&publications).await?;
        for ((place, publication), published) in places.into_iter().zip(publications).zip(published)
        {
            let sealing = match published {
                Published::Done => Sealing::Sealed(publication.checkpoint),
                Published::Outrun(last) => Sealing::Unchanged(last),
            };
            ended.push((place, Ok(sealing)));
        }
        Ok(())
    }
}

impl<'l> Draft<'l> {
    fn new(
        place: usize,
        log: &'l LogName,
        origin: String,
        kept: Option<String>,
        state: LogState,
    ) -> Result<Self, Fault> {
        let kept =
            kept.map(|note| Ok::<_, Fault>((read(log, &origin, &note)?, note))).transpose()?;
        if let Some((kept, _)) = kept.as_ref().filter(|(kept, _)| kept.size() > state.size) {
            let (known, held) = (kept.size(), state.size);
            return Err(restored(log, &format!("has {held} entries, {known} were signed")));
        }
        let last = state.sealed.as_ref().map(|last| read(log, &origin, &last.note)).transpose()?;
        if last.as_ref().is_some_and(|last| last.size() > state.size) {
            return Err(inconsistent(log, "its last checkpoint is over other entries"));
        }
        if kept.is_none() && last.is_some() {
            tracing::warn!(target: "hos::seal", %log, "the keeper knows no note of the log");
        }
        Ok(Self { place, log, origin, kept, last, state })
    }

    /// At which sizes roots are compared, each once: mostly the last checkpoint is the kept one.
    fn sizes(&self) -> Vec<u64> {
        let kept = self.kept.as_ref().map(|(kept, _)| kept.size());
        let last = self.last.as_ref().map(checkpoint::Checkpoint::size);
        let sizes: BTreeSet<u64> =
            [Some(self.state.size), last, kept].into_iter().flatten().collect();
        sizes.into_iter().collect()
    }

    fn compared(&self, read: &Read, is_signed: impl Fn(&str) -> bool) -> Result<Wanted, Fault> {
        let log = self.log;
        let roots = self.sizes().into_iter().map(|size| Ok((size, read.root(log, size)?)));
        let roots = roots.collect::<Result<BTreeMap<u64, Hash>, Fault>>()?;
        let is_over = |checkpoint: &checkpoint::Checkpoint| {
            roots.get(&checkpoint.size()) == Some(checkpoint.root())
        };
        let root = roots.get(&self.state.size).copied();
        let root = root.ok_or_else(|| inconsistent(log, "it has no root"))?;
        if self.state.root.is_some_and(|stored| stored != root) {
            return Err(inconsistent(log, "its head has another root than its entries"));
        }
        if self.last.as_ref().is_some_and(|last| !is_over(last)) {
            return Err(inconsistent(log, "its last checkpoint is over other entries"));
        }
        let Some((kept, note)) = &self.kept else { return Ok(Wanted::Signature(root)) };
        if !is_over(kept) {
            let size = kept.size();
            return Err(restored(log, &format!("has other entries below {size} than signed")));
        }
        let is_published_next = kept.size() == self.state.size && is_signed(note);
        Ok(if is_published_next {
            Wanted::Publishing(note.clone())
        } else {
            Wanted::Signature(root)
        })
    }

    /// The note over as many entries that was kept first; none where one over more is kept.
    fn first(&self, root: Hash, kept: Option<String>) -> Result<Option<String>, Fault> {
        let Some(note) = kept else { return Ok(None) };
        let first = read(self.log, &self.origin, &note)?;
        if first.origin() != self.origin {
            return Err(overtaken(&self.origin));
        }
        if first.size() != self.state.size {
            return Ok(None);
        }
        if *first.root() != root {
            return Err(restored(self.log, "was signed with other entries, out of another store"));
        }
        Ok(Some(note))
    }
}

/// A fault where what was signed last of a log, by what the keeper remembers, is beyond or beside
/// the last checkpoint of it, though the log has not grown since.
fn not_behind(
    log: &LogName,
    origin: &str,
    kept: Option<&str>,
    last: &Checkpoint,
) -> Result<(), Fault> {
    let Some(note) = kept else { return Ok(()) };
    let (known, last) = (read(log, origin, note)?, read(log, origin, &last.note)?);
    let at = |note: &checkpoint::Checkpoint| (split(note.origin()).1, note.size());
    if at(&known) > at(&last) {
        return Err(restored(
            log,
            &format!("ends at {}, {} was signed", last.size(), known.size()),
        ));
    }
    if at(&known) == at(&last) && known.root() != last.root() {
        let size = last.size();
        return Err(restored(log, &format!("has other entries below {size} than signed")));
    }
    Ok(())
}
