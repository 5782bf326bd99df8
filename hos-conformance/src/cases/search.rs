//! Who can do this, and what can they do: the rules of `can`, asked the other way round.

use std::collections::BTreeSet;
use std::time::Duration;

use hos_core::actor::Actor;
use hos_core::command::StandingChange;
use hos_core::contract::Written;
use hos_core::error::Refusal;
use hos_core::hos::Hos;
use hos_core::id::{Ability, ActorId};
use hos_core::law::Law;
use hos_core::laws::{Others, Policy as _, Prospect, Query};
use hos_core::policy::{RuleDefinition, RuleEffect};
use hos_core::standing::{AbilityPattern, Mode};
use hos_core::subject::Subject;

use crate::case::cases;
use crate::stage::{
    NEIGHBOUR, Stage, act, ban, clerk, code, customer, firm, member, owner, root, stranger,
    subject, tenant, user, viewer, world,
};

cases!(
    "search",
    [
        search_finds_members_of_the_tenant_and_of_the_world,
        search_finds_whom_the_subject_names,
        search_finds_who_holds_a_grant,
        search_leaves_out_the_banned,
        search_pages_through_everyone_once,
        search_says_whether_anybody_else_could,
        search_never_looks_next_door,
        search_of_a_missing_subject_finds_nobody,
        search_refuses_an_unknown_ability,
        search_agrees_with_can,
        search_tells_the_abilities_that_can_allows,
        search_tells_abilities_by_claims_and_context,
        search_offers_actions_by_claims_and_context,
        search_finds_those_whom_the_context_lets,
        search_refuses_what_the_law_does_not_declare,
    ]
);

fn who(ability: &str, subject: &Subject) -> Query {
    Query::new(&user("anybody"), ability, subject)
}

async fn found(stage: &Stage, query: &Query) -> Vec<String> {
    let holders = stage.hos.who_can(query, None, 100).await.expect("a search");
    assert_eq!(holders.next, None);
    holders.actors.iter().map(ToString::to_string).collect()
}

fn grant(target: &str, pattern: &str) -> StandingChange {
    StandingChange::Grant {
        target: ActorId::new(target).unwrap(),
        pattern: AbilityPattern::parse(pattern).unwrap(),
        duration: Duration::from_secs(60),
        reason: "for the suite".to_owned(),
    }
}

async fn search_finds_members_of_the_tenant_and_of_the_world(stage: Stage) {
    let order = stage.order("o").await;
    assert_eq!(found(&stage, &who("order.pay", &order)).await, ["clerk-1", "owner-1", "root"]);
}

async fn search_finds_whom_the_subject_names(stage: Stage) {
    let order = stage.order("o").await;
    let query = who("order.cancel", &order);
    assert!(found(&stage, &query).await.contains(&"customer-1".to_owned()));
    let holders = stage.hos.who_can(&query, None, 100).await.unwrap();
    assert_eq!(holders.others, Others::ByName);
}

async fn search_finds_who_holds_a_grant(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(grant("Helper", "order.pay"), "k1").await;
    stage.change(grant("helper", "order.ship"), "k2").await;
    stage.change_world(grant("helper ", "order.pay"), "k3").await;
    let names = ["Helper", "clerk-1", "helper ", "owner-1", "root"];
    assert_eq!(found(&stage, &who("order.pay", &order)).await, names);
    stage.advance(61);
    assert_eq!(found(&stage, &who("order.pay", &order)).await, ["clerk-1", "owner-1", "root"]);
}

async fn search_leaves_out_the_banned(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(ban("clerk-1"), "k").await;
    assert_eq!(found(&stage, &who("order.pay", &order)).await, ["owner-1", "root"]);
}

async fn search_pages_through_everyone_once(stage: Stage) {
    let order = stage.order("o").await;
    for n in 0..7 {
        stage.change(member(&format!("m{n}"), &["clerk"]), &format!("m{n}")).await;
    }
    let query = who("order.pay", &order);
    let all = found(&stage, &query).await;
    assert_eq!(all.len(), 10);
    let (mut seen, mut after): (Vec<String>, Option<ActorId>) = (Vec::new(), None);
    loop {
        let page = stage.hos.who_can(&query, after.as_ref(), 2).await.unwrap();
        assert!(page.actors.len() <= 2);
        seen.extend(page.actors.iter().map(ToString::to_string));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, all);
}

async fn search_says_whether_anybody_else_could(stage: Stage) {
    let order = stage.order("o").await;
    let others = async |query: &Query| stage.hos.who_can(query, None, 1).await.unwrap().others;
    assert_eq!(others(&who("order.pay", &order)).await, Others::None);
    assert_eq!(others(&who("order.cancel", &order)).await, Others::ByName);
    let create = Query::in_tenant(&user("anybody"), "order.create", &world(), &firm());
    assert_eq!(others(&create).await, Others::All);
    let ability = Some(Ability::new("order.pay").unwrap());
    stage.change(StandingChange::SetMode { ability, mode: Some(Mode::Shadow) }, "k").await;
    assert_eq!(others(&who("order.pay", &order)).await, Others::All);
}

async fn search_never_looks_next_door(stage: Stage) {
    let order = stage.order("o").await;
    assert!(!found(&stage, &who("order.pay", &order)).await.contains(&"owner-2".to_owned()));
    let next_door = Query::in_tenant(&user("x"), "order.pay", &world(), &tenant(NEIGHBOUR));
    assert_eq!(found(&stage, &next_door).await, ["owner-2", "root"]);
}

async fn search_of_a_missing_subject_finds_nobody(stage: Stage) {
    let missing = subject("order", "missing");
    let holders = stage.hos.who_can(&who("order.pay", &missing), None, 100).await.unwrap();
    assert_eq!((holders.actors, holders.others), (Vec::new(), Others::None));
    let nowhere = Query::in_tenant(&user("x"), "order.pay", &world(), &tenant("nowhere"));
    assert_eq!(found(&stage, &nowhere).await, [""; 0]);
}

async fn search_refuses_an_unknown_ability(stage: Stage) {
    let order = stage.order("o").await;
    let refused = stage.hos.who_can(&who("order.fly", &order), None, 100).await;
    assert_eq!(code(refused), "invalid_input");
}

async fn search_agrees_with_can(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(grant("stranger-1", "order.ship"), "k1").await;
    stage.change(ban("clerk-1"), "k2").await;
    let everyone =
        ["owner-1", "clerk-1", "viewer-1", "customer-1", "stranger-1", "root", "owner-2"];
    for ability in stage.hos.law(&world()).unwrap().rules().abilities() {
        let query = who(ability.as_str(), &order);
        let holders = stage.hos.who_can(&query, None, 100).await.unwrap();
        let found: BTreeSet<&str> = holders.actors.iter().map(AsRef::as_ref).collect();
        for person in everyone {
            let asked = Query::new(&user(person), ability.as_str(), &order);
            let may = stage.hos.can(&asked).await.unwrap().permits();
            // `owner-2` stands next door alone: one of the others.
            let is_other = person == "owner-2" && holders.others == Others::All;
            let told = is_other || found.contains(person);
            assert_eq!(told, may, "{person} {ability}");
        }
    }
}

async fn search_tells_the_abilities_that_can_allows(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k")).await;
    let law = stage.hos.law(&world()).unwrap();
    let about = |ability: &Ability| law.contract("order").unwrap().is_about(ability);
    let people: [Actor; 4] = [owner(), customer(), stranger(), root()];
    for person in &people {
        let told = stage.hos.abilities(person, &order).await.unwrap();
        for ability in law.rules().abilities().iter().filter(|ability| about(ability)) {
            let query = Query::new(person, ability.as_str(), &order);
            let may = stage.hos.can(&query).await.unwrap().permits();
            assert_eq!(told.contains(ability), may, "{} {ability}", person.id());
        }
    }
    let missing = subject("order", "missing");
    assert_eq!(stage.hos.abilities(&owner(), &missing).await.unwrap(), []);
}

/// Everyone in the firm with every claim and in every context that the law reads, one without.
fn requests(order: &Subject) -> Vec<(Actor, Option<&'static str>, Prospect)> {
    let mut requests = Vec::new();
    for person in [owner(), clerk(), viewer(), customer(), stranger(), root()] {
        for verified in [None, Some(true), Some(false)] {
            let actor = match verified {
                Some(verified) => person.clone().claim("verified", verified).unwrap(),
                None => person.clone(),
            };
            for channel in [None, Some("desk"), Some("web")] {
                let bare = Prospect::new(&actor, order);
                let prospect = match channel {
                    Some(channel) => bare.context("channel", channel),
                    None => bare,
                };
                requests.push((actor.clone(), channel, prospect));
            }
        }
    }
    requests
}

async fn may(
    hos: &Hos,
    (actor, channel): (&Actor, Option<&str>),
    ability: &str,
    order: &Subject,
) -> bool {
    let query = Query::new(actor, ability, order);
    let query = match channel {
        Some(channel) => query.context("channel", channel),
        None => query,
    };
    hos.can(&query).await.unwrap().permits()
}

async fn search_tells_abilities_by_claims_and_context(stage: Stage) {
    let order = stage.order("o").await;
    let law = stage.hos.law(&world()).unwrap();
    let contract = law.contract("order").unwrap();
    let known = law.rules().abilities();
    let mut by_request = [0, 0];
    for (actor, channel, prospect) in requests(&order) {
        let told = stage.hos.abilities_of(&prospect).await.unwrap();
        for ability in known.iter().filter(|ability| contract.is_about(ability)) {
            let may = may(&stage.hos, (&actor, channel), ability.as_str(), &order).await;
            assert_eq!(told.contains(ability), may, "{} {channel:?} {ability}", actor.id());
        }
        let has = |name: &str| usize::from(told.iter().any(|ability| ability.as_str() == name));
        by_request[0] += has("order.print");
        by_request[1] += has("order.export");
        if channel.is_none() {
            assert_eq!(stage.hos.abilities(&actor, &order).await.unwrap(), told);
        }
    }
    // The owner and root always; the clerk at the desk; the viewer when verified.
    assert_eq!(by_request, [9 + 9 + 3, 9 + 9 + 3]);
}

async fn search_offers_actions_by_claims_and_context(stage: Stage) {
    let order = stage.order("o").await;
    let mut definition = stage.hos.law(&world()).unwrap().definition().clone();
    definition.version = "by-context".to_owned();
    let rule = |ability: &str, when: &str| RuleDefinition {
        id: None,
        effect: RuleEffect::Permit,
        abilities: vec![ability.to_owned()],
        roles: vec!["viewer".to_owned()],
        when: Some(Written::from(when)),
    };
    definition.rules.push(rule("order.touch", "context.channel == \"desk\""));
    definition.rules.push(rule("order.pay", "actor.verified"));
    let hos = stage.open([Law::new(&definition).unwrap()]).await.unwrap();
    let mut lists = BTreeSet::new();
    for (actor, channel, prospect) in requests(&order) {
        let told = hos.actions_of(&prospect).await.unwrap();
        let law = hos.law(&world()).unwrap();
        for action in law.contract("order").unwrap().actions_from("pending") {
            let may = may(&hos, (&actor, channel), action.ability().as_str(), &order).await;
            assert_eq!(told.contains(action.name()), may, "{} {channel:?}", actor.id());
        }
        if actor.id().as_str() == "viewer-1" {
            lists.insert(told.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        }
    }
    assert_eq!(
        lists.iter().map(String::as_str).collect::<Vec<_>>(),
        ["", "pay", "pay touch", "touch"]
    );
}

async fn search_finds_those_whom_the_context_lets(stage: Stage) {
    let order = stage.order("o").await;
    let print = who("order.print", &order);
    let at = |channel: &str| print.clone().context("channel", channel);
    assert_eq!(found(&stage, &at("desk")).await, ["clerk-1", "owner-1", "root"]);
    assert_eq!(found(&stage, &at("web")).await, ["owner-1", "root"]);
    assert_eq!(found(&stage, &print).await, ["owner-1", "root"]);
    let verified = user("anybody").claim("verified", true).unwrap();
    let export = Query::new(&verified, "order.export", &order);
    assert_eq!(found(&stage, &export).await, ["owner-1", "root", "viewer-1"]);
}

async fn search_refuses_what_the_law_does_not_declare(stage: Stage) {
    let order = stage.order("o").await;
    let bare = Prospect::new(&owner(), &order);
    for (prospect, fields) in [
        (bare.clone().context("weather", "rain"), vec!["context.weather"]),
        (bare.clone().context("channel", 1), vec!["context.channel"]),
        (
            bare.clone().context("No Name", 1).context("channel", true),
            vec!["context.No Name", "context.channel"],
        ),
        (Prospect::new(&owner().claim("tall", true).unwrap(), &order), vec!["actor.tall"]),
        (Prospect::new(&owner().claim("verified", "yes").unwrap(), &order), vec!["actor.verified"]),
    ] {
        for refused in [
            stage.hos.abilities_of(&prospect).await.unwrap_err(),
            stage.hos.actions_of(&prospect).await.unwrap_err(),
        ] {
            let Some(Refusal::InvalidInput(faults)) = refused.refusal() else {
                panic!("{refused:?}")
            };
            let named: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
            assert_eq!(named, fields);
        }
    }
}
