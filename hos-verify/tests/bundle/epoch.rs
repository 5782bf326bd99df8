//! Logs that came back from an older backup: what is told to whom, and what is found out.

use hos_verify::bundle::Claim;
use hos_verify::bundle::make::Draft;
use hos_verify::json::Value;
use hos_verify::note::SignedNote;

use crate::archive::{pack, unpack};
use crate::cases::Case;
use crate::log::{Log, ORIGIN, leaf, log_key, policy, shop, transition, witness};

/// At which index the entry stands that opens the second epoch, and how many entries came back.
const OPENED_AT: u64 = 13;
const CAME_BACK: i64 = 8;

fn note_of(log: &Log, epoch: &str, size: u64) -> String {
    let text = log.checkpoint(&format!("{ORIGIN}{epoch}"), size).to_text();
    SignedNote::new(&text, vec![log_key().sign(&text)]).unwrap().to_string()
}

fn opening(index: u64, number: i64, note: &str, size: i64) -> String {
    let epoch = Value::object([
        ("n", Value::Integer(number)),
        ("note", Value::string(note)),
        ("size", Value::Integer(size)),
    ]);
    leaf(index, "epoch/1", vec![("epoch", epoch)])
}

/// What came back of the shop's log after its last eight entries were lost, and what was recorded
/// since: a transition, the opening, two more.
fn restored(opening: String) -> Log {
    let mut log = Log::default();
    shop().leaves.into_iter().take(12).for_each(|leaf| log.push(leaf));
    log.push(transition(12, "order:81", 1));
    log.push(opening);
    log.push(transition(14, "order:81", 2));
    log.push(transition(15, "order:81", 3));
    log
}

fn honest_log() -> Log {
    restored(opening(OPENED_AT, 2, &shop().note(20), CAME_BACK))
}

fn draft(log: &Log, indexes: &[u64]) -> Draft {
    let mut draft = log.draft(indexes.iter().copied(), Claim::Entries);
    draft.checkpoint = note_of(log, "/e2", 16);
    draft
}

/// A bundle whose note is replaced by another, everywhere it stands.
fn signed_as(log: &Log, sound: &Draft, epoch: &str) -> Vec<u8> {
    let mut files = unpack(&log.make(sound));
    let (old, new) = (&sound.checkpoint, note_of(log, epoch, 16));
    let origin = old.lines().next().unwrap();
    for (name, data) in &mut files {
        let Ok(text) = String::from_utf8(data.clone()) else { continue };
        let text = text.replace(old.as_str(), &new);
        let said = format!("\"origin\":\"{origin}\"");
        let renamed = text.replace(&said, &format!("\"origin\":\"{ORIGIN}{epoch}\""));
        *data = if name == "manifest.json" { renamed } else { text }.into_bytes();
    }
    pack(&files)
}

/// Bundles of restored logs, those of forgers among them.
pub(crate) fn epochs() -> Vec<Case> {
    [told(), goes_back(), without_entry()].into_iter().flatten().collect()
}

fn told() -> Vec<Case> {
    let (log, lost) = (honest_log(), shop());
    let sound = draft(&log, &[5, OPENED_AT]);
    let bundle = log.make(&sound);
    let mut grown = sound;
    grown.others = vec![note_of(&log, "", 8), note_of(&log, "", 13), note_of(&log, "/e2", 14)];
    let grown = log.make(&grown);
    let mut longer = lost.clone();
    longer.push(transition(20, "order:7f", 9));
    let case = |name: &str, exit| Case::new(name, bundle.clone(), exit);
    let skipped = restored(opening(OPENED_AT, 3, &note_of(&lost, "/e2", 20), CAME_BACK));
    let mut third = draft(&skipped, &[5, OPENED_AT]);
    third.checkpoint = note_of(&skipped, "/e3", 16);
    let third = skipped.make(&third);
    let third = |name: &str, exit| Case::new(name, third.clone(), exit);
    vec![
        third("an epoch after one that was lost", 0),
        third("an epoch after one that was lost, its note is known", 20)
            .known(note_of(&lost, "/e2", 20)),
        third("an epoch after one that was lost, an earlier note is known", 20)
            .known(lost.note(17)),
        third("an epoch after one that was lost, more of it is known", 30)
            .known(note_of(&longer, "/e2", 21)),
        case("an epoch", 0),
        Case::new("an epoch, with earlier checkpoints", grown.clone(), 0),
        Case::new("an epoch, what came back is known", grown.clone(), 0).known(lost.note(8)),
        Case::new("an epoch, other entries are known", grown, 30).known({
            let mut other = Log::default();
            (0..8).for_each(|index| other.push(transition(index, "order:82", 1)));
            other.note(8)
        }),
        case("an epoch, its own checkpoint is known", 0).known(note_of(&log, "/e2", 16)),
        case("an epoch, the last note is known", 20).known(lost.note(20)),
        case("an epoch, a lost note of its size is known", 20).known(lost.note(16)),
        case("an epoch, a lost note is known, no policy", 10).known(lost.note(16)).policy(None),
        case("an epoch, a note of what came back is known", 10).known(lost.note(7)),
        case("an epoch that hides the last note", 30).known(longer.note(21)),
        case("an epoch that names another last note", 30).known({
            let mut other = lost;
            other.hashes[19] = [7; 32];
            other.note(20)
        }),
    ]
}

/// A later epoch is known than the one that is shown.
fn goes_back() -> Vec<Case> {
    let (log, lost) = (honest_log(), shop());
    let old = lost.make(&lost.draft([5], Claim::Entries));
    let sound = draft(&log, &[5, OPENED_AT]);
    let without = draft_without_entry(&log);
    let mut later = sound.clone();
    later.others = vec![note_of(&log, "", 8)];
    let files = |change: &dyn Fn(&str) -> String| {
        let mut files = unpack(&log.make(&later));
        let text = String::from_utf8(files["log/8.checkpoint"].clone()).unwrap();
        files.insert("log/8.checkpoint".to_owned(), change(&text).into_bytes());
        pack(&files)
    };
    vec![
        Case::new("what was lost, the epoch is known", old, 30).known(note_of(&log, "/e2", 16)),
        Case::new("the older epoch goes on beside", log.make(&without), 30)
            .known(note_of(&log, "/e2", 16)),
        Case::new("the older epoch over its end", signed_as(&log, &sound, ""), 40),
        Case::new("an epoch before it began", files(&|_| note_of(&log, "/e2", 8)), 40),
        Case::new(
            "a note before the epoch, unsigned",
            files(&|text| text.replace("/main\n", "/main/e3\n")),
            40,
        ),
    ]
}

/// The honest log in its first epoch, as if nothing had been opened.
fn draft_without_entry(log: &Log) -> Draft {
    let mut draft = draft(log, &[5]);
    draft.checkpoint = note_of(log, "", 16);
    draft
}

/// Forks that are called epochs.
fn without_entry() -> Vec<Case> {
    let log = honest_log();
    let without = draft_without_entry(&log);
    let sound = draft(&log, &[5, OPENED_AT]);
    let forged = |opening: String| {
        let log = restored(opening);
        let sound = draft_without_entry(&log);
        let mut with = sound;
        with.entries.push(log.entry(OPENED_AT));
        // Nobody makes it: what is no opening is found when it is made, too.
        let made = hos_verify::bundle::make::make(&with, |level, at| log.read(level, at));
        assert!(made.is_err());
        let honest = honest_log();
        let mut files = unpack(&honest.make(&draft(&honest, &[5, OPENED_AT])));
        let name = format!("entries/{}.json", crate::log::id(OPENED_AT));
        let text = log.leaves[13].clone();
        files.insert(name, text.into_bytes());
        pack(&files)
    };
    let shop = shop();
    let unsigned = {
        let text = shop.checkpoint(ORIGIN, 20).to_text();
        SignedNote::new(&text, vec![witness(1).sign(&text)]).unwrap().to_string()
    };
    let stranger = restored(opening(OPENED_AT, 2, &unsigned, CAME_BACK));
    let stranger = stranger.make(&draft(&stranger, &[5, OPENED_AT]));
    vec![
        Case::new("a fork without its entry", signed_as(&log, &without, "/e2"), 40),
        Case::new("an epoch too many", signed_as(&log, &sound, "/e3"), 40),
        Case::new("epochs without end", signed_as(&log, &sound, "/e18446744073709551615"), 40),
        Case::new("an epoch upon a note of nobody", stranger.clone(), 40),
        Case::new("an epoch upon a note of nobody, witnesses", stranger, 40)
            .policy(Some(policy("both"))),
        Case::new(
            "an opening of more than was signed",
            forged(opening(13, 2, &shop.note(7), 8)),
            40,
        ),
        Case::new("an opening without a note", forged(opening(13, 2, "a note\n", 8)), 40),
        Case::new("an opening of the first epoch", forged(opening(13, 1, &shop.note(20), 8)), 40),
        Case::new("an epoch that leaves one out", leaves_one_out(), 40),
    ]
}

/// The third epoch, whose entry names a note of the first.
fn leaves_one_out() -> Vec<u8> {
    let log = restored(opening(OPENED_AT, 3, &shop().note(20), CAME_BACK));
    let honest = honest_log();
    let sound = draft(&honest, &[5, OPENED_AT]);
    let mut files = unpack(&honest.make(&sound));
    let (old, new) = (&sound.checkpoint, note_of(&log, "/e3", 16));
    for (name, data) in &mut files {
        let Ok(text) = String::from_utf8(data.clone()) else { continue };
        let text = text.replace(old.as_str(), &new);
        *data = if name == "manifest.json" { text.replace("/main/e2", "/main/e3") } else { text }
            .into_bytes();
    }
    let name = format!("entries/{}.json", crate::log::id(OPENED_AT));
    files.insert(name, log.leaves[13].clone().into_bytes());
    for at in [5, OPENED_AT] {
        let read = |level, index| log.read(level, index);
        let hashes = hos_verify::tile::inclusion_proof(16, at, read).unwrap();
        let checkpoint = new.clone();
        let proof = hos_verify::proof::Proof { index: at, hashes, checkpoint, extra: None };
        let name = format!("proofs/{}.tlog-proof", crate::log::id(at));
        files.insert(name, proof.to_string().into_bytes());
    }
    pack(&files)
}

#[test]
fn restored_logs_get_the_verdict_that_they_deserve() {
    for case in epochs() {
        let verdict = case.verdict();
        assert_eq!(verdict.exit().code(), case.exit, "{}:\n{verdict}", case.name);
    }
}

#[test]
fn whoever_holds_what_was_lost_is_told() {
    let words = |name: &str| {
        let case = epochs().into_iter().find(|case| case.name == name).unwrap();
        case.verdict().to_string()
    };
    let began = "epoch 2 began at entry 13: the log was restored from a backup, 8 entries of 20";
    assert!(words("an epoch").contains(began));
    let told = words("an epoch, the last note is known");
    assert!(
        told.contains("size 20 is of epoch 1: entry 13 says that epoch 2 began with 8 entries")
    );
    let hidden = words("an epoch that hides the last note");
    assert!(hidden.contains("which the entry that opens epoch 2 hides"));
    assert!(words("a fork without its entry").contains("of an epoch that no entry here opens"));
    let over = words("the older epoch over its end");
    assert!(over.contains("of an earlier epoch than an entry under it opens"), "{over}");
    let left_out = words("an epoch that leaves one out");
    assert!(left_out.contains("its epochs are not opened one after the other"), "{left_out}");
}
