//! The bytes of a leaf and the parts beside it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hos_core::digest::commitment;
use hos_core::laws::Proofs as _;
use hos_core::proof::{LEAF_BYTES_MAX, LogEntry};

use crate::case::cases;
use crate::stage::{Stage, act, firm, leaf, owner, ship, user, world};

cases!(
    "proof",
    [
        proof_leaf_is_canonical_json,
        proof_leaf_names_world_tenant_actor_and_law,
        proof_leaf_keeps_personal_data_out,
        proof_parts_are_bound_by_their_commitments,
        proof_commitments_have_salts_of_their_own,
        proof_part_of_input_facts_and_attributes_is_kept,
        proof_part_bodies_are_canonical_json,
        proof_leaf_of_the_longest_ids_is_kept_whole,
    ]
);

async fn played(stage: &Stage) -> Vec<LogEntry> {
    let order = stage.order("o").await;
    stage
        .moved(&act(&owner(), &order, "touch", "p1").input("note", "çay \"demli\" \u{1f600}"))
        .await;
    stage.moved(&act(&owner(), &order, "pay", "p2")).await;
    stage.moved(&ship(&owner(), &order, "p3")).await;
    stage.log().await
}

/// Re-serialised with sorted keys: equal to RFC 8785 where there are no floats.
fn canonical(text: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(text).expect("it is JSON");
    serde_json::to_string(&sorted(value)).expect("it serialises")
}

fn sorted(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            entries.into_iter().map(|(key, value)| (key, sorted(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

async fn proof_leaf_is_canonical_json(stage: Stage) {
    for entry in played(&stage).await {
        assert_eq!(entry.leaf, canonical(&entry.leaf));
        assert!(entry.leaf.len() <= LEAF_BYTES_MAX);
    }
}

async fn proof_leaf_names_world_tenant_actor_and_law(stage: Stage) {
    let law = stage.hos.law(&world()).unwrap().digest().to_string();
    for entry in played(&stage).await {
        let leaf = leaf(&entry);
        assert_eq!(leaf["v"], 1);
        assert_eq!(leaf["log"], "suite.example/w/suite/t/firm-1/main");
        assert_eq!(leaf["law"], law.as_str());
        assert_eq!(leaf["id"], entry.id.to_string());
        assert_eq!(leaf["at"], entry.recorded_at.to_string());
        assert!(leaf["actor"]["k"].is_string() && leaf["actor"]["p"].is_string());
    }
}

async fn proof_leaf_keeps_personal_data_out(stage: Stage) {
    for entry in played(&stage).await {
        for told in ["çay", "post", "customer-1"] {
            assert!(!entry.leaf.contains(told), "`{told}` is in {}", entry.leaf);
        }
    }
}

fn bound(entry: &LogEntry) -> Vec<(String, String)> {
    let leaf = leaf(entry);
    let commitments = leaf.get("prt").and_then(|parts| parts.as_array()).cloned();
    let text = |value: &serde_json::Value| value.as_str().expect("a string").to_owned();
    let pair = |part: &serde_json::Value| (text(&part["n"]), text(&part["c"]));
    commitments.unwrap_or_default().iter().map(pair).collect()
}

async fn proof_parts_are_bound_by_their_commitments(stage: Stage) {
    let mut parts = 0;
    for entry in played(&stage).await {
        let opened: Vec<(String, String)> = entry
            .parts
            .iter()
            .map(|part| {
                let bound = commitment(&part.salt, entry.id, &part.name, part.body.as_bytes());
                (part.name.clone(), URL_SAFE_NO_PAD.encode(bound.as_bytes()))
            })
            .collect();
        assert_eq!(bound(&entry), opened);
        parts += opened.len();
    }
    assert!(parts >= 4);
}

async fn proof_commitments_have_salts_of_their_own(stage: Stage) {
    let log = played(&stage).await;
    let mut salts: Vec<[u8; 32]> =
        log.iter().flat_map(|entry| &entry.parts).map(|part| part.salt).collect();
    let count = salts.len();
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), count);
}

async fn proof_part_of_input_facts_and_attributes_is_kept(stage: Stage) {
    let log = played(&stage).await;
    let last = log.last().unwrap();
    let parts: Vec<(&str, &str)> =
        last.parts.iter().map(|part| (part.name.as_str(), part.body.as_str())).collect();
    assert_eq!(
        parts,
        [
            ("attributes", "{\"note\":\"post\"}"),
            ("facts", "{\"stock\":3}"),
            ("input", "{\"carrier\":\"post\"}"),
        ]
    );
}

async fn proof_part_bodies_are_canonical_json(stage: Stage) {
    for entry in played(&stage).await {
        for part in &entry.parts {
            assert_eq!(part.body, canonical(&part.body));
        }
    }
}

async fn proof_leaf_of_the_longest_ids_is_kept_whole(stage: Stage) {
    let longest = "\u{10ffff}".repeat(hos_core::id::ID_BYTES_MAX / 4);
    stage.change(crate::stage::member(&longest, &["owner"]), "k1").await;
    let lamp = crate::stage::subject("lamp", &longest);
    let opening = hos_core::command::Opening::new(&user(&longest), &lamp).key("k2");
    use hos_core::laws::Contracts as _;
    let receipt = stage.hos.open(&opening).await.unwrap();
    let entry = stage.hos.find(&world(), &firm(), receipt.proof_id).await.unwrap().unwrap();
    assert_eq!(leaf(&entry)["subject"], format!("lamp:{longest}"));
    assert_eq!(leaf(&entry)["actor"]["p"], longest.as_str());
}
