//! Contracts: every fault by itself and all at once, limits, digests, and what a valid one says.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use hos_core::condition::Expression;
use hos_core::contract::{
    ACTION_PARTS_MAX, ACTIONS_MAX, ActionDefinition, Contract, ContractDefinition, FILE_BYTES_MAX,
    FieldDefinition, GuardDefinition, STATES_MAX, TIMER_SECONDS_MAX, TIMERS_MAX, TimerDefinition,
    Written,
};
use hos_core::value::{ATTRIBUTES_MAX, Type};

/// Every part that a contract can have, once.
fn whole() -> ContractDefinition {
    let contract = Contract::builder("order", "1")
        .states(["draft", "live", "gone"])
        .initial("draft")
        .terminal(["gone"])
        .attribute("owner", Type::String)
        .attribute("total", Type::Integer)
        .open("order.create", ["owner"])
        .open_guard("no_total", "subject.total > 0")
        .open_topic("order.opened")
        .action(
            ActionDefinition::new("publish", ["draft"], "live", "order.publish")
                .input("note", Type::String)
                .optional_input("hint", Type::String)
                .fact("stock", Type::Integer)
                .guard("no_stock", "facts.stock > 0")
                .guard("no_note", "size(input.note) > 0")
                .set("total", "facts.stock")
                .topic("order.live")
                .proof("published")
                .critical(),
        )
        .action(ActionDefinition::new("drop", ["draft", "live"], "gone", "order.drop"))
        .timer("live", Duration::from_secs(60), "drop")
        .alias("old", "live")
        .build();
    contract.unwrap().definition().clone()
}

fn faults(change: impl FnOnce(&mut ContractDefinition)) -> Vec<(&'static str, String)> {
    let mut definition = whole();
    change(&mut definition);
    match Contract::new(definition) {
        Ok(_) => Vec::new(),
        Err(error) => error.faults().iter().map(|f| (f.code, f.at.clone())).collect(),
    }
}

/// Exactly this one fault, at exactly this place.
#[track_caller]
fn only(code: &str, at: &str, change: impl FnOnce(&mut ContractDefinition)) {
    assert_eq!(faults(change), [(code, at.to_owned())]);
}

const HERE: &str = "contract order/1";

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn the_whole_contract_has_no_fault_and_says_what_was_declared() {
    let contract = Contract::new(whole()).unwrap();
    assert_eq!((contract.kind().as_str(), contract.version().as_str()), ("order", "1"));
    assert_eq!(contract.states(), ["draft", "live", "gone"]);
    assert_eq!(
        (contract.initial().as_str(), contract.terminal()),
        ("draft", &["gone".parse().unwrap()][..])
    );
    assert!(contract.is_terminal("gone") && !contract.is_terminal("live"));
    assert_eq!(contract.attributes().len(), 2);
    let open = contract.open();
    assert_eq!(
        (open.ability().as_str(), open.required()),
        ("order.create", &["owner".parse().unwrap()][..])
    );
    assert_eq!(
        (open.guards()[0].code().as_str(), open.topics()),
        ("no_total", &["order.opened".parse().unwrap()][..])
    );
    let publish = contract.action("publish").unwrap();
    assert_eq!((publish.name().as_str(), publish.to().as_str()), ("publish", "live"));
    assert_eq!(
        (publish.from(), publish.ability().as_str()),
        (&["draft".parse().unwrap()][..], "order.publish")
    );
    assert_eq!(publish.input().schema().len(), 2);
    assert_eq!(publish.input().required(), ["note"]);
    assert_eq!(
        (publish.facts().required(), publish.facts().schema().len()),
        (&["stock".parse().unwrap()][..], 1)
    );
    assert_eq!(
        publish.guards().iter().map(|g| g.code().as_str()).collect::<Vec<_>>(),
        ["no_stock", "no_note"]
    );
    assert_eq!(publish.guards()[0].condition().expression().to_string(), "facts.stock > 0");
    assert_eq!(
        (publish.topics()[0].as_str(), publish.proof().unwrap().as_str()),
        ("order.live", "published")
    );
    assert!(publish.is_critical());
    let drop = contract.action("drop").unwrap();
    assert!(!drop.is_critical() && drop.proof().is_none());
    assert!(drop.starts_in("draft") && drop.starts_in("live") && !drop.starts_in("gone"));
    let timer = &contract.timers()[0];
    assert_eq!(
        (timer.state().as_str(), timer.after().as_secs(), timer.action().as_str()),
        ("live", 60, "drop")
    );
    assert_eq!(contract.resolve_state("live").unwrap(), "live");
    assert_eq!(contract.resolve_state("old").unwrap(), "live");
    assert!(contract.resolve_state("older").is_none());
    assert!(contract.action("fly").is_none());
    assert!(contract.action_from("draft", "publish").is_some());
    assert!(contract.action_from("live", "publish").is_none());
    assert!(contract.action_from("draft", "fly").is_none());
    let from =
        |state| contract.actions_from(state).map(|a| a.name().to_string()).collect::<Vec<_>>();
    assert_eq!(
        (from("draft"), from("live"), from("gone")),
        (vec![text("publish"), text("drop")], vec![text("drop")], vec![])
    );
    assert_eq!(contract.definition(), &whole());
}

#[test]
fn ill_formed_names_are_found_wherever_they_stand() {
    let publish = "contract order/1 action publish";
    only("ill_formed", "contract Order/1", |d| d.kind = text("Order"));
    only("ill_formed", "contract order/", |d| d.version = text(""));
    assert!(faults(|d| d.states[1] = text("Live")).contains(&("ill_formed", text(HERE))));
    only("ill_formed", "contract order/1 open", |d| d.open.ability = text("order"));
    only("ill_formed", "contract order/1 open", |d| d.open.topics.push(text("Topic")));
    only("ill_formed", "contract order/1 open guard No", |d| {
        d.open.guards.push(GuardDefinition::new("No", "true"));
    });
    only("ill_formed", HERE, |d| {
        d.attributes.insert(text("Owner"), Type::String);
    });
    only("ill_formed", "contract order/1 action Pub", |d| {
        d.actions.push(ActionDefinition::new("Pub", ["draft"], "live", "a.b"));
    });
    let found = faults(|d| d.actions[0].ability = text("publish"));
    assert!(found.contains(&("ill_formed", text(publish))), "{found:?}");
    only("ill_formed", publish, |d| {
        let field = FieldDefinition { type_: Type::Bool, optional: true };
        d.actions[0].input.insert(text("X"), field);
    });
    only("ill_formed", publish, |d| {
        let field = FieldDefinition { type_: Type::Bool, optional: true };
        d.actions[0].facts.insert(text("X"), field);
    });
    only("ill_formed", publish, |d| d.actions[0].topics.push(text("")));
    only("ill_formed", publish, |d| d.actions[0].proof = Some(text("A proof")));
    only("ill_formed", "contract order/1 action publish guard X", |d| {
        d.actions[0].guards.push(GuardDefinition::new("X", "true"));
    });
    only("ill_formed", HERE, |d| {
        d.aliases.insert(text("OLD"), text("live"));
    });
}

#[test]
fn states_are_declared_once_and_known_everywhere() {
    only("duplicate_state", HERE, |d| d.states.push(text("live")));
    only("duplicate_state", HERE, |d| d.terminal.push(text("gone")));
    only("duplicate_state", "contract order/1 action drop", |d| {
        d.actions[1].from.push(text("live"));
    });
    only("duplicate_state", HERE, |d| {
        d.aliases.insert(text("draft"), text("live"));
    });
    only("unknown_state", HERE, |d| d.initial = text("born"));
    only("unknown_state", HERE, |d| d.terminal.push(text("dead")));
    only("unknown_state", "contract order/1 action drop", |d| d.actions[1].from.push(text("x")));
    only("unknown_state", HERE, |d| {
        d.aliases.insert(text("older"), text("x"));
    });
    assert!(
        faults(|d| d.actions[0].to = text("x"))
            .contains(&("unknown_state", text("contract order/1 action publish")))
    );
}

#[test]
fn the_graph_is_reached_whole_and_ends_everywhere() {
    only("unreachable_state", HERE, |d| {
        d.states.push(text("island"));
        d.actions[1].from.push(text("island"));
    });
    only("endless_state", HERE, |d| {
        d.states.push(text("trap"));
        d.actions.push(ActionDefinition::new("fall", ["live"], "trap", "order.fall"));
    });
    assert_eq!(
        faults(|d| d.states.push(text("lost"))),
        [("unreachable_state", text(HERE)), ("endless_state", text(HERE))]
    );
    only("terminal_exit", HERE, |d| {
        d.actions.push(ActionDefinition::new("revive", ["gone"], "draft", "order.revive"));
    });
    only("terminal_exit", HERE, |d| {
        d.actions.push(ActionDefinition::new("stay", ["gone"], "gone", "order.stay"));
    });
    assert_eq!(faults(|d| d.terminal.clear()).len(), 3, "without a terminal state nothing ends");
    only("unreachable_action", "contract order/1 action nap", |d| {
        d.actions.push(ActionDefinition::new("nap", [""; 0], "live", "order.nap"));
    });
    only("duplicate_action", HERE, |d| {
        d.actions.push(ActionDefinition::new("drop", ["live"], "draft", "order.drop"));
    });
    assert_eq!(
        faults(|d| {
            d.actions[1].from.pop();
            d.actions.push(ActionDefinition::new("drop", ["live"], "gone", "order.force"));
        }),
        [],
        "one name, two entries from different states"
    );
    assert_eq!(
        faults(|d| d.actions.push(ActionDefinition::new("touch", ["live"], "live", "order.touch"))),
        []
    );
}

#[test]
fn attributes_guards_and_assignments_fit_their_types() {
    let publish = "contract order/1 action publish";
    for name in ["id", "kind", "revision", "state", "tenant"] {
        only("reserved_name", HERE, |d| {
            d.attributes.insert(text(name), Type::String);
        });
    }
    only("unknown_attribute", "contract order/1 open", |d| d.open.required.push(text("x")));
    only("unknown_attribute", "contract order/1 action publish set x", |d| {
        d.actions[0].set.insert(text("x"), "1".into());
    });
    only("type_mismatch", "contract order/1 action publish set owner", |d| {
        d.actions[0].set.insert(text("owner"), "1".into());
    });
    only("duplicate_guard", "contract order/1 action publish guard no_stock", |d| {
        d.actions[0].guards.push(GuardDefinition::new("no_stock", "true"));
    });
    only("duplicate_guard", "contract order/1 open guard no_total", |d| {
        d.open.guards.push(GuardDefinition::new("no_total", "true"));
    });
    for (when, code) in [
        ("facts.stock >", "syntax"),
        ("facts.nothing > 0", "unknown_name"),
        ("facts.stock == \"a\"", "type_mismatch"),
        ("size(subject.owner)", "type_mismatch"),
        ("facts.stock in [1, \"a\"]", "mixed_set"),
        ("facts.stock > 9007199254740993", "out_of_range"),
        ("context.anything", "unknown_name"),
    ] {
        let at = format!("{publish} guard extra");
        only(code, &at, |d| d.actions[0].guards.push(GuardDefinition::new("extra", when)));
    }
    only("too_few", "contract order/1 open guard extra", |d| {
        let tree = Written::from(Expression::And(Vec::new()));
        d.open.guards.push(GuardDefinition::new("extra", tree));
    });
    only("too_long", "contract order/1 open guard extra", |d| {
        let long = format!("subject.owner == \"{}\"", "x".repeat(4_096));
        d.open.guards.push(GuardDefinition::new("extra", long.as_str()));
    });
    only("unknown_name", "contract order/1 open guard extra", |d| {
        d.open.guards.push(GuardDefinition::new("extra", "has(input.note)"));
    });
    only("unknown_name", "contract order/1 action drop guard extra", |d| {
        d.actions[1].guards.push(GuardDefinition::new("extra", "facts.stock > 0"));
    });
    for fine in [
        "actor.id == subject.owner",
        "actor.kind == \"job\"",
        "now > timestamp(\"2026-01-01T00:00:00Z\")",
        "subject.revision > 0 && subject.tenant != subject.kind && subject.id != subject.state",
    ] {
        assert_eq!(
            faults(|d| d.actions[0].guards.push(GuardDefinition::new("extra", fine))),
            [],
            "{fine}"
        );
    }
}

#[test]
fn timers_wait_a_bounded_time_for_an_action_that_can_be_done() {
    let at = "contract order/1 timer live";
    only("timer_out_of_range", at, |d| d.timers[0].after_seconds = 0);
    only("timer_out_of_range", at, |d| d.timers[0].after_seconds = TIMER_SECONDS_MAX + 1);
    assert_eq!(faults(|d| d.timers[0].after_seconds = TIMER_SECONDS_MAX), []);
    assert_eq!(TIMER_SECONDS_MAX, 316_224_000, "ten years of 366 days");
    assert_eq!(faults(|d| d.timers[0].after_seconds = 1), []);
    only("unknown_action", at, |d| d.timers[0].action = text("fly"));
    only("unknown_action", at, |d| d.timers[0].action = text("publish"));
    only("unknown_action", "contract order/1 timer gone", |d| d.timers[0].state = text("gone"));
    let timer = |state: &str, action: &str| {
        let (state, action) = (state.to_owned(), action.to_owned());
        TimerDefinition { state, after_seconds: 5, action }
    };
    only("duplicate_timer", HERE, |d| d.timers.push(timer("live", "drop")));
    assert_eq!(faults(|d| d.timers.push(timer("draft", "drop"))), []);
    let input = |optional| FieldDefinition { type_: Type::Bool, optional };
    only("unfireable_timer", at, |d| {
        d.actions[1].input.insert(text("x"), input(false));
    });
    only("unfireable_timer", at, |d| {
        d.actions[1].facts.insert(text("x"), input(false));
    });
    let given = |d: &mut ContractDefinition| {
        d.actions[1].input.insert(text("x"), input(true));
    };
    assert_eq!(faults(given), []);
}

#[test]
fn limits_hold_at_the_most_and_break_one_beyond() {
    let guards = |count: usize| {
        let guard = |n: usize| GuardDefinition::new(&format!("g{n}"), "true");
        (0..count).map(guard).collect::<Vec<_>>()
    };
    let names = |count: usize| (0..count).map(|n| format!("n{n}")).collect::<Vec<_>>();
    let field = FieldDefinition { type_: Type::Bool, optional: true };
    type Change<'a> = Box<dyn Fn(&mut ContractDefinition, usize) + 'a>;
    let publish = "contract order/1 action publish";
    let cases: Vec<(&str, usize, Change<'_>)> = vec![
        (
            HERE,
            STATES_MAX,
            Box::new(|d, count| {
                for name in names(count).into_iter().skip(3) {
                    d.actions[0].from.push(name.clone());
                    d.actions[1].from.push(name.clone());
                    d.states.push(name.clone());
                    d.actions.push(ActionDefinition::new(&name, ["draft"], &name, "a.b"));
                }
            }),
        ),
        (
            HERE,
            ACTIONS_MAX,
            Box::new(|d, count| {
                for name in names(count).into_iter().skip(2) {
                    d.actions.push(ActionDefinition::new(&name, ["draft"], "live", "a.b"));
                }
            }),
        ),
        (
            HERE,
            TIMERS_MAX,
            Box::new(|d, count| {
                for name in names(count).into_iter().skip(1) {
                    d.actions.push(ActionDefinition::new(&name, ["draft"], "live", "a.b"));
                    let (state, action) = (text("draft"), name);
                    d.timers.push(TimerDefinition { state, after_seconds: 1, action });
                }
            }),
        ),
        (
            HERE,
            STATES_MAX,
            Box::new(|d, count| {
                d.aliases = names(count).into_iter().map(|name| (name, text("live"))).collect();
            }),
        ),
        (
            HERE,
            ATTRIBUTES_MAX,
            Box::new(|d, count| {
                d.attributes
                    .extend(names(count).into_iter().skip(2).map(|name| (name, Type::Bool)));
            }),
        ),
        (HERE, ACTION_PARTS_MAX, Box::new(|d, count| d.open.guards = guards(count))),
        (HERE, ACTION_PARTS_MAX, Box::new(|d, count| d.open.topics = names(count))),
        (publish, ACTION_PARTS_MAX, Box::new(|d, count| d.actions[0].guards = guards(count))),
        (publish, ACTION_PARTS_MAX, Box::new(|d, count| d.actions[0].topics = names(count))),
        (
            publish,
            ACTION_PARTS_MAX,
            Box::new(|d, count| {
                d.attributes.extend(names(count).into_iter().map(|name| (name, Type::Bool)));
                d.actions[0].set = names(count).into_iter().map(|n| (n, "true".into())).collect();
            }),
        ),
        (
            publish,
            ATTRIBUTES_MAX,
            Box::new(|d, count| {
                d.actions[0]
                    .input
                    .extend(names(count).into_iter().skip(2).map(|name| (name, field)));
            }),
        ),
        (
            publish,
            ATTRIBUTES_MAX,
            Box::new(|d, count| {
                d.actions[0]
                    .facts
                    .extend(names(count).into_iter().skip(1).map(|name| (name, field)));
            }),
        ),
    ];
    for (number, (at, max, change)) in cases.iter().enumerate() {
        assert_eq!(faults(|d| change(d, *max)), [], "case {number} at the most");
        let beyond = faults(|d| change(d, *max + 1));
        let count = beyond.iter().filter(|fault| **fault == ("too_many", (*at).to_owned())).count();
        assert_eq!(count, 1, "case {number}: {beyond:?}");
        assert!(beyond.iter().all(|(code, _)| *code == "too_many"), "case {number}: {beyond:?}");
    }
}

#[test]
fn an_action_lists_no_more_states_than_a_contract_has() {
    let found = faults(|d| d.actions[1].from = (0..=STATES_MAX).map(|n| format!("x{n}")).collect());
    let at = text("contract order/1 action drop");
    assert!(found.contains(&("too_many", at.clone())));
    assert_eq!(found.iter().filter(|f| **f == ("unknown_state", at.clone())).count(), 65);
    let found = faults(|d| d.actions[1].from = (0..STATES_MAX).map(|n| format!("x{n}")).collect());
    assert!(!found.contains(&("too_many", at)));
}

#[test]
fn all_faults_are_told_at_once() {
    let found = faults(|d| {
        d.version = text("one two");
        d.states.push(text("live"));
        d.initial = text("born");
        d.attributes.insert(text("state"), Type::String);
        d.open.required.push(text("x"));
        d.open.guards.push(GuardDefinition::new("no_total", "1"));
        d.actions[0].to = text("nowhere");
        d.actions[0].ability = text("publish");
        d.actions[1].from.clear();
        d.actions[1].set.insert(text("total"), "actor.id".into());
        d.timers[0].after_seconds = 0;
        d.aliases.insert(text("gone"), text("x"));
    });
    let codes: Vec<&str> = found.iter().map(|(code, _)| *code).collect();
    for code in [
        "ill_formed",
        "duplicate_state",
        "unknown_state",
        "reserved_name",
        "unknown_attribute",
        "type_mismatch",
        "unreachable_action",
        "timer_out_of_range",
        "unknown_action",
        "endless_state",
    ] {
        assert!(codes.contains(&code), "{code} is not among {codes:?}");
    }
    let error = Contract::new(ContractDefinition { kind: text("X"), ..whole() }).unwrap_err();
    assert!(error.has("ill_formed") && !error.has("syntax"));
    let shown = error.to_string();
    assert!(
        shown.starts_with("the law has 1 fault(s): contract X/1: kind has a character"),
        "{shown}"
    );
    assert!(shown.ends_with("(ill_formed)"), "{shown}");
}

#[test]
fn a_file_is_read_strictly() {
    let json = serde_json::to_string(&whole()).unwrap();
    let read = Contract::from_json(&json).unwrap();
    assert_eq!(read.digest(), Contract::new(whole()).unwrap().digest());
    let with = |from: &str, to: &str| Contract::from_json(&json.replacen(from, to, 1));
    for (broken, faults) in [
        (with("{", "["), 1),
        (with("\"kind\"", "\"sort\""), 2),
        (with("\"kind\"", "\"extra\":1,\"kind\""), 1),
        (with("\"type\":\"string\"", "\"type\":\"text\""), 1),
    ] {
        let error = broken.unwrap_err();
        assert_eq!((error.faults().len(), error.faults()[0].code), (faults, "unreadable"));
    }
    let padded = |bytes: usize| format!("{json}{}", " ".repeat(bytes - json.len()));
    assert!(Contract::from_json(&padded(FILE_BYTES_MAX)).is_ok());
    assert!(Contract::from_json(&padded(FILE_BYTES_MAX + 1)).unwrap_err().has("too_many"));
    let bare = r#"{"kind": "k", "version": "1", "states": ["a"], "initial": "a", "terminal": ["a"],
        "open": {"ability": "k.open"}}"#;
    let bare = Contract::from_json(bare).unwrap();
    assert!(bare.is_terminal(bare.initial().as_str()) && bare.actions().is_empty());
}

/// Whoever changes the encoding changes every digest that a store has recorded.
#[test]
fn the_digest_of_a_contract_is_pinned() {
    assert_eq!(
        Contract::new(whole()).unwrap().digest().to_string(),
        "bb4a590308dff27e94550becd757f6a7675a8d5ad9333e0301d2b66839a3e998"
    );
}

#[test]
fn the_digest_turns_with_every_field_and_with_nothing_else() {
    let digest = |change: &dyn Fn(&mut ContractDefinition)| {
        let mut definition = whole();
        change(&mut definition);
        Contract::new(definition).unwrap().digest()
    };
    let own = digest(&|_| {});
    let field = |optional| FieldDefinition { type_: Type::String, optional };
    type Change<'a> = &'a dyn Fn(&mut ContractDefinition);
    let changes: [Change<'_>; 32] = [
        &|d| d.kind = text("orders"),
        &|d| d.version = text("2"),
        &|d| d.states.swap(0, 1),
        &|d| {
            d.actions.push(ActionDefinition::new("hide", ["live"], "draft", "order.hide"));
        },
        &|d| {
            d.actions.push(ActionDefinition::new("hide", ["live"], "draft", "order.hide"));
            d.initial = text("live");
        },
        &|d| {
            d.attributes.insert(text("more"), Type::Integer);
        },
        &|d| {
            d.attributes.insert(text("owner"), Type::Bool);
        },
        &|d| d.open.ability = text("order.open"),
        &|d| d.open.required.clear(),
        &|d| d.open.required.push(text("total")),
        &|d| d.open.guards.clear(),
        &|d| d.open.guards[0].code = text("other"),
        &|d| d.open.guards[0].when = "subject.total > 1".into(),
        &|d| d.open.topics.clear(),
        &|d| d.actions.swap(0, 1),
        &|d| d.actions[0].name = text("show"),
        &|d| d.actions[1].from.swap(0, 1),
        &|d| d.actions[0].ability = text("order.show"),
        &|d| {
            d.actions[0].input.insert(text("hint"), field(false));
        },
        &|d| {
            d.actions[0].input.remove("hint");
        },
        &|d| {
            d.actions[1].facts.insert(text("more"), field(true));
        },
        &|d| d.actions[0].guards.swap(0, 1),
        &|d| d.actions[0].set.clear(),
        &|d| {
            d.actions[0].set.insert(text("owner"), "input.note".into());
        },
        &|d| d.actions[0].topics.clear(),
        &|d| d.actions[0].proof = None,
        &|d| d.actions[0].critical = false,
        &|d| d.timers.clear(),
        &|d| d.timers[0].after_seconds = 61,
        &|d| d.timers[0].state = text("draft"),
        &|d| d.aliases.clear(),
        &|d| {
            d.aliases.insert(text("old"), text("gone"));
        },
    ];
    let mut seen = std::collections::BTreeSet::from([own]);
    for (number, change) in changes.into_iter().enumerate() {
        assert!(seen.insert(digest(change)), "change {number} left the digest as it was");
    }
    let spaced: Change<'_> = &|d| d.open.guards[0].when = "((subject.total))>0".into();
    assert_eq!(digest(spaced), own, "the same condition, written otherwise");
    let tree: Change<'_> = &|d| {
        d.open.guards[0].when = Expression::parse("subject.total > 0").unwrap().into();
    };
    assert_eq!(digest(tree), own);
}
