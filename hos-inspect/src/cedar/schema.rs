//! What Cedar may know: types of entities, actions with their groups, and the roles.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::actor::ActorKind;
use hos_core::id::Name;
use hos_core::law::Law;
use hos_core::policy::RoleDefinition;
use hos_core::subject::SUBJECT_BUILT_INS;
use hos_core::value::{Schema, Type};

use super::text::{RESERVED, attribute};
use super::{Refused, Why};

/// What conditions may read of any subject.
pub(super) fn subject() -> Schema {
    let built_in = |(name, type_)| Name::new(name).ok().map(|name| (name, type_));
    SUBJECT_BUILT_INS.into_iter().filter_map(built_in).collect()
}

/// Kinds whose names cannot be types.
pub(super) fn unnameable(kinds: &BTreeMap<String, Schema>) -> Vec<Refused> {
    let named = kinds.keys().filter(|kind| RESERVED.contains(&kind.as_str()));
    named.map(|kind| Refused { at: format!("kind {kind}"), why: Why::Reserved }).collect()
}

pub(super) fn schema(law: &Law, kinds: &BTreeMap<String, Schema>) -> String {
    let mut text = format!(
        "// The law of world `{}`, version `{}`, digest {}.\n\
         entity Role in [Role];\n\
         entity ActorKind in [Role];\n\
         entity Actor in [ActorKind, Role] = {{\n  isBanned: Bool,\n  inTenant: String,\n",
        law.world(),
        law.version(),
        law.digest()
    );
    for (name, type_) in law.actor() {
        let sign = if matches!(name.as_str(), "id" | "kind") { "" } else { "?" };
        text += &format!("  {}{sign}: {},\n", attribute(name.as_str()), type_name(*type_));
    }
    text += "};\n\nnamespace Subject {\n";
    for (kind, schema) in kinds {
        text += &format!("  entity {kind} = {{\n    inTenant: String,\n");
        text += &optional(schema, "    ");
        text += "  };\n";
    }
    text += "}\n\ntype Asked = {\n  decidedAt: Long,\n";
    text += &optional(law.context(), "  ");
    text += "};\n\naction \"*\";\n";
    for resource in resources(law) {
        text += &format!("action \"{resource}.*\" in [\"*\"];\n");
    }
    for ability in law.rules().abilities() {
        let about = law.contracts().filter(|contract| contract.is_about(&ability));
        let mut kinds: BTreeSet<&str> = about.map(|contract| contract.kind().as_str()).collect();
        if kinds.is_empty() {
            kinds.insert(ability.resource());
        }
        let kinds: Vec<String> = kinds.into_iter().map(|kind| format!("Subject::{kind}")).collect();
        text += &format!(
            "action \"{ability}\" in [\"{}.*\"] appliesTo {{ principal: Actor, resource: [{}], \
             context: Asked }};\n",
            ability.resource(),
            kinds.join(", ")
        );
    }
    text
}

/// Names here are of the law's grammar, which JSON need not escape.
pub(super) fn entities(law: &Law) -> String {
    let mut lines = Vec::new();
    let mut entity = |type_: &str, id: &str, parents: Vec<String>| {
        let uid = uid(type_, id);
        let parents = parents.join(", ");
        lines.push(format!("  {{\"uid\": {uid}, \"attrs\": {{}}, \"parents\": [{parents}]}}"));
    };
    for role in law.roles() {
        entity("Role", &role.name, role.inherits.iter().map(|name| uid("Role", name)).collect());
    }
    for kind in ActorKind::ALL {
        let implicit = |role: &&RoleDefinition| role.implicit == Some(kind);
        let roles = law.roles().iter().filter(implicit);
        let parents = roles.map(|role| uid("Role", &role.name)).collect();
        entity("ActorKind", kind.as_str(), parents);
    }
    entity("Action", "*", Vec::new());
    for resource in resources(law) {
        entity("Action", &format!("{resource}.*"), vec![uid("Action", "*")]);
    }
    for ability in law.rules().abilities() {
        let group = uid("Action", &format!("{}.*", ability.resource()));
        entity("Action", ability.as_str(), vec![group]);
    }
    format!("[\n{}\n]\n", lines.join(",\n"))
}

fn uid(type_: &str, id: &str) -> String {
    format!("{{\"type\": \"{type_}\", \"id\": \"{id}\"}}")
}

fn resources(law: &Law) -> BTreeSet<String> {
    law.rules().abilities().iter().map(|ability| ability.resource().to_owned()).collect()
}

/// Each kind with its attributes, of all versions of its contract; without those of several types.
pub(super) fn kinds(law: &Law) -> BTreeMap<String, Schema> {
    let mut kinds: BTreeMap<String, Schema> =
        resources(law).into_iter().map(|resource| (resource, subject())).collect();
    let mut torn = BTreeSet::new();
    for contract in law.contracts() {
        let schema = kinds.entry(contract.kind().to_string()).or_insert_with(subject);
        for (name, type_) in contract.attributes() {
            if schema.insert(name.clone(), *type_).is_some_and(|other| other != *type_) {
                torn.insert((contract.kind().to_string(), name.clone()));
            }
        }
    }
    for (kind, name) in torn {
        if let Some(schema) = kinds.get_mut(&kind) {
            schema.remove(&name);
        }
    }
    kinds
}

fn optional(schema: &Schema, indent: &str) -> String {
    let line = |(name, type_): (&Name, &Type)| {
        format!("{indent}{}?: {},\n", attribute(name.as_str()), type_name(*type_))
    };
    schema.iter().map(line).collect()
}

fn type_name(type_: Type) -> &'static str {
    match type_ {
        Type::Bool => "Bool",
        Type::Integer | Type::Time => "Long",
        Type::String => "String",
        Type::BoolSet => "Set<Bool>",
        Type::IntegerSet | Type::TimeSet => "Set<Long>",
        Type::StringSet => "Set<String>",
    }
}
