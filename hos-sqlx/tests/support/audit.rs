//! What holds after every strike: acknowledged is kept, once, with its proof, in a sound log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hos_core::merkle::{Frontier, leaf_hash};
use hos_core::prelude::*;
use hos_services::{ServiceError, wait_until};
use tokio::time::Instant;

use crate::backend::{Server, Told};
use crate::job::WORLD;

/// How long a server may take to notice that a client is gone: less than the minute after which
/// PostgreSQL ends by itself what is left idle in a transaction, which would hide a leak.
const UNQUIET_MAX: Duration = Duration::from_secs(20);

/// Audits a tenant that nobody works in.
///
/// Keys that begin with `within` were sent in transactions of the caller's.
pub(crate) async fn audit(
    server: &Server,
    hos: &Hos,
    tenant: &Tenant,
    acknowledged: &BTreeSet<String>,
) -> Told {
    // A server notices late that a client was killed.
    let (what, begun) = ("ending what was left behind", Instant::now());
    let quiet = wait_until(what, || match server.unquiet() {
        0 => Ok(true),
        _ if begun.elapsed() < UNQUIET_MAX => Ok(false),
        _ => Err(ServiceError::Late { what: what.to_owned() }),
    });
    assert!(quiet.is_ok(), "{} transactions or locks were left behind", server.unquiet());
    while hos.sequence_pending(1_000).await.unwrap() > 0 {}
    assert_eq!(server.unplaced(), 0, "every entry has one place");
    verify_log(hos, tenant).await;
    let told = server.told(tenant);
    for key in acknowledged {
        assert!(told.receipts.contains_key(key), "`{key}` was acknowledged and is lost");
    }
    let within = told.receipts.keys().filter(|key| key.starts_with("within"));
    let within: BTreeSet<String> = within.cloned().collect();
    assert_eq!(within, told.domain, "domain rows and law rows agree");
    match_moves(&told);
    told
}

/// One entry per receipt that moved, one revision per entry.
fn match_moves(told: &Told) {
    let mut proved: BTreeMap<&str, (&str, i64)> = BTreeMap::new();
    for (entry, subject, revision) in &told.moves {
        assert!(proved.insert(entry, (subject, *revision)).is_none(), "entry {entry} twice");
    }
    let mut revisions: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for (subject, revision) in proved.values() {
        assert!(revisions.entry(subject).or_default().insert(*revision), "{subject}: a fork");
    }
    for (subject, revision) in &told.revisions {
        let moves = revisions.get(subject.as_str()).map_or(0, BTreeSet::len);
        assert_eq!(i64::try_from(moves).unwrap(), *revision, "{subject}: one proof per revision");
        let last = revisions.get(subject.as_str()).and_then(BTreeSet::last);
        assert_eq!(last, Some(revision), "{subject}: the last proof is that of the state");
    }
    let mut answered = BTreeSet::new();
    for (key, receipt) in &told.receipts {
        let steps = std::iter::once(&receipt.step).chain(&receipt.also);
        for step in steps.filter(|step| step.effect == Effect::Moved) {
            let Some(subject) = &step.subject else { continue };
            let entry = step.proof_id.to_string().replace('-', "");
            let place = (subject.id.as_str(), i64::try_from(step.revision).unwrap());
            assert_eq!(proved.get(entry.as_str()), Some(&place), "`{key}` has its proof");
            assert!(answered.insert(entry), "`{key}` shares a proof");
        }
    }
    assert_eq!(answered.len(), proved.len(), "every proof has its receipt");
}

async fn verify_log(hos: &Hos, tenant: &Tenant) {
    let world = World::new(WORLD).unwrap();
    let mut log = Frontier::new();
    loop {
        let page = hos.page(&world, tenant, log.size(), 1_000).await.unwrap();
        if page.is_empty() {
            break;
        }
        for entry in page {
            assert_eq!(entry.index, Some(log.size()), "the log has no gap");
            assert_eq!(entry.leaf_hash, leaf_hash(entry.leaf.as_bytes()), "the leaf is untouched");
            log.push(entry.leaf_hash).unwrap();
        }
    }
    let head = hos.head(&world, tenant).await.unwrap();
    assert_eq!((head.size, head.root), (log.size(), log.root()), "the log verifies");
}
