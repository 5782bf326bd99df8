//! Policy: default deny, forbid beats permit, an error never grants, and every reason is told.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::id::{Ability, Role};
use hos_core::law::{Law, LawBuilder};
use hos_core::policy::{
    Answer, BUILT_IN_ABILITIES, DecisionEffect, Question, Reason, ReasonCode, RoleDefinition,
};
use hos_core::standing::{
    AbilityPattern, ActorStanding, Generations, Grant, Mode, ModeScope, Modes, WorldStatus,
};
use hos_core::time::{ProofId, Timestamp};
use hos_core::value::{Attributes, Type};
use proptest::prelude::*;

use DecisionEffect::{Allow, Deny, Indeterminate};

const NOW: Timestamp = Timestamp::EPOCH;

fn bag(values: &[(&str, bool)]) -> Attributes {
    let mut attributes = Attributes::new();
    values.iter().for_each(|(name, value)| attributes.set(name.parse().unwrap(), *value));
    attributes
}

/// One question, with everything that a test turns.
#[derive(Clone)]
struct Asked {
    actor: Actor,
    ability: &'static str,
    context: Attributes,
    standing: ActorStanding,
    modes: Modes,
}

fn ask(ability: &'static str, roles: &[&str]) -> Asked {
    let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
    Asked {
        actor: Actor::service("s-1").unwrap(),
        ability,
        context: Attributes::new(),
        standing: ActorStanding { roles, ..ActorStanding::default() },
        modes: Modes::default(),
    }
}

impl Asked {
    fn world_role(mut self, role: &str) -> Self {
        self.standing.world_roles.push(role.parse().unwrap());
        self
    }

    fn context(mut self, values: &[(&str, bool)]) -> Self {
        self.context = bag(values);
        self
    }

    fn grant(mut self, pattern: &str, until: Timestamp, break_glass: bool) -> Self {
        let id = ProofId::from_bytes([u8::from(break_glass); 16]);
        let pattern = AbilityPattern::parse(pattern).unwrap();
        self.standing.grants.push(Grant { id, pattern, until, break_glass });
        self
    }

    /// The answer; with reasons or without, it is the same.
    fn explain(&self, law: &Law) -> Option<(Answer, Vec<Reason>)> {
        let nothing = Attributes::new();
        let question = Question {
            actor: &self.actor,
            ability: self.ability,
            subject: &nothing,
            context: &self.context,
            standing: &self.standing,
            modes: &self.modes,
            now: NOW,
        };
        let explained = law.rules().explain(&question);
        assert_eq!(explained.as_ref().map(|(answer, _)| *answer), law.rules().answer(&question));
        explained
    }

    fn answer(&self, law: &Law) -> Answer {
        self.explain(law).unwrap().0
    }

    fn effect(&self, law: &Law) -> DecisionEffect {
        self.answer(law).effect
    }

    fn reasons(&self, law: &Law) -> Vec<String> {
        let (_, reasons) = self.explain(law).unwrap();
        let text = |reason: Reason| {
            let code = serde_json::to_value(reason.code).unwrap();
            let code = code.as_str().unwrap().to_owned();
            reason.rule.map_or(code.clone(), |rule| format!("{code}: {rule}"))
        };
        reasons.into_iter().map(text).collect()
    }
}

fn base() -> LawBuilder {
    Law::builder("pazar", "1")
        .roles(["a", "b"])
        .ability("thing.use")
        .context("p", Type::Bool)
        .context("q", Type::Bool)
}

fn build(law: LawBuilder) -> Law {
    law.build().unwrap()
}

#[test]
fn nothing_is_allowed_unless_a_rule_says_so() {
    let law = build(base().allow("thing.read", ["b"]));
    for asked in [ask("thing.use", &["a", "b"]), ask("thing.read", &["a"]), ask("thing.read", &[])]
    {
        let answer = asked.answer(&law);
        assert_eq!((answer.effect, answer.mode, answer.banned), (Deny, Mode::Enforce, false));
        assert!(!answer.permits());
        assert_eq!(asked.reasons(&law), ["not_granted"]);
    }
    assert!(ask("thing.read", &["b"]).answer(&law).permits());
    assert!(ask("thing.fly", &["b"]).explain(&law).is_none(), "an ability that nobody named");
    assert!(ask("thing.read", &["stranger"]).effect(&law) == Deny, "a role that nobody declared");
}

/// What each pair of a permit's and a forbid's outcome comes to.
#[test]
fn the_table_of_permits_and_forbids() {
    let law = build(base().allow_if("thing.use", ["a"], "context.p").forbid_if(
        "thing.use",
        ["a"],
        "context.q",
    ));
    let (t, f) = (Some(true), Some(false));
    for (permit, forbid, effect) in [
        (t, t, Deny),
        (t, f, Allow),
        (t, None, Indeterminate),
        (f, t, Deny),
        (f, f, Deny),
        (f, None, Indeterminate),
        (None, t, Deny),
        (None, f, Indeterminate),
        (None, None, Indeterminate),
    ] {
        let given = [("p", permit), ("q", forbid)];
        let given: Vec<_> = given.into_iter().filter_map(|(n, v)| Some((n, v?))).collect();
        let asked = ask("thing.use", &["a"]).context(&given);
        assert_eq!(asked.effect(&law), effect, "permit {permit:?} forbid {forbid:?}");
        assert_eq!(asked.answer(&law).permits(), effect == Allow);
    }
}

#[test]
fn an_erring_permit_is_outweighed_by_any_that_grants_and_outweighs_those_that_fail() {
    let errs = |law: LawBuilder| law.allow_if("thing.use", ["a"], "context.p");
    let fails = |law: LawBuilder| law.allow_if("thing.use", ["a"], "context.q");
    let q = [("q", false)];
    for (law, effect) in [
        (errs(base()), Indeterminate),
        (fails(errs(base())), Indeterminate),
        (errs(fails(base())), Indeterminate),
        (errs(base()).allow("thing.use", ["a"]), Allow),
        (errs(base().allow("thing.use", ["a"])), Allow),
        (errs(base().allow_if("thing.use", ["a"], "!context.q")), Allow),
        (errs(base()).allow_if("thing.use", ["a"], "!context.q"), Allow),
    ] {
        assert_eq!(ask("thing.use", &["a"]).context(&q).effect(&build(law)), effect);
    }
}

#[test]
fn a_forbid_that_holds_outweighs_one_that_errs_in_any_order() {
    let law = || base().allow("thing.use", ["a"]);
    let errs = |law: LawBuilder| law.forbid_if("thing.use", ["a"], "context.p");
    let holds = |law: LawBuilder| law.forbid("thing.use", ["a"]);
    let fails = |law: LawBuilder| law.forbid_if("thing.use", ["a"], "context.q");
    let q = [("q", false)];
    for (law, effect) in [
        (errs(law()), Indeterminate),
        (holds(errs(law())), Deny),
        (errs(holds(law())), Deny),
        (fails(errs(law())), Indeterminate),
        (errs(fails(law())), Indeterminate),
        (fails(law()), Allow),
    ] {
        assert_eq!(ask("thing.use", &["a"]).context(&q).effect(&build(law)), effect);
    }
}

#[test]
fn conditions_go_left_to_right_and_stop_early() {
    for (when, effect) in [
        ("context.q && context.p", Deny),
        ("context.p && context.q", Indeterminate),
        ("!context.q || context.p", Allow),
        ("context.p || !context.q", Indeterminate),
        ("has(context.p) && context.p", Deny),
    ] {
        let law = build(base().allow_if("thing.use", ["a"], when));
        assert_eq!(
            ask("thing.use", &["a"]).context(&[("q", false)]).effect(&law),
            effect,
            "{when}"
        );
    }
}

#[test]
fn a_superuser_holds_every_grant_and_forbids_still_bind() {
    let law = build(
        base()
            .roles([RoleDefinition::superuser("root")])
            .allow_if("thing.use", ["a"], "context.p")
            .forbid("thing.drop", [""; 0])
            .ability("thing.drop")
            .forbid_if("thing.use", ["root"], "context.q"),
    );
    let root = |ability| ask(ability, &[]).world_role("root");
    assert_eq!(root("thing.use").context(&[("q", false)]).effect(&law), Allow);
    assert_eq!(root("thing.use").context(&[("q", true)]).effect(&law), Deny);
    assert_eq!(root("thing.use").effect(&law), Indeterminate, "an erring forbid binds too");
    assert_eq!(root("thing.drop").effect(&law), Deny, "a forbid without roles is about everyone");
    for ability in BUILT_IN_ABILITIES {
        assert_eq!(root(ability).effect(&law), Allow, "{ability}");
        assert_eq!(ask(ability, &["a", "b"]).effect(&law), Deny, "{ability}");
    }
    let mut banned = root("thing.use").context(&[("q", false)]);
    banned.standing.banned = true;
    assert_eq!(banned.reasons(&law), ["banned"]);
    assert!(!banned.answer(&law).permits());
}

#[test]
fn wildcards_are_bound_to_their_resource_and_a_star_is_apart() {
    let law = build(
        base()
            .roles(["c"])
            .ability("things.use")
            .ability("thing.read")
            .ability("cari.read")
            .allow("thing.*", ["a"])
            .allow("*", ["c"]),
    );
    for (ability, a, c) in [
        ("thing.use", Allow, Allow),
        ("thing.read", Allow, Allow),
        ("things.use", Deny, Allow),
        ("cari.read", Deny, Allow),
        ("hos.world", Deny, Allow),
    ] {
        assert_eq!(ask(ability, &["a"]).effect(&law), a, "{ability}");
        assert_eq!(ask(ability, &["c"]).effect(&law), c, "{ability}");
        assert_eq!(ask(ability, &["b"]).effect(&law), Deny, "{ability}");
    }
}

#[test]
fn a_role_in_the_wrong_scope_grants_nothing() {
    let law = build(
        base()
            .roles([RoleDefinition::world("w"), RoleDefinition::superuser("root")])
            .allow("thing.use", ["a", "w"]),
    );
    for (asked, effect) in [
        (ask("thing.use", &["a"]), Allow),
        (ask("thing.use", &["w"]), Deny),
        (ask("thing.use", &["root"]), Deny),
        (ask("thing.use", &[]).world_role("a"), Deny),
        (ask("thing.use", &[]).world_role("w"), Allow),
        (ask("thing.use", &[]).world_role("root"), Allow),
        (ask("thing.use", &["b"]).world_role("w"), Allow),
    ] {
        assert_eq!(asked.effect(&law), effect, "{:?}", asked.standing);
    }
}

#[test]
fn inheritance_is_transitive_and_one_way() {
    let law = build(
        base()
            .roles([
                RoleDefinition::new("c").inherits("a").inherits("b"),
                RoleDefinition::new("d").inherits("c"),
                RoleDefinition::new("e").inherits("d").inherits("c"),
            ])
            .allow("thing.use", ["a"])
            .allow("thing.read", ["d"])
            .forbid("thing.drop", ["a"])
            .allow("thing.drop", ["b"]),
    );
    for (role, used, read) in [
        ("a", Allow, Deny),
        ("b", Deny, Deny),
        ("c", Allow, Deny),
        ("d", Allow, Allow),
        ("e", Allow, Allow),
    ] {
        assert_eq!(ask("thing.use", &[role]).effect(&law), used, "{role}");
        assert_eq!(ask("thing.read", &[role]).effect(&law), read, "{role}");
    }
    for held in [&["a", "c"][..], &["c", "d", "a"], &["e", "d", "c", "b", "a"]] {
        assert_eq!(ask("thing.use", held).effect(&law), Allow, "{held:?}, held twice over");
    }
    assert_eq!(ask("thing.drop", &["c"]).effect(&law), Deny, "a forbid is inherited too");
    assert_eq!(ask("thing.drop", &["b"]).effect(&law), Allow);
}

#[test]
fn implicit_roles_come_with_the_kind_of_actor_and_with_no_other() {
    let kinds = [ActorKind::User, ActorKind::Service, ActorKind::Job, ActorKind::Webhook];
    for kind in kinds {
        let law = build(
            base()
                .roles([
                    RoleDefinition::implicit("implied", kind).inherits("b"),
                    RoleDefinition::implicit("implied_too", kind),
                ])
                .allow("thing.use", ["implied"])
                .allow("thing.read", ["b"])
                .allow("thing.list", ["implied_too"]),
        );
        for other in kinds {
            let effect = if other == kind { Allow } else { Deny };
            for ability in ["thing.use", "thing.read", "thing.list"] {
                let mut asked = ask(ability, &[]);
                asked.actor = Actor::new(other, "x".parse().unwrap());
                assert_eq!(asked.effect(&law), effect, "{kind:?} {other:?} {ability}");
            }
        }
    }
}

#[test]
fn a_grant_holds_until_its_time_exclusive_and_for_its_pattern_only() {
    let law = build(base().ability("thing.read").ability("cari.read"));
    let second = NOW.after(Duration::from_micros(1));
    for break_glass in [false, true] {
        for (pattern, until, effect) in [
            ("thing.use", second, Allow),
            ("thing.*", second, Allow),
            ("*", second, Allow),
            ("thing.read", second, Deny),
            ("cari.*", second, Deny),
            ("thing.use", NOW, Deny),
            ("*", NOW.before(Duration::from_micros(1)), Deny),
        ] {
            let asked = ask("thing.use", &[]).grant(pattern, until, break_glass);
            assert_eq!(asked.effect(&law), effect, "{pattern} {until}");
            assert_eq!(asked.standing.is_insider(NOW), until > NOW);
        }
    }
    let forbidden = build(base().forbid("thing.use", [""; 0]));
    assert_eq!(ask("thing.use", &[]).grant("*", second, true).effect(&forbidden), Deny);
}

#[test]
fn the_mode_is_looked_up_tenant_first_and_by_ability_first() {
    let ability = || Ability::new("thing.use").unwrap();
    let scope = |own: Option<Mode>, all: Option<Mode>, other: bool| {
        let mut scope = ModeScope { all, ..ModeScope::default() };
        scope.abilities.extend(own.map(|mode| (ability(), mode)));
        if other {
            scope.abilities.insert(Ability::new("other.use").unwrap(), Mode::Off);
        }
        scope
    };
    let modes = [None, Some(Mode::Enforce), Some(Mode::Shadow), Some(Mode::Off)];
    for tenant_own in modes {
        for tenant_all in modes {
            for world_own in modes {
                for world_all in modes {
                    for other in [false, true] {
                        let modes = Modes {
                            tenant: scope(tenant_own, tenant_all, other),
                            world: scope(world_own, world_all, other),
                        };
                        let first = [tenant_own, tenant_all, world_own, world_all];
                        let expected = first.into_iter().flatten().next().unwrap_or(Mode::Enforce);
                        assert_eq!(modes.mode("thing.use"), expected);
                    }
                }
            }
        }
    }
    assert_eq!(Modes::default().mode("anything"), Mode::Enforce);
}

#[test]
fn shadow_decides_and_lets_through_off_does_not_decide_and_a_ban_binds_in_every_mode() {
    let law =
        build(base().allow("thing.use", ["a"]).forbid("thing.drop", ["a"]).ability("thing.drop"));
    let under = |mode, asked: Asked| {
        let world = ModeScope { all: Some(mode), ..ModeScope::default() };
        Asked { modes: Modes { world, ..Modes::default() }, ..asked }
    };
    for (asked, effect) in [
        (ask("thing.use", &["a"]), Allow),
        (ask("thing.use", &["b"]), Deny),
        (ask("thing.drop", &["a"]), Deny),
    ] {
        let shadow = under(Mode::Shadow, asked.clone());
        let answer = shadow.answer(&law);
        assert_eq!((answer.effect, answer.mode), (effect, Mode::Shadow));
        assert!(answer.permits());
        assert_eq!(shadow.reasons(&law)[0], "mode_shadow");
        let off = under(Mode::Off, asked.clone());
        let answer = off.answer(&law);
        assert_eq!((answer.effect, answer.mode), (Indeterminate, Mode::Off));
        assert!(answer.permits());
        assert_eq!(off.reasons(&law), ["mode_off"]);
        for mode in [Mode::Enforce, Mode::Shadow, Mode::Off] {
            let mut banned = under(mode, asked.clone());
            banned.standing.banned = true;
            let answer = banned.answer(&law);
            assert_eq!((answer.effect, answer.banned, answer.permits()), (Deny, true, false));
            assert_eq!(answer.mode, mode);
            assert_eq!(banned.reasons(&law), ["banned"]);
        }
    }
}

#[test]
fn the_laws_own_abilities_are_enforced_in_every_mode() {
    let law = build(base());
    for mode in [Mode::Shadow, Mode::Off] {
        for ability in BUILT_IN_ABILITIES {
            let mut asked = ask(ability, &["a"]);
            asked.modes.tenant.all = Some(mode);
            asked.modes.tenant.abilities.insert(Ability::new(ability).unwrap(), mode);
            let answer = asked.answer(&law);
            assert_eq!((answer.effect, answer.mode), (Deny, Mode::Enforce), "{ability}");
            assert!(!answer.permits());
        }
    }
}

#[test]
fn reasons_name_every_cause_with_its_rule() {
    let law = build(
        base()
            .roles([RoleDefinition::superuser("root")])
            .allow("thing.use", ["a"])
            .allow_if("thing.use", ["a"], "context.p")
            .allow_if("thing.use", ["a"], "context.q")
            .allow("thing.use", ["b"])
            .forbid_if("thing.use", ["a"], "context.p")
            .forbid_if("thing.use", ["a"], "context.q"),
    );
    let later = NOW.after(Duration::from_secs(1));
    let all = ask("thing.use", &["a"])
        .world_role("root")
        .context(&[("q", false)])
        .grant("thing.*", later, false)
        .grant("*", later, true)
        .grant("*", NOW, true);
    assert_eq!(
        all.reasons(&law),
        [
            "attribute_absent: forbid thing.use",
            "superuser",
            "granted: 00000000-0000-0000-0000-000000000000",
            "break_glass: 01010101-0101-0101-0101-010101010101",
            "permitted: permit thing.use",
            "attribute_absent: permit thing.use 2",
            "condition_failed: permit thing.use 3",
        ]
    );
    assert_eq!(all.effect(&law), Indeterminate);
    let q = ask("thing.use", &["a"]).context(&[("p", false), ("q", true)]);
    assert_eq!(
        q.reasons(&law),
        [
            "forbidden: forbid thing.use 2",
            "permitted: permit thing.use",
            "condition_failed: permit thing.use 2",
            "permitted: permit thing.use 3",
        ]
    );
    let nobody = ask("thing.use", &[]);
    assert_eq!(nobody.reasons(&law), ["not_granted"]);
    let only_fails = build(base().allow_if("thing.use", ["a"], "context.q"));
    let failed = ask("thing.use", &["a"]).context(&[("q", false)]);
    assert_eq!(failed.reasons(&only_fails), ["condition_failed: permit thing.use", "not_granted"]);
    let errs = ask("thing.use", &["a"]);
    assert_eq!(errs.reasons(&only_fails), ["attribute_absent: permit thing.use"]);
}

#[test]
fn a_rule_of_a_file_keeps_its_own_id() {
    let law = Law::from_json(
        r#"{"world": "pazar", "version": "1", "roles": [{"name": "a"}],
            "rules": [{"id": "uses", "effect": "permit", "abilities": ["thing.use"],
                       "roles": ["a"]}]}"#,
    );
    assert_eq!(ask("thing.use", &["a"]).reasons(&law.unwrap()), ["permitted: uses"]);
}

#[test]
fn the_rules_list_what_they_know_in_order() {
    let law = build(base().ability("a.b").allow("z.y", ["a"]).critical(["z.y"]));
    let known = law.rules().abilities();
    let mut sorted = known.clone();
    sorted.sort();
    assert_eq!(known, sorted);
    assert_eq!(known.len(), BUILT_IN_ABILITIES.len() + 3);
    assert!(law.rules().knows("z.y") && law.rules().knows("hos.ban") && !law.rules().knows("z.z"));
    assert!(law.rules().is_critical("z.y") && !law.rules().is_critical("a.b"));
    assert!(!law.rules().is_critical("no.such"));
    assert_eq!(format!("{:?}", law.roles()[0].name), "\"a\"");
}

#[test]
fn a_question_is_shown_by_its_ability() {
    let (actor, nothing) = (Actor::user("u").unwrap(), Attributes::new());
    let question = Question {
        actor: &actor,
        ability: "thing.use",
        subject: &nothing,
        context: &nothing,
        standing: &ActorStanding::default(),
        modes: &Modes::default(),
        now: NOW,
    };
    assert!(format!("{question:?}").contains("thing.use"));
}

#[test]
fn patterns_read_back_as_they_print_and_match_what_they_say() {
    for (text, yes, no) in [
        ("thing.use", &["thing.use"][..], &["thing.user", "thing", "thing.us"][..]),
        ("thing.*", &["thing.use", "thing.a"], &["things.use", "thin.g", "thing"]),
        ("*", &["thing.use", "hos.ban"], &[]),
    ] {
        let pattern = AbilityPattern::parse(text).unwrap();
        assert_eq!(pattern.to_string(), text);
        assert!(yes.iter().all(|ability| pattern.matches(ability)), "{text}");
        assert!(!no.iter().any(|ability| pattern.matches(ability)), "{text}");
        let json = serde_json::to_string(&pattern).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<AbilityPattern>(&json).unwrap(), pattern);
    }
    for text in ["", "*.use", "thing", "thing.", ".use", "a.b.*", "**", "T.*", ".*"] {
        assert!(AbilityPattern::parse(text).is_err(), "{text}");
        assert!(serde_json::from_value::<AbilityPattern>(text.into()).is_err(), "{text}");
    }
}

#[test]
fn modes_and_statuses_have_stable_names() {
    for (mode, name) in [(Mode::Enforce, "enforce"), (Mode::Shadow, "shadow"), (Mode::Off, "off")] {
        assert_eq!((mode.as_str(), Mode::parse(name)), (name, Some(mode)));
    }
    assert_eq!(Mode::parse("on"), None);
    assert_eq!((WorldStatus::Open.as_str(), WorldStatus::Closed.as_str()), ("open", "closed"));
    assert_eq!((Mode::default(), WorldStatus::default()), (Mode::Enforce, WorldStatus::Open));
    assert_eq!(Generations::default().members, 0);
}

#[test]
fn a_membership_or_a_live_grant_makes_an_insider() {
    let role = || vec![Role::new("a").unwrap()];
    let nobody = ActorStanding::default();
    assert!(!nobody.is_insider(NOW));
    assert!(!ActorStanding { banned: true, ..nobody.clone() }.is_insider(NOW));
    assert!(ActorStanding { roles: role(), ..nobody.clone() }.is_insider(NOW));
    assert!(ActorStanding { world_roles: role(), ..nobody }.is_insider(NOW));
}

#[test]
fn reason_codes_are_stable() {
    let codes = [
        (ReasonCode::Permitted, "permitted"),
        (ReasonCode::Superuser, "superuser"),
        (ReasonCode::Granted, "granted"),
        (ReasonCode::BreakGlass, "break_glass"),
        (ReasonCode::Forbidden, "forbidden"),
        (ReasonCode::ConditionFailed, "condition_failed"),
        (ReasonCode::AttributeAbsent, "attribute_absent"),
        (ReasonCode::NotGranted, "not_granted"),
        (ReasonCode::Banned, "banned"),
        (ReasonCode::NotFound, "not_found"),
        (ReasonCode::ModeOff, "mode_off"),
        (ReasonCode::ModeShadow, "mode_shadow"),
    ];
    for (code, text) in codes {
        assert_eq!(serde_json::to_value(code).unwrap(), text);
    }
    for (effect, text) in [(Allow, "allow"), (Deny, "deny"), (Indeterminate, "indeterminate")] {
        assert_eq!(serde_json::to_value(effect).unwrap(), text);
    }
}

/// The roles of the law that the property is about, `r0`..`r63`: the most that a law may have.
fn wide() -> Law {
    let names: Vec<String> = (0..64).map(|n| format!("r{n}")).collect();
    let mut law = Law::builder("pazar", "1").roles(names.iter().map(String::as_str));
    for name in &names {
        law = law.allow(&format!("{name}.use"), [name.as_str()]);
    }
    build(law)
}

#[test]
fn all_64_roles_of_a_law_are_told_apart() {
    let law = wide();
    for own in 0..64 {
        let role: Role = format!("r{own}").parse().unwrap();
        let standing = ActorStanding { roles: vec![role], ..ActorStanding::default() };
        let granted = law.rules().abilities().into_iter().filter(|ability| {
            let actor = Actor::service("s").unwrap();
            let nothing = Attributes::new();
            let question = Question {
                actor: &actor,
                ability: ability.as_str(),
                subject: &nothing,
                context: &nothing,
                standing: &standing,
                modes: &Modes::default(),
                now: NOW,
            };
            law.rules().answer(&question).unwrap().effect == Allow
        });
        let granted: Vec<String> = granted.map(|ability| ability.to_string()).collect();
        assert_eq!(granted, [format!("r{own}.use")]);
    }
}

proptest! {
    /// The law of the page, said a second time and naively.
    #[test]
    fn decisions_equal_a_naive_reading_of_the_law(
        rules in prop::collection::vec((any::<bool>(), 0..4_usize, 0..3_usize), 0..8),
        held in prop::collection::vec(any::<bool>(), 2),
        given in prop::collection::vec(prop::option::of(any::<bool>()), 2),
        root: bool,
    ) {
        let whens = [None, Some("context.p"), Some("context.q"), Some("!context.p")];
        let rolesets: [&[&str]; 3] = [&["a"], &["b"], &["a", "b"]];
        let mut seen = std::collections::BTreeSet::new();
        let mut law = base().roles([RoleDefinition::superuser("root")]);
        let mut weights = Vec::new();
        let value = |when: usize| match when {
            0 => Some(true),
            1 => given[0],
            2 => given[1],
            _ => given[0].map(|value| !value),
        };
        for (permit, when, roles) in rules {
            if !seen.insert((permit, when, roles)) {
                continue;
            }
            let named = rolesets[roles];
            law = match (permit, whens[when]) {
                (true, None) => law.allow("thing.use", named.iter().copied()),
                (true, Some(when)) => law.allow_if("thing.use", named.iter().copied(), when),
                (false, None) => law.forbid("thing.use", named.iter().copied()),
                (false, Some(when)) => law.forbid_if("thing.use", named.iter().copied(), when),
            };
            if named.contains(&"a") && held[0] || named.contains(&"b") && held[1] {
                weights.push((permit, value(when)));
            }
        }
        let any = |permit, outcome| weights.contains(&(permit, outcome));
        let expected = if any(false, Some(true)) {
            Deny
        } else if any(false, None) {
            Indeterminate
        } else if root || any(true, Some(true)) {
            Allow
        } else if any(true, None) {
            Indeterminate
        } else {
            Deny
        };
        let mut asked = ask("thing.use", &[]);
        let roles = ["a", "b"].into_iter().zip(&held).filter(|(_, held)| **held);
        asked.standing.roles = roles.map(|(role, _)| role.parse().unwrap()).collect();
        if root {
            asked = asked.world_role("root");
        }
        let context = ["p", "q"].into_iter().zip(&given);
        let context: Vec<_> = context.filter_map(|(name, value)| Some((name, (*value)?))).collect();
        prop_assert_eq!(asked.context(&context).effect(&build(law)), expected);
    }
}
