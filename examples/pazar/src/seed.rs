//! Demo tenants, accounts and listings, laid down through the law itself and once only: each
//! command has a key of its own, so that the next start replays it.

use std::sync::LazyLock;

use hos_core::actor::Actor;
use hos_core::command::{Command, StandingChange, StandingCommand};
use hos_core::id::{ActorId, Role, Tenant};
use hos_core::laws::{Contracts as _, Registry as _};

use crate::app::App;
use crate::auth::{self, User};
use crate::domain::listings::{self, NewListing};
use crate::domain::tenants;
use crate::error::Problem;
use crate::request::Call;

/// A demo account.
pub(crate) struct Account {
    pub(crate) id: &'static str,
    pub(crate) email: &'static str,
    pub(crate) name: &'static str,
    /// Where it has a role, and which.
    pub(crate) role: Option<(&'static str, &'static str)>,
}

/// The password of every demo account: public, hence refused on addresses that others reach.
pub(crate) const PASSWORD: &str = "pazar-demo";

const ROOT: &str = "u-root";
const SHOP: &str = "kilim";
const HOUSE: &str = "konak";

/// Invented people at a reserved domain.
pub(crate) const ACCOUNTS: [Account; 7] = [
    account(ROOT, "root@pazar.example", "Root", None),
    account("u-kilim-owner", "owner@kilim.example", "Kilim owner", Some((SHOP, "owner"))),
    account("u-kilim-staff", "staff@kilim.example", "Kilim staff", Some((SHOP, "staff"))),
    account("u-konak-owner", "owner@konak.example", "Konak owner", Some((HOUSE, "owner"))),
    account("u-konak-staff", "staff@konak.example", "Konak staff", Some((HOUSE, "staff"))),
    account("u-ada", "ada@pazar.example", "Ada", None),
    account("u-can", "can@pazar.example", "Can", None),
];

const fn account(
    id: &'static str,
    email: &'static str,
    name: &'static str,
    role: Option<(&'static str, &'static str)>,
) -> Account {
    Account { id, email, name, role }
}

/// One demo listing: firm, key, and what it says.
type Offer = (&'static str, &'static str, NewListing);

static OFFERS: LazyLock<[Offer; 5]> = LazyLock::new(|| {
    [
        (SHOP, "kilim", sale("Handwoven kilim", "Wool, 120 by 180 cm.", 450_000, 12)),
        (SHOP, "tulip", sale("Tulip tea glasses", "Six of them, with saucers.", 24_000, 40)),
        (SHOP, "lamp", sale("Mosaic lamp", "The last five.", 89_000, 5)),
        (HOUSE, "room", booking("Courtyard room", "Breakfast included.", 180_000, 2, "day", true)),
        (HOUSE, "hall", booking("Guest hall", "The owner confirms.", 60_000, 20, "hour", false)),
    ]
});

fn sale(title: &str, description: &str, price: i64, stock: i64) -> NewListing {
    NewListing {
        flow: "sale".to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        price,
        stock,
        capacity: 0,
        unit: None,
        instant: false,
    }
}

fn booking(
    title: &str,
    description: &str,
    price: i64,
    capacity: i64,
    unit: &str,
    instant: bool,
) -> NewListing {
    NewListing {
        flow: "booking".to_owned(),
        capacity,
        unit: Some(unit.to_owned()),
        instant,
        ..sale(title, description, price, 0)
    }
}

/// Lays down what is missing.
pub(crate) async fn lay_down(app: &App) -> Result<(), Problem> {
    if is_laid_down(app).await? {
        return Ok(());
    }
    for Account { id, email, name, .. } in &ACCOUNTS {
        auth::add_account(app, id, email, name, PASSWORD).await?;
    }
    let role = Role::new("super_admin")?;
    app.hos().bootstrap(app.world(), &ActorId::new(ROOT)?, &role, b"seed:bootstrap").await?;
    let root = Actor::user(ROOT)?;
    for (id, name) in [(SHOP, "Kilim & Glass"), (HOUSE, "Konak House")] {
        let key = format!("seed:tenant:{id}");
        tenants::add(app, &root, &Tenant::new(id)?, name, &key).await?;
    }
    for Account { id, role, .. } in &ACCOUNTS {
        let Some((tenant, role)) = role else { continue };
        let (member, roles) = (ActorId::new(id)?, vec![Role::new(role)?]);
        let change = StandingChange::SetMember { member, roles };
        let tenant = Tenant::new(tenant)?;
        let command = StandingCommand::new(&root, app.world(), &tenant, change);
        app.hos().change_standing(&command.key(format!("seed:member:{id}"))).await?;
    }
    for (tenant, key, new) in OFFERS.iter() {
        offer(app, tenant, key, new).await?;
    }
    mark_laid_down(app).await
}

/// Opens and publishes a listing in its owner's name.
async fn offer(app: &App, tenant: &str, key: &str, new: &NewListing) -> Result<(), Problem> {
    let owner = ACCOUNTS.iter().find(|account| account.role == Some((tenant, "owner")));
    let owner = owner.ok_or_else(Problem::not_found)?;
    let user = User {
        id: owner.id.to_owned(),
        email: owner.email.to_owned(),
        name: owner.name.to_owned(),
    };
    let call = Call::new(user, &format!("seed:{key}"))?;
    let tenant = Tenant::new(tenant)?;
    let (id, _) = listings::open(app, &call, &tenant, new).await?;
    let listing = app.subject(&tenant, "listing", &id)?;
    let publish = Command::new(&call.user.actor()?, &listing, "publish");
    app.hos().transition(&publish.key(call.key("publish"))).await?;
    Ok(())
}

/// The seed's keys are forgotten after their retention, what it laid down is not.
async fn is_laid_down(app: &App) -> Result<bool, Problem> {
    let version: Option<i64> =
        sqlx::query_scalar("SELECT version FROM pazar_seed").fetch_optional(app.reader()).await?;
    Ok(version.is_some())
}

async fn mark_laid_down(app: &App) -> Result<(), Problem> {
    let mut transaction = app.store().begin().await?;
    sqlx::query("INSERT INTO pazar_seed (version) VALUES (1) ON CONFLICT DO NOTHING")
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}
