//! What is inside sealed parts, and which erasures took the keys of those that stay sealed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hos_core::cipher::{KeyId, SealedPart, SecretKey};
use hos_core::digest::commitment;
use hos_core::error::{Fault, FaultKind};
use hos_core::hos::Hos;
use hos_core::laws::Proofs as _;
use hos_core::time::ProofId;
use hos_core::vault::{KEYS_MAX, KeyState, KeyWrapper, StoredKey, Vault};
use hos_verify::verify::AHEAD_SECONDS_MAX;
use serde::Deserialize;
use tokio::task::spawn_blocking;

use crate::KEYS_AT_ONCE_MAX;
use crate::report::{Finding, FindingCode, Report};
use crate::scope::Scope;

/// What sealed parts are opened with: the vault, its master keys, and the law that finds entries.
#[derive(Clone)]
pub(crate) struct Opening {
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) master: Arc<dyn KeyWrapper>,
    pub(crate) hos: Hos,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("master", &self.master.master()).finish_non_exhaustive()
    }
}

/// A sealed part as its row holds it, and what the leaf of its entry is bound to.
#[derive(Debug)]
pub(crate) struct SealedRow {
    pub(crate) index: Option<u64>,
    pub(crate) entry: ProofId,
    pub(crate) name: String,
    /// Base64url without padding.
    pub(crate) commitment: String,
    pub(crate) part: SealedPart,
}

impl SealedRow {
    fn is_bound(&self, secret: &SecretKey) -> bool {
        self.part.open(self.entry, &self.name, secret).is_ok_and(|part| {
            let made = commitment(&part.salt, self.entry, &self.name, part.body.as_bytes());
            URL_SAFE_NO_PAD.encode(made.as_bytes()) == self.commitment
        })
    }

    fn finding(&self, scope: &Scope, code: FindingCode, message: impl Into<String>) -> Finding {
        let entry = Some(self.entry.to_string());
        Finding { index: self.index, entry, ..scope.finding(code, message) }
    }
}

/// Opens the sealed parts of one log.
///
/// The vault is asked after the picture was made, and a key is destroyed after the entry of its
/// erasure was written: so that entry is looked for where it is now, not in the picture.
#[derive(Debug)]
pub(crate) struct Opener<'a> {
    with: &'a Opening,
    scope: &'a Scope,
    /// The keys that were met.
    known: BTreeMap<KeyId, Known>,
}

/// What is known of a key.
#[derive(Debug, Clone)]
enum Known {
    Live(SecretKey),
    /// It was destroyed by this entry.
    Erased(ProofId),
    /// It opens nothing, and that was told.
    Told,
}

impl<'a> Opener<'a> {
    pub(crate) fn new(with: &'a Opening, scope: &'a Scope) -> Self {
        Self { with, scope, known: BTreeMap::new() }
    }

    /// Opens the parts of a page, and compares what is inside with what leaves are bound to.
    pub(crate) async fn take(
        &mut self,
        rows: Vec<SealedRow>,
        report: &mut Report,
    ) -> Result<(), Fault> {
        if rows.is_empty() {
            return Ok(());
        }
        self.learn(&rows, report).await?;
        let mut opened: Vec<(SealedRow, SecretKey)> = Vec::new();
        for row in rows {
            match self.known.get(&row.part.key()) {
                Some(Known::Live(secret)) => opened.push((row, secret.clone())),
                Some(Known::Erased(by)) if is_later(row.entry, *by) => {
                    let message = format!(
                        "part `{}` names a key that {by} had erased before it was recorded",
                        row.name
                    );
                    let finding = row.finding(self.scope, FindingCode::ErasureDiffers, message);
                    report.findings.add(finding);
                }
                Some(Known::Erased(_) | Known::Told) | None => {}
            }
        }
        report.opened += u64::try_from(opened.len()).unwrap_or(u64::MAX);
        let compare = move || {
            let other =
                |(row, secret): (SealedRow, SecretKey)| (!row.is_bound(&secret)).then_some(row);
            opened.into_iter().filter_map(other).collect::<Vec<SealedRow>>()
        };
        let lost = |error| Fault::new(FaultKind::Internal, "a check was lost").caused_by(error);
        for row in spawn_blocking(compare).await.map_err(lost)? {
            let message =
                format!("the leaf is not bound to what is inside this part `{}`", row.name);
            report.findings.add(row.finding(self.scope, FindingCode::PartChanged, message));
        }
        Ok(())
    }

    /// Asks the vault for keys that were not met before, and judges those that open nothing.
    async fn learn(&mut self, rows: &[SealedRow], report: &mut Report) -> Result<(), Fault> {
        if self.known.len() > KEYS_AT_ONCE_MAX {
            self.known.clear();
        }
        let unmet =
            rows.iter().map(|row| row.part.key()).filter(|key| !self.known.contains_key(key));
        let unmet: Vec<KeyId> = unmet.collect::<BTreeSet<KeyId>>().into_iter().collect();
        let (world, tenant) = (&self.scope.world, &self.scope.tenant);
        let mut stored: BTreeMap<KeyId, StoredKey> = BTreeMap::new();
        for some in unmet.chunks(usize::try_from(KEYS_MAX).unwrap_or(usize::MAX)) {
            let found = self.with.vault.find(world, tenant, some).await?;
            stored.extend(found.into_iter().map(|key| (key.id, key)));
        }
        // In the order of the log, so that the same is told each time.
        for row in rows {
            let key = row.part.key();
            if self.known.contains_key(&key) {
                continue;
            }
            let known = match stored.get(&key) {
                Some(stored) => self.judge(row, stored, report).await?,
                None => {
                    let message =
                        format!("the vault does not know key {key} of part `{}`", row.name);
                    report.findings.add(row.finding(self.scope, FindingCode::KeyUnknown, message));
                    Known::Told
                }
            };
            self.known.insert(key, known);
        }
        Ok(())
    }

    /// A key that is there, or its erasure once that was looked after.
    async fn judge(
        &self,
        row: &SealedRow,
        stored: &StoredKey,
        report: &mut Report,
    ) -> Result<Known, Fault> {
        let by = match &stored.state {
            KeyState::Live(wrapped) => {
                return match stored.unwrap(wrapped, &*self.with.master).await {
                    Ok(secret) => Ok(Known::Live(secret)),
                    Err(fault) if fault.kind() == FaultKind::Corrupt => {
                        let finding =
                            row.finding(self.scope, FindingCode::KeyUnknown, fault.to_string());
                        report.findings.add(finding);
                        Ok(Known::Told)
                    }
                    Err(fault) => Err(fault),
                };
            }
            KeyState::Destroyed { entry, .. } => *entry,
        };
        let (world, tenant) = (&self.scope.world, &self.scope.tenant);
        let wrong = match self.with.hos.find(world, tenant, by).await {
            Ok(None) => Some("which is not in this log"),
            Ok(Some(entry)) => (!erases(&entry.leaf, stored)).then_some("which does not erase it"),
            Err(fault) if fault.kind() == FaultKind::Corrupt => Some("which cannot be read"),
            Err(fault) => return Err(fault),
        };
        if let Some(wrong) = wrong {
            let message =
                format!("the key of part `{}` is said to be erased by {by}, {wrong}", row.name);
            report.findings.add(row.finding(self.scope, FindingCode::ErasureDiffers, message));
            return Ok(Known::Told);
        }
        Ok(Known::Erased(by))
    }
}

/// Whether an entry was recorded after another, however far two clocks may be apart.
fn is_later(entry: ProofId, than: ProofId) -> bool {
    entry.at() > than.at().after(Duration::from_secs(AHEAD_SECONDS_MAX))
}

/// What the leaf of an erasure says of a person.
#[derive(Deserialize)]
struct Erasure {
    typ: String,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    through: Option<u32>,
}

/// Whether a leaf is that of an erasure of this key: of its person, through its epoch.
fn erases(leaf: &str, key: &StoredKey) -> bool {
    serde_json::from_str::<Erasure>(leaf).is_ok_and(|erasure| {
        erasure.typ.split('/').next() == Some("erasure")
            && erasure.target.as_deref() == Some(key.person.id.as_str())
            && erasure.through.is_some_and(|through| through >= key.epoch)
    })
}
