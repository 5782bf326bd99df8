//! Laws and contracts as files: read piece by piece, so that every fault is told with its place.

use jsonc_parser::ast::{ObjectPropName, Value as Node};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{ContractDefinition, FILE_BYTES_MAX, OpenDefinition};
use crate::error::{LawError, LawFault, LawFaults, Place, Position};

/// Reads a JSON text: its pieces by `read`, and what they make by `validate`.
pub(crate) fn read<D, T>(
    text: &str,
    what: &str,
    read: impl FnOnce(Piece<'_>) -> Option<D>,
    validate: impl FnOnce(D) -> Result<T, LawError>,
) -> Result<T, LawError> {
    let mut faults = LawFaults::default();
    let whole = Place::whole(what);
    if text.len() > FILE_BYTES_MAX {
        faults.limit(&whole, "bytes", text.len(), FILE_BYTES_MAX);
        return faults.finish(None);
    }
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
            let before = line.get(..line.floor_char_boundary(error.column().saturating_sub(1)));
            let column = before.unwrap_or_default().chars().count() + 1;
            let position = Position { line: error.line().max(1), column };
            faults.add("unreadable", &whole, error.to_string());
            return faults.finish(None).map_err(|error| error.placed(|_| Some(position)));
        }
    };
    let tree = tree(text);
    let place = |error: LawError| error.placed(|fault| position(text, tree.as_ref()?, fault));
    if let Some(tree) = &tree {
        repeated(tree, &Chain::Whole(&whole), &mut faults);
    }
    let definition = read(Piece { value, place: whole, faults: &mut faults });
    let definition = faults.finish(definition).map_err(place)?;
    validate(definition).map_err(place)
}

/// One value of a file, and where it stands.
pub(crate) struct Piece<'f> {
    value: Value,
    place: Place,
    faults: &'f mut LawFaults,
}

/// An object of a file, of which one field after the other is taken.
pub(crate) struct Fields<'f> {
    fields: Map<String, Value>,
    place: Place,
    faults: &'f mut LawFaults,
}

impl<'f> Piece<'f> {
    /// As a whole, by its own deserializer.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Option<T> {
        let unreadable = |error: serde_json::Error| {
            self.faults.add("unreadable", &self.place, error.to_string());
        };
        serde_json::from_value(self.value).map_err(unreadable).ok()
    }

    /// Field by field.
    pub(crate) fn fields(self) -> Option<Fields<'f>> {
        let Self { value, place, faults } = self;
        match value {
            Value::Object(fields) => Some(Fields { fields, place, faults }),
            _ => {
                faults.add("unreadable", &place, "expected an object");
                None
            }
        }
    }
}

impl Fields<'_> {
    /// A field that must be there.
    pub(crate) fn required<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        match self.fields.remove(name) {
            Some(value) => self.piece(name, value).read(),
            None => {
                self.faults.add("unreadable", &self.place, format!("missing field `{name}`"));
                None
            }
        }
    }

    /// A field that may be left out.
    pub(crate) fn optional<T: DeserializeOwned>(&mut self, name: &str, or: T) -> Option<T> {
        match self.fields.remove(name) {
            Some(value) => self.piece(name, value).read(),
            None => Some(or),
        }
    }

    /// A list that may be left out, piece by piece.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        read: impl Fn(Piece<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let place = self.place.field(name);
        match self.fields.remove(name) {
            None => Some(Vec::new()),
            Some(Value::Array(values)) => {
                let read = |(at, value): (usize, Value)| {
                    read(Piece { value, place: place.item(at), faults: self.faults })
                };
                let read: Vec<Option<T>> = values.into_iter().enumerate().map(read).collect();
                read.into_iter().collect()
            }
            Some(_) => {
                self.faults.add("unreadable", &place, "expected an array");
                None
            }
        }
    }

    /// Refuses what was not taken.
    pub(crate) fn end(self) -> Option<()> {
        for name in self.fields.keys() {
            self.faults.add("unreadable", &self.place.field(name), "unknown field");
        }
        self.fields.is_empty().then_some(())
    }

    fn piece(&mut self, name: &str, value: Value) -> Piece<'_> {
        Piece { value, place: self.place.field(name), faults: self.faults }
    }
}

/// Reads a contract, of which each action and timer is a piece of its own.
pub(crate) fn contract(piece: Piece<'_>) -> Option<ContractDefinition> {
    let mut fields = piece.fields()?;
    let kind = fields.required("kind");
    let version = fields.required("version");
    let states = fields.required("states");
    let initial = fields.required("initial");
    let terminal = fields.required("terminal");
    let attributes = fields.optional("attributes", Default::default());
    let open = fields.required::<OpenDefinition>("open");
    let actions = fields.list("actions", |piece| piece.read());
    let timers = fields.list("timers", |piece| piece.read());
    let aliases = fields.optional("aliases", Default::default());
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

fn tree(text: &str) -> Option<Node<'_>> {
    let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
    // OK because the text was read as JSON already, so it is no deeper than that reader goes.
    parse_to_ast(text, &collect, &ParseOptions::default()).ok()?.value
}

/// Where a value stands, written out only where there is a fault.
enum Chain<'c> {
    Whole(&'c Place),
    Field(&'c Self, &'c str),
    Item(&'c Self, usize),
}

impl Chain<'_> {
    fn place(&self) -> Place {
        match self {
            Self::Whole(place) => (*place).clone(),
            Self::Field(of, name) => of.place().field(name),
            Self::Item(of, index) => of.place().item(*index),
        }
    }
}

/// A name that stands twice in one object: all but the last would be lost.
fn repeated(node: &Node<'_>, at: &Chain<'_>, faults: &mut LawFaults) {
    match node {
        Node::Object(object) => {
            let mut seen = std::collections::BTreeSet::new();
            for property in &object.properties {
                let name = name_of(&property.name);
                let at = Chain::Field(at, name);
                if !seen.insert(name) && !faults.is_full() {
                    faults.add("duplicate_field", &at.place(), "the field stands twice");
                }
                repeated(&property.value, &at, faults);
            }
        }
        Node::Array(array) => {
            for (index, element) in array.elements.iter().enumerate() {
                repeated(element, &Chain::Item(at, index), faults);
            }
        }
        _ => {}
    }
}

fn name_of<'n>(name: &'n ObjectPropName<'_>) -> &'n str {
    match name {
        ObjectPropName::String(literal) => &literal.value,
        ObjectPropName::Word(literal) => literal.value,
    }
}

/// Where a fault stands: at the last part of its pointer that is there.
fn position(text: &str, tree: &Node<'_>, fault: &LawFault) -> Option<Position> {
    let mut start = tree.start();
    let mut node = tree;
    for part in fault.pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        node = match node {
            Node::Object(object) => {
                let named = object.properties.iter().rfind(|own| name_of(&own.name) == name);
                let Some(property) = named else { break };
                &property.value
            }
            Node::Array(array) => {
                match name.parse().ok().and_then(|at: usize| array.elements.get(at)) {
                    Some(element) => element,
                    None => break,
                }
            }
            _ => break,
        };
        start = node.start();
    }
    if let (Node::StringLit(_), Some(offset)) = (node, fault.offset) {
        let raw = text.get(node.start() + 1..node.end().saturating_sub(1))?;
        // Where characters are escaped, bytes of the value are not bytes of the file.
        if !raw.contains('\\') && raw.is_char_boundary(offset) {
            start = node.start() + 1 + offset;
        }
    }
    let before = text.get(..start)?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    Some(Position { line, column: before.get(line_start..)?.chars().count() + 1 })
}
