//! A firm's log: everything that happened there, the latest first, searched by who, what and when.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use hos_core::time::Timestamp;
use serde::Deserialize;

use super::evidence::{Labels, Reader};
use super::views::{Page, PageProblem, Shell, signed_in};
use super::{law_words, tenant};
use crate::app::App;
use crate::auth::Visitor;
use crate::domain::evidence::{self, Leaf, LogPage, People, SEARCH_MAX, Search, Sight};
use crate::domain::{moves, tenants};
use crate::error::Problem;
use crate::language::ISTANBUL_MICROS;
use crate::request::{asked, hex};

/// What a reader of a log asks for; what is left empty is not asked.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct LogForm {
    #[serde(default)]
    sort: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    actor: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    before: Option<u64>,
}

impl LogForm {
    fn search(&self) -> Result<Search, Problem> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Search {
            sort: given(&self.sort),
            kind: given(&self.kind),
            actor: given(&self.actor),
            from: day(&self.from)?,
            // To the end of the day.
            until: day(&self.until)?.map(|day| day.saturating_add(DAY_MICROS)),
        })
    }

    /// The same search, further back.
    fn go_on(&self, before: u64) -> String {
        let fields = [
            ("sort", &self.sort),
            ("kind", &self.kind),
            ("actor", &self.actor),
            ("from", &self.from),
            ("until", &self.until),
        ];
        let mut query = format!("?before={before}");
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.push_str(&format!("&{name}={}", super::shell::form_urlencoded(value)));
        }
        query
    }
}

const DAY_MICROS: i64 = 86_400_000_000;

/// The beginning of a day in Istanbul, `2026-11-21`.
fn day(text: &str) -> Result<Option<i64>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let midnight = Timestamp::parse(&format!("{text}T00:00:00Z"));
    let midnight = midnight.filter(|_| text.len() == "2026-11-21".len());
    let wrong = || Problem::new("invalid_input", "a day is written as 2026-11-21");
    Ok(Some(midnight.ok_or_else(wrong)?.as_micros().saturating_sub(ISTANBUL_MICROS)))
}

/// The sorts of entries that a log may hold.
const SORTS: [&str; 18] = [
    "opened",
    "adopted",
    "transition",
    "timer",
    "denial",
    "tenant",
    "world",
    "member",
    "ban",
    "grant",
    "break_glass",
    "mode",
    "law",
    "contract",
    "record",
    "correction",
    "erasure",
    "hold",
];

/// A firm's log, the latest first.
pub(super) async fn page(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    query: Result<Query<LogForm>, QueryRejection>,
    visitor: Visitor,
) -> Result<Page<LogViewPage>, PageProblem> {
    let user = signed_in(visitor)?;
    let tenant = tenant(&tenant_id)?;
    moves::require(&app, &user, "audit.read", &tenant).await?;
    let firm = tenants::find(&app, &tenant).await?.ok_or_else(Problem::not_found)?;
    let form = asked(query)?;
    let page = evidence::log(&app, &tenant, &form.search()?, form.before).await?;
    let LogPage { head, rows, searched, next } = page;
    let actors = rows.iter().map(|(_, leaf)| leaf.actor.id.as_str());
    let people = People::of(&app, &tenant, actors).await?;
    let shell = Shell::keyed("log-title", Some(&user));
    let labels = Labels::default();
    let reader =
        Reader { app: &app, shell: &shell, user: &user, sight: Sight::Everything, people, labels };
    let row = |(entry, leaf): &(hos_core::proof::LogEntry, Leaf)| LogRow {
        index: entry.index,
        when: shell.time(&entry.recorded_at.as_micros()),
        who: reader.who(leaf),
        sort: shell.word("sort", leaf.sort()),
        denied: leaf.sort() == "denial",
        what: what(&shell, leaf),
        subject: leaf.subject().map(|(kind, id)| {
            let path = format!("/t/{tenant_id}/{kind}s/{id}/evidence");
            (shell.word("kind", kind), id.to_owned(), path)
        }),
    };
    Ok(Page(LogViewPage {
        firm: firm.name,
        rows: rows.iter().map(row).collect(),
        size: head.size,
        root: hex(&head.root),
        searched,
        full: searched >= SEARCH_MAX,
        next: next.map(|before| form.go_on(before)),
        sorts: SORTS.iter().map(|sort| (*sort, shell.word("sort", sort))).collect(),
        kinds: KINDS.iter().map(|kind| (*kind, shell.word("kind", kind))).collect(),
        tenant: tenant_id,
        form,
        shell,
    }))
}

const KINDS: [&str; 4] = ["listing", "order", "reservation", "payment"];

/// What an entry says beside who and when.
fn what(shell: &Shell, leaf: &Leaf) -> String {
    let mut words = Vec::new();
    words.extend(leaf.action.as_deref().map(|action| law_words::action(shell, action)));
    if let (Some(from), Some(to)) = (&leaf.from, &leaf.to) {
        words.push(format!("{} → {}", shell.state(from), shell.state(to)));
    } else {
        words.extend(leaf.to.as_deref().map(|to| shell.state(to)));
    }
    let ability = leaf.ability.as_deref().filter(|_| leaf.action.is_none());
    words.extend(ability.map(|ability| law_words::ability(shell, ability)));
    words.extend(leaf.mode.as_deref().map(|mode| shell.word("law-mode", mode)));
    words.extend(leaf.target.clone());
    // A denial says so by its sort.
    let code = leaf.code.as_deref().filter(|code| *code != "denied");
    words.extend(code.map(|code| code.replace('_', " ")));
    words.join(", ")
}

/// One entry of a log.
#[derive(Debug)]
pub(super) struct LogRow {
    index: Option<u64>,
    when: String,
    who: String,
    sort: String,
    denied: bool,
    what: String,
    /// Its kind and id, and where its evidence is.
    subject: Option<(String, String, String)>,
}

/// A firm's log.
#[derive(Debug, Template)]
#[template(path = "log.html")]
pub(super) struct LogViewPage {
    shell: Shell,
    tenant: String,
    firm: String,
    form: LogForm,
    rows: Vec<LogRow>,
    size: u64,
    root: String,
    searched: u64,
    /// Whether the page stopped for having looked through enough.
    full: bool,
    next: Option<String>,
    sorts: Vec<(&'static str, String)>,
    kinds: Vec<(&'static str, String)>,
}
