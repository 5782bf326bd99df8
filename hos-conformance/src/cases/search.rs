//! Who can do this, and what can they do: the rules of `can`, asked the other way round.

use std::collections::BTreeSet;
use std::time::Duration;

use hos_core::actor::Actor;
use hos_core::command::StandingChange;
use hos_core::id::{Ability, ActorId};
use hos_core::laws::{Others, Policy as _, Query};
use hos_core::standing::{AbilityPattern, Mode};
use hos_core::subject::Subject;

use crate::case::cases;
use crate::stage::{
    NEIGHBOUR, Stage, act, ban, code, customer, firm, member, owner, root, stranger, subject,
    tenant, user, world,
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
