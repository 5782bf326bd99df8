//! A child with a process group of its own: all of it ends, and nothing else does.

use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::Duration;

use crate::interrupt::Interrupt;

/// How often a running child is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A running child and everything it started in its group.
#[derive(Debug)]
pub(super) struct Group {
    child: Child,
    interrupt: Interrupt,
}

impl Group {
    pub(super) fn start(command: &mut Command) -> std::io::Result<Self> {
        let interrupt = Interrupt::listen()?;
        own_group(command);
        Ok(Self { child: command.spawn()?, interrupt })
    }

    /// Waits for the end; kills the group when `is_late` says so or the person interrupts.
    pub(super) fn wait_until(
        &mut self,
        is_late: impl Fn() -> bool,
    ) -> Result<ExitStatus, &'static str> {
        loop {
            if is_late() {
                self.kill();
                return Err("time is up");
            }
            if self.interrupt.came() {
                self.kill();
                return Err("interrupted");
            }
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => thread::sleep(LOOK_EVERY),
                Err(_) => {
                    self.kill();
                    return Err("it could not be waited for");
                }
            }
        }
    }

    /// The child is not reaped before this, so its id still names its own group.
    fn kill(&mut self) {
        if let Err(error) = kill_group(&mut self.child) {
            eprintln!("xtask: process group {} could not be killed: {error}", self.child.id());
        }
        if let Err(error) = self.child.wait() {
            eprintln!("xtask: process {} could not be reaped: {error}", self.child.id());
        }
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;

    command.process_group(0);
}

#[cfg(unix)]
fn kill_group(child: &mut Child) -> std::io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process_group};

    Ok(kill_process_group(Pid::from_child(child), Signal::KILL)?)
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

#[cfg(not(unix))]
fn kill_group(child: &mut Child) -> std::io::Result<()> {
    child.kill()
}
