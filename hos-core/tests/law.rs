//! Laws: every fault by itself, limits, digests, and the same answer on every load.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::condition::Nothing;
use hos_core::contract::{ActionDefinition, Contract, FILE_BYTES_MAX};
use hos_core::law::{
    CONTRACTS_MAX, KEY_RETENTION, KEY_RETENTION_MAX, KEY_RETENTION_MIN, Law, LawDefinition,
    MigrationDefinition,
};
use hos_core::policy::{
    ABILITIES_MAX, BUILT_IN_ABILITIES, Question, ROLES_MAX, RULES_MAX, RULES_OF_ABILITIES_MAX,
    RoleDefinition, RuleDefinition, RuleEffect,
};
use hos_core::standing::{ActorStanding, Modes};
use hos_core::time::Timestamp;
use hos_core::value::{ATTRIBUTES_MAX, Type};

fn order(version: &str) -> Contract {
    Contract::builder("order", version)
        .states(["pending", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .open("order.create", ["customer"])
        .action(ActionDefinition::new("cancel", ["pending"], "cancelled", "order.cancel"))
        .build()
        .unwrap()
}

fn rule(effect: RuleEffect, ability: &str, roles: &[&str], when: Option<&str>) -> RuleDefinition {
    RuleDefinition {
        id: None,
        effect,
        abilities: vec![text(ability)],
        roles: roles.iter().map(|role| text(role)).collect(),
        when: when.map(Into::into),
    }
}

fn permit(ability: &str, roles: &[&str], when: Option<&str>) -> RuleDefinition {
    rule(RuleEffect::Permit, ability, roles, when)
}

fn forbid(ability: &str, roles: &[&str], when: Option<&str>) -> RuleDefinition {
    rule(RuleEffect::Forbid, ability, roles, when)
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// Every part that a law can have, once.
fn whole() -> LawDefinition {
    LawDefinition {
        world: text("pazar"),
        version: text("2026-12-01"),
        roles: vec![
            RoleDefinition::superuser("root"),
            RoleDefinition::new("owner").inherits("staff"),
            RoleDefinition::new("staff"),
            RoleDefinition::implicit("customer", ActorKind::User),
        ],
        rules: vec![
            permit("order.*", &["owner"], None),
            permit("order.cancel", &["customer"], Some("subject.customer == actor.id")),
            permit("stock.read", &["staff", "owner"], Some("actor.verified || context.trusted")),
            forbid("order.cancel", &[], Some("context.frozen")),
        ],
        abilities: vec![text("audit.read")],
        critical: vec![text("order.cancel")],
        actor: [(text("verified"), Type::Bool)].into(),
        context: [(text("trusted"), Type::Bool), (text("frozen"), Type::Bool)].into(),
        key_retention_seconds: 86_400,
        contracts: vec![order("1").definition().clone()],
        migrations: Vec::new(),
    }
}

fn faults(change: impl FnOnce(&mut LawDefinition)) -> Vec<(&'static str, String)> {
    let mut definition = whole();
    change(&mut definition);
    match Law::new(&definition) {
        Ok(_) => Vec::new(),
        Err(error) => error.faults().iter().map(|f| (f.code, f.at.clone())).collect(),
    }
}

/// Exactly this one fault, at exactly this place.
#[track_caller]
fn only(code: &str, at: &str, change: impl FnOnce(&mut LawDefinition)) {
    assert_eq!(faults(change), [(code, at.to_owned())]);
}

#[test]
fn the_whole_law_has_no_fault_and_says_what_was_declared() {
    let law = Law::new(&whole()).unwrap();
    assert_eq!((law.world().as_str(), law.version().as_str()), ("pazar", "2026-12-01"));
    assert_eq!(law.roles(), whole().roles);
    assert_eq!(law.actor().len(), 3, "id, kind, verified");
    assert_eq!(law.context().len(), 2);
    assert_eq!(law.key_retention(), Duration::from_secs(86_400));
    assert_eq!(law.contract("order").unwrap().version().as_str(), "1");
    assert!(law.contract("orders").is_none());
    assert!(law.contract_version("order", "1").is_some());
    assert!(law.contract_version("order", "2").is_none());
    assert!(law.contract_version("orders", "1").is_none());
    for ability in ["order.create", "order.cancel", "stock.read", "audit.read", "hos.mode"] {
        assert!(law.rules().knows(ability), "{ability}");
    }
    assert!(!law.rules().knows("order.ship"));
    assert!(law.rules().is_critical("order.cancel") && !law.rules().is_critical("order.create"));
}

#[test]
fn of_several_versions_of_a_contract_the_last_is_current_and_all_are_kept() {
    let law = Law::builder("pazar", "1").contract(order("2")).contract(order("1")).build().unwrap();
    assert_eq!(law.contract("order").unwrap().version().as_str(), "1");
    assert_eq!(law.contracts().map(|c| c.version().to_string()).collect::<Vec<_>>(), ["2", "1"]);
    only("duplicate_contract", "contract order/1", |d| {
        d.contracts.push(order("1").definition().clone())
    });
}

#[test]
fn names_are_well_formed_declared_once_and_not_built_in() {
    only("ill_formed", "law", |d| d.world = text("Pazar"));
    only("ill_formed", "law", |d| d.version = text("1 2"));
    only("ill_formed", "actor", |d| {
        d.actor.insert(text("X"), Type::Bool);
    });
    only("ill_formed", "context", |d| {
        d.context.insert(text("X"), Type::Bool);
    });
    for name in ["id", "kind"] {
        only("reserved_name", "actor", |d| {
            d.actor.insert(text(name), Type::String);
        });
        assert_eq!(faults(|d| assert!(d.context.insert(text(name), Type::String).is_none())), []);
    }
    only("ill_formed", "role Boss", |d| d.roles.push(RoleDefinition::new("Boss")));
    only("ill_formed", "abilities", |d| d.abilities.push(text("audit")));
    only("reserved_name", "abilities", |d| d.abilities.push(text("hos.everything")));
    assert_eq!(faults(|d| d.abilities.push(text("hos.ban"))), []);
    only("reserved_name", "rule", |d| d.rules.push(permit("hos.fly", &["owner"], None)));
    only("ill_formed", "rule an id", |d| d.rules[0].id = Some(text("an id")));
}

#[test]
fn roles_are_declared_once_scoped_and_inherit_without_a_circle() {
    only("duplicate_role", "role owner", |d| {
        d.roles.insert(0, RoleDefinition::new("owner").inherits("staff"))
    });
    only("unknown_role", "role staff", |d| d.roles[2].inherits.push(text("nobody")));
    only("tenant_superuser", "role root", |d| d.roles[0].world = false);
    only("implicit_world_role", "role customer", |d| d.roles[3].world = true);
    assert_eq!(
        faults(|d| d.roles[3].superuser = true),
        [
            ("tenant_superuser", text("role customer")),
            ("implicit_world_role", text("role customer"))
        ]
    );
    let circle = ("inheritance_cycle", text("role staff"));
    assert_eq!(faults(|d| d.roles[2].inherits.push(text("staff"))), std::slice::from_ref(&circle));
    assert_eq!(
        faults(|d| d.roles[2].inherits.push(text("owner"))),
        [("inheritance_cycle", text("role owner")), circle]
    );
    let three = faults(|d| {
        d.roles[2].inherits.push(text("third"));
        d.roles.push(RoleDefinition::new("third").inherits("owner"));
    });
    assert_eq!(three.iter().filter(|(code, _)| *code == "inheritance_cycle").count(), 3);
    let outside = faults(|d| {
        d.roles[2].inherits.push(text("staff"));
        d.roles.push(RoleDefinition::new("outer").inherits("owner"));
    });
    assert_eq!(outside.len(), 1, "who inherits from a circle is in none: {outside:?}");
}

#[test]
fn rules_name_what_exists_once_and_within_one_resource() {
    only("unknown_role", "rule permit order.cancel 2", |d| {
        d.rules.push(permit("order.cancel", &["owner", "x"], None))
    });
    only("no_roles", "rule permit order.cancel", |d| {
        d.rules.push(permit("order.cancel", &[], None))
    });
    only("unknown_ability", "rule forbid order.ship", |d| {
        d.rules.push(forbid("order.ship", &[], None))
    });
    only("unknown_ability", "rule permit ship.*", |d| {
        d.rules.push(permit("ship.*", &["owner"], None))
    });
    only("unknown_ability", "critical", |d| d.critical.push(text("order.ship")));
    only("unknown_ability", "rule permit rule", |d| {
        d.rules.push(RuleDefinition { abilities: Vec::new(), ..permit("x", &["owner"], None) });
    });
    only("wildcard_across_resources", "rule permit *.read", |d| {
        d.rules.push(permit("*.read", &["owner"], None))
    });
    only("ill_formed", "rule forbid order", |d| d.rules.push(forbid("order", &[], None)));
    only("duplicate_rule", "rule same", |d| {
        d.rules[0].id = Some(text("same"));
        d.rules[3].id = Some(text("same"));
    });
    only("duplicate_rule", "rule forbid order.cancel 2", |d| {
        d.rules.push(forbid("order.cancel", &[], Some("(context.frozen)")));
    });
    only("duplicate_rule", "rule permit stock.read", |d| {
        d.rules.push(permit(
            "stock.read",
            &["owner", "staff"],
            Some("actor.verified || context.trusted"),
        ));
    });
    assert_eq!(faults(|d| d.rules.push(forbid("order.cancel", &[], None))), []);
    assert_eq!(
        faults(|d| d.rules.push(permit("order.cancel", &["owner"], Some("context.frozen")))),
        []
    );
    let named = |first: &str, second: &str| {
        let abilities = vec![text(first), text(second)];
        RuleDefinition { abilities, ..permit("x", &["owner"], None) }
    };
    only("duplicate_ability", "rule permit order.cancel 2", |d| {
        d.rules.push(named("order.cancel", "order.cancel"))
    });
    only("duplicate_ability", "rule permit order.* 2", |d| {
        d.rules.push(named("order.*", "order.cancel"))
    });
    assert_eq!(faults(|d| d.rules.push(named("order.cancel", "order.create"))), []);
    assert_eq!(faults(|d| d.rules.push(named("order.cancel", "order.*"))), []);
}

#[test]
fn conditions_are_checked_against_every_kind_that_they_are_asked_about() {
    let at = "rule faulty";
    for (when, code) in [
        ("subject.colour == actor.id", "unknown_name"),
        ("context.trusted == 1", "type_mismatch"),
        ("input.reason == \"\"", "unknown_name"),
        ("facts.reason == \"\"", "unknown_name"),
        ("context.trusted &&", "syntax"),
        ("actor.id", "type_mismatch"),
    ] {
        only(code, at, |d| {
            let rule = forbid("order.cancel", &[], Some(when));
            d.rules.push(RuleDefinition { id: Some(text("faulty")), ..rule });
        });
    }
    only("unknown_name", "rule forbid audit.read", |d| {
        d.rules.push(forbid("audit.read", &[], Some("subject.customer == actor.id")));
    });
    assert_eq!(
        faults(|d| d.rules.push(forbid("audit.read", &[], Some("subject.id == actor.id")))),
        []
    );
    let other = Contract::builder("return", "1")
        .states(["a"])
        .initial("a")
        .terminal(["a"])
        .open("order.create", [""; 0])
        .build()
        .unwrap();
    let both = |d: &mut LawDefinition, ability: &str| {
        d.contracts.push(other.definition().clone());
        d.rules.push(forbid(ability, &[], Some("subject.customer == actor.id")));
    };
    only("unknown_name", "rule forbid order.create", |d| both(d, "order.create"));
    assert_eq!(faults(|d| both(d, "order.cancel")), [], "asked about orders only");
    // By the resource alone, although no contract asks for the ability.
    assert_eq!(
        faults(|d| d.rules.push(permit(
            "order.read",
            &["customer"],
            Some("subject.customer == actor.id")
        ))),
        []
    );
}

#[test]
fn a_contracts_faults_are_the_laws_too() {
    let found = faults(|d| d.contracts[0].states.push(text("island")));
    assert_eq!(
        found[..2],
        [
            ("unreachable_state", text("contract order/1")),
            ("endless_state", text("contract order/1")),
        ]
    );
}

#[test]
fn a_key_is_kept_long_enough_and_not_for_ever() {
    let (min, max) = (KEY_RETENTION_MIN.as_secs(), KEY_RETENTION_MAX.as_secs());
    for (seconds, fine) in
        [(min, true), (max, true), (min - 1, false), (max + 1, false), (0, false)]
    {
        let found = faults(|d| d.key_retention_seconds = seconds);
        let expected = if fine { vec![] } else { vec![("retention_out_of_range", text("law"))] };
        assert_eq!(found, expected, "{seconds}");
    }
    assert_eq!(KEY_RETENTION, Duration::from_secs(604_800));
    let law = Law::builder("pazar", "1");
    assert_eq!(law.clone().build().unwrap().key_retention(), KEY_RETENTION);
    let longer = law.key_retention(KEY_RETENTION_MAX).build().unwrap();
    assert_eq!(longer.key_retention(), KEY_RETENTION_MAX);
}

#[test]
fn limits_hold_at_the_most_and_break_one_beyond() {
    type Change<'a> = Box<dyn Fn(&mut LawDefinition, usize) + 'a>;
    let names = |count: usize| (0..count).map(|n| format!("n{n}"));
    let built_in = BUILT_IN_ABILITIES.len();
    let cases: Vec<(&str, usize, Change<'_>)> = vec![
        (
            "law",
            ROLES_MAX,
            Box::new(|d, count| {
                d.roles.extend(names(count).skip(4).map(|n| RoleDefinition::new(&n)))
            }),
        ),
        (
            "law",
            ABILITIES_MAX,
            Box::new(|d, count| {
                d.abilities = names(count - built_in - 3).map(|n| format!("a.{n}")).collect()
            }),
        ),
        (
            "law",
            RULES_MAX,
            Box::new(|d, count| {
                let when = |n: usize| format!("actor.id == \"{n}\"");
                d.rules
                    .extend((4..count).map(|n| permit("audit.read", &["staff"], Some(&when(n)))));
            }),
        ),
        (
            "law",
            CONTRACTS_MAX,
            Box::new(|d, count| {
                d.contracts =
                    (0..count).map(|n| order(&n.to_string()).definition().clone()).collect()
            }),
        ),
        (
            "actor",
            ATTRIBUTES_MAX,
            Box::new(|d, count| d.actor.extend(names(count).skip(1).map(|n| (n, Type::Bool)))),
        ),
        (
            "context",
            ATTRIBUTES_MAX,
            Box::new(|d, count| d.context.extend(names(count).skip(2).map(|n| (n, Type::Bool)))),
        ),
    ];
    for (number, (at, max, change)) in cases.iter().enumerate() {
        assert_eq!(faults(|d| change(d, *max)), [], "case {number} at the most");
        assert_eq!(
            faults(|d| change(d, *max + 1)),
            [("too_many", (*at).to_owned())],
            "case {number}"
        );
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let found = faults(|d| {
        d.world = text("");
        d.key_retention_seconds = 1;
        d.actor.insert(text("id"), Type::String);
        d.roles[2].inherits.push(text("nobody"));
        d.rules[0].roles.push(text("nobody"));
        d.rules[1].when = Some("subject.colour".into());
        d.rules[3].abilities.push(text("*.x"));
        d.critical.push(text("x.y"));
        d.contracts[0].initial = text("born");
    });
    let codes: BTreeSet<&str> = found.iter().map(|(code, _)| *code).collect();
    for code in [
        "ill_formed",
        "retention_out_of_range",
        "reserved_name",
        "unknown_role",
        "unknown_name",
        "wildcard_across_resources",
        "unknown_ability",
        "unknown_state",
    ] {
        assert!(codes.contains(code), "{code} is not among {codes:?}");
    }
}

#[test]
fn a_file_is_read_strictly() {
    let json = serde_json::to_string(&whole()).unwrap();
    assert_eq!(Law::from_json(&json).unwrap().digest(), Law::new(&whole()).unwrap().digest());
    for (broken, faults) in [
        (json.replacen("\"world\"", "\"realm\"", 1), 2),
        (json.replacen("\"roles\"", "\"extra\":1,\"roles\"", 1), 1),
        (json.replacen("\"permit\"", "\"allow\"", 1), 1),
        (text("["), 1),
    ] {
        let error = Law::from_json(&broken).unwrap_err();
        assert_eq!((error.faults().len(), error.faults()[0].code), (faults, "unreadable"));
    }
    let padded = |bytes: usize| format!("{json}{}", " ".repeat(bytes - json.len()));
    assert!(Law::from_json(&padded(FILE_BYTES_MAX)).is_ok());
    assert!(Law::from_json(&padded(FILE_BYTES_MAX + 1)).unwrap_err().has("too_many"));
    let bare = Law::from_json(r#"{"world": "w", "version": "1"}"#).unwrap();
    assert_eq!((bare.key_retention(), bare.contracts().count()), (KEY_RETENTION, 0));
}

#[test]
fn the_builder_and_the_definition_make_one_law() {
    let built = Law::builder("pazar", "2026-12-01")
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::new("owner").inherits("staff"),
            "staff".into(),
            RoleDefinition::implicit("customer", ActorKind::User),
        ])
        .claim("verified", Type::Bool)
        .context("trusted", Type::Bool)
        .context("frozen", Type::Bool)
        .allow("order.*", ["owner"])
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .allow_if("stock.read", ["staff", "owner"], "actor.verified || context.trusted")
        .forbid_if("order.cancel", [""; 0], "context.frozen")
        .ability("audit.read")
        .critical(["order.cancel"])
        .key_retention(Duration::from_secs(86_400))
        .contract(order("1"))
        .build()
        .unwrap();
    assert_eq!(built.digest(), Law::new(&whole()).unwrap().digest());
    let more = Law::builder("w", "1").roles(["a"]).ability("x.y").forbid("x.y", ["a"]).build();
    assert!(more.unwrap().rules().knows("x.y"));
}

/// Whoever changes the encoding changes every digest that a store has recorded.
#[test]
fn the_digest_of_a_law_is_pinned() {
    assert_eq!(
        Law::new(&whole()).unwrap().digest().to_string(),
        "1ddf5e1d070aa14283cb213bbcd79538dad416d2f051e8f0879b0d6af7d194e3"
    );
}

#[test]
fn the_digest_turns_with_every_field_and_with_nothing_else() {
    let digest = |change: &dyn Fn(&mut LawDefinition)| {
        let mut definition = whole();
        change(&mut definition);
        Law::new(&definition).unwrap().digest()
    };
    let own = digest(&|_| {});
    type Change<'a> = &'a dyn Fn(&mut LawDefinition);
    let changes: [Change<'_>; 24] = [
        &|d| d.world = text("chat"),
        &|d| d.version = text("2"),
        &|d| d.roles.swap(1, 2),
        &|d| d.roles[1].inherits.clear(),
        &|d| d.roles.push(RoleDefinition::new("crew")),
        &|d| d.roles[0].superuser = false,
        &|d| d.roles[2].world = true,
        &|d| d.roles[3].implicit = Some(ActorKind::Job),
        &|d| d.roles[3].implicit = None,
        &|d| d.rules.swap(0, 1),
        &|d| d.rules[0].effect = RuleEffect::Forbid,
        &|d| d.rules[0].id = Some(text("named")),
        &|d| d.rules[0].abilities = vec![text("order.cancel")],
        &|d| d.rules[0].roles.push(text("staff")),
        &|d| d.rules[1].when = None,
        &|d| d.rules[1].when = Some("subject.customer != actor.id".into()),
        &|d| d.abilities.push(text("audit.write")),
        &|d| d.critical.clear(),
        &|d| {
            d.actor.insert(text("verified"), Type::Bool);
            d.actor.insert(text("more"), Type::Bool);
        },
        &|d| {
            d.context.insert(text("more"), Type::Bool);
        },
        &|d| d.key_retention_seconds = 86_401,
        &|d| d.contracts.push(order("2").definition().clone()),
        &|d| {
            d.contracts.push(order("2").definition().clone());
            d.migrations.push(MigrationDefinition::new("order", "1", "2"));
        },
        &|d| {
            d.contracts.push(order("2").definition().clone());
            d.migrations.push(MigrationDefinition::new("order", "2", "1"));
        },
    ];
    let mut seen = BTreeSet::from([own]);
    for (number, change) in changes.into_iter().enumerate() {
        assert!(seen.insert(digest(change)), "change {number} left the digest as it was");
    }
    let spaced: Change<'_> = &|d| d.rules[1].when = Some("(subject.customer)==(actor.id)".into());
    assert_eq!(digest(spaced), own, "the same condition, written otherwise");
}

#[test]
fn a_law_loaded_a_thousand_times_is_one_law_with_one_mind() {
    let json = serde_json::to_string(&whole()).unwrap();
    let actor = Actor::user("u-1").unwrap().claim("verified", true).unwrap();
    let standing =
        ActorStanding { roles: vec!["owner".parse().unwrap()], ..ActorStanding::default() };
    let told: BTreeSet<String> = (0..1_000)
        .map(|_| {
            let law = Law::from_json(&json).unwrap();
            let mut told = law.digest().to_string();
            for ability in law.rules().abilities() {
                let question = Question {
                    actor: &actor,
                    ability: ability.as_str(),
                    subject: &Nothing,
                    context: &Nothing,
                    standing: &standing,
                    modes: &Modes::default(),
                    now: Timestamp::EPOCH,
                };
                told.push_str(&format!("{ability} {:?}", law.rules().explain(&question)));
            }
            told
        })
        .collect();
    assert_eq!(told.len(), 1);
}

#[test]
fn wildcards_do_not_multiply_rules_without_end() {
    let law = Law::builder("pazar", "1").roles(["staff"]).build().unwrap();
    let mut definition = law.definition().clone();
    definition.abilities =
        (0..ABILITIES_MAX - BUILT_IN_ABILITIES.len()).map(|n| format!("a.n{n}")).collect();
    let most = RULES_OF_ABILITIES_MAX / ABILITIES_MAX;
    let rule = |n: usize| permit("*", &["staff"], Some(&format!("actor.id == \"{n}\"")));
    definition.rules = (0..most).map(rule).collect();
    assert!(Law::new(&definition).is_ok());
    definition.rules.push(rule(most));
    assert!(Law::new(&definition).unwrap_err().has("too_many"));
}
