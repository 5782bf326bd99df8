//! What two backends answered and what they keep, as texts that can be compared.

use std::fmt::Debug;

use hos_core::error::Error;
use hos_core::hos::Hos;
use hos_core::id::{Tenant, World};
use hos_core::laws::{Proofs as _, Registry as _};
use hos_core::proof::PAGE_MAX;
use hos_core::time::Timestamp;

use crate::law::{OTHER_WORLD, WORLD};
use crate::stage::log_of;

/// An answer: a receipt, a refusal, or the kind of a fault, whose text is the backend's own.
pub(super) fn outcome<T: Debug>(answer: Result<T, Error>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(Error::Refused(refusal)) => format!("{refusal:?}"),
        Err(Error::Fault(fault)) => format!("fault {:?}", fault.kind()),
    }
}

/// Everything that a backend keeps.
pub(super) async fn picture(hos: &Hos) -> Vec<String> {
    let mut told = Vec::new();
    for world in [WORLD, OTHER_WORLD] {
        let world = World::new(world).unwrap();
        let mut tenants = hos.tenants(&world, None, PAGE_MAX).await.expect("tenants");
        tenants.push(Tenant::world());
        for tenant in tenants {
            log(hos, &world, &tenant, &mut told).await;
        }
        archive(hos, &world, &mut told).await;
    }
    let store = hos.store();
    let mut messages: Vec<String> = Vec::new();
    for row in store.waiting(u32::MAX).await.expect("messages") {
        let subject = &row.subject;
        messages.push(format!(
            "message {} {} {subject} {:>9} {} {} {} {:?}",
            subject.world,
            subject.tenant,
            row.revision,
            row.topic,
            row.entry,
            row.payload,
            row.traceparent
        ));
    }
    messages.sort();
    told.extend(messages);
    let far = Timestamp::from_micros(i64::MAX);
    for world in [WORLD, OTHER_WORLD] {
        let world = World::new(world).unwrap();
        let timers = store.due_timers(&world, far, u32::MAX).await.expect("timers");
        let mut timers: Vec<String> = timers.iter().map(|timer| format!("{timer:?}")).collect();
        timers.sort();
        told.extend(timers);
    }
    told
}

async fn log(hos: &Hos, world: &World, tenant: &Tenant, told: &mut Vec<String>) {
    let head = hos.head(world, tenant).await.expect("a head");
    told.push(format!("head {world} {tenant} {head:?}"));
    let members = hos.members(world, tenant, None, PAGE_MAX).await.expect("members");
    told.push(format!("members {world} {tenant} {members:?}"));
    for entry in log_of(hos, world, tenant).await {
        let leaf: serde_json::Value = serde_json::from_str(&entry.leaf).expect("a leaf is JSON");
        told.push(format!("{entry:?}"));
        let opened = leaf["typ"] == "opened/1" || leaf["typ"] == "adopted/1";
        let Some((kind, id)) = leaf["subject"].as_str().and_then(|text| text.split_once(':'))
        else {
            continue;
        };
        if opened {
            let subject = hos_core::subject::Subject {
                world: world.clone(),
                tenant: tenant.clone(),
                kind: kind.parse().expect("a kind"),
                id: id.parse().expect("an id"),
            };
            let situation = hos.situation(&subject).await.expect("a situation");
            told.push(format!("{subject} {situation:?}"));
            let history = hos.history(&subject, 0, PAGE_MAX).await.expect("a history");
            let ids: Vec<_> = history.iter().map(|entry| (entry.index, entry.id)).collect();
            told.push(format!("history {subject} {ids:?}"));
        }
    }
}

async fn archive(hos: &Hos, world: &World, told: &mut Vec<String>) {
    let store = hos.store();
    let mut rows: Vec<String> = Vec::new();
    rows.extend(store.laws(world).await.expect("laws").iter().map(|row| format!("{row:?}")));
    let contracts = store.contracts(world).await.expect("contracts");
    rows.extend(contracts.iter().map(|row| format!("{row:?}")));
    let pins = store.pins(world).await.expect("pins");
    rows.extend(pins.iter().map(|pin| format!("pin {pin:?}")));
    rows.sort();
    told.extend(rows);
}
