//! Mermaid's `stateDiagram-v2`. Ids have a prefix, because a state may have the name of a keyword
//! (`default`, `note`, `state`). Moves between the same two states share an arrow, because several
//! loops at one state would be drawn as one; what a loop does stands in a note beside its state,
//! because no room is kept for a loop's label.

use std::fmt::{Display, Formatter, Result, Write as _};

use super::Machine;

pub(super) fn diagram(machine: &Machine<'_>) -> String {
    let contract = machine.contract();
    let mut text = format!("stateDiagram-v2\n    accTitle: {}\n", Escaped(&machine.title()));
    for state in contract.states() {
        // OK because writing to a string cannot fail.
        let _infallible = writeln!(text, "    state \"{}\" as s_{state}", Escaped(state.as_str()));
    }
    let opening = label(&machine.opening_lines());
    let _infallible = writeln!(text, "    [*] --> s_{} : {opening}", contract.initial());
    for arrow in machine.arrows() {
        let Some(first) = arrow.first() else { continue };
        let labels: Vec<String> = arrow.iter().map(|edge| label(&edge.lines())).collect();
        let (from, to) = (first.from, first.action.to());
        let label = labels.join("<br><br>");
        let _infallible = match from == to {
            true => writeln!(text, "    s_{from} --> s_{to}\n    note right of s_{from} : {label}"),
            false => writeln!(text, "    s_{from} --> s_{to} : {label}"),
        };
    }
    for state in contract.terminal() {
        let _infallible = writeln!(text, "    s_{state} --> [*]");
    }
    text
}

fn label(lines: &[String]) -> String {
    lines.iter().map(|line| Escaped(line).to_string()).collect::<Vec<_>>().join("<br>")
}

/// Text in which nothing ends a statement, starts a comment or is read as HTML: what is not plain
/// stands as a numbered character.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for character in self.0.chars() {
            match character {
                ' ' | '.' | ',' | '(' | ')' | '_' | '*' | '-' => f.write_char(character)?,
                other if other.is_alphanumeric() => f.write_char(other)?,
                other => write!(f, "#{};", u32::from(other))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn what_mermaid_would_read_is_numbered() {
        let text = Escaped("a: \"b\"; <i> #35 %% {c}\nğ").to_string();
        assert_eq!(text, "a#58; #34;b#34;#59; #60;i#62; #35;35 #37;#37; #123;c#125;#10;ğ");
    }
}
