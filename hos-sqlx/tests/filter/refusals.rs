//! What cannot be said in SQL is refused, and what can be looked up by an index is.

use hos_core::id::Kind;
use hos_core::law::LawBuilder;
use hos_core::laws::Filter;
use hos_core::memory::MemoryStore;
use hos_core::prelude::*;
use hos_sqlx::filter::{Columns, Unfilterable};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqlitePool};

/// The filter of one rule.
async fn filter(when: &str) -> Filter {
    filter_of(&[when.to_owned()]).await
}

/// The filter of several permits.
async fn filter_of(permits: &[String]) -> Filter {
    let note = Contract::builder("note", "1")
        .states(["open", "gone"])
        .initial("open")
        .terminal(["gone"])
        .attribute("owner", Type::String)
        .attribute("readers", Type::StringSet)
        .attribute("done", Type::Bool)
        .open("note.create", Vec::<String>::new())
        .action(ActionDefinition::new("leave", ["open"], "gone", "note.create"))
        .build()
        .unwrap();
    let law = Law::builder("notes", "1")
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::implicit("user", ActorKind::User),
        ])
        .contract(note);
    let permit =
        |law: LawBuilder, when: &String| law.allow_if("note.read", ["user"], when.as_str());
    let law = permits.iter().fold(law, permit).build().unwrap();
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

const COLUMNS: Columns =
    Columns::new("note", "tenant", &[("owner", "owner"), ("readers", "readers")]);

async fn refusal(columns: &Columns, when: &str) -> Unfilterable {
    let mut list = QueryBuilder::<Sqlite>::new("SELECT 1 WHERE ");
    let refused = columns.push(&mut list, &filter(when).await).unwrap_err();
    assert_eq!(list.sql().as_str(), "SELECT 1 WHERE ", "nothing was added");
    refused
}

#[tokio::test]
async fn an_attribute_without_a_column_is_refused() {
    let columns = Columns::new("note", "tenant", &[]);
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
        assert_eq!(refusal(&COLUMNS, when).await, set, "{when}");
    }
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_text_that_postgresql_cannot_hold_is_refused() {
    let filter = filter("subject.owner != '\\u0000'").await;
    let mut list = QueryBuilder::<sqlx::Postgres>::new("SELECT 1 WHERE ");
    let refused = COLUMNS.push(&mut list, &filter).unwrap_err();
    assert_eq!(refused, Unfilterable::ZeroByte);
    assert_eq!(list.sql().as_str(), "SELECT 1 WHERE ");
}

#[tokio::test]
async fn a_table_of_another_kind_is_refused() {
    let refused = refusal(&Columns::new("order", "tenant", &[]), "subject.owner == actor.id").await;
    assert_eq!(refused, Unfilterable::Kind("note".to_owned()));
}

#[tokio::test]
async fn what_no_statement_can_hold_is_refused() {
    let permits: Vec<String> = (0..950).map(|n| format!("subject.owner == 'u-{n}'")).collect();
    let mut list = QueryBuilder::<Sqlite>::new("");
    let refused = COLUMNS.push(&mut list, &filter_of(&permits).await);
    assert_eq!(refused, Err(Unfilterable::TooLarge));

    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    sqlx::raw_sql("CREATE TABLE note (tenant TEXT, owner TEXT)").execute(&pool).await.unwrap();
    let mut list = QueryBuilder::<Sqlite>::new("SELECT * FROM note WHERE ");
    COLUMNS.push(&mut list, &filter_of(&permits[..850]).await).unwrap();
    list.build().fetch_all(&pool).await.unwrap();
}

#[tokio::test]
async fn a_column_may_be_any_expression() {
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    let create = "CREATE TABLE note (tenant TEXT, mine TEXT, shared TEXT);
        INSERT INTO note VALUES ('firm', 'me', NULL), ('other', 'me', 'me')";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    let columns = Columns::new(
        "note",
        "tenant",
        &[
            ("owner", "CASE WHEN mine = 'me' OR shared = 'me' THEN 'me' END"),
            ("done", "mine = 'me' OR shared = 'me'"),
        ],
    );
    for when in ["subject.owner == actor.id", "subject.done", "!(subject.done == false)"] {
        let mut list = QueryBuilder::<Sqlite>::new("SELECT tenant FROM note WHERE ");
        columns.push(&mut list, &filter(when).await).unwrap();
        let rows = list.build().fetch_all(&pool).await.unwrap();
        let tenants: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(tenants, ["firm"], "{when}");
    }
}

#[tokio::test]
async fn an_index_on_tenant_and_owner_is_used() {
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    let create = "CREATE TABLE note (tenant TEXT, owner TEXT, readers TEXT);
        CREATE INDEX note_owner ON note (tenant, owner)";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    let mut list = QueryBuilder::<Sqlite>::new("EXPLAIN QUERY PLAN SELECT * FROM note WHERE ");
    let filter = filter("subject.owner == actor.id").await;
    COLUMNS.push(&mut list, &filter).unwrap();
    let plan = list.build().fetch_all(&pool).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
    assert_eq!(plan, ["SEARCH note USING INDEX note_owner (tenant=? AND owner=?)"]);
}

#[tokio::test]
async fn no_filter_lets_nothing_through() {
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    let create = "CREATE TABLE note (tenant TEXT, owner TEXT); INSERT INTO note VALUES ('a', 'me')";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    let mut list = QueryBuilder::<Sqlite>::new("SELECT tenant FROM note WHERE ");
    COLUMNS.push_any(&mut list, &[]).unwrap();
    assert!(list.build().fetch_all(&pool).await.unwrap().is_empty());
}
