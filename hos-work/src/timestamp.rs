//! Time-stamp responses (RFC 3161), checked by OpenSSL where it is there.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use hos_core::error::{Fault, FaultKind};

/// Checks that an authority stamped a note: `openssl ts -verify` with these roots of trust.
///
/// The answer of OpenSSL is taken as it is. It blocks; it neither asks nor waits for a network.
///
/// # Errors
///
/// `Key` when the response is none over this note by an authority under these roots;
/// `Unsupported` where OpenSSL is not there; `Unavailable` when the files cannot be written.
pub fn verify_timestamp(note: &str, response: &[u8], roots: &Path) -> Result<(), Fault> {
    let unwritten = |error: std::io::Error| {
        Fault::new(FaultKind::Unavailable, "no temporary file can be written").caused_by(error)
    };
    let directory = tempfile::tempdir().map_err(unwritten)?;
    let (data, token) = (directory.path().join("note"), directory.path().join("response"));
    std::fs::write(&data, note).map_err(unwritten)?;
    std::fs::write(&token, response).map_err(unwritten)?;
    let mut openssl = Command::new("openssl");
    openssl.args(["ts", "-verify"]).arg("-data").arg(data).arg("-in").arg(token);
    let answer = openssl.arg("-CAfile").arg(roots).output().map_err(|error| {
        let kind = match error.kind() {
            ErrorKind::NotFound => FaultKind::Unsupported,
            _ => FaultKind::Unavailable,
        };
        Fault::new(kind, "`openssl` cannot be run; install it").caused_by(error)
    })?;
    if answer.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&answer.stderr);
    let why = why.lines().last().unwrap_or_default().to_owned();
    let message = "the time-stamp is none over this note by an authority under these roots";
    Err(Fault::new(FaultKind::Key, message).caused_by(why))
}
