//! Campaigns: long runs by name, each with a size, a seed and a hard limit of time.

use std::time::Duration;

use crate::cli::Order;
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::step::Step;

mod fuzz;
mod mutants;
mod weave;

pub(crate) use weave::steps as weave_steps;

/// No campaign runs longer, its builds included.
const LIMIT: Duration = Duration::from_mins(40);

/// A long run, known by its name.
#[derive(Debug)]
struct Campaign {
    name: &'static str,
    shows: &'static str,
    /// What one unit of its size is.
    unit: &'static str,
    size_default: u64,
    kind: Kind,
}

/// How a campaign becomes runs of cargo.
#[derive(Debug)]
enum Kind {
    /// One command line, told its size and seed by the environment.
    Cargo(&'static [&'static str]),
    /// One test of `hos-sqlx` against servers that it starts, told the same way.
    Servers(&'static str),
    /// Several, made from the size and the seed.
    Planned(fn(&Size) -> Result<Plan, Failure>),
}

/// How much, and from which seed.
#[derive(Debug, Clone, Copy)]
struct Size {
    units: u64,
    seed: u64,
}

/// The runs of one campaign and the directory that lives as long as they do.
#[derive(Debug)]
struct Plan {
    steps: Vec<Step>,
    /// Removed when the plan is dropped.
    scratch: Option<tempfile::TempDir>,
}

const CAMPAIGNS: &[Campaign] = &[
    Campaign {
        name: "kill9",
        shows: "no acknowledged commit is lost or doubled when the process is killed",
        unit: "kills",
        size_default: 1_000,
        kind: Kind::Cargo(&[
            "test",
            "--release",
            "--locked",
            "-p",
            "hos-sqlx",
            "--test",
            "kill9",
            "--",
            "--nocapture",
        ]),
    },
    Campaign {
        name: "crash",
        shows: "no acknowledged commit is lost or doubled when client, server or answer is lost",
        unit: "rounds: clients killed, servers killed, half the answers lost",
        size_default: 100,
        kind: Kind::Servers("crash"),
    },
    Campaign {
        name: "storm",
        shows: "futures that are dropped at any moment leave nothing open or half done",
        unit: "seconds",
        size_default: 60,
        kind: Kind::Servers("cancel_storm"),
    },
    Campaign {
        name: "promotion",
        shows: "what was acknowledged is on the standby when the primary is lost",
        unit: "primaries lost",
        size_default: 20,
        kind: Kind::Servers("promotion"),
    },
    Campaign {
        name: "history",
        shows: "concurrent commands and reads under faults are strictly serializable",
        unit: "strikes: servers killed, connections cut",
        size_default: 100,
        kind: Kind::Servers("history"),
    },
    Campaign {
        name: "moving",
        shows: "a deployment moves whole, whoever kills the mover on its way",
        unit: "entries, about",
        size_default: 1_000_000,
        kind: Kind::Servers("moving"),
    },
    Campaign {
        name: "migration",
        shows: "a contract's subjects are migrated whole, whoever kills the one that does it",
        unit: "live subjects",
        size_default: 1_000_000,
        kind: Kind::Servers("migration"),
    },
    Campaign {
        name: "hammer",
        shows: "every log and checkpoint is whole, whoever commits, seals and is killed",
        unit: "rounds on each database: four processes killed",
        size_default: 100,
        kind: Kind::Servers("hammer"),
    },
    Campaign {
        name: "bytes",
        shows: "every single byte that is changed in a large log is found and named",
        unit: "bytes",
        size_default: 100_000,
        kind: Kind::Cargo(&[
            "test",
            "--release",
            "--locked",
            "-p",
            "hos-fsck",
            "--test",
            "fsck",
            "bytes::of_a_large_log",
            "--",
            "--nocapture",
        ]),
    },
    Campaign {
        name: "timers",
        shows: "very many timers due at once fire once each, whoever is killed meanwhile",
        unit: "timers, on each database",
        size_default: 100_000,
        kind: Kind::Servers("timers"),
    },
    Campaign {
        name: "revocation",
        shows: "what is taken away in one process is taken away with the next answer in another",
        unit: "times that each way to be permitted is given and taken",
        size_default: 200,
        kind: Kind::Servers("revocation"),
    },
    Campaign {
        name: "deadlock",
        shows: "compound commands over the same subjects never end in a deadlock",
        unit: "commands of each of many tasks, on each database",
        size_default: 500,
        kind: Kind::Servers("deadlock"),
    },
    Campaign {
        name: "faults",
        shows: "a fault before or after the write leaves state and proof together",
        unit: "runs",
        size_default: 1_000,
        kind: Kind::Cargo(&[
            "test",
            "--release",
            "--locked",
            "-p",
            "hos-conformance",
            "-p",
            "hos-sqlx",
            "--features",
            "hos-sqlx/postgres,hos-sqlx/mysql",
            "--test",
            "faults",
            "--",
            "--nocapture",
        ]),
    },
    Campaign {
        name: "differential",
        shows: "the backends answer as the memory store does",
        unit: "commands",
        size_default: 20_000,
        kind: Kind::Servers("differential"),
    },
    Campaign {
        name: "model",
        shows: "the stores do what the model of the commit protocol does, which holds in full",
        unit: "traces of each protocol on each store; 5,000 steps of the whole model for each",
        size_default: 500,
        kind: Kind::Cargo(&[
            "test",
            "--release",
            "--locked",
            "-p",
            "hos-conformance",
            "-p",
            "hos-sqlx",
            "--features",
            "hos-sqlx/postgres,hos-sqlx/mysql",
            "--test",
            "model",
            "--",
            "--nocapture",
        ]),
    },
    Campaign {
        name: "filter",
        shows: "a filter lists in each database exactly what `can` permits",
        unit: "lists",
        size_default: 20_000,
        kind: Kind::Servers("filter"),
    },
    Campaign {
        name: "cedar",
        shows: "policy answers as Cedar does, but where Cedar skips a forbid that errs",
        unit: "questions, each asked of the law, its export and a plain translation",
        size_default: 10_000_000,
        kind: Kind::Cargo(&[
            "run",
            "--release",
            "--locked",
            "--manifest-path",
            "peers/Cargo.toml",
            "--bin",
            "cedar",
        ]),
    },
    Campaign {
        name: "peers",
        shows: "what a decision and a move cost beside the rivals, their answers asserted equal",
        unit: "runs",
        size_default: 1,
        kind: Kind::Cargo(&["bench", "--locked", "--manifest-path", "peers/Cargo.toml"]),
    },
    Campaign {
        name: "mutants",
        shows: "the tests notice when the law is changed by a hand's breadth",
        unit: "mutants, about; the seed chooses which",
        size_default: 60,
        kind: Kind::Planned(mutants::plan),
    },
    Campaign {
        name: "planted",
        shows: "the suite finds every bug that was planted in a store",
        unit: "runs",
        size_default: 1,
        kind: Kind::Cargo(&[
            "test",
            "--release",
            "--locked",
            "-p",
            "hos-conformance",
            "--test",
            "planted",
        ]),
    },
    Campaign {
        name: "weave",
        shows: "nobody sees two laws at once, or what no longer holds, whoever comes when",
        unit: "orders of each property",
        size_default: 10_000,
        kind: Kind::Planned(weave::plan),
    },
    Campaign {
        name: "fuzz",
        shows: "no input makes a parser or the judge panic",
        unit: "seconds for each target",
        size_default: 60,
        kind: Kind::Planned(fuzz::plan),
    },
    Campaign {
        name: "load",
        shows: "how long answers take when many use the marketplace at once",
        unit: "users, each of whom does something every second",
        size_default: 200,
        kind: Kind::Cargo(&[
            "test",
            "--release",
            "--locked",
            "-p",
            "pazar",
            "--test",
            "load",
            "--",
            "--nocapture",
        ]),
    },
    Campaign {
        name: "bench",
        shows: "what a decision and a commit cost",
        unit: "runs",
        size_default: 1,
        kind: Kind::Cargo(&["bench", "--locked", "-p", "hos-benches"]),
    },
    Campaign {
        name: "api",
        shows: "the API answers as it is described, whatever it is sent (needs Python)",
        unit: "examples for each operation, in each of four rounds",
        size_default: 50,
        kind: Kind::Cargo(&[
            "test",
            "--release",
            "--locked",
            "-p",
            "pazar",
            "--test",
            "api",
            "--",
            "--nocapture",
        ]),
    },
    Campaign {
        name: "smoke",
        shows: "the release server starts, answers and stops",
        unit: "runs",
        size_default: 1,
        kind: Kind::Cargo(&[
            "test",
            "--release",
            "--locked",
            "-p",
            "pazar",
            "--test",
            "smoke",
            "--",
            "--nocapture",
        ]),
    },
];

/// Lists the campaigns or runs the one that was named.
pub(crate) fn obey(order: &Order) -> Result<(), Failure> {
    let Some(name) = order.name.as_deref().filter(|_| !order.list) else {
        print_list();
        return Ok(());
    };
    let campaign = CAMPAIGNS.iter().find(|campaign| campaign.name == name).ok_or_else(|| {
        Failure::new(format!("no campaign `{name}`; see `cargo xtask campaign --list`"))
    })?;
    let units = order.size.unwrap_or(campaign.size_default);
    campaign.run(&Size { units, seed: order.seed })
}

fn print_list() {
    for Campaign { name, shows, unit, size_default, .. } in CAMPAIGNS {
        println!("{name:<13} {size_default:>6}  {shows}\n{:<20}  size: {unit}", "");
    }
}

impl Campaign {
    fn run(&self, size: &Size) -> Result<(), Failure> {
        let stopwatch = Stopwatch::start();
        println!("== campaign {}: size {}, seed {}", self.name, size.units, size.seed);
        let plan = self.plan(size)?;
        for step in &plan.steps {
            step.clone()
                .env("HOS_CAMPAIGN_SIZE", size.units.to_string())
                .env("HOS_CAMPAIGN_SEED", size.seed.to_string())
                .run_within(stopwatch, LIMIT)?;
        }
        if let Some(scratch) = plan.scratch {
            scratch.close().map_err(|error| Failure::new(format!("scratch: {error}")))?;
        }
        println!("== campaign {}: passed in {:.1} s", self.name, stopwatch.elapsed().as_secs_f64());
        Ok(())
    }

    fn plan(&self, size: &Size) -> Result<Plan, Failure> {
        match self.kind {
            Kind::Cargo(args) => {
                Ok(Plan { steps: vec![Step::cargo(args.iter().copied())], scratch: None })
            }
            Kind::Servers(test) => {
                Ok(Plan { steps: vec![Step::cargo(servers_args(test))], scratch: None })
            }
            Kind::Planned(plan) => plan(size),
        }
    }
}

fn servers_args(test: &str) -> impl Iterator<Item = &str> {
    let package =
        ["test", "--release", "--locked", "-p", "hos-sqlx", "--features", "postgres,mysql"];
    package.into_iter().chain(["--test", test, "--", "--nocapture"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for (index, campaign) in CAMPAIGNS.iter().enumerate() {
            let mut others = CAMPAIGNS.iter().skip(index + 1);
            assert!(others.all(|other| other.name != campaign.name), "{}", campaign.name);
        }
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let order = Order { name: Some("nothing".to_owned()), list: false, size: None, seed: 1 };
        assert!(obey(&order).unwrap_err().to_string().contains("no campaign `nothing`"));
    }
}
