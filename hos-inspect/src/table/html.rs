//! The tables as one HTML page.

use std::fmt;

use super::{Cell, ContractTable, Row, Sign, Table};
use crate::page::{Data, Escaped, page, table};

/// A [`Table`] as one HTML page, written when it is displayed.
#[derive(Debug, Clone, Copy)]
pub struct Html<'a>(pub(super) &'a Table);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Table { world, version, digest, roles, holders, abilities, contracts } = self.0;
        let title = format!("Law {world}/{version}");
        page(f, &title, |f| {
            writeln!(f, "<h1>{}</h1>\n<p>Digest <code>{digest}</code></p>", Escaped(&title))?;
            f.write_str(LEGEND)?;
            let role = |role: &super::RoleRow| {
                vec![Data::new(&role.name, ""), Data::new(role.traits.join(", "), "long")]
            };
            let roles: Vec<_> = roles.iter().map(role).collect();
            f.write_str("<h2>Roles</h2>\n")?;
            table(f, "Roles", &["role", "what it is"], &roles)?;
            f.write_str("<h2>Abilities</h2>\n")?;
            let caption = "Abilities, of a fresh subject; ! leaves evidence when denied";
            cells(f, caption, "ability", holders, abilities)?;
            contracts.iter().try_for_each(|table| contract(f, table, holders))
        })
    }
}

/// How the cells are read.
const LEGEND: &str = "\
<h2>How to read it</h2>
<dl>
<dt class=\"yes\">A</dt><dd>policy allows, and the action starts here</dd>
<dt class=\"some\">A:x</dt><dd>only where x holds; <code>&amp;</code> and, <code>|</code> or,
<code>!</code> not, <code>..</code> more than a cell can say</dd>
<dt class=\"some\">A:?</dt><dd>allowed wherever it was tried, and not all could be tried</dd>
<dt class=\"some\">?</dt><dd>denied wherever it was tried, and not all could be tried</dd>
<dt class=\"stay\">=</dt><dd>allowed, and the subject is there already</dd>
<dt class=\"stay\">-</dt><dd>allowed, but not possible from here</dd>
<dt class=\"faint\">.</dt><dd>policy does not allow</dd>
<dt>own.a</dt><dd>the subject&#39;s a is the actor</dd>
<dt>in.a</dt><dd>the subject&#39;s a has the actor</dd>
<dt>is.a</dt><dd>the subject&#39;s a is true</dd>
<dt>claim.c</dt><dd>the credential says so</dd>
<dt>others</dt><dd>as the rules compare</dd>
</dl>
";

fn contract(
    f: &mut fmt::Formatter<'_>,
    contract: &ContractTable,
    holders: &[String],
) -> fmt::Result {
    let ContractTable { kind, version, digest, .. } = contract;
    writeln!(f, "<h2>Contract {kind}/{version}</h2>\n<p>Digest <code>{digest}</code></p>")?;
    let edges = contract.edges.iter().map(|edge| {
        let [from, action, to, ability, guards] = edge.columns();
        let plain = [from, action, to, ability].map(|text| Data::new(text, ""));
        plain.into_iter().chain([Data::new(guards, "long")]).collect()
    });
    let heads = ["from", "action", "to", "ability", "guards"];
    table(f, &format!("{kind}: edges"), &heads, &edges.collect::<Vec<_>>())?;
    let timers = contract.timers.iter().map(|timer| {
        let after = format!("{} s", timer.after.as_secs());
        [timer.state.to_string(), after, timer.action.to_string()]
            .map(|text| Data::new(text, ""))
            .into()
    });
    let heads = ["state", "after", "action"];
    table(f, &format!("{kind}: timers"), &heads, &timers.collect::<Vec<_>>())?;
    let aliases = contract.aliases.iter();
    let aliases = aliases.map(|(old, state)| vec![Data::new(old, ""), Data::new(state, "")]);
    let caption = format!("{kind}: old names of states");
    table(f, &caption, &["old name", "state"], &aliases.collect::<Vec<_>>())?;
    for state in &contract.states {
        let mut title = format!("{kind} in {}", state.state);
        title.push_str(if state.initial { ", initial" } else { "" });
        title.push_str(if state.terminal { ", terminal" } else { "" });
        if !state.rows.is_empty() {
            writeln!(f, "<h3>{}</h3>", Escaped(&title))?;
        }
        cells(f, &title, "action", holders, &state.rows)?;
    }
    Ok(())
}

fn cells(
    f: &mut fmt::Formatter<'_>,
    caption: &str,
    first: &str,
    holders: &[String],
    rows: &[Row],
) -> fmt::Result {
    let heads: Vec<&str> =
        std::iter::once(first).chain(holders.iter().map(String::as_str)).collect();
    let row = |row: &Row| {
        let name = format!("{}{}", row.name, if row.critical { " !" } else { "" });
        let cell = |cell: &Cell| Data::new(cell.to_string(), cell.class());
        std::iter::once(Data::new(name, "")).chain(row.cells.iter().map(cell)).collect()
    };
    table(f, caption, &heads, &rows.iter().map(row).collect::<Vec<_>>())
}

impl Cell {
    /// The class that colours it.
    pub(crate) fn class(&self) -> &'static str {
        match (self.sign, &self.when) {
            (Sign::Denied, _) => "faint",
            (Sign::Impossible | Sign::Already, _) => "stay",
            (Sign::Unknown, _) => "some",
            (Sign::Allowed, None) => "yes",
            (Sign::Allowed, Some(_)) => "some",
        }
    }
}
