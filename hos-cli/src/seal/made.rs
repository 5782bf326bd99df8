//! Keys that seal, and the policy by which an outsider knows them.

use std::path::PathBuf;

use clap::Args;
use hos_core::note::SigningKey;
use hos_core::seal::{Keys, Signer as _};
use hos_core::time::{IdSource as _, RandomIds};
use serde_json::json;
use zeroize::Zeroizing;

use crate::database::DatabaseArguments;
use crate::exit::{Exit, Trouble};
use crate::keys::{KeyArguments, policy as policy_of};
use crate::scope::deployment;
use crate::voice::{GOOD, Voice};
use crate::writing::{Existing, require_free, write};

/// Makes a key that seals, in a new file that its owner alone may read, and tells its policy.
///
/// Never a second one in the same file: it is not replaced.
#[derive(Debug, Args)]
pub(super) struct NewKey {
    /// The deployment's name, such as evidence.example.com; else the one that the database has.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    database: DatabaseArguments,
    /// The file to write the key into.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Tells the policy by which an outsider knows the keys that seal; it holds no secret.
#[derive(Debug, Args)]
pub(super) struct Policy {
    #[command(flatten)]
    keys: KeyArguments,
    /// Writes it into a new file, instead of printing it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) async fn new_key(voice: &Voice, order: &NewKey) -> Result<Exit, Trouble> {
    require_free(&order.out, Existing::Keep)?;
    let name = match &order.name {
        Some(name) => name.clone(),
        None => deployment(&order.database.parse()?.open().await?).await?,
    };
    let mut seed = Zeroizing::new([0; 32]);
    RandomIds.fill(seed.as_mut_slice());
    let key = SigningKey::from_seed(&name, &seed).map_err(|error| {
        let message = format!("`{}` names no key: {error}", name.escape_debug());
        Trouble::new(Exit::Usage, message, "name it as the deployment is named")
    })?;
    let secret = Zeroizing::new(format!("{}\n", *Zeroizing::new(key.secret_text())));
    write(&order.out, secret.as_bytes(), Existing::Keep)?;
    let public = key.verifier_key().to_string();
    let policy = policy_of(&Keys::new(key));
    let out = order.out.display();
    voice.document("seal", json!({"out": order.out, "verifier_key": public, "policy": policy}));
    voice.styled(GOOD, "written", format_args!(" {out}: keep it secret, and a copy of it safe"));
    voice.line(format_args!("verifier key: {public}"));
    voice.line("policy, for whoever checks:");
    voice.text(&policy);
    Ok(Exit::Done)
}

pub(super) fn policy(voice: &Voice, order: &Policy) -> Result<Exit, Trouble> {
    let keys = order.keys.require()?;
    let text = policy_of(&keys);
    match &order.out {
        None => voice.text(&text),
        Some(path) => {
            write(path, text.as_bytes(), Existing::Keep)?;
            voice.line(path.display());
        }
    }
    let names: Vec<String> = keys.keys().iter().map(ToString::to_string).collect();
    voice.document("seal", json!({"verifier_keys": names, "policy": text}));
    Ok(Exit::Done)
}
