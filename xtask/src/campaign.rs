//! Campaigns: long runs by name, each with a size, a seed and a hard limit of time.

use std::time::Duration;

use crate::cli::Order;
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::step::Step;

mod catalogue;
mod fuzz;
mod mutants;
mod weave;

pub(crate) use weave::steps as weave_steps;

use catalogue::CAMPAIGNS;

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
    /// One test of `hos-sqlx` against servers that it starts, told the same way: its name, and what
    /// cargo and the test are told beside.
    Servers(&'static [&'static str]),
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
        println!("{name:<18} {size_default:>10}  {shows}\n{:<29}  size: {unit}", "");
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

fn servers_args(test: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    let package =
        ["test", "--release", "--locked", "-p", "hos-sqlx", "--features", "postgres,mysql"];
    package.into_iter().chain(["--test"]).chain(test.iter().copied())
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
