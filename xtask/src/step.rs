//! One run of a program, mostly cargo: what is run, where, and how it ended.

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::tree;

mod group;

use group::Group;

/// A command line, its environment and its directory.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    program: String,
    args: Vec<String>,
    env: Vec<(&'static str, String)>,
    directory: PathBuf,
}

impl Step {
    /// Runs `cargo` from the path, at the workspace root.
    pub(crate) fn cargo<A: Into<String>>(args: impl IntoIterator<Item = A>) -> Self {
        Self::program("cargo", args)
    }

    /// Runs any program from the path, at the workspace root.
    pub(crate) fn program<A: Into<String>>(
        program: &str,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { program: program.to_owned(), args, env: Vec::new(), directory: tree::root() }
    }

    pub(crate) fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    pub(crate) fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = directory.into();
        self
    }

    /// Runs to the end, its output shown.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        println!("   $ {self}");
        let status = self.command().status().map_err(|error| self.not_started(&error))?;
        self.judge(status)
    }

    /// Runs in a process group of its own, which is killed when `limit` has passed since `since`
    /// or when the person interrupts.
    pub(crate) fn run_within(&self, since: Stopwatch, limit: Duration) -> Result<(), Failure> {
        println!("   $ {self}");
        let mut group =
            Group::start(&mut self.command()).map_err(|error| self.not_started(&error))?;
        let status = group.wait_until(|| since.elapsed() >= limit).map_err(|why| {
            Failure::new(format!("`{self}` was killed: {why} (limit {} s)", limit.as_secs()))
        })?;
        self.judge(status)
    }

    /// Runs with its output kept; says nothing.
    pub(crate) fn output(&self) -> Result<String, Failure> {
        let output = self.command().output().map_err(|error| self.not_started(&error))?;
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::new(format!("`{self}` failed: {}", complaint.trim())));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).current_dir(&self.directory).stdin(Stdio::null());
        for (name, value) in &self.env {
            command.env(name, value);
        }
        command
    }

    fn judge(&self, status: ExitStatus) -> Result<(), Failure> {
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("`{self}` failed: {status}")))
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure::new(format!("`{self}` could not be started: {error}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(formatter, "{name}={} ", quoted(value))?;
        }
        formatter.write_str(&quoted(&self.program))?;
        for arg in &self.args {
            write!(formatter, " {}", quoted(arg))?;
        }
        Ok(())
    }
}

/// As a shell would want it, so that the line can be copied.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+./:,@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_prints_as_a_line_that_can_be_copied() {
        let step = Step::cargo(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings").arg("it's");
        assert_eq!(step.to_string(), r"RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'it'\''s'");
    }

    #[test]
    fn a_failing_step_says_which_line_failed() {
        let failure = Step::cargo(["no-such-command-at-all"]).output().unwrap_err();
        assert!(failure.to_string().starts_with("`cargo no-such-command-at-all` failed"));
    }

    #[test]
    fn a_step_beyond_its_limit_is_killed() {
        let step = Step::cargo(["--version"]);
        let failure = step.run_within(Stopwatch::start(), Duration::ZERO).unwrap_err();
        assert!(failure.to_string().contains("killed: time is up"), "{failure}");
    }
}
