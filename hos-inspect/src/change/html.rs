//! The change as one HTML page.

use std::fmt;

use super::text::Sort;
use super::{Change, PartChange, Side, Turn};
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
            let rows = |wanted| {
                let wanted = parts.iter().filter(move |part| part.sort() == wanted);
                wanted.map(part).collect::<Vec<_>>()
            };
            titled(f, "Added", &HEADS, &rows(Sort::Added))?;
            titled(f, "Removed", &HEADS, &rows(Sort::Removed))?;
            titled(f, "Changed", &HEADS, &rows(Sort::Changed))
        })
    }
}

const TURNS: [(Turn, &str); 3] = [
    (Turn::Gains, "Gains: may do more"),
    (Turn::Loses, "Loses: may do less"),
    (Turn::Differs, "Differs: may do it elsewhere"),
];

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
    writeln!(f, "<h2>{}</h2>", Escaped(title))?;
    table(f, title, heads, rows)
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
