//! Modules of the core import leftwards only.

use std::collections::BTreeMap;

use super::source::{Blank, identifier, line_at, mask, production, words_after};
use super::tree::File;
use super::{report, tree};

/// From left to right: a module imports from its own group and from those before it. What judging
/// and keeping share (subject, receipt, standing) is plain data and stands before both.
const ORDER: &[&[&str]] = &[
    &["id", "time", "value", "error", "weave", "sampling"],
    &["encoding", "digest"],
    &["condition"],
    &["actor", "subject"],
    &["receipt"],
    &["standing"],
    &["policy", "contract", "proof", "merkle", "cipher"],
    &["seal"],
    &["law"],
    &["command"],
    &["commit"],
    &["judge", "store", "vault"],
    &["laws", "candidate", "recording", "typed"],
    &["memory"],
    &["hos"],
];

/// Forbidden although the order allows it: judging and keeping do not see each other.
const STRANGERS: &[(&str, &str)] = &[("judge", "store"), ("store", "judge"), ("memory", "judge")];

const SRC: &str = "hos-core/src/";

#[test]
fn modules_of_the_core_import_leftwards_only() {
    let files = tree::files(SRC);
    let exported = exports(&tree::read("hos-core/src/lib.rs"));
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| file.is_production()) {
        let Some(module) = module_of(file) else { continue };
        if rank(module).is_none() {
            problems.push(format!("{}: put `{module}` into ORDER of modules.rs", file.path));
            continue;
        }
        for (line, name) in imports(file) {
            let target = exported.get(&name).unwrap_or(&name);
            if let Some(problem) = refusal(module, target) {
                problems.push(format!("{}:{line}: {problem}", file.path));
            }
        }
    }
    report::none(&problems);
}

/// The module below the crate's root that a file belongs to; none for the root itself.
fn module_of(file: &File) -> Option<&str> {
    let path = file.path.strip_prefix(SRC)?;
    let module = path.split('/').next()?.trim_end_matches(".rs");
    (module != "lib").then_some(module)
}

fn rank(module: &str) -> Option<usize> {
    ORDER.iter().position(|group| group.contains(&module))
}

fn refusal(module: &str, target: &str) -> Option<String> {
    if module == target {
        return None;
    }
    let Some(reached) = rank(target) else {
        return Some(format!("`{target}` is no module in ORDER and no re-export of lib.rs"));
    };
    let is_right = rank(module).is_none_or(|own| reached > own);
    if is_right || STRANGERS.contains(&(module, target)) {
        return Some(format!("`{module}` may not import `{target}`; see ORDER of modules.rs"));
    }
    None
}

/// What the production part of a file takes from the crate's root: line and first name.
fn imports(file: &File) -> Vec<(usize, String)> {
    let masked = mask(production(&file.text), Blank::CommentsAndLiterals);
    let mut found = Vec::new();
    for (offset, _) in masked.match_indices("crate::") {
        let rest = masked.get(offset + "crate::".len()..).unwrap_or_default();
        let line = line_at(&masked, offset);
        found.extend(heads(rest).into_iter().map(|name| (line, name)));
    }
    // As many `super` as the file is deep reach the root; nested test modules are cut already.
    let depth = file.path.trim_start_matches(SRC).split('/').count();
    for (offset, name) in words_after(&masked, &"super::".repeat(depth)) {
        if rank(&name).is_some() {
            found.push((line_at(&masked, offset), name));
        }
    }
    found
}

/// The first name of a path, or of each path of a `{..}` list.
fn heads(rest: &str) -> Vec<String> {
    let Some(list) = rest.strip_prefix('{') else { return vec![identifier(rest).to_owned()] };
    let mut depth = 0_usize;
    let mut heads = vec![String::new()];
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(String::new()),
            _ if depth == 0 => heads.extend_last(c),
            _ => {}
        }
    }
    let heads = heads.iter().map(|head| identifier(head.trim()).to_owned());
    heads.filter(|head| !head.is_empty()).collect()
}

trait ExtendLast {
    fn extend_last(&mut self, c: char);
}

impl ExtendLast for Vec<String> {
    fn extend_last(&mut self, c: char) {
        if let Some(last) = self.last_mut() {
            last.push(c);
        }
    }
}

/// Which module each name of the crate's root comes from. `merkle` comes from another crate as it
/// is, and stands in ORDER under its own name.
fn exports(lib: &str) -> BTreeMap<String, String> {
    let masked = mask(production(lib), Blank::CommentsAndLiterals);
    let mut exported = BTreeMap::new();
    for statement in masked.split("pub use ").skip(1) {
        let statement = statement.split(';').next().unwrap_or_default().trim();
        let path = statement.trim_start_matches("crate::").trim_start_matches("self::");
        let module = identifier(path);
        if module == "hos_verify" {
            continue;
        }
        for piece in path.split(['{', '}', ',']) {
            let name = piece.rsplit("::").next().unwrap_or_default();
            if let Some(name) = name.split_whitespace().last() {
                exported.insert(name.to_owned(), module.to_owned());
            }
        }
    }
    exported
}

#[test]
fn every_spelling_of_an_import_is_seen() {
    let text = "use crate::{id::{A, B}, time, C};\n// crate::law\nfn f() { crate::judge::g() }\n\
                use super::super::store::S;\nuse super::near;\n#[cfg(test)]\nmod tests {\n\
                use crate::hos;\n}\n";
    let file = File { path: format!("{SRC}policy/rule.rs"), text: text.to_owned() };
    let found: Vec<_> = imports(&file);
    let expected = [(1, "id"), (1, "time"), (1, "C"), (3, "judge"), (4, "store")];
    assert_eq!(found, expected.map(|(line, name)| (line, name.to_owned())));
    assert_eq!(module_of(&file), Some("policy"));
}

#[test]
fn a_root_name_counts_as_its_module() {
    let exported = exports("pub use id::{Tenant, World as Realm};\npub use crate::hos::Hos;\n");
    assert_eq!(exported.get("Tenant").map(String::as_str), Some("id"));
    assert_eq!(exported.get("Realm").map(String::as_str), Some("id"));
    assert_eq!(exported.get("Hos").map(String::as_str), Some("hos"));
}

#[test]
fn the_order_forbids_what_it_should() {
    assert!(refusal("judge", "policy").is_none());
    assert!(refusal("policy", "contract").is_none());
    assert!(refusal("policy", "judge").is_some());
    assert!(refusal("judge", "store").is_some());
    assert!(refusal("memory", "judge").is_some());
    assert!(refusal("judge", "nowhere").is_some());
}
