//! The sets that stand for all sets of some members.

use std::collections::BTreeSet;
use std::sync::Arc;

use hos_core::time::Timestamp;
use hos_core::value::{INTEGER_MAX, SET_MEMBERS_MAX, Type, Value};

use super::{Class, MEMBERS_COMBINED_MAX};

/// None, each alone, all, those that were written down, and one of each size.
pub(super) fn sets(members: Vec<Value>, member: Type, class: &Class) -> Vec<Value> {
    let set = |members: BTreeSet<Value>| Value::Set(Arc::new(members));
    let mut sets: BTreeSet<Value> = BTreeSet::from([set(BTreeSet::new())]);
    sets.extend(members.iter().map(|member| set(BTreeSet::from([member.clone()]))));
    sets.insert(set(members.iter().cloned().collect()));
    if members.len() <= MEMBERS_COMBINED_MAX {
        for chosen in 0..1_usize << members.len() {
            let is_chosen = |(at, _): &(usize, &Value)| chosen >> at & 1 == 1;
            let chosen = members.iter().enumerate().filter(is_chosen);
            sets.insert(set(chosen.map(|(_, member)| member.clone()).collect()));
        }
    }
    sets.extend(class.literals.iter().filter(|value| matches!(value, Value::Set(_))).cloned());
    let others = (0..).map_while(|number| other(member, number));
    let all: Vec<Value> = members.into_iter().chain(others.take(SET_MEMBERS_MAX)).collect();
    for size in class.sizes.iter().filter_map(|size| usize::try_from(*size).ok()) {
        sets.insert(set(all.iter().take(size).cloned().collect()));
    }
    sets.into_iter().filter(Value::is_within_limits).collect()
}

/// One of many members that nothing is compared with.
fn other(member: Type, number: i64) -> Option<Value> {
    match member {
        Type::Integer => Some(Value::Integer(INTEGER_MAX - number)),
        Type::String => Some(Value::from(format!("member-{number}"))),
        Type::Time => Some(Value::Time(Timestamp::from_micros(number))),
        _ => None,
    }
}
