//! Migrates subjects between contract versions, batch after batch.

use std::sync::Arc;

use tracing::Instrument as _;

use super::case::Need;
use super::settle::{ask, span};
use super::{ATTEMPTS_MAX, Hos};
use crate::command::Migration;
use crate::commit::{MIGRATION_BATCH_MAX, MigrationCommit, MigrationOutcome, Pinned};
use crate::error::{Error, Fault, FaultKind, Refusal};
use crate::id::{SubjectId, Tenant};
use crate::judge::{MigrationFailure, MigrationPermit};
use crate::law::Law;
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
    pub migrated: usize,
    /// How many moved at the same time, and are to be met by another walk.
    pub skipped: usize,
    /// How many the new contract does not admit; they stay as they are.
    pub failed: usize,
    /// The first of those that failed, at most [`MIGRATION_EXAMPLES_MAX`].
    pub examples: Vec<MigrationFailure>,
    /// The one entry that proves the batch; none when nothing was written.
    pub proof: Option<ProofId>,
    /// After which subject the walk goes on; none at its end.
    pub next: Option<SubjectId>,
}

impl Hos {
    /// Migrates one batch of a tenant's live subjects, at most so many and at most
    /// [`MIGRATION_BATCH_MAX`], in the order of their ids; or tells, in shadow, what would become
    /// of them. Terminal subjects stay as they ended.
    ///
    /// To be called again and again, by any process, each time [`after`](Migration::after) where
    /// the last batch ended. A walk that was broken off may begin anew: what was migrated is met no
    /// more. A migration is complete when a walk from the beginning migrates and skips nothing.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] when the actor may not, or the law declares no such
    /// migration; `Conflict` when the standing kept changing. A [`Fault`] of the kind `Ambiguous`
    /// when the answer of a commit was lost: begin the walk anew.
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
        let (mut read, mut skipped): (Option<(Arc<Law>, Page)>, _) = (None, 0);
        for _ in 0..ATTEMPTS_MAX {
            let (standing, of_world) = self.standings_for(migration).await?;
            // Taken after the standings: a law that is put in force meanwhile is a conflict.
            let law = self.bench.law(&migration.world)?;
            let judge = self.bench.judge(&law);
            let permit = judge.permit_migration(migration, &standing, &of_world);
            if matches!(permit, Err(Refusal::Conflict)) {
                continue;
            }
            let Migration { actor, tenant, envelope, .. } = migration;
            let need = Need { actor, ability: "hos.migrate", tenant, context: &envelope.context };
            self.bench.noted(&law, &need, &of_world, permit.as_ref().err());
            let permit = permit?;
            read = read.filter(|(of, _)| Arc::ptr_eq(of, &law));
            let page = match &mut read {
                Some((_, page)) => page,
                none => {
                    let page = self.pinned(migration, &permit, limit).await?;
                    &mut none.insert((Arc::clone(&law), page)).1
                }
            };
            let verdict = judge.migrate(migration, &permit, &page.subjects);
            let mut report = page.report(verdict.judged, verdict.failures, skipped);
            let Some(commit) = verdict.commit else { return Ok(report) };
            report.migrated = commit.subjects().len();
            if migration.shadow {
                return Ok(report);
            }
            match self.store.migrate(&commit).await? {
                MigrationOutcome::Committed => {
                    report.proof = Some(commit.entry().id());
                    return Ok(report);
                }
                MigrationOutcome::Conflict => {}
                MigrationOutcome::Moved(moved) => skipped += page.leave_out(&moved, &commit)?,
            }
        }
        Err(Refusal::Conflict.into())
    }

    /// Of the tenant and of the world.
    async fn standings_for(&self, migration: &Migration) -> Result<(Standing, Standing), Fault> {
        let Migration { world, tenant, actor, .. } = migration;
        let ask = |tenant| ask(world, tenant, actor, Vec::new(), None);
        let standings = self.store.load_all(&[ask(tenant), ask(&Tenant::world())]).await?;
        let mut standings = standings.into_iter();
        let missing = || Fault::new(FaultKind::Internal, "the store did not answer both asks");
        standings.next().zip(standings.next()).ok_or_else(missing)
    }

    async fn pinned(
        &self,
        migration: &Migration,
        permit: &MigrationPermit<'_>,
        limit: u32,
    ) -> Result<Page, Fault> {
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
        Ok(Page { subjects, end: last.filter(|_| is_full) })
    }
}

/// The subjects of one batch.
struct Page {
    subjects: Vec<Pinned>,
    /// The last of them as they were read, if others may follow.
    end: Option<SubjectId>,
}

impl Page {
    fn report(
        &self,
        judged: usize,
        failures: Vec<MigrationFailure>,
        skipped: usize,
    ) -> MigrationReport {
        let all = judged == self.subjects.len();
        let last = judged.checked_sub(1).and_then(|last| self.subjects.get(last));
        MigrationReport {
            skipped,
            failed: failures.len(),
            examples: failures.into_iter().take(MIGRATION_EXAMPLES_MAX).collect(),
            next: if all { self.end.clone() } else { last.map(|pinned| pinned.id.clone()) },
            ..MigrationReport::default()
        }
    }

    /// Leaves out what moved meanwhile; answers how many.
    fn leave_out(&mut self, moved: &[SubjectId], of: &MigrationCommit) -> Result<usize, Fault> {
        let before = self.subjects.len();
        self.subjects.retain(|pinned| !moved.contains(&pinned.id));
        match before - self.subjects.len() {
            0 => {
                let message = format!("nothing of batch {} moved", of.entry().id());
                Err(Fault::new(FaultKind::Internal, message))
            }
            left_out => Ok(left_out),
        }
    }
}
