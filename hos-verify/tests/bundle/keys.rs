//! Keys that take over from others: who follows to them, and who does not.

use hos_verify::bundle::Claim;
use hos_verify::json::Value;
use hos_verify::note::{SignedNote, SigningKey};
use hos_verify::policy::Policy;
use hos_verify::time::Time;
use hos_verify::verify::follow;

use crate::cases::Case;
use crate::log::{DEPLOYMENT, Log, NOON, ORIGIN, leaf, log_key, policy, shop, witness};

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
    let mut draft = log.draft([log.size() - 1], Claim::Entries);
    let text = log.checkpoint(ORIGIN, log.size()).to_text();
    let signatures = keys.iter().map(|key| key.sign(&text)).collect();
    draft.checkpoint = SignedNote::new(&text, signatures).unwrap().to_string();
    log.make(&draft)
}

/// Bundles after a key took over.
pub(crate) fn keys() -> Vec<Case> {
    let announced = announcing(&next().verifier_key().to_string());
    let told = bundle(&announced, &[log_key()]);
    let both = bundle(&announced, &[log_key(), next()]);
    let after = bundle(&shop(), &[next()]);
    vec![
        Case::new("another key, not followed", after.clone(), 40),
        Case::new("a key that was announced", after.clone(), 0).follow(&told),
        Case::new("a key that was announced by both", after.clone(), 0).follow(&both),
        Case::new("the announcement itself", told.clone(), 0),
        Case::new("a key that was announced, a checkpoint that is not here", after, 10)
            .follow(&told)
            .known(shop().note(9)),
    ]
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
    for case in keys() {
        let verdict = case.verdict();
        assert_eq!(verdict.exit().code(), case.exit, "{}:\n{verdict}", case.name);
    }
}

#[test]
fn nothing_else_is_followed() {
    for (name, policy, bundle) in unfollowed() {
        let policy = Policy::parse(policy.as_bytes()).unwrap();
        let followed = follow(policy, &bundle, Time::from_seconds(NOON + 60));
        assert_ne!(followed.expect_err(name).exit().code(), 0, "{name}");
    }
}
