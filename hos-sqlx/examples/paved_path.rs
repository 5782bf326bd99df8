//! The paved path, as the README shows it.

use hos_core::prelude::*;
use hos_sqlx::{SqliteStore, WithinExt as _};

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("pazar.db");
    // readme:start
    let order = Contract::builder("order", "1") // data: built in code, or read from a file
        .states(["pending", "paid", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .open("order.create", ["customer"])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay").topic("order.paid"))
        .action(ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel"))
        .build()?;
    let customer = RoleDefinition::implicit("customer", ActorKind::User);
    let law = Law::builder("pazar", "2026-12-01")
        .roles([RoleDefinition::superuser("super_admin"), customer])
        .allow("order.create", ["customer"])
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .contract(order)
        .build()?; // every fault at once
    let store = SqliteStore::open(path).await?;
    let hos = Hos::open([law], store.clone()).await?;

    // The first super-admin, who registers a tenant.
    let (world, firm) = (World::new("pazar")?, Tenant::new("firm-1")?);
    hos.bootstrap(&world, &"root".parse()?, &"super_admin".parse()?, b"boot").await?;
    let root = Actor::user("root")?;
    let add = StandingCommand::new(&root, &world, &firm, StandingChange::AddTenant);
    hos.change_standing(&add.key("add-firm-1")).await?;

    let (actor, order) = (Actor::user("u-1")?, Subject::new("pazar", "firm-1", "order", "o-1")?);
    hos.open(&Opening::new(&actor, &order).attribute("customer", "u-1").key("k-1")).await?;

    // Inside your own transaction, so that your rows and the law's commit together:
    let mut transaction = store.begin().await?;
    let cancel = Command::new(&actor, &order, "cancel").key("k-2");
    let receipt = hos.within(&mut transaction).transition(&cancel).await?;
    transaction.commit().await?;
    assert_eq!(receipt.to.as_ref().map(|state| state.as_str()), Some("cancelled"));
    // readme:end
    store.close().await?;
    Ok(())
}
