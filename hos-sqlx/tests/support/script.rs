//! What each task does: half of it to the law and its lane, half in transactions of the caller's.

use hos_core::prelude::*;

use crate::job::{job, worker};

pub(crate) const TASKS: u64 = 8;
pub(crate) const JOBS: u64 = 6;

/// One of a task's commands, and its key, which says how it is sent.
pub(crate) fn command(tenant: &Tenant, task: u64, number: u64) -> (String, Command) {
    let side = match number % 4 {
        0 => "own",
        2 => "lane",
        _ => "within",
    };
    let key = format!("{side}-{task}-{number}");
    let job = |at: u64| job(tenant, at % JOBS);
    let command = Command::new(&worker(), &job(task + number), "touch").key(&key);
    let compound = number.is_multiple_of(8);
    (key, if compound { command.and(&job(task + number + 1), "touch") } else { command })
}
