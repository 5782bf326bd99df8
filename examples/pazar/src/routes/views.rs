//! Pages as templates see them. Every button comes from the law's `allowed_actions`.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::app::App;
use crate::auth::{User, Visitor, moment};
use crate::domain::listings::Listing;
use crate::domain::moves;
use crate::domain::orders::Order;
use crate::domain::payments::Payment;
use crate::domain::refunds::Refund;
use crate::domain::reservations::Reservation;
use crate::domain::tenants::Firm;
use crate::error::Problem;
use crate::request::random_hex;

/// What a button of an action says, in catalogue order of the whole marketplace. What is not here
/// has no button: it follows from something else, such as `pay` from a payment.
const LABELS: [(&str, &str, &str); 10] = [
    ("listing", "publish", "Publish"),
    ("listing", "pause", "Pause"),
    ("listing", "archive", "Archive"),
    ("order", "cancel", "Cancel order"),
    ("reservation", "confirm", "Confirm"),
    ("reservation", "check_in", "Check in"),
    ("reservation", "complete", "Complete"),
    ("reservation", "cancel", "Cancel booking"),
    ("payment", "mark_paid", "Mark paid"),
    ("payment", "cancel", "Cancel payment"),
];

/// A form with one button, and the key that makes a double click one command.
#[derive(Debug)]
pub(super) struct Button {
    path: String,
    label: &'static str,
    action: String,
    key: String,
}

/// The buttons of a thing.
pub(super) async fn buttons(
    app: &App,
    user: Option<&User>,
    tenant_id: &str,
    kind: &'static str,
    id: &str,
) -> Result<Vec<Button>, Problem> {
    let subject = super::thing(app, tenant_id, kind, id)?;
    let allowed = moves::allowed(app, user, &subject).await?;
    let button = |action: String| {
        let known = LABELS.iter().find(|(of, name, _)| *of == kind && *name == action);
        known.map(|(_, _, label)| Button {
            path: format!("/t/{tenant_id}/{kind}s/{id}/{action}"),
            label,
            action,
            key: random_hex(16),
        })
    };
    Ok(allowed.into_iter().filter_map(button).collect())
}

/// Kurus as lira.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references")]
fn money(kurus: &i64) -> String {
    format!("{}.{:02} TL", kurus.div_euclid(100), kurus.rem_euclid(100))
}

/// A time as people read it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references")]
fn when(micros: &i64) -> String {
    let text = moment(*micros).to_string();
    let date = text.get(..10).unwrap_or_default();
    let time = text.get(11..16).unwrap_or_default();
    format!("{date} {time} UTC")
}

/// What every page has around it.
#[derive(Debug)]
pub(super) struct Shell {
    title: String,
    user: Option<String>,
}

impl Shell {
    pub(super) fn new(title: impl Into<String>, user: Option<&User>) -> Self {
        Self { title: title.into(), user: user.map(|user| user.name.clone()) }
    }
}

/// A thing and its buttons.
#[derive(Debug)]
pub(super) struct Row<T> {
    pub(super) thing: T,
    pub(super) buttons: Vec<Button>,
}

/// A page.
pub(super) struct Page<T>(pub(super) T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(text) => Html(text).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page could not be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// A problem as a page.
pub(crate) struct PageProblem(Problem);

impl From<Problem> for PageProblem {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<sqlx::Error> for PageProblem {
    fn from(error: sqlx::Error) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PageProblem {
    fn into_response(self) -> Response {
        let problem = self.0;
        let shell = Shell::new(problem.title(), None);
        let (status, request_id) = (problem.status(), crate::request::current_id());
        let signed_out = problem.code() == "unauthenticated";
        (status, Page(ErrorPage { shell, problem, request_id, signed_out })).into_response()
    }
}

/// The user of a page: whoever is not signed in is shown where to.
pub(super) fn signed_in(Visitor(user): Visitor) -> Result<User, PageProblem> {
    user.ok_or_else(|| Problem::new("unauthenticated", "sign in to see this").into())
}

#[derive(Debug, Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: Shell,
    problem: Problem,
    request_id: String,
    signed_out: bool,
}

/// Everything on offer.
#[derive(Debug, Template)]
#[template(path = "browse.html")]
pub(super) struct BrowsePage {
    pub(super) shell: Shell,
    pub(super) listings: Vec<Listing>,
}

/// One listing, with the form that buys or books.
#[derive(Debug, Template)]
#[template(path = "listing.html")]
pub(super) struct ListingPage {
    pub(super) shell: Shell,
    pub(super) row: Row<Listing>,
    pub(super) signed_in: bool,
    pub(super) key: String,
}

/// One order or booking, as its page shows it.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) tenant: String,
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) status: String,
    pub(super) total: i64,
    /// Whether its customer may pay for it now.
    pub(super) payable: bool,
}

impl Thing {
    pub(super) fn order(order: &Order) -> Self {
        Self {
            tenant: order.tenant.clone(),
            id: order.id.clone(),
            kind: "order",
            title: order.title.clone(),
            facts: vec![
                ("Quantity", order.quantity.to_string()),
                ("Ordered", when(&order.created_at)),
            ],
            status: order.status.clone(),
            total: order.total,
            payable: order.status == "pending",
        }
    }

    pub(super) fn reservation(reservation: &Reservation) -> Self {
        let answer =
            if reservation.instant { "confirmed when paid" } else { "waits for the owner" };
        Self {
            tenant: reservation.tenant.clone(),
            id: reservation.id.clone(),
            kind: "reservation",
            title: reservation.title.clone(),
            facts: vec![
                ("From", when(&reservation.starts)),
                ("To", when(&reservation.ends)),
                ("Guests", reservation.party_size.to_string()),
                ("Booking", answer.to_owned()),
            ],
            status: reservation.status.clone(),
            total: reservation.total,
            payable: matches!(reservation.status.as_str(), "pending" | "confirmed"),
        }
    }
}

/// One order or booking.
#[derive(Debug, Template)]
#[template(path = "thing.html")]
pub(super) struct ThingPage {
    pub(super) shell: Shell,
    pub(super) row: Row<Thing>,
    pub(super) payments: Vec<Row<Payment>>,
    pub(super) mine: bool,
    pub(super) key: String,
}

/// The user's own orders and bookings.
#[derive(Debug, Template)]
#[template(path = "mine.html")]
pub(super) struct MinePage {
    pub(super) shell: Shell,
    pub(super) things: Vec<Thing>,
}

/// Where users sign in.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignInPage {
    pub(super) shell: Shell,
    pub(super) failed: bool,
}

/// The demo provider's own page.
#[derive(Debug, Template)]
#[template(path = "provider.html")]
pub(super) struct ProviderPage {
    pub(super) shell: Shell,
    pub(super) payment: Payment,
    pub(super) key: String,
}

/// The firms that a user works for.
#[derive(Debug, Template)]
#[template(path = "firms.html")]
pub(super) struct FirmsPage {
    pub(super) shell: Shell,
    pub(super) firms: Vec<Firm>,
}

/// A firm's panel.
#[derive(Debug, Template)]
#[template(path = "firm.html")]
pub(super) struct FirmPage {
    pub(super) shell: Shell,
    pub(super) firm: Firm,
    pub(super) listings: Vec<Row<Listing>>,
    pub(super) things: Vec<Row<Thing>>,
    pub(super) payments: Vec<Row<Payment>>,
    pub(super) refunds: Option<Vec<Refund>>,
    pub(super) may_list: bool,
    pub(super) key: String,
}
