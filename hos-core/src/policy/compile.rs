//! Compiles roles and rules into tables, every fault at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::mentioned::Mentioned;
use super::{
    ABILITIES_MAX, BUILT_IN_ABILITIES, Implicit, ROLES_MAX, RULES_MAX, RULES_OF_ABILITIES_MAX,
    RoleDefinition, RoleEntry, RoleSet, Rule, RuleDefinition, RuleEffect, Rules, Table,
};
use crate::actor::ActorKind;
use crate::condition::{Condition, Scope};
use crate::contract::Contract;
use crate::contract::validate::{check, subject_schema};
use crate::error::{LawFaults, Place};
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
    /// What is declared in a piece that is faulty itself.
    pub(crate) mentioned: &'a Mentioned,
}

pub(crate) fn compile(source: &Source<'_>, faults: &mut LawFaults) -> Rules {
    let law = Place::whole("law");
    faults.limit(&law.field("roles"), "roles", source.roles.len(), ROLES_MAX);
    faults.limit(&law.field("rules"), "rules", source.rules.len(), RULES_MAX);
    // What is beyond a limit is refused already, and costs no more.
    let source = &Source {
        roles: source.roles.get(..ROLES_MAX).unwrap_or(source.roles),
        rules: source.rules.get(..RULES_MAX).unwrap_or(source.rules),
        ..*source
    };
    let roles = roles(source, faults);
    let mut rules = Rules {
        superusers: flagged(source.roles, |role| role.superuser),
        implicit: implicit(source.roles, &roles),
        tables: abilities(source, faults),
        ids: Vec::new(),
        roles,
    };
    tenant_superusers(source.roles, &rules, faults);
    let all = law.field("rules");
    rules.ids = ids(source.rules, &all, faults);
    let mut entries = 0;
    let mut bodies = BTreeSet::new();
    for (index, definition) in source.rules.iter().enumerate() {
        let Some(id) = rules.ids.get(index).map(Arc::clone) else { continue };
        let at = all.item(index).called(format!("rule {id}"));
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
    faults.limit(&all, what, entries, RULES_OF_ABILITIES_MAX);
    critical(source, &mut rules, faults);
    // What is weighed first is told first: by its id, however the law lists its rules.
    for table in rules.tables.values_mut() {
        table.permits.sort_by(|one, other| one.id.cmp(&other.id));
        table.forbids.sort_by(|one, other| one.id.cmp(&other.id));
    }
    rules
}

fn roles(source: &Source<'_>, faults: &mut LawFaults) -> Vec<(Role, RoleEntry)> {
    let definitions = source.roles;
    let all = Place::whole("law").field("roles");
    let index: BTreeMap<&str, usize> =
        definitions.iter().enumerate().rev().map(|(at, role)| (role.name.as_str(), at)).collect();
    let mut roles = Vec::with_capacity(definitions.len());
    for (own, definition) in definitions.iter().enumerate() {
        let at = all.item(own).called(format!("role {}", definition.name));
        if index.get(definition.name.as_str()) != Some(&own) {
            faults.add("duplicate_role", &at, "the role is declared twice");
        }
        if definition.superuser && !definition.world {
            faults.add("tenant_superuser", &at, "a superuser's role is one of the whole world");
        }
        if definition.implicit.is_some() && (definition.superuser || definition.world) {
            faults.add("implicit_world_role", &at, "an implicit role is one of a tenant");
        }
        let closure = closure(own, (source, &index), &at, faults);
        if let Some(role) = faults.keep(&at.field("name"), Role::new(&definition.name)) {
            roles.push((role, RoleEntry { closure, world: definition.world }));
        }
    }
    roles
}

/// What a role may not be by itself it may not become by inheritance.
fn tenant_superusers(definitions: &[RoleDefinition], rules: &Rules, faults: &mut LawFaults) {
    for (index, role) in definitions.iter().enumerate() {
        if !role.world && !role.superuser && rules.is_superuser(&role.name) {
            let at = Place::whole(format!("role {}", role.name)).field("roles").item(index);
            faults.add(
                "tenant_superuser",
                &at.field("inherits"),
                "a role of a tenant inherits a superuser's",
            );
        }
    }
}

fn closure(
    own: usize,
    (source, index): (&Source<'_>, &BTreeMap<&str, usize>),
    at: &Place,
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
        let Some(definition) = source.roles.get(next) else { continue };
        for name in &definition.inherits {
            match index.get(name.as_str()) {
                Some(inherited) if *inherited == own => {
                    let message = format!("it inherits itself by `{name}`");
                    faults.add("inheritance_cycle", &at.field("inherits"), message);
                }
                Some(inherited) => open.push(*inherited),
                None if next == own && !source.mentioned.has_role(name) => {
                    let message = format!("role `{name}` is not declared");
                    faults.add("unknown_role", &at.field("inherits"), message);
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
    let mut declare = |at: &Place, text: &str, faults: &mut LawFaults| {
        if let Some(ability) = faults.keep(at, Ability::new(text)) {
            if ability.resource() == "hos" && !BUILT_IN_ABILITIES.contains(&text) {
                faults.add("reserved_name", at, format!("`{text}`: resource `hos` is built in"));
            }
            let built_in = ability.resource() == "hos";
            tables.entry(ability).or_insert(Table { built_in, ..Table::default() });
        }
    };
    let law = Place::whole("law");
    BUILT_IN_ABILITIES.iter().for_each(|text| declare(&law, text, faults));
    for (index, text) in source.abilities.iter().enumerate() {
        declare(&law.field("abilities").item(index).called("abilities"), text, faults);
    }
    let at = law.field("contracts").called("contract");
    for contract in source.contracts {
        contract.abilities().for_each(|ability| declare(&at, ability.as_str(), faults));
    }
    for (index, rule) in source.rules.iter().enumerate() {
        let at = law.field("rules").item(index).field("abilities").called("rule");
        let exact = |(_, text): &(usize, &String)| !text.contains('*');
        if rule.effect == RuleEffect::Permit {
            let texts = rule.abilities.iter().enumerate().filter(exact);
            texts.for_each(|(index, text)| declare(&at.item(index), text, faults));
        }
    }
    for ability in source.mentioned.asked() {
        tables.entry(ability.clone()).or_default();
    }
    faults.limit(&law.field("abilities"), "abilities", tables.len(), ABILITIES_MAX);
    tables
}

/// The id of each rule: its own, or one made of its effect and first ability. Where several rules
/// would have the same, what they say numbers them, not their order.
fn ids(rules: &[RuleDefinition], at: &Place, faults: &mut LawFaults) -> Vec<Arc<str>> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let Some(id) = &rule.id else { continue };
        let at = at.item(index).field("id").called(format!("rule {id}"));
        faults.keep(&at, crate::id::Version::new(id));
        if !taken.insert(id.clone()) {
            faults.add("duplicate_rule", &at, "the id is used twice");
        }
    }
    let unnamed = rules.iter().enumerate().filter(|(_, rule)| rule.id.is_none());
    let mut unnamed: Vec<(usize, &RuleDefinition)> = unnamed.collect();
    unnamed.sort_by_cached_key(|(_, rule)| {
        let when = rule.condition().map(|when| when.to_string());
        (rule.effect, rule.abilities.clone(), rule.roles.clone(), when)
    });
    let mut made: BTreeMap<usize, String> = BTreeMap::new();
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for (index, rule) in unnamed {
        let base = rule.abilities.first().map_or("rule", String::as_str);
        let base = format!("{} {base}", rule.effect.as_str());
        let copy = copies.entry(base.clone()).or_default();
        let id = loop {
            *copy += 1;
            let id = if *copy == 1 { base.clone() } else { format!("{base} {copy}") };
            if taken.insert(id.clone()) {
                break id;
            }
        };
        made.insert(index, id);
    }
    let id = |(index, rule): (usize, &RuleDefinition)| {
        let id = rule.id.clone().or_else(|| made.remove(&index));
        id.unwrap_or_default().into()
    };
    rules.iter().enumerate().map(id).collect()
}

/// How many abilities the rule is about. It is kept for none of them once there are too many.
fn rule(
    source: &Source<'_>,
    definition: &RuleDefinition,
    (id, at): (&Arc<str>, &Place),
    rules: &mut Rules,
    entries: usize,
    faults: &mut LawFaults,
) -> usize {
    let abilities = matched(source, definition, (rules, at), faults);
    let mut set = RoleSet::default();
    for (index, name) in definition.roles.iter().enumerate() {
        match source.roles.iter().position(|role| role.name == *name) {
            Some(role) => set = set.union(RoleSet::of(role)),
            None if source.mentioned.has_role(name) => {}
            None => {
                let at = at.field("roles").item(index);
                faults.add("unknown_role", &at, format!("role `{name}` is not declared"));
            }
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
    source: &Source<'_>,
    definition: &RuleDefinition,
    (rules, at): (&Rules, &Place),
    faults: &mut LawFaults,
) -> BTreeSet<Ability> {
    let mut abilities = BTreeSet::new();
    if definition.abilities.is_empty() {
        faults.add("unknown_ability", at, "a rule names at least one ability");
    }
    for (index, text) in definition.abilities.iter().enumerate() {
        let at = &at.field("abilities").item(index);
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
            if source.mentioned.has_ability(text) {
                continue;
            }
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
    at: &Place,
    faults: &mut LawFaults,
) -> Option<Condition> {
    let written = definition.when.as_ref()?;
    if source.mentioned.has_names_of(&definition.abilities) {
        // What it may read is not known: only whether it is written well.
        check(faults, &at.field("when"), written, Ok);
        return None;
    }
    let about = |contract: &&&Contract| abilities.iter().any(|ability| contract.is_about(ability));
    let declared = source.contracts.iter().filter(about).map(|contract| contract.attributes());
    // Versions that declare the same are one, however many there are.
    let mut declared: BTreeSet<&Schema> = declared.collect();
    declared.extend(source.mentioned.declared(abilities));
    let nothing = Schema::new();
    if declared.is_empty() {
        declared.insert(&nothing);
    }
    let schemas: Vec<Schema> = declared.into_iter().map(subject_schema).collect();
    let mut condition = None;
    for subject in &schemas {
        let scope = Scope {
            actor: Some(source.actor),
            subject: Some(subject),
            context: Some(source.context),
            input: None,
            facts: None,
        };
        let checked = check(faults, &at.field("when"), written, |e| Condition::new(e, scope))?;
        if condition.as_ref().is_some_and(|other| *other != checked) {
            let message = "an attribute has another type in another kind or version of a contract";
            faults.add("type_mismatch", &at.field("when"), message);
        }
        condition = Some(checked);
    }
    condition
}

fn critical(source: &Source<'_>, rules: &mut Rules, faults: &mut LawFaults) {
    for (index, text) in source.critical.iter().enumerate() {
        match rules.tables.get_mut(text.as_str()) {
            Some(table) => table.critical = true,
            None if source.mentioned.has_ability(text) => {}
            None => {
                let at = Place::whole("critical").field("critical").item(index);
                faults.add("unknown_ability", &at, format!("no ability is `{text}`"));
            }
        }
    }
}
