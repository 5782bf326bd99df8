//! What pages show, as templates see it.

pub(crate) use super::buttons::{Row, buttons};
pub(crate) use super::shell::{Asked, Page, PageProblem, Shell, signed_in};
use crate::domain::listings::Listing;
use crate::domain::orders::Order;
use crate::domain::reservations::Reservation;
use crate::language::{ISTANBUL_MICROS, Language};

/// The ways to pay, the usual one first.
pub(super) const METHODS: [&str; 3] = ["online", "cash_on_delivery", "bank_transfer"];

/// A listing as the shop shows it.
#[derive(Debug)]
pub(super) struct Offer {
    /// Where its pictures lie; a drawing of its category when it has none.
    pub(super) pictures: Vec<String>,
    pub(super) listing: Listing,
}

impl Offer {
    pub(super) fn of(listing: Listing) -> Self {
        let Listing { tenant, id, category, pictures, .. } = &listing;
        let numbered = (0..*pictures).map(|n| format!("/t/{tenant}/listings/{id}/pictures/{n}"));
        let mut pictures: Vec<String> = numbered.collect();
        if pictures.is_empty() {
            pictures.push(format!("/assets/category/{category}.svg"));
        }
        Self { pictures, listing }
    }

    /// The picture of its card.
    pub(super) fn picture(&self) -> &str {
        self.pictures.first().map_or("/assets/category/product.svg", String::as_str)
    }

    /// Where its page is.
    pub(super) fn path(&self) -> String {
        format!("/t/{}/listings/{}", self.listing.tenant, self.listing.id)
    }
}

/// One order or booking, as its page shows it.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) tenant: String,
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) customer: String,
    pub(super) facts: Vec<(String, String)>,
    pub(super) status: String,
    pub(super) total: i64,
    /// When it was opened.
    pub(super) created_at: i64,
    /// The day that it belongs to: a booking's first.
    pub(super) falls_on: i64,
    /// How it is paid for.
    pub(super) method: String,
    /// Whether its customer may pay for it now.
    pub(super) payable: bool,
}

impl Thing {
    pub(super) fn order(order: &Order) -> Self {
        let language = Language::current();
        Self {
            tenant: order.tenant.clone(),
            id: order.id.clone(),
            kind: "order",
            title: order.title.clone(),
            customer: order.customer.clone(),
            facts: vec![
                (language.text("fact-quantity"), order.quantity.to_string()),
                (language.text("fact-ordered"), language.time(order.created_at)),
            ],
            status: order.status.clone(),
            total: order.total,
            created_at: order.created_at,
            falls_on: order.created_at,
            method: order.method.clone(),
            payable: order.status == "pending",
        }
    }

    pub(super) fn reservation(reservation: &Reservation) -> Self {
        let language = Language::current();
        let whole = is_midnight(reservation.starts) && is_midnight(reservation.ends);
        let when = |micros| if whole { language.day(micros) } else { language.time(micros) };
        let free_until = reservation.free_until.filter(|_| reservation.status != "cancelled");
        let answer = if reservation.instant { "booking-instant" } else { "booking-asked" };
        Self {
            tenant: reservation.tenant.clone(),
            id: reservation.id.clone(),
            kind: "reservation",
            title: reservation.title.clone(),
            customer: reservation.customer.clone(),
            facts: [
                Some((language.text("fact-from"), when(reservation.starts))),
                Some((language.text("fact-to"), when(reservation.ends))),
                Some((language.text("fact-guests"), reservation.party_size.to_string())),
                Some((language.text("fact-booking"), language.text(answer))),
                free_until.map(|until| (language.text("fact-free-until"), language.time(until))),
            ]
            .into_iter()
            .flatten()
            .collect(),
            status: reservation.status.clone(),
            total: reservation.total,
            created_at: reservation.created_at,
            falls_on: reservation.starts,
            method: reservation.method.clone(),
            payable: matches!(reservation.status.as_str(), "pending" | "confirmed" | "checked_in"),
        }
    }

    /// Where its page is.
    pub(super) fn path(&self) -> String {
        format!("/t/{}/{}s/{}", self.tenant, self.kind, self.id)
    }

    /// What its state means, as texts name it.
    pub(super) fn help(&self) -> String {
        match (self.status.as_str(), self.method.as_str()) {
            ("pending", "cash_on_delivery" | "bank_transfer") => "in-person".to_owned(),
            (status, _) => format!("{}-{status}", self.kind),
        }
    }

    /// Which tab it lies under.
    pub(super) fn tab(&self) -> &'static str {
        match self.status.as_str() {
            "pending" => "waiting",
            "cancelled" | "refunded" | "completed" => "past",
            _ => "active",
        }
    }
}

/// Whether a day begins then in Istanbul: what is booked by the day is told by the day.
fn is_midnight(micros: i64) -> bool {
    micros.saturating_add(ISTANBUL_MICROS).rem_euclid(86_400_000_000) == 0
}
