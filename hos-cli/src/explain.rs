//! `hos explain`.

mod situation;
mod stored;

use std::path::PathBuf;

use clap::Args;
use hos_core::actor::Actor;
use hos_core::condition::{Lookup, Nothing};
use hos_core::id::State;
use hos_core::law::Law;
use hos_core::policy::{Answer, Question, Reason};
use hos_core::standing::{ActorStanding, Modes};
use hos_core::subject::{Subject, SubjectView};
use hos_core::time::{Clock as _, SystemClock};
use hos_core::value::Attributes;
use serde_json::json;

use crate::exit::{Exit, Trouble};
use crate::facts::undeclared;
use crate::law::law;
use crate::voice::{BAD, GOOD, Voice, WARNING};

/// Says why an actor may or may not do something, with every rule that had a say.
///
/// Of a situation in a file, or of an actor and a subject as a database has them.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The law to explain by.
    #[arg(long, value_name = "FILE")]
    law: PathBuf,
    /// A situation as JSON: `ability`, `actor` (`id`, `kind`, `claims`), `roles`, `world_roles`,
    /// `grants` (`pattern`, `until`), `banned`, `subject` (`kind`, `id`, `state`, `revision`,
    /// `attributes`), `context`, `tenant`, `at`.
    #[arg(long, value_name = "FILE", required_unless_present = "actor")]
    #[arg(conflicts_with_all = ["tenant", "actor", "ability"])]
    situation: Option<PathBuf>,
    #[command(flatten)]
    stored: stored::Stored,
}

/// Everything that an answer depends on.
#[derive(Debug)]
struct Case {
    actor: Actor,
    ability: String,
    subject: Option<CaseSubject>,
    context: Attributes,
    standing: ActorStanding,
    modes: Modes,
    /// What the operator should know beside the answer.
    remarks: Vec<String>,
    at: hos_core::time::Timestamp,
}

#[derive(Debug)]
struct CaseSubject {
    subject: Subject,
    state: State,
    revision: u64,
    attributes: Attributes,
    /// The contract version that it pins; none for the current one.
    contract: Option<String>,
}

/// Explains.
pub(crate) async fn obey(voice: &Voice, order: &Explain) -> Result<Exit, Trouble> {
    let law = law(&order.law)?;
    let case = match &order.situation {
        Some(path) => situation::read(path, &law)?,
        None => stored::read(&order.stored, &law).await?,
    };
    require_declared(&law, &case)?;
    let view = case.subject.as_ref().map(|subject| SubjectView {
        subject: &subject.subject,
        state: &subject.state,
        revision: subject.revision,
        attributes: &subject.attributes,
    });
    let subject: &dyn Lookup = view.as_ref().map_or(&Nothing, |view| view);
    let explained = law.rules().explain(&Question {
        actor: &case.actor,
        ability: &case.ability,
        subject,
        context: &case.context,
        standing: &case.standing,
        modes: &case.modes,
        now: case.at,
    });
    let Some((answer, reasons)) = explained else {
        let message = format!("the law knows no ability `{}`", case.ability.escape_debug());
        return Err(Trouble::new(Exit::Wrong, message, "see which there are with `hos table`"));
    };
    show(voice, &law, &case, answer, &reasons);
    Ok(Exit::Done)
}

fn require_declared(law: &Law, case: &Case) -> Result<(), Trouble> {
    let mut wrong = undeclared("claim", case.actor.claims(), law.actor());
    wrong.extend(undeclared("context", &case.context, law.context()));
    if let Some(subject) = &case.subject {
        let kind = subject.subject.kind.as_str();
        let contract = match &subject.contract {
            Some(version) => law.contract_version(kind, version),
            None => law.contract(kind),
        };
        match contract {
            None => wrong.push(format!("the law has no contract for `{kind}`")),
            Some(contract) => {
                wrong.extend(undeclared("attribute", &subject.attributes, contract.attributes()));
                if contract.resolve_state(subject.state.as_str()).is_none() {
                    wrong.push(format!("`{}` is no state of `{kind}`", subject.state));
                }
            }
        }
    }
    let roles = case.standing.roles.iter().chain(&case.standing.world_roles);
    let is_declared = |name: &str| law.roles().iter().any(|role| role.name == name);
    let unknown = roles.filter(|role| !is_declared(role.as_str()));
    wrong.extend(unknown.map(|role| format!("the law has no role `{role}`")));
    match wrong.split_first() {
        None => Ok(()),
        Some((first, rest)) => {
            let trouble = Trouble::new(Exit::Wrong, first.clone(), "mend the situation");
            Err(Trouble { causes: rest.to_vec(), ..trouble })
        }
    }
}

fn show(voice: &Voice, law: &Law, case: &Case, answer: Answer, reasons: &[Reason]) {
    // Actions that the contract has from here, whoever asks.
    let actions: Vec<String> = case
        .subject
        .iter()
        .flat_map(|subject| {
            let kind = subject.subject.kind.as_str();
            let contract = match &subject.contract {
                Some(version) => law.contract_version(kind, version),
                None => law.contract(kind),
            };
            let from = contract.map(|contract| {
                let actions = contract.actions_from(subject.state.as_str());
                actions.map(|action| format!("{} ({})", action.name(), action.ability())).collect()
            });
            from.unwrap_or_else(Vec::new)
        })
        .collect();
    voice.document(
        "explain",
        json!({
            "allowed": answer.permits(), "effect": answer.effect, "mode": answer.mode,
            "banned": answer.banned, "reasons": reasons, "actions": actions,
            "remarks": case.remarks, "version": law.version(), "digest": law.digest(),
        }),
    );
    let (style, word) = if answer.permits() { (GOOD, "may") } else { (BAD, "may not") };
    let effect = answer.effect.as_str();
    let mode = answer.mode.as_str();
    let about = format_args!(": {} {} ({effect}, mode {mode})", case.actor.id(), case.ability);
    voice.styled(style, word, about);
    for Reason { code, rule, .. } in reasons {
        let rule = rule.as_deref().map(|rule| format!(" `{rule}`")).unwrap_or_default();
        voice.line(format_args!("  {}{rule}", code.as_str()));
    }
    if !actions.is_empty() {
        voice.line(format_args!("the contract has from here: {}", actions.join(", ")));
    }
    for remark in &case.remarks {
        voice.styled(WARNING, "note", format_args!(": {remark}"));
    }
}

fn now() -> hos_core::time::Timestamp {
    SystemClock.now()
}
