//! A log that was cut and given a head of its own: whole by itself, and yet found.

use hos_core::merkle::{Frontier, leaf_hash};
use hos_fsck::{Depth, FindingCode, Options};
use sqlx::{Connection as _, Row as _};

use crate::house::{House, Sort};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The leaves of the firm, in order.
async fn leaves(house: &House) -> Vec<String> {
    let mut console = sqlx::SqliteConnection::connect(house.url()).await.unwrap();
    let leaves = "SELECT leaf FROM hos_entry JOIN hos_scope ON number = scope
        WHERE tenant = 'firm-1' ORDER BY position";
    let rows = sqlx::query(leaves).fetch_all(&mut console).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn frontier<'l>(leaves: impl IntoIterator<Item = &'l String>) -> Frontier {
    let mut frontier = Frontier::new();
    leaves.into_iter().for_each(|leaf| frontier.push(leaf_hash(leaf.as_bytes())).unwrap());
    frontier
}

fn set_head(frontier: &Frontier) -> String {
    let (size, peaks) = (frontier.size(), hex(&frontier.to_bytes()));
    format!(
        "UPDATE hos_scope SET log_size = {size}, log_frontier = x'{peaks}' WHERE tenant = 'firm-1'"
    )
}

#[tokio::test]
async fn a_cut_log_with_a_head_of_its_own_does_not_lead_to_what_is_kept() {
    let house = House::build(Sort::Sqlite).await.unwrap();
    let mut leaves = leaves(&house).await;
    leaves.pop();
    let delete = "DELETE FROM hos_entry WHERE position = (
        SELECT max(position) FROM hos_entry JOIN hos_scope ON number = scope
        WHERE tenant = 'firm-1');";
    house.tamper(&format!("{delete} {}", set_head(&frontier(&leaves)))).await;
    let logs = house.check_with(&Options::default().depth(Depth::Logs)).await;
    assert!(logs.is_sound(), "{:#?}", logs.findings);
    let report = house.check().await;
    let codes: Vec<_> = report.findings.by_code.into_iter().collect();
    assert_eq!(codes, [(FindingCode::SubjectDiffers, 1)]);
    assert_eq!(report.findings.listed[0].about.as_deref(), Some("order:o-1"));
}

#[tokio::test]
async fn entries_of_a_subject_in_another_order_are_found() {
    let house = House::build(Sort::Sqlite).await.unwrap();
    let mut leaves = leaves(&house).await;
    let of = |type_: &str| {
        let is_it = |leaf: &String| leaf.contains("order:o-2\"") && leaf.contains(type_);
        leaves.iter().position(is_it).unwrap()
    };
    let (opened, paid) = (of("opened/1"), of("transition/1"));
    leaves.swap(opened, paid);
    let first = "(SELECT number << 40 FROM hos_scope WHERE tenant = 'firm-1')";
    let swap = |table: &str, place: &str| {
        let moves = [(opened, 99_999), (paid, opened), (99_999, paid)];
        let moves = moves.map(|(from, to)| {
            format!("UPDATE {table} SET {place} = {first} + {to} WHERE {place} = {first} + {from};")
        });
        moves.concat()
    };
    let swap = [swap("hos_entry", "position"), swap("hos_part", "entry")].concat();
    house.tamper(&format!("{swap} {}", set_head(&frontier(&leaves)))).await;
    let logs = house.check_with(&Options::default().depth(Depth::Logs)).await;
    assert!(logs.is_sound(), "{:#?}", logs.findings);
    let report = house.check().await;
    let finding = &report.findings.listed[0];
    assert_eq!(finding.code, FindingCode::HistoryBroken);
    assert_eq!(finding.index, Some(u64::try_from(opened).unwrap()));
    assert_eq!(finding.about.as_deref(), Some("order:o-2"));
}

#[tokio::test]
async fn every_difference_is_counted() {
    let house = House::build(Sort::Sqlite).await.unwrap();
    house.tamper("UPDATE hos_subject SET revision = revision + 1").await;
    let report = house.check().await;
    let codes: Vec<_> = report.findings.by_code.into_iter().collect();
    assert_eq!(codes, [(FindingCode::SubjectDiffers, 2 * crate::story::ORDERS)]);
}

#[tokio::test]
async fn an_edited_leaf_with_its_hash_is_found_by_the_tree() {
    let house = House::build(Sort::Sqlite).await.unwrap();
    let leaves = leaves(&house).await;
    let index = leaves.iter().position(|leaf| leaf.contains("\"rude\"") || leaf.contains("ban"));
    let index = index.unwrap();
    let edited = leaves[index].replace("banned", "nobody");
    assert_ne!(edited, leaves[index]);
    let hash = hex(&leaf_hash(edited.as_bytes()));
    let update = format!(
        "UPDATE hos_entry SET leaf = '{edited}', leaf_hash = x'{hash}' WHERE position =
        (SELECT number << 40 FROM hos_scope WHERE tenant = 'firm-1') + {index}"
    );
    house.tamper(&update).await;
    let logs = house.check_with(&Options::default().depth(Depth::Logs)).await;
    assert_eq!(logs.findings.total, 1);
    let finding = &logs.findings.listed[0];
    assert_eq!(finding.code, FindingCode::RootDiffers);
    assert!(finding.index.unwrap() <= u64::try_from(index).unwrap());
    // With a head of its own the log is whole again, and leads to another ban.
    let mut all = leaves;
    all[index] = edited;
    house.tamper(&set_head(&frontier(&all))).await;
    let report = house.check().await;
    let codes: Vec<_> = report.findings.by_code.into_iter().collect();
    let expected = [(FindingCode::StandingWithoutEntry, 1), (FindingCode::StandingMissing, 1)];
    assert_eq!(codes, expected);
}
