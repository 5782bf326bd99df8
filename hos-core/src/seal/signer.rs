use async_trait::async_trait;
use hos_verify::note::{Signature, SigningKey, VerifierKey};

use crate::error::{Fault, FaultKind};

/// The most keys that sign at once: one, or two while keys rotate, and one to spare.
pub const KEYS_MAX: usize = 3;

/// Signs the text of checkpoints, wherever the key is: in a file, in the environment, in a machine
/// that never shows it.
///
/// # Duties
///
/// - A key that is missing or damaged is a fault of the kind `Key`, each time; none is ever made
///   in its place.
/// - No fault and no `Debug` tells anything of a secret.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The public halves of the keys that it signs with, all of one name; never none.
    fn keys(&self) -> &[VerifierKey];

    /// The signature of each key over a note's text.
    async fn sign(&self, text: &str) -> Result<Vec<Signature>, Fault>;
}

/// Keys in memory. While one takes over from another both sign: whoever trusts either can check.
#[derive(Debug)]
pub struct Keys {
    keys: Vec<SigningKey>,
    verifier_keys: Vec<VerifierKey>,
}

impl Keys {
    /// One key.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        Self { verifier_keys: vec![key.verifier_key()], keys: vec![key] }
    }

    /// Adds another key, which signs beside the others.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Key` for one that is there already, of another name, or beyond
    /// [`KEYS_MAX`].
    pub fn beside(mut self, key: SigningKey) -> Result<Self, Fault> {
        let public = key.verifier_key();
        let names = self.verifier_keys.iter().all(|other| other.name() == public.name());
        if !names || self.verifier_keys.contains(&public) || self.keys.len() == KEYS_MAX {
            let message = format!("{KEYS_MAX} different keys of one name sign at most");
            return Err(Fault::new(FaultKind::Key, message));
        }
        self.verifier_keys.push(public);
        self.keys.push(key);
        Ok(self)
    }
}

#[async_trait]
impl Signer for Keys {
    fn keys(&self) -> &[VerifierKey] {
        &self.verifier_keys
    }

    async fn sign(&self, text: &str) -> Result<Vec<Signature>, Fault> {
        Ok(self.keys.iter().map(|key| key.sign(text)).collect())
    }
}

#[async_trait]
impl<S: Signer + ?Sized> Signer for std::sync::Arc<S> {
    fn keys(&self) -> &[VerifierKey] {
        (**self).keys()
    }

    async fn sign(&self, text: &str) -> Result<Vec<Signature>, Fault> {
        (**self).sign(text).await
    }
}
