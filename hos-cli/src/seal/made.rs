//! Keys that seal, and the policy by which an outsider knows them.

use std::path::PathBuf;

use clap::Args;
use hos_core::command::KeyAnnouncement;
use hos_core::digest::Digest;
use hos_core::note::{SigningKey, VerifierKey};
use hos_core::seal::{Keys, Signer as _};
use hos_core::time::{IdSource as _, ProofId, RandomIds};
use serde_json::json;
use zeroize::Zeroizing;

use super::act::{Act, Sitting};
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
    /// Announces the key in the world's log, so that whoever trusts the key of today can follow to
    /// it: seal with both until that is sealed.
    #[arg(long)]
    announce: bool,
    #[command(flatten)]
    act: Act,
}

/// Announces keys that will seal in the log of a world.
///
/// Whoever trusts the key that seals today can follow to them: seal the entry under that one,
/// export it with `hos bundle`, and give the bundle out beside the policy (`hos verify --follow`).
#[derive(Debug, Args)]
pub(super) struct Announce {
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    keys: KeyArguments,
    #[command(flatten)]
    act: Act,
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
    let sitting = match order.announce {
        true => Some(order.act.sit(&order.database).await?),
        false => None,
    };
    let name = match (&order.name, &sitting) {
        (Some(name), _) => name.clone(),
        (None, Some(sitting)) => deployment(&sitting.opened).await?,
        (None, None) => deployment(&order.database.parse()?.open().await?).await?,
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
    let announced = match &sitting {
        Some(sitting) => Some(announced(sitting, &key.verifier_key()).await?),
        None => None,
    };
    let policy = policy_of(&Keys::new(key));
    let out = order.out.display();
    voice.document(
        "seal",
        json!({
            "out": order.out, "verifier_key": public, "policy": policy, "announced": announced,
        }),
    );
    voice.styled(GOOD, "written", format_args!(" {out}: keep it secret, and a copy of it safe"));
    voice.line(format_args!("verifier key: {public}"));
    if let Some(entry) = announced {
        voice.line(format_args!("announced by entry {entry}: seal it under the key of today"));
    }
    voice.line("policy, for whoever checks:");
    voice.text(&policy);
    Ok(Exit::Done)
}

pub(super) async fn announce(voice: &Voice, order: &Announce) -> Result<Exit, Trouble> {
    let keys = order.keys.require()?;
    let sitting = order.act.sit(&order.database).await?;
    let mut told = Vec::new();
    for key in keys.keys() {
        let entry = announced(&sitting, key).await?;
        voice.styled(GOOD, "announced", format_args!(" {key} by entry {entry}"));
        told.push(json!({"verifier_key": key.to_string(), "entry": entry}));
    }
    voice.document("seal", json!({"event": "announce", "keys": told}));
    Ok(Exit::Done)
}

/// Under a key that is made of the key: whoever announces it again is answered as before.
async fn announced(sitting: &Sitting, key: &VerifierKey) -> Result<ProofId, Trouble> {
    let of = Digest::of(key.to_string().as_bytes());
    let announcement = KeyAnnouncement::new(&sitting.actor, &sitting.world, key);
    let announced = sitting.hos.announce_key(&announcement.key(format!("hos.key:{of}"))).await;
    Ok(announced?.proof_id)
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
