//! What nobody gets to: abilities, roles, actions, states.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::contract::Contract;
use hos_core::id::{Ability, State};
use hos_core::policy::RuleEffect;

use super::cases::{Cases, grants};
use super::matching::{about_actions, about_open, hold_together};
use super::satisfy::{Budget, Domains};
use super::view::{RuleView, View};
use super::{Finding, FindingCode};

/// A time-boxed grant or a superuser may still get there; no rule of the law leads there.
pub(super) fn unreachable(view: &View<'_>, budget: &mut Budget, findings: &mut Vec<Finding>) {
    roles(view, findings);
    let (cases, anywhere) = (Cases::new(view), view.domains());
    let mut reach = Reach { view, cases, anywhere, known: BTreeMap::new(), budget };
    abilities(&mut reach, findings);
    for contract in view.law.contracts() {
        moves(&mut reach, contract, findings);
    }
}

fn finding(about: String, message: String) -> Finding {
    Finding { code: FindingCode::Unreachable, about, message }
}

fn roles(view: &View<'_>, findings: &mut Vec<Finding>) {
    for (at, role) in view.ordinary_roles() {
        let named =
            |rule: &RuleView<'_>| !rule.definition.roles.is_empty() && rule.about.contains(at);
        if !view.rules.iter().any(named) {
            let message = "no rule names it or what it inherits, so that whoever has it may do \
                           nothing by it; grant it something or remove it";
            findings.push(finding(format!("role `{role}`"), message.to_owned()));
        }
    }
}

fn abilities(reach: &mut Reach<'_, '_>, findings: &mut Vec<Finding>) {
    let mut needed: BTreeMap<&Ability, Vec<String>> = BTreeMap::new();
    for contract in reach.view.law.contracts() {
        needed.entry(contract.open().ability()).or_default().push(about_open(contract));
        for (action, about) in contract.actions().iter().zip(about_actions(contract)) {
            needed.entry(action.ability()).or_default().push(about);
        }
    }
    for (ability, needs) in needed {
        if !reach.is_granted(ability, &[]) {
            let message = format!(
                "no rule grants it to anybody but superusers, and {} needs it; grant it to \
                 whoever does that",
                needs.join(" and ")
            );
            findings.push(finding(format!("ability `{ability}`"), message));
        }
    }
}

/// The opening, the actions, and the states that only actions lead to that nobody can do.
fn moves(reach: &mut Reach<'_, '_>, contract: &Contract, findings: &mut Vec<Finding>) {
    let open = contract.open();
    let initial = [contract.initial().clone()];
    let passes = hold_together(open.guards(), &on(&initial), reach.budget);
    let why = reach.why_not(open.ability(), &initial, passes);
    findings.extend(why.map(|why| finding(about_open(contract), why)));
    let mut doable = Vec::new();
    for (action, about) in contract.actions().iter().zip(about_actions(contract)) {
        let passes = hold_together(action.guards(), &on(action.from()), reach.budget);
        match reach.why_not(action.ability(), action.from(), passes) {
            None => doable.push(action),
            Some(why) => findings.push(finding(about, why)),
        }
    }
    let mut reached: BTreeSet<&State> = BTreeSet::from([contract.initial()]);
    // As often as there are states: each round reaches another one, or no more are reached.
    for _ in contract.states() {
        let starts =
            doable.iter().filter(|action| action.from().iter().any(|s| reached.contains(s)));
        let next: Vec<&State> = starts.map(|action| action.to()).collect();
        reached.extend(next);
    }
    for state in contract.states().iter().filter(|state| !reached.contains(state)) {
        let (kind, version) = (contract.kind(), contract.version());
        let message = "every way to it goes through an action that nobody can do; see the \
                       findings about the actions that lead here";
        let about = format!("contract `{kind}/{version}` state `{state}`");
        findings.push(finding(about, message.to_owned()));
    }
}

fn on(states: &[State]) -> Domains {
    Domains::new(states.iter().map(|state| state.as_str()))
}

struct Reach<'v, 'a> {
    view: &'v View<'a>,
    cases: Cases,
    /// Of a subject in any state.
    anywhere: Domains,
    /// By ability and states, because many actions share them.
    known: BTreeMap<(Ability, Vec<State>), bool>,
    budget: &'v mut Budget,
}

impl Reach<'_, '_> {
    /// Why nobody but a superuser can do something in these states, if that is so.
    fn why_not(&mut self, ability: &Ability, states: &[State], passes: bool) -> Option<String> {
        if !passes {
            let why = "nobody can pass its guards; see the finding about them, or remove it";
            return Some(why.to_owned());
        }
        if !self.is_granted(ability, &[]) {
            return Some(format!(
                "nobody but a superuser has `{ability}`, which it needs; grant it to whoever does \
                 this"
            ));
        }
        let states_named: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        (!self.is_granted(ability, states)).then(|| {
            format!(
                "nobody but a superuser has `{ability}` in `{}`, where it starts; correct the \
                 conditions of the rules, or where it starts",
                states_named.join(" ")
            )
        })
    }

    /// Whether some rule may grant an ability to an ordinary role in one of these states; in any
    /// state if none are given.
    fn is_granted(&mut self, ability: &Ability, states: &[State]) -> bool {
        let key = (ability.clone(), states.to_vec());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let granted = self.asks(ability, states).unwrap_or(true);
        self.known.insert(key, granted);
        granted
    }

    /// None where the budget ends.
    fn asks(&mut self, ability: &Ability, states: &[State]) -> Option<bool> {
        let view = self.view;
        let ability = view.abilities.binary_search(ability).ok()?;
        let here = (!states.is_empty()).then(|| on(states));
        let domains = here.as_ref().unwrap_or(&self.anywhere);
        let permits = view.rules_of(RuleEffect::Permit);
        let permits: Vec<_> =
            permits.filter(|(_, permit)| permit.abilities.contains(ability)).collect();
        let mut asked = BTreeSet::new();
        for (role, _) in view.ordinary_roles() {
            let case = self.cases.of(role, ability)?;
            let forbids = self.cases.forbids(case)?;
            for (at, permit) in permits.iter().filter(|(_, permit)| permit.about.contains(role)) {
                self.budget.spend(1)?;
                if asked.insert((*at, case)) && grants(view, permit, forbids, domains, self.budget)
                {
                    return Some(true);
                }
            }
        }
        Some(false)
    }
}
