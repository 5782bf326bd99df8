//! A filter lists on each database exactly the rows of which `can` permits, one by one.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of lists, `HOS_CAMPAIGN_SEED` the first seed.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod conditions;
mod refusals;
mod table;
mod world;

use std::collections::BTreeSet;
use std::slice;

use hos_conformance::campaign::Campaign;

use table::Table;
use world::{ABILITIES, FIRMS, ROWS, Rows};

async fn lists_what_can_permits(table: &impl Table, has_zeros: bool) {
    let campaign = Campaign::from_environment(1_024);
    let lists = u64::try_from(ABILITIES * FIRMS.len()).unwrap();
    let (mut listed, mut partly) = (0, 0);
    for seed in campaign.seeds(campaign.size.div_ceil(lists)) {
        let rows = Rows::new(seed, has_zeros).await;
        table.fill(&rows.rows).await;
        for ability in (0..ABILITIES).map(|ability| format!("row.a{ability}")) {
            let rules = rows.rules.iter().filter(|rule| rule.contains(&format!("{ability} ")));
            let rules: Vec<&String> = rules.collect();
            let (mut all, mut filters) = (BTreeSet::new(), Vec::new());
            for firm in FIRMS {
                let permitted = rows.permitted(firm, &ability).await;
                let filter = rows.filter(firm, &ability).await;
                let found = table.list(slice::from_ref(&filter)).await;
                assert_eq!(found, permitted, "seed {seed}, {firm}: {rules:?}: {filter:?}");
                listed += 1;
                partly += u32::from(!found.is_empty() && found.len() < ROWS);
                all.extend(permitted);
                filters.push(filter);
            }
            let found = table.list(&filters).await;
            assert_eq!(found, all, "seed {seed}: {rules:?}: {filters:?}");
        }
    }
    assert!(partly * 5 > listed, "a fifth of the lists hold some rows and not all");
}

#[tokio::test]
async fn sqlite_lists_what_can_permits() {
    lists_what_can_permits(&table::sqlite().await, true).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgresql_lists_what_can_permits() {
    let server = match hos_services::Postgres::start() {
        Ok(server) => server,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    lists_what_can_permits(&table::postgres(&server).await, false).await;
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn mariadb_lists_what_can_permits() {
    let server = match hos_services::MariaDb::start() {
        Ok(server) => server,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    lists_what_can_permits(&table::mariadb(&server).await, true).await;
}
