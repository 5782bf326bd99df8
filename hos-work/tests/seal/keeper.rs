//! The last notes in a directory.

use hos_core::checkpoint::Checkpoint;
use hos_core::digest::Digest;
use hos_core::error::FaultKind;
use hos_core::note::{SignedNote, SigningKey};
use hos_core::seal::{KEPT_TOGETHER_MAX, Keeper as _, KeptNote};
use hos_work::DirectoryKeeper;

fn note(origin: &str, size: u64) -> String {
    let text = Checkpoint::new(origin, size, [7; 32]).unwrap().to_text();
    let key = SigningKey::from_seed("suite.example", &[7; 32]).unwrap();
    SignedNote::new(&text, vec![key.sign(&text)]).unwrap().to_string()
}

#[tokio::test]
async fn the_last_note_of_each_log_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let keeper = DirectoryKeeper::open(directory.path()).unwrap();
    let (one, other) = ("suite.example/w/a/t/%2F../main", "suite.example/w/a/t/b/main");
    assert_eq!(keeper.last(one).await.unwrap(), None);
    for size in [3, 9, 4] {
        keeper.keep(one, size, &note(one, size)).await.unwrap();
    }
    keeper.keep(other, 1, &note(other, 1)).await.unwrap();
    let again = DirectoryKeeper::open(directory.path()).unwrap();
    assert_eq!(again.last(one).await.unwrap(), Some(note(one, 9)), "never one over less");
    assert_eq!(again.last(other).await.unwrap(), Some(note(other, 1)));
}

#[tokio::test]
async fn a_log_is_one_whatever_its_epoch_and_no_earlier_one_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let keeper = DirectoryKeeper::open(directory.path()).unwrap();
    let (first, second) = ("suite.example/w/a/t/b/main", "suite.example/w/a/t/b/main/e2");
    keeper.keep(first, 9, &note(first, 9)).await.unwrap();
    keeper.keep(second, 4, &note(second, 4)).await.unwrap();
    let again = DirectoryKeeper::open(directory.path()).unwrap();
    for keeper in [&keeper, &again] {
        for origin in [first, second] {
            assert_eq!(keeper.last(origin).await.unwrap(), Some(note(second, 4)), "over less");
        }
        let refused = keeper.keep(first, 99, &note(first, 99)).await.unwrap_err();
        assert_eq!(refused.kind(), FaultKind::Restored);
    }
    keeper.keep(second, 3, &note(second, 3)).await.unwrap();
    assert_eq!(again.last(first).await.unwrap(), Some(note(second, 4)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_keep_at_once_leave_the_largest() {
    let directory = tempfile::tempdir().unwrap();
    let origin = "suite.example/deployment";
    let keepers = (1..=40).map(|size| {
        let keeper = DirectoryKeeper::open(directory.path()).unwrap();
        tokio::spawn(async move { keeper.keep(origin, size, &note(origin, size)).await })
    });
    for kept in keepers.collect::<Vec<_>>() {
        kept.await.unwrap().unwrap();
    }
    let keeper = DirectoryKeeper::open(directory.path()).unwrap();
    assert_eq!(keeper.last(origin).await.unwrap(), Some(note(origin, 40)));
}

#[tokio::test]
async fn many_notes_are_kept_at_once_and_none_over_less() {
    let directory = tempfile::tempdir().unwrap();
    let keepers = [0, 1].map(|_| DirectoryKeeper::open(directory.path()).unwrap());
    let origins: Vec<String> = (0..200).map(|log| format!("suite.example/{log}")).collect();
    let all = |size: u64| {
        let kept = |origin: &String| KeptNote {
            origin: origin.clone(),
            size: if origin.ends_with('7') { 1 } else { size },
            note: note(origin, if origin.ends_with('7') { 1 } else { size }),
        };
        origins.iter().map(kept).collect::<Vec<_>>()
    };
    // So often that the journal is written anew between.
    for size in (1..=120).chain([3]) {
        keepers[usize::try_from(size % 2).unwrap()].keep_all(&all(size)).await.unwrap();
    }
    let journal = std::fs::metadata(directory.path().join("journal")).unwrap();
    assert!(journal.len() < 6 << 20, "{}", journal.len());
    let expected: Vec<_> = all(120).into_iter().map(|kept| Some(kept.note)).collect();
    let again = DirectoryKeeper::open(directory.path()).unwrap();
    for keeper in keepers.iter().chain([&again]) {
        assert_eq!(keeper.last_all(&origins).await.unwrap(), expected);
    }
    let many = vec![all(9)[0].clone(); KEPT_TOGETHER_MAX + 1];
    assert_eq!(again.keep_all(&many).await.unwrap_err().kind(), FaultKind::Limit);
}

#[tokio::test]
async fn a_damaged_note_is_never_taken_for_none_and_never_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let origin = "suite.example/deployment";
    let keeper = DirectoryKeeper::open(directory.path()).unwrap();
    for size in [3, 4] {
        keeper.keep(origin, size, &note(origin, size)).await.unwrap();
    }
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        for damage in [1, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] ^= damage;
            std::fs::write(&path, &bytes).unwrap();
            let keeper = DirectoryKeeper::open(directory.path()).unwrap();
            let last = keeper.last(origin).await;
            if let Ok(Some(last)) = &last {
                // The number of a generation, and the mark of the last ones, say nothing of notes.
                assert!(at < "hosnotes/1 1".len() || at == whole.len() - 1, "{at}");
                assert_eq!(*last, note(origin, 4), "{at}");
                continue;
            }
            assert_eq!(last.unwrap_err().kind(), FaultKind::Corrupt, "{at}");
            let kept = keeper.keep(origin, 9, &note(origin, 9)).await.unwrap_err();
            assert_eq!(kept.kind(), FaultKind::Corrupt);
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
    }
    std::fs::write(&path, "").unwrap();
    assert_eq!(keeper.last(origin).await.unwrap_err().kind(), FaultKind::Corrupt);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(keeper.last(origin).await.unwrap_err().kind(), FaultKind::Unavailable);
}

#[tokio::test]
async fn what_a_death_left_half_written_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal");
    let origin = "suite.example/deployment";
    let keeper = DirectoryKeeper::open(directory.path()).unwrap();
    keeper.keep(origin, 3, &note(origin, 3)).await.unwrap();
    let before = std::fs::read(&path).unwrap();
    keeper.keep(origin, 4, &note(origin, 4)).await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    let torn = (before.len()..whole.len() - 1).map(|end| whole[..end].to_vec());
    let mut nothing = before.clone();
    nothing.resize(whole.len(), 0);
    let mut unmarked = whole[..whole.len() - 1].to_vec();
    let last = unmarked.len() - 2;
    unmarked[last] = 0;
    for bytes in torn.chain([nothing, unmarked]) {
        std::fs::write(&path, &bytes).unwrap();
        let keeper = DirectoryKeeper::open(directory.path()).unwrap();
        assert_eq!(keeper.last(origin).await.unwrap(), Some(note(origin, 3)));
        assert_eq!(std::fs::read(&path).unwrap(), before);
        keeper.keep(origin, 4, &note(origin, 4)).await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }
    // Whole, and not known to be on the disk: it is synced and marked before anybody is told.
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let keeper = DirectoryKeeper::open(directory.path()).unwrap();
    assert_eq!(keeper.last(origin).await.unwrap(), Some(note(origin, 4)));
    assert_eq!(std::fs::read(&path).unwrap(), whole);
}

fn file(origin: &str) -> String {
    format!("{}.note", Digest::of(origin.as_bytes()))
}

#[tokio::test]
async fn notes_in_files_of_their_own_are_taken_over() {
    let directory = tempfile::tempdir().unwrap();
    let origins: Vec<String> = (0..300).map(|log| format!("suite.example/{log}")).collect();
    for origin in &origins {
        std::fs::write(directory.path().join(file(origin)), note(origin, 5)).unwrap();
    }
    std::fs::write(directory.path().join("a.lock"), "").unwrap();
    std::fs::write(directory.path().join("0.new"), "half a note").unwrap();
    let mut expected: Vec<_> = origins.iter().map(|origin| Some(note(origin, 5))).collect();
    for _ in 0..2 {
        let keeper = DirectoryKeeper::open(directory.path()).unwrap();
        assert_eq!(keeper.last_all(&origins).await.unwrap(), expected);
        for origin in &origins {
            assert!(!directory.path().join(file(origin)).exists());
        }
    }
    // One that was written beside the journal is taken over as well, where it is the later one.
    for (at, size) in [(0, 9), (1, 4)] {
        let origin = &origins[at];
        std::fs::write(directory.path().join(file(origin)), note(origin, size)).unwrap();
    }
    expected[0] = Some(note(&origins[0], 9));
    let keeper = DirectoryKeeper::open(directory.path()).unwrap();
    assert_eq!(keeper.last_all(&origins).await.unwrap(), expected);
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_nothing_is_taken_over() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = ("suite.example/one", "suite.example/other");
    let path = |origin: &str| directory.path().join(file(origin));
    let damages = ["no note".to_owned(), note(one, 3), note(other, 3) + &"x".repeat(9_000)];
    for damaged in damages {
        std::fs::write(path(one), note(one, 3)).unwrap();
        std::fs::write(path(other), &damaged).unwrap();
        let fault = DirectoryKeeper::open(directory.path()).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Corrupt);
        assert!(fault.to_string().contains(&file(other)), "{fault}");
        assert!(path(one).exists() && !directory.path().join("journal").exists());
    }
    std::fs::write(path(other), note(other, 3)).unwrap();
    let keeper = DirectoryKeeper::open(directory.path()).unwrap();
    assert_eq!(keeper.last(other).await.unwrap(), Some(note(other, 3)));
}

#[test]
fn a_directory_that_is_not_there_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let gone = directory.path().join("gone");
    assert_eq!(DirectoryKeeper::open(&gone).unwrap_err().kind(), FaultKind::Unavailable);
    assert!(!gone.exists());
}
