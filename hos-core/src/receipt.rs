//! What a command led to.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{ActionName, State, SubjectId, Version};
use crate::subject::Subject;
use crate::time::{ProofId, Timestamp};

/// Whether a command moved its subject.
///
/// Exhaustive: it moved, or it was there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "it moved, or it was there already")]
pub enum Effect {
    /// It moved, with one proof.
    Moved,
    /// The target was the present state already; no new proof.
    Unchanged,
}

/// The receipt of a command: of its first subject, the others under `also`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What happened to the first subject.
    #[serde(flatten)]
    pub step: StepReceipt,
    /// What happened to the other subjects of a compound command, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<StepReceipt>,
    /// What one batch of a migration came to; none for any other command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchReceipt>,
    /// Whether this is the stored answer to an earlier sending of the same command.
    #[serde(default)]
    pub replayed: bool,
    /// The law that decided.
    pub policy_version: Version,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

impl std::ops::Deref for Receipt {
    type Target = StepReceipt;

    fn deref(&self) -> &StepReceipt {
        &self.step
    }
}

/// What a command did to one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReceipt {
    /// The entry that proves the state after the command.
    pub proof_id: ProofId,
    /// Which subject; none for a change of standing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// What was done.
    pub action: ActionName,
    /// The state before; none for an opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<State>,
    /// The state after; none for a change of standing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<State>,
    /// The revision after.
    pub revision: u64,
    /// Whether it moved.
    pub effect: Effect,
    /// The contract version that the subject pins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract_version: Option<Version>,
}

/// What one batch of a migration came to, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchReceipt {
    /// How many subjects pin the new version.
    pub migrated: u32,
    /// How many moved at the same time, and are to be met by another walk.
    pub skipped: u32,
    /// How many the new contract does not admit; they stay as they were.
    pub failed: u32,
    /// After which subject the walk goes on; none at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<SubjectId>,
}

/// A receipt as a store keeps it: with the fingerprint of the command that led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReceipt {
    /// Digest of what the client intended.
    pub fingerprint: Digest,
    /// What it led to.
    pub receipt: Receipt,
}
