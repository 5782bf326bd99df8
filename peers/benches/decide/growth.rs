//! Flat: more rules and more members cost no more.

use std::hint::black_box;

use hos_benches::{Row, Target, table};
use hos_core::policy::ABILITIES_MAX;

use super::rivals::Bare;
use super::world::{ABILITIES, MEMBERS, QUESTIONS, World, all};

/// The first row is the smallest: the others are to be at most this much slower.
const FLAT: Target = Target::TimesAsLong(1.5);

/// From a firm's worth to more members than any cache holds, beside the bare look-up of the same.
pub(crate) fn members() {
    let worlds = [10, 1_000, MEMBERS, 100_000].map(|members| World::new(ABILITIES, members));
    let bares = worlds.each_ref().map(Bare::new);
    let mut rows = Vec::new();
    for (world, bare) in worlds.iter().zip(&bares) {
        let members = world.members.len();
        agree(world, bare);
        rows.push((format!("can, {members} members"), world, None));
        rows.push((format!("bare look-up, {members} members"), world, Some(bare)));
    }
    measure("Growing members", &rows);
}

/// As many as one law takes, spread over as many abilities.
pub(crate) fn rules() {
    let most = ABILITIES_MAX - 32;
    let worlds = [6, 60, most].map(|abilities| World::new(abilities, MEMBERS));
    let rows: Vec<_> = worlds
        .iter()
        .map(|world| (format!("can, {} rules", world.law.definition().rules.len()), world, None))
        .collect();
    measure("Growing rules", &rows);
}

fn agree(world: &World, bare: &Bare) {
    for asked in &world.asked {
        assert_eq!(world.can(asked), asked.expected, "{asked:?}");
        assert_eq!(bare.can(asked), asked.expected, "{asked:?}");
    }
}

fn measure(title: &str, rows: &[(String, &World, Option<&Bare>)]) {
    let mut measured: Vec<Row<'_>> = rows
        .iter()
        .map(|(name, world, bare)| Row {
            name,
            target: bare.is_none().then_some(FLAT),
            times: u32::try_from(QUESTIONS * 20).unwrap(),
            run: Box::new(move |times| match bare {
                Some(bare) => all(world, times, &mut |asked| black_box(bare.can(asked))),
                None => all(world, times, &mut |asked| black_box(world.can(asked))),
            }),
        })
        .collect();
    table(title, 15, &mut measured);
}
