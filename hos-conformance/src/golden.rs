//! Golden tables: what a law decides, as a text that a review can read.
//!
//! Nothing here reads a rule. Every cell is a question put to the public judge, asked again with
//! each relation between actor and subject switched on and off; a cell whose answer turns on such
//! relations names them.

mod relations;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use hos_core::actor::ActorKind;
use hos_core::command::Command;
use hos_core::condition::{Lookup, Nothing};
use hos_core::contract::{Action, Contract};
use hos_core::error::Refusal;
use hos_core::id::{Ability, State};
use hos_core::judge::Judge;
use hos_core::law::Law;
use hos_core::policy::{DecisionEffect, Question, RoleDefinition};
use hos_core::receipt::Effect;
use hos_core::standing::{ActorStanding, Modes, Standing, Versions, WorldStatus};
use hos_core::subject::{Snapshot, Subject, SubjectView};
use hos_core::time::{ProofId, SeededIds, Timestamp};
use hos_core::value::Schema;

use relations::{Setting, Settings};

/// The environment variable that makes [`assert_golden`] rewrite its file.
pub const BLESS_VARIABLE: &str = "HOS_BLESS";

const ME: &str = "me";
const NOON: Timestamp = Timestamp::EPOCH;

/// How the cells are read; the head of every table.
const LEGEND: &str = "\
A  policy allows, and the action starts here      .  policy does not allow
=  allowed, and the subject is there already      -  allowed, but not possible from here
A:x  only where x holds: own.a subject.a is the actor; in.a subject.a has the actor;
     is.a subject.a is true; big.a subject.a is large; later.a subject.a is to come;
     claim.c the credential says so, or says what the subject's c is; context.c likewise
";

/// The whole law as one deterministic text: abilities by role, then each contract with its edges,
/// and in each state each action, and each ability of the kind that moves nothing, by role.
///
/// A column is one role by itself, without the implicit roles of a kind of actor. `outsider` has
/// no role. Guards are not part of a cell: what they ask for is listed with the edges.
#[must_use]
pub fn table(law: &Law) -> String {
    let holders = holders(law);
    let mut text =
        format!("law {}/{}\ndigest {}\n\n{LEGEND}", law.world(), law.version(), law.digest());
    roles(&mut text, law);
    abilities(&mut text, law, &holders);
    for contract in law.contracts() {
        contract_tables(&mut text, law, contract, &holders);
    }
    text
}

/// Compares a text with the committed file at a path; rewrites the file instead when the
/// environment says `HOS_BLESS=1`.
///
/// # Panics
///
/// When the file is missing or differs: with the lines that left and the lines that came.
#[track_caller]
pub fn assert_golden(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    if std::env::var_os(BLESS_VARIABLE).is_some_and(|value| value == "1") {
        let parent = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = parent.and_then(|()| std::fs::write(path, text));
        assert!(written.is_ok(), "{} cannot be written: {written:?}", path.display());
        return;
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        golden == text,
        "{} differs; read the lines below, then bless with {BLESS_VARIABLE}=1\n{}",
        path.display(),
        difference(&golden, text),
    );
}

/// The lines that differ, each with its number: `-` as committed, `+` as found.
fn difference(golden: &str, text: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (golden.lines().collect(), text.lines().collect());
    let common = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| {
        pairs.take_while(|(old, new)| old == new).count()
    };
    let start = common(&mut old.iter().zip(&new));
    let rest = old.len().min(new.len()) - start;
    let end = common(&mut old.iter().rev().zip(new.iter().rev())).min(rest);
    let mut lines = String::new();
    for (sign, side) in [('-', &old), ('+', &new)] {
        let changed = side.iter().enumerate().take(side.len() - end).skip(start);
        for (at, line) in changed {
            // OK because writing to a string cannot fail.
            let _infallible = writeln!(lines, "{:>5} {sign} {line}", at + 1);
        }
    }
    lines
}

/// One column: a role by itself, or nobody's.
struct Holder {
    name: String,
    kind: ActorKind,
    standing: ActorStanding,
}

fn holders(law: &Law) -> Vec<Holder> {
    let implicit = |kind: &ActorKind| law.roles().iter().any(|role| role.implicit == Some(*kind));
    let kinds = [ActorKind::Service, ActorKind::Webhook, ActorKind::Job, ActorKind::User];
    let plain = kinds.into_iter().find(|kind| !implicit(kind)).unwrap_or(ActorKind::Service);
    let nobody =
        Holder { name: "outsider".to_owned(), kind: plain, standing: ActorStanding::default() };
    let holder = |role: &RoleDefinition| {
        let mut standing = ActorStanding::default();
        let held = role.name.parse().ok().filter(|_| role.implicit.is_none());
        let roles = if role.world { &mut standing.world_roles } else { &mut standing.roles };
        roles.extend(held);
        Holder { name: role.name.clone(), kind: role.implicit.unwrap_or(plain), standing }
    };
    std::iter::once(nobody).chain(law.roles().iter().map(holder)).collect()
}

fn roles(text: &mut String, law: &Law) {
    let mut rows = Vec::new();
    for role in law.roles() {
        let mut traits = Vec::new();
        traits.extend(role.world.then(|| "world".to_owned()));
        traits.extend(role.superuser.then(|| "superuser".to_owned()));
        traits.extend(role.implicit.map(|kind| format!("every {}", kind.as_str())));
        if !role.inherits.is_empty() {
            traits.push(format!("inherits {}", role.inherits.join(" ")));
        }
        rows.push(vec![role.name.clone(), traits.join(", ")]);
    }
    section(text, "roles", rows);
}

fn abilities(text: &mut String, law: &Law, holders: &[Holder]) {
    let nothing = Schema::new();
    let mut rows = vec![head(&["ability"], holders)];
    let kinds = law.contracts().filter_map(|contract| law.contract(contract.kind().as_str()));
    let settings: BTreeMap<&str, Settings<'_>> =
        kinds.map(|c| (c.kind().as_str(), Settings::new(law, c.attributes()))).collect();
    let without_subject = Settings::new(law, &nothing);
    for ability in law.rules().abilities() {
        let settings = settings.get(ability.resource()).unwrap_or(&without_subject);
        let contract = law.contract(ability.resource());
        let about = contract.map(|contract| (contract.initial(), contract.as_ref()));
        let mark = if law.rules().is_critical(ability.as_str()) { " !" } else { "" };
        let mut row = vec![format!("{ability}{mark}")];
        for holder in holders {
            let may = |setting: &Setting| may(law, holder, setting, ability.as_str(), about);
            row.push(settings.cell(holder, may, |setting| may(setting).then_some('A')));
        }
        rows.push(row);
    }
    section(text, "abilities (of a fresh subject; ! leaves evidence when denied)", rows);
}

/// Asks policy alone.
fn may(
    law: &Law,
    holder: &Holder,
    setting: &Setting,
    ability: &str,
    about: Option<(&State, &Contract)>,
) -> bool {
    let subject = about.and_then(|(_, contract)| subject(law, contract));
    let view = subject.as_ref().zip(about).map(|(subject, (state, _))| SubjectView {
        subject,
        state,
        revision: 1,
        attributes: &setting.attributes,
    });
    let looked: &dyn Lookup = view.as_ref().map_or(&Nothing, |view| view);
    let answer = law.rules().answer(&Question {
        actor: &setting.actor,
        ability,
        subject: looked,
        context: &setting.context,
        standing: &holder.standing,
        modes: &Modes::default(),
        now: NOON,
    });
    answer.is_some_and(|answer| answer.effect == DecisionEffect::Allow)
}

fn contract_tables(text: &mut String, law: &Law, contract: &Arc<Contract>, holders: &[Holder]) {
    let (kind, version) = (contract.kind(), contract.version());
    // OK because writing to a string cannot fail.
    let _infallible = writeln!(text, "\ncontract {kind}/{version}\ndigest {}", contract.digest());
    edges(text, contract);
    let timers = contract.timers().iter().map(|timer| {
        let after = format!("after {} s", timer.after().as_secs());
        vec![timer.state().to_string(), after, timer.action().to_string()]
    });
    section(text, &format!("{kind}: timers"), timers.collect());
    let aliases = contract.definition().aliases.iter();
    let aliases = aliases.map(|(old, state)| vec![old.clone(), format!("= {state}")]);
    section(text, &format!("{kind}: old names of states"), aliases.collect());
    let settings = Settings::new(law, contract.attributes());
    for state in contract.states() {
        let mut marks = String::new();
        marks.push_str(if state == contract.initial() { ", initial" } else { "" });
        marks.push_str(if contract.is_terminal(state.as_str()) { ", terminal" } else { "" });
        let mut rows = vec![head(&["action"], holders)];
        for action in distinct(contract) {
            let same = contract.actions().iter().filter(|entry| entry.name() == action.name());
            let asked: BTreeSet<&str> = same.map(|entry| entry.ability().as_str()).collect();
            let mut row = vec![action.name().to_string()];
            for holder in holders {
                let about = Some((state, contract.as_ref()));
                let may = |setting: &Setting| {
                    asked.iter().any(|ability| may(law, holder, setting, ability, about))
                };
                let ask =
                    |setting: &Setting| planned(law, contract, state, holder, action, setting);
                row.push(settings.cell(holder, may, ask));
            }
            rows.push(row);
        }
        for ability in unmoving(law, contract) {
            let mut row = vec![ability.to_string()];
            for holder in holders {
                let about = Some((state, contract.as_ref()));
                let may = |setting: &Setting| may(law, holder, setting, ability.as_str(), about);
                row.push(settings.cell(holder, may, |setting| may(setting).then_some('A')));
            }
            rows.push(row);
        }
        section(text, &format!("{kind} in {state}{marks}"), rows);
    }
}

/// The first entry of each action, in catalogue order.
fn distinct(contract: &Contract) -> Vec<&Action> {
    let mut named = BTreeSet::new();
    contract.actions().iter().filter(|action| named.insert(action.name())).collect()
}

/// The abilities of a kind that neither open nor move one, such as `order.read`.
fn unmoving(law: &Law, contract: &Contract) -> Vec<Ability> {
    let asked = |ability: &Ability| {
        contract.open().ability() == ability
            || contract.actions().iter().any(|action| action.ability() == ability)
    };
    let of_kind = |ability: &Ability| ability.resource() == contract.kind().as_str();
    law.rules().abilities().into_iter().filter(|a| of_kind(a) && !asked(a)).collect()
}

fn edges(text: &mut String, contract: &Contract) {
    let codes = |guards: &[hos_core::contract::Guard]| {
        guards.iter().map(|guard| guard.code().as_str()).collect::<Vec<_>>().join(" ")
    };
    let open = contract.open();
    let mut rows = vec![vec![
        "(new)".to_owned(),
        "open".to_owned(),
        contract.initial().to_string(),
        open.ability().to_string(),
        codes(open.guards()),
    ]];
    for action in contract.actions() {
        for from in action.from() {
            let mark = if action.is_critical() { " !" } else { "" };
            rows.push(vec![
                from.to_string(),
                format!("{}{mark}", action.name()),
                action.to().to_string(),
                action.ability().to_string(),
                codes(action.guards()),
            ]);
        }
    }
    section(text, &format!("{}: edges (from, action, to, ability, guards)", contract.kind()), rows);
}

/// Asks the judge what a command would come to.
fn planned(
    law: &Law,
    contract: &Contract,
    state: &State,
    holder: &Holder,
    action: &Action,
    setting: &Setting,
) -> Option<char> {
    let subject = subject(law, contract)?;
    let standing = Standing {
        world: Some(WorldStatus::Open),
        tenant_exists: true,
        versions: Versions::default(),
        actor: Arc::new(holder.standing.clone()),
        modes: Arc::default(),
        subjects: vec![Some(Snapshot {
            state: state.clone(),
            revision: 1,
            attributes: Arc::new(setting.attributes.clone()),
            contract: contract.version().clone(),
            proof_id: ProofId::from_bytes([0; 16]),
        })],
        receipt: None,
    };
    let mut command = Command::new(&setting.actor, &subject, action.name().as_str());
    for (name, value) in setting.context.iter() {
        command = command.context(name.as_str(), value.clone());
    }
    let ids = SeededIds::new(0);
    let judge = Judge::new(law, "golden", NOON, &ids);
    match judge.plan(&command, &standing) {
        Ok(plan) => Some(match plan.steps().first()?.effect() {
            Effect::Moved => 'A',
            Effect::Unchanged => '=',
        }),
        Err(refused) => match refused.refusal {
            Refusal::Denied | Refusal::NotFound | Refusal::Banned => None,
            Refusal::InvalidTransition { .. } | Refusal::TerminalState(_) => Some('-'),
            // Policy and machine are passed: only input, facts or guards are left.
            _ => Some('A'),
        },
    }
}

fn subject(law: &Law, contract: &Contract) -> Option<Subject> {
    Subject::new(law.world().as_str(), "tenant", contract.kind().as_str(), "subject").ok()
}

fn head(first: &[&str], holders: &[Holder]) -> Vec<String> {
    let first = first.iter().map(|text| (*text).to_owned());
    first.chain(holders.iter().map(|holder| holder.name.clone())).collect()
}

/// Writes rows in columns as wide as their widest cell; nothing for no rows.
fn section(text: &mut String, title: &str, rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        for (at, cell) in row.iter().enumerate() {
            match widths.get_mut(at) {
                Some(width) => *width = cell.len().max(*width),
                None => widths.push(cell.len()),
            }
        }
    }
    // OK because writing to a string cannot fail.
    let _infallible = writeln!(text, "\n{title}");
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _infallible = write!(line, "  {cell:width$}");
        }
        let _infallible = writeln!(text, "{}", line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_only_the_lines_that_changed() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\ny\nc\n"), "    2 - b\n    2 + x\n    3 + y\n");
        assert_eq!(difference("", "a\n"), "    1 + a\n");
        assert_eq!(difference("a\na\n", "a\n"), "    2 - a\n");
    }
}
