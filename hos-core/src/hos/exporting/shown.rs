//! What is shown of entries: nothing else of them is opened, or kept in memory.

use hos_verify::bundle::BUNDLE_BYTES_MAX;
use hos_verify::leaf::Leaf;

use super::Export;
use crate::digest::commitment;
use crate::error::{Fault, FaultKind};
use crate::hos::Hos;
use crate::id::{Tenant, World};
use crate::proof::{LogEntry, Part, Withholding};

/// How many entries are read at once, with all their parts.
pub(super) const SHOWN_PAGE: u32 = 256;

/// Entries with what is shown of them, no more bytes than a bundle may have.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) entries: Vec<LogEntry>,
    bytes: usize,
}

impl Hos {
    /// Adds entries with the parts that are disclosed and were committed to; of the others, only
    /// which erasure took them.
    pub(super) async fn show(
        &self,
        world: &World,
        tenant: &Tenant,
        export: &Export,
        mut page: Vec<LogEntry>,
        shown: &mut Shown,
    ) -> Result<(), Fault> {
        for entry in &mut page {
            let id = entry.id;
            entry.parts.retain(|part| export.opens(id, &part.name));
        }
        let is_wanted = |entry, name: &str| export.opens(entry, name);
        self.bench.open_wanted(world, tenant, &mut page, is_wanted).await?;
        for mut entry in page {
            let (id, leaf) = (entry.id, Leaf::parse(entry.leaf.as_bytes()).ok());
            entry.parts.retain(|part| {
                let is_bound = leaf.as_ref().is_none_or(|leaf| binds(leaf, &entry.id, part));
                if !is_bound {
                    let name = &*part.name;
                    tracing::warn!(target: "hos::export", %id, name, "a part is damaged");
                }
                is_bound
            });
            entry.withheld.retain(|one| matches!(one.why, Withholding::Erased { .. }));
            let bodies = entry.parts.iter().map(|part| part.body.len());
            shown.bytes = bodies.fold(shown.bytes, usize::saturating_add);
            shown.bytes = shown.bytes.saturating_add(entry.leaf.len());
            if shown.bytes > BUNDLE_BYTES_MAX {
                let message = "more bytes than a bundle takes; export ranges";
                return Err(Fault::new(FaultKind::Limit, message));
            }
            shown.entries.push(entry);
        }
        Ok(())
    }
}

fn binds(leaf: &Leaf, id: &crate::time::ProofId, part: &Part) -> bool {
    let made = commitment(&part.salt, *id, &part.name, part.body.as_bytes());
    leaf.part(&part.name).is_some_and(|bound| bound.commitment == *made.as_bytes())
}
