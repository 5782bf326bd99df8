//! The check of a whole deployment, scope by scope.

use std::collections::BTreeSet;
use std::sync::Arc;

use hos_core::error::{Fault, FaultKind};
use hos_core::id::World;
use hos_core::proof::PAGE_MAX;
use hos_core::store::{Archived, ScopeRow, Survey};

use crate::SUBJECTS_AT_ONCE_MAX;
use crate::entry::Fact;
use crate::locate::{Round, locate};
use crate::log::{self, Reader, Tree, is_short};
use crate::options::{Depth, Options, Progress};
use crate::page::{Checked, Wanted};
use crate::report::{FindingCode, Report};
use crate::scope::Scope;
use crate::standing::Standing;
use crate::subjects::{self, Contracts};
use crate::sums::{Seed, Sums};

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
    let mut check = Check { options, reader, report, seed: Seed::new(), contracts: None };
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
            Some(last) if !is_last => after = Some(last),
            _ => return Ok(check.report),
        }
    }
}

struct Check<'a> {
    options: &'a Options,
    reader: Reader<'a>,
    report: Report,
    seed: Seed,
    /// Those of the world that is being checked.
    contracts: Option<(World, Arc<Contracts>)>,
}

impl Check<'_> {
    async fn scopes(&mut self, after: Option<&ScopeRow>) -> Result<Vec<ScopeRow>, Fault> {
        let after = after.map(|row| (&row.world, &row.tenant));
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
                Some(last) if !is_last => after = Some(last),
                _ => return Ok(()),
            }
        }
    }

    /// A log of which entries are archived elsewhere is named, and the others are checked.
    async fn scope_or_cut(&mut self, row: &ScopeRow) -> Result<(), Fault> {
        match self.scope(row).await {
            Err(fault) if fault.kind() == FaultKind::Archived => {
                let scope = Scope::new(&row.world, &row.tenant);
                let mut finding = scope.finding(FindingCode::Archived, fault.to_string());
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
        let scope = Arc::new(Scope::new(&row.world, &row.tenant));
        self.report.logs += 1;
        match self.options.depth {
            Depth::Logs => self.logs(&scope, row).await,
            Depth::Coverage => self.coverage(&scope, row).await,
        }
    }

    async fn logs(&mut self, scope: &Arc<Scope>, row: &ScopeRow) -> Result<(), Fault> {
        let mut tree = Tree::new();
        let report = &mut self.report;
        log::read(&mut self.reader, scope, Wanted::Hashes, |checked| {
            add(scope, checked, &mut tree, report);
        })
        .await?;
        tree.compare(scope, row, &mut self.report.findings);
        self.report.entries += tree.size();
        Ok(())
    }

    async fn coverage(&mut self, scope: &Arc<Scope>, row: &ScopeRow) -> Result<(), Fault> {
        let seed = self.seed.sized(row.size);
        let (mut tree, mut sums) = (Tree::new(), Sums::new(&seed, row.size));
        let mut standing = Standing::part(seed, 0, 1);
        let mut erased = BTreeSet::new();
        let report = &mut self.report;
        log::read(&mut self.reader, scope, Wanted::Terms(seed), |mut checked| {
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
            add(scope, checked, &mut tree, report);
        })
        .await?;
        tree.compare(scope, row, &mut self.report.findings);
        self.report.entries += tree.size();
        self.subjects(scope, seed, sums, &erased).await?;
        self.standing(scope, row, standing).await
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
            log::read(&mut self.reader, scope, Wanted::Facts, |checked| {
                for entry in &checked.entries {
                    if let Some(Fact::Standing(fact)) = &entry.fact {
                        standing.apply(fact);
                    }
                }
            })
            .await?;
            standing.compare(&mut self.reader, scope, row, &mut self.report).await?;
        }
        Ok(())
    }
}

/// Takes in a page of a log that is read for the first time.
fn add(scope: &Scope, checked: Checked, tree: &mut Tree, report: &mut Report) {
    let waiting = checked.entries.iter().filter(|entry| entry.index.is_none()).count();
    report.waiting += u64::try_from(waiting).unwrap_or(u64::MAX);
    report.bytes = report.bytes.saturating_add(checked.bytes);
    tree.add(scope, &checked, &mut report.findings);
    checked.findings.into_iter().for_each(|finding| report.findings.add(finding));
}
