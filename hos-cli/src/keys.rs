//! The keys that seal, from a file or the environment, never from the command line.

use std::path::PathBuf;

use clap::Args;
use hos_core::seal::{Keys, Signer as _};
use hos_work::{keys_from_environment, keys_from_file};

use crate::exit::{Exit, Trouble};

/// The keys of a command.
#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    /// The file of the keys that seal, open to its owner only.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The variable of the environment that holds the keys that seal.
    #[arg(long, value_name = "NAME", conflicts_with = "key")]
    key_env: Option<String>,
}

impl KeyArguments {
    /// Reads them, if some are named.
    pub(crate) fn read(&self) -> Result<Option<Keys>, Trouble> {
        Ok(match (&self.key, &self.key_env) {
            (Some(path), _) => Some(keys_from_file(path)?),
            (None, Some(name)) => Some(keys_from_environment(name)?),
            (None, None) => None,
        })
    }

    /// Reads them; there must be some.
    pub(crate) fn require(&self) -> Result<Keys, Trouble> {
        self.read()?.ok_or_else(|| {
            let advice = "give `--key FILE`; `hos seal new-key` makes one";
            Trouble::new(Exit::Usage, "no key was named to seal with", advice)
        })
    }
}

/// What an outsider checks with these keys.
pub(crate) fn policy(keys: &Keys) -> String {
    let lines = keys.keys().iter().map(|key| format!("log {key}\n"));
    let lines: String = lines.collect();
    format!(
        "# whose checkpoints count; give it to whoever checks, apart from any bundle\n{lines}\
         quorum none\n"
    )
}
