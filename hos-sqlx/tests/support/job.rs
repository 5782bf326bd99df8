//! The law that is under load: jobs that are touched, lie down, get up and end.

use hos_core::prelude::*;

pub(crate) const WORLD: &str = "struck";

/// One action loops, two go to and fro, one ends.
pub(crate) fn law() -> Law {
    let job = Contract::builder("job", "1")
        .states(["awake", "asleep", "done"])
        .initial("awake")
        .terminal(["done"])
        .open("job.open", Vec::<String>::new())
        .action(ActionDefinition::new("touch", ["awake"], "awake", "job.touch").topic("job.moved"))
        .action(ActionDefinition::new("doze", ["awake"], "asleep", "job.touch"))
        .action(ActionDefinition::new("wake", ["asleep"], "awake", "job.touch"))
        .action(ActionDefinition::new("finish", ["awake"], "done", "job.finish"))
        .build()
        .unwrap();
    Law::builder(WORLD, "1")
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::implicit("worker", ActorKind::User),
        ])
        .allow("job.*", ["worker"])
        .contract(job)
        .build()
        .unwrap()
}

pub(crate) fn worker() -> Actor {
    Actor::user("worker-1").unwrap()
}

pub(crate) fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

pub(crate) fn job(tenant: &Tenant, number: u64) -> Subject {
    Subject::new(WORLD, tenant.as_str(), "job", &format!("j-{number}")).unwrap()
}

/// Makes a tenant with so many jobs.
pub(crate) async fn prepare(hos: &Hos, tenant: &Tenant, jobs: u64) {
    let world = World::new(WORLD).unwrap();
    let root = ActorId::new("root-1").unwrap();
    // Refused by a world that has its superuser.
    let _had = hos.bootstrap(&world, &root, &Role::new("root").unwrap(), b"boot").await;
    let actor = Actor::user("root-1").unwrap();
    let add = StandingCommand::new(&actor, &world, tenant, StandingChange::AddTenant);
    hos.change_standing(&add.key(tenant.as_str())).await.unwrap();
    for number in 0..jobs {
        let key = format!("open-{number}");
        hos.open_subject(&worker(), &job(tenant, number), Attributes::new(), key).await.unwrap();
    }
}
