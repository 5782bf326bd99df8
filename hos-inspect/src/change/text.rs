//! The change as text that a review can read.

use std::fmt;

use super::{Change, PartChange, Side, Turn};
use crate::columns::section;

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, Side { world, version, digest }) in [("from", &self.old), ("to  ", &self.new)] {
            writeln!(f, "{word}  {world}/{version}  {digest}")?;
        }
        if self.is_empty() {
            return f.write_str("\nnothing else changed\n");
        }
        for (turn, title) in TURNS {
            let rows = self.turned(turn).map(|change| {
                let place = change.place.as_ref().map_or_else(String::new, ToString::to_string);
                let cells = format!("{} -> {}", change.old, change.new);
                vec![change.role.clone(), change.what.clone(), cells, place]
            });
            section(f, title, &rows.collect::<Vec<_>>())?;
        }
        for (wanted, title) in PARTS {
            let parts = self.parts.iter().filter(|part| part.sort() == wanted);
            let rows = parts.map(|part| vec![part.kind.as_str().to_owned(), part.named()]);
            section(f, title, &rows.collect::<Vec<_>>())?;
        }
        Ok(())
    }
}

/// The sections of cells, in order.
pub(super) const TURNS: [(Turn, &str); 3] = [
    (Turn::Gains, "gains: may do more"),
    (Turn::Loses, "loses: may do less"),
    (Turn::Differs, "differs: may do it elsewhere"),
];

/// The sections of parts, in order.
pub(super) const PARTS: [(Sort, &str); 3] =
    [(Sort::Added, "added"), (Sort::Removed, "removed"), (Sort::Changed, "changed")];

/// Which of both sides has a part.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Added,
    Removed,
    Changed,
}

impl PartChange {
    pub(super) fn sort(&self) -> Sort {
        match (&self.old, &self.new) {
            (None, _) => Sort::Added,
            (_, None) => Sort::Removed,
            _ => Sort::Changed,
        }
    }

    fn named(&self) -> String {
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => format!("{}: {old} -> {new}", self.name),
            (Some(words), None) | (None, Some(words)) => format!("{} ({words})", self.name),
            (None, None) => self.name.clone(),
        }
    }
}
