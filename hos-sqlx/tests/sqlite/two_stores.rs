//! Two stores over one file, as two processes would have them: what one remembers of standing
//! and logs never outlives what the other wrote.

use std::time::Duration;

use hos_core::prelude::*;
use hos_sqlx::{SqliteOptions, SqliteStore};

use crate::shop::{Shop, law, open_shop};

async fn second(shop: &Shop) -> Hos {
    let options = SqliteOptions::new(shop.directory.path().join("shop.db"))
        .busy_timeout(Duration::from_secs(20));
    Hos::open([law()], SqliteStore::open_with(options).await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn each_goes_on_from_the_others_head() {
    let shop = open_shop().await;
    let other = second(&shop).await;
    shop.open("o-1").await;
    for round in 0..6 {
        let hos = if round % 2 == 0 { &other } else { &shop.hos };
        let touch = Command::new(&shop.owner, &shop.order("o-1"), "touch");
        let receipt = hos.transition(&touch.key(format!("t-{round}"))).await.unwrap();
        assert_eq!(receipt.revision, round + 2);
        shop.audit().await;
    }
    let replayed = other.open(&shop.opening("o-1")).await.unwrap();
    assert!(replayed.replayed);
}

#[tokio::test]
async fn a_revocation_by_the_other_is_never_overtaken() {
    let shop = open_shop().await;
    let other = second(&shop).await;
    shop.open("o-1").await;
    let (world, tenant) = (World::new("pazar").unwrap(), Tenant::new("firm-1").unwrap());
    let root = Actor::user("root").unwrap();
    for round in 0..3 {
        let touch = Command::new(&shop.owner, &shop.order("o-1"), "touch");
        shop.hos.transition(&touch.key(format!("t-{round}"))).await.unwrap();
        for (change, roles) in [("off", vec![]), ("on", vec![Role::new("owner").unwrap()])] {
            let member = ActorId::new("olga").unwrap();
            let change_standing = StandingCommand::new(
                &root,
                &world,
                &tenant,
                StandingChange::SetMember { member, roles: roles.clone() },
            );
            let change_standing = change_standing.key(format!("{change}-{round}"));
            other.change_standing(&change_standing).await.unwrap();
            let touch = Command::new(&shop.owner, &shop.order("o-1"), "touch");
            let touched = shop.hos.transition(&touch.key(format!("{change}-{round}-t"))).await;
            assert_eq!(touched.is_ok(), !roles.is_empty(), "{change} {touched:?}");
        }
    }
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_one_shot_calls_over_both_one_moves() {
    let shop = open_shop().await;
    let hosts = [second(&shop).await, second(&shop).await];
    shop.open("o-1").await;
    let calls: Vec<_> = (0..64_usize)
        .map(|number| {
            let hos = hosts[number % 2].clone();
            let pay = Command::new(&shop.owner, &shop.order("o-1"), "pay");
            let pay = pay.key(format!("pay-{number}"));
            tokio::spawn(async move { hos.transition(&pay).await })
        })
        .collect();
    let mut moved = 0;
    for call in calls {
        moved += u32::from(call.await.unwrap().unwrap().effect == Effect::Moved);
    }
    assert_eq!(moved, 1);
    assert_eq!(shop.number("SELECT revision FROM hos_subject").await, 2);
    shop.audit().await;
}
