//! One decision, beside the rivals: the same questions, the same answers, one run.

mod growth;
mod rivals;
mod world;

use std::hint::black_box;

use hos_benches::{Row, Target, table};

use rivals::{Bare, Casbin, Cedar, Gatehouse, Regorus};
use world::{ABILITIES, Asked, MEMBERS, QUESTIONS, World, all};

/// How many questions the slow are asked in a round, and each is counted with.
const FEW: usize = 256;
/// How many answers are checked before anything is measured.
const CHECKED: usize = 1_024;
/// Allocations are counted of it, and it is what the rivals are compared with.
const OURS: &str = "H-OS: standing looked up and rules (0.00 alloc.)";
/// Short and many, so that on a busy machine most of them are left in peace.
const ROUNDS: usize = 101;

/// Somebody who answers.
type Answers<'a> = Box<dyn FnMut(&Asked) -> bool + 'a>;

fn main() {
    decide();
    growth::members();
    growth::rules();
    growth::rules_of_rivals();
}

fn decide() {
    let world = World::new(ABILITIES, MEMBERS);
    let bare = Bare::new(&world);
    let gatehouse = Gatehouse::new(&world);
    let each = Cedar::one_policy_a_grant(&world);
    let whole = Cedar::one_policy_a_role(&world);
    let (natural, tuned) = (Casbin::natural(&world), Casbin::tuned(&world));
    let mut regorus = Regorus::new(&world);
    let slower = |times| Some(Target::TimesAsLongAs(OURS, times));
    let rivals: [(&str, Option<Target>, usize, Answers<'_>); 8] = [
        ("bare look-up and bits", None, QUESTIONS, Box::new(|asked| bare.can(asked))),
        (OURS, Some(Target::TimesAsLong(2.0)), QUESTIONS, Box::new(|asked| world.can(asked))),
        (
            "gatehouse, polled once",
            slower(1.0),
            QUESTIONS / 2,
            Box::new(|asked| gatehouse.can(asked)),
        ),
        (
            "cedar-policy, a policy a role, all prebuilt",
            slower(50.0),
            FEW,
            Box::new(|asked| whole.can(asked)),
        ),
        (
            "cedar-policy, a policy a grant, all prebuilt",
            slower(50.0),
            FEW / 4,
            Box::new(|asked| each.can(asked)),
        ),
        ("regorus, input prebuilt", slower(80.0), FEW, Box::new(|asked| regorus.can(asked))),
        ("casbin, tuned matcher", slower(250.0), FEW / 4, Box::new(|asked| tuned.can(asked))),
        ("casbin, natural matcher", slower(250.0), FEW / 4, Box::new(|asked| natural.can(asked))),
    ];
    let mut rows: Vec<_> = rivals.into_iter().map(|rival| row(&world, rival)).collect();
    let names: Vec<String> = rows.iter().map(|(name, ..)| name.clone()).collect();
    let mut measured: Vec<Row<'_>> = rows
        .iter_mut()
        .zip(&names)
        .map(|((_, target, times, can), name)| Row {
            name,
            target: *target,
            times: u32::try_from(*times).unwrap(),
            run: Box::new(|times| all(&world, times, &mut *can)),
        })
        .collect();
    let title = "One decision: 4 roles x 40 abilities, 3 kinds, 1,000 tenants, 10,000 members";
    table(title, ROUNDS, &mut measured);
}

/// Asserts that the answers are right, and counts what one of them allocates.
fn row<'a>(
    world: &World,
    (name, target, times, mut can): (&str, Option<Target>, usize, Answers<'a>),
) -> (String, Option<Target>, usize, Answers<'a>) {
    for asked in world.asked.iter().take(CHECKED) {
        assert_eq!(can(asked), asked.expected, "{name}: {asked:?}");
    }
    let counted = allocation_counter::measure(|| {
        for asked in world.asked.iter().take(FEW) {
            black_box(can(asked));
        }
    });
    if name == OURS {
        assert_eq!(counted.count_total, 0, "a decision of the law allocates");
        return (name.to_owned(), target, times, can);
    }
    let [counted, asked] = [counted.count_total, u64::try_from(FEW).unwrap()]
        .map(|count| u32::try_from(count).unwrap());
    let allocations = f64::from(counted) / f64::from(asked);
    (format!("{name} ({allocations:.2} alloc.)"), target, times, can)
}
