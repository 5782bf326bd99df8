//! Roles, rules and contracts of one world under one version label and digest.

mod builder;
mod form;
mod migration;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use builder::LawBuilder;
pub use migration::{MIGRATIONS_MAX, MigrationDefinition, MigrationMap};

use crate::contract::file::read;
use crate::contract::validate::actor_schema;
use crate::contract::{Contract, ContractDefinition};
use crate::digest::Digest;
use crate::encoding;
use crate::error::{LawError, LawFaults, Place};
use crate::id::{Kind, Name, Version, World};
use crate::policy::compile::{Source, compile};
use crate::policy::mentioned::Mentioned;
use crate::policy::{RoleDefinition, RuleDefinition, Rules};
use crate::value::{ATTRIBUTES_MAX, Schema, Type};

/// The most contracts of one law, all versions counted.
pub const CONTRACTS_MAX: usize = 256;
/// How long a command key is kept unless the law says otherwise: seven days.
pub const KEY_RETENTION: Duration = Duration::from_secs(7 * 86_400);
/// The shortest that a command key may be kept: the window in which the outbox retries.
pub const KEY_RETENTION_MIN: Duration = Duration::from_secs(86_400);
/// The longest that a command key may be kept.
pub const KEY_RETENTION_MAX: Duration = Duration::from_secs(400 * 86_400);

/// A law before it is validated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LawDefinition {
    /// The world.
    pub world: String,
    /// The version label.
    pub version: String,
    /// The roles.
    #[serde(default)]
    pub roles: Vec<RoleDefinition>,
    /// The rules.
    #[serde(default)]
    pub rules: Vec<RuleDefinition>,
    /// Abilities that no permit and no contract names.
    #[serde(default)]
    pub abilities: Vec<String>,
    /// Abilities whose denied attempts leave evidence.
    #[serde(default)]
    pub critical: Vec<String>,
    /// The claims of actors.
    #[serde(default)]
    pub actor: BTreeMap<String, Type>,
    /// The context of requests.
    #[serde(default)]
    pub context: BTreeMap<String, Type>,
    /// How long a command key is kept, in seconds.
    #[serde(default = "key_retention_seconds")]
    pub key_retention_seconds: u64,
    /// The contracts; of one kind, the last is current.
    #[serde(default)]
    pub contracts: Vec<ContractDefinition>,
    /// What becomes of subjects of one contract version under another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<MigrationDefinition>,
}

fn key_retention_seconds() -> u64 {
    KEY_RETENTION.as_secs()
}

/// A validated law.
#[derive(Debug, Clone)]
pub struct Law {
    world: World,
    version: Version,
    digest: Digest,
    rules: Rules,
    actor: Schema,
    context: Schema,
    key_retention: Duration,
    contracts: BTreeMap<Kind, Vec<Arc<Contract>>>,
    migrations: Vec<MigrationMap>,
    definition: LawDefinition,
}

impl Law {
    /// Starts a law of a world under a version label.
    pub fn builder(world: &str, version: &str) -> LawBuilder {
        LawBuilder {
            definition: LawDefinition {
                world: world.to_owned(),
                version: version.to_owned(),
                roles: Vec::new(),
                rules: Vec::new(),
                abilities: Vec::new(),
                critical: Vec::new(),
                actor: BTreeMap::new(),
                context: BTreeMap::new(),
                key_retention_seconds: key_retention_seconds(),
                contracts: Vec::new(),
                migrations: Vec::new(),
            },
        }
    }

    /// Validates a definition, as read from a file.
    ///
    /// # Errors
    ///
    /// [`LawError`] with every fault: ill-formed or unknown names, duplicates, wildcards across
    /// resources, conditions that do not type-check, faults of each contract, limits.
    pub fn new(definition: &LawDefinition) -> Result<Self, LawError> {
        validate(definition, &Mentioned::default())
    }

    /// Reads a JSON file's text and validates it.
    ///
    /// # Errors
    ///
    /// [`LawError`] with every fault, each with its line and column: `unreadable` for what has not
    /// the form of a law file, `duplicate_field`; of what could be read, as [`Law::new`].
    pub fn from_json(text: &str) -> Result<Self, LawError> {
        read(text, "law file", form::draft, |draft| {
            let told = |error: LawError| error.moved(|pointer| draft.pointer(pointer));
            validate(&draft.definition, &draft.mentioned).map_err(told)
        })
    }

    /// The world.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The version label.
    #[must_use]
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The digest of what was validated.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The roles, as declared.
    #[must_use]
    pub fn roles(&self) -> &[RoleDefinition] {
        &self.definition.roles
    }

    /// A role and all whose grants it has; none if it is not declared.
    #[must_use]
    pub fn inherited(&self, role: &str) -> Vec<&RoleDefinition> {
        let mut inherited: Vec<&RoleDefinition> = Vec::new();
        let mut open = vec![role];
        while let Some(name) = open.pop() {
            if inherited.iter().any(|known| known.name == name) {
                continue;
            }
            let Some(role) = self.roles().iter().find(|role| role.name == name) else { continue };
            inherited.push(role);
            open.extend(role.inherits.iter().map(String::as_str));
        }
        inherited
    }

    /// The compiled rules.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The definition that was validated, rules with their conditions included.
    #[must_use]
    pub fn definition(&self) -> &LawDefinition {
        &self.definition
    }

    /// The declared claims of actors, `id` and `kind` included.
    #[must_use]
    pub fn actor(&self) -> &Schema {
        &self.actor
    }

    /// The declared context of requests.
    #[must_use]
    pub fn context(&self) -> &Schema {
        &self.context
    }

    /// How long a command key is kept.
    #[must_use]
    pub fn key_retention(&self) -> Duration {
        self.key_retention
    }

    /// The contract that a fresh subject of a kind pins.
    #[must_use]
    pub fn contract(&self, kind: &str) -> Option<&Arc<Contract>> {
        self.contracts.get(kind)?.last()
    }

    /// A contract version that a subject pinned.
    #[must_use]
    pub fn contract_version(&self, kind: &str, version: &str) -> Option<&Arc<Contract>> {
        self.contracts.get(kind)?.iter().find(|contract| contract.version() == version)
    }

    /// Every contract, all versions, by kind.
    pub fn contracts(&self) -> impl Iterator<Item = &Arc<Contract>> {
        self.contracts.values().flatten()
    }

    /// What becomes of live subjects of a kind that pin one version, under another.
    #[must_use]
    pub fn migration(&self, kind: &str, from: &str, to: &str) -> Option<&MigrationMap> {
        self.migrations.iter().find(|map| map.is_of(kind, from, to))
    }

    /// Every migration, as declared.
    #[must_use]
    pub fn migrations(&self) -> &[MigrationMap] {
        &self.migrations
    }
}

fn validate(definition: &LawDefinition, mentioned: &Mentioned) -> Result<Law, LawError> {
    let mut faults = LawFaults::default();
    let at = Place::whole("law");
    let world = faults.keep(&at.field("world"), World::new(&definition.world));
    let version = faults.keep(&at.field("version"), Version::new(&definition.version));
    let retention = Duration::from_secs(definition.key_retention_seconds);
    if !(KEY_RETENTION_MIN..=KEY_RETENTION_MAX).contains(&retention) {
        let (min, max) = (KEY_RETENTION_MIN.as_secs(), KEY_RETENTION_MAX.as_secs());
        let message = format!("a command key is kept {min} to {max} seconds");
        faults.add("retention_out_of_range", &at.field("key_retention_seconds"), message);
    }
    let mut actor = actor_schema();
    let place = |name: &str| at.field(name).called(name);
    declare(&mut actor, &place("actor"), &definition.actor, &mut faults);
    let mut context = Schema::new();
    declare(&mut context, &place("context"), &definition.context, &mut faults);
    let mut mentioned = mentioned.clone();
    let contracts = contracts(definition, &mut mentioned, &mut faults);
    let known = (&contracts, &mentioned);
    let migrations = migration::migrations(&definition.migrations, known, &mut faults);
    let all: Vec<&Contract> = contracts.values().flatten().map(AsRef::as_ref).collect();
    let rules = compile(
        &Source {
            roles: &definition.roles,
            rules: &definition.rules,
            abilities: &definition.abilities,
            critical: &definition.critical,
            actor: &actor,
            context: &context,
            contracts: &all,
            mentioned: &mentioned,
        },
        &mut faults,
    );
    let digest = digest(definition, &all);
    let law = world.zip(version).map(|(world, version)| Law {
        world,
        version,
        digest,
        rules,
        actor,
        context,
        key_retention: retention,
        contracts,
        migrations,
        definition: definition.clone(),
    });
    faults.finish(law)
}

fn declare(
    schema: &mut Schema,
    at: &Place,
    declared: &BTreeMap<String, Type>,
    faults: &mut LawFaults,
) {
    faults.limit(at, "attributes", declared.len(), ATTRIBUTES_MAX);
    for (text, type_) in declared {
        let at = at.field(text);
        let Some(name) = faults.keep(&at, Name::new(text)) else { continue };
        if schema.insert(name, *type_).is_some() {
            faults.add("reserved_name", &at, format!("attribute `{text}` is built in"));
        }
    }
}

fn contracts(
    definition: &LawDefinition,
    mentioned: &mut Mentioned,
    faults: &mut LawFaults,
) -> BTreeMap<Kind, Vec<Arc<Contract>>> {
    let at = Place::whole("law").field("contracts");
    faults.limit(&at, "contracts", definition.contracts.len(), CONTRACTS_MAX);
    let mut contracts: BTreeMap<Kind, Vec<Arc<Contract>>> = BTreeMap::new();
    for (index, definition) in definition.contracts.iter().enumerate() {
        let at = at.item(index);
        match Contract::new(definition.clone()) {
            Ok(contract) => {
                let versions = contracts.entry(contract.kind().clone()).or_default();
                if versions.iter().any(|other| other.version() == contract.version()) {
                    let words = format!("contract {}/{}", contract.kind(), contract.version());
                    let at = at.field("version").called(words);
                    faults.add("duplicate_contract", &at, "the version stands twice");
                }
                versions.push(Arc::new(contract));
            }
            Err(error) => {
                mentioned.faulty(definition);
                faults.extend(&at, error);
            }
        }
    }
    contracts
}

/// The digest of a law: of what was understood, in the form that [`encoding`] pins.
fn digest(definition: &LawDefinition, contracts: &[&Contract]) -> Digest {
    let text = encoding::encode(4_096, |object| {
        object.strings("abilities", &definition.abilities);
        types(object, "actor", &definition.actor);
        types(object, "context", &definition.context);
        object.strings("contracts", contracts.iter().map(|c| c.digest().to_string()));
        object.strings("critical", &definition.critical);
        object.integer("key_retention_seconds", definition.key_retention_seconds);
        // Absent where there are none, so that a law without them keeps its digest.
        if !definition.migrations.is_empty() {
            object.objects("migrations", &definition.migrations, |object, migration| {
                migration.encode(object);
            });
        }
        object.objects("roles", &definition.roles, |object, role| {
            object.optional("implicit", role.implicit.map(crate::actor::ActorKind::as_str));
            object.strings("inherits", &role.inherits);
            object.string("name", &role.name);
            object.bool("superuser", role.superuser);
            object.bool("world", role.world);
        });
        object.objects("rules", &definition.rules, |object, rule| {
            object.strings("abilities", &rule.abilities);
            object.string("effect", rule.effect.as_str());
            object.optional("id", rule.id.as_deref());
            object.strings("roles", &rule.roles);
            let when = rule.condition().map(|when| when.to_string());
            object.optional("when", when.as_deref());
        });
        object.integer("v", 1);
        object.string("version", &definition.version);
        object.string("world", &definition.world);
    });
    Digest::of(text.as_bytes())
}

fn types(object: &mut encoding::ObjectWriter<'_>, key: &str, declared: &BTreeMap<String, Type>) {
    object.objects(key, declared, |object, (name, type_)| {
        object.string("name", name);
        object.string("type", type_.as_str());
    });
}
