//! Worlds, tenants, the first superuser, and what is recorded of the law itself.

use hos_core::command::{StandingChange, StandingCommand};
use hos_core::id::{ActorId, Role, Tenant};
use hos_core::laws::{Proofs as _, Registry as _};
use hos_core::proof::PAGE_MAX;
use hos_core::standing::WorldStatus;

use crate::case::cases;
use crate::stage::{
    Stage, act, code, firm, leaf, log_of, member, owner, root, stranger, tenant, user, world,
};

cases!(
    "registry",
    [
        registry_bootstrap_works_only_while_no_superuser_exists,
        registry_bootstrap_is_replayed_by_its_key,
        registry_bootstrap_of_a_lesser_role_is_refused,
        registry_bootstrap_by_two_at_once_leaves_one,
        registry_bootstrap_after_the_last_superuser_left_works_again,
        registry_tenant_is_added_once,
        registry_tenant_is_added_by_a_superuser_only,
        registry_tenants_leave_out_the_reserved_one,
        registry_world_is_closed_and_opened_again,
        registry_world_is_not_closed_for_one_tenant,
        registry_closed_world_takes_no_change_of_standing,
        registry_law_and_contracts_are_recorded_in_the_worlds_log,
        registry_opening_again_records_nothing,
        registry_opening_by_two_at_once_records_each_version_once,
        registry_ended_superuser_has_no_power,
        registry_owner_of_one_tenant_has_no_power_over_the_world,
    ]
);

fn boot(id: &str) -> (ActorId, Role) {
    (ActorId::new(id).unwrap(), Role::new("super_admin").unwrap())
}

async fn registry_bootstrap_works_only_while_no_superuser_exists(stage: Stage) {
    let (usurper, role) = boot("usurper");
    let refused = stage.hos.bootstrap(&world(), &usurper, &role, b"again").await;
    assert_eq!(code(refused), "denied");
    let members = stage.hos.members(&world(), &Tenant::world(), None, 10).await.unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(members[0].0, "root");
}

async fn registry_bootstrap_is_replayed_by_its_key(stage: Stage) {
    let (root, role) = boot("root");
    let replay = stage.hos.bootstrap(&world(), &root, &role, b"bootstrap").await.unwrap();
    assert!(replay.replayed);
    let (usurper, role) = boot("usurper");
    let reused = stage.hos.bootstrap(&world(), &usurper, &role, b"bootstrap").await;
    assert_eq!(code(reused), "key_reused");
}

async fn registry_bootstrap_of_a_lesser_role_is_refused(stage: Stage) {
    stage.change_world(member("root", &[]), "leave").await;
    let role = Role::new("auditor").unwrap();
    let (someone, _) = boot("someone");
    let refused = stage.hos.bootstrap(&world(), &someone, &role, b"k").await;
    assert_eq!(code(refused), "invalid_input");
}

async fn registry_bootstrap_by_two_at_once_leaves_one(stage: Stage) {
    stage.change_world(member("root", &[]), "leave").await;
    let (raced, trap) = stage
        .racing(|hos| {
            Box::pin(async move {
                let (first, role) = boot("first");
                hos.bootstrap(&world(), &first, &role, b"first").await.expect("the first");
            })
        })
        .await;
    let (second, role) = boot("second");
    let late = raced.bootstrap(&world(), &second, &role, b"second").await;
    assert_eq!(code(late), "denied");
    assert!(trap.sprang());
    let members = stage.hos.members(&world(), &Tenant::world(), None, 10).await.unwrap();
    assert_eq!(members.len(), 1);
}

async fn registry_bootstrap_after_the_last_superuser_left_works_again(stage: Stage) {
    stage.change_world(member("root", &[]), "leave").await;
    let (next, role) = boot("next");
    stage.hos.bootstrap(&world(), &next, &role, b"next").await.expect("none exists");
}

async fn registry_tenant_is_added_once(stage: Stage) {
    let add = StandingCommand::new(&root(), &world(), &firm(), StandingChange::AddTenant);
    assert_eq!(code(stage.hos.change_standing(&add.key("again")).await), "invalid_input");
    assert_eq!(stage.hos.tenants(&world(), None, 10).await.unwrap().len(), 2);
}

async fn registry_tenant_is_added_by_a_superuser_only(stage: Stage) {
    for (actor, key) in [(owner(), "k1"), (stranger(), "k2")] {
        let add = StandingChange::AddTenant;
        let command = StandingCommand::new(&actor, &world(), &tenant("firm-3"), add).key(key);
        assert_eq!(code(stage.hos.change_standing(&command).await), "denied");
    }
    assert_eq!(stage.hos.tenants(&world(), None, 10).await.unwrap().len(), 2);
    assert_eq!(stage.hos.head(&world(), &tenant("firm-3")).await.unwrap().size, 0);
}

async fn registry_tenants_leave_out_the_reserved_one(stage: Stage) {
    let tenants = stage.hos.tenants(&world(), None, 10).await.unwrap();
    assert!(tenants.iter().all(|tenant| !tenant.is_world()));
}

fn set(status: WorldStatus) -> StandingChange {
    StandingChange::SetWorld { status }
}

async fn registry_world_is_closed_and_opened_again(stage: Stage) {
    let order = stage.order("o").await;
    stage.change_world(set(WorldStatus::Closed), "k1").await;
    assert_eq!(code(stage.send(&act(&owner(), &order, "pay", "k2")).await), "world_closed");
    assert!(stage.exists(&order).await, "reading goes on");
    stage.change_world(set(WorldStatus::Open), "k3").await;
    stage.moved(&act(&owner(), &order, "pay", "k2")).await;
}

async fn registry_world_is_not_closed_for_one_tenant(stage: Stage) {
    let command =
        StandingCommand::new(&root(), &world(), &firm(), set(WorldStatus::Closed)).key("k");
    assert_eq!(code(stage.hos.change_standing(&command).await), "invalid_input");
    stage.order("o").await;
}

async fn registry_closed_world_takes_no_change_of_standing(stage: Stage) {
    stage.change_world(set(WorldStatus::Closed), "k1").await;
    let command = StandingCommand::new(&owner(), &world(), &firm(), member("x", &["clerk"]));
    assert_eq!(code(stage.hos.change_standing(&command.key("k2")).await), "world_closed");
}

async fn types(stage: &Stage) -> Vec<String> {
    let log = log_of(&stage.hos, &world(), &Tenant::world()).await;
    log.iter().map(|entry| leaf(entry)["typ"].as_str().unwrap().to_owned()).collect()
}

async fn registry_law_and_contracts_are_recorded_in_the_worlds_log(stage: Stage) {
    let types = types(&stage).await;
    let count = |wanted: &str| types.iter().filter(|type_| *type_ == wanted).count();
    assert_eq!((count("world/1"), count("law/1"), count("contract/1")), (1, 1, 4));
    assert_eq!(types[0], "world/1");
    let law = stage.hos.law(&world()).unwrap();
    let recorded = stage.backend().laws(&world()).await.unwrap();
    assert_eq!(recorded.len(), 1);
    assert_eq!((&recorded[0].version, recorded[0].digest), (law.version(), law.digest()));
    assert_eq!(recorded[0].deployment, "suite.example");
    assert_eq!(stage.backend().contracts(&world()).await.unwrap().len(), 4);
}

async fn registry_opening_again_records_nothing(stage: Stage) {
    let before = log_of(&stage.hos, &world(), &Tenant::world()).await;
    let stage = stage.restart().await;
    assert_eq!(log_of(&stage.hos, &world(), &Tenant::world()).await, before);
}

async fn registry_opening_by_two_at_once_records_each_version_once(stage: Stage) {
    use crate::faults::{Call, FaultyStore, Injection};
    use crate::forward::Shared;
    let law = || {
        let builder = crate::law::builder(crate::law::WORLD, "2");
        builder.contract(crate::law::order("1")).contract(crate::law::order("2")).build().unwrap()
    };
    let delayed = |_: Call, _: u64| Injection::Delay(1);
    let open = || {
        let store = FaultyStore::new(Shared(stage.backend()), delayed);
        hos_core::hos::Hos::open_with([law()], store, stage.options())
    };
    let (one, two) = futures_util::future::join(open(), open()).await;
    let (_, _) = (one.unwrap(), two.unwrap());
    let types = types(&stage).await;
    let count = |wanted: &str| types.iter().filter(|type_| *type_ == wanted).count();
    assert_eq!((count("world/1"), count("law/1"), count("contract/1")), (1, 2, 5));
    assert_eq!(stage.backend().laws(&world()).await.unwrap().len(), 2);
    assert_eq!(stage.backend().contracts(&world()).await.unwrap().len(), 5);
    let head = stage.hos.head(&world(), &Tenant::world()).await.unwrap();
    let page = stage.hos.page(&world(), &Tenant::world(), 0, PAGE_MAX).await.unwrap();
    assert_eq!(head.size, u64::try_from(page.len()).unwrap());
}

async fn registry_ended_superuser_has_no_power(stage: Stage) {
    stage.change_world(member("second", &["super_admin"]), "k1").await;
    stage.change_world(member("root", &["auditor"]), "k2").await;
    let add = StandingCommand::new(&root(), &world(), &tenant("f"), StandingChange::AddTenant);
    assert_eq!(code(stage.hos.change_standing(&add.key("k3")).await), "denied");
    let second = user("second");
    let add = StandingCommand::new(&second, &world(), &tenant("f"), StandingChange::AddTenant);
    stage.hos.change_standing(&add.key("k4")).await.unwrap();
}

async fn registry_owner_of_one_tenant_has_no_power_over_the_world(stage: Stage) {
    for (key, change) in
        [("k1", set(WorldStatus::Closed)), ("k2", member("owner-1", &["super_admin"]))]
    {
        let command = StandingCommand::new(&owner(), &world(), &Tenant::world(), change).key(key);
        assert_eq!(code(stage.hos.change_standing(&command).await), "denied");
    }
    stage.order("o").await;
}
