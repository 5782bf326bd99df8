//! Flat: more rules and more members cost no more.

use hos_benches::{Row, Target, table};

use super::ROUNDS;
use super::rivals::Bare;
use super::world::{ABILITIES, Asked, MEMBERS, QUESTIONS, World, all};

/// The first row is the smallest: the others are to be at most this much slower.
const FLAT: Target = Target::TimesAsLong(1.5);

/// How the rules alone, the whole of `can`, or the bare look-up answer.
type Way<'a> = Box<dyn Fn(&Asked) -> bool + 'a>;

/// From a firm's worth to more members than any cache holds: the rules alone, and with the look-up
/// of the standing beside the bare look-up of the same strings.
pub(crate) fn members() {
    let worlds = [10, 1_000, MEMBERS, 100_000].map(|members| World::new(ABILITIES, members));
    let bares = worlds.each_ref().map(Bare::new);
    let pairs = || worlds.iter().zip(&bares);
    pairs().for_each(|(world, bare)| agree(world, bare));
    measure(
        "Growing members: the rules alone",
        worlds.iter().map(|world| {
            let way: Way<'_> = Box::new(|asked| world.decide(asked, &asked.standing));
            (format!("{} members", world.members.len()), world, way)
        }),
    );
    measure(
        "Growing members: with the look-up of the standing",
        worlds.iter().map(|world| {
            let way: Way<'_> = Box::new(|asked| world.can(asked));
            (format!("{} members", world.members.len()), world, way)
        }),
    );
    measure(
        "Growing members: bare look-up and bits",
        pairs().map(|(world, bare)| {
            let way: Way<'_> = Box::new(|asked| bare.can(asked));
            (format!("{} members", world.members.len()), world, way)
        }),
    );
}

/// Ten, a thousand, and about as many as one law takes: what most of them ask is not asked of these
/// actors, as in a law of many firms.
pub(crate) fn rules() {
    let worlds = [(6, 0), (480, 600), (480, 9_300)];
    let worlds = worlds.map(|(abilities, more)| World::with_rules(abilities, MEMBERS, more));
    worlds.iter().for_each(|world| agree(world, &Bare::new(world)));
    measure(
        "Growing rules",
        worlds.iter().map(|world| {
            let way: Way<'_> = Box::new(|asked| world.can(asked));
            (format!("{} rules", world.law.definition().rules.len()), world, way)
        }),
    );
}

fn agree(world: &World, bare: &Bare) {
    for asked in &world.asked {
        assert_eq!(world.can(asked), asked.expected, "{asked:?}");
        assert_eq!(bare.can(asked), asked.expected, "{asked:?}");
    }
}

fn measure<'a>(title: &str, rows: impl Iterator<Item = (String, &'a World, Way<'a>)>) {
    let rows: Vec<_> = rows.collect();
    let mut measured: Vec<Row<'_>> = rows
        .iter()
        .map(|(name, world, way)| Row {
            name,
            target: Some(FLAT),
            times: u32::try_from(QUESTIONS).unwrap(),
            run: Box::new(|times| all(world, times, &mut |asked| way(asked))),
        })
        .collect();
    table(title, ROUNDS, &mut measured);
}
