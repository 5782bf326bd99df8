//! What is valid in a law and yet hardly meant: rules that change nothing, actions that nobody can
//! do, grants that reach too far.
//!
//! A finding claims only what is proven from the law itself. What is not found may still be wrong:
//! conditions are compared by what they say of one attribute and one pair of attributes, not by
//! full logic, and only so long: what is not proven within a bounded number of steps is not found.
//! Nothing is said of attributes that no action assigns, for an opening or an adoption may give
//! each of them.

mod breadth;
mod cases;
mod matching;
mod reach;
mod satisfy;
mod shadow;
mod view;

use std::fmt;

use hos_core::law::Law;

use satisfy::Budget;
use view::View;

/// Looks for everything in [`FindingCode`]; the same law gives the same findings in the same
/// order, by code and then as the law has them.
///
/// ```
/// use hos_core::law::Law;
/// use hos_inspect::lint::{FindingCode, lint};
///
/// let law = Law::builder("shop", "1")
///     .roles(["owner", "staff"])
///     .allow("report.*", ["owner", "staff"])
///     .allow_if("report.read", ["staff"], "actor.id != 'x'")
///     .build()?;
/// let findings = lint(&law);
/// assert_eq!(findings.len(), 1);
/// assert_eq!(findings[0].code, FindingCode::ShadowedRule);
/// assert_eq!(findings[0].about, "rule `permit report.read`");
/// # Ok::<(), hos_core::error::LawError>(())
/// ```
#[must_use]
pub fn lint(law: &Law) -> Vec<Finding> {
    lint_within(law, &mut Budget::new())
}

fn lint_within(law: &Law, budget: &mut Budget) -> Vec<Finding> {
    let mut view = View::new(law);
    let mut findings = Vec::new();
    matching::rules(&mut view, budget, &mut findings);
    shadow::contradictory(&mut view, budget, &mut findings);
    shadow::shadowed(&mut view, &mut findings);
    matching::guards(&view, budget, &mut findings);
    matching::timers(&view, budget, &mut findings);
    reach::unreachable(&view, budget, &mut findings);
    breadth::over_broad(&view, &mut findings);
    findings.sort_by_key(|finding| finding.code);
    findings
}

/// One thing that is hardly meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable code.
    pub code: FindingCode,
    /// What it is about: ``rule `permit order.cancel` ``, ``contract `order/2` action `ship` ``.
    ///
    /// A rule without an id of its own is called by the id that reasons name.
    pub about: String,
    /// Why, and what to do.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code.as_str(), self.about, self.message)
    }
}

/// The stable codes of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingCode {
    /// A rule that changes no answer, because others say as much.
    ShadowedRule,
    /// A permit that never grants, because forbids cover it.
    ContradictoryRules,
    /// A rule or a guard that never holds, a permit only to those who hold every grant, or a timer
    /// that never fires.
    NeverMatching,
    /// An ability that nobody has, an action that nobody can do, a state that nothing reaches, a
    /// role that no rule names.
    Unreachable,
    /// A grant of more than one would name one by one, or to more than one would.
    OverBroad,
}

impl FindingCode {
    /// The code as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ShadowedRule => "shadowed_rule",
            Self::ContradictoryRules => "contradictory_rules",
            Self::NeverMatching => "never_matching",
            Self::Unreachable => "unreachable",
            Self::OverBroad => "over_broad",
        }
    }
}

#[cfg(test)]
mod tests;
