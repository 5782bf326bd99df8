//! Ours accepted by what others wrote, and theirs by ours.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use hos_verify::json::Value;
use hos_verify::merkle::{
    Hash, consistency_proof, inclusion_proof, leaf_hash, root_of, verify_consistency,
    verify_inclusion,
};
use hos_verify::note::{SignedNote, SigningKey};
use proptest::prelude::*;
use sha2::Sha256;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};

const SIZE: usize = 70;

fn hashes(proof: &[u8]) -> Vec<Hash> {
    proof.as_chunks().0.to_vec()
}

#[test]
fn trees_and_proofs_are_those_of_another_implementation() {
    let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut leaves = Vec::new();
    let mut roots: Vec<(Hash, RootHash<Sha256>)> = Vec::new();
    for size in 1..=SIZE {
        let leaf = format!("leaf {size}").into_bytes();
        leaves.push(leaf_hash(&leaf));
        tree.push(leaf);
        let root = root_of(leaves.iter().copied());
        assert_eq!(root.as_slice(), tree.root().as_bytes().as_slice());
        roots.push((root, tree.root()));
        let count = u64::try_from(size).unwrap();
        for (index, hash) in (0..).zip(&leaves) {
            let at = usize::try_from(index).unwrap();
            let ours = inclusion_proof(&leaves, index).unwrap();
            let theirs = tree.prove_inclusion(at);
            verify_inclusion(&root, count, index, hash, &hashes(theirs.as_bytes())).unwrap();
            let ours = InclusionProof::<Sha256>::try_from_bytes(ours.as_flattened().to_vec());
            tree.root().verify_inclusion(tree.get(at).unwrap(), index, &ours.unwrap()).unwrap();
        }
        for (old, (old_root, their_old)) in (1_u64..).zip(&roots) {
            let ours = consistency_proof(&leaves, old).unwrap();
            let theirs = tree.prove_consistency(size - usize::try_from(old).unwrap());
            let theirs = hashes(theirs.as_bytes());
            verify_consistency(old, old_root, count, &root, &theirs).unwrap();
            let ours = ConsistencyProof::<Sha256>::try_from_bytes(ours.as_flattened().to_vec());
            tree.root().verify_consistency(their_old, &ours.unwrap()).unwrap();
        }
    }
}

#[test]
fn notes_and_keys_are_those_of_another_implementation() {
    let text = "log.example.com/a\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let key = SigningKey::from_seed("log.example.com/a", &[5; 32]).unwrap();
    let vkey = key.verifier_key().to_string();
    let ours = SignedNote::new(text, vec![key.sign(text)]).unwrap().to_string();

    let read = Note::from_bytes(ours.as_bytes()).unwrap();
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(&vkey).unwrap())]);
    assert!(read.verify(&known).is_ok_and(|(verified, _)| verified.len() == 1));

    let signer = StandardSigner::new(&key.secret_text()).unwrap();
    let mut theirs = Note::new(text.as_bytes(), &[]).unwrap();
    theirs.add_sigs(&[&signer]).unwrap();
    assert_eq!(String::from_utf8(theirs.to_bytes()).unwrap(), ours);
    let read = SignedNote::parse(&theirs.to_bytes()).unwrap();
    assert_eq!(read.verify(&[key.verifier_key()]).unwrap().len(), 1);
}

/// A value without floats and nulls, as a general encoder knows it.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(serde_json::Value::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
        "[\u{0}-\u{1f}\"\\\\é\u{2028}]{0,6}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            proptest::collection::btree_map("[ -~]{0,6}", inner, 0..6)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_json_is_that_of_another_implementation(
        value in json(), at in any::<usize>(), byte: u8,
    ) {
        let canonical = serde_json_canonicalizer::to_string(&value).unwrap();
        let read = Value::parse(canonical.as_bytes());
        prop_assert_eq!(read.map(|value| value.encode()), Ok(canonical.clone()));

        let mut damaged = canonical.into_bytes();
        let at = at % damaged.len();
        damaged.splice(at..=at, [byte]);
        let ours = Value::parse(&damaged).is_ok();
        let theirs = serde_json::from_slice::<serde_json::Value>(&damaged).ok();
        let same = theirs.and_then(|value| serde_json_canonicalizer::to_vec(&value).ok());
        // What is canonical to both may still be a null, a float or a key that is not ASCII.
        prop_assert!(!ours || same == Some(damaged));
    }
}

#[test]
fn what_has_a_second_spelling_is_refused() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let many = |count: usize| format!("[{}0]", "0,".repeat(count - 2));
    for text in [
        "",
        " ",
        "nul",
        "null",
        "1.0",
        "1e3",
        "-0",
        "01",
        "+1",
        "--1",
        "9007199254740992",
        "tru",
        "-9007199254740992",
        "\"",
        "\"a",
        "\"\\/\"",
        "\"\\u0041\"",
        "\"\\u001F\"",
        "\"\\u000a\"",
        "\"\n\"",
        "\"\\ud800\"",
        "[1,]",
        "[,1]",
        "[1 ,2]",
        "[1",
        "{",
        "{}x",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1,\"a\":2}",
        "{\"b\":1,\"a\":2}",
        "{\"é\":1}",
        "\u{feff}1",
        "[]\n",
        nested(18).as_str(),
        nested(100_000).as_str(),
        many(262_145).as_str(),
    ] {
        assert!(Value::parse(text.as_bytes()).is_err(), "{}", text.get(..40).unwrap_or(text));
    }
    for text in ["\"\\u001f\u{7f}é\\n\"", "-1", "{\"\":[]}", &nested(17), &many(262_144)] {
        assert!(Value::parse(text.as_bytes()).is_ok(), "{}", text.get(..40).unwrap_or(text));
    }
    assert!(Value::parse(b"\"\xff\"").is_err());
}
