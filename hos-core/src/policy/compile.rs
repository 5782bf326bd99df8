//! Compiles roles and rules into tables, every fault at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::{
    ABILITIES_MAX, BUILT_IN_ABILITIES, Implicit, ROLES_MAX, RULES_MAX, RULES_OF_ABILITIES_MAX,
    RoleDefinition, RoleEntry, RoleSet, Rule, RuleDefinition, RuleEffect, Rules, Table,
};
use crate::actor::ActorKind;
use crate::condition::{Condition, Scope};
use crate::contract::Contract;
use crate::contract::validate::{check, subject_schema};
use crate::error::LawFaults;
use crate::id::{Ability, Role};
use crate::standing::AbilityPattern;
use crate::value::Schema;

/// What the rules of a law are compiled from.
pub(crate) struct Source<'a> {
    pub(crate) roles: &'a [RoleDefinition],
    pub(crate) rules: &'a [RuleDefinition],
    /// Declared although perhaps nobody is granted them.
    pub(crate) abilities: &'a [String],
    pub(crate) critical: &'a [String],
    pub(crate) actor: &'a Schema,
    pub(crate) context: &'a Schema,
    pub(crate) contracts: &'a [&'a Contract],
}

pub(crate) fn compile(source: &Source<'_>, faults: &mut LawFaults) -> Rules {
    let roles = roles(source.roles, faults);
    let mut rules = Rules {
        superusers: flagged(source.roles, |role| role.superuser),
        implicit: implicit(source.roles, &roles),
        tables: abilities(source, faults),
        ids: Vec::with_capacity(source.rules.len()),
        roles,
    };
    tenant_superusers(source.roles, &rules, faults);
    faults.limit("law", "rules", source.rules.len(), RULES_MAX);
    let mut ids = Ids::default();
    let mut entries = 0;
    let mut bodies = BTreeSet::new();
    for definition in source.rules {
        let id: Arc<str> = ids.of(definition, faults).into();
        rules.ids.push(Arc::clone(&id));
        let at = format!("rule {id}");
        entries += rule(source, definition, (&id, &at), &mut rules, entries, faults);
        let mut named = (definition.abilities.clone(), definition.roles.clone());
        named.0.sort();
        named.1.sort();
        let when = definition.condition().map(|when| when.to_string());
        if !bodies.insert((definition.effect, named, when)) {
            faults.add("duplicate_rule", &at, "the same rule stands twice");
        }
    }
    let what = "rules, counted for each of their abilities";
    faults.limit("law", what, entries, RULES_OF_ABILITIES_MAX);
    critical(source, &mut rules, faults);
    rules
}

fn roles(definitions: &[RoleDefinition], faults: &mut LawFaults) -> Vec<(Role, RoleEntry)> {
    faults.limit("law", "roles", definitions.len(), ROLES_MAX);
    let index: BTreeMap<&str, usize> =
        definitions.iter().enumerate().map(|(at, role)| (role.name.as_str(), at)).collect();
    let mut roles = Vec::with_capacity(definitions.len());
    for (own, definition) in definitions.iter().enumerate() {
        let at = format!("role {}", definition.name);
        if index.get(definition.name.as_str()) != Some(&own) {
            faults.add("duplicate_role", &at, "the role is declared twice");
        }
        if definition.superuser && !definition.world {
            faults.add("tenant_superuser", &at, "a superuser's role is one of the whole world");
        }
        if definition.implicit.is_some() && (definition.superuser || definition.world) {
            faults.add("implicit_world_role", &at, "an implicit role is one of a tenant");
        }
        let closure = closure(own, definitions, &index, &at, faults);
        if let Some(role) = faults.keep(&at, Role::new(&definition.name)) {
            roles.push((role, RoleEntry { closure, world: definition.world }));
        }
    }
    roles
}

/// What a role may not be by itself it may not become by inheritance.
fn tenant_superusers(definitions: &[RoleDefinition], rules: &Rules, faults: &mut LawFaults) {
    for role in definitions.iter().filter(|role| !role.world && !role.superuser) {
        if rules.is_superuser(&role.name) {
            let at = format!("role {}", role.name);
            faults.add("tenant_superuser", &at, "a role of a tenant inherits a superuser's");
        }
    }
}

fn closure(
    own: usize,
    definitions: &[RoleDefinition],
    index: &BTreeMap<&str, usize>,
    at: &str,
    faults: &mut LawFaults,
) -> RoleSet {
    let mut set = RoleSet::default();
    let mut seen = BTreeSet::new();
    let mut open = vec![own];
    while let Some(next) = open.pop() {
        if !seen.insert(next) {
            continue;
        }
        set = set.union(RoleSet::of(next));
        let Some(definition) = definitions.get(next) else { continue };
        for name in &definition.inherits {
            match index.get(name.as_str()) {
                Some(inherited) if *inherited == own => {
                    faults.add("inheritance_cycle", at, format!("it inherits itself by `{name}`"));
                }
                Some(inherited) => open.push(*inherited),
                None if next == own => {
                    faults.add("unknown_role", at, format!("role `{name}` is not declared"));
                }
                None => {}
            }
        }
    }
    set
}

fn flagged(definitions: &[RoleDefinition], flag: impl Fn(&RoleDefinition) -> bool) -> RoleSet {
    let of = |(at, role): (usize, &RoleDefinition)| flag(role).then(|| RoleSet::of(at));
    definitions.iter().enumerate().filter_map(of).fold(RoleSet::default(), RoleSet::union)
}

fn implicit(definitions: &[RoleDefinition], roles: &[(Role, RoleEntry)]) -> Implicit {
    let of = |kind: ActorKind| {
        let named = definitions.iter().filter(|role| role.implicit == Some(kind));
        let entries = named.filter_map(|role| roles.iter().find(|(name, _)| *name == *role.name));
        entries.map(|(_, entry)| entry.closure).fold(RoleSet::default(), RoleSet::union)
    };
    Implicit {
        user: of(ActorKind::User),
        service: of(ActorKind::Service),
        job: of(ActorKind::Job),
        webhook: of(ActorKind::Webhook),
    }
}

/// The abilities that the law knows: built in, declared, asked for by contracts, or permitted.
fn abilities(
    source: &Source<'_>,
    faults: &mut LawFaults,
) -> HashMap<Ability, Table, foldhash::fast::RandomState> {
    let mut tables = HashMap::default();
    let mut declare = |at: &str, text: &str, faults: &mut LawFaults| {
        if let Some(ability) = faults.keep(at, Ability::new(text)) {
            if ability.resource() == "hos" && !BUILT_IN_ABILITIES.contains(&text) {
                faults.add("reserved_name", at, format!("`{text}`: resource `hos` is built in"));
            }
            let built_in = ability.resource() == "hos";
            tables.entry(ability).or_insert(Table { built_in, ..Table::default() });
        }
    };
    BUILT_IN_ABILITIES.iter().for_each(|text| declare("law", text, faults));
    source.abilities.iter().for_each(|text| declare("abilities", text, faults));
    for contract in source.contracts {
        contract.abilities().for_each(|ability| declare("contract", ability.as_str(), faults));
    }
    for rule in source.rules.iter().filter(|rule| rule.effect == RuleEffect::Permit) {
        for text in rule.abilities.iter().filter(|text| !text.contains('*')) {
            declare("rule", text, faults);
        }
    }
    faults.limit("law", "abilities", tables.len(), ABILITIES_MAX);
    tables
}

/// The ids given out, and how often each base was asked for: many rules may share one.
#[derive(Default)]
struct Ids {
    given: BTreeSet<String>,
    copies: BTreeMap<String, usize>,
}

impl Ids {
    fn of(&mut self, definition: &RuleDefinition, faults: &mut LawFaults) -> String {
        if let Some(id) = &definition.id {
            faults.keep("rule", crate::id::Version::new(id));
            if !self.given.insert(id.clone()) {
                faults.add("duplicate_rule", &format!("rule {id}"), "the id is used twice");
            }
            return id.clone();
        }
        let base = definition.abilities.first().map_or("rule", String::as_str);
        let base = format!("{} {base}", definition.effect.as_str());
        let copy = self.copies.entry(base.clone()).or_insert(0);
        loop {
            *copy += 1;
            let id = if *copy == 1 { base.clone() } else { format!("{base} {copy}") };
            if self.given.insert(id.clone()) {
                return id;
            }
        }
    }
}

/// How many abilities the rule is about. It is kept for none of them once there are too many.
fn rule(
    source: &Source<'_>,
    definition: &RuleDefinition,
    (id, at): (&Arc<str>, &str),
    rules: &mut Rules,
    entries: usize,
    faults: &mut LawFaults,
) -> usize {
    let abilities = matched(definition, at, rules, faults);
    let mut set = RoleSet::default();
    for name in &definition.roles {
        match source.roles.iter().position(|role| role.name == *name) {
            Some(index) => set = set.union(RoleSet::of(index)),
            None => faults.add("unknown_role", at, format!("role `{name}` is not declared")),
        }
    }
    if definition.roles.is_empty() && definition.effect == RuleEffect::Permit {
        faults.add("no_roles", at, "a permit names the roles that it grants to");
    }
    let condition = condition(source, definition, &abilities, at, faults);
    let about = abilities.len();
    let refused = definition.when.is_some() && condition.is_none();
    if refused || entries.saturating_add(about) > RULES_OF_ABILITIES_MAX {
        return about;
    }
    let roles = (!definition.roles.is_empty()).then_some(set);
    let rule = Rule { id: Arc::clone(id), roles, condition: condition.map(Arc::new) };
    for ability in abilities {
        let Some(table) = rules.tables.get_mut(&ability) else { continue };
        match definition.effect {
            RuleEffect::Forbid => table.forbids.push(rule.clone()),
            RuleEffect::Permit => {
                match rule.condition {
                    None => table.permitted = table.permitted.union(set),
                    Some(_) => table.conditional = table.conditional.union(set),
                }
                table.permits.push(rule.clone());
            }
        }
    }
    about
}

fn matched(
    definition: &RuleDefinition,
    at: &str,
    rules: &Rules,
    faults: &mut LawFaults,
) -> BTreeSet<Ability> {
    let mut abilities = BTreeSet::new();
    if definition.abilities.is_empty() {
        faults.add("unknown_ability", at, "a rule names at least one ability");
    }
    for text in &definition.abilities {
        if text.starts_with("*.") {
            let message = format!("`{text}` reaches across resources; name them one by one");
            faults.add("wildcard_across_resources", at, message);
            continue;
        }
        let Some(pattern) = faults.keep(at, AbilityPattern::parse(text)) else { continue };
        let before = abilities.len();
        let found = rules.tables.keys().filter(|ability| pattern.matches(ability.as_str()));
        let found: Vec<Ability> = found.cloned().collect();
        if found.is_empty() {
            faults.add("unknown_ability", at, format!("no ability is `{text}`"));
        }
        abilities.extend(found);
        if abilities.len() == before && definition.abilities.len() > 1 {
            faults.add("duplicate_ability", at, format!("`{text}` is named twice"));
        }
    }
    abilities
}

/// Checks the condition against every kind of subject that its abilities are asked about.
fn condition(
    source: &Source<'_>,
    definition: &RuleDefinition,
    abilities: &BTreeSet<Ability>,
    at: &str,
    faults: &mut LawFaults,
) -> Option<Condition> {
    let written = definition.when.as_ref()?;
    let about = |contract: &&&Contract| abilities.iter().any(|ability| contract.is_about(ability));
    let schemas = source.contracts.iter().filter(about).map(|contract| contract.attributes());
    let mut schemas: Vec<Schema> = schemas.map(subject_schema).collect();
    schemas.dedup();
    if schemas.is_empty() {
        schemas.push(subject_schema(&Schema::new()));
    }
    let mut condition = None;
    for subject in &schemas {
        let scope = Scope {
            actor: Some(source.actor),
            subject: Some(subject),
            context: Some(source.context),
            input: None,
            facts: None,
        };
        let checked = check(faults, at, written, |e| Condition::new(e, scope))?;
        if condition.as_ref().is_some_and(|other| *other != checked) {
            let message = "an attribute has another type in another kind or version of a contract";
            faults.add("type_mismatch", at, message);
        }
        condition = Some(checked);
    }
    condition
}

fn critical(source: &Source<'_>, rules: &mut Rules, faults: &mut LawFaults) {
    for text in source.critical {
        match rules.tables.get_mut(text.as_str()) {
            Some(table) => table.critical = true,
            None => faults.add("unknown_ability", "critical", format!("no ability is `{text}`")),
        }
    }
}
