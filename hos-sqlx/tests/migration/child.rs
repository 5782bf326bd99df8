//! The child that migrates, and the parent that kills it.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use hos_core::command::Migration;

use crate::database::{self, Database};
use crate::law::{FIRM, NEW, OLD, after, root, tenant, world};

pub(crate) const TASK: &str = "HOS_MIGRATION_CHILD";

/// Migrates from the beginning to the end, and says every batch when it is written. Each batch has
/// the key of the place where it begins, so that what a killed child wrote is told again.
pub(crate) async fn work(task: &str) {
    let (limit, url) = task.split_once('#').expect("limit#url");
    let limit = limit.parse().expect("a number");
    let hos = database::hos(url, after()).await;
    let whole = Migration::new(&root(), &world(), &tenant(FIRM), "ticket", OLD, NEW);
    let mut walk = whole.clone().key("from the beginning");
    loop {
        let report = hos.migrate(&walk, limit).await.unwrap();
        assert_eq!((report.failed, report.skipped), (0, 0), "nobody else is there");
        if let Some(proof) = report.proof.filter(|_| !report.replayed) {
            let mut out = std::io::stdout().lock();
            out.write_all(format!("{proof} {}\n", report.migrated).as_bytes()).unwrap();
            out.flush().unwrap();
        }
        let Some(next) = report.next else { break };
        walk = whole.clone().key(format!("after {next}")).after(next);
    }
}

/// Kills a child when it has said so many batches; answers how many it said.
pub(crate) fn kill_one(database: &Database, limit: u64, after: u64) -> u64 {
    let (mut child, mut lines) = start(database, limit);
    for _ in 0..after {
        lines.next().expect("the child ended by itself").unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it said while it was being killed; a line that was cut short is none.
    let late = lines.map_while(Result::ok).filter(|line| line.contains(' ')).count();
    let said = after + u64::try_from(late).unwrap();
    println!("{}: killed after {said} batches", database.name());
    said
}

/// Lets a child come to its end; answers how many batches it said.
pub(crate) fn run_one(database: &Database, limit: u64) -> u64 {
    let (mut child, lines) = start(database, limit);
    let said = lines.map_while(Result::ok).count();
    assert!(child.wait().unwrap().success(), "the child failed");
    u64::try_from(said).unwrap()
}

fn start(database: &Database, limit: u64) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(TASK, format!("{limit}#{}", database.url()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}
