//! The contract versions under which earlier subjects live on.
//!
//! They are history: a subject keeps the version that it was opened under, so nothing here changes.

use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::LawError;
use hos_core::value::Type;

use super::{BOOKING_HOLD, ORDER_HOLD, PAYMENT_HOLD, QUANTITY_MAX};

/// All of them.
pub(super) fn contracts() -> Result<[Contract; 4], LawError> {
    Ok([listing()?, order()?, reservation()?, payment()?])
}

/// The listing that says for ever what it said first.
fn listing() -> Result<Contract, LawError> {
    Contract::builder("listing", "1")
        .states(["draft", "published", "paused", "archived"])
        .initial("draft")
        .terminal(["archived"])
        .attribute("flow", Type::String)
        // The digest of what the listing says, so that its proof covers it.
        .attribute("content", Type::String)
        .open("product.write", ["flow", "content"])
        .open_guard("unknown_flow", "subject.flow in ['sale', 'booking']")
        .action(ActionDefinition::new("publish", ["draft", "paused"], "published", "product.write"))
        .action(ActionDefinition::new("pause", ["published"], "paused", "product.write"))
        .action(ActionDefinition::new("archive", ["draft", "paused"], "archived", "product.delete"))
        .build()
}

/// The sale whose paid order is cancelled at once.
fn order() -> Result<Contract, LawError> {
    Contract::builder("order", "1")
        .states(["pending", "paid", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .attribute("listing", Type::String)
        .attribute("quantity", Type::Integer)
        .open("order.create", ["customer", "listing", "quantity"])
        .open_guard("quantity_too_small", "subject.quantity >= 1")
        .open_guard("quantity_too_large", &format!("subject.quantity <= {QUANTITY_MAX}"))
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay").topic("order.paid"))
        .action(
            ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel")
                .optional_input("reason", Type::String)
                .topic("order.cancelled"),
        )
        .action(ActionDefinition::new("expire", ["pending"], "cancelled", "order.expire"))
        .timer("pending", ORDER_HOLD, "expire")
        .build()
}

/// The booking that may always be cancelled.
fn reservation() -> Result<Contract, LawError> {
    Contract::builder("reservation", "1")
        .states(["pending", "confirmed", "checked_in", "completed", "cancelled"])
        .initial("pending")
        .terminal(["completed", "cancelled"])
        .attribute("customer", Type::String)
        .attribute("listing", Type::String)
        .attribute("party_size", Type::Integer)
        .attribute("capacity", Type::Integer)
        .attribute("starts", Type::Time)
        .attribute("ends", Type::Time)
        .attribute("instant", Type::Bool)
        .attribute("paid", Type::Bool)
        .open(
            "reservation.create",
            ["customer", "listing", "party_size", "capacity", "starts", "ends", "instant", "paid"],
        )
        .open_guard("party_too_small", "subject.party_size >= 1")
        .open_guard("over_capacity", "subject.party_size <= subject.capacity")
        .open_guard("empty_range", "subject.starts < subject.ends")
        .open_guard("in_the_past", "now < subject.ends")
        .open_guard("paid_too_early", "!subject.paid")
        .action(
            ActionDefinition::new("confirm", ["pending"], "confirmed", "reservation.confirm")
                .topic("reservation.confirmed"),
        )
        .action(ActionDefinition::new("check_in", ["confirmed"], "checked_in", "reservation.ops"))
        .action(ActionDefinition::new("complete", ["checked_in"], "completed", "reservation.ops"))
        .action(
            ActionDefinition::new(
                "cancel",
                ["pending", "confirmed", "checked_in"],
                "cancelled",
                "reservation.cancel",
            )
            .optional_input("reason", Type::String)
            .topic("reservation.cancelled"),
        )
        // Not a change of status: the hold is paid for and now waits for the owner, not the clock.
        .action(
            ActionDefinition::new("pay", ["pending"], "pending", "reservation.pay")
                .guard("already_paid", "!subject.paid")
                .set("paid", "true"),
        )
        .action(
            ActionDefinition::new("expire", ["pending"], "cancelled", "reservation.expire")
                .guard("paid", "!subject.paid"),
        )
        .timer("pending", BOOKING_HOLD, "expire")
        .build()
}

/// The payment that came by the provider alone.
fn payment() -> Result<Contract, LawError> {
    Contract::builder("payment", "1")
        .states(["pending", "paid", "failed", "cancelled"])
        .initial("pending")
        .terminal(["paid", "failed", "cancelled"])
        .attribute("customer", Type::String)
        .attribute("payable_kind", Type::String)
        .attribute("payable", Type::String)
        .attribute("amount", Type::Integer)
        .open("payment.create", ["customer", "payable_kind", "payable", "amount"])
        .open_guard("unknown_payable", "subject.payable_kind in ['order', 'reservation']")
        .open_guard("nothing_to_pay", "subject.amount >= 1")
        .action(
            ActionDefinition::new("mark_paid", ["pending"], "paid", "payment.mark_paid")
                .topic("payment.paid"),
        )
        .action(ActionDefinition::new("fail", ["pending"], "failed", "payment.fail"))
        .action(ActionDefinition::new("cancel", ["pending"], "cancelled", "payment.cancel"))
        .action(ActionDefinition::new("expire", ["pending"], "cancelled", "payment.expire"))
        .timer("pending", PAYMENT_HOLD, "expire")
        .build()
}
