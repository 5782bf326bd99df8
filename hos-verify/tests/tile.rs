//! Proofs from tiles against proofs from all leaf hashes.

use std::collections::BTreeSet;

use hos_verify::merkle::{
    Hash, MerkleError, consistency_proof, inclusion_proof, leaf_hash, node_hash, root_of,
    verify_consistency, verify_inclusion, verify_range,
};
use hos_verify::tile::{self, Plan, TILE_WIDTH, Tile, TileError};

const EXHAUSTIVE_SIZE: u64 = 130;

/// Every level of tiles over some leaves: the hashes of full subtrees only.
struct Tiles(Vec<Vec<Hash>>);

impl Tiles {
    fn new(size: u64) -> Self {
        let mut levels: Vec<Vec<Hash>> = vec![(0..size).map(leaf).collect()];
        while let Some(full) = levels.last().filter(|hashes| hashes.len() >= TILE_WIDTH) {
            let tiles = full.chunks_exact(TILE_WIDTH);
            levels.push(tiles.map(|tile| root_of(tile.iter().copied())).collect());
        }
        Self(levels)
    }

    fn read(&self, level: u8, index: u64) -> Result<Hash, String> {
        let hashes = self.0.get(usize::from(level));
        let hash = hashes.and_then(|hashes| hashes.get(usize::try_from(index).ok()?));
        hash.copied().ok_or_else(|| format!("level {level} index {index}"))
    }
}

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

#[test]
fn small_trees_have_the_proofs_of_the_plain_functions() {
    let tiles = Tiles::new(EXHAUSTIVE_SIZE);
    for size in 0..=EXHAUSTIVE_SIZE {
        let leaves: Vec<Hash> = (0..size).map(leaf).collect();
        let read = |level, index| tiles.read(level, index);
        assert_eq!(tile::root(size, read), Ok(root_of(leaves.iter().copied())));
        for index in 0..size {
            let plain = inclusion_proof(&leaves, index).unwrap();
            assert_eq!(tile::inclusion_proof(size, index, read), Ok(plain), "{index} in {size}");
        }
        for old in 0..=size {
            let plain = consistency_proof(&leaves, old).unwrap();
            assert_eq!(tile::consistency_proof(old, size, read), Ok(plain), "{old} in {size}");
        }
    }
}

#[test]
fn around_the_borders_of_tiles_every_proof_verifies() {
    let tiles = Tiles::new(66_050);
    let read = |level, index| tiles.read(level, index);
    let sizes = [255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, 65_793, 66_050];
    for (at, size) in sizes.into_iter().enumerate() {
        let root = root_of((0..size).map(leaf));
        assert_eq!(tile::root(size, read), Ok(root));
        for index in [0, 1, 127, 128, 254, 255, 256, 511, 512, 65_535, 65_536, size - 1] {
            if index < size {
                let proof = tile::inclusion_proof(size, index, read).unwrap();
                verify_inclusion(&root, size, index, &leaf(index), &proof).unwrap();
            }
        }
        for old in &sizes[..=at] {
            let old_root = tile::root(*old, read).unwrap();
            let proof = tile::consistency_proof(*old, size, read).unwrap();
            verify_consistency(*old, &old_root, size, &root, &proof).unwrap();
        }
    }
}

#[test]
fn ranges_are_proved_where_they_stand_and_nowhere_else() {
    for size in 1..=40 {
        let tiles = Tiles::new(size);
        let root = root_of((0..size).map(leaf));
        for from in 0..size {
            for to in from + 1..=size {
                let proof = tile::range_proof(size, from, to, |l, i| tiles.read(l, i)).unwrap();
                let leaves: Vec<Hash> = (from..to).map(leaf).collect();
                assert_eq!(verify_range(&root, size, from, &leaves, &proof), Ok(()));
                assert!(verify_range(&root, size, from + 1, &leaves, &proof).is_err());
                assert!(verify_range(&root, size, from, &leaves[1..], &proof).is_err());
                let longer = [&proof[..], &[root]].concat();
                let longer = verify_range(&root, size, from, &leaves, &longer);
                assert_eq!(longer, Err(MerkleError::ProofLength));
                for at in 0..proof.len() {
                    let mut forged = proof.clone();
                    forged[at] = node_hash(&forged[at], &root);
                    let forged = verify_range(&root, size, from, &leaves, &forged);
                    assert_eq!(forged, Err(MerkleError::RootMismatch));
                }
            }
        }
    }
    let none = tile::range_proof(4, 2, 2, |_, _| Ok::<_, String>([0; 32]));
    assert!(matches!(none, Err(TileError::Tree(MerkleError::IndexOutOfRange { .. }))));
    // A range that would end behind the largest size holds nothing, whatever stands around it.
    for from in [u64::MAX, u64::MAX - 1] {
        let forged = verify_range(&[7; 32], u64::MAX, from, &[[0; 32]; 2], &[[7; 32]]);
        assert!(matches!(forged, Err(MerkleError::IndexOutOfRange { .. })));
    }
}

#[test]
fn a_proof_from_ten_million_entries_reads_a_few_hundred_hashes() {
    let size = 10_000_000;
    for index in [0, 1, size / 2, 9_999_999, 9_961_471] {
        let mut reads = 0;
        let proof = tile::inclusion_proof(size, index, |_, _| {
            reads += 1;
            Ok::<_, String>([0; 32])
        });
        assert!(proof.unwrap().len() <= 24);
        assert!(reads <= 4 * 256, "{reads} hashes for {index}");
        let plan = Plan::new(size).inclusion(index).unwrap();
        assert!(plan.tiles().count() <= 6, "{:?}", plan.tiles().collect::<Vec<_>>());
    }
}

#[test]
fn the_largest_sizes_end_in_an_answer() {
    let read = |_, _| Ok::<_, String>([0; 32]);
    assert!(tile::inclusion_proof(u64::MAX, u64::MAX - 1, read).is_ok());
    assert!(tile::inclusion_proof(u64::MAX, 0, read).is_ok());
    assert!(tile::consistency_proof(u64::MAX - 1, u64::MAX, read).is_ok());
    assert!(tile::range_proof(u64::MAX, 1, 2, read).is_ok());
    let beyond = tile::inclusion_proof(1, 1, read);
    assert!(matches!(beyond, Err(TileError::Tree(MerkleError::IndexOutOfRange { .. }))));
    let shrunk = tile::consistency_proof(2, 1, read);
    assert!(matches!(shrunk, Err(TileError::Tree(MerkleError::SizesOutOfOrder { .. }))));
    let missing = tile::root(3, |_, index| if index < 2 { Ok([0; 32]) } else { Err(index) });
    assert_eq!(missing, Err(TileError::Read(2)));
}

#[test]
fn a_plan_names_the_tiles_that_are_read() {
    let size = 66_050;
    let tiles = Tiles::new(size);
    for index in [0, 255, 256, 40_000, 65_535, 65_536, 66_049] {
        let mut read = BTreeSet::new();
        tile::inclusion_proof(size, index, |level, at| {
            read.insert((level, at / 256));
            tiles.read(level, at)
        })
        .unwrap();
        let plan = Plan::new(size).inclusion(index).unwrap();
        let planned: BTreeSet<_> = plan.tiles().map(|tile| (tile.level, tile.place)).collect();
        assert_eq!(planned, read);
        assert!(plan.tiles().all(|tile| tile.width > 0));
    }
    let both = Plan::new(70_000).root().consistency(256).unwrap().range(3, 5).unwrap();
    assert!(both.tiles().count() < 12);
    assert!(Plan::new(5).inclusion(5).is_err());
}

#[test]
fn paths_of_tiles_have_one_spelling() {
    let spelled = [
        (Tile { level: 0, place: 0, width: 256 }, "tile/0/000"),
        (Tile { level: 0, place: 1_234_067, width: 256 }, "tile/0/x001/x234/067"),
        (Tile { level: 1, place: 1_067, width: 256 }, "tile/1/x001/067"),
        (Tile { level: 2, place: 999, width: 17 }, "tile/2/999.p/17"),
        (Tile { level: 63, place: 1_000, width: 1 }, "tile/63/x001/000.p/1"),
        (
            Tile { level: 0, place: u64::MAX, width: 255 },
            "tile/0/x018/x446/x744/x073/x709/x551/615.p/255",
        ),
    ];
    for (tile, path) in spelled {
        assert_eq!(tile.to_string(), path);
        assert_eq!(Tile::parse(path), Ok(tile));
    }
    for path in [
        "",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/x000/001",
        "tile/0/001/067",
        "tile/0/x001/x067",
        "tile/0/x1/067",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/é00",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
    ] {
        assert!(Tile::parse(path).is_err(), "{path}");
    }
}
