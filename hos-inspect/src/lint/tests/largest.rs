//! What the lints cost where a law is as large as laws may be, or was written to be dear.

use hos_core::contract::Written;
use hos_core::law::LawDefinition;
use hos_core::policy::{ABILITIES_MAX, ROLES_MAX, RULES_MAX, RuleDefinition, RuleEffect};

use super::*;

/// As many roles and abilities as there may be, and some rules.
fn law(rules: Vec<RuleDefinition>) -> Law {
    let mut law = Law::builder("shop", "1")
        .roles((0..ROLES_MAX).map(|at| RoleDefinition::new(&format!("role_{at}"))));
    let own = ABILITIES_MAX - law_abilities();
    for at in 0..own {
        law = law.ability(&format!("report.read_{at}"));
    }
    let law = law.build().unwrap();
    Law::new(&LawDefinition { rules, ..law.definition().clone() }).unwrap()
}

/// Those that every law has.
fn law_abilities() -> usize {
    Law::builder("shop", "1").build().unwrap().rules().abilities().len()
}

fn rule(effect: RuleEffect, ability: &str, when: Option<&str>) -> RuleDefinition {
    RuleDefinition {
        id: None,
        effect,
        abilities: vec![ability.to_owned()],
        roles: (0..ROLES_MAX).map(|at| format!("role_{at}")).collect(),
        when: when.map(Written::from),
    }
}

#[test]
fn a_law_of_the_largest_size_is_read_in_few_steps() {
    let permit = |at: usize| {
        let ability = format!("report.read_{}", at % 64);
        rule(RuleEffect::Permit, &ability, Some(&format!("actor.id == 'u{at}'")))
    };
    let mut rules: Vec<RuleDefinition> = (0..RULES_MAX - 2).map(permit).collect();
    rules.push(rule(RuleEffect::Forbid, "report.*", Some("actor.id == 'x'")));
    rules.push(rule(RuleEffect::Permit, "report.read_7", None));
    let mut budget = Budget::new();
    let findings = lint_within(&law(rules), &mut budget);
    // What is granted always makes idle what is granted on a condition.
    let shadowed = (0..RULES_MAX - 2).filter(|at| at % 64 == 7).count();
    assert_eq!(findings.len(), shadowed);
    assert!(findings.iter().all(|finding| finding.code == FindingCode::ShadowedRule));
    // Each condition is followed by itself, and each permit beside one forbid.
    let spent = Budget::new().left - budget.left;
    assert!(spent < 32 * RULES_MAX as u64, "{spent} steps");
}

#[test]
fn a_law_written_to_be_dear_ends_with_the_budget_and_claims_nothing() {
    let either = |at: usize| format!("(subject.a{at} == 'x' || subject.b{at} == 'y')");
    let mut contract = order();
    for at in 0..8 {
        contract = contract.attribute(&format!("a{at}"), Type::String);
        contract = contract.attribute(&format!("b{at}"), Type::String);
    }
    let dear = (0..8).map(either).collect::<Vec<_>>().join(" && ");
    let mut law = named().contract(contract.build().unwrap());
    for at in 0..256 {
        let never = format!("{dear} && subject.total == {at} && subject.total != {at}");
        law = law.allow_if("order.pay", ["owner"], never.as_str());
    }
    let law = law.build().unwrap();
    let never = |steps: u64| {
        let findings = lint_within(&law, &mut Budget { left: steps });
        findings.iter().filter(|finding| finding.code == FindingCode::NeverMatching).count()
    };
    assert_eq!((never(0), never(1 << 30)), (0, 256));
    assert!((1..256).contains(&never(1 << 20)));
}
