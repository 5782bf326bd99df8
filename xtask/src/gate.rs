//! Gates: what must hold before a change is read by a person.

use std::process;
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::failure::Failure;

mod cheap;
mod dear;

/// One fact about the tree and how to find out whether it holds.
#[derive(Debug)]
struct Gate {
    name: &'static str,
    check: fn() -> Result<Verdict, Failure>,
}

/// How a gate ended when it did not fail.
#[derive(Debug)]
enum Verdict {
    Passed,
    /// The machine lacks what the gate needs; where `CI` is set this is a failure.
    Skipped(String),
}

/// The cheap gates. All of them run, so that one round shows everything there is to mend.
pub(crate) fn test() -> Result<(), Failure> {
    let mut report = Report::default();
    report.run_all(cheap::GATES);
    report.close()
}

/// The cheap gates, and when they all hold, the dear ones.
pub(crate) fn ci() -> Result<(), Failure> {
    let mut report = Report::default();
    report.run_all(cheap::GATES);
    if report.failures() == 0 {
        report.run_all(dear::GATES);
    } else {
        println!("== the dear gates are not run: mend the cheap ones first");
    }
    report.close()
}

/// What every gate said and how long it took.
#[derive(Debug, Default)]
struct Report {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    name: &'static str,
    took: Duration,
    ending: Ending,
}

#[derive(Debug)]
enum Ending {
    Passed,
    Skipped(String),
    Failed(String),
}

impl Report {
    fn run_all(&mut self, gates: &[Gate]) {
        for (index, gate) in gates.iter().enumerate() {
            println!("== {} ({} of {})", gate.name, index + 1, gates.len());
            let stopwatch = Stopwatch::start();
            let ending = Ending::of((gate.check)(), is_ci());
            let line = Line { name: gate.name, took: stopwatch.elapsed(), ending };
            println!("== {line}");
            self.lines.push(line);
        }
    }

    fn failures(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line.ending, Ending::Failed(_))).count()
    }

    fn close(&self) -> Result<(), Failure> {
        println!("\n== summary");
        for line in &self.lines {
            println!("   {line}");
        }
        match self.failures() {
            0 => Ok(()),
            failures => {
                Err(Failure::new(format!("{failures} of {} gates failed", self.lines.len())))
            }
        }
    }
}

impl Ending {
    fn of(answer: Result<Verdict, Failure>, is_ci: bool) -> Self {
        match answer {
            Ok(Verdict::Passed) => Self::Passed,
            Ok(Verdict::Skipped(why)) if is_ci => Self::Failed(format!("SKIPPED in CI: {why}")),
            Ok(Verdict::Skipped(why)) => Self::Skipped(why),
            Err(failure) => Self::Failed(failure.to_string()),
        }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (word, why) = match &self.ending {
            Ending::Passed => ("passed", ""),
            Ending::Skipped(why) => ("SKIPPED", why.as_str()),
            Ending::Failed(why) => ("FAILED", why.as_str()),
        };
        let seconds = self.took.as_secs_f64();
        let line = format!("{:<18} {word:<8} {seconds:>7.1} s  {why}", self.name);
        formatter.write_str(line.trim_end())
    }
}

fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// A name that two runs at once on one machine do not share.
fn unique(stem: &str) -> String {
    format!("{stem}-{}-", process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(check: fn() -> Result<Verdict, Failure>) -> Gate {
        Gate { name: "some gate", check }
    }

    #[test]
    fn one_failure_does_not_hide_the_next() {
        let mut report = Report::default();
        report.run_all(&[
            gate(|| Err(Failure::new("first"))),
            gate(|| Ok(Verdict::Passed)),
            gate(|| Err(Failure::new("second"))),
        ]);
        assert_eq!(report.failures(), 2);
        assert_eq!(report.close().unwrap_err().to_string(), "2 of 3 gates failed");
    }

    #[test]
    fn a_skip_is_loud_and_in_ci_a_failure() {
        let skip = || Ok(Verdict::Skipped("no nightly".to_owned()));
        assert!(matches!(Ending::of(skip(), false), Ending::Skipped(_)));
        assert!(matches!(Ending::of(skip(), true), Ending::Failed(_)));
    }

    #[test]
    fn names_are_unique() {
        for gates in [cheap::GATES, dear::GATES] {
            for (index, gate) in gates.iter().enumerate() {
                assert!(gates.iter().skip(index + 1).all(|other| other.name != gate.name));
            }
        }
    }
}
