//! Which crate depends on which.

use std::process::Command;

use super::manifests::{Manifest, members};
use super::{report, tree};

/// What a crate may take from the workspace. A crate not named here may take any.
#[derive(Debug)]
struct Rule {
    name: &'static str,
    /// Exactly these.
    normal: &'static [&'static str],
    /// Some of these.
    dev: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule { name: "hos-verify", normal: &[], dev: &[] },
    Rule { name: "hos-core", normal: &["hos-verify"], dev: &[] },
    Rule {
        name: "hos-sqlx",
        normal: &["hos-core"],
        dev: &[
            "hos-archive",
            "hos-conformance",
            "hos-fsck",
            "hos-services",
            "hos-verify",
            "hos-work",
        ],
    },
    Rule {
        name: "hos-work",
        normal: &["hos-core"],
        dev: &["hos-conformance", "hos-services", "hos-sqlx"],
    },
    Rule {
        name: "hos-cli",
        normal: &[
            "hos-archive",
            "hos-core",
            "hos-fsck",
            "hos-inspect",
            "hos-sqlx",
            "hos-verify",
            "hos-work",
        ],
        dev: &["hos-services"],
    },
    Rule { name: "hos-archive", normal: &["hos-core", "hos-verify"], dev: &[] },
    Rule {
        name: "hos-conformance",
        normal: &["hos-archive", "hos-core", "hos-verify"],
        dev: &["hos-sqlx", "hos-work"],
    },
    Rule {
        name: "hos-fsck",
        normal: &["hos-core", "hos-verify"],
        dev: &["hos-services", "hos-sqlx"],
    },
    Rule { name: "hos-inspect", normal: &["hos-core"], dev: &["hos-conformance"] },
    Rule { name: "hos-services", normal: &[], dev: &[] },
    Rule { name: "xtask", normal: &["hos-services"], dev: &[] },
];

/// The core needs no runtime, no database and no network.
const FOREIGN_TO_CORE: &[&str] =
    &["async-std", "axum", "hyper", "mio", "reqwest", "rusqlite", "smol", "sqlx", "tokio"];

#[test]
fn crates_depend_as_the_architecture_says() {
    let members = members();
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let mut problems = Vec::new();
    for rule in RULES {
        match members.iter().find(|member| member.name == rule.name) {
            Some(member) => problems.extend(broken(rule, member, &names)),
            None => problems.push(format!("{}: no such member; mend RULES", rule.name)),
        }
    }
    report::none(&problems);
}

fn broken(rule: &Rule, member: &Manifest, names: &[&str]) -> Vec<String> {
    let own = |section: &str| -> Vec<String> {
        let all = member.dependencies(section);
        all.into_iter().filter(|name| names.contains(&name.as_str())).collect()
    };
    let mut problems = Vec::new();
    let normal = own("dependencies");
    if normal != rule.normal {
        problems.push(format!(
            "{}: [dependencies] takes {normal:?} of the workspace, the architecture says {:?}",
            member.path, rule.normal
        ));
    }
    for name in own("build-dependencies") {
        problems.push(format!("{}: take `{name}` out of [build-dependencies]", member.path));
    }
    for name in own("dev-dependencies") {
        if !rule.dev.contains(&name.as_str()) && !rule.normal.contains(&name.as_str()) {
            problems.push(format!("{}: take `{name}` out of [dev-dependencies]", member.path));
        }
    }
    problems
}

/// An auditor reads all that the verifier runs on: nothing that parses, waits or talks for it.
const FOREIGN_TO_VERIFIER: &[&str] = &["serde_json", "sqlx", "thiserror", "time", "uuid", "zip"];

#[test]
fn the_core_pulls_no_runtime_no_sql_and_no_http() {
    report::none(&pulled("hos-core", FOREIGN_TO_CORE));
}

#[test]
fn the_verifier_pulls_little_more_than_hashes_and_signatures() {
    report::none(&pulled("hos-verify", &[FOREIGN_TO_CORE, FOREIGN_TO_VERIFIER].concat()));
}

/// What a crate links in, each with its dependencies, of those that are foreign to it.
fn pulled(package: &str, foreign: &[&str]) -> Vec<String> {
    let output = Command::new("cargo")
        .args(["tree", "-p", package, "-e", "normal", "--all-features"])
        .args(["--offline", "--locked", "--prefix", "none", "--format", "{p}"])
        .current_dir(tree::root())
        .output()
        .unwrap_or_else(|error| panic!("cargo tree: {error}"));
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8_lossy(&output.stdout);
    assert!(listed.starts_with(&format!("{package} ")), "cargo tree said: {listed}");
    let mut problems = Vec::new();
    for line in listed.lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        let family = |foreign: &&str| name == *foreign || name.starts_with(&format!("{foreign}-"));
        if foreign.iter().any(family) {
            problems
                .push(format!("{package} pulls `{line}`; see cargo tree -p {package} -i {name}"));
        }
    }
    problems
}
