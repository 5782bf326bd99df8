//! The form of a contract in a file: every field is a piece of its own.

use super::file::{Piece, plain};
use super::{
    ActionDefinition, ContractDefinition, FieldDefinition, GuardDefinition, OpenDefinition,
    TimerDefinition, Written,
};

/// Reads a contract.
pub(crate) fn contract(piece: Piece<'_>) -> Option<ContractDefinition> {
    let mut fields = piece.fields()?;
    let kind = fields.required("kind");
    let version = fields.required("version");
    let states = fields.required_list("states", plain);
    let initial = fields.required("initial");
    let terminal = fields.required_list("terminal", plain);
    let attributes = fields.map("attributes", plain);
    let open = fields.required_by("open", open);
    let actions = fields.list("actions", action);
    let timers = fields.list("timers", timer);
    let aliases = fields.map("aliases", plain);
    fields.end()?;
    Some(ContractDefinition {
        kind: kind?,
        version: version?,
        states: states?,
        initial: initial?,
        terminal: terminal?,
        attributes: attributes?,
        open: open?,
        actions: actions?,
        timers: timers?,
        aliases: aliases?,
    })
}

fn open(piece: Piece<'_>) -> Option<OpenDefinition> {
    let mut fields = piece.fields()?;
    let ability = fields.required("ability");
    let required = fields.list("required", plain);
    let guards = fields.list("guards", guard);
    let topics = fields.list("topics", plain);
    fields.end()?;
    let (guards, topics) = (guards?, topics?);
    Some(OpenDefinition { ability: ability?, required: required?, guards, topics })
}

fn action(piece: Piece<'_>) -> Option<ActionDefinition> {
    let mut fields = piece.fields()?;
    let name = fields.required("name");
    let from = fields.required_list("from", plain);
    let to = fields.required("to");
    let ability = fields.required("ability");
    let input = fields.map("input", field);
    let facts = fields.map("facts", field);
    let guards = fields.list("guards", guard);
    let set = fields.map("set", written);
    let topics = fields.list("topics", plain);
    let proof = fields.optional("proof", None);
    let critical = fields.optional("critical", false);
    fields.end()?;
    Some(ActionDefinition {
        name: name?,
        from: from?,
        to: to?,
        ability: ability?,
        input: input?,
        facts: facts?,
        guards: guards?,
        set: set?,
        topics: topics?,
        proof: proof?,
        critical: critical?,
    })
}

fn field(piece: Piece<'_>) -> Option<FieldDefinition> {
    let mut fields = piece.fields()?;
    let type_ = fields.required("type");
    let optional = fields.optional("optional", false);
    fields.end()?;
    Some(FieldDefinition { type_: type_?, optional: optional? })
}

fn guard(piece: Piece<'_>) -> Option<GuardDefinition> {
    let mut fields = piece.fields()?;
    let code = fields.required("code");
    let when = fields.required_by("when", written);
    fields.end()?;
    Some(GuardDefinition { code: code?, when: when? })
}

fn timer(piece: Piece<'_>) -> Option<TimerDefinition> {
    let mut fields = piece.fields()?;
    let state = fields.required("state");
    let after_seconds = fields.required("after_seconds");
    let action = fields.required("action");
    fields.end()?;
    Some(TimerDefinition { state: state?, after_seconds: after_seconds?, action: action? })
}

/// An expression: its text, or its tree.
pub(crate) fn written(piece: Piece<'_>) -> Option<Written> {
    piece.read()
}
