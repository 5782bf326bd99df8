//! Servers refuse to run as an administrator, so they run as their package's account.

use std::path::Path;
use std::process::Command;

use crate::ServiceError;
use crate::program::{clean, run};

/// Whether the directory that this process made is an administrator's.
#[cfg(unix)]
pub(crate) fn owns_as_administrator(directory: &Path) -> Result<bool, ServiceError> {
    use std::os::unix::fs::MetadataExt as _;

    let metadata = directory.metadata();
    let metadata = metadata.map_err(ServiceError::system(directory.display().to_string()))?;
    Ok(metadata.uid() == 0)
}

#[cfg(not(unix))]
pub(crate) fn owns_as_administrator(_: &Path) -> Result<bool, ServiceError> {
    Ok(false)
}

/// Makes a directory or a file the account's.
pub(crate) fn give(path: &Path, account: &str) -> Result<(), ServiceError> {
    let mut command = clean("chown");
    command.arg(format!("{account}:{account}")).arg(path);
    run(&mut command, "").map(drop)
}

/// Lets nobody but its owner read a file.
#[cfg(unix)]
pub(crate) fn close(path: &Path) -> Result<(), ServiceError> {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(path, Permissions::from_mode(0o600))
        .map_err(ServiceError::system(path.display().to_string()))
}

#[cfg(not(unix))]
pub(crate) fn close(_: &Path) -> Result<(), ServiceError> {
    Ok(())
}

/// A group of its own does not hear the terminal's interrupt.
#[cfg(unix)]
pub(crate) fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;

    command.process_group(0);
}

#[cfg(not(unix))]
pub(crate) fn own_group(_: &mut Command) {}
