//! Seals logs: writes their tiles, compares, signs, publishes.

mod epoch;
mod growing;
mod together;

use std::sync::{Mutex, PoisonError};

use hos_verify::checkpoint;
use hos_verify::epoch::split;
use hos_verify::note::SignedNote;

use super::Hos;
use crate::error::{Fault, FaultKind};
use crate::id::{Tenant, World};
use crate::merkle::Hash;
use crate::proof::{self, PAGE_MAX};
use crate::seal::{
    CHECKPOINT_BYTES_MAX, Checkpoint, KEPT_TOGETHER_MAX, Keeper, LogName, PUBLISHED_TOGETHER_MAX,
    Signer, inconsistent,
};

const _: () = assert!(KEPT_TOGETHER_MAX <= PUBLISHED_TOGETHER_MAX);

/// The most tiles of level 0 that one call writes for one log: 1,048,576 entries.
pub const SEALED_TILES_MAX: u64 = 4_096;

/// Seals the logs of one deployment. Several may, in several processes, at the same time.
pub struct Sealer {
    pub(super) hos: Hos,
    signer: Box<dyn Signer>,
    keeper: Box<dyn Keeper>,
    /// The number of the last log that was tried: those that cannot be sealed hold up nobody.
    turn: Mutex<Option<u64>>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("keys", &self.signer.keys()).finish_non_exhaustive()
    }
}

/// What sealing a log came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sealing {
    /// This checkpoint was published.
    Sealed(Checkpoint),
    /// The last checkpoint is over every entry, or another sealer was quicker; none for an empty
    /// log.
    Unchanged(Option<Checkpoint>),
    /// Tiles were written, and there are more to write: call again.
    Growing,
}

/// What sealing the logs that had new entries came to.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct SealReport {
    /// Checkpoints that were published.
    pub sealed: Vec<(LogName, Checkpoint)>,
    /// How many logs another sealer was quicker with.
    pub unchanged: u32,
    /// How many logs have more tiles to be written.
    pub growing: u32,
    /// Logs that were not sealed, each with its fault; the others were.
    pub refused: Vec<(LogName, Fault)>,
}

impl SealReport {
    /// How many logs were tried.
    #[must_use]
    pub fn tried(&self) -> usize {
        let counted = self.unchanged.saturating_add(self.growing);
        let counted = usize::try_from(counted).unwrap_or(usize::MAX);
        counted.saturating_add(self.sealed.len()).saturating_add(self.refused.len())
    }

    fn add(&mut self, log: &LogName, sealing: Result<Sealing, Fault>) {
        match sealing {
            Ok(Sealing::Sealed(checkpoint)) => self.sealed.push((log.clone(), checkpoint)),
            Ok(Sealing::Unchanged(_)) => self.unchanged += 1,
            Ok(Sealing::Growing) => self.growing += 1,
            Err(fault) => {
                tracing::error!(target: "hos::seal", %log, %fault, "a log is not sealed");
                self.refused.push((log.clone(), fault));
            }
        }
    }
}

impl Hos {
    /// Makes a sealer of this law's logs, with keys that are named as the deployment is.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Key` for a signer without a key, or with one of another name.
    pub fn sealer(
        &self,
        signer: impl Signer + 'static,
        keeper: impl Keeper + 'static,
    ) -> Result<Sealer, Fault> {
        let name = &*self.bench.deployment;
        if signer.keys().is_empty() || signer.keys().iter().any(|key| key.name() != name) {
            let message = format!("the keys that seal `{name}` are to be named so");
            return Err(Fault::new(FaultKind::Key, message));
        }
        let (signer, keeper) = (Box::new(signer), Box::new(keeper));
        Ok(Sealer { hos: self.clone(), signer, keeper, turn: Mutex::new(None) })
    }

    /// The origin of a log, as its leaves name it, and its checkpoints in its first epoch
    /// ([`epoch::split`](hos_verify::epoch::split)).
    #[must_use]
    pub fn origin(&self, log: &LogName) -> String {
        match log {
            LogName::Deployment => format!("{}/deployment", self.bench.deployment),
            LogName::Tenant(world, tenant) => proof::origin(&self.bench.deployment, world, tenant),
        }
    }
}

impl Sealer {
    /// The law whose logs it seals.
    #[must_use]
    pub fn hos(&self) -> &Hos {
        &self.hos
    }

    /// Seals the log of a tenant, as far as it is sequenced.
    ///
    /// # Errors
    ///
    /// `Corrupt` where the log, its tiles and its checkpoints do not tell the same: it is not
    /// sealed. `Restored` where the store is behind or beside what the keeper remembers. `Key` from
    /// the signer; and what the store and the keeper say. Nothing is published then, and the call
    /// may be made again.
    pub async fn seal(&self, world: &World, tenant: &Tenant) -> Result<Sealing, Fault> {
        self.seal_log(&LogName::of(world, tenant)).await
    }

    /// Seals logs that have entries beyond their last checkpoint, at most so many, each as
    /// [`Sealer::seal`] does; the deployment's among them. Logs take turns over the calls. What it
    /// costs does not depend on how many logs lie idle; many are read, kept and published at once.
    ///
    /// # Errors
    ///
    /// What the store says when they cannot be listed, and `Unavailable` where nothing can be asked
    /// any more; what happens to each is in the report.
    pub async fn seal_pending(&self, limit: u32) -> Result<SealReport, Fault> {
        let mut report = SealReport::default();
        let logs = self.next(limit.min(PAGE_MAX)).await?;
        self.seal_each(&logs, &mut report).await?;
        Ok(report)
    }

    /// Seals these logs, those too that have not grown, each as [`Sealer::seal`] does.
    ///
    /// # Errors
    ///
    /// As [`Sealer::seal_pending`].
    pub async fn seal_all(&self, logs: &[LogName]) -> Result<SealReport, Fault> {
        let mut report = SealReport::default();
        self.seal_each(logs, &mut report).await?;
        Ok(report)
    }

    /// Seals every log of this process's worlds and the deployment's as [`Sealer::seal_all`] does:
    /// where a database came back from a backup, the keeper knows more of an idle log than the
    /// database, and the report says so. To be called when sealing begins and now and then; it
    /// costs a look at each log.
    ///
    /// # Errors
    ///
    /// As [`Sealer::seal_pending`].
    pub async fn seal_every(&self) -> Result<SealReport, Fault> {
        let mut report = SealReport::default();
        for world in self.hos.bench.worlds() {
            let mut after: Option<Tenant> = None;
            let mut logs = vec![LogName::of(world, &Tenant::world())];
            loop {
                let page = self.hos.store.tenants(world, after.as_ref(), PAGE_MAX).await?;
                after = page.last().cloned();
                logs.extend(page.iter().map(|tenant| LogName::of(world, tenant)));
                self.seal_each(&logs, &mut report).await?;
                logs.clear();
                if after.is_none() {
                    break;
                }
            }
        }
        self.seal_each(&[LogName::Deployment], &mut report).await?;
        Ok(report)
    }

    async fn seal_each(&self, logs: &[LogName], report: &mut SealReport) -> Result<(), Fault> {
        let mut waiting: Vec<&[LogName]> = logs.chunks(KEPT_TOGETHER_MAX).rev().collect();
        while let Some(logs) = waiting.pop() {
            match (self.seal_together(logs).await, logs) {
                (Ok(sealings), _) => {
                    for (log, sealing) in logs.iter().zip(sealings) {
                        report.add(log, sealing);
                    }
                }
                (Err(fault), [log]) => report.add(log, Err(fault)),
                (Err(fault), _) if fault.kind() == FaultKind::Unavailable => return Err(fault),
                // It may be the fault of one of them, which holds up no other.
                (Err(_), _) => {
                    let (first, second) = logs.split_at(logs.len() / 2);
                    waiting.extend([second, first]);
                }
            }
        }
        Ok(())
    }

    /// The unsealed logs whose turn it is.
    async fn next(&self, limit: u32) -> Result<Vec<LogName>, Fault> {
        let seals = self.hos.store.seals();
        let after = *self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut logs = seals.unsealed(after, limit).await?;
        let wanted = limit.saturating_sub(u32::try_from(logs.len()).unwrap_or(limit));
        let last = logs.last().map(|(number, _)| *number);
        if wanted > 0 && after.is_some() {
            let from_the_start = seals.unsealed(None, wanted).await?;
            logs.extend(from_the_start.into_iter().filter(|(number, _)| Some(*number) <= after));
        }
        let next = if wanted > 0 { None } else { last };
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(logs.into_iter().map(|(_, log)| log).collect())
    }

    pub(super) async fn seal_log(&self, log: &LogName) -> Result<Sealing, Fault> {
        let sealings = self.seal_together(std::slice::from_ref(log)).await?;
        sealings.into_iter().next().unwrap_or_else(|| Ok(Sealing::Unchanged(None)))
    }

    /// Whether every key of the signer signed a note.
    fn is_signed(&self, note: &str) -> bool {
        let note = SignedNote::parse(note.as_bytes()).ok();
        let signed = note.as_ref().and_then(|note| note.verify(self.signer.keys()).ok());
        signed.is_some_and(|signed| signed.len() == self.signer.keys().len())
    }

    /// Signs outside any lock, and checks what was signed.
    async fn sign(
        &self,
        log: &LogName,
        origin: &str,
        size: u64,
        root: Hash,
    ) -> Result<String, Fault> {
        let checkpoint =
            checkpoint::Checkpoint::new(origin, size, root).map_err(super::internal)?;
        let text = checkpoint.to_text();
        let signatures = self.signer.sign(&text).await?;
        let key = |error: hos_verify::note::NoteError| {
            let message = format!("the checkpoint of {log} was not signed as it should be");
            Fault::new(FaultKind::Key, message).caused_by(error)
        };
        let note = SignedNote::new(&text, signatures).map_err(key)?;
        let signed = note.verify(self.signer.keys()).map_err(key)?.len();
        let note = note.to_string();
        if signed != self.signer.keys().len() || note.len() > CHECKPOINT_BYTES_MAX {
            let message = format!("the checkpoint of {log} was not signed by every key");
            return Err(Fault::new(FaultKind::Key, message));
        }
        Ok(note)
    }
}

/// Reads a note of a log that was published or kept, in whatever epoch.
fn read(log: &LogName, origin: &str, note: &str) -> Result<checkpoint::Checkpoint, Fault> {
    let bad = |_| inconsistent(log, "a checkpoint of it cannot be read");
    let signed = SignedNote::parse(note.as_bytes()).map_err(bad)?;
    let checkpoint = checkpoint::Checkpoint::parse(signed.text());
    let checkpoint =
        checkpoint.map_err(|_| inconsistent(log, "a checkpoint of it cannot be read"))?;
    if split(checkpoint.origin()).0 != split(origin).0 {
        return Err(inconsistent(log, "a checkpoint of it names another log"));
    }
    Ok(checkpoint)
}

fn restored(log: &LogName, what: &str) -> Fault {
    let message = format!(
        "the store was restored from a backup: the log of {log} {what}; it is not sealed. Restore \
         the newer state, or keep both and begin a new epoch (docs/databases.md)"
    );
    Fault::new(FaultKind::Restored, message)
}
