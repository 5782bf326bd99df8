//! A small shop: its law in a file, and a database of each sort with some orders in it.

use hos_core::prelude::*;
use hos_core::store::Backend;
use hos_services::ServiceError;
use hos_sqlx::{MysqlStore, PostgresStore, SqliteStore};

/// The law of the shop, with comments.
pub(crate) const LAW: &str = r#"{
  // who sells what
  "world": "shop",
  "version": "1",
  "roles": [{"name": "root", "superuser": true, "world": true}, {"name": "clerk"}],
  "rules": [
    {"effect": "permit", "abilities": ["order.open", "order.pay"], "roles": ["clerk"]},
    {"id": "small", "effect": "permit", "abilities": ["order.close"], "roles": ["clerk"],
     "when": "subject.total <= 100"},
  ],
  "context": {"desk": "string"},
  "contracts": [{
    "kind": "order", "version": "1",
    "states": ["pending", "paid", "closed"], "initial": "pending", "terminal": ["closed"],
    "attributes": {"total": "integer"},
    "open": {"ability": "order.open", "required": ["total"]},
    "actions": [
      {"name": "pay", "from": ["pending"], "to": "paid", "ability": "order.pay"},
      {"name": "close", "from": ["pending", "paid"], "to": "closed", "ability": "order.close"},
    ],
  }],
}
"#;

/// The law as strict JSON.
pub(crate) fn law() -> Law {
    let strict: String =
        LAW.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
    let strict = strict.replace("\"},\n  ]", "\"}\n  ]").replace("},\n    ]", "}\n    ]");
    let strict = strict.replace("],\n  }],\n}", "]\n  }]\n}");
    Law::from_json(&strict).unwrap()
}

/// Opens and moves some orders.
pub(crate) async fn trade(store: impl Backend + Clone + 'static) {
    let hos = Hos::open([law()], store.clone()).await.unwrap();
    let (world, firm) = (World::new("shop").unwrap(), Tenant::new("firm-1").unwrap());
    let root = Actor::user("root").unwrap();
    hos.bootstrap(&world, root.id(), &"root".parse().unwrap(), b"boot").await.unwrap();
    let member = StandingChange::SetMember {
        member: ActorId::new("c-1").unwrap(),
        roles: vec!["clerk".parse().unwrap()],
    };
    for (key, change) in [("add", StandingChange::AddTenant), ("member", member)] {
        let command = StandingCommand::new(&root, &world, &firm, change).key(key);
        hos.change_standing(&command).await.unwrap();
    }
    let clerk = Actor::user("c-1").unwrap();
    for number in 0..5 {
        let order = Subject::new("shop", "firm-1", "order", &format!("o-{number}")).unwrap();
        let total = 50 + 50 * number;
        let opening = Opening::new(&clerk, &order).attribute("total", total);
        hos.open(&opening.key(format!("open {number}"))).await.unwrap();
    }
    let order = Subject::new("shop", "firm-1", "order", "o-0").unwrap();
    hos.transition(&Command::new(&clerk, &order, "pay").key("pay")).await.unwrap();
    while store.sequence_pending(1_000).await.unwrap() > 0 {}
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

/// A file with the shop in it.
pub(crate) fn sqlite(path: &str) {
    run(async {
        let store = SqliteStore::open(path).await.unwrap();
        trade(store.clone()).await;
        store.close().await.unwrap();
    });
}

/// A PostgreSQL database with the shop in it; none where no server can be had.
pub(crate) fn postgres() -> Option<String> {
    let url = url(hos_services::shared::postgres().and_then(|server| server.create_database()))?;
    run(async { trade(PostgresStore::open(&url).await.unwrap()).await });
    Some(url)
}

/// A MariaDB database with the shop in it; none where no server can be had.
pub(crate) fn mariadb() -> Option<String> {
    let url = url(hos_services::shared::mariadb().and_then(|server| server.create_database()))?;
    run(async { trade(MysqlStore::open(&url).await.unwrap()).await });
    Some(url)
}

fn url(url: Result<String, ServiceError>) -> Option<String> {
    url.inspect_err(|error| hos_services::skip_or_fail(error)).ok()
}

/// Pays another order.
pub(crate) fn pay_another(path: &str) {
    run(async {
        let store = SqliteStore::open(path).await.unwrap();
        let hos = Hos::open([law()], store.clone()).await.unwrap();
        let clerk = Actor::user("c-1").unwrap();
        let order = Subject::new("shop", "firm-1", "order", "o-2").unwrap();
        hos.transition(&Command::new(&clerk, &order, "pay").key("another")).await.unwrap();
        store.close().await.unwrap();
    });
}

/// Moves an order by hand, protections off.
pub(crate) fn tamper_sqlite(path: &str) {
    use sqlx::Connection as _;

    run(async {
        let mut console = sqlx::SqliteConnection::connect(path).await.unwrap();
        let tamper = "DROP TRIGGER hos_subject_update;
            UPDATE hos_subject SET state = 'paid' WHERE id = 'o-1'";
        sqlx::raw_sql(tamper).execute(&mut console).await.unwrap();
        console.close().await.unwrap();
    });
}
