//! Machines as drawings: who may is what policy decides, nothing breaks out of its format, and
//! the texts are what was reviewed.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use hos_conformance::golden::assert_golden;
use hos_core::actor::{Actor, ActorKind};
use hos_core::condition::Nothing;
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::law::Law;
use hos_core::policy::{DecisionEffect, Question, RoleDefinition};
use hos_core::standing::{ActorStanding, Modes};
use hos_core::time::Timestamp;
use hos_core::value::Type;
use hos_inspect::drawing::{Edge, Machine};
use hos_inspect::holders::Holding;

const OWN: &str = "subject.customer == actor.id";
/// Everything that means something in Mermaid, DOT, Markdown or SVG.
const HOSTILE: &str = r##"subject.note != "a;b: <i>`#35;` | &amp; \\N %% \"" || subject.paid"##;

fn order() -> Contract {
    Contract::builder("order", "2")
        .states(["note", "paid", "cancelled"])
        .initial("note")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .attribute("note", Type::String)
        .attribute("paid", Type::Bool)
        .open("order.create", ["customer", "note", "paid"])
        .action(ActionDefinition::new("pay", ["note"], "paid", "order.pay"))
        .action(ActionDefinition::new("edit", ["note"], "note", "order.edit"))
        .action(ActionDefinition::new("retitle", ["note"], "note", "order.edit"))
        .action(
            ActionDefinition::new("cancel", ["note", "paid"], "cancelled", "order.cancel")
                .guard("hostile", HOSTILE),
        )
        .action(ActionDefinition::new("expire", ["note"], "cancelled", "order.expire"))
        .timer("note", Duration::from_secs(90 * 60), "expire")
        .build()
        .unwrap()
}

fn law() -> Law {
    Law::builder("pazar", "1")
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::world("deputy").inherits("root"),
            RoleDefinition::new("clerk"),
            RoleDefinition::new("owner").inherits("clerk"),
            RoleDefinition::new("guest"),
            RoleDefinition::implicit("customer", ActorKind::User),
            RoleDefinition::implicit("timer", ActorKind::Job),
        ])
        .allow("order.create", ["customer"])
        .allow("order.edit", ["clerk"])
        .allow_if("order.*", ["customer"], OWN)
        .allow("order.cancel", ["clerk", "customer"])
        .allow("order.expire", ["timer"])
        .forbid("order.expire", ["customer"])
        .forbid_if("order.cancel", ["clerk"], HOSTILE)
        .contract(order())
        .build()
        .unwrap()
}

fn marks(law: &Law, action: &str) -> Vec<String> {
    let order = law.contract("order").unwrap();
    let machine = Machine::new(law, order);
    let edge = machine.edges().iter().find(|edge| edge.action.name() == action).unwrap();
    edge.holders.iter().map(|holder| holder.mark()).collect()
}

fn golden(file: &str, text: &str) {
    assert_golden(format!("{}/tests/golden/{file}", env!("CARGO_MANIFEST_DIR")), text);
}

#[test]
fn a_role_may_what_it_inherits() {
    assert_eq!(marks(&law(), "edit"), ["root", "deputy", "clerk", "owner", "customer*"]);
}

#[test]
fn a_superuser_and_who_inherits_it_may_everything() {
    let law = law();
    let machine = Machine::new(&law, law.contract("order").unwrap());
    for edge in machine.edges() {
        let always = |role: &str| {
            let mut holders = edge.holders.iter();
            holders.any(|holder| holder.role == role && holder.holding == Holding::Always)
        };
        assert!(always("root") && always("deputy"), "{}", edge.action.name());
    }
}

#[test]
fn what_is_forbidden_without_condition_is_not_drawn() {
    assert_eq!(marks(&law(), "expire"), ["root", "deputy", "timer"]);
}

#[test]
fn a_forbid_of_everyone_binds_a_superuser() {
    let mut definition = law().definition().clone();
    for rule in &mut definition.rules {
        rule.roles.retain(|role| role != "clerk" || rule.when.is_none());
    }
    let law = Law::new(&definition).unwrap();
    let machine = Machine::new(&law, law.contract("order").unwrap());
    let cancel = |edge: &&Edge<'_>| edge.action.name() == "cancel";
    let edge = machine.edges().iter().find(cancel).unwrap();
    let root = edge.holders.iter().find(|holder| holder.role == "root").unwrap();
    assert!(root.holding.condition().unwrap().starts_with("!("));
}

#[test]
fn conditions_of_permits_and_forbids_read_as_one() {
    let law = law();
    let machine = Machine::new(&law, law.contract("order").unwrap());
    let of = |action: &str, role: &str| {
        let mut edges = machine.edges().iter();
        let edge = edges.find(|edge| edge.action.name() == action).unwrap();
        let holder = edge.holders.iter().find(|holder| holder.role == role).unwrap();
        holder.holding.condition()
    };
    assert_eq!(of("pay", "customer").unwrap(), OWN);
    assert_eq!(of("cancel", "customer"), None, "the permit without condition is enough");
    assert!(of("cancel", "owner").unwrap().starts_with("!(subject.note"));
    let set = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    let both = Holding::Where { permits: set(&["b", "a"]), forbids: set(&["c"]) };
    assert_eq!(both.condition().unwrap(), "((a) || (b)) && !(c)");
}

#[test]
fn who_always_may_is_who_policy_allows() {
    let law = law();
    let machine = Machine::new(&law, law.contract("order").unwrap());
    for edge in machine.edges() {
        for role in law.roles() {
            let mut standing = ActorStanding::default();
            let held = role.implicit.is_none().then(|| role.name.parse().unwrap());
            let roles = if role.world { &mut standing.world_roles } else { &mut standing.roles };
            roles.extend(held);
            let actor = match role.implicit {
                Some(ActorKind::User) => Actor::user("u").unwrap(),
                Some(ActorKind::Job) => Actor::job("j").unwrap(),
                _ => Actor::service("s").unwrap(),
            };
            let question = Question {
                actor: &actor,
                ability: edge.action.ability().as_str(),
                subject: &Nothing,
                context: &Nothing,
                standing: &standing,
                modes: &Modes::default(),
                now: Timestamp::EPOCH,
            };
            let answer = law.rules().answer(&question).unwrap().effect;
            let holding = edge.holders.iter().find(|holder| holder.role == role.name);
            let drawn = match holding.map(|holder| &holder.holding) {
                Some(Holding::Always) => DecisionEffect::Allow,
                // Of a subject without attributes no condition can be decided.
                Some(Holding::Where { .. }) => DecisionEffect::Indeterminate,
                None => DecisionEffect::Deny,
            };
            assert_eq!(answer, drawn, "{} of {}", edge.action.name(), role.name);
        }
    }
}

#[test]
fn moves_between_the_same_states_share_an_arrow_and_stay_apart_in_it() {
    let law = law();
    let machine = Machine::new(&law, law.contract("order").unwrap());
    let mermaid = machine.to_mermaid();
    assert_eq!(mermaid.matches("s_note --> s_note\n").count(), 1, "a loop");
    assert_eq!(mermaid.matches("note right of s_note : edit (order.edit)<br>").count(), 1);
    assert_eq!(mermaid.matches("s_note --> s_cancelled").count(), 1);
    assert!(mermaid.contains("<br><br>retitle (order.edit)<br>"));
    let dot = machine.to_dot();
    assert_eq!(dot.matches("\"note\" -> \"note\"").count(), 1);
    assert!(dot.contains("\\n\\nretitle (order.edit)\\n"));
}

#[test]
fn a_timer_is_written_at_its_own_state_only() {
    let law = law();
    let machine = Machine::new(&law, law.contract("order").unwrap());
    let timed: Vec<_> = machine.edges().iter().filter(|edge| edge.after.is_some()).collect();
    assert_eq!(timed.len(), 1);
    assert_eq!((timed[0].from.as_str(), timed[0].action.name().as_str()), ("note", "expire"));
    for text in [machine.to_mermaid(), machine.to_dot(), machine.to_markdown()] {
        assert_eq!(text.matches("after 90 min").count(), 1);
    }
    assert!(machine.to_svg().contains(">after 90 min<"));
}

#[test]
fn a_condition_does_not_break_out_of_its_quotes() {
    let law = law();
    let dot = Machine::new(&law, law.contract("order").unwrap()).to_dot();
    for line in dot.lines() {
        let bare = line.replace("\\\\", "").replace("\\\"", "");
        assert_eq!(bare.matches('"').count() % 2, 0, "{line}");
        let outside: String = bare.split('"').step_by(2).collect();
        assert!(!outside.contains('<') && !outside.contains('|'), "{line}");
    }
    assert!(dot.contains(r#"`#35;` | &amp;amp; \\\\N %% \\\"\" || subject.paid"#));
    assert!(!dot.replace("&amp;", "").contains('&'));
}

#[test]
fn a_condition_does_not_break_out_of_its_cell() {
    let law = law();
    let text = Machine::new(&law, law.contract("order").unwrap()).to_markdown();
    let rows = text.lines().filter(|line| line.starts_with('|'));
    for row in rows {
        let bars = row.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 5, "{row}");
    }
    assert!(text.contains("`` subject.note"), "the fence is longer than any within");
}

#[test]
fn a_state_may_have_the_name_of_a_keyword() {
    let law = law();
    let mermaid = Machine::new(&law, law.contract("order").unwrap()).to_mermaid();
    assert!(mermaid.contains("state \"note\" as s_note\n"));
}

#[test]
fn the_same_law_is_drawn_the_same() {
    let drawn = || {
        let law = law();
        let machine = Machine::new(&law, law.contract("order").unwrap());
        [machine.to_mermaid(), machine.to_dot(), machine.to_svg(), machine.to_markdown()]
    };
    assert_eq!(drawn(), drawn());
}

#[test]
fn the_order_is_drawn_as_it_was_reviewed() {
    let law = law();
    let machine = Machine::new(&law, law.contract("order").unwrap());
    golden("order.mmd", &machine.to_mermaid());
    golden("order.dot", &machine.to_dot());
    golden("order.svg", &machine.to_svg());
    golden("order.md", &machine.to_markdown());
}
