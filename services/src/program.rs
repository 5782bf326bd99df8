//! The programs of the servers: where they are, and one run of them to its end.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::ServiceError;

/// Where Debian keeps the versions of PostgreSQL.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// Not every path of a plain user names the second.
const DIRECTORIES: &[&str] =
    &["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// A program and the package of Debian that holds it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
}

impl Program {
    /// The newest PostgreSQL's, else the path's.
    ///
    /// # Errors
    ///
    /// It is not installed.
    pub(crate) fn find(self) -> Result<PathBuf, ServiceError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut directories: Vec<PathBuf> = postgres_versions();
        directories.extend(std::env::split_paths(&path));
        directories.extend(DIRECTORIES.iter().map(PathBuf::from));
        let files = directories.into_iter().map(|directory| directory.join(self.name));
        files.into_iter().find(|file| file.is_file()).ok_or_else(|| ServiceError::Missing {
            program: self.name.to_owned(),
            package: self.package.to_owned(),
        })
    }
}

/// The directories of programs, newest first.
fn postgres_versions() -> Vec<PathBuf> {
    let entries = fs::read_dir(POSTGRES_VERSIONS).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut versions: Vec<u32> = names.filter_map(|name| name.parse().ok()).collect();
    versions.sort_unstable();
    let directory = |version: u32| Path::new(POSTGRES_VERSIONS).join(version.to_string());
    versions.into_iter().rev().map(|version| directory(version).join("bin")).collect()
}

/// A command in an environment of its own: no setting of the person's reaches a server.
pub(crate) fn clean(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.env_clear().env("PATH", DIRECTORIES.join(":")).env("LC_ALL", "C.UTF-8");
    command
}

/// How the person's network is reached, for a command that needs it.
pub(crate) fn proxies() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| {
        name.to_str().is_some_and(|name| name.to_ascii_lowercase().ends_with("_proxy"))
    })
}

/// Runs to the end with `input` on standard input; answers what was said on standard output.
///
/// # Errors
///
/// It could not be started, or it failed.
pub(crate) fn run(command: &mut Command, input: &str) -> Result<String, ServiceError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |complaint: String| ServiceError::Command { program: program.clone(), complaint };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input says why on standard error.
        drop(stdin.write_all(input.as_bytes()));
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(failed(
        format!("{}: {} {}", output.status, complaint.trim(), said.trim()).trim_end().to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let program = Program { name: "no-such-program", package: "no-such-package" };
        let said = program.find().unwrap_err().to_string();
        assert!(said.contains("`no-such-program` is missing"), "{said}");
        assert!(said.contains("`no-such-package`"), "{said}");
    }

    #[test]
    fn a_failed_run_tells_what_the_program_said() {
        let error = run(&mut clean("/bin/sh"), "echo why >&2; exit 3").unwrap_err();
        assert!(error.to_string().contains("3: why"), "{error}");
        assert_eq!(run(&mut clean("/bin/sh"), "echo $PGHOST$LC_ALL").unwrap(), "C.UTF-8\n");
    }
}
