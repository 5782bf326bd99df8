//! The law in the reader's words: roles, abilities, conditions, moves, times.

use std::time::Duration;

use hos_core::contract::{Contract, Guard};
use hos_core::law::Law;
use hos_inspect::drawing::{Drawing, Named};
use hos_inspect::holders::{Holder, Holding, holders};

use super::views::Shell;

/// Conditions that have words; others are shown as the law writes them.
const CONDITIONS: [(&str, &str); 4] = [
    ("subject.customer == actor.id", "law-if-own"),
    ("subject.state != \"draft\"", "law-if-not-draft"),
    ("has(context.settles) && context.settles", "law-if-settles"),
    ("subject.instant", "law-if-instant"),
];

/// The roles that may, but for those that may everything: each with where.
pub(super) fn may(shell: &Shell, law: &Law, ability: &str) -> Vec<String> {
    let holders = holders(law, ability).into_iter();
    let holders = holders.filter(|holder| !law.rules().is_superuser(holder.role));
    let words = |holder: Holder<'_>| {
        let name = shell.word("law-role", holder.role);
        match wheres(shell, &holder.holding) {
            Some(conditions) => format!("{name} ({conditions})"),
            None => name,
        }
    };
    holders.map(words).collect()
}

/// Conditions in words; none for always. What takes away comes last.
pub(super) fn wheres(shell: &Shell, holding: &Holding) -> Option<String> {
    let Holding::Where { permits, forbids } = holding else { return None };
    let words = |condition: &String| {
        let known = CONDITIONS.iter().find(|(text, _)| text == condition);
        known.map_or_else(|| condition.clone(), |(_, key)| shell.text(key))
    };
    let permits = permits.iter().map(words).collect::<Vec<_>>().join(" / ");
    let forbids = forbids.iter().map(|condition| format!("!({condition})"));
    let all = (!permits.is_empty()).then_some(permits).into_iter().chain(forbids);
    Some(all.collect::<Vec<_>>().join("; "))
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
