//! The subjects as they are kept, each beside the entry that it names.

use std::collections::BTreeMap;
use std::sync::Arc;

use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::proof::PAGE_MAX;
use hos_core::store::{StandingGroup, SubjectRow};

use crate::entry::SubjectState;
use crate::leaf::Leaf;
use crate::log::{Ahead, Reader, is_short};
use crate::scope::Scope;

/// The digests of contracts by kind and version, as the world's rows say; they are compared with
/// the world's log where its standing is.
pub(crate) type Contracts = BTreeMap<(String, String), String>;

/// Reads a world's contracts.
pub(crate) async fn contracts(reader: &mut Reader<'_>, world: &World) -> Result<Contracts, Fault> {
    let (mut contracts, mut after) = (Contracts::new(), String::new());
    let (tenant, group) = (Tenant::world(), StandingGroup::Contract);
    loop {
        let page = reader.picture.standing(world, &tenant, group, &after, PAGE_MAX).await?;
        for line in &page {
            let mut words = line.key.split(' ').map(str::to_owned);
            if let (Some(kind), Some(version), Some(digest)) =
                (words.next(), words.next(), words.next())
            {
                contracts.insert((kind, version), digest);
            }
        }
        match page.last() {
            Some(last) if !is_short(&page) && last.key > after => after.clone_from(&last.key),
            _ => return Ok(contracts),
        }
    }
}

/// A subject that is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    /// `kind:id`
    pub(crate) subject: String,
    pub(crate) state: SubjectState,
    /// The entry that it names.
    pub(crate) proof: String,
    /// Whether that entry is there and says what is kept.
    pub(crate) is_proven: bool,
}

impl Kept {
    fn new(row: &SubjectRow, contracts: &Contracts) -> Self {
        let name = (row.kind.clone(), row.contract.clone());
        let unknown = || format!("`{}`, which is not known", row.contract);
        let contract = contracts.get(&name).cloned().unwrap_or_else(unknown);
        let state = SubjectState { revision: row.revision, state: row.state.clone(), contract };
        let proof = row.proof_id.to_string();
        let subject = format!("{}:{}", row.kind, row.id);
        let leaf = row.leaf.as_deref().and_then(|leaf| Leaf::read(leaf).ok());
        let is_proven =
            leaf.is_some_and(|leaf| leaf.id == proof && says(&leaf, &row.kind, &subject, &state));
        Self { subject, state, proof, is_proven }
    }
}

/// Whether a leaf says what is kept. That of a migration lists its subjects in a part, which the
/// replay reads.
fn says(leaf: &Leaf<'_>, kind: &str, subject: &str, state: &SubjectState) -> bool {
    if leaf.contract.as_deref() != Some(&state.contract) {
        return false;
    }
    match leaf.kind() {
        "opened" | "adopted" | "transition" | "timer" => {
            leaf.subject.as_deref() == Some(subject)
                && leaf.revision == Some(state.revision)
                && leaf.to.as_deref() == Some(&state.state)
        }
        "migration" => leaf.target.as_deref() == Some(kind),
        _ => false,
    }
}

/// Reads every subject of a tenant, in order.
pub(crate) async fn read(
    reader: &mut Reader<'_>,
    scope: &Scope,
    contracts: &Arc<Contracts>,
    mut each: impl FnMut(Kept) + Send,
) -> Result<(), Fault> {
    let mut ahead: Ahead<Vec<Kept>> = Ahead::new();
    let mut after: Option<(String, String)> = None;
    loop {
        let last = after.as_ref().map(|(kind, id)| (kind.as_str(), id.as_str()));
        let page = reader.picture.subjects(&scope.world, &scope.tenant, last, PAGE_MAX).await?;
        let Some(last) = page.last() else { break };
        let next = Some((last.kind.clone(), last.id.clone()));
        // Names that are no text are read as others, and must not be read for ever.
        let is_last = is_short(&page) || next <= after;
        after = next;
        reader.advance(page.len());
        let contracts = Arc::clone(contracts);
        let work = move || page.iter().map(|row| Kept::new(row, &contracts)).collect();
        ahead.begin(work);
        if ahead.is_full() {
            ahead.end().await?.into_iter().flatten().for_each(&mut each);
        }
        if is_last {
            break;
        }
    }
    while let Some(kept) = ahead.end().await? {
        kept.into_iter().for_each(&mut each);
    }
    Ok(())
}
