//! SHA-256 of leaves and inner nodes, laid out in blocks at once: most of what a tree hashes is two
//! blocks long, where a hasher that is fed piece by piece spends as long on its buffer.

use std::slice;

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
type Block = [u8; BLOCK_BYTES];

/// The hash of the leaf's prefix and its bytes.
pub(super) fn of_leaf(leaf: &[u8]) -> Hash {
    let message = Message::of_leaf(leaf);
    let mut state = BEGINNING;
    compress256(&mut state, message.head.as_slice());
    compress256(&mut state, message.middle);
    compress256(&mut state, message.tail());
    bytes(state)
}

/// The hash of the node's prefix and its two children: 65 bytes, in two blocks.
pub(super) fn of_node(left: &Hash, right: &Hash) -> Hash {
    let mut state = BEGINNING;
    compress256(&mut state, &node(left, right));
    bytes(state)
}

/// The hashes of leaves, in order.
pub(super) fn of_leaves<Leaf: AsRef<[u8]>>(leaves: &[Leaf]) -> Vec<Hash> {
    let (pairs, last) = leaves.as_chunks();
    let mut hashes = Vec::with_capacity(leaves.len());
    for [left, right] in pairs {
        let (left, right) = (Message::of_leaf(left.as_ref()), Message::of_leaf(right.as_ref()));
        hashes.extend(both(left.blocks(), right.blocks()));
    }
    hashes.extend(last.iter().map(|leaf| of_leaf(leaf.as_ref())));
    hashes
}

/// The hashes of the nodes over a level of the tree, of which a last one without company is left
/// out.
pub(super) fn of_level(level: &[Hash]) -> Vec<Hash> {
    let (nodes, _) = level.as_chunks();
    let (pairs, last) = nodes.as_chunks();
    let mut hashes = Vec::with_capacity(nodes.len());
    for [[first, second], [third, fourth]] in pairs {
        hashes.extend(both(&node(first, second), &node(third, fourth)));
    }
    hashes.extend(last.iter().map(|[left, right]| of_node(left, right)));
    hashes
}

/// The hashes of two messages. Block by block in turn, because those of one wait for each other,
/// and a processor has nothing else to do meanwhile.
fn both<'m>(
    left: impl IntoIterator<Item = &'m Block>,
    right: impl IntoIterator<Item = &'m Block>,
) -> [Hash; 2] {
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let mut states = [BEGINNING; 2];
    let [of_left, of_right] = &mut states;
    loop {
        let blocks = (left.next(), right.next());
        blocks.0.iter().for_each(|block| compress256(of_left, slice::from_ref(*block)));
        blocks.1.iter().for_each(|block| compress256(of_right, slice::from_ref(*block)));
        if blocks == (None, None) {
            return states.map(bytes);
        }
    }
}

/// A leaf in blocks, its prefix and its end included.
struct Message<'l> {
    /// The first block; none of a short leaf.
    head: Option<Block>,
    middle: &'l [Block],
    tail: [Block; 2],
    tails: usize,
}

impl<'l> Message<'l> {
    fn of_leaf(leaf: &'l [u8]) -> Self {
        let mut message = Self { head: None, middle: &[], tail: [[0; BLOCK_BYTES]; 2], tails: 1 };
        let Some((head, rest)) = leaf.split_first_chunk::<FIRST_BYTES>() else {
            let mut tail = [LEAF_PREFIX; BLOCK_BYTES];
            let [_, to @ ..] = &mut tail;
            to.iter_mut().zip(leaf).for_each(|(to, from)| *to = *from);
            let (tail, _) = tail.split_at(leaf.len() + 1);
            message.finish(tail, leaf.len());
            return message;
        };
        let mut first = [LEAF_PREFIX; BLOCK_BYTES];
        let [_, to @ ..] = &mut first;
        *to = *head;
        let (middle, tail) = rest.as_chunks();
        (message.head, message.middle) = (Some(first), middle);
        message.finish(tail, leaf.len());
        message
    }

    /// Ends with what is left, fewer bytes than a block, of a leaf of so many bytes.
    fn finish(&mut self, tail: &[u8], leaf_bytes: usize) {
        self.tails = if tail.len() + LENGTH_BYTES < BLOCK_BYTES { 1 } else { 2 };
        let flat = self.tail.as_flattened_mut();
        let (to, after) = flat.split_at_mut(tail.len());
        to.copy_from_slice(tail);
        after.iter_mut().take(1).for_each(|end| *end = END);
        // No slice is so long that its bits are not counted in 64.
        let bits = (u64::try_from(leaf_bytes).unwrap_or(u64::MAX) + 1) << 3;
        let (_, length) = flat.split_at_mut(self.tails * BLOCK_BYTES - LENGTH_BYTES);
        length.iter_mut().zip(bits.to_be_bytes()).for_each(|(to, byte)| *to = byte);
    }

    fn tail(&self) -> &[Block] {
        self.tail.split_at(self.tails).0
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.head.iter().chain(self.middle).chain(self.tail())
    }
}

fn node(left: &Hash, right: &Hash) -> [Block; 2] {
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
    blocks
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
    fn leaves_together_hash_as_each_by_itself() {
        let leaf: Vec<u8> = (0..300_u32).map(|at| (at * 5 % 251) as u8).collect();
        let lengths = (0..=300_usize).chain([300, 0, 63, 62, 64, 1]);
        let leaves: Vec<&[u8]> = lengths.map(|length| &leaf[..length * 97 % 301]).collect();
        for count in [0, 1, 2, 3, leaves.len()] {
            let leaves = &leaves[..count];
            let expected: Vec<Hash> = leaves.iter().map(|leaf| of_leaf(leaf)).collect();
            assert_eq!(of_leaves(leaves), expected);
        }
    }

    #[test]
    fn levels_hash_as_their_nodes_do() {
        let level: Vec<Hash> = (0..9_u8).map(|seed| of_leaf(&[seed])).collect();
        for count in 0..=level.len() {
            let level = &level[..count];
            let nodes = level.chunks_exact(2).map(|pair| of_node(&pair[0], &pair[1]));
            assert_eq!(of_level(level), nodes.collect::<Vec<_>>());
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
