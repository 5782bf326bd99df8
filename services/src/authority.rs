//! A time-stamp authority (RFC 3161) of the tests' own, by OpenSSL.

use std::path::PathBuf;

use crate::ServiceError;
use crate::program::{Program, clean, run};

pub(crate) const OPENSSL: Program = Program { name: "openssl", package: "openssl" };

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

/// An authority with its root, in a directory that goes with it.
#[derive(Debug)]
pub struct Authority {
    openssl: PathBuf,
    directory: tempfile::TempDir,
}

impl Authority {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Missing`] where OpenSSL is not installed; else what went wrong.
    pub fn new() -> Result<Self, ServiceError> {
        let directory = tempfile::tempdir();
        let directory = directory.map_err(ServiceError::system("a directory for an authority"))?;
        let authority = Self { openssl: OPENSSL.find()?, directory };
        authority.put("configuration", CONFIGURATION.as_bytes())?;
        authority.put("serial", b"01")?;
        for arguments in [
            "req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -subj /CN=root \
             -days 2",
            "req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=tsa",
            "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -out tsa.pem \
             -days 2 -extfile configuration -extensions extensions",
        ] {
            authority.openssl(arguments)?;
        }
        Ok(authority)
    }

    /// The certificate under which it is believed.
    #[must_use]
    pub fn roots(&self) -> PathBuf {
        self.at("root.pem")
    }

    /// Its own certificate, under which nothing is believed.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.at("tsa.pem")
    }

    /// Its response over these bytes.
    ///
    /// # Errors
    ///
    /// What OpenSSL says.
    pub fn stamp(&self, bytes: &[u8]) -> Result<Vec<u8>, ServiceError> {
        self.put("data", bytes)?;
        self.openssl("ts -query -data data -sha256 -cert -out query")?;
        self.openssl(
            "ts -reply -config configuration -queryfile query -signer tsa.pem -inkey tsa.key \
             -out response",
        )?;
        let response = std::fs::read(self.at("response"));
        response.map_err(ServiceError::system("the response of an authority"))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), ServiceError> {
        let written = std::fs::write(self.at(name), bytes);
        written.map_err(ServiceError::system("a file of an authority"))
    }

    fn openssl(&self, arguments: &str) -> Result<(), ServiceError> {
        let mut command = clean(&self.openssl);
        command.args(arguments.split_whitespace()).current_dir(self.directory.path());
        run(&mut command, "").map(drop)
    }
}
