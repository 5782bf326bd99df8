//! Any proof: verifying never panics, and accepts exactly what the definitions of RFC 9162,
//! sections 2.1.3.1 and 2.1.4.1, read backwards, accept.

use arbitrary::{Arbitrary as _, Result, Unstructured};
use hos_core::merkle::{
    Hash, PROOF_HASHES_MAX, consistency_proof, empty_root, inclusion_proof, leaf_hash, node_hash,
    root_of, verify_consistency, verify_inclusion,
};

const LEAVES_MAX: u64 = 40;

pub(crate) fn check(data: &[u8]) {
    // OK because bytes that run out end the case, nothing else.
    let _ran_out = case(&mut Unstructured::new(data));
}

fn case(input: &mut Unstructured<'_>) -> Result<()> {
    let leaves: Vec<Hash> =
        (0..input.int_in_range(1..=LEAVES_MAX)?).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    let size = u64::try_from(leaves.len()).expect("few leaves");
    let index = input.int_in_range(0..=size - 1)?;
    let old_size = input.int_in_range(0..=size)?;
    let old = usize::try_from(old_size).expect("few leaves");
    let (root, old_root) = (root_of(leaves.clone()), root_of(leaves.iter().take(old).copied()));
    let leaf = leaves[usize::try_from(index).expect("few leaves")];

    let included = inclusion_proof(&leaves, index).expect("the leaf is there");
    assert_eq!(verify_inclusion(&root, size, index, &leaf, &included), Ok(()));
    let consistent = consistency_proof(&leaves, old_size).expect("the tree is older");
    assert_eq!(verify_consistency(old_size, &old_root, size, &root, &consistent), Ok(()));

    let (size, index, old_size) = (near(input, size)?, near(input, index)?, near(input, old_size)?);
    let (root, old_root) = (forged(input, root, &leaves)?, forged(input, old_root, &leaves)?);
    let leaf = forged(input, leaf, &leaves)?;
    let included = bent(input, included, &leaves)?;
    let accepted = verify_inclusion(&root, size, index, &leaf, &included).is_ok();
    let expected = included.len() <= PROOF_HASHES_MAX
        && index < size
        && climbed(index, size, &leaf, &included) == Some(root);
    assert_eq!(accepted, expected, "leaf {index} of {size} by {} hashes", included.len());

    let consistent = bent(input, consistent, &leaves)?;
    let accepted = verify_consistency(old_size, &old_root, size, &root, &consistent).is_ok();
    let expected = consistent.len() <= PROOF_HASHES_MAX
        && grown(old_size, &old_root, size, &root, &consistent);
    assert_eq!(accepted, expected, "{old_size} in {size} by {} hashes", consistent.len());
    Ok(())
}

/// A number, mostly as it is.
fn near(input: &mut Unstructured<'_>, number: u64) -> Result<u64> {
    Ok(match input.int_in_range(0..=7)? {
        0 => u64::arbitrary(input)?,
        1 => number.wrapping_add(1),
        2 => number.wrapping_sub(1),
        3 => u64::MAX - number,
        _ => number,
    })
}

/// A hash, mostly as it is.
fn forged(input: &mut Unstructured<'_>, hash: Hash, leaves: &[Hash]) -> Result<Hash> {
    Ok(match input.int_in_range(0..=7)? {
        0 => *input.choose(leaves)?,
        1 => empty_root(),
        2 => hash.map(|byte| byte ^ 1),
        _ => hash,
    })
}

/// A proof with some of its hashes lost, doubled, swapped or made up.
fn bent(input: &mut Unstructured<'_>, mut proof: Vec<Hash>, leaves: &[Hash]) -> Result<Vec<Hash>> {
    for _ in 0..input.int_in_range(0..=3)? {
        let at = input.int_in_range(0..=proof.len())?;
        match input.int_in_range(0..=4)? {
            0 if at < proof.len() => drop(proof.remove(at)),
            1 => proof.insert(at, *input.choose(leaves)?),
            2 if at + 1 < proof.len() => proof.swap(at, at + 1),
            3 => proof.extend(std::iter::repeat_n(leaves[0], input.int_in_range(0..=70)?)),
            _ => proof.truncate(at),
        }
    }
    Ok(proof)
}

/// PATH(m, D[n]) read backwards: the root that a leaf and its whole path lead to.
fn climbed(index: u64, size: u64, leaf: &Hash, proof: &[Hash]) -> Option<Hash> {
    if size == 1 {
        return proof.is_empty().then_some(*leaf);
    }
    let left = left_size(size);
    let (sibling, below) = proof.split_last()?;
    if index < left {
        Some(node_hash(&climbed(index, left, leaf, below)?, sibling))
    } else {
        Some(node_hash(sibling, &climbed(index - left, size - left, leaf, below)?))
    }
}

/// PROOF(m, D[n]) read backwards.
fn grown(old_size: u64, old_root: &Hash, size: u64, root: &Hash, proof: &[Hash]) -> bool {
    match old_size {
        0 => proof.is_empty() && *old_root == empty_root() && (size > 0 || root == old_root),
        _ if old_size > size => false,
        _ => subproof(old_size, size, Some(old_root), proof) == Some((*old_root, *root)),
    }
}

/// SUBPROOF(m, D[n], b) read backwards: both roots; `known` is the old root while b is true.
fn subproof(old: u64, size: u64, known: Option<&Hash>, proof: &[Hash]) -> Option<(Hash, Hash)> {
    if old == size {
        return match (known, proof) {
            (Some(root), []) | (None, [root]) => Some((*root, *root)),
            _ => None,
        };
    }
    let left = left_size(size);
    let (sibling, below) = proof.split_last()?;
    if old <= left {
        let (before, after) = subproof(old, left, known, below)?;
        Some((before, node_hash(&after, sibling)))
    } else {
        let (before, after) = subproof(old - left, size - left, None, below)?;
        Some((node_hash(sibling, &before), node_hash(sibling, &after)))
    }
}

/// The largest power of two below a size of two or more.
fn left_size(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}
