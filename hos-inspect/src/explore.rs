//! Exhaustive exploration of a contract: every state, every outcome of its guards, every
//! configuration in which an invariant is to hold.
//!
//! From every way of opening a subject, every action is tried in every way, by the judge itself. A
//! value is tried where conditions can tell it from others: at each literal, below and above it,
//! absent where it may be, and in every order where two are compared. Time only goes on. Policy
//! does not stand in the way: who may act is a question of the law, not of its contracts.
//!
//! [`Exploration::is_exhaustive`] says whether every combination of these was tried; what was left
//! out is named in [`Exploration::cuts`]. Each comparison is seen either way; a combination of
//! several with literals of other attributes may need values between that nobody tried.
//!
//! It speaks of subjects that were opened under this version. One that was adopted begins in the
//! state and with the attributes that somebody else gave it, and one that was migrated with those
//! of another version: hold what you adopt, and a migration's rehearsal, to an invariant yourself.

mod attempt;
pub(crate) mod domain;
pub(crate) mod reads;
mod report;
mod search;

use std::fmt;

use hos_core::condition::{Condition, Expression, ExpressionError, Scope};
use hos_core::contract::Contract;
use hos_core::error::LawError;
use hos_core::law::Law;
use hos_core::policy::RoleDefinition;
use hos_core::subject::{SUBJECT_BUILT_INS, Subject};
use hos_core::time::SeededIds;
use hos_core::value::Schema;

pub use domain::{MEMBERS_APART_MAX, VALUES_MAX};
pub use report::{Exploration, Finding, FindingCode, Step, Trace};

use domain::{Domains, SUBJECT, TENANT};
use reads::Live;
use search::Search;

/// The most configurations that one search reaches.
pub const CONFIGURATIONS_MAX: usize = 100_000;
/// The most openings and transitions that one search judges: there is one, and one per invariant.
pub const JUDGEMENTS_MAX: u64 = 2_000_000;
/// The highest revision that is looked at where conditions read it.
pub const REVISION_MAX: u64 = 16;

/// Explores a contract, and looks in every configuration that is reached whether each invariant
/// holds; one that errs does not. An invariant reads the subject and the clock.
///
/// ```
/// use hos_core::contract::{ActionDefinition, Contract};
/// use hos_core::value::Type;
/// use hos_inspect::explore::{FindingCode, explore};
///
/// let order = Contract::builder("order", "1")
///     .states(["pending", "paid"])
///     .initial("pending")
///     .terminal(["paid"])
///     .attribute("total", Type::Integer)
///     .open("order.create", ["total"])
///     .action(
///         ActionDefinition::new("pay", ["pending"], "paid", "order.pay")
///             .guard("too_much", "subject.total <= 100"),
///     )
///     .build()?;
/// let explored = explore(&order, &["subject.state != 'paid' || subject.total <= 100"])?;
/// assert!(explored.is_exhaustive());
/// // Who ordered for more than 100 can neither pay nor leave.
/// assert_eq!(explored.findings()[0].code, FindingCode::DeadEnd);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`ExploreError`] of invariants that do not parse or do not fit the contract, all at once.
pub fn explore(contract: &Contract, invariants: &[&str]) -> Result<Exploration, ExploreError> {
    explore_within(contract, invariants, JUDGEMENTS_MAX)
}

fn explore_within(
    contract: &Contract,
    invariants: &[&str],
    judgements_max: u64,
) -> Result<Exploration, ExploreError> {
    let conditions = conditions(contract, invariants)?;
    let law = Law::builder("explored", "1")
        .roles([RoleDefinition::superuser("root")])
        .contract(contract.clone())
        .build()
        .map_err(ExploreError::Law)?;
    let subject = Subject::new("explored", TENANT, contract.kind().as_str(), SUBJECT);
    let subject = subject.map_err(|error| ExploreError::Subject(error.to_string()))?;
    let ids = SeededIds::new(0);
    // Each invariant in a search of its own: what it reads is kept apart in that one alone.
    let run = |invariant: Option<&Condition>| {
        let expression = invariant.map(Condition::expression);
        let search = Search {
            contract,
            law: &law,
            subject: &subject,
            domains: &Domains::of(contract, expression),
            live: &Live::of(contract, expression),
            invariant,
            ids: &ids,
            judgements_max,
        };
        search.run()
    };
    let mut explored = Exploration::of(contract, &run(None));
    for (text, condition) in invariants.iter().zip(&conditions) {
        explored.add(text, &run(Some(condition)));
    }
    Ok(explored)
}

fn conditions(contract: &Contract, texts: &[&str]) -> Result<Vec<Condition>, ExploreError> {
    let mut schema: Schema = contract.attributes().clone();
    for (name, type_) in SUBJECT_BUILT_INS {
        schema.extend(name.parse().ok().map(|name| (name, type_)));
    }
    let scope = Scope { subject: Some(&schema), ..Scope::default() };
    let mut faults = Vec::new();
    let mut conditions = Vec::new();
    for text in texts {
        let parsed = Expression::parse(text).map_err(|fault| vec![fault]);
        match parsed.and_then(|expression| Condition::new(expression, scope)) {
            Ok(condition) => conditions.push(condition),
            Err(own) => faults.extend(own.into_iter().map(|fault| ((*text).to_owned(), fault))),
        }
    }
    if faults.is_empty() { Ok(conditions) } else { Err(ExploreError::Invariants(faults)) }
}

/// Why a contract cannot be explored as asked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ExploreError {
    /// Invariants that do not parse or do not fit the contract: each with what is wrong.
    Invariants(Vec<(String, ExpressionError)>),
    /// The contract is in no law of its own.
    Law(LawError),
    /// The contract has a kind that no subject can be of.
    Subject(String),
}

impl fmt::Display for ExploreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invariants(faults) => {
                let each = faults.iter().map(|(text, fault)| format!("`{text}`: {fault}"));
                f.write_str(&each.collect::<Vec<_>>().join("; "))
            }
            Self::Law(error) => write!(f, "{error}"),
            Self::Subject(error) => f.write_str(error),
        }
    }
}

impl std::error::Error for ExploreError {}

#[cfg(test)]
mod tests;
