//! Demo tenants, accounts and listings, laid down through the law itself and once only: each
//! command has a key of its own, so that the next start replays it.

use std::sync::LazyLock;

use hos_core::actor::Actor;
use hos_core::command::{Command, StandingChange, StandingCommand};
use hos_core::id::{ActorId, Role, Tenant};
use hos_core::laws::{Contracts as _, Registry as _};

use crate::app::App;
use crate::auth::{self, User};
use crate::database::query;
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

/// The version of the seed.
const SEED: i64 = 2;
const ROOT: &str = "u-root";
const SHOP: &str = "kilim";
const HOUSE: &str = "konak";
const GARAGE: &str = "liman";

/// Invented people at a reserved domain.
pub(crate) const ACCOUNTS: [Account; 9] = [
    account(ROOT, "root@pazar.example", "Root", None),
    account("u-kilim-owner", "owner@kilim.example", "Kilim owner", Some((SHOP, "owner"))),
    account("u-kilim-staff", "staff@kilim.example", "Kilim staff", Some((SHOP, "staff"))),
    account("u-konak-owner", "owner@konak.example", "Konak owner", Some((HOUSE, "owner"))),
    account("u-konak-staff", "staff@konak.example", "Konak staff", Some((HOUSE, "staff"))),
    account("u-liman-owner", "owner@liman.example", "Liman owner", Some((GARAGE, "owner"))),
    account("u-liman-staff", "staff@liman.example", "Liman staff", Some((GARAGE, "staff"))),
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

/// What the first seed laid down.
static OFFERS: LazyLock<[Offer; 5]> = LazyLock::new(|| {
    [
        (SHOP, "kilim", sale("product", "Handwoven kilim", "Wool, 120 by 180 cm.", 450_000, 12)),
        (
            SHOP,
            "tulip",
            sale("product", "Tulip tea glasses", "Six of them, with saucers.", 24_000, 40),
        ),
        (SHOP, "lamp", sale("product", "Mosaic lamp", "The last five.", 89_000, 5)),
        (
            HOUSE,
            "room",
            booking("lodging", "Courtyard room", "Breakfast included.", 180_000, (2, "day"))
                .at_once(),
        ),
        (
            HOUSE,
            "hall",
            booking("service", "Guest hall", "The owner confirms.", 60_000, (20, "hour")),
        ),
    ]
});

/// What the second seed adds: every category, unit and cancellation policy.
static MORE_OFFERS: LazyLock<[Offer; 13]> = LazyLock::new(|| {
    [
        (SHOP, "bowl", sale("product", "İznik çini kase", "El boyaması, 20 cm.", 62_000, 18)),
        (SHOP, "towel", sale("product", "Peştemal", "Cotton, dries fast.", 19_500, 60)),
        (SHOP, "coffee", sale("food", "Türk kahvesi, 250 g", "Taze kavrulmuş.", 21_000, 80)),
        (SHOP, "delight", sale("food", "Güllü lokum", "Rose delight, 500 g.", 17_500, 45)),
        (
            SHOP,
            "loom",
            booking("service", "Weaving lesson", "Two hours at the loom.", 75_000, (6, "hour"))
                .cancelled("moderate"),
        ),
        (
            HOUSE,
            "suite",
            booking(
                "lodging",
                "Kubbeli süit",
                "Deniz manzaralı, iki kişilik.",
                320_000,
                (2, "day"),
            )
            .cancelled("strict"),
        ),
        (
            HOUSE,
            "flat",
            booking("real_estate", "Çarşıda daire", "A flat by the day.", 240_000, (4, "day"))
                .cancelled("moderate"),
        ),
        (
            HOUSE,
            "bath",
            booking("service", "Hamam", "Kese ve köpük dahil.", 95_000, (4, "hour")).at_once(),
        ),
        (HOUSE, "olives", sale("food", "Bahçe zeytini", "From our own garden, 1 kg.", 26_000, 30)),
        (
            GARAGE,
            "car",
            booking(
                "vehicle",
                "Küçük otomobil",
                "Automatic, unlimited kilometres.",
                150_000,
                (5, "day"),
            )
            .at_once(),
        ),
        (
            GARAGE,
            "bike",
            booking("vehicle", "City bicycle", "With a basket and a lock.", 12_000, (1, "hour"))
                .at_once()
                .cancelled("strict"),
        ),
        (GARAGE, "scooter", sale("vehicle", "İkinci el scooter", "2024, 3.000 km.", 5_400_000, 2)),
        (
            GARAGE,
            "plot",
            sale("real_estate", "Garage space", "For good, by the harbour.", 95_000_000, 1),
        ),
    ]
});

fn sale(category: &str, title: &str, description: &str, price: i64, stock: i64) -> NewListing {
    NewListing {
        flow: "sale".to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        price,
        stock,
        capacity: 0,
        unit: None,
        instant: false,
        category: Some(category.to_owned()),
        cancellation: None,
    }
}

fn booking(
    category: &str,
    title: &str,
    description: &str,
    price: i64,
    (capacity, unit): (i64, &str),
) -> NewListing {
    NewListing {
        flow: "booking".to_owned(),
        capacity,
        unit: Some(unit.to_owned()),
        ..sale(category, title, description, price, 0)
    }
}

impl NewListing {
    /// Confirmed as soon as it is paid.
    fn at_once(self) -> Self {
        Self { instant: true, ..self }
    }

    fn cancelled(self, policy: &str) -> Self {
        Self { cancellation: Some(policy.to_owned()), ..self }
    }
}

/// Lays down what is missing. A file that the first seed was laid down in gets the rest.
pub(crate) async fn lay_down(app: &App) -> Result<(), Problem> {
    let version = laid_down(app).await?;
    if version >= SEED {
        return Ok(());
    }
    for Account { id, email, name, .. } in &ACCOUNTS {
        auth::add_account(app, id, email, name, PASSWORD).await?;
    }
    if version < 1 {
        let (root, role) = (ActorId::new(ROOT)?, Role::new("super_admin")?);
        app.hos().bootstrap(app.world(), &root, &role, b"seed:bootstrap").await?;
        firms(app, &[(SHOP, "Kilim & Glass"), (HOUSE, "Konak House")]).await?;
        offers(app, &*OFFERS).await?;
    }
    firms(app, &[(GARAGE, "Liman Garaj")]).await?;
    offers(app, &*MORE_OFFERS).await?;
    mark_laid_down(app, SEED).await
}

/// Firms, with their people.
async fn firms(app: &App, firms: &[(&str, &str)]) -> Result<(), Problem> {
    let root = Actor::user(ROOT)?;
    for (id, name) in firms {
        let (tenant, key) = (Tenant::new(id)?, format!("seed:tenant:{id}"));
        tenants::add(app, &root, &tenant, name, &key).await?;
        for account in &ACCOUNTS {
            let Some((_, role)) = account.role.filter(|(firm, _)| firm == id) else { continue };
            let (member, roles) = (ActorId::new(account.id)?, vec![Role::new(role)?]);
            let change = StandingChange::SetMember { member, roles };
            let command = StandingCommand::new(&root, app.world(), &tenant, change);
            let key = format!("seed:member:{}", account.id);
            app.hos().change_standing(&command.key(key)).await?;
        }
    }
    Ok(())
}

async fn offers(app: &App, offers: &[Offer]) -> Result<(), Problem> {
    for (tenant, key, new) in offers {
        offer(app, tenant, key, new).await?;
    }
    Ok(())
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

/// Up to which version the seed was laid down. Its keys are forgotten after their retention; what
/// it laid down is not.
async fn laid_down(app: &App) -> Result<i64, Problem> {
    let version = query("SELECT coalesce(max(version), 0) FROM pazar_seed");
    Ok(version.fetch_one(app.database()).await?)
}

async fn mark_laid_down(app: &App, version: i64) -> Result<(), Problem> {
    let seeded = query("INSERT INTO pazar_seed (version) VALUES (?)").bind(version).unless_known();
    seeded.execute(app.database()).await?;
    Ok(())
}
