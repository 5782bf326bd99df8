//! A directory that fails, and one that is killed.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hos_archive::{DirectoryTarget, File, Files, Shelf, Source as _, SystemFiles, verify_archive};
use hos_core::error::FaultKind;
use hos_core::id::Tenant;
use hos_core::laws::Proofs as _;
use hos_verify::verdict::Exit;

use crate::scene::{Scene, block_on};

/// Fails one call, counted over all of them; a failing write leaves half of its bytes.
#[derive(Debug, Clone, Default)]
struct Failing {
    calls: Arc<AtomicU32>,
    fails: u32,
}

impl Failing {
    fn turn(&self) -> io::Result<()> {
        if self.calls.fetch_add(1, Ordering::SeqCst) == self.fails {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        Ok(())
    }
}

impl Files for Failing {
    fn write(&self, file: &mut fs::File, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.turn() {
            SystemFiles.write(file, &bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        SystemFiles.write(file, bytes)
    }

    fn sync(&self, file: &fs::File) -> io::Result<()> {
        self.turn()?;
        SystemFiles.sync(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.turn()?;
        SystemFiles.rename(from, to)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.turn()?;
        SystemFiles.sync_directory(path)
    }
}

#[test]
fn whatever_fails_nothing_is_recorded_and_the_next_call_ends_it() {
    block_on(async {
        let mut failures = 0;
        for fails in 0.. {
            let scene = Scene::new(300).await;
            let place = tempfile::tempdir().unwrap();
            let tenant = Tenant::world();
            let files = Failing { fails, ..Failing::default() };
            let target = DirectoryTarget::with_files(place.path(), files.clone());
            let size = scene.hos.head(&scene.world, &tenant).await.unwrap().size;
            match scene.archivist(target.clone()).archive(&scene.world, &tenant).await {
                Ok(written) => {
                    assert!(written.is_some() && files.calls.load(Ordering::SeqCst) <= fails);
                    break;
                }
                Err(error) => {
                    failures += 1;
                    assert_eq!(error.fault().unwrap().kind(), FaultKind::Full, "{error}");
                    let after = scene.hos.head(&scene.world, &tenant).await.unwrap().size;
                    assert_eq!(after, size, "call {fails} failed, and nothing was recorded");
                }
            }
            let again = scene.archivist(target.clone()).archive(&scene.world, &tenant).await;
            assert_eq!(again.unwrap().unwrap().released, 256, "call {fails}");
            let source = target.source(&scene.expectation().origin);
            let report = verify_archive(&source, &scene.expectation());
            assert_eq!(report.verdict().exit(), Exit::Verified, "call {fails}: {report:?}");
        }
        assert!(failures >= 19, "each of five files is written, synced, renamed: {failures}");
    });
}

#[test]
fn what_a_dead_process_left_is_in_nobodys_way() {
    block_on(async {
        let scene = Scene::new(300).await;
        let place = tempfile::tempdir().unwrap();
        let (tenant, origin) = (Tenant::world(), scene.expectation().origin);
        let log = place.path().join(hos_archive::directory(&origin));
        fs::create_dir_all(&log).unwrap();
        for turn in 0..20 {
            let left = format!(".{turn:016x}.part");
            fs::write(log.join(left), b"half of a file").unwrap();
        }
        fs::write(log.join("notes.txt"), b"somebody's own").unwrap();
        let target = DirectoryTarget::new(place.path());
        let archivist = scene.archivist(target.clone());
        archivist.archive(&scene.world, &tenant).await.unwrap().unwrap();
        let report = verify_archive(&target.source(&origin), &scene.expectation());
        assert_eq!(report.verdict().exit(), Exit::Verified, "{report:?}");
        assert!(log.join("notes.txt").exists());
    });
}

#[test]
fn an_archive_in_a_directory_is_read_in_place_and_comes_back() {
    block_on(async {
        let scene = Scene::new(600).await;
        let place = tempfile::tempdir().unwrap();
        let tenant = Tenant::world();
        let before = scene.hos.page(&scene.world, &tenant, 0, 1_000).await.unwrap();
        let target = DirectoryTarget::new(place.path());
        let archivist = scene.archivist(target.clone());
        while archivist.archive(&scene.world, &tenant).await.unwrap().is_some() {}
        let shelf = Shelf::new(target);
        let log = scene.expectation().origin;
        for segment in scene.hos.segments(&scene.world, &tenant, 0, 10).await.unwrap() {
            use hos_core::store::ArchiveReader as _;
            let entries = shelf.entries(&log, &segment, segment.first, 1_000).await.unwrap();
            let first = usize::try_from(segment.first).unwrap();
            assert_eq!(entries, before[first..first + 256]);
        }
        archivist.restore(&scene.world, &tenant, 300).await.unwrap();
        let restored = scene.hos.page(&scene.world, &tenant, 256, 256).await.unwrap();
        assert_eq!(restored, before[256..512]);
    });
}

#[test]
#[cfg(unix)]
fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
    let scene = block_on(Scene::new(300));
    let home = tempfile::tempdir().unwrap();
    let target = DirectoryTarget::new(home.path());
    block_on(scene.archivist(target.clone()).archive(&scene.world, &Tenant::world())).unwrap();
    let source = target.source(&scene.expectation().origin);
    assert_eq!(verify_archive(&source, &scene.expectation()).finding_count, 0);
    let name = source.list().unwrap().into_iter().find(|name| name.file == File::Leaves).unwrap();
    let directory = fs::read_dir(home.path()).unwrap().next().unwrap().unwrap().path();
    let path = directory.join(name.to_string());
    fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let report = verify_archive(&source, &scene.expectation());
    assert_eq!(report.verdict().exit(), Exit::Unreadable, "{report:?}");
}
