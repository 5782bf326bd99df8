//! Verifying stored entries that are in memory, beside the bare SHA-256 of the same bytes, on all
//! cores: each leaf against its hash, no index left out, the root over all against the head.
//!
//! What a database adds is measured by the bench `fsck`.

#![expect(clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;
use std::num::NonZero;
use std::process::ExitCode;
use std::thread;

use hos_benches::{Row, Target, is_smoke, numbers, table, timed, verdict};
use hos_core::merkle::{Hash, leaf_hash, leaf_hashes, root_of};
use sha2::{Digest as _, Sha256};

/// Entries of a subtree that one core takes at once: its root is a node of the tree.
const PIECE: usize = 4_096;

struct Stored {
    index: u64,
    leaf: Vec<u8>,
    hash: Hash,
}

fn main() -> ExitCode {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let entries = if is_smoke() { 10_000 } else { 100_000 };
    let entries = numbers().first().map_or(entries, |given| usize::try_from(*given).unwrap());
    for bytes in [400, 600, 1_200] {
        let rows: Vec<Stored> = (0..entries).map(|at| stored(at, bytes)).collect();
        let head = root_of(rows.iter().map(|row| row.hash));
        let bare = |row: &[Stored]| -> u8 {
            row.iter().fold(0, |sum, row| sum ^ Sha256::digest(&row.leaf).first().unwrap())
        };
        let rows = &rows;
        let lines = &mut [
            Row {
                name: "bare SHA-256, all cores",
                target: None,
                times: 1,
                run: Box::new(|_| timed(|| drop(black_box(on_all(cores, rows, bare))))),
            },
            Row {
                name: "verified: hashes, indexes and root",
                target: Some(Target::TimesAsMany(0.8)),
                times: 1,
                run: Box::new(|_| timed(|| assert_eq!(verified(cores, rows), Some(head)))),
            },
        ];
        table(&format!("{entries} stored entries of {bytes} bytes"), 31, lines);
    }
    verdict()
}

fn stored(at: usize, bytes: usize) -> Stored {
    let mut leaf = format!("{{\"revision\":{at}");
    leaf.extend(std::iter::repeat_n('x', bytes - leaf.len()));
    let (index, hash) = (u64::try_from(at).unwrap(), leaf_hash(leaf.as_bytes()));
    Stored { index, leaf: leaf.into_bytes(), hash }
}

/// What comes of each piece, in order; the pieces are dealt out to the cores.
fn on_all<R: Send>(cores: usize, rows: &[Stored], work: impl Fn(&[Stored]) -> R + Sync) -> Vec<R> {
    let (work, pieces) = (&work, rows.chunks(PIECE).collect::<Vec<_>>());
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let hand = |core: usize| {
            let own = pieces.iter().enumerate().skip(core).step_by(cores);
            let own: Vec<(usize, &[Stored])> = own.map(|(at, piece)| (at, *piece)).collect();
            scope.spawn(move || own.into_iter().map(|(at, piece)| (at, work(piece))).collect())
        };
        let hands: Vec<thread::ScopedJoinHandle<'_, Vec<(usize, R)>>> =
            (0..cores).map(hand).collect();
        hands.into_iter().flat_map(|hand| hand.join().unwrap()).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The root over all entries; none where a leaf is not what its hash says, or an index is another.
fn verified(cores: usize, rows: &[Stored]) -> Option<Hash> {
    let of_piece = |piece: &[Stored]| {
        let first = piece.first()?.index;
        let mut expected = first..;
        let mut is_whole = true;
        let leaves: Vec<&[u8]> = piece.iter().map(|row| &*row.leaf).collect();
        let hashes = leaf_hashes(&leaves);
        for (hash, row) in hashes.iter().zip(piece) {
            is_whole &= *hash == row.hash && expected.next() == Some(row.index);
        }
        let root = root_of(hashes);
        is_whole.then_some((first, root))
    };
    let pieces: Option<Vec<(u64, Hash)>> = on_all(cores, rows, of_piece).into_iter().collect();
    let pieces = pieces?;
    let length = u64::try_from(PIECE).ok()?;
    let follows = (0..).zip(&pieces).all(|(at, (first, _))| *first == at * length);
    follows.then(|| root_of(pieces.into_iter().map(|(_, root)| root)))
}
