//! Facts that a review found missing: what a stranger may infer, what a law may not say, and what
//! a second process or a dropped future may not harm.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::command::{Command, Opening, StandingChange, StandingCommand};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::Error;
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::{ActorId, Role, Tenant, World};
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Policy as _, Query, Registry as _};
use hos_core::memory::MemoryStore;
use hos_core::policy::RoleDefinition;
use hos_core::standing::AbilityPattern;
use hos_core::subject::Subject;
use hos_core::time::{ManualClock, SeededIds, Timestamp};
use hos_core::value::Type;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn order(version: &str, hold: Type) -> Contract {
    Contract::builder("order", version)
        .states(["pending", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("hold", hold)
        .open("order.create", [""; 0])
        .action(ActionDefinition::new("cancel", ["pending"], "cancelled", "order.cancel"))
        .timer("pending", Duration::from_secs(60), "cancel")
        .build()
        .unwrap()
}

fn law(world: &str) -> Law {
    Law::builder(world, "1")
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::new("owner"),
            RoleDefinition::implicit("visitor", ActorKind::User),
            RoleDefinition::implicit("clock", ActorKind::Job),
        ])
        .allow("order.*", ["owner"])
        .allow_if("order.cancel", ["visitor"], "subject.hold")
        .allow("order.cancel", ["clock"])
        .contract(order("1", Type::Bool))
        .build()
        .unwrap()
}

fn user(id: &str) -> Actor {
    Actor::user(id).unwrap()
}

fn subject(world: &str, id: &str) -> Subject {
    Subject::new(world, "firm", "order", id).unwrap()
}

fn start() -> Timestamp {
    Timestamp::parse("2026-12-01T12:00:00Z").unwrap()
}

async fn desk(world: &str, store: &MemoryStore) -> Hos {
    let options = HosOptions::default().clock(ManualClock::at(start())).ids(SeededIds::new(1));
    let hos = Hos::open_with([law(world)], store.clone(), options).await.unwrap();
    let role = "super_admin".parse().unwrap();
    hos.bootstrap(&world.parse().unwrap(), user("root").id(), &role, b"boot").await.unwrap();
    let roles = vec!["owner".parse().unwrap()];
    let member = "olga".parse().unwrap();
    for change in [
        StandingChange::AddTenant,
        StandingChange::SetMember { member, roles },
        StandingChange::Ban { target: "mallory".parse().unwrap(), reason: "fraud".to_owned() },
    ] {
        stand(&hos, world, "root", "firm", change).await.unwrap();
    }
    hos.open(&Opening::new(&user("olga"), &subject(world, "o-1")).key("open")).await.unwrap();
    hos
}

async fn stand(
    hos: &Hos,
    world: &str,
    actor: &str,
    tenant: &str,
    change: StandingChange,
) -> Result<(), Error> {
    let (world, tenant): (World, Tenant) = (world.parse().unwrap(), tenant.parse().unwrap());
    let key = format!("{actor} {}", change.as_str());
    let command = StandingCommand::new(&user(actor), &world, &tenant, change).key(key);
    hos.change_standing(&command).await.map(|_| ())
}

#[test]
fn a_stranger_is_told_the_same_of_a_subject_that_exists_and_of_one_that_does_not() {
    block_on(async {
        let hos = desk("pazar", &MemoryStore::new()).await;
        for stranger in ["stranger", "mallory"] {
            let ask = |id| Query::new(&user(stranger), "order.cancel", &subject("pazar", id));
            let (there, missing) = (ask("o-1"), ask("o-2"));
            assert_eq!(hos.can(&there).await.unwrap(), hos.can(&missing).await.unwrap());
            let all = hos.can_all(&[there.clone(), missing.clone()]).await;
            let all: Vec<_> = all.into_iter().map(Result::unwrap).collect();
            assert_eq!(all[0], all[1]);
            let there = hos.explain(&there).await.unwrap();
            assert_eq!(there, hos.explain(&missing).await.unwrap());
        }
    });
}

#[test]
fn a_stranger_who_adds_a_tenant_is_not_told_whether_it_exists() {
    block_on(async {
        let hos = desk("pazar", &MemoryStore::new()).await;
        let mut codes = Vec::new();
        for tenant in ["firm", "no such firm"] {
            let answer = stand(&hos, "pazar", "stranger", tenant, StandingChange::AddTenant).await;
            codes.push(answer.unwrap_err().refusal().unwrap().code());
        }
        assert_eq!(codes, ["denied", "denied"]);
    });
}

#[test]
fn a_role_of_a_tenant_never_inherits_a_superusers() {
    let law = Law::builder("pazar", "1")
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::new("owner").inherits("super_admin"),
            RoleDefinition::implicit("visitor", ActorKind::User).inherits("owner"),
        ])
        .build();
    let faults = law.unwrap_err().to_string();
    assert!(faults.contains("role owner") && faults.contains("role visitor"), "{faults}");
}

#[test]
fn a_condition_means_the_same_type_in_every_version_of_a_contract() {
    // Else `has` is false for one of them, and the forbid does not bite.
    let law = Law::builder("pazar", "1")
        .roles(["owner"])
        .allow("order.*", ["owner"])
        .forbid_if("order.cancel", [""; 0], "has(subject.hold)")
        .contract(order("1", Type::Bool))
        .contract(order("2", Type::String))
        .build();
    assert!(law.unwrap_err().to_string().contains("another type"));
}

#[test]
fn a_process_leaves_the_timers_of_other_worlds_to_their_own() {
    block_on(async {
        let store = MemoryStore::new();
        let (pazar, chat) = (desk("pazar", &store).await, desk("chat", &store).await);
        let due = start().after(Duration::from_secs(60));
        assert_eq!(pazar.fire_due(due, 100).await.unwrap().len(), 1);
        let fired = chat.fire_due(due, 100).await.unwrap();
        assert_eq!(fired.len(), 1, "the other process postponed it");
        assert!(fired[0].outcome.is_ok());
    });
}

#[test]
fn two_grants_of_other_lengths_are_two_commands() {
    block_on(async {
        let hos = desk("pazar", &MemoryStore::new()).await;
        let grant = |millis| StandingChange::Grant {
            target: "olga".parse().unwrap(),
            pattern: AbilityPattern::parse("order.cancel").unwrap(),
            duration: Duration::from_millis(millis),
            reason: "help".to_owned(),
        };
        let first = stand(&hos, "pazar", "root", "firm", grant(1_200)).await.map_err(|_| ());
        let second = stand(&hos, "pazar", "root", "firm", grant(1_900)).await.map_err(|_| ());
        assert_ne!((first, second), (Ok(()), Ok(())), "the second replayed the first");
    });
}

#[test]
fn a_command_beyond_the_steps_is_refused_and_its_neighbours_are_not() {
    block_on(async {
        let hos = desk("pazar", &MemoryStore::new()).await;
        let olga = user("olga");
        let mut long = Command::new(&olga, &subject("pazar", "o-1"), "cancel");
        for number in 0..100 {
            long = long.and(&subject("pazar", &format!("x-{number}")), "cancel");
        }
        let short = Command::new(&olga, &subject("pazar", "o-1"), "cancel").key("short");
        let answers = hos.transition_all(&[long.key("long"), short]).await;
        let code = answers[0].as_ref().unwrap_err().refusal().unwrap().code();
        assert_eq!(code, "invalid_input");
        assert!(answers[1].is_ok());
    });
}

#[test]
fn a_break_glass_does_not_make_a_superuser_and_nobody_grants_what_they_lack() {
    let role = |name| Role::new(name).unwrap();
    let law = Law::builder("port", "1")
        .roles([RoleDefinition::superuser("root"), RoleDefinition::world("clerk")])
        .roles([RoleDefinition::new("crew")])
        .allow("hos.member", ["clerk"])
        .allow("hos.grant", ["clerk"])
        .allow("hos.break_glass", ["clerk"])
        .allow("berth.read", ["clerk"])
        .ability("berth.close")
        .build()
        .unwrap();
    block_on(async {
        let hos = Hos::open([law], MemoryStore::new()).await.unwrap();
        let (world, all) = (World::new("port").unwrap(), Tenant::world());
        let id = |text: &str| ActorId::new(text).unwrap();
        hos.bootstrap(&world, &id("root-1"), &role("root"), b"boot").await.unwrap();
        let root = Actor::user("root-1").unwrap();
        let clerk = Actor::user("clerk-1").unwrap();
        let member = |who: &str, name| StandingChange::SetMember {
            member: ActorId::new(who).unwrap(),
            roles: vec![Role::new(name).unwrap()],
        };
        let grant = |pattern: &str| StandingChange::Grant {
            target: ActorId::new("clerk-1").unwrap(),
            pattern: AbilityPattern::parse(pattern).unwrap(),
            duration: Duration::from_secs(60),
            reason: "night shift".to_owned(),
        };
        let change = |actor: &Actor, change, key: &str| {
            let command = StandingCommand::new(actor, &world, &all, change).key(key);
            let hos = hos.clone();
            async move { hos.change_standing(&command).await }
        };
        change(&root, member("clerk-1", "clerk"), "1").await.unwrap();
        let glass = StandingChange::BreakGlass {
            duration: Duration::from_secs(60),
            reason: "storm".to_owned(),
        };
        change(&clerk, glass, "2").await.unwrap();
        change(&clerk, member("clerk-2", "clerk"), "3").await.unwrap();
        change(&clerk, grant("berth.read"), "4").await.unwrap();
        for (at, more) in
            [member("clerk-1", "root"), grant("berth.close"), grant("berth.*"), grant("*")]
                .into_iter()
                .enumerate()
        {
            let refused = change(&clerk, more, &format!("more-{at}")).await.unwrap_err();
            assert_eq!(refused.refusal().unwrap().code(), "denied", "{at}");
        }
    });
}
