//! Single bytes of the archive of a large log, taken as samples.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of samples, `HOS_CAMPAIGN_SEED` the seed.

use std::collections::BTreeMap;

use hos_archive::{Expectation, FileName, verify_archive};

use crate::scene::{Kept, Scene, block_on, witnessed_policy};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Numbers in no order, the same for a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// Each is looked for in its segment alone: what is found there is found in the whole.
#[test]
fn of_a_large_log_every_byte_of_an_archive_counts() {
    let given = number("HOS_CAMPAIGN_SIZE");
    let (samples, entries) = given.map_or((400, 3_000), |size| (size, 20_000));
    let mut numbers = Numbers(number("HOS_CAMPAIGN_SEED").unwrap_or(1));
    let scene = block_on(Scene::new(entries));
    block_on(scene.anchor());
    let whole = block_on(scene.archive(usize::try_from(entries / 256).unwrap()));
    let expectation = Expectation { policy: Some(witnessed_policy()), ..scene.expectation() };
    assert_eq!(verify_archive(&whole, &expectation).verdict().exit().code(), 0);
    let mut segments: BTreeMap<u64, Kept> = BTreeMap::new();
    for (name, bytes) in whole.0 {
        let segment = segments.entry(name.first).or_insert(Kept(BTreeMap::new()));
        segment.0.insert(name, bytes);
    }
    let segments: Vec<Kept> = segments.into_values().collect();
    let changes: Vec<(usize, FileName, usize, u8)> = (0..samples)
        .map(|_| {
            let segment = numbers.below(segments.len());
            let files = segments[segment].0.iter().filter(|(_, bytes)| !bytes.is_empty());
            let files: Vec<_> = files.collect();
            let (name, bytes) = files[numbers.below(files.len())];
            let flip = 1 << numbers.below(8);
            (segment, *name, numbers.below(bytes.len()), flip)
        })
        .collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for own in changes.chunks(changes.len().div_ceil(threads)) {
            let (mut segments, expectation) = (segments.clone(), &expectation);
            scope.spawn(move || {
                for (segment, name, at, flip) in own {
                    let segment = &mut segments[*segment];
                    segment.0.get_mut(name).unwrap()[*at] ^= flip;
                    let exit = verify_archive(segment, expectation).verdict().exit().code();
                    assert!(exit >= 30, "{name} at {at}: {exit}");
                    segment.0.get_mut(name).unwrap()[*at] ^= flip;
                }
            });
        }
    });
    eprintln!("{samples} bytes of an archive of a log of {entries} entries: all found");
}
