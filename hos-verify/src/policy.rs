//! Trust files (C2SP `tlog-policy`): whose signatures count. They come from outside, always.

mod bound;
mod error;
mod read;

use crate::checkpoint::Checkpoint;
use crate::note::{NoteError, SignedNote, VerifierKey};

use bound::{Bound, End};
pub use error::{PolicyFault, PolicyFaultKind};

/// The largest trust file, in bytes.
pub const POLICY_BYTES_MAX: usize = 1_048_576;
/// The most logs, the most bounds of their keys, the most witnesses and the most groups of a trust
/// file, each.
pub const POLICY_NAMES_MAX: usize = 1_024;

/// Known logs, known witnesses, and how many of these must have seen a checkpoint.
///
/// A log's key counts for the origin that is its name, and for every origin below that: the key
/// `evidence.example.com` signs for `evidence.example.com/w/pazar/t/firm/main` too, because one
/// deployment keeps the logs of all its tenants under one key. Beyond C2SP, the line of a key may
/// bound it in single logs: `log KEY [URL] from SIZE ORIGIN until SIZE ORIGIN`, any of them, says
/// which checkpoints of the log of this origin it signs, both ends included.
#[derive(Clone, Debug)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    bounds: Vec<Bound>,
    witnesses: Vec<VerifierKey>,
    /// Witnesses and groups in the order of their lines.
    names: Vec<Named>,
    /// The name whose word is asked for; none where no witness is.
    quorum: Option<usize>,
}

/// What a name of a trust file stands for; members are names of earlier lines.
#[derive(Clone, Debug)]
enum Named {
    Witness(usize),
    Group { needed: usize, members: Vec<usize> },
}

/// Who signed a checkpoint, as far as a trust file knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endorsement {
    /// The names of the log's keys.
    pub logs: Vec<String>,
    /// The names of the witnesses' keys, each with its time in seconds since 1970.
    pub witnesses: Vec<(String, u64)>,
    /// Whether the witnesses are as many as the trust file asks for.
    pub is_witnessed: bool,
}

impl Policy {
    /// Reads a trust file.
    ///
    /// ```
    /// use hos_verify::note::SigningKey;
    /// use hos_verify::policy::Policy;
    ///
    /// let key = SigningKey::from_seed("log.example.com", &[7; 32]).unwrap().verifier_key();
    /// let policy = Policy::parse(format!("# ours\nlog {key}\nquorum none\n").as_bytes());
    /// assert!(policy.is_ok());
    /// assert_eq!(Policy::parse(b"log x\ngroup g 2 a\n").unwrap_err().len(), 3);
    /// ```
    ///
    /// # Errors
    ///
    /// Every fault of the file, in order of line.
    pub fn parse(bytes: &[u8]) -> Result<Self, Vec<PolicyFault>> {
        read::policy(bytes)
    }

    /// The policy with one more key of logs, which counts in the log of this origin from this size
    /// on; as it is where it knows the key, or has no room.
    pub(crate) fn with_log(mut self, key: VerifierKey, origin: &str, from: u64) -> Self {
        let is_new = self.logs.iter().all(|known| known.public() != key.public());
        let has_room = self.logs.len().max(self.bounds.len()) < POLICY_NAMES_MAX;
        if is_new && has_room {
            self.bounds.push(Bound::new(self.logs.len(), End::From, origin, from));
            self.logs.push(key);
        }
        self
    }

    /// Who of the known logs and witnesses signed this checkpoint of the log of this origin. A key
    /// that does not count at its size is none that is known.
    ///
    /// # Errors
    ///
    /// [`NoteError`] if a known key signed wrongly or twice, or no known key signed.
    pub fn endorsement(&self, note: &SignedNote, origin: &str) -> Result<Endorsement, NoteError> {
        let size = Checkpoint::parse(note.text()).ok().map(|checkpoint| checkpoint.size());
        let is_of = |(at, key): &(usize, &VerifierKey)| {
            let mut bounds = self.bounds.iter().filter(|bound| bound.key == *at);
            covers(key.name(), origin) && bounds.all(|bound| bound.holds(origin, size))
        };
        let logs = self.logs.iter().enumerate().filter(is_of).map(|(_, key)| key);
        let keys: Vec<VerifierKey> = logs.chain(&self.witnesses).cloned().collect();
        let verified = note.verify(&keys)?;
        let signed = |key: &VerifierKey| verified.iter().find(|signer| signer.key == key);
        let mut holds = Vec::new();
        for named in &self.names {
            let value = match named {
                Named::Witness(at) => self.witnesses.get(*at).is_some_and(|k| signed(k).is_some()),
                Named::Group { needed, members } => {
                    let held = members.iter().filter(|at| holds.get(**at) == Some(&true));
                    held.count() >= *needed
                }
            };
            holds.push(value);
        }
        let name = |key: &VerifierKey| key.name().to_owned();
        Ok(Endorsement {
            logs: verified.iter().filter(|v| v.time.is_none()).map(|v| name(v.key)).collect(),
            witnesses: verified.iter().filter_map(|v| Some((name(v.key), v.time?))).collect(),
            is_witnessed: self.quorum.is_none_or(|at| holds.get(at) == Some(&true)),
        })
    }
}

/// Whether a key of this name signs for the log of this origin.
fn covers(name: &str, origin: &str) -> bool {
    let below = origin.strip_prefix(name);
    below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
}
