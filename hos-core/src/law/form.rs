//! The form of a law in a file: every field is a piece of its own, and what could not be read does
//! not hide what else is wrong.

use super::{LawDefinition, MigrationDefinition, key_retention_seconds};
use crate::contract::file::{Piece, plain};
use crate::contract::form::{contract, written};
use crate::policy::mentioned::Mentioned;
use crate::policy::{RoleDefinition, RuleDefinition};

/// What could be read of a law.
pub(super) struct Draft {
    pub(super) definition: LawDefinition,
    /// What only the rest speaks of.
    pub(super) mentioned: Mentioned,
    /// Of each list, which of the file's pieces the definition holds.
    kept: Vec<(&'static str, Vec<usize>)>,
}

/// Reads a law.
pub(super) fn draft(piece: Piece<'_>) -> Option<Draft> {
    let mut fields = piece.fields()?;
    let (mut mentioned, mut kept) = (Mentioned::default(), Vec::new());
    let world = fields.required("world");
    let version = fields.required("version");
    let roles = fields.pieces("roles", |piece| {
        let raw = piece.value().clone();
        role(piece).or_else(|| mentioned.role(&raw))
    });
    let rules = fields.pieces("rules", |piece| {
        let raw = piece.value().clone();
        rule(piece).or_else(|| mentioned.rule(&raw))
    });
    let abilities = fields.list("abilities", plain);
    let critical = fields.list("critical", plain);
    let actor = fields.map("actor", plain);
    let context = fields.map("context", plain);
    let key_retention_seconds = fields.optional("key_retention_seconds", key_retention_seconds());
    let contracts = fields.pieces("contracts", |piece| {
        let raw = piece.value().clone();
        contract(piece).or_else(|| mentioned.contract(&raw))
    });
    let migrations = fields.pieces("migrations", migration);
    let _told = fields.end();
    mentioned.abilities_are_missing(abilities.is_none());
    mentioned.names_are_missing(actor.is_none() || context.is_none());
    Some(Draft {
        definition: LawDefinition {
            // What is left out is told already, and stands for anything.
            world: world.unwrap_or_else(|| "unread".to_owned()),
            version: version.unwrap_or_else(|| "unread".to_owned()),
            roles: keep("roles", roles, &mut kept),
            rules: keep("rules", rules, &mut kept),
            abilities: abilities.unwrap_or_default(),
            critical: critical.unwrap_or_default(),
            actor: actor.unwrap_or_default(),
            context: context.unwrap_or_default(),
            key_retention_seconds: key_retention_seconds
                .unwrap_or_else(super::key_retention_seconds),
            contracts: keep("contracts", contracts, &mut kept),
            migrations: keep("migrations", migrations, &mut kept),
        },
        mentioned,
        kept,
    })
}

fn keep<T>(
    name: &'static str,
    pieces: Vec<Option<T>>,
    kept: &mut Vec<(&'static str, Vec<usize>)>,
) -> Vec<T> {
    let read: Vec<(usize, T)> =
        pieces.into_iter().enumerate().filter_map(|(at, piece)| Some((at, piece?))).collect();
    kept.push((name, read.iter().map(|(at, _)| *at).collect()));
    read.into_iter().map(|(_, piece)| piece).collect()
}

impl Draft {
    /// Where in the file stands what stands there in the definition.
    pub(super) fn pointer(&self, pointer: &str) -> String {
        let mut parts: Vec<String> = pointer.split('/').map(ToOwned::to_owned).collect();
        if let [_, section, index, ..] = parts.as_mut_slice()
            && let Some((_, kept)) = self.kept.iter().find(|(name, _)| name == section)
            && let Some(at) = index.parse().ok().and_then(|at: usize| kept.get(at))
        {
            *index = at.to_string();
        }
        parts.join("/")
    }
}

fn role(piece: Piece<'_>) -> Option<RoleDefinition> {
    let mut fields = piece.fields()?;
    let name = fields.required("name");
    let inherits = fields.list("inherits", plain);
    let world = fields.optional("world", false);
    let superuser = fields.optional("superuser", false);
    let implicit = fields.optional("implicit", None);
    fields.end()?;
    Some(RoleDefinition {
        name: name?,
        inherits: inherits?,
        world: world?,
        superuser: superuser?,
        implicit: implicit?,
    })
}

fn rule(piece: Piece<'_>) -> Option<RuleDefinition> {
    let mut fields = piece.fields()?;
    let id = fields.optional("id", None);
    let effect = fields.required("effect");
    let abilities = fields.required_list("abilities", plain);
    let roles = fields.list("roles", plain);
    let when = fields.optional_by("when", written);
    fields.end()?;
    Some(RuleDefinition {
        id: id?,
        effect: effect?,
        abilities: abilities?,
        roles: roles?,
        when: when?,
    })
}

fn migration(piece: Piece<'_>) -> Option<MigrationDefinition> {
    let mut fields = piece.fields()?;
    let kind = fields.required("kind");
    let from = fields.required("from");
    let to = fields.required("to");
    let states = fields.map("states", plain);
    let attributes = fields.map("attributes", written);
    let dropped = fields.list("dropped", plain);
    fields.end()?;
    Some(MigrationDefinition {
        kind: kind?,
        from: from?,
        to: to?,
        states: states?,
        attributes: attributes?,
        dropped: dropped?,
    })
}
