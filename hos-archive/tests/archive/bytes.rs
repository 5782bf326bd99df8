//! Every byte counts.

use hos_archive::{Expectation, verify_archive};
use hos_verify::verdict::Exit;

use crate::scene::{Kept, Scene, block_on, witnessed_policy};

#[test]
fn every_single_byte_that_is_changed_is_found() {
    let scene = block_on(Scene::new(300));
    block_on(scene.anchor());
    let whole = block_on(scene.archive(1));
    let expectation = Expectation { policy: Some(witnessed_policy()), ..scene.expectation() };
    let report = verify_archive(&whole, &expectation);
    assert_eq!((report.verdict().exit(), report.entries), (Exit::Verified, 256), "{report:?}");
    let places: Vec<_> =
        whole.0.iter().flat_map(|(name, bytes)| (0..bytes.len()).map(|at| (*name, at))).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for own in places.chunks(places.len().div_ceil(threads)) {
            let (mut changed, expectation): (Kept, _) = (whole.clone(), &expectation);
            scope.spawn(move || {
                for (name, at) in own {
                    let flip = 1 << (at % 8);
                    changed.0.get_mut(name).unwrap()[*at] ^= flip;
                    let report = verify_archive(&changed, expectation);
                    assert!(report.verdict().exit().code() >= 30, "{name} at {at}: {report:?}");
                    changed.0.get_mut(name).unwrap()[*at] ^= flip;
                }
            });
        }
    });
    assert!(places.len() > 10_000);
}

#[test]
fn every_cut_and_every_byte_more_is_found() {
    let scene = block_on(Scene::new(300));
    let whole = block_on(scene.archive(1));
    let expectation = scene.expectation();
    for (name, bytes) in &whole.0 {
        for cut in (0..bytes.len()).step_by(101).chain(bytes.len().checked_sub(1)) {
            let mut changed = whole.clone();
            changed.0.get_mut(name).unwrap().truncate(cut);
            assert!(verify_archive(&changed, &expectation).verdict().exit().code() >= 40, "{cut}");
        }
        for more in [b"\n".as_slice(), b"\0", &[b'x'; 70_000]] {
            let mut changed = whole.clone();
            changed.0.get_mut(name).unwrap().extend_from_slice(more);
            assert!(verify_archive(&changed, &expectation).verdict().exit().code() >= 40, "{name}");
        }
    }
}

#[test]
fn the_same_segment_makes_the_same_bytes() {
    let archive = || {
        let scene = block_on(Scene::new(600));
        block_on(scene.archive(2))
    };
    assert_eq!(archive(), archive());
}
