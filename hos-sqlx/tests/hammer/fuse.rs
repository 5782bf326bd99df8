//! Where a child kills itself.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::note::{Signature, SigningKey, VerifierKey};
use hos_core::seal::{Keeper, Keys, Signer};
use hos_work::DirectoryKeeper;

/// A moment in the work of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// Something was acknowledged, or rolled back.
    Anywhere,
    /// Within a caller's transaction, after the law wrote and before the commit.
    Within,
    /// After numbering, before anything is signed.
    Signing,
    /// After keeping, before publishing.
    Kept,
    /// Within a file of an archive, or before it is synced or named.
    Writing,
    /// After the files of a segment were verified, before it is recorded.
    Written,
    /// After a segment was recorded, before its rows go.
    Recorded,
    /// After some of its rows went.
    Released,
    /// After a person's epoch ended, before the erasure is recorded.
    Closed,
    /// After the erasure was recorded, before the keys are destroyed.
    Erasing,
    /// After that, before anybody is told.
    Erased,
}

/// How many points there are.
pub(crate) const POINTS: u64 = 11;

/// Burns down at one point; then the process is killed as by anybody else.
#[derive(Clone)]
pub(crate) struct Fuse {
    point: Option<Point>,
    left: Arc<AtomicU64>,
}

impl Fuse {
    pub(crate) fn new(point: u64, count: u64) -> Self {
        let points = [
            Point::Anywhere,
            Point::Within,
            Point::Signing,
            Point::Kept,
            Point::Writing,
            Point::Written,
            Point::Recorded,
            Point::Released,
            Point::Closed,
            Point::Erasing,
            Point::Erased,
        ];
        let point = Some(points[usize::try_from(point).unwrap()]);
        Self { point, left: Arc::new(AtomicU64::new(count)) }
    }

    /// One that never burns.
    pub(crate) fn none() -> Self {
        Self { point: None, left: Arc::default() }
    }

    pub(crate) fn at(&self, point: Point) {
        if self.point == Some(point) && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let own = std::process::id().to_string();
            Command::new("kill").args(["-9", &own]).status().unwrap();
            loop {
                std::thread::park();
            }
        }
    }
}

pub(crate) struct FusedSigner {
    keys: Keys,
    fuse: Fuse,
}

impl FusedSigner {
    pub(crate) fn new(key: SigningKey, fuse: Fuse) -> Self {
        Self { keys: Keys::new(key), fuse }
    }
}

#[async_trait]
impl Signer for FusedSigner {
    fn keys(&self) -> &[VerifierKey] {
        self.keys.keys()
    }

    async fn sign(&self, text: &str) -> Result<Vec<Signature>, Fault> {
        self.fuse.at(Point::Signing);
        self.keys.sign(text).await
    }
}

pub(crate) struct FusedKeeper {
    pub(crate) inner: DirectoryKeeper,
    pub(crate) fuse: Fuse,
}

#[async_trait]
impl Keeper for FusedKeeper {
    async fn last(&self, origin: &str) -> Result<Option<String>, Fault> {
        self.inner.last(origin).await
    }

    async fn keep(&self, origin: &str, size: u64, note: &str) -> Result<(), Fault> {
        self.inner.keep(origin, size, note).await?;
        self.fuse.at(Point::Kept);
        Ok(())
    }
}
