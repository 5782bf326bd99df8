//! Rules and guards that never hold, and timers that never fire.

use hos_core::condition::Expression;
use hos_core::contract::{Contract, Guard};

use super::satisfy::{Budget, Domains, may_err, may_hold};
use super::view::View;
use super::{Finding, FindingCode};

const CODE: FindingCode = FindingCode::NeverMatching;

/// A permit that never holds grants nothing; a forbid that never holds, and never errs, takes
/// nothing away. What every subject has counts as there.
pub(super) fn rules(view: &mut View<'_>, budget: &mut Budget, findings: &mut Vec<Finding>) {
    let domains = view.domains();
    for at in 0..view.rules.len() {
        let Some(rule) = view.rules.get(at) else { continue };
        let superusers_alone = rule.is_permit() && rule.targets.is_clear();
        let never = rule.when.as_ref().is_some_and(|when| {
            !may_hold(&[(when, true)], &domains, budget)
                && (rule.is_permit() || !may_err(when, &domains, budget))
        });
        let message = match (never, superusers_alone, rule.is_permit()) {
            (true, _, true) => {
                "its condition never holds, so it grants nothing; correct the condition or remove \
                 the rule"
            }
            (true, _, false) => {
                "its condition never holds, so it takes nothing away; correct the condition or \
                 remove the rule"
            }
            (false, true, _) => {
                "it grants to superusers alone, who hold every grant; name the role that was meant \
                 or remove the rule"
            }
            (false, false, _) => continue,
        };
        findings.push(rule.finding(CODE, message));
        if let Some(rule) = view.rules.get_mut(at) {
            rule.idle = true;
        }
    }
}

/// A guard that never holds, or guards that never hold together, where their action starts.
pub(super) fn guards(view: &View<'_>, budget: &mut Budget, findings: &mut Vec<Finding>) {
    for contract in view.law.contracts() {
        let open = contract.open();
        let initial = [contract.initial().as_str()];
        of_one(&about_open(contract), open.guards(), &Domains::new(initial), budget, findings);
        for (action, about) in contract.actions().iter().zip(about_actions(contract)) {
            let from = Domains::new(action.from().iter().map(|state| state.as_str()));
            of_one(&about, action.guards(), &from, budget, findings);
        }
    }
}

/// A timer whose action passes its guards somewhere, but never where the timer runs, done by a job
/// without input and facts. What guards close to everybody is found with them.
pub(super) fn timers(view: &View<'_>, budget: &mut Budget, findings: &mut Vec<Finding>) {
    for contract in view.law.contracts() {
        for timer in contract.timers() {
            let (state, action) = (timer.state().as_str(), timer.action().as_str());
            let Some(entry) = contract.action_from(state, action) else { continue };
            let from = Domains::new(entry.from().iter().map(|state| state.as_str()));
            if hold_together(entry.guards(), &Domains::of_timer(state), budget)
                || !hold_together(entry.guards(), &from, budget)
            {
                continue;
            }
            let (kind, version) = (contract.kind(), contract.version());
            findings.push(Finding {
                code: CODE,
                about: format!("contract `{kind}/{version}` timer `{action}` in `{state}`"),
                message: "a job, which gives no input and no facts, never passes the guards of \
                          its action there, so that it never fires; correct the guards or remove \
                          the timer"
                    .to_owned(),
            });
        }
    }
}

fn of_one(
    about: &str,
    guards: &[Guard],
    domains: &Domains,
    budget: &mut Budget,
    findings: &mut Vec<Finding>,
) {
    let before = findings.len();
    for guard in guards {
        if !may_hold(&[(guard.condition().expression(), true)], domains, budget) {
            findings.push(Finding {
                code: CODE,
                about: format!("{about} guard `{}`", guard.code()),
                message: "it never holds, so that nobody can pass it; correct the condition"
                    .to_owned(),
            });
        }
    }
    if findings.len() == before && !hold_together(guards, domains, budget) {
        findings.push(Finding {
            code: CODE,
            about: about.to_owned(),
            message: "its guards contradict each other, so that nobody can pass them all; correct \
                      their conditions"
                .to_owned(),
        });
    }
}

/// Whether somebody may pass all guards of an action.
pub(super) fn hold_together(guards: &[Guard], domains: &Domains, budget: &mut Budget) -> bool {
    let all: Vec<(&Expression, bool)> =
        guards.iter().map(|guard| (guard.condition().expression(), true)).collect();
    may_hold(&all, domains, budget)
}

pub(super) fn about_open(contract: &Contract) -> String {
    format!("contract `{}/{}` opening", contract.kind(), contract.version())
}

/// What each action is called in findings: one of several entries also by where it starts.
pub(super) fn about_actions(contract: &Contract) -> impl Iterator<Item = String> {
    let (kind, version) = (contract.kind(), contract.version());
    contract.actions().iter().map(move |action| {
        let about = format!("contract `{kind}/{version}` action `{}`", action.name());
        let same = contract.actions().iter().filter(|other| other.name() == action.name());
        if same.count() == 1 {
            return about;
        }
        let from: Vec<&str> = action.from().iter().map(|state| state.as_str()).collect();
        format!("{about} from `{}`", from.join(" "))
    })
}
