//! The change as one HTML page.

use std::fmt;

use super::text::{PARTS, TURNS};
use super::{Change, PartChange, Side};
use crate::page::{Data, Escaped, page, table};

/// A [`Change`] as one HTML page, written when it is displayed.
#[derive(Debug, Clone, Copy)]
pub struct Html<'a>(pub(super) &'a Change);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Change { old, new, parts, .. } = self.0;
        let title = format!("{}/{} to {}/{}", old.world, old.version, new.world, new.version);
        page(f, &title, |f| {
            writeln!(f, "<h1>{}</h1>\n<dl>", Escaped(&title))?;
            for (word, Side { digest, .. }) in [("from", old), ("to", new)] {
                writeln!(f, "<dt>{word}</dt><dd><code>{digest}</code></dd>")?;
            }
            f.write_str("</dl>\n")?;
            if self.0.is_empty() {
                return f.write_str("<p>Nothing else changed.</p>\n");
            }
            f.write_str(LEGEND)?;
            for (turn, title) in TURNS {
                let rows = self.0.turned(turn).map(|change| {
                    let place = change.place.as_ref().map_or_else(String::new, ToString::to_string);
                    vec![
                        Data::new(&change.role, ""),
                        Data::new(&change.what, ""),
                        Data::new(change.old.to_string(), change.old.class()),
                        Data::new(change.new.to_string(), change.new.class()),
                        Data::new(place, ""),
                    ]
                });
                titled(
                    f,
                    title,
                    &["role", "may", "before", "after", "where"],
                    &rows.collect::<Vec<_>>(),
                )?;
            }
            PARTS.into_iter().try_for_each(|(wanted, title)| {
                let rows = parts.iter().filter(|part| part.sort() == wanted).map(part);
                titled(f, title, &HEADS, &rows.collect::<Vec<_>>())
            })
        })
    }
}

const HEADS: [&str; 4] = ["name", "part", "before", "after"];

/// How the cells are read.
const LEGEND: &str = "\
<h2>How to read it</h2>
<dl>
<dt class=\"yes\">A</dt><dd>policy allows, and the action starts here</dd>
<dt class=\"some\">A:x</dt><dd>only where x holds, as in the table of a law</dd>
<dt class=\"stay\">= -</dt><dd>allowed, and there already, or not possible from here</dd>
<dt class=\"faint\">.</dt><dd>policy does not allow, or there is nothing to allow</dd>
</dl>
";

fn titled(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    heads: &[&str],
    rows: &[Vec<Data>],
) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    let mut letters = title.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let title: String = first.chain(letters).collect();
    writeln!(f, "<h2>{}</h2>", Escaped(&title))?;
    table(f, &title, heads, rows)
}

fn part(part: &PartChange) -> Vec<Data> {
    let side = |words: &Option<String>| Data::new(words.as_deref().unwrap_or_default(), "long");
    vec![
        Data::new(&part.name, ""),
        Data::new(part.kind.as_str(), ""),
        side(&part.old),
        side(&part.new),
    ]
}
