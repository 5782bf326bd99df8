//! Flat: more rules cost no more, and more members no more than finding them.

use std::hint::black_box;

use hos_benches::{Row, Target, is_smoke, judge, table};

use super::rivals::{Bare, Casbin, Cedar, Gatehouse, Regorus};
use super::world::{ABILITIES, Asked, MEMBERS, QUESTIONS, Whose, World, all, pages};
use super::{Answers, ROUNDS};

/// The first row is the smallest: the others are to be at most this much slower.
const FLAT: Target = Target::TimesAsLong(1.5);

/// A page of questions, by the law or by the bare look-up.
type Pages = fn(&World, &Bare, &[Asked]);

/// How the law answers.
type Way<'a> = Box<dyn Fn(&Asked) -> bool + 'a>;

/// Ten, a thousand, and about as many rules as one law takes: abilities, and rules about guests.
const SIZES: [(usize, usize); 3] = [(6, 0), (480, 600), (480, 9_300)];
/// How many questions the rivals are asked over many rules, and how often: some take milliseconds.
const CHECKED_FEW: usize = 32;
const ROUNDS_FEW: usize = 7;
/// How many members there are.
const MEMBERS_GROWING: [usize; 4] = [10, 1_000, MEMBERS, 100_000];
/// More than any cache of the machine holds: walked before each measurement, so that nobody finds
/// warm what somebody else has just looked up.
const COLD_BYTES: usize = 96 << 20;
/// How much faster than the bare look-up's the look-up of the standing and the rules may grow.
const FASTER_THAN_BARE: f64 = 1.5;
/// How much H-OS's own part of a page may grow: what the memory's floor leaves of it.
const FLAT_OWN: f64 = 1.5;
const LAW: &str = "H-OS: standing looked up and rules";

/// From a firm's worth to more members than any cache holds: the rules alone; the look-up of a
/// member alone, which is the memory's own floor; with two bytes and a matrix; and with the law,
/// one question at a time and a page at a time.
pub(crate) fn members() {
    let worlds = MEMBERS_GROWING.map(|members| World::new(ABILITIES, members));
    let bares = worlds.each_ref().map(Bare::new);
    worlds.iter().zip(&bares).for_each(|(world, bare)| agree(world, bare));
    let ways: [(&str, Pages); 5] = [
        ("the rules alone", |world, _, page| {
            page.iter().for_each(|asked| {
                black_box(world.decide(asked, &asked.standing));
            });
        }),
        ("the look-up alone", |_, bare, page| {
            page.iter().for_each(|asked| {
                black_box(bare.knows(asked));
            });
        }),
        ("bare look-up and bits", |_, bare, page| {
            page.iter().for_each(|asked| {
                black_box(bare.can(asked));
            });
        }),
        ("H-OS: one question at a time", |world, _, page| {
            page.iter().for_each(|asked| {
                black_box(world.can(asked));
            });
        }),
        ("H-OS: a page at a time", |world, _, page| world.can_all(page)),
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
                let spent = pages(world, times, &mut |page| ways[row].1(world, bare, page));
                rows[row][column].push(spent.as_secs_f64() * 1e9 / f64::from(times));
            }
        }
    }
    println!("\nGrowing members, each measured cold, ns each");
    println!("{:<36}{MEMBERS_GROWING:>9?}  growth", "");
    for ((name, _), row) in ways.iter().zip(&rows) {
        tell(name, row);
    }
    // What is left of a page when the memory's own floor is taken from it.
    let mut own = MEMBERS_GROWING.map(|_| Vec::new());
    for (own, (page, floor)) in own.iter_mut().zip(rows[4].iter().zip(&rows[1])) {
        own.extend(page.iter().zip(floor).map(|(page, floor)| page - floor));
    }
    tell("H-OS: a page, without the look-up", &own);
    let grows = median(growth(&own));
    let mark = |is_met: bool| if judge(is_met) { "" } else { " MISSED" };
    println!(
        "H-OS's own part grows {grows:.2} times (<= {FLAT_OWN:.2}){}",
        mark(grows <= FLAT_OWN)
    );
    let bare = growth(&rows[2]);
    let faster = growth(&rows[3]).into_iter().zip(bare).map(|(ours, bare)| ours / bare);
    let faster = median(faster.collect());
    println!(
        "H-OS grows {faster:.2} times as fast as the bare look-up (<= {FASTER_THAN_BARE:.2}){}",
        mark(faster <= FASTER_THAN_BARE)
    );
}

fn tell(name: &str, row: &[Vec<f64>; 4]) {
    let medians = row.each_ref().map(|figures| median(figures.clone()).round());
    println!("{name:<36}{medians:>9.0?}  {:.2}", median(growth(row)));
}

/// Of each round, how much longer the most members took than the fewest.
fn growth(row: &[Vec<f64>; 4]) -> Vec<f64> {
    row[3].iter().zip(&row[0]).map(|(most, fewest)| most / fewest).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What most of the rules are about is not asked of these actors, as in a law of many firms; then
/// with rules that everyone must be weighed by.
pub(crate) fn rules() {
    for (title, whose) in [
        ("Growing rules", Whose::Guests),
        ("Growing rules, one in 16 about everybody", Whose::AlsoEverybodys),
    ] {
        let of = |(abilities, more)| World::with_rules(abilities, MEMBERS, more, whose);
        let worlds = SIZES.map(of);
        worlds.iter().for_each(|world| agree(world, &Bare::new(world)));
        measure(
            title,
            worlds.iter().map(|world| {
                let way: Way<'_> = Box::new(|asked| world.can(asked));
                (count(world), world, way)
            }),
        );
    }
}

/// The rivals beside the law, over as many rules.
pub(crate) fn rules_of_rivals() {
    for (abilities, more) in SIZES {
        let world = World::with_rules(abilities, MEMBERS, more, Whose::Guests);
        let bare = Bare::new(&world);
        let gatehouse = Gatehouse::new(&world);
        let cedar = Cedar::one_policy_a_grant(&world);
        let mut regorus = Regorus::new(&world);
        let casbin = Casbin::tuned(&world);
        let slower = |times| Some(Target::TimesAsLongAs(LAW, times));
        let mut answers: [(&str, Option<Target>, usize, Answers<'_>); 6] = [
            ("bare look-up and bits", None, QUESTIONS, Box::new(|asked| bare.can(asked))),
            (LAW, Some(Target::TimesAsLong(2.0)), QUESTIONS, Box::new(|asked| world.can(asked))),
            (
                "gatehouse, polled once",
                slower(1.0),
                QUESTIONS / 2,
                Box::new(|asked| gatehouse.can(asked)),
            ),
            (
                "cedar-policy, a policy a grant",
                slower(50.0),
                CHECKED_FEW,
                Box::new(|asked| cedar.can(asked)),
            ),
            ("regorus", slower(80.0), CHECKED_FEW, Box::new(|asked| regorus.can(asked))),
            (
                "casbin, tuned matcher",
                slower(250.0),
                CHECKED_FEW,
                Box::new(|asked| casbin.can(asked)),
            ),
        ];
        for (name, _, _, can) in &mut answers {
            for asked in world.asked.iter().take(CHECKED_FEW) {
                assert_eq!(can(asked), asked.expected, "{name}: {asked:?}");
            }
        }
        let mut rows: Vec<Row<'_>> = answers
            .iter_mut()
            .map(|(name, target, times, can)| Row {
                name,
                target: *target,
                times: u32::try_from(*times).unwrap(),
                run: Box::new(|times| all(&world, times, &mut *can)),
            })
            .collect();
        table(&format!("The rivals, {}", count(&world)), ROUNDS_FEW, &mut rows);
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
