//! How the program ends.

use std::process::ExitCode;

use hos_core::error::{Fault, FaultKind};

use crate::secret::redacted;

/// The exit codes, as `--help` tells them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done, and nothing is wrong
  1  a defect of this program: report it
  2  the command line is wrong
  3  try the same again later: busy, unreachable, full
  4  not this database or file: check path, URL, rights, versions
  5  what is kept is damaged or does not agree: the first places are named
  6  what was looked at is wrong: a law with faults, a candidate that is not ready, a failed check
  7  warnings only, where they were asked for
  8  the law refused it: no permission
  9  a legal hold refused it
A verdict on files: 0 verified under the policy, 10 nothing from outside vouches for it,
20 incomplete or erased as it says, 30 contradicts a known checkpoint, 40 invalid, 50 unreadable";

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Defect,
    Usage,
    Later,
    Address,
    Damage,
    Wrong,
    Warned,
    Refused,
    Held,
    Unanchored,
    Incomplete,
    Contradicted,
    Invalid,
    Unreadable,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Defect => 1,
            Self::Usage => 2,
            Self::Later => 3,
            Self::Address => 4,
            Self::Damage => 5,
            Self::Wrong => 6,
            Self::Warned => 7,
            Self::Refused => 8,
            Self::Held => 9,
            Self::Unanchored => 10,
            Self::Incomplete => 20,
            Self::Contradicted => 30,
            Self::Invalid => 40,
            Self::Unreadable => 50,
        }
    }

    fn of(kind: FaultKind) -> Self {
        match kind {
            FaultKind::Unavailable | FaultKind::Busy | FaultKind::Full | FaultKind::Ambiguous => {
                Self::Later
            }
            FaultKind::Foreign
            | FaultKind::Unauthorized
            | FaultKind::Unsupported
            | FaultKind::NewerSchema
            | FaultKind::ReadOnly
            | FaultKind::Key
            | FaultKind::Law => Self::Address,
            FaultKind::Corrupt | FaultKind::Restored => Self::Damage,
            FaultKind::Archived => Self::Incomplete,
            FaultKind::Limit => Self::Usage,
            _ => Self::Defect,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why an order could not be carried out.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    /// What caused it, the nearest first.
    pub(crate) causes: Vec<String>,
    /// What to do; empty where the message says it.
    pub(crate) advice: &'static str,
}

impl Trouble {
    pub(crate) fn new(exit: Exit, message: impl Into<String>, advice: &'static str) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), advice }
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(&fault);
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        let exit = Exit::of(fault.kind());
        let advice = match fault.kind() {
            FaultKind::Unavailable => "see that the server runs and the address is right",
            FaultKind::Unauthorized => "check user, password, TLS and grants in the URL",
            FaultKind::Busy => "somebody else holds it: run the same again",
            FaultKind::Full => "make room, then run the same again",
            FaultKind::ReadOnly => "use the primary's URL",
            FaultKind::Key => "no key is ever made in its place: give the one that sealed before",
            FaultKind::Law => "give the law that is in force there, as it is",
            FaultKind::Archived => {
                "give `--archive DIR`, or bring it back: `hos archive --restore FROM..TO`"
            }
            FaultKind::Corrupt => "keep what is there, and restore a backup beside it",
            _ => "",
        };
        Self { causes, ..Self::new(exit, fault.to_string(), advice) }
    }
}

/// Tells what is wrong with the command line, or helps, as was asked.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // OK because nobody is left to tell.
        let _told = error.print();
        return Exit::Done.into();
    }
    let text = error.render().ansi().to_string();
    anstream::eprint!("{}", redacted(&text));
    Exit::Usage.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_told_from_a_wrong_address() {
        assert_eq!(Exit::of(FaultKind::Corrupt), Exit::Damage);
        assert_eq!(Exit::of(FaultKind::Foreign), Exit::Address);
        assert_eq!(Exit::of(FaultKind::Busy), Exit::Later);
        assert_eq!(Exit::of(FaultKind::Key), Exit::Address);
        assert_eq!(Exit::of(FaultKind::Restored), Exit::Damage);
        assert_eq!(Exit::of(FaultKind::Internal), Exit::Defect);
    }

    #[test]
    fn the_help_tells_of_every_code() {
        let all = [
            Exit::Done,
            Exit::Defect,
            Exit::Usage,
            Exit::Later,
            Exit::Address,
            Exit::Damage,
            Exit::Wrong,
            Exit::Warned,
            Exit::Refused,
            Exit::Held,
        ];
        for exit in all {
            assert!(EXIT_CODES.contains(&format!("\n  {}  ", exit.code())), "{exit:?}");
        }
        let verdicts = [
            Exit::Unanchored,
            Exit::Incomplete,
            Exit::Contradicted,
            Exit::Invalid,
            Exit::Unreadable,
        ];
        for exit in verdicts {
            assert!(EXIT_CODES.contains(&format!("{} ", exit.code())), "{exit:?}");
        }
    }
}
