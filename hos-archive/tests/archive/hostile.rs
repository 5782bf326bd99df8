//! Archives that somebody made to mislead, or lost parts of.

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use hos_archive::{
    ArchiveReport, Expectation, File, FileName, FindingKind, Manifest, verify_archive,
};
use hos_core::digest::Digest;
use hos_core::proof::Part;
use hos_core::time::{ProofId, Timestamp};
use hos_verify::verdict::Exit;

use crate::scene::{DAY, Kept, Scene, block_on};

fn kinds(report: &ArchiveReport) -> Vec<(FindingKind, Option<(u64, u64)>)> {
    report.findings.iter().map(|finding| (finding.kind, finding.segment)).collect()
}

fn of(kept: &Kept, first: u64, file: File) -> FileName {
    *kept.0.keys().find(|name| name.first == first && name.file == file).unwrap()
}

fn without(kept: &Kept, firsts: &[u64]) -> Kept {
    Kept(kept.0.clone().into_iter().filter(|(name, _)| !firsts.contains(&name.first)).collect())
}

/// What the manifests of an archive say of themselves.
fn known(kept: &Kept) -> Vec<(u64, u64, Digest)> {
    let manifests = kept.0.iter().filter(|(name, _)| name.file == File::Manifest);
    manifests.map(|(name, bytes)| (name.first, name.end, Digest::of(bytes))).collect()
}

#[test]
fn segments_that_are_missing_are_each_named_one_two_and_at_the_end() {
    let scene = block_on(Scene::new(1_100));
    let whole = block_on(scene.archive(4));
    let blind = scene.expectation();
    let knowing = Expectation { segments: known(&whole), ..blind.clone() };
    let missing = |first, end| (FindingKind::MissingSegment, Some((first, end)));
    for expectation in [&blind, &knowing] {
        let report = verify_archive(&whole, expectation);
        assert_eq!((report.verdict().exit(), report.size), (Exit::Verified, 1_024));
        let report = verify_archive(&without(&whole, &[256]), expectation);
        assert_eq!(
            (report.verdict().exit(), kinds(&report)),
            (Exit::Incomplete, vec![missing(256, 512)])
        );
        assert_eq!(report.entries, 768, "the others verify");
    }
    let two = without(&whole, &[256, 512]);
    assert_eq!(kinds(&verify_archive(&two, &blind)), [missing(256, 768)], "all that is missing");
    let both = [missing(256, 512), missing(512, 768)];
    assert_eq!(kinds(&verify_archive(&two, &knowing)), both, "and by its segments where known");
    let first = verify_archive(&without(&whole, &[0]), &blind);
    assert_eq!((kinds(&first), first.size), (vec![missing(0, 256)], 0));
    let last = without(&whole, &[768]);
    assert_eq!(
        verify_archive(&last, &blind).verdict().exit(),
        Exit::Verified,
        "nobody knows of it"
    );
    assert_eq!(kinds(&verify_archive(&last, &knowing)), [missing(768, 1_024)]);
    let none = verify_archive(&Kept(BTreeMap::new()), &knowing);
    assert_eq!((none.verdict().exit(), none.finding_count), (Exit::Incomplete, 4));
}

#[test]
fn a_file_that_is_missing_is_named() {
    let scene = block_on(Scene::new(300));
    let whole = block_on(scene.archive(1));
    for file in File::ALL {
        let mut kept = whole.clone();
        kept.0.retain(|name, _| name.file != file);
        let report = verify_archive(&kept, &scene.expectation());
        assert_eq!(kinds(&report), [(FindingKind::MissingFile, Some((0, 256)))], "{file:?}");
        assert_eq!(report.verdict().exit(), Exit::Invalid);
    }
}

#[test]
fn an_archive_of_another_log_and_one_from_the_future_are_refused() {
    let scene = block_on(Scene::new(300));
    let whole = block_on(scene.archive(1));
    let expectation = scene.expectation();
    let origin = "archive.example/w/pazar/t/other/main".to_owned();
    let other = Expectation { origin, ..expectation.clone() };
    let report = verify_archive(&whole, &other);
    assert_eq!(kinds(&report), [(FindingKind::OtherLog, Some((0, 256)))]);
    let early = Timestamp::from_micros(1_795_251_600_000_000).before(DAY);
    let report = verify_archive(&whole, &Expectation { now: early, ..expectation });
    assert_eq!(kinds(&report), [(FindingKind::Future, Some((0, 256)))]);
    assert_eq!(report.findings[0].index, Some(0));
}

#[test]
fn a_tree_that_is_known_contradicts_another() {
    let scene = block_on(Scene::new(600));
    let whole = block_on(scene.archive(2));
    let expectation = scene.expectation();
    let manifest = &whole.0[&of(&whole, 256, File::Manifest)];
    let (size, root) = Manifest::parse(manifest).unwrap().tree();
    let with = |known| verify_archive(&whole, &Expectation { known, ..expectation.clone() });
    assert_eq!(with(Some((size, root))).verdict().exit(), Exit::Verified);
    assert_eq!(with(Some((size, [0; 32]))).verdict().exit(), Exit::Contradicted);
    assert_eq!(
        with(Some((300, [0; 32]))).verdict().exit(),
        Exit::Contradicted,
        "within the archive"
    );
    assert_eq!(
        with(Some((size + 1, [0; 32]))).verdict().exit(),
        Exit::Unanchored,
        "nobody can tell"
    );
}

/// Puts another file in the place of one, with a manifest that names it: all that somebody can do
/// who has the files and no key.
fn replaced(kept: &Kept, file: File, change: impl Fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>) -> Kept {
    let mut changed = kept.clone();
    let old = of(kept, 0, file);
    let bytes = changed.0.remove(&old).unwrap();
    let text = unpacked(&bytes);
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec);
    let mut lines: Vec<Vec<u8>> = lines.collect();
    lines.pop();
    let mut packed = GzEncoder::new(Vec::new(), Compression::new(6));
    for line in change(lines) {
        packed.write_all(&line).unwrap();
        packed.write_all(b"\n").unwrap();
    }
    let packed = packed.finish().unwrap();
    let manifest = of(kept, 0, File::Manifest);
    let text = String::from_utf8(changed.0.remove(&manifest).unwrap()).unwrap();
    let (before, after) = (Digest::of(&bytes).to_string(), Digest::of(&packed).to_string());
    let text = text.replace(&before, &after);
    let key = if file == File::Leaves { "leaves" } else { "parts" };
    let text =
        text.replace(&format!("\"{key}\":{}", bytes.len()), &format!("\"{key}\":{}", packed.len()));
    let text = text.replace(
        &format!("\"{key}\":{{\"bytes\":{}", bytes.len()),
        &format!("\"{key}\":{{\"bytes\":{}", packed.len()),
    );
    let range = (manifest.first, manifest.end);
    changed.0.insert(FileName::new(range, &Digest::of(&packed), file), packed);
    let text = text.into_bytes();
    changed.0.insert(FileName::new(range, &Digest::of(&text), File::Manifest), text);
    changed
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut text).unwrap();
    text
}

#[test]
fn lines_that_are_moved_lost_doubled_or_swollen_have_a_name() {
    let scene = block_on(Scene::new(300));
    let whole = block_on(scene.archive(1));
    let expectation = scene.expectation();
    let verdict = |file, change: &dyn Fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>| {
        let report = verify_archive(&replaced(&whole, file, change), &expectation);
        assert_eq!(
            (report.verdict().exit(), report.finding_count),
            (Exit::Invalid, 1),
            "{report:?}"
        );
        report.findings[0].kind
    };
    let leaves = |change: &dyn Fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>| verdict(File::Leaves, change);
    let swapped = |mut lines: Vec<Vec<u8>>| {
        lines.swap(3, 4);
        lines
    };
    assert_eq!(leaves(&swapped), FindingKind::TileRoot);
    let shorter = |mut lines: Vec<Vec<u8>>| {
        lines.pop();
        lines
    };
    assert_eq!(leaves(&shorter), FindingKind::LineCount);
    let longer = |mut lines: Vec<Vec<u8>>| {
        lines.push(lines[0].clone());
        lines
    };
    assert_eq!(leaves(&longer), FindingKind::LineCount);
    let swollen = |mut lines: Vec<Vec<u8>>| {
        lines[7] = vec![b'{'; 100_000_000];
        lines
    };
    assert_eq!(leaves(&swollen), FindingKind::LongLine, "a bomb, let go of at once");
    let nonsense = |mut lines: Vec<Vec<u8>>| {
        lines[7] = b"{}".to_vec();
        lines
    };
    assert_eq!(leaves(&nonsense), FindingKind::Leaf);
    let parts = |change: &dyn Fn(Vec<Vec<u8>>) -> Vec<Vec<u8>>| verdict(File::Parts, change);
    let other = |mut lines: Vec<Vec<u8>>| {
        let text = String::from_utf8(lines[2].clone()).unwrap();
        lines[2] = text.replace("çay", "kahve").into_bytes();
        lines
    };
    assert_eq!(parts(&other), FindingKind::Part, "not what its leaf commits to");
    let twice = |mut lines: Vec<Vec<u8>>| {
        lines.push(lines[0].clone());
        lines
    };
    assert_eq!(parts(&twice), FindingKind::Part);
    let many = |_| vec![Vec::new(); 1_000_000];
    assert_eq!(parts(&many), FindingKind::Part);
}

#[test]
fn a_part_that_was_taken_out_is_missed() {
    let scene = block_on(Scene::new(300));
    let whole = block_on(scene.archive(1));
    let expectation = scene.expectation();
    let before = verify_archive(&whole, &expectation);
    let fewer = |mut lines: Vec<Vec<u8>>| {
        lines.remove(1);
        lines
    };
    let after = verify_archive(&replaced(&whole, File::Parts, fewer), &expectation);
    assert_eq!(kinds(&after), [(FindingKind::MissingPart, Some((0, 256)))]);
    assert_eq!(after.verdict().exit(), Exit::Incomplete, "{after:?}");
    assert_eq!((after.parts.bound, after.parts.missing), (before.parts.bound - 1, 1));
    let known = Expectation { segments: known(&whole), ..expectation };
    let after = verify_archive(&replaced(&whole, File::Parts, fewer), &known);
    assert_eq!(after.verdict().exit(), Exit::Contradicted, "but it is not what was recorded");
}

#[test]
fn a_part_that_says_by_itself_that_it_was_erased_or_sealed_is_not_believed() {
    let scene = block_on(Scene::new(300));
    let whole = block_on(scene.archive(1));
    let said = |body: String| {
        move |mut lines: Vec<Vec<u8>>| {
            let mut line: serde_json::Value = serde_json::from_slice(&lines[1]).unwrap();
            line["body"] = body.clone().into();
            line["salt"] = "0".repeat(64).into();
            lines[1] = serde_json::to_vec(&line).unwrap();
            lines
        }
    };
    let judged = |body: String| {
        verify_archive(&replaced(&whole, File::Parts, said(body)), &scene.expectation())
    };
    let by = ProofId::from_bytes([7; 16]);
    let erased = judged(Part::erased("said", by).body);
    assert_eq!(kinds(&erased), [(FindingKind::UnprovenErasure, Some((0, 256)))]);
    assert_eq!((erased.verdict().exit(), erased.parts.erased), (Exit::Incomplete, 1));
    for body in ["~", "~x", "~AAAA", "~not base64url"] {
        let sealed = judged(body.to_owned());
        assert_eq!(kinds(&sealed), [(FindingKind::Part, Some((0, 256)))], "{body}");
        assert_eq!(sealed.verdict().exit(), Exit::Invalid);
    }
    // Nobody without the key sees that this is not what its leaf commits to, and that is said.
    let sealed = judged(format!("~{}", "A".repeat(200)));
    assert_eq!((sealed.verdict().exit(), sealed.parts.sealed), (Exit::Verified, 1));
    let words = sealed.verdict().disclosure.words.join("; ");
    assert!(words.contains("1 more are sealed under persons' keys"), "{words}");
}

#[test]
fn two_signed_trees_that_contradict_each_other_are_found() {
    let (ours, theirs) = (block_on(diverging("note", 600)), block_on(diverging("other", 800)));
    let (mut one, mut other) = (block_on(ours.archive(1)), block_on(theirs.archive(3)));
    assert_eq!(verify_archive(&other, &theirs.expectation()).verdict().exit(), Exit::Verified);
    // The first segment stands under a tree of 600 entries that the third one does not lead to.
    other.0.retain(|name, _| name.first > 0);
    one.0.append(&mut other.0);
    let report = verify_archive(&one, &theirs.expectation());
    assert_eq!(kinds(&report), [(FindingKind::Fork, Some((0, 256)))]);
    assert_eq!(report.verdict().exit(), Exit::Invalid);

    // Both of one size, beyond all that is here.
    let [ours, theirs] = ["note", "other"].map(|kind| block_on(diverging(kind, 600)));
    let (mut one, mut other) = (block_on(ours.archive(1)), block_on(theirs.archive(2)));
    other.0.retain(|name, _| name.first > 0);
    one.0.append(&mut other.0);
    let report = verify_archive(&one, &ours.expectation());
    assert_eq!(kinds(&report), [(FindingKind::Fork, Some((256, 512)))]);
}

/// A sealed log that goes on in its own way after 512 entries.
async fn diverging(kind: &str, entries: u64) -> Scene {
    let scene = Scene::new(512).await;
    scene.grow_with(kind, entries).await;
    scene.seal().await;
    scene.clock.advance(DAY * 100);
    scene
}

#[test]
fn manifests_that_are_none_are_refused() {
    let scene = block_on(Scene::new(300));
    let whole = block_on(scene.archive(1));
    let name = of(&whole, 0, File::Manifest);
    let text = String::from_utf8(whole.0[&name].clone()).unwrap();
    assert!(Manifest::parse(text.as_bytes()).is_ok());
    let others = [
        String::new(),
        text.replace("hosarchive/1", "hosarchive/2"),
        text.replace("\"end\":256", "\"end\":255"),
        text.replace("\"end\":256", "\"end\":131072"),
        text.replace("\"first\":0", "\"first\":-1"),
        text.replace("\"first\":0", "\"first\":18446744073709551615"),
        text.replace("\"first\":0", "\"first\": 0"),
        format!("{text}\n"),
        text.replacen('{', "{\"more\":1,", 1),
        text.replace("\"format\"", "\"end\":256,\"format\""),
        "[".repeat(200_000),
        " ".repeat(300_000),
    ];
    for other in others {
        assert!(Manifest::parse(other.as_bytes()).is_err(), "{}", other.len());
    }
}

#[test]
fn a_segment_that_was_written_twice_is_one_and_overlapping_ones_are_named() {
    let scene = block_on(Scene::new(600));
    let mut twice = block_on(scene.archive(2));
    block_on(async {
        scene.grow(700).await;
        scene.seal().await;
    });
    // Under another checkpoint, never recorded.
    let other = hos_archive::MemoryTarget::new();
    let world = hos_core::id::Tenant::world();
    let scene_2 = block_on(Scene::new(700));
    block_on(scene_2.archivist(other.clone()).write(&scene_2.world, &world)).unwrap().unwrap();
    other.tamper(|files| {
        twice.0.extend(files.iter().map(|((_, name), bytes)| (*name, bytes.clone())));
    });
    let report = verify_archive(&twice, &scene.expectation());
    assert_eq!(
        (report.verdict().exit(), report.segments, report.entries),
        (Exit::Verified, 2, 512)
    );
    let long = hos_archive::MemoryTarget::new();
    let longer = scene_2.archivist(long.clone()).at_most(512);
    block_on(longer.write(&scene_2.world, &world)).unwrap().unwrap();
    let mut overlapping = block_on(scene.archive(0));
    long.tamper(|files| {
        overlapping.0.extend(files.iter().map(|((_, name), bytes)| (*name, bytes.clone())));
    });
    overlapping.0.extend(twice.0);
    let blind = verify_archive(&overlapping, &scene.expectation());
    assert!(kinds(&blind).iter().any(|(kind, _)| *kind == FindingKind::Overlap), "{blind:?}");
}
