use super::Trust;
use super::evidence::{Evidence, Signed};
use crate::checkpoint::Checkpoint;
use crate::epoch::{Opening, Said, said, split};
use crate::note::SignedNote;
use crate::policy::Policy;
use crate::verdict::{Line, Status, shown};

/// Who vouches for the log, and the witnesses' names and times for the line of time.
pub(super) fn line(evidence: &Evidence<'_>, trust: &Trust<'_>) -> (Line, Vec<(String, u64)>) {
    let mut line = Line::new();
    let mut seen = Vec::new();
    let origin = evidence.head.checkpoint.origin();
    if let Some(asked) = trust.log.filter(|asked| ![origin, split(origin).0].contains(asked)) {
        let words = format!("of the log {}, not of {}", shown(origin), shown(asked));
        line.add(Status::Invalid, words);
    }
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
    let (size, (log, epoch)) = (known.size(), split(known.origin()));
    let here = [Some(&evidence.head), evidence.anchor.as_ref()];
    let here = here.into_iter().flatten().chain(&evidence.others);
    let of_log = here.map(|signed| &signed.checkpoint).filter(|here| split(here.origin()).0 == log);
    let of_log: Vec<&Checkpoint> = of_log.collect();
    let compared: Vec<&&Checkpoint> = of_log.iter().filter(|here| here.size() == size).collect();
    let is_same = |here: &&&Checkpoint| here.root() == known.root();
    let is_in_epoch = |here: &&&Checkpoint| split(here.origin()).1 == epoch;
    if !compared.is_empty() && compared.iter().all(|one| is_same(one) && is_in_epoch(one)) {
        return line.add(Status::Ok, format!("agrees with the known checkpoint of size {size}"));
    }
    let contradicts = format!("contradicts the known checkpoint of size {size}");
    if compared.iter().any(|one| is_same(one) || is_in_epoch(one)) {
        return line.add(Status::Contradicted, contradicts);
    }
    // What a later epoch has, an earlier one does not outgrow.
    let ahead = |here: &&Checkpoint| split(here.origin()).1 < epoch && here.size() >= size;
    if of_log.iter().any(ahead) {
        let words = format!("{contradicts}, which is of the later epoch {epoch}");
        return line.add(Status::Contradicted, words);
    }
    match said(&evidence.openings, known) {
        Said::Lost(index, opening) => {
            let Opening { number, size: back, .. } = opening;
            let words = format!(
                "the known checkpoint of size {size} is of epoch {epoch}: entry {index} says that \
                 epoch {number} began with {back} entries that came back; what was signed beyond \
                 them this log need not have"
            );
            line.add(Status::Incomplete, words);
        }
        Said::Unnamed(Opening { number, .. }) => {
            let words = format!("{contradicts}, which the entry that opens epoch {number} hides");
            line.add(Status::Contradicted, words);
        }
        Said::CameBack if !compared.is_empty() => line.add(Status::Contradicted, contradicts),
        Said::CameBack | Said::Nothing => {
            let words = format!("the known checkpoint of size {size} cannot be compared with this");
            line.add(Status::Unproven, words);
        }
    }
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
    let log = split(evidence.head.checkpoint.origin()).0;
    for (_, opening) in evidence.openings.iter().filter(|(_, opening)| opening.log() == log) {
        let note = SignedNote::parse(opening.note.as_bytes());
        let endorsed = note.and_then(|note| policy.endorsement(&note, opening.known.origin()));
        if !endorsed.is_ok_and(|endorsement| !endorsement.logs.is_empty()) {
            let number = opening.number;
            let words =
                format!("the note that epoch {number} names is not signed as the policy asks");
            line.add(Status::Invalid, words);
        }
    }
    if !is_witnessed && line.status < Status::Invalid {
        line.add(Status::Unproven, "fewer witnesses have seen it than the policy asks for");
    }
    seen
}
