//! What cannot be said in SQL is refused, and what can be looked up by an index is.

use hos_core::id::Kind;
use hos_core::laws::Filter;
use hos_core::memory::MemoryStore;
use hos_core::prelude::*;
use hos_sqlx::filter::{Columns, Unfilterable};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqlitePool};

/// The filter of one rule.
async fn filter(when: &str) -> Filter {
    let note = Contract::builder("note", "1")
        .states(["open", "gone"])
        .initial("open")
        .terminal(["gone"])
        .attribute("owner", Type::String)
        .attribute("readers", Type::StringSet)
        .open("note.create", Vec::<String>::new())
        .action(ActionDefinition::new("leave", ["open"], "gone", "note.create"))
        .build()
        .unwrap();
    let law = Law::builder("notes", "1")
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::implicit("user", ActorKind::User),
        ])
        .allow_if("note.read", ["user"], when)
        .contract(note)
        .build()
        .unwrap();
    let hos = Hos::open([law], MemoryStore::new()).await.unwrap();
    let (world, tenant) = (World::new("notes").unwrap(), Tenant::new("firm").unwrap());
    let (root, role) = (ActorId::new("root").unwrap(), Role::new("root").unwrap());
    hos.bootstrap(&world, &root, &role, b"boot").await.unwrap();
    let root = Actor::user("root").unwrap();
    let add = StandingCommand::new(&root, &world, &tenant, StandingChange::AddTenant);
    hos.change_standing(&add.key("firm")).await.unwrap();
    let query = Query::in_tenant(&Actor::user("me").unwrap(), "note.read", &world, &tenant);
    hos.filter(&query, &Kind::new("note").unwrap()).await.unwrap()
}

fn columns() -> Columns {
    Columns::new("tenant").attribute("owner", "owner").attribute("readers", "readers")
}

async fn refusal(columns: &Columns, when: &str) -> Unfilterable {
    let mut list = QueryBuilder::<Sqlite>::new("SELECT 1 WHERE ");
    let refused = columns.push_sqlite(&mut list, &filter(when).await).unwrap_err();
    assert_eq!(list.sql().as_str(), "SELECT 1 WHERE ", "nothing was added");
    refused
}

#[tokio::test]
async fn an_attribute_without_a_column_is_refused() {
    let columns = Columns::new("tenant");
    let refused = refusal(&columns, "subject.owner == actor.id").await;
    assert_eq!(refused, Unfilterable::NoColumn("owner".to_owned()));
    assert_eq!(refusal(&columns, "has(subject.owner)").await, refused);
}

#[tokio::test]
async fn what_looks_into_a_set_of_the_subject_is_refused() {
    let set = Unfilterable::Set("readers".to_owned());
    for when in [
        "actor.id in subject.readers",
        "size(subject.readers) > 1",
        "subject.readers == ['me']",
        "subject.owner in subject.readers",
    ] {
        assert_eq!(refusal(&columns(), when).await, set, "{when}");
    }
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_text_that_postgresql_cannot_hold_is_refused() {
    let filter = filter("subject.owner != '\\u0000'").await;
    let mut list = QueryBuilder::<sqlx::Postgres>::new("SELECT 1 WHERE ");
    let refused = columns().push_postgres(&mut list, &filter).unwrap_err();
    assert_eq!(refused, Unfilterable::ZeroByte);
    assert_eq!(list.sql().as_str(), "SELECT 1 WHERE ");
}

#[tokio::test]
async fn an_index_on_tenant_and_owner_is_used() {
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    let create = "CREATE TABLE note (tenant TEXT, owner TEXT, readers TEXT);
        CREATE INDEX note_owner ON note (tenant, owner)";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    let mut list = QueryBuilder::<Sqlite>::new("EXPLAIN QUERY PLAN SELECT * FROM note WHERE ");
    let filter = filter("subject.owner == actor.id").await;
    columns().push_sqlite(&mut list, &filter).unwrap();
    let plan = list.build().fetch_all(&pool).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
    assert_eq!(plan, ["SEARCH note USING INDEX note_owner (tenant=? AND owner=?)"]);
}
