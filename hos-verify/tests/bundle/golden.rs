//! The formats are frozen: whoever holds a bundle today can have it verified in ten years.

use std::fs;
use std::path::Path;

use hos_verify::bundle::Claim;
use hos_verify::leaf::Leaf;
use hos_verify::merkle::leaf_hash;

use crate::archive::unpack;
use crate::cases::{Case, subject, witnessed};
use crate::log::{NOON, anchor, id, input, policy, shop};

/// One of everything that the format has but the pages, which are for people and may change.
pub(crate) fn golden() -> Case {
    let log = shop();
    let mut draft = log.draft([0, 2, 4, 5, 6, 17, 18], Claim::Entries);
    draft.checkpoint = witnessed(NOON).checkpoint;
    draft.claims.extend([Claim::Range { from: 4, to: 7 }, subject(4)]);
    draft.entries[1].erased = vec![("input".to_owned(), id(17))];
    draft.entries[2].erased = vec![("input".to_owned(), id(18))];
    draft.entries[3].opened = vec![input(5)];
    draft.others = vec![log.note(13)];
    draft.anchor = Some(anchor(&draft.checkpoint, &[(2, NOON + 30)]));
    draft.tokens = vec![b"an opaque token".to_vec()];
    draft.keys = Some("evidence.example.com signs from size 0\n".to_owned());
    Case::new("golden", log.make(&draft), 20).policy(Some(policy("two"))).known(log.note(13))
}

fn same_as_kept(name: &str, bytes: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("HOS_BLESS").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
    }
    let kept = fs::read(&path).unwrap_or_default();
    assert!(
        kept == bytes,
        "{name} differs from what was given out: a change of the format needs a new version\n{}",
        String::from_utf8_lossy(bytes)
    );
}

#[test]
fn the_format_of_bundles_is_frozen() {
    let case = golden();
    same_as_kept("bundle.zip", &case.bundle);
    same_as_kept("policy.txt", case.policy.as_ref().unwrap().as_bytes());
    same_as_kept("known.checkpoint", case.known.as_ref().unwrap().as_bytes());
    let verdict = case.verdict();
    same_as_kept("verdict.txt", verdict.to_string().as_bytes());
    assert_eq!(verdict.exit().code(), case.exit, "{verdict}");
    for (name, data) in unpack(&case.bundle) {
        same_as_kept(&format!("files/{}", name.replace('/', "!")), &data);
    }
}

/// What the law writes is what the verifier reads.
#[test]
fn the_laws_own_leaves_are_read() {
    let leaves = include_str!("../../../hos-core/tests/golden/leaves.txt");
    let mut read = 0;
    for line in leaves.lines().filter(|line| line.starts_with('{')) {
        let leaf = Leaf::parse(line.as_bytes()).unwrap();
        assert_eq!(leaf.hash, leaf_hash(line.as_bytes()));
        assert_eq!(leaf.value.encode(), line);
        assert!(leaf.log.starts_with("test.example/w/"));
        assert!(!leaf.moves() || leaf.revision.is_some(), "{line}");
        read += 1;
    }
    assert!(read > 15);
}
