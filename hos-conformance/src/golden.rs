//! Golden tables: what a law decides, as a text that a review can read.
//!
//! Nothing here reads a rule. Every cell is a question put to the public judge, asked again with
//! each relation between actor and subject switched on and off; a cell whose answer turns on such
//! relations names them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::command::Command;
use hos_core::condition::{Lookup, Nothing};
use hos_core::contract::{Action, Contract};
use hos_core::error::Refusal;
use hos_core::id::{Ability, Name, State};
use hos_core::judge::Judge;
use hos_core::law::Law;
use hos_core::policy::{DecisionEffect, Question, RoleDefinition};
use hos_core::receipt::Effect;
use hos_core::standing::{ActorStanding, Modes, Standing, Versions, WorldStatus};
use hos_core::subject::{Snapshot, Subject, SubjectView};
use hos_core::time::{ProofId, SeededIds, Timestamp};
use hos_core::value::{Attributes, Schema, Type, Value};

/// The environment variable that makes [`assert_golden`] rewrite its file.
pub const BLESS_VARIABLE: &str = "HOS_BLESS";

const ME: &str = "me";
const NOON: Timestamp = Timestamp::EPOCH;
/// The most relations that one contract is asked about.
const RELATIONS_MAX: usize = 32;

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

/// What stands between an actor and a subject, and may turn a decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    Attribute(Name, Type),
    Claim(Name, Type),
    Context(Name, Type),
}

impl Relation {
    fn all(law: &Law, attributes: &Schema) -> Vec<Self> {
        let probed = |(_, type_): &(&Name, &Type)| {
            !matches!(type_, Type::BoolSet | Type::IntegerSet | Type::TimeSet)
        };
        let attribute = |(name, type_): (&Name, &Type)| Self::Attribute(name.clone(), *type_);
        let claim = |(name, type_): (&Name, &Type)| Self::Claim(name.clone(), *type_);
        let context = |(name, type_): (&Name, &Type)| Self::Context(name.clone(), *type_);
        let own = attributes.iter().filter(probed).map(attribute);
        let said = claims(law).filter(probed).map(claim);
        own.chain(said).chain(law.context().iter().filter(probed).map(context)).collect()
    }

    fn label(&self) -> String {
        match self {
            Self::Attribute(name, type_) => match type_ {
                Type::Bool => format!("is.{name}"),
                Type::Integer => format!("big.{name}"),
                Type::Time => format!("later.{name}"),
                Type::StringSet => format!("in.{name}"),
                _ => format!("own.{name}"),
            },
            Self::Claim(name, _) => format!("claim.{name}"),
            Self::Context(name, _) => format!("context.{name}"),
        }
    }
}

/// The value that a name has where a relation holds, and where it does not.
fn probe(type_: Type, holds: bool, yes: &str, no: &str) -> Value {
    let text = if holds { yes } else { no };
    match type_ {
        Type::Bool => Value::Bool(holds),
        Type::Integer => Value::Integer(if holds { 1_000_000_000 } else { 0 }),
        Type::Time => {
            let day = Duration::from_secs(86_400);
            Value::Time(if holds { NOON.after(day) } else { NOON.before(day) })
        }
        Type::StringSet => [text].into_iter().collect(),
        _ => Value::from(text),
    }
}

/// One world to ask in: who asks, about what, in which context.
struct Setting {
    actor: Actor,
    attributes: Attributes,
    context: Attributes,
}

/// The settings of one contract: each spanned by the relations that hold in it, as bits.
struct Settings<'a> {
    law: &'a Law,
    schema: &'a Schema,
    relations: Vec<Relation>,
    made: RefCell<BTreeMap<(ActorKind, u64), Rc<Setting>>>,
}

impl<'a> Settings<'a> {
    fn new(law: &'a Law, schema: &'a Schema) -> Self {
        let mut relations = Relation::all(law, schema);
        relations.truncate(RELATIONS_MAX);
        Self { law, schema, relations, made: RefCell::default() }
    }

    fn at(&self, kind: ActorKind, held: u64) -> Rc<Setting> {
        let made = self.made.borrow().get(&(kind, held)).cloned();
        made.unwrap_or_else(|| {
            let setting = Rc::new(self.make(kind, held));
            self.made.borrow_mut().insert((kind, held), Rc::clone(&setting));
            setting
        })
    }

    fn make(&self, kind: ActorKind, held: u64) -> Setting {
        let holds = |relation: Relation| {
            let at = self.relations.iter().position(|other| *other == relation);
            at.is_some_and(|at| held >> at & 1 == 1)
        };
        let mut attributes = Attributes::new();
        for (name, type_) in self.schema {
            let own = holds(Relation::Attribute(name.clone(), *type_));
            attributes.set(name.clone(), probe(*type_, own, ME, &format!("the {name}'s")));
        }
        // OK because both are well-formed: a literal, and names that the law has checked.
        let id = ME.parse().expect("a well-formed id");
        let mut actor = Actor::new(kind, id);
        for (name, type_) in claims(self.law) {
            let own = holds(Relation::Claim(name.clone(), *type_));
            let same = attributes.get(name.as_str()).filter(|value| own && type_.admits(value));
            let value = same.cloned().unwrap_or_else(|| probe(*type_, own, "claimed", "elsewhere"));
            actor = actor.claim(name.as_str(), value).expect("a name of the law");
        }
        let mut context = Attributes::new();
        for (name, type_) in self.law.context() {
            let own = holds(Relation::Context(name.clone(), *type_));
            context.set(name.clone(), probe(*type_, own, ME, "unsaid"));
        }
        Setting { actor, attributes, context }
    }

    /// Answers one cell: asks in every setting that the relevant relations span.
    ///
    /// `may` asks policy alone; `ask` says nothing for a denial, else the sign of what is allowed.
    fn cell(
        &self,
        holder: &Holder,
        may: impl Fn(&Setting) -> bool,
        ask: impl Fn(&Setting) -> Option<char>,
    ) -> String {
        let relevant = self.relevant(|held| may(&self.at(holder.kind, held)));
        let held = |point: usize| {
            let on = |(at, bit): (usize, &usize)| u64::from(point >> at & 1 == 1) << bit;
            relevant.iter().enumerate().map(on).sum()
        };
        let points = 1_usize << relevant.len();
        let ask = |point: usize| ask(&self.at(holder.kind, held(point)));
        let answers: Vec<Option<char>> = (0..points).map(ask).collect();
        let Some(sign) = answers.iter().flatten().next() else { return ".".to_owned() };
        let allowed = |(point, answer): (usize, &Option<char>)| answer.map(|_| point);
        let allowed: Vec<usize> = answers.iter().enumerate().filter_map(allowed).collect();
        if allowed.len() == points {
            return sign.to_string();
        }
        let label = |at: &usize| self.relations.get(*at).map(Relation::label).unwrap_or_default();
        format!("{sign}:{}", formula(&relevant.iter().map(label).collect::<Vec<_>>(), &allowed))
    }

    /// The relations that turn an answer somewhere among none, all, and all but one or two.
    fn relevant(&self, may: impl Fn(u64) -> bool) -> Vec<usize> {
        let count = self.relations.len();
        let all = (1_u64 << count) - 1;
        let mut known: BTreeMap<u64, bool> = BTreeMap::new();
        let mut at = |held: u64| *known.entry(held).or_insert_with(|| may(held));
        let mut relevant = BTreeSet::new();
        for start in [0, all] {
            for one in 0..count {
                for two in one..count {
                    let near = start ^ (1 << one | 1 << two);
                    let turns = |bit: &usize| at(near) != at(near ^ 1 << bit);
                    relevant.extend((0..count).filter(turns));
                }
            }
        }
        relevant.into_iter().collect()
    }
}

fn claims(law: &Law) -> impl Iterator<Item = (&Name, &Type)> {
    law.actor().iter().filter(|(name, _)| !["id", "kind"].contains(&name.as_str()))
}

/// The shortest sum of products that holds at exactly these points.
fn formula(labels: &[String], allowed: &[usize]) -> String {
    let mut terms = Vec::new();
    for cared in 0..1_usize << labels.len() {
        for values in (0..=cared).filter(|values| values & cared == *values) {
            let covers = |point: usize| point & cared == values;
            let points = (0..1_usize << labels.len()).filter(|point| covers(*point));
            let points: BTreeSet<usize> = points.collect();
            if points.iter().all(|point| allowed.contains(point)) {
                terms.push((cared, values, points));
            }
        }
    }
    terms.sort_by_key(|(cared, values, _)| (cared.count_ones(), *cared, *values));
    let mut open: BTreeSet<usize> = allowed.iter().copied().collect();
    let mut products = Vec::new();
    while !open.is_empty() {
        let most = terms.iter().map(|(_, _, points)| points.intersection(&open).count()).max();
        let best =
            terms.iter().find(|(_, _, points)| Some(points.intersection(&open).count()) == most);
        let Some((cared, values, points)) = best else { break };
        open.retain(|point| !points.contains(point));
        products.push(product(labels, *cared, *values));
    }
    products.join("|")
}

fn product(labels: &[String], cared: usize, values: usize) -> String {
    let literal = |(at, label): (usize, &String)| {
        let not = if values >> at & 1 == 1 { "" } else { "!" };
        (cared >> at & 1 == 1).then(|| format!("{not}{label}"))
    };
    labels.iter().enumerate().filter_map(literal).collect::<Vec<_>>().join("&")
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
    fn a_formula_is_the_shortest_sum() {
        let labels = ["a".to_owned(), "b".to_owned()];
        assert_eq!(formula(&labels, &[1, 3]), "a");
        assert_eq!(formula(&labels, &[3]), "a&b");
        assert_eq!(formula(&labels, &[1, 2, 3]), "a|b");
        assert_eq!(formula(&labels, &[0]), "!a&!b");
        assert_eq!(formula(&labels, &[1]), "a&!b");
        assert_eq!(formula(&labels, &[1, 2]), "a&!b|!a&b");
    }

    #[test]
    fn a_difference_shows_only_the_lines_that_changed() {
        assert_eq!(difference("a\nb\nc\n", "a\nx\ny\nc\n"), "    2 - b\n    2 + x\n    3 + y\n");
        assert_eq!(difference("", "a\n"), "    1 + a\n");
        assert_eq!(difference("a\na\n", "a\n"), "    2 - a\n");
    }
}
