//! The digest of a contract.

use super::{Contract, Fields, Guard};
use crate::digest::Digest;
use crate::encoding::{self, ObjectWriter};
use crate::id::Name;

/// The digest of a contract: of what was understood, in the form that [`encoding`] pins.
pub(super) fn digest(contract: &Contract) -> Digest {
    let fields = |object: &mut ObjectWriter<'_>, key, fields: &Fields| {
        object.objects(key, &fields.schema, |field, (name, type_)| {
            field.string("name", name.as_str());
            field.bool("optional", !fields.required.contains(name));
            field.string("type", type_.as_str());
        });
    };
    let guards = |object: &mut ObjectWriter<'_>, guards: &[Guard]| {
        object.objects("guards", guards, |object, guard| {
            object.string("code", guard.code.as_str());
            object.string("when", &guard.condition.expression().to_string());
        });
    };
    let text = encoding::encode(4_096, |object| {
        object.objects("actions", &contract.actions, |object, action| {
            object.string("ability", action.ability.as_str());
            object.bool("critical", action.critical);
            fields(object, "facts", &action.facts);
            object.strings("from", &action.from);
            guards(object, &action.guards);
            fields(object, "input", &action.input);
            object.string("name", action.name.as_str());
            object.optional("proof", action.proof.as_ref().map(Name::as_str));
            object.objects("set", &action.set, |object, (name, source)| {
                object.string("name", name.as_str());
                object.string("value", &source.expression().to_string());
            });
            object.string("to", action.to.as_str());
            object.strings("topics", &action.topics);
        });
        object.objects("aliases", &contract.aliases, |object, (old, state)| {
            object.string("old", old.as_str());
            object.string("state", state.as_str());
        });
        object.objects("attributes", &contract.attributes, |object, (name, type_)| {
            object.string("name", name.as_str());
            object.string("type", type_.as_str());
        });
        object.string("initial", contract.initial.as_str());
        object.string("kind", contract.kind.as_str());
        object.object("open", |object| {
            object.string("ability", contract.open.ability.as_str());
            guards(object, &contract.open.guards);
            object.strings("required", &contract.open.required);
            object.strings("topics", &contract.open.topics);
        });
        object.strings("states", &contract.states);
        object.strings("terminal", &contract.terminal);
        object.objects("timers", &contract.timers, |object, timer| {
            object.string("action", timer.action.as_str());
            object.integer("after_seconds", timer.after.as_secs());
            object.string("state", timer.state.as_str());
        });
        object.integer("v", 1);
        object.string("version", contract.version.as_str());
    });
    Digest::of(text.as_bytes())
}
