//! What outsiders say of the deployment's log: witnesses' cosignatures and time-stamps.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use hos_core::error::{Fault, FaultKind};
use hos_core::hos::Hos;
use hos_core::note::VerifierKey;
use hos_core::seal::{ATTESTATION_BYTES_MAX, CHECKPOINT_BYTES_MAX, Checkpoint, LogName};
use hos_verify::note::SignedNote;
use hos_work::verify_timestamp;
use serde_json::json;

use crate::database::DatabaseArguments;
use crate::exit::{Exit, Trouble};
use crate::law::{bytes, text};
use crate::scope::join;
use crate::vaults::options;
use crate::voice::{GOOD, Voice};
use crate::writing::{Existing, write};

/// Tells the last checkpoint of the deployment's log: what a witness cosigns.
#[derive(Debug, Args)]
pub(super) struct Head {
    #[command(flatten)]
    database: DatabaseArguments,
    /// Only the text that is signed: what a time-stamp authority stamps.
    #[arg(long)]
    unsigned: bool,
    /// Writes it into a new file, instead of printing it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Keeps what an outsider said of a checkpoint of the deployment's log, once it is checked.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("said").required(true).args(["cosigned", "stamped"]))]
pub(super) struct Attest {
    #[command(flatten)]
    database: DatabaseArguments,
    /// The note as witnesses answered it.
    #[arg(long, value_name = "FILE", requires = "witness")]
    cosigned: Option<PathBuf>,
    /// The verifier key of a witness, `name+id+base64`; may be given several times.
    #[arg(long, value_name = "KEY", requires = "cosigned")]
    witness: Vec<String>,
    /// The text that was stamped, as `hos seal checkpoint --unsigned` told it.
    #[arg(long, value_name = "FILE", requires_all = ["response", "authority", "roots"])]
    stamped: Option<PathBuf>,
    /// The authority's response (RFC 3161), as its bytes.
    #[arg(long, value_name = "FILE", requires = "stamped")]
    response: Option<PathBuf>,
    /// The authority's name, such as tsa.example.com.
    #[arg(long, value_name = "NAME", requires = "stamped")]
    authority: Option<String>,
    /// The certificates under which the authority is believed, as PEM; OpenSSL checks them.
    #[arg(long, value_name = "FILE", requires = "stamped")]
    roots: Option<PathBuf>,
}

pub(super) async fn checkpoint(voice: &Voice, order: &Head) -> Result<Exit, Trouble> {
    let opened = order.database.parse()?.open().await?;
    let last = opened.backend.seals().state(&LogName::Deployment).await?.sealed;
    let Some(Checkpoint { size, note, .. }) = last else {
        let message = "the deployment's log has no checkpoint yet";
        return Err(Trouble::new(Exit::Later, message, "run `hos seal --once` first"));
    };
    let signed = SignedNote::parse(note.as_bytes()).map_err(|error| foreign(&error))?;
    let told = if order.unsigned { signed.text() } else { &note };
    match &order.out {
        None => voice.text(told),
        Some(path) => {
            write(path, told.as_bytes(), Existing::Keep)?;
            voice.styled(GOOD, "written", format_args!(" {}: at {size}", path.display()));
        }
    }
    voice.document("seal", json!({"event": "checkpoint", "size": size, "checkpoint": told}));
    Ok(Exit::Done)
}

pub(super) async fn attest(voice: &Voice, order: &Attest) -> Result<Exit, Trouble> {
    let opened = order.database.parse()?.open().await?;
    let hos = join(&opened, [], options(None)).await?;
    if let Some(path) = &order.cosigned {
        let note = text(path, CHECKPOINT_BYTES_MAX)?;
        let keys: Result<Vec<_>, _> =
            order.witness.iter().map(|key| VerifierKey::parse(key)).collect();
        let keys = keys.map_err(|error| {
            let message = format!("`--witness`: {error}");
            Trouble::new(Exit::Usage, message, "give it as the witness tells it")
        })?;
        let kept = hos.cosigned(&note, &keys).await.map_err(unbelieved)?;
        voice.styled(GOOD, "kept", format_args!(" {kept} cosignatures"));
        voice.document("seal", json!({"event": "attest", "cosignatures": kept}));
    }
    let stamp = (&order.stamped, &order.response, &order.authority, &order.roots);
    if let (Some(stamped), Some(response), Some(authority), Some(roots)) = stamp {
        let text = text(stamped, CHECKPOINT_BYTES_MAX)?;
        let response = bytes(response, ATTESTATION_BYTES_MAX, Exit::Usage)?;
        let size = own(&hos, &text).await?;
        verify_timestamp(&text, &response, roots).map_err(unbelieved)?;
        hos.timestamped(size, authority, &response).await?;
        voice.styled(GOOD, "kept", format_args!(" a time-stamp at {size} by {authority}"));
        voice.document("seal", json!({"event": "attest", "size": size, "authority": authority}));
    }
    Ok(Exit::Done)
}

/// The size of the checkpoint of the deployment's log that has this text.
async fn own(hos: &Hos, text: &str) -> Result<u64, Trouble> {
    let stamped = hos_verify::checkpoint::Checkpoint::parse(text);
    let size = stamped.map_err(|error| foreign(&error))?.size();
    let ours = hos.checkpoints(&LogName::Deployment, size, 1).await?;
    let ours = ours.first().map(|ours| SignedNote::parse(ours.note.as_bytes()));
    match ours {
        Some(Ok(ours)) if ours.text() == text => Ok(size),
        _ => Err(foreign(&"it is no checkpoint of this deployment's log")),
    }
}

fn unbelieved(fault: Fault) -> Trouble {
    let advice = match fault.kind() {
        FaultKind::Key => "nothing is kept: ask again, over what `hos seal checkpoint` tells now",
        _ => "see what it says, then run the same again",
    };
    Trouble { advice, ..Trouble::from(fault) }
}

fn foreign(why: &dyn std::fmt::Display) -> Trouble {
    let advice = "give what `hos seal checkpoint` told";
    Trouble::new(Exit::Address, why.to_string(), advice)
}
