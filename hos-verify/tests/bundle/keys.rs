//! Keys that take over from others: who follows to them, and who does not.

use hos_verify::bundle::Claim;
use hos_verify::json::Value;
use hos_verify::note::{SignedNote, SigningKey};
use hos_verify::policy::Policy;
use hos_verify::time::Time;
use hos_verify::verify::follow;

use crate::archive::unpack;
use crate::cases::{Case, witnessed};
use crate::log::{
    DEPLOYMENT, Log, NOON, ORIGIN, anchor, leaf, log_key, policy, shop, transition, witness,
};

/// The key that is announced.
fn next() -> SigningKey {
    SigningKey::from_seed(DEPLOYMENT, &[2; 32]).unwrap()
}

fn announcing(vkey: &str) -> Log {
    let mut log = shop();
    log.push(leaf(20, "key/1", vec![("key", Value::string(vkey))]));
    log
}

/// A bundle of the last entry, signed by these keys.
fn bundle(log: &Log, keys: &[SigningKey]) -> Vec<u8> {
    sized(log, log.size(), keys)
}

/// A bundle of the last entry under the checkpoint of this size.
fn sized(log: &Log, size: u64, keys: &[SigningKey]) -> Vec<u8> {
    let mut draft = log.draft([size - 1], Claim::Entries);
    let text = log.checkpoint(ORIGIN, size).to_text();
    let signatures = keys.iter().map(|key| key.sign(&text)).collect();
    draft.checkpoint = SignedNote::new(&text, signatures).unwrap().to_string();
    log.make(&draft)
}

/// Bundles after a key took over.
pub(crate) fn keys() -> Vec<Case> {
    let announced = announcing(&next().verifier_key().to_string());
    let told = bundle(&announced, &[log_key()]);
    let both = bundle(&announced, &[log_key(), next()]);
    let mut later = announced.clone();
    later.push(transition(21, "order:81", 1));
    let after = bundle(&later, &[next()]);
    let before = bundle(&shop(), &[next()]);
    let at_once = bundle(&announced, &[next()]);
    let mut linked = later.draft([21], Claim::Entries);
    let text = later.checkpoint(ORIGIN, 22).to_text();
    linked.checkpoint = SignedNote::new(&text, vec![next().sign(&text)]).unwrap().to_string();
    linked.others = vec![shop().note(13)];
    vec![
        Case::new("another key, not followed", after.clone(), 40),
        Case::new("a key that was announced", after.clone(), 0).follow(&told),
        Case::new("a key that was announced by both", after.clone(), 0).follow(&both),
        Case::new("a key before it was announced", before, 40).follow(&told),
        Case::new("a key under which it was announced", at_once, 0).follow(&told),
        Case::new("both keys, over both times", later.make(&linked), 0).follow(&told),
        Case::new("the announcement itself", told.clone(), 0),
        Case::new("a key that was announced, a checkpoint that is not here", after, 10)
            .follow(&told)
            .known(shop().note(9)),
    ]
}

/// Bundles under policies that bound keys: to the size 10, or to that of an epoch.
pub(crate) fn bounded() -> Vec<Case> {
    let log = shop();
    let origin = log_key();
    let with = |bounds: &str| {
        Some(policy("none").replace(
            &format!("log {}", origin.verifier_key()),
            &format!("log {}{bounds}", origin.verifier_key()),
        ))
    };
    let at = |size: u64| sized(&log, size, &[log_key()]);
    let mut cases = Vec::new();
    for (bounds, exits) in [
        (format!(" from 10 {ORIGIN}"), [40, 0, 0]),
        (format!(" until 10 {ORIGIN}"), [0, 0, 40]),
        (format!(" https://log from 10 {ORIGIN} until 10 {ORIGIN}"), [40, 0, 40]),
        (format!(" from 10 {ORIGIN}-2"), [0, 0, 0]),
        (format!(" from 10 {ORIGIN}/e2"), [40, 40, 40]),
        (format!(" until 10 {ORIGIN}/e2"), [0, 0, 0]),
        (format!(" until 10 {DEPLOYMENT}"), [0, 0, 0]),
        (" from".to_owned(), [0, 0, 0]),
    ] {
        for (size, exit) in [9, 10, 11].into_iter().zip(exits) {
            let name = format!("size {size} under{bounds}");
            cases.push(Case::new(&name, at(size), exit).policy(with(&bounds)));
        }
    }
    // Each group has the one before as its only member.
    let group = |at: u32| {
        format!(
            "group g{at} all {}\n",
            match at {
                0 => "one".to_owned(),
                _ => format!("g{}", at - 1),
            }
        )
    };
    let groups: String = (0..1_000).map(group).collect();
    let deep = policy("g999").replace("group both", &format!("{groups}group both"));
    let deep = deep.replace("all one two", "all g999 two");
    let witnessed = log.make(&witnessed(NOON));
    cases.push(Case::new("a thousand groups", witnessed, 0).policy(Some(deep)));
    // What lies beside the head is held to it too.
    let mut draft = log.draft([5], Claim::Entries);
    draft.others = vec![log.note(9)];
    let beside = Case::new("an older checkpoint out of bounds", log.make(&draft), 40);
    cases.push(beside.policy(with(&format!(" from 10 {ORIGIN}"))));
    cases
}

/// What nobody follows: a policy, and a bundle.
pub(crate) fn unfollowed() -> Vec<(&'static str, String, Vec<u8>)> {
    let announced = announcing(&next().verifier_key().to_string());
    let told = bundle(&announced, &[log_key()]);
    let by = |key: &SigningKey| announcing(&key.verifier_key().to_string());
    let stranger = SigningKey::from_seed("other.example", &[3; 32]).unwrap();
    let none = policy("none");
    let mut damaged = told.clone();
    damaged[200] ^= 1;
    vec![
        ("by the key that it announces", none.clone(), bundle(&announced, &[next()])),
        ("of another deployment", none.clone(), bundle(&by(&stranger), &[log_key()])),
        ("no key", none.clone(), bundle(&announcing("a key"), &[log_key()])),
        ("a witness's", none.clone(), {
            bundle(&announcing(&witness(1).cosigner_key().to_string()), &[log_key()])
        }),
        ("nothing", none.clone(), bundle(&shop(), &[log_key()])),
        ("unwitnessed", policy("both"), told),
        ("damaged", none, damaged),
    ]
}

#[test]
fn a_key_is_followed_where_the_one_before_announced_it() {
    for case in keys().into_iter().chain(bounded()) {
        let verdict = case.verdict();
        assert_eq!(verdict.exit().code(), case.exit, "{}:\n{verdict}", case.name);
    }
}

#[test]
fn a_bundle_for_people_tells_which_keys_signed_when() {
    let mut log = announcing(&next().verifier_key().to_string());
    log.push(transition(21, "order:81", 1));
    let mut draft = log.draft([20, 21], Claim::Entries);
    draft.others = vec![log.note(13), log.note(9)];
    draft.anchor = Some(anchor(&draft.checkpoint, &[(1, NOON)]));
    draft.has_pages = true;
    let files = unpack(&log.make(&draft));
    let history = String::from_utf8(files["keys/history.txt"].clone()).unwrap();
    let short = |vkey: &str| vkey.splitn(3, '+').take(2).collect::<Vec<_>>().join("+");
    let key = short(&log_key().verifier_key().to_string());
    let witness = short(&witness(1).cosigner_key().to_string());
    let at = |size: u64| format!("{key} signed {ORIGIN} at size {size}\n");
    let deployment = format!("signed {DEPLOYMENT}/deployment at size 3\n");
    let announced = format!("{} announced by the entry at index 20\n", next().verifier_key());
    let expected = [
        at(9),
        at(13),
        at(22),
        format!("{key} {deployment}"),
        format!("{witness} {deployment}"),
        announced,
    ];
    assert_eq!(history, expected.concat());
}

#[test]
fn nothing_else_is_followed() {
    for (name, policy, bundle) in unfollowed() {
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        let followed = follow(policy, &bundle, Time::from_seconds(NOON + 60));
        assert_ne!(followed.expect_err(name).exit().code(), 0, "{name}");
    }
}
