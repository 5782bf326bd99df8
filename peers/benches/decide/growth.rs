//! Flat: more rules cost no more, and more members no more than finding them.

use std::hint::black_box;

use hos_benches::{Row, Target, is_smoke, table};

use super::rivals::{Bare, Casbin, Cedar, Gatehouse, Regorus};
use super::world::{ABILITIES, Asked, MEMBERS, QUESTIONS, World, all};
use super::{Answers, ROUNDS};

/// The first row is the smallest: the others are to be at most this much slower.
const FLAT: Target = Target::TimesAsLong(1.5);

/// How the rules alone, the whole of `can`, or the bare look-up answer.
type Way<'a> = Box<dyn Fn(&Asked) -> bool + 'a>;

/// Ten, a thousand, and about as many rules as one law takes: abilities, and rules about guests.
const SIZES: [(usize, usize); 3] = [(6, 0), (480, 600), (480, 9_300)];
/// How many questions the rivals are asked over many rules, and how often: some take milliseconds.
const CHECKED_FEW: usize = 32;
const ROUNDS_FEW: usize = 5;
/// How many members there are.
const MEMBERS_GROWING: [usize; 4] = [10, 1_000, MEMBERS, 100_000];
/// More than any cache of the machine holds: walked before each measurement, so that nobody finds
/// warm what somebody else has just looked up.
const COLD_BYTES: usize = 96 << 20;
/// How much faster than the bare look-up's the look-up of the standing and the rules may grow.
const FASTER_THAN_BARE: f64 = 1.5;

/// From a firm's worth to more members than any cache holds: the rules alone; the look-up of a
/// member alone, which is the memory's own floor; with two bytes and a matrix; and with the law.
pub(crate) fn members() {
    let worlds = MEMBERS_GROWING.map(|members| World::new(ABILITIES, members));
    let bares = worlds.each_ref().map(Bare::new);
    worlds.iter().zip(&bares).for_each(|(world, bare)| agree(world, bare));
    let ways: [(&str, fn(&World, &Bare, &Asked) -> bool); 4] = [
        ("the rules alone", |world, _, asked| world.decide(asked, &asked.standing)),
        ("the look-up alone", |_, bare, asked| bare.knows(asked)),
        ("bare look-up and bits", |_, bare, asked| bare.can(asked)),
        ("H-OS: standing looked up and rules", |world, _, asked| world.can(asked)),
    ];
    let cold = vec![1_u8; COLD_BYTES];
    let rounds = if is_smoke() { 1 } else { ROUNDS };
    let mut rows = ways.map(|_| MEMBERS_GROWING.map(|_| Vec::with_capacity(rounds)));
    for round in 0..rounds {
        for (column, (world, bare)) in worlds.iter().zip(&bares).enumerate() {
            for turn in 0..ways.len() {
                let row = (turn + round) % ways.len();
                black_box(cold.iter().step_by(64).map(|byte| u64::from(*byte)).sum::<u64>());
                let times = u32::try_from(QUESTIONS).unwrap();
                let spent = all(world, times, &mut |asked| ways[row].1(world, bare, asked));
                rows[row][column].push(spent.as_secs_f64() * 1e9 / f64::from(times));
            }
        }
    }
    println!("\nGrowing members, each measured cold, ns each");
    println!("{:<36}{MEMBERS_GROWING:>9?}  growth", "");
    for ((name, _), row) in ways.iter().zip(&rows) {
        let medians = row.each_ref().map(|figures| median(figures.clone()).round());
        println!("{name:<36}{medians:>9.0?}  {:.2}", median(growth(row)));
    }
    let bare = growth(&rows[2]);
    let faster = growth(&rows[3]).into_iter().zip(bare).map(|(ours, bare)| ours / bare);
    println!(
        "H-OS grows {:.2} times as fast as the bare look-up (<= {FASTER_THAN_BARE:.2})",
        median(faster.collect())
    );
}

/// Of each round, how much longer the most members took than the fewest.
fn growth(row: &[Vec<f64>; 4]) -> Vec<f64> {
    row[3].iter().zip(&row[0]).map(|(most, fewest)| most / fewest).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What most of them ask is not asked of these actors, as in a law of many firms.
pub(crate) fn rules() {
    let worlds = SIZES.map(|(abilities, more)| World::with_rules(abilities, MEMBERS, more));
    worlds.iter().for_each(|world| agree(world, &Bare::new(world)));
    measure(
        "Growing rules",
        worlds.iter().map(|world| {
            let way: Way<'_> = Box::new(|asked| world.can(asked));
            (count(world), world, way)
        }),
    );
}

/// The rivals over as many rules; each is compared with its own smallest.
pub(crate) fn rules_of_rivals() {
    let worlds = SIZES.map(|(abilities, more)| World::with_rules(abilities, MEMBERS, more));
    let rivals: [(&str, fn(&World) -> Answers<'_>); 4] = [
        ("gatehouse", |world| {
            let rival = Gatehouse::new(world);
            Box::new(move |asked| rival.can(asked))
        }),
        ("cedar-policy, a policy a grant", |world| {
            let rival = Cedar::one_policy_a_grant(world);
            Box::new(move |asked| rival.can(asked))
        }),
        ("regorus", |world| {
            let mut rival = Regorus::new(world);
            Box::new(move |asked| rival.can(asked))
        }),
        ("casbin, tuned matcher", |world| {
            let rival = Casbin::tuned(world);
            Box::new(move |asked| rival.can(asked))
        }),
    ];
    for (name, rival) in rivals {
        let named: Vec<_> = worlds.iter().map(|world| count(world)).collect();
        let mut answers: Vec<_> = worlds.iter().map(rival).collect();
        for (world, can) in worlds.iter().zip(&mut answers) {
            for asked in world.asked.iter().take(CHECKED_FEW) {
                assert_eq!(can(asked), asked.expected, "{name}: {asked:?}");
            }
        }
        let mut measured: Vec<Row<'_>> = worlds
            .iter()
            .zip(&mut answers)
            .zip(&named)
            .map(|((world, can), name)| Row {
                name,
                target: None,
                times: CHECKED_FEW.try_into().unwrap(),
                run: Box::new(|times| all(world, times, &mut *can)),
            })
            .collect();
        table(&format!("Growing rules: {name}"), ROUNDS_FEW, &mut measured);
    }
}

fn count(world: &World) -> String {
    format!("{} rules", world.law.definition().rules.len())
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
