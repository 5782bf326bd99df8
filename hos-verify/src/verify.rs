//! Verification of bundles. Trust comes with the question, never with the bundle.

mod authenticity;
mod epochs;
mod evidence;
mod integrity;
mod lines;

use crate::bundle::Bundle;
use crate::checkpoint::Checkpoint;
use crate::epoch::{join, split};
use crate::note::{Algorithm, VerifierKey};
use crate::policy::Policy;
use crate::time::Time;
use crate::verdict::{Exit, Status, Verdict};

/// How far a recorded time may be ahead of a clock or a witness, in seconds.
pub const AHEAD_SECONDS_MAX: u64 = 300;
/// The most faults that a verdict names.
pub const FAULTS_MAX: usize = 32;

/// What whoever asks knows from elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trust<'a> {
    /// Whose signatures count.
    pub policy: Option<&'a Policy>,
    /// A checkpoint that was received another way, of the log or of its deployment.
    pub known: Option<&'a Checkpoint>,
    /// The origin of the log that was asked for: of all its epochs, or of the one that it names.
    pub log: Option<&'a str>,
    /// The time; without it nothing is held to be of the future.
    pub now: Option<Time>,
}

/// The policy of whoever follows announced keys: with the keys that entries `key/1` of a bundle
/// announce, if the bundle verifies under the policy as it is, witnesses and all.
///
/// A key counts from the size on that covers its announcement, in the log that announces it; in
/// other logs of the deployment nothing tells from when. Until when the old key counts, the policy
/// says.
///
/// Nobody has to: whoever had the key of yesterday can announce one of tomorrow.
///
/// # Errors
///
/// The verdict, where the bundle is not verified or announces no key of the deployment that signed
/// it.
pub fn follow(policy: Policy, bundle: &[u8], now: Option<Time>) -> Result<Policy, Box<Verdict>> {
    let verdict = verify(bundle, &Trust { policy: Some(&policy), now, ..Trust::default() });
    if verdict.exit() != Exit::Verified {
        return Err(Box::new(verdict));
    }
    let keys = announced(&policy, bundle).unwrap_or_default();
    if keys.is_empty() {
        let words = vec!["announces no key".to_owned()];
        return Err(Box::new(Verdict::ends(Status::Unproven, words)));
    }
    let with =
        |policy: Policy, (key, origin, from): (_, String, _)| policy.with_log(key, &origin, from);
    Ok(keys.into_iter().fold(policy, with))
}

/// The keys that a verified bundle announces, of the deployment that signed it, each with the
/// origin and the size of the first checkpoint that can be over its entry.
fn announced(policy: &Policy, bundle: &[u8]) -> Option<Vec<(VerifierKey, String, u64)>> {
    let bundle = Bundle::read(bundle).ok()?;
    let evidence = integrity::check(&bundle).ok()?;
    let head = &evidence.head;
    let signers = policy.endorsement(&head.note, head.checkpoint.origin()).ok()?.logs;
    let announcing = evidence.entries.iter().filter(|(_, leaf)| leaf.type_ == KEY_TYPE);
    let keys = announcing.filter_map(|(listed, leaf)| {
        let key = VerifierKey::parse(leaf.value.get("key")?.as_str()?).ok()?;
        let is_theirs = signers.iter().any(|name| name == key.name());
        let size = listed.index.checked_add(1)?;
        let origin = join(split(&leaf.log).0, epochs::reached(&evidence, size));
        (is_theirs && key.algorithm() == Algorithm::Ed25519).then_some((key, origin, size))
    });
    Some(keys.collect())
}

/// The type of an entry that announces a key.
pub(crate) const KEY_TYPE: &str = "key/1";

/// Judges a bundle.
///
/// ```
/// use hos_verify::verdict::Exit;
/// use hos_verify::verify::{Trust, verify};
///
/// assert_eq!(verify(b"not a bundle", &Trust::default()).exit(), Exit::Unreadable);
/// ```
#[must_use]
pub fn verify(bundle: &[u8], trust: &Trust<'_>) -> Verdict {
    let bundle = match Bundle::read(bundle) {
        Ok(bundle) => bundle,
        Err(why) => return Verdict::ends(Status::Unreadable, vec![why.to_owned()]),
    };
    let evidence = match integrity::check(&bundle) {
        Ok(evidence) => evidence,
        Err(faults) => return Verdict::ends(Status::Invalid, faults),
    };
    let (authenticity, seen) = authenticity::line(&evidence, trust);
    Verdict {
        integrity: lines::integrity(&evidence),
        authenticity,
        time: lines::time(&evidence, &seen, trust.now),
        completeness: lines::completeness(&evidence),
        disclosure: lines::disclosure(&evidence),
    }
}
