//! Migrates subjects between contract versions, batch after batch.

use std::sync::Arc;

use tracing::Instrument as _;

use super::case::Need;
use super::settle::{ask, span};
use super::{ATTEMPTS_MAX, Hos};
use crate::command::Migration;
use crate::commit::{MIGRATION_BATCH_MAX, MigrationOutcome};
use crate::error::{Error, Fault, FaultKind, Refusal};
use crate::id::{SubjectId, Tenant};
use crate::judge::{MigrationFailure, MigrationPage, MigrationPermit, Verdict};
use crate::law::Law;
use crate::receipt::{BatchReceipt, Receipt};
use crate::standing::Standing;
use crate::store::PinnedAsk;
use crate::time::ProofId;

/// The most subjects that one report names as failing.
pub const MIGRATION_EXAMPLES_MAX: usize = 20;

/// What one batch of a migration came to, or would come to in shadow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MigrationReport {
    /// How many subjects pin the new version now.
    pub migrated: u32,
    /// How many moved at the same time, and are to be met by another walk.
    pub skipped: u32,
    /// How many the new contract does not admit; they stay as they are.
    pub failed: u32,
    /// The first of those that failed, at most [`MIGRATION_EXAMPLES_MAX`]; none in a replay.
    pub examples: Vec<MigrationFailure>,
    /// The one entry that proves the batch; none when nothing was written.
    pub proof: Option<ProofId>,
    /// After which subject the walk goes on; none at its end.
    pub next: Option<SubjectId>,
    /// Whether this is the stored answer to an earlier sending of the same command.
    pub replayed: bool,
}

impl MigrationReport {
    fn of(batch: BatchReceipt) -> Self {
        let BatchReceipt { migrated, skipped, failed, next } = batch;
        Self { migrated, skipped, failed, next, ..Self::default() }
    }

    fn replayed(receipt: Receipt) -> Result<Self, Fault> {
        let missing = || Fault::new(FaultKind::Corrupt, "the receipt of a batch lacks the batch");
        let batch = receipt.batch.ok_or_else(missing)?;
        Ok(Self { proof: Some(receipt.step.proof_id), replayed: true, ..Self::of(batch) })
    }
}

impl Hos {
    /// Migrates one batch of a tenant's live subjects, at most so many and at most
    /// [`MIGRATION_BATCH_MAX`], in the order of their ids; or tells, in shadow, what would become
    /// of them. Terminal subjects stay as they ended.
    ///
    /// To be called again and again, by any process, each time with another key and
    /// [`after`](Migration::after) where the last batch ended. A walk that was broken off may begin
    /// anew: what was migrated is met no more. A migration is complete when a walk from the
    /// beginning migrates and skips nothing.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] when the actor may not, or the law declares no such
    /// migration; `Conflict` when the standing kept changing. A [`Fault`] of the kind `Ambiguous`
    /// when the answer of a commit was lost: send the same command with the same key again.
    pub async fn migrate(
        &self,
        migration: &Migration,
        limit: u32,
    ) -> Result<MigrationReport, Error> {
        let Migration { world, tenant, actor, envelope, .. } = migration;
        let about = ask(world, tenant, actor, Vec::new(), None);
        let span = span("migrate", &about, envelope.request.as_ref());
        let limit = limit.clamp(1, MIGRATION_BATCH_MAX);
        let answer = self.migrate_batch(migration, limit).instrument(span.clone()).await;
        let outcome = match &answer {
            Ok(_) if migration.shadow => "shadow",
            Ok(report) if report.replayed => "replayed",
            Ok(_) => "migrated",
            Err(Error::Refused(refusal)) => refusal.code(),
            Err(Error::Fault(_)) => "fault",
        };
        span.record("outcome", outcome);
        answer
    }

    async fn migrate_batch(
        &self,
        migration: &Migration,
        limit: u32,
    ) -> Result<MigrationReport, Error> {
        let mut read: Option<(Arc<Law>, MigrationPage)> = None;
        for _ in 0..ATTEMPTS_MAX {
            let (standing, of_world) = self.standings_for(migration).await?;
            // Taken after the standings: a law that is put in force meanwhile is a conflict.
            let law = self.bench.law(&migration.world)?;
            let judge = self.bench.judge(&law);
            let permit = match judge.permit_migration(migration, &standing, &of_world) {
                Ok(permit) => permit,
                Err(Verdict::Replayed(receipt)) => return Ok(MigrationReport::replayed(*receipt)?),
                Err(Verdict::Refused(refused)) if refused.refusal == Refusal::Conflict => continue,
                Err(Verdict::Refused(refused)) => {
                    self.note_migration(migration, &law, &of_world, Some(&refused.refusal));
                    return Err(refused.refusal.into());
                }
                Err(Verdict::Commit(_)) => {
                    let fault = Fault::new(FaultKind::Internal, "a commit that was not judged");
                    return Err(fault.into());
                }
            };
            read = read.filter(|(of, _)| Arc::ptr_eq(of, &law));
            let page = match &mut read {
                Some((_, page)) => page,
                none => {
                    let page = self.pinned(migration, &permit, limit).await?;
                    &mut none.insert((Arc::clone(&law), page)).1
                }
            };
            let verdict = judge.migrate(migration, &permit, page);
            let mut report = MigrationReport::of(verdict.batch);
            report.examples = verdict.failures;
            report.examples.truncate(MIGRATION_EXAMPLES_MAX);
            let Some(commit) = verdict.commit else {
                self.note_migration(migration, &law, &of_world, None);
                return Ok(report);
            };
            match self.store.migrate(&commit).await? {
                MigrationOutcome::Committed => {
                    self.note_migration(migration, &law, &of_world, None);
                    report.proof = Some(commit.entry().id());
                    return Ok(report);
                }
                MigrationOutcome::Conflict => {}
                MigrationOutcome::Moved(moved) => leave_out(page, &moved)?,
            }
        }
        Err(Refusal::Conflict.into())
    }

    fn note_migration(
        &self,
        migration: &Migration,
        law: &Arc<Law>,
        of_world: &Standing,
        refusal: Option<&Refusal>,
    ) {
        let Migration { actor, tenant, envelope, .. } = migration;
        let need = Need { actor, ability: "hos.migrate", tenant, context: &envelope.context };
        self.bench.note_need(law, &need, of_world, refusal);
    }

    /// Of the tenant and of the world.
    async fn standings_for(&self, migration: &Migration) -> Result<(Standing, Standing), Fault> {
        let Migration { world, tenant, actor, envelope, shadow, .. } = migration;
        let ask = |tenant, key| ask(world, tenant, actor, Vec::new(), key);
        let key = envelope.key.as_ref().filter(|_| !shadow);
        let asks = [ask(tenant, key), ask(&Tenant::world(), None)];
        let standings = self.load_all(&asks).await?;
        let mut standings = standings.into_iter();
        let missing = || Fault::new(FaultKind::Internal, "the store did not answer both asks");
        standings.next().zip(standings.next()).ok_or_else(missing)
    }

    async fn pinned(
        &self,
        migration: &Migration,
        permit: &MigrationPermit<'_>,
        limit: u32,
    ) -> Result<MigrationPage, Fault> {
        let from = permit.map.from();
        let ask = PinnedAsk {
            world: migration.world.clone(),
            tenant: migration.tenant.clone(),
            kind: from.kind().clone(),
            version: from.version().clone(),
            after: migration.after.clone(),
            limit,
        };
        let subjects = self.store.pinned(&ask).await?;
        let is_full = subjects.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let last = subjects.last().map(|pinned| pinned.id.clone());
        Ok(MigrationPage { subjects, end: last.filter(|_| is_full), skipped: 0 })
    }
}

/// Leaves out what moved meanwhile.
fn leave_out(page: &mut MigrationPage, moved: &[SubjectId]) -> Result<(), Fault> {
    let before = page.subjects.len();
    page.subjects.retain(|pinned| !moved.contains(&pinned.id));
    let left_out = u32::try_from(before - page.subjects.len()).unwrap_or(u32::MAX);
    if left_out == 0 {
        return Err(Fault::new(FaultKind::Internal, "nothing of a batch moved"));
    }
    page.skipped = page.skipped.saturating_add(left_out);
    Ok(())
}
