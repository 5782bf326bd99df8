use super::Trust;
use super::evidence::{Evidence, Signed};
use super::origin::belongs;
use crate::checkpoint::Checkpoint;
use crate::policy::Policy;
use crate::verdict::{Line, Status, shown};

/// Who vouches for the log, and the witnesses' names and times for the line of time.
pub(super) fn line(evidence: &Evidence<'_>, trust: &Trust<'_>) -> (Line, Vec<(String, u64)>) {
    let mut line = Line::new();
    let mut seen = Vec::new();
    if let Some(known) = trust.known {
        compare(&mut line, evidence, known);
    }
    match trust.policy {
        Some(policy) => seen = endorse(&mut line, evidence, policy),
        None => line.add(
            Status::Unproven,
            "no policy was given: who made this is not known, and anybody could have",
        ),
    }
    (line, seen)
}

/// Holds the checkpoints to one that is known from elsewhere.
fn compare(line: &mut Line, evidence: &Evidence<'_>, known: &Checkpoint) {
    let here = [Some(&evidence.head), evidence.anchor.as_ref()];
    let here = here.into_iter().flatten().chain(&evidence.others);
    let same = |signed: &&Signed| {
        let origin = signed.checkpoint.origin();
        let of_log = belongs(origin, known.origin()) || belongs(known.origin(), origin);
        of_log && signed.checkpoint.size() == known.size()
    };
    let size = known.size();
    let mut compared = here.filter(same).peekable();
    if compared.peek().is_none() {
        let words = format!("the known checkpoint of size {size} cannot be compared with this");
        return line.add(Status::Unproven, words);
    }
    if compared.any(|signed| signed.checkpoint.root() != known.root()) {
        let words = format!("contradicts the known checkpoint of size {size}");
        return line.add(Status::Contradicted, words);
    }
    line.add(Status::Ok, format!("agrees with the known checkpoint of size {size}"));
}

/// Holds the signatures to the trust file.
fn endorse(line: &mut Line, evidence: &Evidence<'_>, policy: &Policy) -> Vec<(String, u64)> {
    let mut seen: Vec<(String, u64)> = Vec::new();
    let mut is_witnessed = false;
    let mut signed: Vec<&Signed> = vec![&evidence.head];
    signed.extend(&evidence.others);
    let others = signed.len();
    signed.extend(&evidence.anchor);
    for (at, signed) in signed.into_iter().enumerate() {
        let origin = signed.checkpoint.origin();
        let named =
            format!("the checkpoint of {} at size {}", shown(origin), signed.checkpoint.size());
        let endorsement = policy.endorsement(&signed.note, origin).ok();
        let Some(endorsement) = endorsement.filter(|endorsement| !endorsement.logs.is_empty())
        else {
            line.add(Status::Invalid, format!("{named} is not signed as the policy asks"));
            continue;
        };
        for log in &endorsement.logs {
            line.add(Status::Ok, format!("{named} is signed by {}", shown(log)));
        }
        // Only what covers every entry says when they were there: the head, and what anchors it.
        if at == 0 || at >= others {
            is_witnessed |= endorsement.is_witnessed;
            seen.extend(endorsement.witnesses);
        }
    }
    if !is_witnessed && line.status < Status::Invalid {
        line.add(Status::Unproven, "fewer witnesses have seen it than the policy asks for");
    }
    seen
}
