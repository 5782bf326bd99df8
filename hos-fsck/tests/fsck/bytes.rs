//! Every single byte that is changed is found: each byte of a small log, samples of a large one.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of samples of the large log, `HOS_CAMPAIGN_SEED` the seed.

use std::collections::BTreeSet;

use hos_core::prelude::*;
use hos_fsck::{FINDINGS_MAX, FindingCode, Options, Report};
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::column::{self, ANCHOR, ANCHOR_HASH, BODY, Cell, Column, HASH, LEAF, NOTE};
use crate::column::{PLACED_HASH, SALT, TILE, TILE_ROOT};
use crate::house::{House, Sort};
use crate::sealed::{build, build_large, trusting};

/// Changes the byte at one place of every value at once, for each place that one has; every value
/// that was changed must be found by itself.
async fn each(
    house: &House,
    column: Column,
    tenant: Option<&str>,
    found: impl Fn(&Report) -> usize,
) -> usize {
    let (cells, options) = (column.read(house, tenant).await, about(tenant));
    assert!(!cells.is_empty(), "{column:?}");
    let longest = cells.iter().map(|cell| cell.bytes.len()).max().unwrap();
    for at in 0..longest {
        let long: Vec<&Cell> = cells.iter().filter(|cell| cell.bytes.len() > at).collect();
        let by = u8::try_from(at % 255).unwrap() + 1;
        let changed = long.iter().map(|cell| column.changed(house.sort, cell, at, by));
        column.write(house, &changed.collect::<Vec<_>>()).await;
        let report = house.check_with(&options).await;
        assert_eq!(found(&report), long.len(), "{column:?} at {at}: {:#?}", report.findings);
        let back: Vec<Cell> = long.into_iter().cloned().collect();
        column.write(house, &back).await;
    }
    cells.iter().map(|cell| cell.bytes.len()).sum()
}

fn about(tenant: Option<&str>) -> Options {
    let tenant = tenant.map(|tenant| Tenant::new(tenant).unwrap());
    tenant.iter().fold(trusting(), Options::tenant)
}

/// How many there are of some codes.
fn count(report: &Report, codes: &[FindingCode]) -> usize {
    let by_code = &report.findings.by_code;
    let all: u64 = codes.iter().filter_map(|code| by_code.get(code)).sum();
    usize::try_from(all).unwrap()
}

#[tokio::test]
async fn of_a_small_log_each_is_found() {
    let house = build(Sort::Sqlite).await.unwrap();
    let (small, big) = (Some("1st"), Some("big"));
    let leaf = |report: &Report| count(report, &[FindingCode::LeafHash]);
    let part = |report: &Report| count(report, &[FindingCode::PartChanged]);
    let note = |report: &Report| {
        let codes = [
            FindingCode::CheckpointUnreadable,
            FindingCode::CheckpointDiffers,
            FindingCode::CheckpointUnsigned,
        ];
        count(report, &codes)
    };
    let anchor = |report: &Report| count(report, &[FindingCode::AnchorDiffers]);
    let head = |report: &Report| count(report, &[FindingCode::RootDiffers]);
    // All hashes of the tile are changed at once.
    let tile = |report: &Report| {
        let message = &report.findings.listed[0].message;
        assert_eq!(report.findings.listed[0].code, FindingCode::TileDiffers);
        message.split(": ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
    };
    let mut bytes = 0;
    bytes += each(&house, LEAF, small, leaf).await;
    bytes += each(&house, HASH, small, leaf).await;
    bytes += each(&house, SALT, small, part).await;
    bytes += each(&house, BODY, small, part).await;
    bytes += each(&house, NOTE, None, note).await;
    bytes += each(&house, ANCHOR, None, anchor).await;
    bytes += each(&house, ANCHOR_HASH, None, anchor).await;
    bytes += each(&house, column::head(Sort::Sqlite), None, head).await;
    bytes +=
        each(&house, TILE_ROOT, big, |report| count(report, &[FindingCode::TileDiffers])).await;
    let whole = TILE.read(&house, big).await.remove(0);
    for at in 0..32 {
        let mut changed = whole.clone();
        changed.bytes.chunks_mut(32).for_each(|hash| hash[at] ^= 1 << (at % 8));
        TILE.write(&house, &[changed]).await;
        let found: usize = tile(&house.check_with(&about(big)).await);
        assert_eq!(found, 256);
    }
    TILE.write(&house, &[whole]).await;
    assert!(house.check_with(&trusting()).await.is_sound());
    println!("{} bytes were changed, each was found", bytes + 8_192);
}

async fn samples(sort: Sort) {
    let Some(house) = build(sort).await else { return };
    let mut random = StdRng::seed_from_u64(1);
    for column in column::all(sort) {
        let cells = column.read(&house, None).await;
        for _ in 0..4 {
            let cell = cells.choose(&mut random).unwrap();
            let at = random.random_range(0..cell.bytes.len());
            let changed = column.changed(sort, cell, at, random.random());
            column.write(&house, &[changed]).await;
            let report = house.check_with(&trusting()).await;
            assert!(!report.is_sound(), "{column:?} at {at} of {cell:?}");
            column.write(&house, std::slice::from_ref(cell)).await;
        }
    }
    let report = house.check_with(&trusting()).await;
    assert!(report.is_sound(), "{:#?}", report.findings);
}

#[tokio::test]
async fn samples_on_postgresql_are_found() {
    samples(Sort::Postgres).await;
}

#[tokio::test]
async fn samples_on_mariadb_are_found() {
    samples(Sort::Mariadb).await;
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

async fn large(sort: Sort) {
    let given = number("HOS_CAMPAIGN_SIZE");
    let (samples, entries) = match (given, sort) {
        (Some(size), _) => (size, 20_000),
        (None, Sort::Sqlite) => (1_000, 600),
        (None, _) => (200, 300),
    };
    let seed = number("HOS_CAMPAIGN_SEED").unwrap_or(1);
    let Some(house) = build_large(sort, entries).await else { return };
    let (mut random, big, mut done) = (StdRng::seed_from_u64(seed), Some("big"), 0);
    let placed = (PLACED_HASH, FindingCode::LeafHash);
    let mut columns = Vec::new();
    for (column, code) in [
        (LEAF, FindingCode::LeafHash),
        (HASH, FindingCode::LeafHash),
        (SALT, FindingCode::PartChanged),
        (BODY, FindingCode::PartChanged),
        (TILE, FindingCode::TileDiffers),
    ]
    .into_iter()
    .chain((sort != Sort::Sqlite).then_some(placed))
    {
        let cells = column.read(&house, big).await;
        assert!(!cells.is_empty() && cells.iter().all(|cell| cell.index.is_some()), "{column:?}");
        columns.push((column, code, cells));
    }
    while done < samples {
        for (column, code, cells) in &columns {
            // So few that all findings are listed, of which one byte may cause three.
            let some: Vec<&Cell> = cells.sample(&mut random, FINDINGS_MAX / 3).collect();
            let changed = some.iter().map(|cell| {
                let at = random.random_range(0..cell.bytes.len());
                (column.changed(house.sort, cell, at, random.random()), at)
            });
            let changed: Vec<(Cell, usize)> = changed.collect();
            // A tile is named by the first entry under the hash that differs.
            let is_tile = *code == FindingCode::TileDiffers;
            let place = |(cell, at): &(Cell, usize)| {
                let hash = u64::try_from(at / 32).unwrap();
                cell.index.unwrap() * if is_tile { 256 } else { 1 } + if is_tile { hash } else { 0 }
            };
            let expected: BTreeSet<u64> = changed.iter().map(place).collect();
            let changed: Vec<Cell> = changed.into_iter().map(|(cell, _)| cell).collect();
            column.write(&house, &changed).await;
            let report = house.check_with(&about(big)).await;
            let of_code = report.findings.listed.iter().filter(|finding| finding.code == *code);
            let found: BTreeSet<u64> = of_code.filter_map(|finding| finding.index).collect();
            assert_eq!(found, expected, "seed {seed}, {column:?}");
            done += u64::try_from(some.len()).unwrap();
            let back: Vec<Cell> = some.into_iter().cloned().collect();
            column.write(&house, &back).await;
        }
    }
    assert!(house.check_with(&about(big)).await.is_sound());
    println!("{sort:?}: {done} bytes of a log of {entries} entries were changed, each was found");
}

#[tokio::test]
async fn of_a_large_log_in_sqlite_samples_are_found_and_named() {
    large(Sort::Sqlite).await;
}

#[tokio::test]
async fn of_a_large_log_in_postgresql_samples_are_found_and_named() {
    large(Sort::Postgres).await;
}

#[tokio::test]
async fn of_a_large_log_in_mariadb_samples_are_found_and_named() {
    large(Sort::Mariadb).await;
}
