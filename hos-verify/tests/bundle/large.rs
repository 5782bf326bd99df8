//! Single bytes of a bundle from a large log, taken as samples.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of samples, `HOS_CAMPAIGN_SEED` the seed.

use hos_verify::bundle::Claim;

use crate::archive::{pack, unpack};
use crate::cases::Case;
use crate::log::{Log, NOON, anchor, input, policy, transition};

/// The files that nobody signed, and the manifest, which is written anew.
const UNSIGNED: [&str; 5] =
    ["manifest.json", "README.txt", "oku-readme.html", "keys/history.txt", "anchor/0.tsr"];

/// A bundle with one of everything, from the middle of a log of so many entries.
fn bundle(size: u64) -> Vec<u8> {
    let (mut log, middle) = (Log::default(), size / 2);
    for index in 0..size {
        log.push(match index.checked_sub(middle) {
            Some(at @ 0..12) => transition(at, "order:7f", i64::try_from(at + 1).unwrap()),
            _ => format!("the leaf of another at {index}"),
        });
    }
    let range = Claim::Range { from: middle, to: middle + 8 };
    let mut draft = log.draft(middle..middle + 12, range);
    draft.claims.push(Claim::Subject { subject: "order:7f".to_owned(), revisions: 12 });
    draft.entries[3].opened = vec![input(3)];
    draft.entries[9].opened = vec![input(9)];
    draft.others = vec![log.note(size / 3), log.note(size - 1)];
    draft.anchor = Some(anchor(&draft.checkpoint, &[(1, NOON)]));
    draft.tokens = vec![b"an opaque token".to_vec()];
    draft.has_pages = true;
    log.make(&draft)
}

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

    /// Changes one bit.
    fn change(&mut self, data: &mut [u8]) -> usize {
        let at = self.below(data.len());
        data[at] ^= 1 << self.below(8);
        at
    }
}

/// Half of the changes are made by somebody who mends checksums and manifest, in each file that
/// something proves in turn.
#[test]
fn of_a_large_log_every_byte_of_a_bundle_counts() {
    let given = number("HOS_CAMPAIGN_SIZE");
    let (samples, entries) = given.map_or((400, 3_000), |size| (size, 20_000));
    let mut numbers = Numbers(number("HOS_CAMPAIGN_SEED").unwrap_or(1));
    let sound = bundle(entries);
    let exit = |bundle: Vec<u8>| {
        Case::new("changed", bundle, 0).policy(Some(policy("one"))).verdict().exit().code()
    };
    assert_eq!(exit(sound.clone()), 0);
    let files = unpack(&sound);
    assert_eq!(pack(&files), sound);
    let proved: Vec<&String> =
        files.keys().filter(|name| !UNSIGNED.contains(&name.as_str())).collect();
    for kind in ["entries/", "proofs/", "range/", "log/", "anchor/", "openings", "parts/"] {
        assert!(proved.iter().any(|name| name.starts_with(kind)), "{kind}");
    }
    let mut names = proved.iter().cycle();
    for sample in 0..samples {
        if sample % 2 == 0 {
            let mut changed = sound.clone();
            let at = numbers.change(&mut changed);
            assert!(exit(changed) >= 40, "byte {at}");
        } else {
            let name = *names.next().unwrap();
            let mut changed = files.clone();
            let at = numbers.change(changed.get_mut(name).unwrap());
            let exit = exit(pack(&changed));
            // Who is not known there as a witness is one fewer, and no fault.
            let least = if name.starts_with("anchor/") { 10 } else { 40 };
            assert!(exit >= least, "{name} byte {at}: {exit}");
        }
    }
    eprintln!("{samples} bytes of a bundle from a log of {entries} entries: all found");
}
