//! Segments under checkpoints that the deployment's log has, and that witnesses have seen.

use hos_archive::{Expectation, File, FileName, FindingKind, Manifest, verify_archive};
use hos_core::digest::Digest;
use hos_verify::verdict::Exit;

use crate::scene::{DAY, Kept, Scene, block_on, witnessed_policy};

/// A sealed log of so many entries, whose last checkpoint a witness of the deployment has seen.
async fn anchored(entries: u64) -> Scene {
    let scene = Scene::new(512).await;
    scene.grow(entries).await;
    scene.seal().await;
    scene.anchor().await;
    scene.clock.advance(DAY * 100);
    scene
}

fn manifest(kept: &Kept) -> (FileName, String) {
    let (name, bytes) = kept.0.iter().find(|(name, _)| name.file == File::Manifest).unwrap();
    (*name, String::from_utf8(bytes.clone()).unwrap())
}

/// With another manifest in the place of the first, under the name that is its own.
fn with_manifest(kept: &Kept, text: &str) -> Kept {
    let mut kept = kept.clone();
    let (name, _) = manifest(&kept);
    kept.0.remove(&name);
    let own = FileName::new((name.first, name.end), &Digest::of(text.as_bytes()), File::Manifest);
    kept.0.insert(own, text.as_bytes().to_vec());
    kept
}

fn anchor_of(text: &str) -> String {
    let manifest: serde_json::Value = serde_json::from_str(text).unwrap();
    manifest["anchor"].to_string()
}

#[test]
fn a_witness_of_the_deployment_stands_for_its_segments() {
    let scene = block_on(anchored(600));
    let whole = block_on(scene.archive(2));
    let witnessed = Expectation { policy: Some(witnessed_policy()), ..scene.expectation() };
    let report = verify_archive(&whole, &witnessed);
    assert_eq!(report.verdict().exit(), Exit::Verified, "{report:?}");
    assert_eq!(report.seen.len(), 1, "{report:?}");
    let bare = block_on(Scene::new(600));
    let report = verify_archive(&block_on(bare.archive(2)), &witnessed);
    assert_eq!(report.verdict().exit(), Exit::Unanchored, "{report:?}");
    // What was anchored before does not speak of what comes after.
    let scene = block_on(anchored(600));
    let later = block_on(async {
        scene.grow(1_100).await;
        scene.seal().await;
        scene.clock.advance(DAY * 100);
        scene.archive(4).await
    });
    let report = verify_archive(&later, &witnessed);
    assert_eq!(report.verdict().exit(), Exit::Unanchored, "{report:?}");
    let words = report.verdict().authenticity.words.join("; ");
    assert!(words.contains("2 segments: fewer witnesses"), "{words}");
}

#[test]
fn an_anchor_that_is_none_is_no_manifest() {
    let scene = block_on(anchored(600));
    let whole = block_on(scene.archive(1));
    let (_, text) = manifest(&whole);
    let own = anchor_of(&text);
    let other = block_on(anchored(700));
    let foreign = anchor_of(&manifest(&block_on(other.archive(1))).1);
    let changed = [
        text.replace(&own, &foreign),
        text.replace(&own, "\"\""),
        text.replace(&own, "null"),
        text.replace("index 0", "index 1"),
        text.replace("archive.example/deployment\\n1", "elsewhere.example/deployment\\n1"),
    ];
    for changed in changed {
        assert_ne!(changed, text);
        assert!(Manifest::parse(changed.as_bytes()).is_err());
        let report = verify_archive(&with_manifest(&whole, &changed), &scene.expectation());
        assert_eq!(report.findings[0].kind, FindingKind::Manifest, "{report:?}");
        assert_eq!(report.verdict().exit(), Exit::Invalid);
    }
    let without = text.replace(&format!("\"anchor\":{own},"), "");
    let report = verify_archive(&with_manifest(&whole, &without), &scene.expectation());
    assert_eq!(report.verdict().exit(), Exit::Verified, "nobody asked for witnesses");
    let stranger = own.replace("archive.example ", "stranger.example ");
    assert_ne!(stranger, own);
    let unsigned = text.replace(&own, &stranger);
    let report = verify_archive(&with_manifest(&whole, &unsigned), &scene.expectation());
    assert_eq!(report.findings[0].kind, FindingKind::Signature, "{report:?}");
}

#[test]
fn two_trees_of_one_deployment_contradict_each_other() {
    let (one, other) = (block_on(anchored(512)), block_on(anchored(600)));
    let (mut whole, mut theirs) = (block_on(one.archive(1)), block_on(other.archive(2)));
    theirs.0.retain(|name, _| name.first > 0);
    whole.0.append(&mut theirs.0);
    let report = verify_archive(&whole, &other.expectation());
    let kinds: Vec<_> = report.findings.iter().map(|found| (found.kind, found.segment)).collect();
    assert_eq!(kinds, [(FindingKind::Fork, Some((256, 512)))]);
    assert_eq!(report.verdict().exit(), Exit::Invalid);
}
