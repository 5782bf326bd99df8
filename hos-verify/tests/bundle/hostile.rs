//! Bundles that somebody forged, each with the verdict that it must get.

use hos_verify::bundle::Claim;
use hos_verify::bundle::make::Draft;
use hos_verify::checkpoint::Checkpoint;
use hos_verify::note::{SignedNote, SigningKey};

use crate::archive::{Files, pack, unpack, zip};
use crate::cases::{Case, subject, witnessed};
use crate::log::{
    DEPLOYMENT, Log, NOON, ORIGIN, anchor, id, input, log_key, policy, shop, transition, witness,
};

/// Takes a sound bundle apart, changes it and puts it together again with a fitting manifest.
fn forged(draft: &Draft, change: impl FnOnce(&mut Files)) -> Vec<u8> {
    let mut files = unpack(&shop().make(draft));
    change(&mut files);
    pack(&files)
}

/// Replaces a text of a file that must be there.
fn replace(files: &mut Files, name: &str, old: &str, new: &str) {
    let data = files.get_mut(name).unwrap_or_else(|| panic!("no file {name}"));
    let text = String::from_utf8(data.clone()).unwrap();
    assert!(text.contains(old), "{name} has no {old}: {text}");
    *data = text.replacen(old, new, 1).into_bytes();
}

fn entry(index: u64) -> String {
    format!("entries/{}.json", id(index))
}

fn proof(index: u64) -> String {
    format!("proofs/{}.tlog-proof", id(index))
}

fn part(index: u64) -> String {
    format!("parts/{}/input.bin", id(index))
}

/// Signs another note than the honest one, everywhere it stands.
fn resigned(files: &mut Files, checkpoint: &Checkpoint, key: &SigningKey) {
    let text = checkpoint.to_text();
    let note = SignedNote::new(&text, vec![key.sign(&text)]).unwrap().to_string();
    let old = String::from_utf8(files["log/20.checkpoint"].clone()).unwrap();
    for data in files.values_mut() {
        if let Ok(text) = String::from_utf8(data.clone()) {
            *data = text.replace(&old, &note).into_bytes();
        }
    }
}

pub(crate) fn hostile() -> Vec<Case> {
    [unreadable(), false_entries(), false_signers(), false_claims(), false_parts(), false_times()]
        .into_iter()
        .flatten()
        .collect()
}

fn unreadable() -> Vec<Case> {
    let sound = shop().make(&shop().draft([5, 6], Claim::Entries));
    let files: Vec<_> = unpack(&sound).into_iter().collect();
    let mut reordered = files.clone();
    reordered.swap(0, 1);
    let mut repeated = files.clone();
    repeated.insert(1, files[0].clone());
    let named = |name: &str| {
        let mut files = files.clone();
        files.push((name.to_owned(), b"x".to_vec()));
        files.sort();
        zip(&files)
    };
    let mut deflated = sound.clone();
    deflated[8] = 8;
    let mut huge = sound.clone();
    huge[18..26].fill(0xff);
    let manifest = |old: &str, new: &str| {
        forged(&shop().draft([5], Claim::Entries), |files| {
            replace(files, "manifest.json", old, new)
        })
    };
    let mut case = Vec::new();
    let mut add = |name: &str, bundle| case.push(Case::new(name, bundle, 50));
    add("nothing", Vec::new());
    add("an empty archive", zip(&[]));
    add("text", b"PK".to_vec());
    add("truncated", sound[..sound.len() - 1].to_vec());
    add("half of it", sound[..sound.len() / 2].to_vec());
    add("bytes before", [b"#!/bin/sh\n", &sound[..]].concat());
    add("bytes behind", [&sound[..], b"\n"].concat());
    add("twice", [&sound[..], &sound[..]].concat());
    add("files out of order", zip(&reordered));
    add("a file twice", zip(&repeated));
    add("compressed", deflated);
    add("a file that says it is huge", huge);
    add("a file that climbs", named("../../etc/passwd"));
    add("a file of the root", named("/etc/passwd"));
    add("a file that nobody knows", named("entries/x.json"));
    add("an id in capitals", named(&entry(10).to_uppercase().replace("JSON", "json")));
    add(
        "no manifest",
        zip(&files.iter().filter(|f| f.0 != "manifest.json").cloned().collect::<Vec<_>>()),
    );
    add("another format", manifest("hosproof/1", "hosproof/2"));
    add("a manifest with more", manifest("\"format\"", "\"extra\":1,\"format\""));
    add("a manifest with a gap", manifest("\"format\":", "\"format\": "));
    add("a claim that nobody knows", manifest("\"entries\"}]", "\"all\"}]"));
    add("a negative index", manifest("\"index\":5", "\"index\":-5"));
    add("a large bundle", vec![0; 67_108_865]);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut nested: Files = unpack(&sound);
    nested.insert("manifest.json".to_owned(), deep.into_bytes());
    add("a deep manifest", zip(&nested.into_iter().collect::<Vec<_>>()));
    case
}

fn false_entries() -> Vec<Case> {
    let log = shop();
    let draft = log.draft([5, 6], Claim::Entries);
    let mut cases = Vec::new();
    let mut add = |name: &str, bundle| cases.push(Case::new(name, bundle, 40));
    let with = |change: &dyn Fn(&mut Files)| forged(&draft, change);
    add("a leaf edited", with(&|files| replace(files, &entry(5), "paid", "lost")));
    add(
        "two leaves swapped",
        with(&|files| {
            let (one, other) = (files[&entry(5)].clone(), files[&entry(6)].clone());
            files.insert(entry(5), other);
            files.insert(entry(6), one);
        }),
    );
    add(
        "two proofs swapped",
        with(&|files| {
            let (one, other) = (files[&proof(5)].clone(), files[&proof(6)].clone());
            files.insert(proof(5), other);
            files.insert(proof(6), one);
        }),
    );
    add(
        "a proof of another index",
        with(&|files| {
            replace(files, &proof(5), "index 5\n", "index 4\n");
            replace(files, "manifest.json", "\"index\":5", "\"index\":4");
        }),
    );
    add(
        "a proof with less",
        with(&|files| {
            let text = String::from_utf8(files[&proof(5)].clone()).unwrap();
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            files.insert(proof(5), [&lines[..2], &lines[3..]].concat().concat().into_bytes());
        }),
    );
    add("a proof taken away", with(&|files| drop(files.remove(&proof(5)))));
    add("an entry taken away", with(&|files| drop(files.remove(&entry(5)))));
    add(
        "an entry that nothing proves",
        with(&|files| {
            files.insert(entry(7), log.leaves[7].clone().into_bytes());
        }),
    );
    add("a leaf with a gap", with(&|files| replace(files, &entry(5), "\":", "\": ")));
    add(
        "a leaf of another version",
        with(&|files| replace(files, &entry(5), "\"v\":1", "\"v\":2")),
    );
    add("a leaf that is empty", with(&|files| drop(files.insert(entry(5), Vec::new()))));
    add(
        "a checkpoint of another size",
        with(&|files| {
            let note = files.remove("log/20.checkpoint").unwrap();
            files.insert("log/19.checkpoint".to_owned(), note);
        }),
    );
    let mut extra = unpack(&log.make(&draft));
    extra.insert(part(5), b"nobody asks".to_vec());
    add("a part that nothing opens", pack(&extra));
    let unlisted: Vec<_> = extra.into_iter().collect();
    add("a file that the manifest does not list", zip(&unlisted));

    // Another tenant's entry in a log of its own, presented as an entry of this one.
    let mut other = Log::default();
    for index in 0..20 {
        other.push(transition(index, "order:7f", 1).replace("firm-1", "firm-2"));
    }
    let mut stolen = other.draft([5], Claim::Entries);
    stolen.checkpoint = other.note(20);
    let made = hos_verify::bundle::make::make(&stolen, |level, index| other.read(level, index));
    assert!(made.is_err(), "no honest maker mixes logs");
    add(
        "another tenant's entry",
        forged(&draft, |files| {
            let leaf = other.leaves[5].clone();
            files.insert(entry(5), leaf.into_bytes());
            resigned(files, &other.checkpoint(ORIGIN, 20), &log_key());
            let hashes = hos_verify::tile::inclusion_proof(20, 5, |l, i| other.read(l, i)).unwrap();
            let checkpoint = String::from_utf8(files["log/20.checkpoint"].clone()).unwrap();
            let proof_of = hos_verify::proof::Proof { index: 5, hashes, checkpoint, extra: None };
            files.insert(proof(5), proof_of.to_string().into_bytes());
        }),
    );
    cases
}

fn false_signers() -> Vec<Case> {
    let log = shop();
    let draft = log.draft([5], Claim::Entries);
    let head = log.checkpoint(ORIGIN, 20);
    let stranger = SigningKey::from_seed(DEPLOYMENT, &[9; 32]).unwrap();
    let elsewhere = SigningKey::from_seed("other.example.com", &[1; 32]).unwrap();
    let signed = |key: &SigningKey| forged(&draft, |files| resigned(files, &head, key));
    let mut rewritten = shop();
    rewritten.leaves[3] = rewritten.leaves[3].replace("paid", "free");
    let mut other = Log::default();
    rewritten.leaves.into_iter().for_each(|leaf| other.push(leaf));
    let rewritten = other.make(&other.draft([5], Claim::Entries));
    let mut grown = log.draft([5], Claim::Entries);
    grown.others = vec![log.note(13)];
    let forked = forged(&grown, |files| {
        files.insert("log/13.checkpoint".to_owned(), other.note(13).into_bytes());
    });
    let unlinked = forged(&grown, |files| drop(files.remove("log/13-20.consistency")));
    let mut anchored = draft.clone();
    anchored.anchor = Some(anchor(&log.note(19), &[(1, NOON)]));
    let anchored = forged(&draft, |files| {
        let proof = anchored.anchor.unwrap().to_string();
        files.insert("anchor/proof.tlog-proof".to_owned(), proof.into_bytes());
    });
    let mut seen = witnessed(NOON);
    seen.checkpoint = seen.checkpoint.replace("witness-1", "witness-3");
    let deployment = Checkpoint::new(&format!("{DEPLOYMENT}/deployment"), 3, [7; 32]).unwrap();
    let deployment = deployment.to_text();
    let deployment =
        SignedNote::new(&deployment, vec![log_key().sign(&deployment)]).unwrap().to_string();
    let mut vouched = draft.clone();
    vouched.anchor = Some(anchor(&draft.checkpoint, &[]));
    vec![
        Case::new("a key of the same name", signed(&stranger), 40),
        Case::new("a key of another deployment", signed(&elsewhere), 40),
        Case::new("a stranger's key, no policy", signed(&stranger), 10).policy(None),
        Case::new("a history rewritten", rewritten.clone(), 30).known(log.note(20)),
        Case::new("rewritten, no policy", rewritten.clone(), 30).known(log.note(20)).policy(None),
        Case::new("rewritten, nothing known", rewritten, 0),
        Case::new("a known fork of the deployment", log.make(&vouched), 30).known(deployment),
        Case::new("a fork inside", forked, 40),
        Case::new("an older checkpoint unlinked", unlinked, 40),
        Case::new("an anchor of another checkpoint", anchored, 40),
        Case::new("a witness renamed", log.make(&seen), 10).policy(Some(policy("one"))),
        Case::new("one witness of two", log.make(&witnessed(NOON)), 10)
            .policy(Some(policy("both"))),
    ]
}

fn false_claims() -> Vec<Case> {
    let log = shop();
    let range = log.draft(4..12, Claim::Range { from: 4, to: 12 });
    let life = log.draft([0, 2, 4, 6, 8, 10, 12, 14], subject(8));
    let with = |draft: &Draft, change: &dyn Fn(&mut Files)| forged(draft, change);
    let claims = |old: &'static str, new: &'static str| {
        with(&range, &|files| replace(files, "manifest.json", old, new))
    };
    let name = "range/4-12.range";
    vec![
        Case::new("a longer range", claims("\"to\":12", "\"to\":13"), 40),
        Case::new("an earlier range", claims("\"from\":4", "\"from\":3"), 40),
        Case::new("a range that ends before it begins", claims("\"to\":12", "\"to\":3"), 40),
        Case::new(
            "no range after all",
            claims("{\"from\":4,\"kind\":\"range\",\"to\":12}", "{\"kind\":\"entries\"}"),
            40,
        ),
        Case::new(
            "a range moved",
            with(&range, &|files| {
                replace(files, name, "hosproof-range/1 4 8", "hosproof-range/1 5 8");
            }),
            40,
        ),
        Case::new(
            "a range with a hash less",
            with(&range, &|files| {
                let text = String::from_utf8(files[name].clone()).unwrap();
                let lines: Vec<&str> = text.split_inclusive('\n').collect();
                files.insert(name.to_owned(), [&lines[..1], &lines[2..]].concat().concat().into());
            }),
            40,
        ),
        Case::new(
            "an entry of a range edited",
            with(&range, &|files| {
                replace(files, &entry(7), "paid", "lost");
            }),
            40,
        ),
        Case::new(
            "a revision left out",
            with(&life, &|files| {
                files.remove(&entry(6));
                files.remove(&proof(6));
                let listed = format!("{{\"id\":\"{}\",\"index\":6}},", id(6));
                replace(files, "manifest.json", &listed, "");
            }),
            40,
        ),
        Case::new(
            "more revisions than there are",
            with(&life, &|files| {
                replace(files, "manifest.json", "\"revisions\":8", "\"revisions\":9");
            }),
            40,
        ),
        Case::new(
            "another subject",
            with(&life, &|files| {
                replace(files, "manifest.json", "order:7f", "order:80");
            }),
            40,
        ),
        Case::new(
            "no revisions at all",
            with(&life, &|files| {
                replace(files, "manifest.json", "order:7f", "order:none\u{202e}");
            }),
            40,
        ),
    ]
}

fn false_parts() -> Vec<Case> {
    let log = shop();
    let mut open = log.draft([5, 17], Claim::Entries);
    open.entries[0].opened = vec![input(5)];
    let mut gone = log.draft([2, 5, 17, 18], Claim::Entries);
    gone.entries[0].erased = vec![("input".to_owned(), id(17))];
    let with = |draft: &Draft, change: &dyn Fn(&mut Files)| forged(draft, change);
    let erased = |old: String, new: String| {
        with(&gone, &|files| replace(files, "manifest.json", &old, &new))
    };
    let by = |index: u64| format!("\"by\":\"{}\"", id(index));
    let of = |index: u64| format!("{},\"id\":\"{}\"", by(17), id(index));
    vec![
        Case::new(
            "a part edited",
            with(&open, &|files| {
                replace(files, &part(5), "çay", "kek");
            }),
            40,
        ),
        Case::new(
            "a salt edited",
            with(&open, &|files| {
                replace(files, "openings.json", "\"salt\":\"BQUF", "\"salt\":\"BAUF");
            }),
            40,
        ),
        Case::new(
            "an opening for another part",
            with(&open, &|files| {
                replace(files, "openings.json", "input", "facts");
            }),
            40,
        ),
        Case::new("a part taken away", with(&open, &|files| drop(files.remove(&part(5)))), 40),
        Case::new(
            "an opening taken away",
            with(&open, &|files| {
                files.remove("openings.json");
            }),
            40,
        ),
        Case::new(
            "the erasure taken away",
            with(&gone, &|files| {
                files.remove(&entry(17));
                files.remove(&proof(17));
                let listed = format!(",{{\"id\":\"{}\",\"index\":17}}", id(17));
                replace(files, "manifest.json", &listed, "");
            }),
            40,
        ),
        Case::new("erased by what is no erasure", erased(by(17), by(5)), 40),
        Case::new("erased by an entry not here", erased(by(17), by(19)), 40),
        Case::new("an erasure of another part", erased(of(2), of(5)), 40),
        Case::new("an erasure of itself", erased(of(2), of(17)), 40),
        Case::new("erased by an erasure of a person", erased(by(17), by(18)), 20),
    ]
}

fn false_times() -> Vec<Case> {
    let log = shop();
    let sound = log.make(&log.draft([5], Claim::Entries));
    let future = |now: u64| Case { now, ..Case::new("made in the future", sound.clone(), 40) };
    let made_before = forged(&log.draft([5], Claim::Entries), |files| {
        replace(files, "manifest.json", "2026-11-22T12:00", "2026-11-22T10:00");
    });
    let seen = |name: &str, time: u64| {
        Case::new(name, log.make(&witnessed(time)), 40).policy(Some(policy("one")))
    };
    let late = witness(1).cosigner_key().to_string();
    assert!(policy("one").contains(&late));
    vec![
        future(NOON - 301),
        Case { exit: 0, ..future(NOON - 299) },
        Case::new("older than its entries", made_before, 40),
        seen("seen before it was written", NOON - 7_200),
        seen("seen in the future", NOON + 1_000_000),
        seen("seen after the year 9999", 253_402_300_800),
    ]
}

#[test]
fn forged_bundles_get_the_verdict_that_they_deserve() {
    for case in hostile() {
        let verdict = case.verdict();
        assert_eq!(verdict.exit().code(), case.exit, "{}:\n{verdict}", case.name);
        assert!(!verdict.to_string().contains('\u{202e}'), "{}", case.name);
    }
}
