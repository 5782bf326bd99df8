//! What both laws have, in another order.

use std::collections::BTreeSet;

use hos_core::law::Law;

use crate::change::{PartChange, PartKind};

pub(super) fn changes(old: &Law, new: &Law) -> Vec<PartChange> {
    let (old, new) = (lists(old), lists(new));
    let lists = old.into_iter().zip(new);
    lists.filter_map(|((name, old), (_, new))| change(name, &old, &new)).collect()
}

fn lists(law: &Law) -> [(&'static str, Vec<String>); 5] {
    let definition = law.definition();
    let contracts = law.contracts().map(|c| format!("{}/{}", c.kind(), c.version()));
    [
        ("abilities", definition.abilities.clone()),
        ("contracts", contracts.collect()),
        ("critical abilities", definition.critical.clone()),
        ("roles", law.roles().iter().map(|role| role.name.clone()).collect()),
        ("rules", law.rules().ids().map(str::to_owned).collect()),
    ]
}

/// What one side alone has is a part that was added or removed, and stands in no order.
fn change(name: &str, old: &[String], new: &[String]) -> Option<PartChange> {
    let both: BTreeSet<&String> = old.iter().collect();
    let both: BTreeSet<&String> = new.iter().filter(|one| both.contains(one)).collect();
    let common = |all: &[String]| -> Vec<String> {
        all.iter().filter(|one| both.contains(one)).cloned().collect()
    };
    let (old, new) = (common(old), common(new));
    let place = (0..old.len().max(new.len())).find(|at| old.get(*at) != new.get(*at))?;
    let words = |all: &[String]| {
        let one = all.get(place).map_or("nothing", String::as_str);
        Some(format!("{one} at place {}", place.saturating_add(1)))
    };
    Some(PartChange {
        kind: PartKind::Order,
        name: name.to_owned(),
        old: words(&old),
        new: words(&new),
    })
}
