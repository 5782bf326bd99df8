//! What an auditor finds: every ticket of the new contract, in one proof each, in a sound log.

use std::collections::HashMap;

use hos_core::commit::MIGRATION_BATCH_MAX;
use hos_core::digest::Digest;
use hos_core::id::SubjectId;
use hos_core::merkle::{Frontier, leaf_hash};
use hos_core::proof::{LogEntry, PAGE_MAX};
use hos_core::store::{Backend, PinnedAsk};
use hos_core::time::ProofId;

use crate::database::Database;
use crate::fill::NEXT_DOOR;
use crate::law::{FIRM, NEIGHBOUR, NEW, OLD, id, tenant, ticket, world};

/// What a proof says of one ticket.
#[derive(serde::Deserialize)]
struct Listed {
    attributes: String,
    from: String,
    id: String,
    revision: u64,
    to: String,
}

/// Audits the firm and its neighbour; answers how many proofs there are.
pub(crate) async fn audit(database: &Database, live: u64) -> u64 {
    let store = database.store().await;
    while store.sequence_pending(PAGE_MAX).await.unwrap() > 0 {}
    let pins = store.pins(&world()).await.unwrap();
    let mut pins: Vec<&str> = pins.iter().map(|(_, version)| version.as_str()).collect();
    pins.sort_unstable();
    assert_eq!(pins, [OLD, NEW], "the neighbour's tickets, and the firm's");
    assert!(page(&*store, FIRM, OLD, None).await.is_empty(), "the migration is complete");
    let next_door = page(&*store, NEIGHBOUR, OLD, None).await.len();
    assert_eq!(u64::try_from(next_door).unwrap(), NEXT_DOOR, "nobody migrated the neighbour's");

    let (proofs, mut listed) = read_log(&*store).await;
    assert_eq!(u64::try_from(listed.len()).unwrap(), live, "the proofs list every live ticket");
    let (mut after, mut number) = (None, 0);
    loop {
        let tickets = page(&*store, FIRM, NEW, after).await;
        for pinned in &tickets {
            let (state, cents, timed) = ticket(number);
            let now = &pinned.snapshot;
            let becomes = if state == "fresh" { "open" } else { state };
            assert_eq!((pinned.id.as_str(), now.state.as_str()), (&*id(number), becomes));
            assert_eq!(now.attributes.get("dear"), Some(&(cents >= 100_000).into()));
            assert_eq!(now.attributes.iter().len(), 2, "`cents` is kept, `note` is not");
            assert_eq!(pinned.timers.len(), usize::from(timed));
            let (proof, told) = listed.remove(&*id(number)).expect("a proof lists the ticket");
            let attributes = serde_json::to_string(&*now.attributes).unwrap();
            assert_eq!(told.attributes, Digest::of(attributes.as_bytes()).to_string());
            assert_eq!((&*told.from, &*told.to, told.revision), (state, becomes, now.revision));
            assert_eq!(proof, now.proof_id, "the proof of its state is the one that lists it");
            number += 1;
        }
        let Some(last) = tickets.last() else { break };
        after = Some(last.id.clone());
    }
    assert_eq!(number, live);
    proofs
}

async fn page(
    store: &dyn Backend,
    firm: &str,
    version: &str,
    after: Option<SubjectId>,
) -> Vec<hos_core::commit::Pinned> {
    let ask = PinnedAsk {
        world: world(),
        tenant: tenant(firm),
        kind: "ticket".parse().unwrap(),
        version: version.parse().unwrap(),
        after,
        limit: MIGRATION_BATCH_MAX,
    };
    store.pinned(&ask).await.unwrap()
}

/// Hashes the firm's log anew; answers how many proofs of migrations there are, and what they list.
async fn read_log(store: &dyn Backend) -> (u64, HashMap<String, (ProofId, Listed)>) {
    let (mut log, mut proofs, mut listed) = (Frontier::new(), 0, HashMap::new());
    loop {
        let entries = store.page(&world(), &tenant(FIRM), log.size(), PAGE_MAX).await.unwrap();
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            assert_eq!(entry.index, Some(log.size()), "the log has no gap");
            assert_eq!(entry.leaf_hash, leaf_hash(entry.leaf.as_bytes()), "the leaf is untouched");
            log.push(entry.leaf_hash).unwrap();
            if entry.leaf.contains(r#""typ":"migration/1""#) {
                proofs += 1;
                read_proof(&entry, &mut listed);
            }
        }
    }
    let head = store.head(&world(), &tenant(FIRM)).await.unwrap();
    assert_eq!((head.size, head.root), (log.size(), log.root()), "the log verifies");
    (proofs, listed)
}

fn read_proof(entry: &LogEntry, listed: &mut HashMap<String, (ProofId, Listed)>) {
    let leaf: serde_json::Value = serde_json::from_str(&entry.leaf).unwrap();
    let [part] = &*entry.parts else { panic!("one part: {:?}", entry.parts) };
    let mut body: HashMap<String, Vec<Listed>> = serde_json::from_str(&part.body).unwrap();
    let subjects = body.remove("subjects").expect("a list");
    assert_eq!(leaf["migrated"]["count"], subjects.len());
    for told in subjects {
        let twice = listed.insert(told.id.clone(), (entry.id, told));
        assert!(twice.is_none(), "a ticket is migrated once");
    }
}
