//! The check of a whole deployment, scope by scope.

use std::collections::BTreeSet;
use std::sync::Arc;

use hos_core::error::{Fault, FaultKind};
use hos_core::id::{IdError, Tenant, World};
use hos_core::proof::PAGE_MAX;
use hos_core::store::{Archived, Placeless, ScopeRow, Survey};
use hos_verify::checkpoint::Checkpoint;
use hos_verify::epoch::Opening;

use crate::deployment;
use crate::entry::Fact;
use crate::epochs::{EPOCHS_MAX, Epochs};
use crate::locate::{Round, locate};
use crate::log::{Pages, Reader, is_short};
use crate::options::{Depth, Options, Progress};
use crate::page::{Checked, Wanted};
use crate::parts::Missing;
use crate::report::{Finding, FindingCode, Report};
use crate::scope::{Scope, Whose};
use crate::sealed::Opener;
use crate::standing::Standing;
use crate::subjects::{self, Contracts};
use crate::sums::{Seed, Sums};
use crate::walk::Walk;
use crate::{LOOKED_AT_ONCE_MAX, SUBJECTS_AT_ONCE_MAX};

/// Checks what is kept, as it is in one moment, and tells `progress` how far it is after each page.
///
/// Needs a tokio runtime: pages are checked on its blocking threads while the next ones are read.
///
/// # Errors
///
/// What the database says; what is wrong with what it keeps is no error but a finding.
pub async fn fsck(
    survey: &dyn Survey,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, Fault> {
    let picture = survey.picture().await?;
    let reader = Reader { picture, progress: Progress::default(), tell: progress };
    let report = Report::default();
    let (seed, unmet) = (Seed::new(), options.trust.known.iter().collect());
    let openings = Vec::new();
    let mut check = Check { options, reader, report, seed, contracts: None, unmet, openings };
    check.count().await?;
    let mut after: Option<ScopeRow> = None;
    loop {
        let page = check.scopes(after.as_ref()).await?;
        for row in &page {
            if options.is_about(&row.world, &row.tenant) {
                check.scope_or_cut(row).await?;
            }
        }
        let is_last = is_short(&page);
        match page.into_iter().next_back() {
            Some(last) if !is_last && is_later(&last, after.as_ref()) => after = Some(last),
            Some(last) if !is_last => {
                let message = "names in no order: not every tenant could be read";
                let (world, tenant) = (last.world.as_str(), last.tenant.as_str());
                let code = FindingCode::ScopeUnreadable;
                check.report.findings.add(Finding::new(code, world, tenant, message));
                break;
            }
            _ => break,
        }
    }
    check.unplaced().await?;
    if options.is_about_all() {
        check.deployment().await?;
    }
    Ok(check.report)
}

/// Whether a page ends later than the one before: names that are no text are read as others, and
/// must not be read for ever.
fn is_later(last: &ScopeRow, before: Option<&ScopeRow>) -> bool {
    before.is_none_or(|before| (&before.world, &before.tenant) < (&last.world, &last.tenant))
}

struct Check<'a> {
    options: &'a Options,
    reader: Reader<'a>,
    report: Report,
    seed: Seed,
    /// Those of the world that is being checked.
    contracts: Option<(World, Arc<Contracts>)>,
    /// Known checkpoints whose log was not met yet.
    unmet: Vec<&'a Checkpoint>,
    /// Entries that open epochs of the deployment's log.
    openings: Vec<(u64, Opening)>,
}

impl Check<'_> {
    async fn scopes(&mut self, after: Option<&ScopeRow>) -> Result<Vec<ScopeRow>, Fault> {
        let after = after.map(|row| (row.world.as_str(), row.tenant.as_str()));
        self.reader.picture.scopes(after, PAGE_MAX).await
    }

    /// How much there is to read.
    async fn count(&mut self) -> Result<(), Fault> {
        let mut after: Option<ScopeRow> = None;
        loop {
            let page = self.scopes(after.as_ref()).await?;
            let sizes = page.iter().filter(|row| self.options.is_about(&row.world, &row.tenant));
            let sizes = sizes.map(|row| row.size);
            self.reader.progress.total =
                sizes.fold(self.reader.progress.total, u64::saturating_add);
            let is_last = is_short(&page);
            match page.into_iter().next_back() {
                Some(last) if !is_last && is_later(&last, after.as_ref()) => after = Some(last),
                _ => return Ok(()),
            }
        }
    }

    /// A log of which entries are archived elsewhere is named, and the others are checked.
    async fn scope_or_cut(&mut self, row: &ScopeRow) -> Result<(), Fault> {
        match self.scope(row).await {
            Err(fault) if fault.kind() == FaultKind::Archived => {
                let (world, tenant) = (row.world.as_str(), row.tenant.as_str());
                let mut finding =
                    Finding::new(FindingCode::Archived, world, tenant, fault.to_string());
                let archived = Archived::of(&fault);
                finding.index = archived.map(|archived| archived.first);
                finding.entry = archived.map(|archived| archived.entry.to_string());
                self.report.findings.add(finding);
                Ok(())
            }
            checked => checked,
        }
    }

    async fn scope(&mut self, row: &ScopeRow) -> Result<(), Fault> {
        self.report.logs += 1;
        let unreadable = |error: IdError| {
            let (world, tenant) = (row.world.as_str(), row.tenant.as_str());
            Finding::new(FindingCode::ScopeUnreadable, world, tenant, error.to_string())
        };
        let names = (World::new(row.world.as_str()), Tenant::from_stored(&row.tenant));
        let scope = match names {
            (Ok(world), Ok(tenant)) => Arc::new(Scope::new(&world, &tenant)),
            (Err(error), _) | (_, Err(error)) => {
                self.report.findings.add(unreadable(error));
                return Ok(());
            }
        };
        match self.options.depth {
            Depth::Logs => self.log(&scope, row, Wanted::Hashes, |_| {}).await,
            Depth::Coverage => self.coverage(&scope, row).await,
        }
    }

    /// Reads a log for the first time: what it is by itself.
    async fn log(
        &mut self,
        scope: &Arc<Scope>,
        row: &ScopeRow,
        wanted: Wanted,
        mut each: impl FnMut(&mut Checked) + Send,
    ) -> Result<(), Fault> {
        let whose = Whose::Tenant(scope);
        self.unmet.retain(|known| !whose.owns(known.origin()));
        let mut walk = Walk::new(whose, &self.options.trust);
        let mut missing = Missing::part(self.seed, 0, 1);
        let mut opener = self.options.opening.as_ref().map(|with| Opener::new(with, scope));
        let mut pages = Pages::new(scope, wanted).with_sealed(opener.is_some());
        while let Some(mut checked) = pages.next(&mut self.reader).await? {
            let waiting = checked.entries.iter().filter(|entry| entry.index.is_none()).count();
            self.report.waiting += u64::try_from(waiting).unwrap_or(u64::MAX);
            self.report.bytes = self.report.bytes.saturating_add(checked.bytes);
            each(&mut checked);
            missing.add(&mut checked);
            for (index, opening) in std::mem::take(&mut checked.openings) {
                if scope.owns(opening.log()) {
                    let finding = walk.epochs.add(whose, index, opening);
                    finding.into_iter().for_each(|finding| self.report.findings.add(finding));
                } else if self.openings.len() < EPOCHS_MAX {
                    self.openings.push((index, opening));
                }
            }
            if let Some(opener) = &mut opener {
                let sealed = std::mem::take(&mut checked.sealed);
                opener.take(sealed, &mut self.report).await?;
            }
            let hashes = checked.hashes();
            checked.findings.into_iter().for_each(|finding| self.report.findings.add(finding));
            walk.take(&mut self.reader, hashes, &mut self.report).await?;
        }
        walk.tree.compare(whose, row, &mut self.report.findings);
        self.report.entries += walk.tree.size();
        walk.end(&mut self.reader, &mut self.report).await?;
        self.missing(scope, missing).await
    }

    async fn missing(&mut self, scope: &Arc<Scope>, whole: Missing) -> Result<(), Fault> {
        let Some(of) = whole.parts() else {
            whole.end(Whose::Tenant(scope), &mut self.report.findings);
            return Ok(());
        };
        for part in 0..of {
            let mut missing = Missing::part(self.seed, part, of);
            let mut pages = Pages::new(scope, Wanted::Hashes);
            while let Some(mut checked) = pages.next(&mut self.reader).await? {
                missing.add(&mut checked);
            }
            missing.end(Whose::Tenant(scope), &mut self.report.findings);
        }
        Ok(())
    }

    async fn coverage(&mut self, scope: &Arc<Scope>, row: &ScopeRow) -> Result<(), Fault> {
        let seed = self.seed.sized(row.size);
        let mut sums = Sums::new(&seed, row.size);
        let mut standing = Standing::part(seed, 0, 1);
        let mut erased = BTreeSet::new();
        self.log(scope, row, Wanted::Terms(seed), |checked| {
            checked.terms.drain(..).for_each(|term| sums.add(term));
            for entry in &checked.entries {
                match &entry.fact {
                    Some(Fact::Standing(fact)) => standing.apply(fact),
                    Some(Fact::Migrated(fact)) if fact.subjects.is_none() => {
                        erased.insert(fact.kind.clone());
                    }
                    _ => {}
                }
            }
        })
        .await?;
        self.subjects(scope, seed, sums, &erased).await?;
        self.standing(scope, row, standing).await
    }

    /// Entries that are in no log and do not wait.
    async fn unplaced(&mut self) -> Result<(), Fault> {
        let mut after = None;
        loop {
            let picture = self.reader.picture.beside();
            let found = picture.unplaced(after, LOOKED_AT_ONCE_MAX).await?;
            for row in found.rows {
                let is_ours = self.options.is_about(&row.world, &row.tenant)
                    || (row.world.is_empty() && self.options.is_about_all());
                if is_ours {
                    let message = match row.why {
                        Placeless::Lost => "it is in no log, and does not wait for a place",
                        Placeless::SetAside => "it was set aside: it is not what was recorded",
                        Placeless::Gone => "it is to have a place, and is not there",
                    };
                    let code = FindingCode::EntryWithoutPlace;
                    let finding = Finding::new(code, &row.world, &row.tenant, message);
                    let entry = Some(row.id.to_string());
                    self.report.findings.add(Finding { entry, ..finding });
                }
            }
            match found.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// The deployment's log, and what is known of logs that are not there.
    async fn deployment(&mut self) -> Result<(), Fault> {
        let whose = Whose::Deployment;
        for known in self.unmet.drain(..).filter(|known| !whose.owns(known.origin())) {
            let message = format!("there is no log {}, which is known", known.origin());
            self.report.findings.add(Finding::new(FindingCode::KnownDiffers, "", "", message));
        }
        let epochs = Epochs::of_deployment(std::mem::take(&mut self.openings));
        deployment::check(&mut self.reader, &self.options.trust, epochs, &mut self.report).await
    }

    async fn subjects(
        &mut self,
        scope: &Arc<Scope>,
        seed: Seed,
        mut sums: Sums,
        erased: &BTreeSet<String>,
    ) -> Result<(), Fault> {
        let contracts = self.contracts(&scope.world).await?;
        let mut count = 0_u64;
        subjects::read(&mut self.reader, scope, &contracts, |kept| {
            count += 1;
            sums.add(seed.kept(&kept.subject, &kept.state));
            if !kept.is_proven {
                sums.doubt(seed.bucket(&kept.subject));
            }
        })
        .await?;
        self.report.subjects += count;
        let most = u64::try_from(SUBJECTS_AT_ONCE_MAX).unwrap_or(u64::MAX);
        for buckets in sums.rounds(most) {
            let (contracts, buckets) = (&contracts, &buckets);
            let round = Round { scope, contracts, seed, buckets, erased };
            locate(&mut self.reader, &round, &mut self.report).await?;
        }
        Ok(())
    }

    async fn contracts(&mut self, world: &World) -> Result<Arc<Contracts>, Fault> {
        if let Some((own, contracts)) = &self.contracts
            && own == world
        {
            return Ok(Arc::clone(contracts));
        }
        let contracts = Arc::new(subjects::contracts(&mut self.reader, world).await?);
        self.contracts = Some((world.clone(), Arc::clone(&contracts)));
        Ok(contracts)
    }

    async fn standing(
        &mut self,
        scope: &Arc<Scope>,
        row: &ScopeRow,
        whole: Standing,
    ) -> Result<(), Fault> {
        let Some(of) = whole.parts() else {
            return whole.compare(&mut self.reader, scope, row, &mut self.report).await;
        };
        for part in 0..of {
            let mut standing = Standing::part(self.seed, part, of);
            let mut pages = Pages::new(scope, Wanted::Facts);
            while let Some(checked) = pages.next(&mut self.reader).await? {
                for entry in &checked.entries {
                    if let Some(Fact::Standing(fact)) = &entry.fact {
                        standing.apply(fact);
                    }
                }
            }
            standing.compare(&mut self.reader, scope, row, &mut self.report).await?;
        }
        Ok(())
    }
}
