//! Opens epochs of logs whose database came back from an older backup, and announces keys.

use hos_verify::checkpoint;
use hos_verify::epoch::{self, Opening};
use hos_verify::leaf::Leaf;
use hos_verify::note::{SignedNote, VerifierKey};
use tracing::Instrument as _;

use super::proving::Read;
use super::settle::{ask, commit_one, kept, noted, span};
use super::{ATTEMPTS_MAX, Hos};
use crate::command::{EpochOpening, KeyAnnouncement};
use crate::commit::Outcome;
use crate::error::{Error, Fault, FaultKind, InputFault, Refusal};
use crate::id::{Tenant, World};
use crate::judge::Verdict;
use crate::proof::{EpochFacts, EpochRecord, LogEntry};
use crate::receipt::Receipt;
use crate::seal::{LogName, LogState, inconsistent};

/// The highest number of an epoch: a log is restored from backups less often.
pub const EPOCHS_MAX: u64 = 64;
/// The longest note that an entry `epoch/1` names, in bytes.
pub const EPOCH_NOTE_BYTES_MAX: usize = 4_096;

impl Hos {
    /// Opens an epoch of a log: its database came back from an older backup, so that sealing it is
    /// refused as `Restored`, and a person decided to keep it. The tree goes on; its checkpoints
    /// are of the new epoch as soon as the entry has its place, and whoever holds one of before is
    /// told. The note must be signed by one of these keys and must not be of the log as it is.
    ///
    /// It cannot be taken back. The newer database, where there is one, is the better way out.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: `denied` without the ability `hos.epoch` in the whole world; `invalid_input`
    /// for a note that is none of this log, is not signed, agrees with the log, or was named
    /// before, and without a reason; `conflict` when the standing kept changing. A [`Fault`] of the
    /// kind `Limit` beyond [`EPOCHS_MAX`], `Busy` while the entry of the epoch before has no place,
    /// and what the store says.
    pub async fn open_epoch(
        &self,
        opening: &EpochOpening,
        keys: &[VerifierKey],
    ) -> Result<Receipt, Error> {
        let EpochOpening { world, tenant, actor, envelope, .. } = opening;
        let of_tenant = ask(world, tenant, actor, Vec::new(), envelope.key.as_ref());
        let of_world = ask(world, &Tenant::world(), actor, Vec::new(), None);
        let span = span("open_epoch", &of_tenant, envelope.request.as_ref());
        let asks = [of_tenant, of_world];
        let settled = async {
            for _ in 0..ATTEMPTS_MAX {
                let (standing, of_world) = self.both(&asks).await?;
                let facts = self.epoch_facts(opening, keys).await?;
                let law = self.bench.law(world)?;
                let judge = self.bench.judge(&law);
                let verdict = judge.open_epoch(opening, (&standing, &of_world), facts);
                if let Some(settled) = self.written(verdict).await {
                    return settled;
                }
            }
            Err(Refusal::Conflict.into())
        };
        async { noted(settled.await) }.instrument(span).await
    }

    /// Announces a key that will sign checkpoints in a world's log, so that whoever trusts the key
    /// that signs today can follow to it: seal the entry before that one is put away.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: `denied` without the ability `hos.key` in the whole world; `invalid_input`
    /// for a key that is not named as the deployment is; `conflict` when the standing kept
    /// changing.
    pub async fn announce_key(&self, announcement: &KeyAnnouncement) -> Result<Receipt, Error> {
        let KeyAnnouncement { world, actor, envelope, .. } = announcement;
        let of_world = ask(world, &Tenant::world(), actor, Vec::new(), envelope.key.as_ref());
        let span = span("announce_key", &of_world, envelope.request.as_ref());
        let settled = async {
            for _ in 0..ATTEMPTS_MAX {
                let standing = self.load(&of_world).await?;
                let law = self.bench.law(world)?;
                let verdict = self.bench.judge(&law).announce_key(announcement, &standing);
                if let Some(settled) = self.written(verdict).await {
                    return settled;
                }
            }
            Err(Refusal::Conflict.into())
        };
        async { noted(settled.await) }.instrument(span).await
    }

    /// The epochs of a log that entries opened, in their order; none for most logs.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn epochs(&self, log: &LogName) -> Result<Vec<EpochRecord>, Fault> {
        self.store.seals().epochs(log).await
    }

    /// What a verdict came to; none where it is to be judged again.
    async fn written(&self, verdict: Verdict) -> Option<Result<Receipt, Error>> {
        let commit = match verdict {
            Verdict::Replayed(receipt) => return Some(Ok(*receipt)),
            Verdict::Refused(refused) if refused.refusal == Refusal::Conflict => return None,
            Verdict::Refused(refused) => return Some(Err(refused.refusal.into())),
            Verdict::Commit(commit) => commit,
        };
        Some(match commit_one(&*self.store, &commit).await {
            Ok(Outcome::Committed) => kept(*commit),
            Ok(Outcome::Replayed(receipt)) => Ok(Receipt { replayed: true, ..*receipt }),
            Ok(Outcome::Reused) => Err(Refusal::KeyReused.into()),
            Ok(Outcome::InProgress) => Err(Refusal::InProgress.into()),
            Ok(Outcome::Conflict) => return None,
            Err(fault) => Err(fault.into()),
        })
    }

    /// What the entry is to say beside its note, or what is wrong with the note.
    async fn epoch_facts(
        &self,
        opening: &EpochOpening,
        keys: &[VerifierKey],
    ) -> Result<Result<EpochFacts, InputFault>, Fault> {
        let (log, note) = (opening.log(), opening.note.as_str());
        let wrong = |message: &str| Ok(Err(InputFault::new("note", message.to_owned())));
        let signed = SignedNote::parse(note.as_bytes()).ok();
        let Some(signed) = signed.filter(|_| note.len() <= EPOCH_NOTE_BYTES_MAX) else {
            return wrong("is no note of a checkpoint");
        };
        let known = checkpoint::Checkpoint::parse(signed.text()).ok();
        let origin = self.origin(&log);
        let of_log = |known: &checkpoint::Checkpoint| epoch::split(known.origin()).0 == origin;
        let Some(known) = known.filter(of_log) else {
            return wrong("is not of this log");
        };
        if signed.verify(keys).is_err() {
            return wrong("is signed by none of the keys");
        }
        let state = self.store.seals().state(&log).await?;
        if self.is_within(&log, &state, &known).await? {
            return wrong("is of the log as it is: nothing of it was lost");
        }
        let known_epoch = epoch::split(known.origin()).1;
        let last = state.sealed.as_ref().map(|last| super::proving::parsed(&log, last));
        let last = last.transpose()?.map_or(1, |last| epoch::split(last.origin()).1);
        // The keeper holds what was signed since, which is of the log and was not lost.
        if known_epoch < last {
            return wrong("is of an epoch that has ended");
        }
        let records = self.epochs(&log).await?;
        if let Some(last) = records.last() {
            let Some((_, before)) = self.opening(last).await? else {
                let message = format!("the entry that opens an epoch of {log} has no place yet");
                return Err(Fault::new(FaultKind::Busy, message));
            };
            if before.note == note {
                return wrong("is the one that the last epoch began with");
            }
        }
        let number = known_epoch.max(state.epoch).saturating_add(1);
        if number > EPOCHS_MAX {
            let message = format!("a log has {EPOCHS_MAX} epochs at most");
            return Err(Fault::new(FaultKind::Limit, message));
        }
        // A checkpoint as large as the lost one, or larger, is of another history already.
        let back = state.sealed.filter(|last| last.size < known.size());
        let size = back.map_or(0, |last| last.size);
        Ok(Ok(EpochFacts { number, size, note: note.to_owned() }))
    }

    /// Whether a log as it is has what a note was signed over.
    async fn is_within(
        &self,
        log: &LogName,
        state: &LogState,
        known: &checkpoint::Checkpoint,
    ) -> Result<bool, Fault> {
        if known.size() > state.size {
            return Ok(false);
        }
        if known.size() >> 8 > state.tiles {
            let message = format!("the log of {log} lacks tiles; try to seal it first");
            return Err(Fault::new(FaultKind::Busy, message));
        }
        let reads = Read::roots(self, &[(log, vec![known.size()])]).await?;
        let root = reads.first().map(|read| read.root(log, known.size())).transpose()?;
        Ok(root == Some(*known.root()))
    }

    /// What the entry of an epoch says, with its place; none until it has one.
    pub(super) async fn opening(
        &self,
        record: &EpochRecord,
    ) -> Result<Option<(LogEntry, Opening)>, Fault> {
        let EpochRecord { world, tenant, entry, number, .. } = record;
        let found = self.found(world, tenant, *entry).await?;
        let log = LogName::of(world, tenant);
        let missing = || inconsistent(&log, format!("the entry of epoch {number} is missing"));
        let entry = found.ok_or_else(missing)?;
        if entry.index.is_none() {
            return Ok(None);
        }
        let leaf = Leaf::parse(entry.leaf.as_bytes()).ok();
        let opening = leaf.as_ref().and_then(Opening::of);
        let opening = opening.filter(|opening| opening.number == *number).ok_or_else(missing)?;
        Ok(Some((entry, opening)))
    }

    /// The entries that open epochs of a tenant's log and are under a checkpoint of this size.
    pub(super) async fn openings(
        &self,
        world: &World,
        tenant: &Tenant,
        size: u64,
    ) -> Result<Vec<LogEntry>, Fault> {
        let mut entries = Vec::new();
        for record in self.epochs(&LogName::of(world, tenant)).await? {
            let opened = self.opening(&record).await?.map(|(entry, _)| entry);
            entries.extend(opened.filter(|entry| entry.index.is_some_and(|at| at < size)));
        }
        Ok(entries)
    }
}
