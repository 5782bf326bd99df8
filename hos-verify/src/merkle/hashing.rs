//! SHA-256 of leaves and inner nodes, laid out in blocks at once: most of what a tree hashes is two
//! blocks long, where a hasher that is fed piece by piece spends as long on its buffer.

use sha2::block_api::compress256;

use super::{HASH_BYTES, Hash};

// Distinct prefixes keep an inner node from being passed off as a leaf, and a leaf as a node.
const LEAF_PREFIX: u8 = 0x00;
const NODE_PREFIX: u8 = 0x01;

const BLOCK_BYTES: usize = 64;
/// How much of a leaf is in the block that begins with the prefix.
const FIRST_BYTES: usize = BLOCK_BYTES - 1;
/// The length in bits, with which the last block ends.
const LENGTH_BYTES: usize = 8;
/// What follows the last byte of a message (FIPS 180-4, section 5.1.1).
const END: u8 = 0x80;
/// What the first block meets (FIPS 180-4, section 5.3.3).
const BEGINNING: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

type State = [u32; 8];

/// The hash of the leaf's prefix and its bytes.
pub(super) fn of_leaf(leaf: &[u8]) -> Hash {
    let mut state = BEGINNING;
    let Some((head, rest)) = leaf.split_first_chunk::<FIRST_BYTES>() else {
        let mut tail = [LEAF_PREFIX; BLOCK_BYTES];
        let [_, to @ ..] = &mut tail;
        to.iter_mut().zip(leaf).for_each(|(to, from)| *to = *from);
        let (tail, _) = tail.split_at(leaf.len() + 1);
        return finished(state, tail, leaf.len());
    };
    let mut first = [LEAF_PREFIX; BLOCK_BYTES];
    let [_, to @ ..] = &mut first;
    *to = *head;
    compress256(&mut state, &[first]);
    let (blocks, tail) = rest.as_chunks::<BLOCK_BYTES>();
    compress256(&mut state, blocks);
    finished(state, tail, leaf.len())
}

/// The hash of the node's prefix and its two children: 65 bytes, in two blocks.
pub(super) fn of_node(left: &Hash, right: &Hash) -> Hash {
    let mut blocks = [[0; BLOCK_BYTES]; 2];
    let [first, second] = &mut blocks;
    let [prefix, children @ ..] = first;
    let (to_left, to_right) = children.split_at_mut(HASH_BYTES);
    let [right @ .., last] = right;
    *prefix = NODE_PREFIX;
    to_left.copy_from_slice(left);
    to_right.copy_from_slice(right);
    let [to_last, end, .., length_high, length_low] = second;
    // The length is 520 bits.
    (*to_last, *end, *length_high, *length_low) = (*last, END, 0x02, 0x08);
    let mut state = BEGINNING;
    compress256(&mut state, &blocks);
    bytes(state)
}

/// Hashes what is left, fewer bytes than a block, with the end of a leaf of so many bytes.
fn finished(mut state: State, tail: &[u8], leaf_bytes: usize) -> Hash {
    let mut blocks = [[0; BLOCK_BYTES]; 2];
    let count = if tail.len() + LENGTH_BYTES < BLOCK_BYTES { 1 } else { 2 };
    let flat = blocks.as_flattened_mut();
    let (to, after) = flat.split_at_mut(tail.len());
    to.copy_from_slice(tail);
    after.iter_mut().take(1).for_each(|end| *end = END);
    // No slice is so long that its bits are not counted in 64.
    let bits = (u64::try_from(leaf_bytes).unwrap_or(u64::MAX) + 1) << 3;
    let (_, length) = flat.split_at_mut(count * BLOCK_BYTES - LENGTH_BYTES);
    length.iter_mut().zip(bits.to_be_bytes()).for_each(|(to, byte)| *to = byte);
    let (blocks, _) = blocks.split_at(count);
    compress256(&mut state, blocks);
    bytes(state)
}

fn bytes(state: State) -> Hash {
    let mut hash = [0; HASH_BYTES];
    let (words, _) = hash.as_chunks_mut::<4>();
    words.iter_mut().zip(state).for_each(|(to, word)| *to = word.to_be_bytes());
    hash
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn leaves_of_every_length_hash_as_the_standard_says() {
        let leaf: Vec<u8> = (0..70_000_u32).map(|at| (at * 7 % 251) as u8).collect();
        for length in (0..=600).chain([4_095, 4_096, 8_191, 8_192, 65_535, 65_536, 70_000]) {
            let leaf = &leaf[..length];
            let expected: Hash =
                Sha256::new_with_prefix([0x00]).chain_update(leaf).finalize().into();
            assert_eq!(of_leaf(leaf), expected, "{length}");
        }
    }

    #[test]
    fn nodes_hash_as_the_standard_says() {
        for seed in 0..=255 {
            let (left, right) = ([seed; HASH_BYTES], of_leaf(&[seed]));
            let hasher = Sha256::new_with_prefix([0x01]).chain_update(left).chain_update(right);
            assert_eq!(of_node(&left, &right), Hash::from(hasher.finalize()));
        }
    }
}
