//! The rules as a list asks them: never more than `can` would allow, and no fewer.

use std::time::Duration;

use hos_core::actor::Actor;
use hos_core::command::{Opening, StandingChange};
use hos_core::condition::Predicate;
use hos_core::id::{Ability, Kind, Tenant, World};
use hos_core::laws::{Contracts as _, Filter, Policy as _, Query};
use hos_core::standing::{AbilityPattern, Mode};
use hos_core::subject::{Subject, SubjectView};

use crate::case::cases;
use crate::stage::{
    Stage, act, ban, clerk, code, customer, firm, member, owner, root, ship, stranger, subject,
    tenant, viewer, world,
};

cases!(
    "filter",
    [
        filter_permits_what_can_permits,
        filter_of_a_banned_actor_permits_nothing,
        filter_reads_modes_and_grants_as_can_does,
        filter_is_of_one_kind_in_one_tenant,
        filter_of_a_tenant_that_is_none_permits_nothing,
        filter_names_version_and_digest_of_its_law,
        filter_of_another_kinds_ability_is_refused,
        filters_of_several_tenants_are_those_of_each,
    ]
);

const ABILITIES: [&str; 9] = [
    "order.cancel",
    "order.deliver",
    "order.expire",
    "order.export",
    "order.pay",
    "order.print",
    "order.read",
    "order.ship",
    "order.touch",
];

fn order_kind() -> Kind {
    Kind::new("order").unwrap()
}

fn query(actor: &Actor, ability: &str) -> Query {
    Query::in_tenant(actor, ability, &world(), &firm())
}

async fn filter(stage: &Stage, actor: &Actor, ability: &str) -> Filter {
    stage.hos.filter(&query(actor, ability), &order_kind()).await.expect("a filter")
}

async fn passes(stage: &Stage, filter: &Filter, subject: &Subject) -> bool {
    let situation = stage.hos.situation(subject).await.unwrap().expect("it was opened");
    filter.permits(&SubjectView::of(subject, &situation.snapshot))
}

/// Orders that differ in what rules read: owner, total, note, state.
async fn orders(stage: &Stage) -> Vec<Subject> {
    let mut orders = vec![stage.order("own").await, stage.cancelled("cancelled").await];
    let held = stage.order("held").await;
    stage.moved(&act(&owner(), &held, "pay", "pay held")).await;
    stage.moved(&ship(&owner(), &held, "ship held").input("carrier", "held")).await;
    orders.push(held);
    for (id, customer, total) in [("dear", "customer-1", Some(500)), ("bare", "customer-2", None)] {
        let order = subject("order", id);
        let opening = Opening::new(&owner(), &order).attribute("customer", customer);
        let opening = match total {
            Some(total) => opening.attribute("total", total),
            None => opening,
        };
        stage.hos.open(&opening.key(format!("open {id}"))).await.unwrap();
        orders.push(order);
    }
    orders
}

async fn filter_permits_what_can_permits(stage: Stage) {
    let orders = orders(&stage).await;
    let verified = viewer().claim("verified", true).unwrap();
    let actors = [owner(), clerk(), viewer(), verified, customer(), stranger(), root()];
    let mut seen = [false; 2];
    for (actor, ability) in
        actors.iter().flat_map(|actor| ABILITIES.map(|ability| (actor, ability)))
    {
        for channel in ["desk", "street"] {
            let query = query(actor, ability).context("channel", channel);
            let filter = stage.hos.filter(&query, &order_kind()).await.unwrap();
            for order in &orders {
                let one = Query::new(actor, ability, order).context("channel", channel);
                let permitted = stage.hos.can(&one).await.unwrap().permits();
                let passes = passes(&stage, &filter, order).await;
                assert_eq!(passes, permitted, "{actor:?} {ability} {order} {channel}: {filter:?}");
                seen[usize::from(permitted)] = true;
            }
        }
    }
    assert_eq!(seen, [true; 2]);
}

async fn filter_of_a_banned_actor_permits_nothing(stage: Stage) {
    stage.change(StandingChange::SetMode { ability: None, mode: Some(Mode::Off) }, "off").await;
    assert_eq!(filter(&stage, &clerk(), "order.read").await.predicate(), &Predicate::Always);
    stage.change(ban("clerk-1"), "ban").await;
    assert_eq!(filter(&stage, &clerk(), "order.read").await.predicate(), &Predicate::Never);
}

async fn filter_reads_modes_and_grants_as_can_does(stage: Stage) {
    let order = stage.order("o").await;
    assert!(!passes(&stage, &filter(&stage, &stranger(), "order.pay").await, &order).await);
    let ability = Some(Ability::new("order.pay").unwrap());
    let shadow = StandingChange::SetMode { ability, mode: Some(Mode::Shadow) };
    stage.change(shadow, "shadow").await;
    assert!(passes(&stage, &filter(&stage, &stranger(), "order.pay").await, &order).await);

    stage.change(member("temp-1", &["viewer"]), "member").await;
    let grant = StandingChange::Grant {
        target: "temp-1".parse().unwrap(),
        pattern: AbilityPattern::parse("order.touch").unwrap(),
        duration: Duration::from_secs(60),
        reason: "for the suite".to_owned(),
    };
    stage.change(grant, "grant").await;
    let temp = Actor::user("temp-1").unwrap();
    assert!(passes(&stage, &filter(&stage, &temp, "order.touch").await, &order).await);
    stage.advance(61);
    assert!(!passes(&stage, &filter(&stage, &temp, "order.touch").await, &order).await);
}

async fn filter_is_of_one_kind_in_one_tenant(stage: Stage) {
    let (order, lamp) = (stage.order("o").await, stage.subject("lamp", "o").await);
    let filter = filter(&stage, &root(), "order.read").await;
    assert_eq!(
        (filter.world(), filter.tenant(), filter.kind()),
        (&world(), &firm(), &order_kind())
    );
    assert!(passes(&stage, &filter, &order).await);
    assert!(!passes(&stage, &filter, &lamp).await);
    let situation = stage.hos.situation(&order).await.unwrap().unwrap();
    let elsewhere = Subject { tenant: tenant("firm-2"), ..order };
    assert!(!filter.permits(&SubjectView::of(&elsewhere, &situation.snapshot)));
}

async fn filter_of_a_tenant_that_is_none_permits_nothing(stage: Stage) {
    let query = Query::in_tenant(&root(), "order.read", &world(), &tenant("nobody"));
    let filter = stage.hos.filter(&query, &order_kind()).await.unwrap();
    assert_eq!(filter.predicate(), &Predicate::Never);
    let nowhere = Query::in_tenant(&root(), "order.read", &World::new("nowhere").unwrap(), &firm());
    assert_eq!(code(stage.hos.filter(&nowhere, &order_kind()).await), "invalid_world");
}

async fn filter_names_version_and_digest_of_its_law(stage: Stage) {
    let filter = filter(&stage, &viewer(), "order.read").await;
    let law = stage.hos.law(&world()).unwrap();
    assert_eq!((filter.policy_version(), filter.policy_digest()), (law.version(), law.digest()));
}

async fn filter_of_another_kinds_ability_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    let refused = [
        stage.hos.filter(&query(&owner(), "payment.settle"), &order_kind()).await,
        stage.hos.filter(&query(&owner(), "order.read"), &Kind::new("parcel").unwrap()).await,
        stage.hos.filter(&query(&owner(), "order.unknown"), &order_kind()).await,
        stage.hos.filter(&Query::new(&owner(), "order.read", &order), &order_kind()).await,
    ];
    for refused in refused {
        assert_eq!(code(refused), "invalid_input");
    }
    let elsewhere = Query::in_tenant(&owner(), "order.read", &world(), &Tenant::world());
    assert!(stage.hos.filter(&elsewhere, &order_kind()).await.is_ok(), "the world is a tenant");
}

async fn filters_of_several_tenants_are_those_of_each(stage: Stage) {
    let ada = customer();
    let tenants = [firm(), tenant("nobody"), Tenant::world(), firm()];
    let mut queries: Vec<Query> = tenants
        .iter()
        .map(|tenant| Query::in_tenant(&ada, "order.read", &world(), tenant))
        .collect();
    queries.push(query(&ada, "order.unknown"));
    queries.push(query(&owner(), "order.read"));
    let together = stage.hos.filter_all(&queries, &order_kind()).await;
    assert_eq!(together.len(), queries.len());
    for (query, filter) in queries.iter().zip(together) {
        let alone = stage.hos.filter(query, &order_kind()).await;
        match (filter, alone) {
            (Ok(filter), Ok(alone)) => assert_eq!(filter, alone),
            (filter, alone) => assert_eq!(code(filter), code(alone)),
        }
    }
    assert!(stage.hos.filter_all(&[], &order_kind()).await.is_empty());
}
