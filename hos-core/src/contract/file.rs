//! Laws and contracts as files: read piece by piece, so that every fault is told with its place.

use std::collections::BTreeMap;

use jsonc_parser::ast::{ObjectPropName, Value as Node};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{FILE_BYTES_MAX, FILE_COMMAS_MAX};
use crate::error::{LawError, LawFault, LawFaults, Place, Position};

/// Reads a JSON text: its pieces by `read`, and what could be read of it by `validate`.
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
    let commas = text.bytes().filter(|byte| *byte == b',').count();
    if commas > FILE_COMMAS_MAX {
        faults.limit(&whole, "commas", commas, FILE_COMMAS_MAX);
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
    let definition = read(Piece { value, place: whole.clone(), faults: &mut faults });
    let found = match definition.map(validate) {
        Some(Ok(found)) => Some(found),
        Some(Err(error)) => {
            faults.extend(&whole, error);
            None
        }
        None => None,
    };
    faults.finish(found).map_err(place)
}

/// One value of a file, and where it stands.
pub(crate) struct Piece<'f> {
    value: Value,
    place: Place,
    faults: &'f mut LawFaults,
}

/// Reads a piece as a whole.
pub(crate) fn plain<T: DeserializeOwned>(piece: Piece<'_>) -> Option<T> {
    piece.read()
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

    /// What stands there.
    pub(crate) fn value(&self) -> &Value {
        &self.value
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
        self.required_by(name, plain)
    }

    /// A field that must be there, by a reader of its own.
    pub(crate) fn required_by<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Piece<'_>) -> Option<T>,
    ) -> Option<T> {
        match self.fields.remove(name) {
            Some(value) => read(self.piece(name, value)),
            None => {
                self.faults.add("unreadable", &self.place, format!("missing field `{name}`"));
                None
            }
        }
    }

    /// A field that may be left out, or be null, by a reader of its own.
    pub(crate) fn optional_by<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Piece<'_>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.fields.remove(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => read(self.piece(name, value)).map(Some),
        }
    }

    /// A field that may be left out.
    pub(crate) fn optional<T: DeserializeOwned>(&mut self, name: &str, or: T) -> Option<T> {
        match self.fields.remove(name) {
            Some(value) => self.piece(name, value).read(),
            None => Some(or),
        }
    }

    /// A list that must be there, piece by piece.
    pub(crate) fn required_list<T>(
        &mut self,
        name: &str,
        read: impl Fn(Piece<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        if !self.fields.contains_key(name) {
            self.faults.add("unreadable", &self.place, format!("missing field `{name}`"));
            return None;
        }
        self.list(name, read)
    }

    /// Names and what stands under each, which may be left out, piece by piece.
    pub(crate) fn map<T>(
        &mut self,
        name: &str,
        read: impl Fn(Piece<'_>) -> Option<T>,
    ) -> Option<BTreeMap<String, T>> {
        let place = self.place.field(name);
        match self.fields.remove(name) {
            None => Some(BTreeMap::new()),
            Some(Value::Object(fields)) => {
                let read = |(name, value): (String, Value)| {
                    let piece = Piece { value, place: place.field(&name), faults: self.faults };
                    (name, read(piece))
                };
                let read: Vec<(String, Option<T>)> = fields.into_iter().map(read).collect();
                read.into_iter().map(|(name, value)| Some((name, value?))).collect()
            }
            Some(_) => {
                self.faults.add("unreadable", &place, "expected an object");
                None
            }
        }
    }

    /// As [`Fields::list`], with what could be read of each.
    pub(crate) fn pieces<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(Piece<'_>) -> Option<T>,
    ) -> Vec<Option<T>> {
        let place = self.place.field(name);
        match self.fields.remove(name) {
            None => Vec::new(),
            Some(Value::Array(values)) => {
                let mut pieces = Vec::new();
                for (at, value) in values.into_iter().enumerate() {
                    // Nothing more would be told, and what is read takes more room than its text.
                    if self.faults.is_full() {
                        pieces.push(None);
                        break;
                    }
                    pieces.push(read(Piece { value, place: place.item(at), faults: self.faults }));
                }
                pieces
            }
            Some(_) => {
                self.faults.add("unreadable", &place, "expected an array");
                vec![None]
            }
        }
    }

    /// A list that may be left out, piece by piece.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        read: impl Fn(Piece<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.pieces(name, read).into_iter().collect()
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
