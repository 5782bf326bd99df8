//! The cells: each answered in every setting that the rules behind it tell apart.

use std::cell::{Cell as Counter, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hos_core::actor::ActorKind;
use hos_core::condition::{Condition, Expression};
use hos_core::contract::{Action, Contract};
use hos_core::id::{Ability, State};
use hos_core::law::Law;

use super::ask::{Holder, may, planned};
use super::formula::{Point, atoms, formula};
use super::rules::{Rules, Turning};
use super::settings::{Ground, Setting};
use super::{Cell, RELATIONS_SHOWN_MAX, SETTINGS_TOTAL_MAX, Sign};

/// What is asked about: a subject's state and contract, if there is one.
type About<'a> = Option<(&'a State, &'a Contract)>;
/// What a formula is made of.
type Asked = (Vec<String>, BTreeSet<Point>, BTreeSet<Point>);

/// Asks for a whole table.
pub(super) struct Asking<'a> {
    rules: Rules<'a>,
    holders: &'a [Holder],
    /// How many settings may still be asked in.
    budget: Counter<usize>,
    /// Many cells share one, and to find the shortest is dear.
    formulas: RefCell<BTreeMap<Asked, Option<String>>>,
}

impl<'a> Asking<'a> {
    pub(super) fn new(law: &'a Law, holders: &'a [Holder]) -> Self {
        let (budget, formulas) = (Counter::new(SETTINGS_TOTAL_MAX), RefCell::default());
        Self { rules: Rules::new(law), holders, budget, formulas }
    }

    pub(super) fn law(&self) -> &'a Law {
        self.rules.law
    }

    /// Whether each holder has an ability.
    pub(super) fn ability(&self, ability: &Ability, about: About<'_>) -> Vec<Cell> {
        let (law, ability) = (self.law(), ability.as_str());
        let state = about.map(|(state, _)| state);
        self.row(&[ability], about, |holder, setting| may(law, holder, setting, ability, state))
    }

    /// What an action comes to that each holder tries from a state.
    pub(super) fn action(&self, contract: &Contract, state: &State, action: &Action) -> Vec<Cell> {
        let law = self.law();
        let same = contract.actions().iter().filter(|entry| entry.name() == action.name());
        let asked: BTreeSet<&str> = same.map(|entry| entry.ability().as_str()).collect();
        let asked: Vec<&str> = asked.into_iter().collect();
        self.row(&asked, Some((state, contract)), |holder, setting| {
            planned(law, contract, state, holder, action, setting)
        })
    }

    /// Holders about whom the same rules are have one answer.
    fn row(
        &self,
        abilities: &[&str],
        about: About<'_>,
        ask: impl Fn(&Holder, &Setting) -> Option<Sign>,
    ) -> Vec<Cell> {
        let mut known: BTreeMap<(Turning, &[ActorKind]), Cell> = BTreeMap::new();
        let cell = |holder: &'a Holder| {
            let turning = self.rules.turning(holder, abilities);
            let key = (turning, holder.kinds.as_slice());
            if let Some(cell) = known.get(&key) {
                return cell.clone();
            }
            let cell = self.cell(&key.0, about, holder, &ask);
            known.insert(key, cell.clone());
            cell
        };
        self.holders.iter().map(cell).collect()
    }

    fn cell(
        &self,
        turning: &Turning,
        about: About<'_>,
        holder: &Holder,
        ask: impl Fn(&Holder, &Setting) -> Option<Sign>,
    ) -> Cell {
        let ground = Ground::new(self.law(), about, &holder.kinds);
        let conditions: Vec<&Expression> =
            turning.rules.iter().filter_map(|at| self.rules.condition(*at)).collect();
        // OK because what turns on nothing is asked once, and counts for nothing.
        let budget = if turning.rules.is_empty() { 1 } else { self.budget.get() };
        let settings = ground.settings(&conditions, budget);
        if !turning.rules.is_empty() {
            self.budget.set(budget.saturating_sub(settings.all.len()));
        }
        let answers: Vec<Option<Sign>> =
            settings.all.iter().map(|setting| ask(holder, setting)).collect();
        let signs: BTreeSet<Sign> = answers.iter().flatten().copied().collect();
        let behind = || Some(Arc::from(self.rules.said(turning)));
        let partly = |sign, when: Option<&str>| Cell {
            sign,
            when: when.map(ToOwned::to_owned),
            behind: behind(),
        };
        let Some(sign) = signs.last().copied() else {
            return if settings.is_whole { Cell::DENIED } else { partly(Sign::Unknown, None) };
        };
        let is_always = signs.len() == 1 && answers.iter().all(Option::is_some);
        match (is_always, settings.is_whole && signs.len() == 1) {
            (true, true) => Cell { sign, when: None, behind: None },
            (true, false) => partly(sign, Some("?")),
            (false, false) => partly(sign, Some("..")),
            (false, true) => match self.formula(&ground, &conditions, &settings.all, &answers) {
                Some(when) => Cell { sign, when: Some(when), behind: None },
                None => partly(sign, Some("..")),
            },
        }
    }

    fn formula(
        &self,
        ground: &Ground<'_>,
        conditions: &[&Expression],
        settings: &[Setting],
        answers: &[Option<Sign>],
    ) -> Option<String> {
        let atoms = atoms(conditions);
        let checked = atoms.iter().map(|atom| ground.condition(&atom.expression));
        let checked: Vec<Condition> = checked.collect::<Option<_>>()?;
        let (mut allowed, mut denied) = (BTreeSet::new(), BTreeSet::new());
        for (setting, answer) in settings.iter().zip(answers) {
            let point = Point::new(checked.iter().map(|atom| setting.truth(atom)));
            if answer.is_some() {
                allowed.insert(point)
            } else {
                denied.insert(point)
            };
        }
        let labels = atoms.iter().map(|atom| atom.expression.to_string()).collect();
        let key = (labels, allowed, denied);
        if let Some(formula) = self.formulas.borrow().get(&key) {
            return formula.clone();
        }
        let found = formula(&atoms, &key.1, &key.2, RELATIONS_SHOWN_MAX);
        self.formulas.borrow_mut().insert(key, found.clone());
        found
    }
}
