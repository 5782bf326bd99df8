//! `hos check`.

use std::path::{Path, PathBuf};

use clap::Args;
use hos_core::law::Law;
use hos_inspect::lint::{Finding, lint};
use serde::Serialize;
use serde_json::json;

use crate::exit::{Exit, Trouble};
use crate::law::{Content, FileFault, faults, law, read};
use crate::voice::{BAD, GOOD, Voice, WARNING};

/// Checks laws, contracts and role matrices: every fault with its place, then what is hardly meant.
///
/// JSON holds a law or one contract, with comments and last commas if you like; CSV and TOML hold a
/// matrix of roles and abilities.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The law that a matrix is added to, so that its roles and conditions are checked too.
    #[arg(long, value_name = "FILE")]
    law: Option<PathBuf>,
    /// What is hardly meant counts: the exit code is 7.
    #[arg(long)]
    strict: bool,
}

/// What became of one file.
#[derive(Debug, Serialize)]
struct Checked {
    path: PathBuf,
    /// `law`, `contract` or `matrix`; none for what could not be read.
    holds: Option<&'static str>,
    /// The version and the digest of a law or a contract.
    name: Option<String>,
    digest: Option<String>,
    faults: Vec<FileFault>,
    findings: Vec<Found>,
}

/// What is hardly meant.
#[derive(Debug, Serialize)]
struct Found {
    code: &'static str,
    about: String,
    message: String,
}

/// Checks every file, whatever is wrong with those before it.
pub(crate) fn obey(voice: &Voice, order: &Check) -> Result<Exit, Trouble> {
    let base = order.law.as_deref().map(law).transpose()?;
    let mut checked = Vec::new();
    let mut unreadable = None;
    for path in &order.files {
        match check(path, base.as_ref()) {
            Ok(one) => {
                show(voice, &one);
                checked.push(one);
            }
            Err(trouble) if order.files.len() == 1 => return Err(trouble),
            Err(trouble) => {
                voice.styled(BAD, "error", format_args!(": {}", trouble.message));
                let fault = FileFault {
                    code: "unreadable",
                    at: "file".to_owned(),
                    pointer: String::new(),
                    line: 1,
                    column: 1,
                    message: trouble.message,
                };
                unreadable = unreadable.or(Some(trouble.exit));
                checked.push(Checked { faults: vec![fault], ..nothing(path) });
            }
        }
    }
    let count = |of: fn(&Checked) -> usize| checked.iter().map(of).sum::<usize>();
    let faults = count(|checked| checked.faults.len());
    let findings = count(|checked| checked.findings.len());
    voice.document("check", json!({"faults": faults, "findings": findings, "files": checked}));
    Ok(match (unreadable, faults, findings) {
        (Some(exit), ..) => exit,
        (None, 1.., _) => Exit::Wrong,
        (None, 0, 1..) if order.strict => Exit::Warned,
        _ => Exit::Done,
    })
}

fn nothing(path: &Path) -> Checked {
    Checked {
        path: path.to_owned(),
        holds: None,
        name: None,
        digest: None,
        faults: Vec::new(),
        findings: Vec::new(),
    }
}

fn check(path: &Path, base: Option<&Law>) -> Result<Checked, Trouble> {
    let content = match read(path)? {
        Ok(content) => content,
        Err(faults) => return Ok(Checked { faults, ..nothing(path) }),
    };
    Ok(match content {
        Content::Law(law) => of_law(path, "law", &law),
        Content::Contract(contract) => Checked {
            holds: Some("contract"),
            name: Some(format!("{}/{}", contract.kind(), contract.version())),
            digest: Some(contract.digest().to_string()),
            ..nothing(path)
        },
        Content::Matrix(matrix) => match base {
            None => Checked { holds: Some("matrix"), ..nothing(path) },
            Some(base) => match Law::new(&matrix.added_to(base.definition().clone())) {
                Ok(law) => of_law(path, "matrix", &law),
                Err(error) => {
                    Checked { holds: Some("matrix"), faults: faults(&error), ..nothing(path) }
                }
            },
        },
    })
}

fn of_law(path: &Path, holds: &'static str, law: &Law) -> Checked {
    let found = |finding: Finding| Found {
        code: finding.code.as_str(),
        about: finding.about,
        message: finding.message,
    };
    Checked {
        holds: Some(holds),
        name: Some(format!("{}/{}", law.world(), law.version())),
        digest: Some(law.digest().to_string()),
        findings: lint(law).into_iter().map(found).collect(),
        ..nothing(path)
    }
}

fn show(voice: &Voice, checked: &Checked) {
    let path = checked.path.display();
    for FileFault { code, pointer, line, column, message, .. } in &checked.faults {
        let place = if pointer.is_empty() { String::new() } else { format!(" {pointer}") };
        let rest = format_args!("[{code}]{place}: {message}");
        voice.styled(BAD, &format!("{path}:{line}:{column}: error"), rest);
    }
    for Found { code, about, message } in &checked.findings {
        let rest = format_args!("[{code}] {about}: {message}");
        voice.styled(WARNING, &format!("{path}: warning"), rest);
    }
    if checked.faults.is_empty() {
        let holds = checked.holds.unwrap_or("file");
        let name = checked.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        let digest = checked.digest.as_ref().map(|digest| format!(" {digest}"));
        let rest = format_args!(": {holds}{name}{}", digest.unwrap_or_default());
        voice.styled(GOOD, &format!("{path}: well-formed"), rest);
    }
}
