//! What holds in every state of the model, and what can be seen in some.

use super::Protocol;
use super::state::{Code, Entry, Sight, Stage, State, Wish};

/// A fact about every state, by its name.
pub type Property = (&'static str, fn(&Protocol, &State) -> bool);

/// What must hold in every state that can be reached.
pub const ALWAYS: [Property; 10] = [
    ("no state without its proof, no proof without its state", |_, state| {
        let row = state.kept.row;
        match state.kept.log.get(row.proof) {
            Some(Entry::Opened) => row.stage == Stage::Waiting && row.revision == 1,
            Some(Entry::Moved { to, revision, .. }) => {
                let later = state.kept.log.iter().skip(row.proof + 1);
                *to == row.stage && *revision == row.revision && later.clone().all(is_no_move)
            }
            _ => false,
        }
    }),
    ("the revision is the number of proofs of the job", |_, state| {
        let proofs = state.kept.log.iter().filter(|entry| !matches!(entry, Entry::Denied { .. }));
        u64::try_from(proofs.count()) == Ok(state.kept.row.revision)
    }),
    ("each move begins where the one before ended", |_, state| {
        let moves = state.kept.log.iter().filter(|entry| !is_no_move(entry));
        let mut at = (Stage::Waiting, 1);
        moves.fold(true, |holds, entry| match entry {
            Entry::Moved { from, to, revision, .. } => {
                let follows = (*from, revision - 1) == at;
                at = (*to, *revision);
                holds && follows
            }
            _ => holds,
        })
    }),
    ("a key leads to at most one effect, and keeps its receipt", |protocol, state| {
        state.kept.receipts.iter().enumerate().all(|(key, kept)| {
            let moves = state.kept.log.iter().filter(|entry| match entry {
                Entry::Moved { intent, .. } => protocol.intents[*intent].key == key,
                _ => false,
            });
            moves.count() == usize::from(kept.is_some_and(|told| told.moved))
        })
    }),
    ("all answers of a key are its one receipt", |protocol, state| {
        let kept = |intent: usize| state.kept.receipts[protocol.intents[intent].key];
        let told = state.told.iter().enumerate();
        let mut told = told.filter_map(|(intent, told)| told.map(|told| (intent, told)));
        !state.wrongs.answered_twice
            && told.all(|(intent, told)| told.intent == intent && kept(intent) == Some(told))
    }),
    ("of parallel one-shots one moves", |protocol, state| {
        let starts = state.kept.log.iter().filter(|entry| match entry {
            Entry::Moved { intent, .. } => protocol.intents[*intent].wish == Wish::Start,
            _ => false,
        });
        starts.count() <= 1
    }),
    ("no change of standing is overtaken by a commit", |_, state| !state.wrongs.overtaken),
    ("a terminal state never revives", |_, state| {
        let ends = |entry: &Entry| matches!(entry, Entry::Moved { to: Stage::Done, .. });
        let end = state.kept.log.iter().position(ends).unwrap_or(state.kept.log.len());
        state.kept.log.iter().skip(end + 1).all(is_no_move)
    }),
    ("a refusal is true when it is answered", |_, state| !state.wrongs.untrue_refusal),
    ("a denial is recorded once per key", |protocol, state| {
        (0..state.kept.receipts.len()).all(|key| {
            let denials = state.kept.log.iter().filter(|entry| match entry {
                Entry::Denied { intent } => protocol.intents[*intent].key == key,
                _ => false,
            });
            denials.count() <= 1
        })
    }),
];

fn is_no_move(entry: &Entry) -> bool {
    !matches!(entry, Entry::Moved { .. })
}

/// What must be reachable, or the model would hold because it does nothing.
pub const SOMETIMES: [(&str, Sight); 12] = [
    ("first answer", Sight::First),
    ("unchanged", Sight::Unchanged),
    ("conflict", Sight::Conflict),
    ("replayed", Sight::Replayed),
    ("found again after its answer was lost", Sight::FoundAgain),
    ("ambiguous", Sight::Ambiguous),
    ("key reused", Sight::Refused(Code::KeyReused)),
    ("world closed", Sight::Refused(Code::WorldClosed)),
    ("banned", Sight::Refused(Code::Banned)),
    ("denied", Sight::Refused(Code::Denied)),
    ("terminal", Sight::Refused(Code::TerminalState)),
    ("stale revision", Sight::Refused(Code::StaleRevision)),
];
