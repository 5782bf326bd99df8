//! The last notes in a directory.

use hos_core::checkpoint::Checkpoint;
use hos_core::error::FaultKind;
use hos_core::note::{SignedNote, SigningKey};
use hos_core::seal::Keeper as _;
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
async fn a_damaged_note_is_never_taken_for_none_and_never_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let keeper = DirectoryKeeper::open(directory.path()).unwrap();
    let origin = "suite.example/deployment";
    keeper.keep(origin, 3, &note(origin, 3)).await.unwrap();
    let files = std::fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().path());
    let path = files.into_iter().find(|path| path.extension().unwrap() == "note").unwrap();
    let whole = note(origin, 3);
    let other = note("suite.example/other", 3);
    let huge = format!("{}{}", "x".repeat(9_000), whole);
    let half: String = whole.chars().take(whole.len() / 2).collect();
    for text in ["", "nonsense", &half, &other, &huge] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(keeper.last(origin).await.unwrap_err().kind(), FaultKind::Corrupt);
        let kept = keeper.keep(origin, 9, &note(origin, 9)).await.unwrap_err();
        assert_eq!(kept.kind(), FaultKind::Corrupt);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    // What a death between writing and renaming leaves is passed over.
    std::fs::write(&path, &whole).unwrap();
    std::fs::write(path.with_extension("new"), "half a no").unwrap();
    assert_eq!(keeper.last(origin).await.unwrap(), Some(whole));
    keeper.keep(origin, 4, &note(origin, 4)).await.unwrap();
    assert_eq!(keeper.last(origin).await.unwrap(), Some(note(origin, 4)));
}

#[test]
fn a_directory_that_is_not_there_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let gone = directory.path().join("gone");
    assert_eq!(DirectoryKeeper::open(&gone).unwrap_err().kind(), FaultKind::Unavailable);
    assert!(!gone.exists());
}
