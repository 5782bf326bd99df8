//! Time-stamps by an authority of the test's own.

use std::path::Path;
use std::process::Command;

use hos_core::error::FaultKind;
use hos_work::verify_timestamp;

const CONFIGURATION: &str = "
[ tsa ]
default_tsa = own
[ own ]
serial = serial
signer_digest = sha256
digests = sha256
default_policy = 1.2.3.4
accuracy = secs:1
[ extensions ]
extendedKeyUsage = critical,timeStamping
";

/// Runs OpenSSL there; false where it is not installed.
fn openssl(directory: &Path, arguments: &str) -> bool {
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).current_dir(directory);
    let Ok(output) = command.output() else { return false };
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    true
}

#[test]
fn a_stamp_over_this_note_by_a_known_authority_is_believed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    std::fs::write(path.join("configuration"), CONFIGURATION).unwrap();
    std::fs::write(path.join("serial"), "01").unwrap();
    std::fs::write(path.join("note"), "a note\n").unwrap();
    let made = openssl(
        path,
        "req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -subj /CN=root -days 2",
    );
    if !made {
        assert_eq!(
            verify_timestamp("a note\n", b"", path).unwrap_err().kind(),
            FaultKind::Unsupported
        );
        return;
    }
    openssl(path, "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa");
    openssl(
        path,
        "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -out tsa.pem -days 2 \
         -extfile configuration -extensions extensions",
    );
    openssl(path, "ts -query -data note -sha256 -cert -out query");
    openssl(
        path,
        "ts -reply -config configuration -queryfile query -signer tsa.pem -inkey tsa.key \
         -out response",
    );
    let response = std::fs::read(path.join("response")).unwrap();
    let roots = path.join("root.pem");
    verify_timestamp("a note\n", &response, &roots).unwrap();
    let other_roots = path.join("tsa.pem");
    let mut changed = response.clone();
    if let Some(byte) = changed.last_mut() {
        *byte ^= 1;
    }
    for (note, response, roots) in [
        ("another note\n", &response, &roots),
        ("a note\n", &changed, &roots),
        ("a note\n", &b"no response".to_vec(), &roots),
        ("a note\n", &response, &other_roots),
    ] {
        let fault = verify_timestamp(note, response, roots).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Key);
    }
}
