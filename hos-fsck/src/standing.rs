//! Whether the logs rebuild the standing.

use std::collections::BTreeMap;

use hos_core::error::Fault;
use hos_core::proof::PAGE_MAX;
use hos_core::store::{ScopeRow, StandingGroup, StandingLine};

use crate::LINES_AT_ONCE_MAX;
use crate::entry::StandingFact;
use crate::log::{Reader, is_short};
use crate::report::{Finding, FindingCode, Report};
use crate::scope::Scope;
use crate::sums::Seed;

/// The standing that a log leads to: all of it, or one part of so many.
#[derive(Debug)]
pub(crate) struct Standing {
    seed: Seed,
    part: u64,
    of: u64,
    lines: BTreeMap<(StandingGroup, String), String>,
    status: Option<String>,
    laws: u64,
    facts: u64,
    is_full: bool,
}

impl Standing {
    /// One part of so many.
    pub(crate) fn part(seed: Seed, part: u64, of: u64) -> Self {
        Self {
            seed,
            part,
            of,
            lines: BTreeMap::new(),
            status: None,
            laws: 0,
            facts: 0,
            is_full: false,
        }
    }

    /// Into how many parts it must go to be held; none if it is held whole.
    pub(crate) fn parts(&self) -> Option<u64> {
        let most = u64::try_from(LINES_AT_ONCE_MAX / 2).unwrap_or(u64::MAX);
        self.is_full.then(|| self.facts / most + 1)
    }

    pub(crate) fn apply(&mut self, fact: &StandingFact) {
        self.facts += 1;
        match fact {
            StandingFact::Row { group, key, value } => self.set(*group, key, value.as_deref()),
            StandingFact::EndGrant { grant, actor } => {
                let held = self.lines.get(&(StandingGroup::Grant, grant.clone()));
                if held.is_some_and(|value| grantee(value).as_ref() == Some(actor)) {
                    self.set(StandingGroup::Grant, grant, None);
                }
            }
            StandingFact::Law(value) => {
                self.laws += 1;
                self.set(StandingGroup::Law, &format!("{:010}", self.laws), Some(value));
            }
            StandingFact::Status(status) => self.status = Some(status.clone()),
        }
    }

    fn is_ours(&self, key: &str) -> bool {
        self.seed.part(key, self.of) == self.part
    }

    fn set(&mut self, group: StandingGroup, key: &str, value: Option<&str>) {
        if !self.is_ours(key) {
            return;
        }
        let name = (group, key.to_owned());
        match value {
            None => drop(self.lines.remove(&name)),
            Some(_) if self.lines.len() >= LINES_AT_ONCE_MAX && !self.lines.contains_key(&name) => {
                self.is_full = true;
            }
            Some(value) => drop(self.lines.insert(name, value.to_owned())),
        }
    }

    /// Compares it with what is kept.
    pub(crate) async fn compare(
        mut self,
        reader: &mut Reader<'_>,
        scope: &Scope,
        row: &ScopeRow,
        report: &mut Report,
    ) -> Result<(), Fault> {
        if self.part == 0 && self.status != row.status {
            let said = |status: &Option<String>| status.clone().unwrap_or("nothing".to_owned());
            let message =
                format!("it is {}, the log says {}", said(&row.status), said(&self.status));
            let about = Some("status".to_owned());
            let finding = scope.finding(FindingCode::StandingDiffers, message);
            report.findings.add(Finding { about, ..finding });
        }
        for group in StandingGroup::ALL {
            let mut after = String::new();
            loop {
                let (picture, tenant) = (&mut reader.picture, &scope.tenant);
                let page = picture.standing(&scope.world, tenant, group, &after, PAGE_MAX).await?;
                reader.advance(page.len());
                for line in &page {
                    self.compare_line(scope, group, line, report);
                }
                match page.last() {
                    Some(last) if !is_short(&page) && last.key > after => {
                        after.clone_from(&last.key)
                    }
                    _ => break,
                }
            }
        }
        for ((group, key), value) in self.lines {
            let message = format!("the log leads to `{value}`; it is not there");
            let finding = scope.finding(FindingCode::StandingMissing, message);
            report.findings.add(Finding { about: Some(named(group, &key)), ..finding });
        }
        Ok(())
    }

    fn compare_line(
        &mut self,
        scope: &Scope,
        group: StandingGroup,
        line: &StandingLine,
        report: &mut Report,
    ) {
        if !self.is_ours(&line.key) {
            return;
        }
        report.standing += 1;
        let (code, message) = match self.lines.remove(&(group, line.key.clone())) {
            Some(said) if is_same(&said, &line.value) => return,
            Some(said) => {
                let message = format!("it is `{}`; the log leads to `{said}`", line.value);
                (FindingCode::StandingDiffers, message)
            }
            None => {
                let message = format!("it is `{}`; no entry says so", line.value);
                (FindingCode::StandingWithoutEntry, message)
            }
        };
        let about = Some(named(group, &line.key));
        report.findings.add(Finding { about, ..scope.finding(code, message) });
    }
}

fn named(group: StandingGroup, key: &str) -> String {
    format!("{}:{key}", group.as_str())
}

/// Databases write JSON with other spaces.
fn is_same(said: &str, kept: &str) -> bool {
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    said == kept || value(said).is_some_and(|said| value(kept) == Some(said))
}

/// The actor of a grant.
fn grantee(value: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(value).ok()?;
    value.get(0)?.as_str().map(str::to_owned)
}
