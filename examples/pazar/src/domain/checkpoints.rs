//! The checkpoints of a log, each judged while it is listed: who signed it, whether it grew out of
//! the one before, and whether it is in the deployment's log.

use hos_core::checkpoint::Checkpoint as Signed;
use hos_core::epoch::{join, split};
use hos_core::error::{Fault, FaultKind};
use hos_core::note::SignedNote;
use hos_core::seal::{Checkpoint, LogName};
use hos_core::time::Timestamp;

use crate::app::App;
use crate::database::{from_row, query};
use crate::error::Problem;
use crate::request::hex;

/// The most checkpoints of one page; each is proved anew.
pub(crate) const CHECKPOINTS_MAX: usize = 20;

/// A row as it is kept.
struct Kept {
    size: i64,
    note: String,
    sealed_at: i64,
}

from_row!(Kept { size, note, sealed_at });

/// What came of comparing a checkpoint with the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Growth {
    /// There is none before it.
    First,
    /// The log only grew between the two.
    Consistent,
    /// It did not, or one of the two cannot be read.
    Broken,
}

/// What came of checking who signed a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    /// One of our keys did.
    Ours,
    /// None of our keys did, or one of them did not sign this.
    Wrong,
    /// There is no key here to check with.
    Unchecked,
}

/// A checkpoint as an auditor sees it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) size: u64,
    /// Hexadecimal; none where the note cannot be read.
    pub(crate) root: Option<String>,
    pub(crate) sealed_at: Timestamp,
    pub(crate) signing: Signing,
    /// The names on its lines.
    pub(crate) signers: Vec<String>,
    pub(crate) growth: Growth,
    /// Its place in the deployment's log, or that of a later one over it.
    pub(crate) anchor: Option<u64>,
    /// The outsiders who attested it.
    pub(crate) attesters: Vec<String>,
}

/// A page of checkpoints, the latest first.
#[derive(Debug)]
pub(crate) struct CheckpointPage {
    pub(crate) origin: String,
    /// How many entries the log has.
    pub(crate) size: u64,
    pub(crate) rows: Vec<Judged>,
    /// Where the next page goes on: below this size.
    pub(crate) next: Option<u64>,
}

/// The checkpoints of a log below a size, or the latest.
pub(crate) async fn page(
    app: &App,
    log: &LogName,
    before: Option<u64>,
) -> Result<CheckpointPage, Problem> {
    let kept = kept(app, log, before).await?;
    let mut rows = Vec::with_capacity(CHECKPOINTS_MAX);
    for (place, checkpoint) in kept.iter().take(CHECKPOINTS_MAX).enumerate() {
        let earlier = kept.get(place.saturating_add(1));
        rows.push(judged(app, log, checkpoint, earlier).await?);
    }
    let last = rows.last().map(|row| row.size);
    let state = app.hos().store().seals().state(log).await?;
    Ok(CheckpointPage {
        origin: join(&app.hos().origin(log), state.epoch),
        size: state.size,
        next: last.filter(|_| kept.len() > CHECKPOINTS_MAX),
        rows,
    })
}

/// The note of a log's checkpoint over so many entries, byte for byte.
pub(crate) async fn note(app: &App, log: &LogName, size: u64) -> Result<String, Problem> {
    let found = app.hos().checkpoints(log, size, 1).await?;
    let found = found.into_iter().find(|checkpoint| checkpoint.size == size);
    Ok(found.ok_or_else(Problem::not_found)?.note)
}

/// One more than a page shows, the latest first.
async fn kept(app: &App, log: &LogName, before: Option<u64>) -> Result<Vec<Checkpoint>, Problem> {
    let before = before.and_then(|size| i64::try_from(size).ok()).unwrap_or(i64::MAX);
    let limit = i64::try_from(CHECKPOINTS_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let mut law = app.database().law_rows().await?;
    let rows: Vec<Kept> = match log {
        LogName::Deployment => {
            let rows = query(
                "SELECT size, note, sealed_at FROM hos_checkpoint \
                 WHERE scope = 0 AND size < ? ORDER BY size DESC LIMIT ?",
            );
            rows.bind(before).bind(limit).fetch_all(law.rows()).await?
        }
        LogName::Tenant(world, tenant) => {
            let rows = query(
                "SELECT c.size, c.note, c.sealed_at FROM hos_checkpoint AS c \
                 JOIN hos_scope AS s ON s.number = c.scope \
                 WHERE s.world = ? AND s.tenant = ? AND c.size < ? ORDER BY c.size DESC LIMIT ?",
            );
            let rows = rows.bind(world.as_str()).bind(tenant.as_str()).bind(before).bind(limit);
            rows.fetch_all(law.rows()).await?
        }
    };
    let checkpoint = |row: Kept| Checkpoint {
        size: u64::try_from(row.size).unwrap_or_default(),
        note: row.note,
        sealed_at: Timestamp::from_micros(row.sealed_at),
    };
    Ok(rows.into_iter().map(checkpoint).collect())
}

async fn judged(
    app: &App,
    log: &LogName,
    checkpoint: &Checkpoint,
    earlier: Option<&Checkpoint>,
) -> Result<Judged, Problem> {
    let note = SignedNote::parse(checkpoint.note.as_bytes()).ok();
    let signed = note.as_ref().and_then(|note| Signed::parse(note.text()).ok());
    let origin = app.hos().origin(log);
    let is_ours =
        |signed: &Signed| split(signed.origin()).0 == origin && signed.size() == checkpoint.size;
    let signed = signed.filter(is_ours);
    // An anchor that does not fit breaks the checkpoint, and not the page that shows it.
    let anchored = match anchored(app, log, checkpoint.size).await {
        Err(fault) if fault.kind() == FaultKind::Corrupt => None,
        anchored => Some(anchored?),
    };
    let is_readable = signed.is_some() && anchored.is_some();
    let (anchor, attesters) = anchored.unwrap_or_default();
    Ok(Judged {
        size: checkpoint.size,
        root: signed.as_ref().map(|signed| hex(signed.root())),
        sealed_at: checkpoint.sealed_at,
        signing: signing(app, note.as_ref().filter(|_| signed.is_some())),
        signers: note.iter().flat_map(signers).collect(),
        growth: growth(app, log, checkpoint, earlier, is_readable).await?,
        anchor,
        attesters,
    })
}

fn signing(app: &App, note: Option<&SignedNote>) -> Signing {
    let keys = app.sealing().keys();
    match note.map(|note| note.verify(keys)) {
        Some(Ok(_)) if keys.is_empty() => Signing::Unchecked,
        Some(Ok(verified)) if !verified.is_empty() => Signing::Ours,
        _ => Signing::Wrong,
    }
}

fn signers(note: &SignedNote) -> impl Iterator<Item = String> {
    note.signatures().iter().map(|signature| signature.name.clone())
}

/// Whether the log only grew since the checkpoint before: proved from tiles, verified against the
/// roots that were signed.
async fn growth(
    app: &App,
    log: &LogName,
    checkpoint: &Checkpoint,
    earlier: Option<&Checkpoint>,
    is_readable: bool,
) -> Result<Growth, Problem> {
    if !is_readable {
        return Ok(Growth::Broken);
    }
    let Some(earlier) = earlier else { return Ok(Growth::First) };
    match app.hos().prove_consistency(log, earlier, checkpoint).await {
        Ok(_) => Ok(Growth::Consistent),
        Err(fault) if matches!(fault.kind(), FaultKind::Corrupt | FaultKind::Limit) => {
            Ok(Growth::Broken)
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Where the deployment's log has it, and who attested that.
async fn anchored(
    app: &App,
    log: &LogName,
    size: u64,
) -> Result<(Option<u64>, Vec<String>), Fault> {
    match log {
        LogName::Deployment => {
            let attested = app.hos().store().seals().attestations(size, 1).await?;
            Ok((None, attested.into_iter().map(|attested| attested.attester).collect()))
        }
        LogName::Tenant(world, tenant) => {
            let proven = app.hos().prove_anchor(world, tenant, size.saturating_sub(1)).await?;
            let Some(proven) = proven else { return Ok((None, Vec::new())) };
            let attested = proven.attestations.into_iter().take(ATTESTERS_MAX);
            Ok((Some(proven.anchor.index), attested.map(|one| one.attester).collect()))
        }
    }
}

/// The most attesters that are named.
const ATTESTERS_MAX: usize = 8;
