//! A mover that is killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use hos_sqlx::moving::move_house;

use super::server::destination;

pub(crate) const CHILD: &str = "HOS_MOVING_CHILD";

/// The child: moves, and says every batch.
pub(crate) async fn work(path: &Path, url: &str) {
    let say = |progress| {
        let mut out = std::io::stdout().lock();
        out.write_all(format!("{progress:?}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    };
    move_house(path, destination(url), say).await.unwrap();
}

/// Starts a child and kills it after a number of batches that the seed says.
pub(crate) fn kill_one(path: &Path, url: &str, entries: u64, seed: u64) {
    let dice = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let after = 4 + (dice >> 33) % (12 + entries / 5_000);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(CHILD, format!("{}#{url}", path.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = String::new();
    for _ in 0..after {
        last = lines.next().expect("the child ended by itself").unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    println!("killed after {after} reports: {last}");
}
