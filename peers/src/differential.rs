//! The law against Cedar: random laws, everybody asks, the answers are compared.
//!
//! Each question is asked three times: of the law, of the law's own export
//! ([`hos_inspect::cedar`]), and of a plain translation ([`plain`]) in which attributes are read
//! without asking whether they are there. The export must allow exactly what the law allows. The
//! plain translation must also err where the law errs, and differs in one place only: Cedar skips
//! a forbid that errs, the law denies.

mod conditions;
mod laws;
mod mutation;
mod people;
mod plain;
mod rival;

use std::fmt;
use std::ops::AddAssign;

use hos_core::law::{Law, LawDefinition};
use hos_core::policy::{Answer, DecisionEffect, Reason, ReasonCode, RuleEffect};
use hos_inspect::cedar::Cedar;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

pub use mutation::Mutation;

use people::{Ask, People};
use rival::{Answered, Rival};

/// How often each law is asked.
pub const QUESTIONS_OF_LAW: u64 = 2_000;

/// What was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Random laws.
    pub laws: u64,
    /// Rules that the export refused and that were left out.
    pub refused: u64,
    /// Questions, each answered by the law, its export and the plain translation.
    pub questions: u64,
    /// The law allowed.
    pub allowed: u64,
    /// The law denied.
    pub denied: u64,
    /// The law could not decide, because a permit erred: denied by all three.
    pub permit_erred: u64,
    /// The law could not decide, because a forbid erred: denied by the law and its export.
    pub forbid_erred: u64,
    /// Of those, where Cedar skips the plain forbid and allows: the one wanted difference.
    pub skipped_by_cedar: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.laws += other.laws;
        self.refused += other.refused;
        self.questions += other.questions;
        self.allowed += other.allowed;
        self.denied += other.denied;
        self.permit_erred += other.permit_erred;
        self.forbid_erred += other.forbid_erred;
        self.skipped_by_cedar += other.skipped_by_cedar;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} laws, {} rules beyond Cedar left out", self.laws, self.refused)?;
        writeln!(f, "{} questions, each asked of three", self.questions)?;
        writeln!(f, "  {:>10} allowed", self.allowed)?;
        writeln!(f, "  {:>10} denied", self.denied)?;
        writeln!(f, "  {:>10} undecided, a permit errs: denied by all", self.permit_erred)?;
        writeln!(f, "  {:>10} undecided, a forbid errs: denied by the export", self.forbid_erred)?;
        write!(
            f,
            "  {:>10} of these would be allowed by Cedar, which skips a plain forbid that errs: \
             the wanted difference",
            self.skipped_by_cedar
        )
    }
}

/// An answer that nothing explains, with the fewest rules that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The number of the law.
    pub law: u64,
    /// Law, question and answers.
    pub shown: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "law {}: {}", self.law, self.shown)
    }
}

impl std::error::Error for Difference {}

/// Asks one random law so often; the same seed and number make the same law and questions.
///
/// # Errors
///
/// The first [`Difference`], made small.
///
/// # Panics
///
/// When an export is no policy set of Cedar's, or does not validate under its own schema.
pub fn law(
    seed: u64,
    number: u64,
    questions: u64,
    mutation: Option<Mutation>,
) -> Result<Tally, Difference> {
    let stream = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number);
    let mut rng = StdRng::seed_from_u64(stream);
    let (definition, refused) = expressible(laws::law(&mut rng));
    let people = People::new(&mut rng, &definition);
    let trial = Trial::new(&definition, &people, mutation);
    if number.is_multiple_of(16) && mutation.is_none() {
        trial.rival.validate();
    }
    let mut tally = Tally { laws: 1, refused, ..Tally::default() };
    for _ in 0..questions {
        let ask = people.ask(&mut rng);
        let thorough = rng.random_range(0..8) == 0;
        if let Err(why) = trial.compare(&ask, thorough, &mut tally) {
            let shown = smallest(&definition, &people, mutation, &ask).unwrap_or(why);
            return Err(Difference { law: number, shown });
        }
    }
    Ok(tally)
}

/// Without the rules that the export refuses, and how many these were.
fn expressible(mut definition: LawDefinition) -> (LawDefinition, u64) {
    let law = Law::new(&definition).expect("a random law is valid");
    let Err(error) = Cedar::new(&law) else { return (definition, 0) };
    let named: Vec<&str> =
        error.refused().iter().filter_map(|refused| refused.at.strip_prefix("rule ")).collect();
    let before = definition.rules.len();
    definition.rules.retain(|rule| !named.contains(&rule.id.as_deref().expect("rules have ids")));
    let refused = before - definition.rules.len();
    (definition, u64::try_from(refused).expect("few rules"))
}

/// Takes rules away for as long as the difference stays.
fn smallest(
    definition: &LawDefinition,
    people: &People,
    mutation: Option<Mutation>,
    ask: &Ask,
) -> Option<String> {
    let mut least = definition.clone();
    let mut shown = None;
    let mut at = 0;
    while at < least.rules.len() {
        let mut fewer = least.clone();
        fewer.rules.remove(at);
        let trial = Trial::new(&fewer, people, mutation);
        match trial.compare(ask, true, &mut Tally::default()) {
            Ok(()) => at += 1,
            Err(why) => (least, shown) = (fewer, Some(why)),
        }
    }
    shown
}

/// One law on both sides, and who asks.
struct Trial<'a> {
    law: Law,
    rival: Rival,
    people: &'a People,
}

impl<'a> Trial<'a> {
    /// With a mutation, Cedar is given a law that is changed by it.
    fn new(definition: &LawDefinition, people: &'a People, mutation: Option<Mutation>) -> Self {
        let law = Law::new(definition).expect("fewer rules are valid");
        let told = mutation.map_or_else(
            || law.clone(),
            |mutation| Law::new(&mutation.of(definition)).expect("a mutation keeps the types"),
        );
        Self { rival: Rival::new(&told, people), law, people }
    }

    fn compare(&self, ask: &Ask, thorough: bool, tally: &mut Tally) -> Result<(), String> {
        let rules = self.law.rules();
        let answer = self.people.with_question(ask, |question| rules.answer(question));
        let answer = answer.expect("the ability is known");
        let [exported, plain] = self.rival.answers(ask);
        let undecided = answer.effect == DecisionEffect::Indeterminate;
        let explain = || self.people.with_question(ask, |question| rules.explain(question));
        let reasons = (thorough || undecided).then(explain).flatten().map(|(_, reasons)| reasons);
        let forbid_erred =
            undecided && reasons.as_ref().is_some_and(|reasons| self.a_forbid_errs(reasons));
        let agree = exported.allows == answer.permits()
            && exported.erred.is_empty()
            && (plain.allows == answer.permits() || forbid_erred)
            && (!undecided || !plain.erred.is_empty())
            && reasons.as_ref().is_none_or(|reasons| same_reasons(answer, reasons, &plain));
        if !agree {
            return Err(self.shown(ask, answer, &exported, &plain));
        }
        tally.questions += 1;
        match answer.effect {
            DecisionEffect::Allow => tally.allowed += 1,
            DecisionEffect::Deny => tally.denied += 1,
            DecisionEffect::Indeterminate if forbid_erred => {
                tally.forbid_erred += 1;
                tally.skipped_by_cedar += u64::from(plain.allows);
            }
            DecisionEffect::Indeterminate => tally.permit_erred += 1,
        }
        Ok(())
    }

    fn a_forbid_errs(&self, reasons: &[Reason]) -> bool {
        let rules = &self.law.definition().rules;
        let erring = reasons.iter().filter(|reason| reason.code == ReasonCode::AttributeAbsent);
        erring
            .filter_map(|reason| rules.iter().find(|rule| rule.id == reason.rule))
            .any(|rule| rule.effect == RuleEffect::Forbid)
    }

    fn shown(&self, ask: &Ask, answer: Answer, exported: &Answered, plain: &Answered) -> String {
        format!(
            "the answers differ\n{}\nasked: {}\nlaw: {answer:?}\nexport: {exported:?}\n\
             plain: {plain:?}\n",
            serde_json::to_string_pretty(&self.law.definition().rules).unwrap_or_default(),
            self.people.shown(ask),
        )
    }
}

/// Cedar names the policies that decided and those that erred: they are the law's reasons.
fn same_reasons(answer: Answer, reasons: &[Reason], plain: &Answered) -> bool {
    if answer.banned {
        return true;
    }
    let named = |code: ReasonCode| -> Vec<&str> {
        let found = reasons.iter().filter(|reason| reason.code == code);
        let mut named: Vec<&str> = found.filter_map(|reason| reason.rule.as_deref()).collect();
        named.sort_unstable();
        named
    };
    let deciding = if plain.allows { ReasonCode::Permitted } else { ReasonCode::Forbidden };
    let superusers = |id: &&String| !id.starts_with("hos superuser ");
    plain.decided.iter().filter(superusers).eq(named(deciding))
        && plain.erred.iter().eq(named(ReasonCode::AttributeAbsent))
}
