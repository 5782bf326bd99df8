//! `hos erase`.

mod found;
mod held;
mod repeat;
mod request;
mod told;

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use clap::{Args, Subcommand};
use hos_core::command::Erasure;
use hos_core::error::{Error, InputFault, Refusal};
use hos_core::id::ActorId;
use hos_core::receipt::Receipt;
use hos_core::time::ProofId;

use crate::exit::{Exit, Trouble};
use crate::voice::Voice;

use found::{Found, find};
use request::{Request, Sitting};

/// Erases a person, or single parts: what is recorded of them can be read no more, and no proof
/// breaks.
///
/// A person: their keys in the vault are destroyed, and with them every part that was sealed under
/// them, in the database, in archives and in backups. The actor is judged by the policy of the law
/// in force (the ability `hos.erase`), the erasure is itself an entry, and a hold refuses it. First
/// it is told which keys there are; then it is asked for the person's id, unless `--yes` is given.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Erase {
    #[command(subcommand)]
    order: Option<Other>,
    #[command(flatten)]
    request: Request,
    /// The person: the id as it stands in leaves.
    #[arg(long, required_unless_present = "part", conflicts_with = "part")]
    person: Option<String>,
    /// A single part, whose row is deleted; may be given several times.
    #[arg(long, value_name = "ID/NAME")]
    part: Vec<String>,
    /// Why: a code of the world's own, such as `consent_withdrawn`.
    #[arg(long, value_name = "CODE", required = true)]
    basis: Option<String>,
    /// Who asked for it: a code of the world's own, such as `subject` or `authority`.
    #[arg(long, value_name = "CODE")]
    requester: Option<String>,
    /// Tells what there is and erases nothing.
    #[arg(long)]
    dry_run: bool,
    /// Asks nothing.
    #[arg(long)]
    yes: bool,
}

/// What else there is to be done about erasures.
#[derive(Debug, Subcommand)]
enum Other {
    /// Holds a person: until it is lifted, nobody can erase them.
    Hold(held::Held),
    /// Lifts a hold.
    Lift(held::Held),
    Repeat(repeat::Repeat),
}

/// Erases, holds, lifts, or does erasures again.
pub(crate) async fn obey(voice: &Voice, order: &Erase) -> Result<Exit, Trouble> {
    match &order.order {
        Some(Other::Hold(order)) => held::place(voice, order).await,
        Some(Other::Lift(order)) => held::lift(voice, order).await,
        Some(Other::Repeat(order)) => repeat::obey(voice, order).await,
        None => erase(voice, order).await,
    }
}

async fn erase(voice: &Voice, order: &Erase) -> Result<Exit, Trouble> {
    let parts: Vec<(ProofId, String)> =
        order.part.iter().map(|word| part(word)).collect::<Result<_, _>>()?;
    let person = order.person.as_ref().map(|id| ActorId::new(id.as_str())).transpose()?;
    let is_silent = order.yes || order.dry_run;
    if !is_silent && (voice.is_json() || !std::io::stdin().is_terminal()) {
        let message = "nobody is there to confirm the erasure";
        return Err(Trouble::new(Exit::Usage, message, "give `--yes`, or look with `--dry-run`"));
    }
    let sitting = order.request.sit(person.is_some()).await?;
    let found = match (&person, &sitting.vault) {
        (Some(person), Some(vault)) => Some(find(voice, &sitting, vault, person).await?),
        _ => None,
    };
    told::before(voice, &sitting, found.as_ref(), person.as_ref(), &parts);
    if order.dry_run {
        told::dry(voice, &sitting, found.as_ref(), &parts);
        return Ok(Exit::Done);
    }
    if !order.yes {
        confirm(person.as_ref().map_or("erase", ActorId::as_str))?;
    }
    let Sitting { scope, actor, .. } = &sitting;
    let basis = order.basis.as_deref().unwrap_or_default();
    let erasure = match &person {
        Some(person) => Erasure::person(actor, &scope.world, &scope.tenant, person, basis),
        None => Erasure::parts(actor, &scope.world, &scope.tenant, parts.clone(), basis),
    };
    let erasure = match &order.requester {
        Some(code) => erasure.requester(code),
        None => erasure,
    };
    let receipt = sitting.hos.erase(&erasure.key(&sitting.key)).await;
    let receipt = receipt.map_err(|error| unfinished(attempted(error)))?;
    after(voice, order, &sitting, found.as_ref(), &receipt).await?;
    Ok(Exit::Done)
}

async fn after(
    voice: &Voice,
    order: &Erase,
    sitting: &Sitting,
    found: Option<&Found>,
    receipt: &Receipt,
) -> Result<(), Trouble> {
    let left = match found {
        Some(found) => found.left(sitting).await?,
        None => 0,
    };
    if left > 0 {
        let message = format!("entry {} records it, but {left} keys are there", receipt.proof_id);
        return Err(Trouble::new(Exit::Damage, message, AGAIN));
    }
    let recorded = told::recorded(sitting, receipt).await?;
    told::after(voice, order.basis.as_deref(), sitting, found, &recorded);
    Ok(())
}

/// What to do where an erasure may have been broken off.
const AGAIN: &str = "run the same with the same `--key`: it ends what is recorded";

fn unfinished(trouble: Trouble) -> Trouble {
    let advice = if trouble.advice.is_empty() { AGAIN } else { trouble.advice };
    Trouble { advice, ..trouble }
}

/// A refusal, of which an entry tells where policy gave it.
fn attempted(error: Error) -> Trouble {
    let is_told = matches!(error, Error::Refused(Refusal::Denied));
    let trouble = Trouble::from(error);
    if is_told { Trouble { advice: RECORDED, ..trouble } } else { trouble }
}

/// What to do where policy does not allow it, and left evidence.
const RECORDED: &str = "ask who may: `hos table`; the attempt was recorded";

fn part(word: &str) -> Result<(ProofId, String), Trouble> {
    let named = word.split_once('/').and_then(|(id, name)| {
        Some((ProofId::parse(id)?, name.to_owned())).filter(|(_, name)| !name.is_empty())
    });
    named.ok_or_else(|| {
        let message = format!("`{}` names no part", word.escape_debug());
        Trouble::new(Exit::Usage, message, "write the entry's number, `/` and the part's name")
    })
}

/// Asks for a word on the terminal.
fn confirm(word: &str) -> Result<(), Trouble> {
    let unconfirmed = || Trouble::new(Exit::Usage, "it was not confirmed; nothing was erased", "");
    anstream::eprint!("This cannot be undone. Type {word} to go on: ");
    std::io::stderr().flush().map_err(|_| unconfirmed())?;
    let mut answer = String::new();
    let stdin = std::io::stdin().lock();
    let read = std::io::Read::take(stdin, ANSWER_BYTES_MAX).read_line(&mut answer);
    match read {
        Ok(_) if answer.trim_end_matches(['\r', '\n']) == word => Ok(()),
        _ => Err(unconfirmed()),
    }
}

const ANSWER_BYTES_MAX: u64 = 1_024;

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let refusal = match error {
            Error::Fault(fault) => return fault.into(),
            Error::Refused(refusal) => refusal,
        };
        let (exit, advice) = match &refusal {
            Refusal::Held(_) => (Exit::Held, "the hold is lifted by `hos erase lift`"),
            Refusal::InvalidInput(_) | Refusal::MissingKey | Refusal::WorldMismatch => {
                (Exit::Usage, "")
            }
            Refusal::KeyReused => (Exit::Usage, "give a `--key` of its own to each erasure"),
            Refusal::InvalidWorld => (Exit::Address, "check `--world` and `--law`"),
            Refusal::InProgress | Refusal::Conflict => (Exit::Later, "run the same again"),
            _ => (Exit::Refused, "ask who may: `hos table`"),
        };
        let causes = match &refusal {
            Refusal::InvalidInput(faults) => faults.iter().map(InputFault::to_string).collect(),
            _ => Vec::new(),
        };
        Self { causes, ..Self::new(exit, refusal.to_string(), advice) }
    }
}
