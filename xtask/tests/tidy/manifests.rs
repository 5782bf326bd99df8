//! The members' manifests, and what each must inherit.

use std::process::Command;

use toml::{Table, Value};

use super::{report, tree};

/// The manifest of a member.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) path: String,
    pub(crate) name: String,
    table: Table,
}

impl Manifest {
    /// Names of the packages in a section, those for one platform only included; sorted.
    pub(crate) fn dependencies(&self, section: &str) -> Vec<String> {
        let targets = self.table.get("target").and_then(Value::as_table);
        let platforms = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
        let tables = [&self.table].into_iter().chain(platforms);
        let sections = tables.filter_map(|table| table.get(section).and_then(Value::as_table));
        let mut names: Vec<String> = sections.flatten().map(package_name).collect();
        names.sort();
        names.dedup();
        names
    }

    fn inherits(&self, keys: &[&str]) -> bool {
        look_up(&self.table, keys).and_then(Value::as_bool) == Some(true)
    }
}

/// A dependency may be renamed; the package counts.
fn package_name((name, value): (&String, &Value)) -> String {
    value.get("package").and_then(Value::as_str).unwrap_or(name).to_owned()
}

/// Every member that the root manifest names.
#[track_caller]
pub(crate) fn members() -> Vec<Manifest> {
    let root = parse("Cargo.toml");
    let listed = look_up(&root, &["workspace", "members"]).and_then(Value::as_array);
    let Some(listed) = listed else { panic!("Cargo.toml: no workspace.members") };
    listed.iter().filter_map(Value::as_str).map(member).collect()
}

#[track_caller]
fn member(directory: &str) -> Manifest {
    let path = format!("{directory}/Cargo.toml");
    let table = parse(&path);
    let name = look_up(&table, &["package", "name"]).and_then(Value::as_str);
    let Some(name) = name.map(str::to_owned) else { panic!("{path}: no package.name") };
    Manifest { path, name, table }
}

#[track_caller]
fn parse(path: &str) -> Table {
    tree::read(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn look_up<'t>(table: &'t Table, keys: &[&str]) -> Option<&'t Value> {
    let (first, rest) = keys.split_first()?;
    rest.iter().try_fold(table.get(*first)?, |value, key| value.get(*key))
}

#[test]
fn every_member_inherits_lints_and_toolchain() {
    let mut problems = Vec::new();
    for member in members() {
        let asked = [
            (&["lints", "workspace"][..], "[lints] workspace = true"),
            (&["package", "rust-version", "workspace"], "rust-version.workspace = true"),
            (&["package", "edition", "workspace"], "edition.workspace = true"),
            (&["package", "license", "workspace"], "license.workspace = true"),
        ];
        for (keys, line) in asked {
            if !member.inherits(keys) {
                problems.push(format!("{}: add `{line}`", member.path));
            }
        }
    }
    report::none(&problems);
}

#[test]
fn rust_version_is_the_toolchain_that_runs() {
    let root = parse("Cargo.toml");
    let keys = ["workspace", "package", "rust-version"];
    let promised = look_up(&root, &keys).and_then(Value::as_str).unwrap_or_default();
    let output = Command::new("rustc").arg("--version").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let version = said.split_whitespace().nth(1).unwrap_or_default();
    let minor = version.split('.').take(2).collect::<Vec<_>>().join(".");
    assert_eq!(
        promised, minor,
        "Cargo.toml: rust-version says {promised}, the tests run on {version}; \
         state the toolchain that is really tested, or run that one"
    );
}
