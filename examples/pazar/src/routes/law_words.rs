//! The law in the reader's words: roles, abilities, conditions, moves, times.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hos_core::contract::{Contract, Guard};
use hos_core::law::Law;
use hos_core::policy::{RoleDefinition, RuleDefinition, RuleEffect};
use hos_core::standing::AbilityPattern;
use hos_inspect::drawing::{Drawing, Named};

use super::views::Shell;

/// Conditions that have words; others are shown as the law writes them.
const CONDITIONS: [(&str, &str); 4] = [
    ("subject.customer == actor.id", "law-if-own"),
    ("subject.state != \"draft\"", "law-if-not-draft"),
    ("has(context.settles) && context.settles", "law-if-settles"),
    ("subject.instant", "law-if-instant"),
];

/// What the rules say to one role about one ability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Say {
    /// Always.
    Yes,
    /// Where one of these holds, each as the law writes it.
    Where(BTreeSet<String>),
    /// Never.
    No,
}

/// What the rules say to a role, by itself, about an ability. What takes away comes first.
pub(super) fn say(law: &Law, role: &str, ability: &str) -> Say {
    let roles = closure(law, role);
    let applies = |rule: &&RuleDefinition| {
        let named = rule.roles.iter().any(|named| roles.contains(named.as_str()));
        let everyone = rule.roles.is_empty() && rule.effect == RuleEffect::Forbid;
        let patterns = rule.abilities.iter().map(|text| AbilityPattern::parse(text));
        (named || everyone) && patterns.flatten().any(|pattern| pattern.matches(ability))
    };
    let rules: Vec<&RuleDefinition> = law.definition().rules.iter().filter(applies).collect();
    let of = |effect| rules.iter().filter(move |rule| rule.effect == effect);
    let forbidden: Vec<String> = of(RuleEffect::Forbid).map(|rule| condition(rule)).collect();
    if forbidden.iter().any(String::is_empty) {
        return Say::No;
    }
    let superuser = law.roles().iter().any(|known| known.name == role && known.superuser);
    let permitted: BTreeSet<String> = of(RuleEffect::Permit).map(|rule| condition(rule)).collect();
    let always = superuser || permitted.contains("");
    let denials = forbidden.iter().map(|condition| format!("!({condition})"));
    match (always, permitted.is_empty(), forbidden.is_empty()) {
        (true, _, true) => Say::Yes,
        (true, _, false) => Say::Where(denials.collect()),
        (false, true, _) => Say::No,
        (false, false, _) => Say::Where(permitted.into_iter().chain(denials).collect()),
    }
}

/// A rule's condition in its canonical text; empty for a rule without one.
fn condition(rule: &RuleDefinition) -> String {
    let when = rule.when.as_ref().and_then(|when| when.parse().ok());
    when.map(|when| when.to_string()).unwrap_or_default()
}

/// A role and all whose grants it has.
fn closure<'a>(law: &'a Law, role: &'a str) -> BTreeSet<&'a str> {
    let roles: BTreeMap<&str, &RoleDefinition> =
        law.roles().iter().map(|role| (role.name.as_str(), role)).collect();
    let (mut closure, mut open) = (BTreeSet::new(), vec![role]);
    while let Some(role) = open.pop() {
        if closure.insert(role) {
            let inherited = roles.get(role).into_iter().flat_map(|role| &role.inherits);
            open.extend(inherited.map(String::as_str));
        }
    }
    closure
}

/// The roles that may, but for those that may everything: each with where.
pub(super) fn may(shell: &Shell, law: &Law, ability: &str) -> Vec<String> {
    let roles = law.roles().iter().filter(|role| !role.superuser);
    let said = roles.map(|role| (role, say(law, &role.name, ability)));
    let words = |(role, said): (&RoleDefinition, Say)| {
        let name = shell.word("law-role", &role.name);
        match said {
            Say::Yes => Some(name),
            Say::Where(conditions) => Some(format!("{name} ({})", wheres(shell, &conditions))),
            Say::No => None,
        }
    };
    said.filter_map(words).collect()
}

/// Conditions in words.
pub(super) fn wheres(shell: &Shell, conditions: &BTreeSet<String>) -> String {
    let words = |condition: &String| {
        let known = CONDITIONS.iter().find(|(text, _)| text == condition);
        known.map_or_else(|| condition.clone(), |(_, key)| shell.text(key))
    };
    conditions.iter().map(words).collect::<Vec<_>>().join(" / ")
}

/// An ability in words.
pub(super) fn ability(shell: &Shell, ability: &str) -> String {
    let key = ability.replace('.', "-");
    shell.language.known(&format!("law-ability-{key}")).unwrap_or_else(|| ability.to_owned())
}

/// An action in a word or two, as a drawing and a timeline say it.
pub(super) fn action(shell: &Shell, action: &str) -> String {
    shell.word("move", action)
}

/// A machine in the reader's words.
pub(super) fn draw(shell: &Shell, contract: &Contract) -> Drawing {
    Drawing::new(contract, &|named| match named {
        Named::State(state) => shell.state(state),
        Named::Move(_, entry) => action(shell, entry.name().as_str()),
    })
}

/// The picture of a machine, its state marked if one is given.
pub(super) fn picture(shell: &Shell, contract: &Contract, state: Option<&str>) -> String {
    let kind = shell.word("kind", contract.kind().as_str());
    let title = shell.language.text_with("machine-title", &[("kind", kind.as_str())]);
    let moves = contract.actions().iter().map(|entry| {
        let from = entry.from().iter().map(|from| shell.state(from.as_str()));
        let from = from.collect::<Vec<_>>().join(", ");
        let to = shell.state(entry.to().as_str());
        format!("{}: {from} → {to}", action(shell, entry.name().as_str()))
    });
    let moves = moves.collect::<Vec<_>>().join("; ");
    let now = state
        .map(|state| shell.language.text_with("machine-now", &[("state", shell.state(state))]));
    let description = now.into_iter().chain([moves]).collect::<Vec<_>>().join(". ");
    let mark = shell.text("machine-here");
    draw(shell, contract).svg(&title, &description, state.map(|state| (state, mark.as_str())))
}

/// What a refusal of a guard says.
pub(super) fn guards(shell: &Shell, guards: &[Guard]) -> Vec<String> {
    let words = guards.iter().map(|guard| {
        let code = guard.code().as_str();
        shell.language.known(&format!("reason-{code}")).unwrap_or_else(|| {
            format!("{}: {}", code.replace('_', " "), guard.condition().expression())
        })
    });
    words.collect()
}

/// A time span in whole days, hours or minutes.
pub(super) fn duration(shell: &Shell, duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (key, unit) = match seconds {
        seconds if seconds >= 86_400 && seconds % 86_400 == 0 => ("span-days", 86_400),
        seconds if seconds >= 3_600 && seconds % 3_600 == 0 => ("span-hours", 3_600),
        seconds if seconds % 60 == 0 => ("span-minutes", 60),
        _ => ("span-seconds", 1),
    };
    shell.language.text_with(key, &[("count", seconds / unit)])
}

/// The beginning of a digest.
pub(super) fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
