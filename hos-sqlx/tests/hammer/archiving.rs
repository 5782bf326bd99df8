//! A process that archives, restores and archives again until it is killed.

use std::fs::File;
use std::io;
use std::path::Path;

use hos_archive::{Archivist, DirectoryTarget, Files, SystemFiles};
use hos_conformance::random::Random;
use hos_core::hos::Hos;
use hos_core::prelude::*;

use crate::fuse::{Fuse, Point};
use crate::{job, tenant};

/// Files of which some call is the last one.
pub(crate) struct FusedFiles(Fuse);

impl Files for FusedFiles {
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        let (half, rest) = bytes.split_at(bytes.len() / 2);
        SystemFiles.write(file, half)?;
        self.0.at(Point::Writing);
        SystemFiles.write(file, rest)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        self.0.at(Point::Writing);
        SystemFiles.sync(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.at(Point::Writing);
        SystemFiles.rename(from, to)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.0.at(Point::Writing);
        SystemFiles.sync_directory(path)
    }
}

/// Whoever archives, without a fuse.
pub(crate) fn archivist(hos: &Hos, place: &Path) -> Archivist {
    of(hos, DirectoryTarget::new(place))
}

fn of<F: Files>(hos: &Hos, target: DirectoryTarget<F>) -> Archivist {
    let root = Actor::user("root-1").unwrap();
    Archivist::new(hos, target, &root).older_than(std::time::Duration::ZERO).at_most(256)
}

/// Whoever meets another tries again.
pub(crate) async fn work(hos: Hos, place: &Path, fuse: Fuse, mut random: Random, tenants: u64) {
    let archivist = of(&hos, DirectoryTarget::with_files(place, FusedFiles(fuse.clone())));
    let world = World::new(job::WORLD).unwrap();
    loop {
        let firm = tenant(random.below(tenants));
        if let Ok(Some(draft)) = archivist.write(&world, &firm).await {
            fuse.at(Point::Written);
            if let Ok(record) = archivist.record(&world, &firm, &draft).await {
                fuse.at(Point::Recorded);
                let _some = hos.store().release(&world, &firm, record.first, 100).await;
                fuse.at(Point::Released);
                let _all = archivist.release(&world, &firm, &record).await;
            }
        } else if archivist.restore(&world, &firm, 0).await.is_ok() {
            fuse.at(Point::Written);
            if archivist.archive_again(&world, &firm, 0).await.is_ok() {
                fuse.at(Point::Recorded);
                fuse.at(Point::Released);
            }
        }
        tokio::task::yield_now().await;
    }
}
