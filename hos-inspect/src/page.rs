//! HTML pages: one file each, no script, nothing fetched.

use std::fmt::{self, Display, Formatter, Write};

/// Writes the page around its body; the body comes as markup, the title as text.
pub(crate) fn page(
    f: &mut Formatter<'_>,
    title: &str,
    body: impl FnOnce(&mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    write!(
        f,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        Escaped(title)
    )?;
    body(f)?;
    f.write_str("</main>\n</body>\n</html>\n")
}

/// The colours of both schemes; wide tables scroll in a box of their own, under their head.
const STYLE: &str = "\
:root{--ink:#1b1f24;--paper:#fff;--line:#d0d7de;--head:#f0f3f6;--faint:#57606a;
--yes:#d7f5df;--some:#fff4c4;--stay:#e3eefb;--no:#ffdfdc}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#3d444d;
--head:#1c2128;--faint:#9da7b1;--yes:#12381f;--some:#41350b;--stay:#12283f;--no:#4a1a19}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{margin:0 auto;max-width:90rem;padding:1rem}
h1,h2,h3{line-height:1.25;overflow-wrap:anywhere}
code,td,th{font-family:ui-monospace,monospace;font-size:.875rem}
code{overflow-wrap:anywhere}
dl{display:grid;gap:.25rem 1rem;grid-template-columns:max-content 1fr}
dt{font-family:ui-monospace,monospace}
dd{margin:0}
.scroll{border:1px solid var(--line);max-height:85vh;overflow:auto}
table{border-collapse:separate;border-spacing:0;min-width:100%}
caption{color:var(--faint);padding:.5rem;text-align:left}
td,th{border-bottom:1px solid var(--line);padding:.375rem .625rem;text-align:left;
vertical-align:top;white-space:nowrap}
th{background:var(--head);font-weight:600}
thead th{position:sticky;top:0;z-index:2}
tbody th{left:0;position:sticky;z-index:1}
td.long{min-width:14rem;overflow-wrap:anywhere;white-space:normal}
.yes{background:var(--yes)}
.some{background:var(--some)}
.stay{background:var(--stay)}
.no{background:var(--no)}
.faint{color:var(--faint)}
";

/// One cell of the body of a table.
pub(crate) struct Data {
    /// What stands in it, as text.
    pub(crate) text: String,
    /// The classes that colour it, or none.
    pub(crate) class: &'static str,
}

impl Data {
    pub(crate) fn new(text: impl Into<String>, class: &'static str) -> Self {
        Self { text: text.into(), class }
    }
}

/// Writes a table that scrolls by itself: the first cell of each row is the row's head. Nothing
/// for no rows.
pub(crate) fn table<H: AsRef<str>>(
    f: &mut Formatter<'_>,
    caption: &str,
    heads: &[H],
    rows: &[Vec<Data>],
) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    let caption = Escaped(caption);
    write!(
        f,
        "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{caption}\">\n\
         <table>\n<caption>{caption}</caption>\n<thead><tr>"
    )?;
    for head in heads {
        write!(f, "<th scope=\"col\">{}</th>", Escaped(head.as_ref()))?;
    }
    f.write_str("</tr></thead>\n<tbody>\n")?;
    for row in rows {
        f.write_str("<tr>")?;
        for (at, data) in row.iter().enumerate() {
            let text = Escaped(&data.text);
            match (at, data.class) {
                (0, _) => write!(f, "<th scope=\"row\">{text}</th>")?,
                (_, "") => write!(f, "<td>{text}</td>")?,
                (_, class) => write!(f, "<td class=\"{class}\">{text}</td>")?,
            }
        }
        f.write_str("</tr>\n")?;
    }
    f.write_str("</tbody>\n</table>\n</div>\n")
}

/// A text as markup that shows exactly it, in content and in quoted attributes.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Every tag that is opened is closed, in order, and nothing runs or is fetched.
    pub(crate) fn assert_well_formed(html: &str) {
        let mut open: Vec<&str> = Vec::new();
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"));
        for tag in html.split('<').skip(2).map(|rest| rest.split('>').next().unwrap()) {
            let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "{tag}");
            } else if name != "meta" {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?} stay open");
        for absent in ["<script", "src=", "href=", "@import", "url(", " on"] {
            let found = html.split('<').any(|rest| {
                format!("<{}", rest.split('>').next().unwrap_or_default()).contains(absent)
            });
            assert!(!found, "`{absent}` stands in a tag");
        }
        assert_eq!(html.matches("<style>").count(), 1);
    }

    #[test]
    fn what_is_text_stays_text() {
        let text = "a < b && \"c\" > 'd'";
        let escaped = "a &lt; b &amp;&amp; &quot;c&quot; &gt; &#39;d&#39;";
        assert_eq!(Escaped(text).to_string(), escaped);
    }
}
