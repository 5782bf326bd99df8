//! The Merkle tree against the published vectors, a recursive reference and altered proofs.

use hos_verify::merkle::{
    Frontier, HASH_BYTES, Hash, MerkleError, PROOF_HASHES_MAX, consistency_proof, empty_root,
    first_bad, inclusion_proof, leaf_hash, node_hash, root_of, verify_consistency,
    verify_inclusion,
};
use proptest::prelude::*;

const EXHAUSTIVE_SIZE: usize = 130;

/// The definitions of RFC 9162 sections 2.1.1, 2.1.3.1 and 2.1.4.1, word for word and slow.
mod reference {
    use super::Hash;
    use sha2::{Digest, Sha256};

    pub(crate) fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest(b"").into(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(half(leaves.len()));
                Sha256::digest([&[1][..], &root(left), &root(right)].concat()).into()
            }
        }
    }

    pub(crate) fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let middle = half(leaves.len());
        let (left, right) = leaves.split_at(middle);
        let (mut proof, sibling) = if index < middle {
            (path(index, left), right)
        } else {
            (path(index - middle, right), left)
        };
        proof.push(root(sibling));
        proof
    }

    pub(crate) fn subproof(old: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if known { Vec::new() } else { vec![root(leaves)] };
        }
        let middle = half(leaves.len());
        let (left, right) = leaves.split_at(middle);
        let (mut proof, sibling) = if old <= middle {
            (subproof(old, left, known), right)
        } else {
            (subproof(old - middle, right, false), left)
        };
        proof.push(root(sibling));
        proof
    }

    /// Where the hashes of an inclusion proof lie, from the leaf up.
    pub(crate) fn path_shape(index: u64, size: u64) -> String {
        if size == 1 {
            return String::new();
        }
        let middle = size.next_power_of_two() / 2;
        if index < middle {
            path_shape(index, middle) + "R"
        } else {
            path_shape(index - middle, size - middle) + "L"
        }
    }

    /// Where the hashes of a consistency proof lie, from the start of the climb up.
    pub(crate) fn subproof_shape(old: u64, size: u64, known: bool) -> String {
        if old == size {
            return if known { String::new() } else { "S".to_owned() };
        }
        let middle = size.next_power_of_two() / 2;
        if old <= middle {
            subproof_shape(old, middle, known) + "R"
        } else {
            subproof_shape(old - middle, size - middle, false) + "L"
        }
    }

    fn half(size: usize) -> usize {
        let mut power = 1;
        while power * 2 < size {
            power *= 2;
        }
        power
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.chars().filter_map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
    assert_eq!(digits.len(), hex.len());
    digits.as_chunks().0.iter().map(|[high, low]| high << 4 | low).collect()
}

fn hashes(hex: &[&str]) -> Vec<Hash> {
    hex.iter().filter_map(|hex| Hash::try_from(bytes(hex)).ok()).collect()
}

fn leaves(size: usize) -> Vec<Hash> {
    (0..size).map(|index| leaf_hash(&index.to_le_bytes())).collect()
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Each hash that differs from this one in a single bit.
fn flips(hash: Hash) -> impl Iterator<Item = Hash> {
    (0..HASH_BYTES * 8).map(move |bit| {
        let mut flipped = hash;
        flipped.iter_mut().skip(bit / 8).take(1).for_each(|byte| *byte ^= 1 << (bit % 8));
        flipped
    })
}

/// Each proof that differs from this one in a single bit.
fn flipped_proofs(proof: &[Hash]) -> impl Iterator<Item = Vec<Hash>> {
    proof.iter().enumerate().flat_map(move |(position, hash)| {
        flips(*hash).map(move |flipped| {
            let mut altered = proof.to_vec();
            altered.splice(position..=position, [flipped]);
            altered
        })
    })
}

const VECTOR_LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

const VECTOR_ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// Index, size and proof of the Certificate Transparency inclusion vectors.
const VECTOR_INCLUSIONS: [(u64, usize, &[&str]); 5] = [
    (0, 1, &[]),
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        &[
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

/// Old size, new size and proof of the Certificate Transparency consistency vectors.
const VECTOR_CONSISTENCIES: [(usize, usize, &[&str]); 4] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

#[test]
fn published_vectors_hold() {
    let leaves: Vec<Hash> = VECTOR_LEAVES.iter().map(|leaf| leaf_hash(&bytes(leaf))).collect();
    let roots = hashes(&VECTOR_ROOTS);
    assert_eq!(roots.len(), VECTOR_ROOTS.len());
    assert_eq!(empty_root(), roots[0]);
    assert_eq!(node_hash(&leaves[0], &leaves[1]), roots[2]);
    for (size, root) in roots.iter().enumerate() {
        assert_eq!(root_of(leaves[..size].iter().copied()), *root, "size {size}");
    }
    for (index, size, proof) in VECTOR_INCLUSIONS {
        let proof = hashes(proof);
        let leaf = leaves[usize::try_from(index).unwrap()];
        assert_eq!(inclusion_proof(&leaves[..size], index), Ok(proof.clone()));
        assert_eq!(verify_inclusion(&roots[size], wide(size), index, &leaf, &proof), Ok(()));
    }
    for (old, new, proof) in VECTOR_CONSISTENCIES {
        let proof = hashes(proof);
        assert_eq!(consistency_proof(&leaves[..new], wide(old)), Ok(proof.clone()));
        let verdict = verify_consistency(wide(old), &roots[old], wide(new), &roots[new], &proof);
        assert_eq!(verdict, Ok(()), "{old} in {new}");
    }
}

#[test]
fn every_inclusion_proof_is_the_reference_and_verifies() {
    let leaves = leaves(EXHAUSTIVE_SIZE);
    for size in 1..=EXHAUSTIVE_SIZE {
        let tree = &leaves[..size];
        let root = reference::root(tree);
        for index in 0..size {
            let proof = inclusion_proof(tree, wide(index)).unwrap();
            assert_eq!(proof, reference::path(index, tree), "{index} of {size}");
            let verdict = verify_inclusion(&root, wide(size), wide(index), &tree[index], &proof);
            assert_eq!(verdict, Ok(()), "{index} of {size}");
        }
    }
}

#[test]
fn every_consistency_proof_is_the_reference_and_verifies() {
    let leaves = leaves(EXHAUSTIVE_SIZE);
    let roots: Vec<Hash> = (0..=EXHAUSTIVE_SIZE).map(|n| reference::root(&leaves[..n])).collect();
    for new in 0..=EXHAUSTIVE_SIZE {
        assert_eq!(consistency_proof(&leaves[..new], 0), Ok(Vec::new()));
        assert_eq!(verify_consistency(0, &roots[0], wide(new), &roots[new], &[]), Ok(()));
        for old in 1..=new {
            let proof = consistency_proof(&leaves[..new], wide(old)).unwrap();
            assert_eq!(proof, reference::subproof(old, &leaves[..new], true), "{old} in {new}");
            let verdict =
                verify_consistency(wide(old), &roots[old], wide(new), &roots[new], &proof);
            assert_eq!(verdict, Ok(()), "{old} in {new}");
        }
    }
}

#[test]
fn the_frontier_is_the_reference_at_every_size() {
    let leaves = leaves(EXHAUSTIVE_SIZE);
    let mut frontier = Frontier::new();
    assert_eq!(frontier, Frontier::default());
    for (size, leaf) in leaves.iter().enumerate() {
        assert_eq!(frontier.size(), wide(size));
        assert_eq!(frontier.root(), reference::root(&leaves[..size]));
        let mut rest = &leaves[..size];
        for (position, peak) in frontier.peaks().iter().enumerate() {
            let perfect = 1 << rest.len().ilog2();
            assert_eq!(*peak, reference::root(&rest[..perfect]), "peak {position} of {size}");
            rest = &rest[perfect..];
        }
        assert!(rest.is_empty());
        assert_eq!(frontier.to_bytes(), frontier.peaks().concat());
        let restored = Frontier::from_bytes(frontier.size(), &frontier.to_bytes());
        assert_eq!(restored.as_ref(), Ok(&frontier));
        let rebuilt = Frontier::from_parts(frontier.size(), frontier.peaks().to_vec());
        assert_eq!(rebuilt.as_ref(), Ok(&frontier));
        frontier = restored.unwrap();
        assert_eq!(frontier.push(*leaf), Ok(()));
    }
}

#[test]
fn a_frontier_of_wrong_parts_is_refused() {
    for size in [0_u64, 1, 2, 3, 7, 8, 1 << 63, u64::MAX - 1, u64::MAX] {
        for peaks in 0..=66_u8 {
            let stored = leaves(peaks.into());
            let refusal = MerkleError::PeakCount { size, peaks: peaks.into() };
            let expected = if u32::from(peaks) == size.count_ones() { None } else { Some(refusal) };
            assert_eq!(Frontier::from_bytes(size, &stored.concat()).err(), expected);
            assert_eq!(Frontier::from_parts(size, stored).err(), expected);
        }
    }
    for length in (0..=65).filter(|length| length % HASH_BYTES != 0) {
        let refusal = MerkleError::PeakBytes { length };
        assert_eq!(Frontier::from_bytes(1, &vec![0; length]), Err(refusal));
    }
}

#[test]
fn a_full_frontier_refuses_a_leaf_and_stays_as_it_was() {
    let mut frontier = Frontier::from_parts(u64::MAX - 1, leaves(63)).unwrap();
    assert_eq!(frontier.push([7; HASH_BYTES]), Ok(()));
    let full = frontier.clone();
    assert_eq!((full.size(), full.peaks().len()), (u64::MAX, 64));
    assert_eq!(frontier.push([8; HASH_BYTES]), Err(MerkleError::Full));
    assert_eq!(frontier, full);
}

#[test]
fn proofs_of_what_is_not_there_are_refused() {
    let leaves = leaves(5);
    for size in 0..=5 {
        let root = root_of(leaves[..size].iter().copied());
        for beyond in [0, 1, 7, u64::MAX - 5] {
            let (size, index) = (wide(size), wide(size) + beyond);
            let refusal = MerkleError::IndexOutOfRange { index, size };
            let tree = &leaves[..usize::try_from(size).unwrap()];
            assert_eq!(inclusion_proof(tree, index), Err(refusal));
            assert_eq!(verify_inclusion(&root, size, index, &leaves[0], &[]), Err(refusal));
            if let Some(old_size) = index.checked_add(1) {
                let refusal = MerkleError::SizesOutOfOrder { old_size, new_size: size };
                assert_eq!(consistency_proof(tree, old_size), Err(refusal));
                assert_eq!(verify_consistency(old_size, &root, size, &root, &[]), Err(refusal));
            }
        }
    }
}

#[test]
fn a_proof_of_another_length_is_refused() {
    let leaves = leaves(40);
    let extra = [9; HASH_BYTES];
    let roots: Vec<Hash> = (0..=40).map(|size| root_of(leaves[..size].iter().copied())).collect();
    let refusal = Err(MerkleError::ProofLength);
    for size in 1..=40 {
        for index in 0..size {
            let proof = inclusion_proof(&leaves[..size], wide(index)).unwrap();
            let verify = |proof: &[Hash]| {
                verify_inclusion(&roots[size], wide(size), wide(index), &leaves[index], proof)
            };
            for length in 0..proof.len() {
                assert_eq!(verify(&proof[..length]), refusal, "{index} of {size}");
            }
            assert_eq!(verify(&[&proof[..], &[extra]].concat()), refusal, "{index} of {size}");
            assert!(verify(&[&[extra], &proof[..]].concat()).is_err(), "{index} of {size}");
        }
        for old in 0..=size {
            let proof = consistency_proof(&leaves[..size], wide(old)).unwrap();
            let verify = |proof: &[Hash]| {
                verify_consistency(wide(old), &roots[old], wide(size), &roots[size], proof)
            };
            for length in 0..proof.len() {
                assert_eq!(verify(&proof[..length]), refusal, "{old} in {size}");
            }
            assert_eq!(verify(&[&proof[..], &[extra]].concat()), refusal, "{old} in {size}");
            assert!(verify(&[&[extra], &proof[..]].concat()).is_err(), "{old} in {size}");
        }
    }
}

#[test]
fn only_a_position_of_the_same_shape_accepts_an_inclusion_proof() {
    let leaves = leaves(20);
    for (size, index) in (1..=20).flat_map(|size| (0..size).map(move |index| (size, index))) {
        let proof = inclusion_proof(&leaves[..size], wide(index)).unwrap();
        let root = root_of(leaves[..size].iter().copied());
        let shape = reference::path_shape(wide(index), wide(size));
        for (claimed_size, claimed) in (0..=22).flat_map(|n| (0..=n).map(move |index| (n, index))) {
            let verdict = verify_inclusion(&root, claimed_size, claimed, &leaves[index], &proof);
            let same =
                claimed < claimed_size && reference::path_shape(claimed, claimed_size) == shape;
            assert_eq!(verdict.is_ok(), same, "{claimed} of {claimed_size} for {index} of {size}");
            if claimed_size == wide(size) {
                assert_eq!(same, claimed == wide(index));
            }
        }
    }
}

#[test]
fn only_sizes_of_the_same_shape_accept_a_consistency_proof() {
    let leaves = leaves(18);
    let roots: Vec<Hash> = (0..=18).map(|size| root_of(leaves[..size].iter().copied())).collect();
    for (new, old) in (2..=18).flat_map(|new| (1..new).map(move |old| (new, old))) {
        let proof = consistency_proof(&leaves[..new], wide(old)).unwrap();
        let shape = reference::subproof_shape(wide(old), wide(new), true);
        for (claimed_new, claimed) in (0..=20).flat_map(|n| (0..=20).map(move |old| (n, old))) {
            let verdict =
                verify_consistency(claimed, &roots[old], claimed_new, &roots[new], &proof);
            let same = 0 < claimed
                && claimed < claimed_new
                && reference::subproof_shape(claimed, claimed_new, true) == shape;
            assert_eq!(verdict.is_ok(), same, "{claimed} in {claimed_new} for {old} in {new}");
        }
    }
}

#[test]
fn empty_and_equal_trees_are_consistent_only_by_their_roots() {
    let (empty, root, other) = (empty_root(), [1; HASH_BYTES], [2; HASH_BYTES]);
    let old_mismatch = Err(MerkleError::OldRootMismatch);
    let new_mismatch = Err(MerkleError::NewRootMismatch);
    let length = Err(MerkleError::ProofLength);
    assert_eq!(verify_consistency(0, &empty, 0, &empty, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &root, 0, &root, &[]), old_mismatch);
    assert_eq!(verify_consistency(0, &empty, 0, &root, &[]), new_mismatch);
    assert_eq!(verify_consistency(0, &empty, 5, &root, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &root, 5, &root, &[]), old_mismatch);
    assert_eq!(verify_consistency(0, &empty, 5, &root, &[other]), length);
    assert_eq!(verify_consistency(5, &root, 5, &root, &[]), Ok(()));
    assert_eq!(verify_consistency(5, &root, 5, &other, &[]), new_mismatch);
    assert_eq!(verify_consistency(5, &root, 5, &root, &[other]), length);
    assert_eq!(verify_consistency(3, &root, 5, &other, &[]), length);
    assert_eq!(verify_consistency(4, &root, 5, &other, &[]), length);
}

#[test]
fn the_largest_trees_verify_and_longer_proofs_are_refused() {
    let leaf = leaf_hash(b"leaf");
    let path = leaves(PROOF_HASHES_MAX);
    let ascend = |from: Hash, path: &[Hash]| path.iter().fold(from, |a, b| node_hash(&a, b));
    let first = ascend(leaf, &path);
    assert_eq!(verify_inclusion(&first, u64::MAX, 0, &leaf, &path), Ok(()));
    assert_eq!(verify_consistency(1, &leaf, u64::MAX, &first, &path), Ok(()));
    let last = path[..63].iter().fold(leaf, |right, left| node_hash(left, &right));
    assert_eq!(verify_inclusion(&last, u64::MAX, u64::MAX - 1, &leaf, &path[..63]), Ok(()));
    let alone = node_hash(&path[0], &leaf);
    assert_eq!(verify_inclusion(&alone, (1 << 63) + 1, 1 << 63, &leaf, &path[..1]), Ok(()));
    let grown = node_hash(&leaf, &path[0]);
    assert_eq!(verify_consistency(1 << 63, &leaf, u64::MAX, &grown, &path[..1]), Ok(()));
    for hashes in [65, 66, 1000] {
        let path = leaves(hashes);
        let refusal = Err(MerkleError::ProofTooLong { hashes });
        assert_eq!(verify_inclusion(&leaf, 0, 9, &leaf, &path), refusal);
        assert_eq!(verify_consistency(9, &leaf, 0, &leaf, &path), refusal);
    }
}

#[test]
fn the_first_bad_leaf_is_named() {
    let stored = |bad: &[usize]| {
        let page = ["a", "b", "c", "d"].into_iter().enumerate();
        page.map(|(index, leaf)| {
            let written = if bad.contains(&index) { "x" } else { leaf };
            (leaf, leaf_hash(written.as_bytes()))
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(first_bad(40, stored(&[])), None);
    assert_eq!(first_bad(40, stored(&[0, 3])), Some(40));
    assert_eq!(first_bad(40, stored(&[2, 3])), Some(42));
    assert_eq!(first_bad(0, stored(&[3])), Some(3));
    assert_eq!(first_bad(u64::MAX - 1, stored(&[3])), Some(u64::MAX));
    assert_eq!(first_bad::<&[u8]>(40, []), None);
}

#[test]
fn errors_say_what_was_refused() {
    let said = [
        (MerkleError::Full, "the tree is full"),
        (MerkleError::PeakCount { size: 7, peaks: 2 }, "a tree of size 7 does not have 2 peaks"),
        (MerkleError::PeakBytes { length: 33 }, "33 bytes of peaks are not whole hashes"),
        (
            MerkleError::IndexOutOfRange { index: 9, size: 7 },
            "a tree of size 7 has no leaf at index 9",
        ),
        (
            MerkleError::SizesOutOfOrder { old_size: 9, new_size: 7 },
            "the old size 9 is above the new size 7",
        ),
        (MerkleError::ProofTooLong { hashes: 65 }, "a proof of 65 hashes is above the limit of 64"),
        (MerkleError::ProofLength, "the proof does not have as many hashes as the sizes need"),
        (MerkleError::RootMismatch, "the proof leads to another root"),
        (MerkleError::OldRootMismatch, "the proof leads to another old root"),
        (MerkleError::NewRootMismatch, "the proof leads to another new root"),
    ];
    for (error, message) in said {
        let error: Box<dyn std::error::Error> = error.into();
        assert_eq!(error.to_string(), message);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_flipped_bit_breaks_inclusion(size in 1_usize..80, choice: prop::sample::Index) {
        let leaves = leaves(size);
        let index = choice.index(size);
        let leaf = leaves[index];
        let root = reference::root(&leaves);
        let proof = inclusion_proof(&leaves, wide(index)).unwrap();
        let verify = |root: &Hash, leaf: &Hash, proof: &[Hash]| {
            verify_inclusion(root, wide(size), wide(index), leaf, proof)
        };
        let refusal = Err(MerkleError::RootMismatch);
        prop_assert_eq!(verify(&root, &leaf, &proof), Ok(()));
        prop_assert!(flips(root).all(|root| verify(&root, &leaf, &proof) == refusal));
        prop_assert!(flips(leaf).all(|leaf| verify(&root, &leaf, &proof) == refusal));
        prop_assert!(flipped_proofs(&proof).all(|proof| verify(&root, &leaf, &proof) == refusal));
    }

    #[test]
    fn a_flipped_bit_breaks_consistency(new in 2_usize..80, choice: prop::sample::Index) {
        let leaves = leaves(new);
        let old = choice.index(new - 1) + 1;
        let (old_root, new_root) = (reference::root(&leaves[..old]), reference::root(&leaves));
        let proof = consistency_proof(&leaves, wide(old)).unwrap();
        let verify = |old_root: &Hash, new_root: &Hash, proof: &[Hash]| {
            verify_consistency(wide(old), old_root, wide(new), new_root, proof)
        };
        let new_mismatch = Err(MerkleError::NewRootMismatch);
        prop_assert_eq!(verify(&old_root, &new_root, &proof), Ok(()));
        prop_assert!(flips(new_root).all(|root| verify(&old_root, &root, &proof) == new_mismatch));
        prop_assert!(flips(old_root).all(|root| verify(&root, &new_root, &proof).is_err()));
        prop_assert!(
            flipped_proofs(&proof).all(|proof| verify(&old_root, &new_root, &proof).is_err())
        );
    }

    #[test]
    fn a_flipped_bit_breaks_a_stored_leaf(leaf: Vec<u8>, choice: prop::sample::Index) {
        let stored = leaf_hash(&leaf);
        prop_assert_eq!(first_bad(3, [(&leaf, stored)]), None);
        prop_assert!(flips(stored).all(|stored| first_bad(3, [(&leaf, stored)]) == Some(3)));
        if !leaf.is_empty() {
            let mut altered = leaf.clone();
            altered[choice.index(leaf.len())] ^= 1;
            prop_assert_eq!(first_bad(3, [(altered, stored)]), Some(3));
        }
    }
}
