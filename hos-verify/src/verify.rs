//! Verification of bundles. Trust comes with the question, never with the bundle.

mod authenticity;
mod evidence;
mod integrity;
mod lines;
mod origin;

use crate::bundle::Bundle;
use crate::checkpoint::Checkpoint;
use crate::policy::Policy;
use crate::time::Time;
use crate::verdict::{Status, Verdict};

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
    /// The time; without it nothing is held to be of the future.
    pub now: Option<Time>,
}

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
