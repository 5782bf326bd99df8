//! Buttons: one for each action that the law allows this reader now, and none besides.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Redirect;
use hos_core::id::NAME_BYTES_MAX;
use serde::Deserialize;

use super::shell::{Asked, Page, PageProblem, Shell, signed_in};
use super::thing;
use crate::app::App;
use crate::auth::{User, Visitor};
use crate::domain::moves::{self, Wish};
use crate::error::Problem;
use crate::language::{self, Language};
use crate::request::{Call, Fields, random_hex};

/// Actions that cannot be taken back: they ask once more, on a page of their own.
const DANGEROUS: [&str; 4] = ["cancel", "archive", "mark_paid", "refund"];
/// The longest reason, in bytes.
const REASON_BYTES_MAX: usize = 500;

/// A form with one button: the key makes a double click one command, the revision tells a page
/// that is out of date.
#[derive(Debug)]
pub(crate) struct Button {
    pub(super) path: String,
    pub(super) label: String,
    pub(super) dangerous: bool,
    /// A step back: it is there, and does not ask to be pressed.
    pub(super) quiet: bool,
    pub(super) key: String,
    pub(super) revision: u64,
}

/// A thing and its buttons.
#[derive(Debug)]
pub(crate) struct Row<T> {
    pub(crate) thing: T,
    pub(crate) buttons: Vec<Button>,
}

/// The buttons of a thing. An action without a label follows from something else, such as `pay`
/// from a payment, or has a form of its own.
pub(crate) async fn buttons(
    app: &App,
    user: Option<&User>,
    tenant_id: &str,
    kind: &'static str,
    id: &str,
) -> Result<Vec<Button>, Problem> {
    let subject = thing(app, tenant_id, kind, id)?;
    let allowed = moves::allowed(app, user, &subject).await?;
    if allowed.is_empty() {
        return Ok(Vec::new());
    }
    let revision = moves::revision(app, &subject).await?;
    let button = |action: String| {
        Some(Button {
            label: Language::current().known(&format!("action-{kind}-{action}"))?,
            path: format!("/t/{tenant_id}/{kind}s/{id}/{action}"),
            quiet: action == "pause",
            dangerous: DANGEROUS.contains(&action.as_str()),
            key: random_hex(16),
            revision,
        })
    };
    Ok(allowed.into_iter().filter_map(button).collect())
}

/// A kind by the word that paths have for it.
fn kind(things: &str) -> Result<&'static str, Problem> {
    match things {
        "listings" => Ok("listing"),
        "orders" => Ok("order"),
        "reservations" => Ok("reservation"),
        "payments" => Ok("payment"),
        _ => Err(Problem::not_found()),
    }
}

/// Which button was pressed: thing and action.
type Pressed = (String, String, String, String);

/// What a button says.
#[derive(Debug, Deserialize)]
pub(super) struct ActForm {
    key: String,
    #[serde(default)]
    back: String,
    #[serde(default)]
    revision: Option<u64>,
    #[serde(default)]
    reason: String,
}

/// Does an action.
pub(super) async fn act(
    State(app): State<App>,
    Path((tenant_id, things, id, action)): Path<Pressed>,
    visitor: Visitor,
    Fields(form): Fields<ActForm>,
) -> Result<Redirect, PageProblem> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let subject = thing(&app, &tenant_id, kind(&things)?, &id)?;
    if form.reason.len() > REASON_BYTES_MAX {
        let detail = format!("the reason is over {REASON_BYTES_MAX} bytes");
        return Err(Problem::new("invalid_input", detail).into());
    }
    let wish = Wish { reason: Some(form.reason), revision: form.revision };
    let back = language::local_path(&form.back).unwrap_or("/mine");
    let done = moves::act(&app, &call, &subject, &action, &wish).await;
    done.map_err(|problem| PageProblem::look_at(problem, back))?;
    Ok(Redirect::to(back))
}

/// What the question shows.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Question {
    #[serde(default)]
    back: String,
    #[serde(default)]
    revision: u64,
}

/// Asks once more before an action that cannot be taken back.
pub(super) async fn confirm(
    State(app): State<App>,
    Path((tenant_id, things, id, action)): Path<Pressed>,
    visitor: Visitor,
    Asked(asked): Asked<Question>,
) -> Result<Page<ConfirmPage>, PageProblem> {
    let user = signed_in(visitor)?;
    let kind = kind(&things)?;
    let subject = thing(&app, &tenant_id, kind, &id)?;
    moves::require_readable(&app, &user, &subject).await?;
    let label = Language::current().known(&format!("action-{kind}-{action}"));
    let label = label.filter(|_| action.len() <= NAME_BYTES_MAX).ok_or_else(Problem::not_found)?;
    let back = language::local_path(&asked.back).unwrap_or("/mine").to_owned();
    let shell = Shell::new(label, Some(&user));
    Ok(Page(ConfirmPage {
        what: what(&app, &shell, &subject).await?,
        warning: shell.word("warn", format!("{kind}-{action}")),
        path: format!("/t/{tenant_id}/{things}/{id}/{action}"),
        takes_reason: action == "cancel" && kind != "payment",
        key: random_hex(16),
        revision: asked.revision,
        back,
        shell,
    }))
}

/// The thing in one line.
async fn what(
    app: &App,
    shell: &Shell,
    subject: &hos_core::subject::Subject,
) -> Result<String, Problem> {
    use crate::domain::{listings, orders, payments, reservations};
    let (tenant, id) = (&subject.tenant, subject.id.as_str());
    let rows = app.database();
    let what = match subject.kind.as_str() {
        "listing" => listings::find(rows, tenant, id).await?.map(|found| found.title),
        "order" => orders::find(rows, tenant, id).await?.map(|found| {
            format!("{} × {}, {}", found.quantity, found.title, shell.money(&found.total))
        }),
        "reservation" => reservations::find(rows, tenant, id)
            .await?
            .map(|found| format!("{}, {}", found.title, shell.money(&found.total))),
        _ => payments::find(rows, tenant, id).await?.map(|found| shell.money(&found.amount)),
    };
    what.ok_or_else(Problem::not_found)
}

/// The question before what cannot be taken back.
#[derive(Debug, Template)]
#[template(path = "confirm.html")]
pub(super) struct ConfirmPage {
    shell: Shell,
    what: String,
    warning: String,
    path: String,
    takes_reason: bool,
    key: String,
    revision: u64,
    back: String,
}
