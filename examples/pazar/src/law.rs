//! The law of the marketplace: who may do what, and what may become of what.
//!
//! Everything that Pazar decides stands here; what it decided before is in `past`. The rest of the
//! crate performs: it keeps rows, shows pages and asks this law before anything becomes true.

mod past;

use std::time::Duration;

use hos_core::actor::ActorKind;
use hos_core::contract::{ActionDefinition, Contract, ContractBuilder};
use hos_core::error::LawError;
use hos_core::law::{Law, LawBuilder};
use hos_core::policy::RoleDefinition;
use hos_core::value::Type;

/// The world's name.
pub const WORLD: &str = "pazar";
/// The version label; a changed law takes a new one.
pub const VERSION: &str = "2026-12-15";

/// How long an unpaid booking holds its slot.
pub const BOOKING_HOLD: Duration = Duration::from_secs(15 * 60);
/// How long an unpaid order holds its stock.
pub const ORDER_HOLD: Duration = Duration::from_secs(60 * 60);
/// How long a payment may stay open.
pub const PAYMENT_HOLD: Duration = Duration::from_secs(60 * 60);
/// The most pieces in one order.
pub const QUANTITY_MAX: i64 = 100;

const OWN: &str = "subject.customer == actor.id";
/// How something is paid for: by the provider, or in person.
const METHODS: &str = "subject.method in ['online', 'cash_on_delivery', 'bank_transfer']";
/// Who pays online is waited for by the clock; who pays in person, by the owner.
const ONLINE: &str = "subject.method == 'online'";
/// The listing's cancellation policy still lets its customer go, or it is not the customer.
const FREE: &str = "now < subject.free_until || subject.customer != actor.id";
/// Said by the server when it settles a payment: never by a client, never by a button.
const SETTLES: &str = "has(context.settles) && context.settles";

/// The whole law.
///
/// # Errors
///
/// Every fault at once.
pub fn law() -> Result<Law, LawError> {
    let law = Law::builder(WORLD, VERSION)
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::new("owner"),
            RoleDefinition::new("staff"),
            RoleDefinition::implicit("customer", ActorKind::User),
            RoleDefinition::implicit("provider", ActorKind::Webhook),
            RoleDefinition::implicit("timer", ActorKind::Job),
        ])
        .context("settles", Type::Bool);
    let contracts = [listing()?, order()?, reservation()?, payment()?];
    let contracts = past::contracts()?.into_iter().chain(contracts);
    contracts.fold(acting(reading(law)), LawBuilder::contract).build()
}

/// Who may know that a thing exists. Everybody else is told `not_found`.
fn reading(law: LawBuilder) -> LawBuilder {
    law.allow("listing.read", ["owner", "staff"])
        .allow_if("listing.read", ["customer"], "subject.state != 'draft'")
        .allow("order.read", ["owner", "staff"])
        .allow_if("order.read", ["customer"], OWN)
        .allow("reservation.read", ["owner", "staff"])
        .allow_if("reservation.read", ["customer"], OWN)
        .allow("payment.read", ["owner", "staff"])
        .allow_if("payment.read", ["customer"], OWN)
        .allow("panel.read", ["owner", "staff"])
        .allow("refund.read", ["owner"])
        .allow("audit.read", ["owner"])
        .ability("world.read")
}

/// Who may do what.
fn acting(law: LawBuilder) -> LawBuilder {
    law
        // A customer deals in the customer's own name, and touches nobody else's.
        .allow_if("order.create", ["customer"], OWN)
        .allow_if("order.cancel", ["customer"], OWN)
        .allow_if("reservation.create", ["customer"], OWN)
        .allow_if("reservation.cancel", ["customer"], OWN)
        .allow_if("payment.create", ["customer"], OWN)
        .allow_if("payment.cancel", ["customer"], OWN)
        // Day-to-day operations: owner and staff.
        .allow("product.write", ["owner", "staff"])
        .allow("reservation.ops", ["owner", "staff"])
        // Critical: the owner alone, and denied attempts leave evidence.
        .allow("product.delete", ["owner"])
        .allow("stock.manage", ["owner"])
        .allow("order.cancel", ["owner"])
        .allow("order.refund", ["owner"])
        .allow("reservation.cancel", ["owner"])
        .allow("reservation.confirm", ["owner"])
        .allow("payment.mark_paid", ["owner"])
        .allow("payment.cancel", ["owner"])
        .allow("hos.member", ["owner"])
        .critical([
            "product.delete",
            "stock.manage",
            "order.cancel",
            "order.refund",
            "reservation.cancel",
            "reservation.confirm",
            "payment.mark_paid",
            "payment.cancel",
        ])
        // What is paid for moves with its payment, by the webhook or by an owner who marks it.
        .allow("payment.mark_paid", ["provider"])
        .allow("payment.fail", ["provider"])
        .allow("order.pay", ["provider"])
        .allow("order.refund", ["provider"])
        .allow_if("order.pay", ["owner"], SETTLES)
        .allow("reservation.pay", ["provider"])
        .allow_if("reservation.pay", ["owner"], SETTLES)
        .allow_if("reservation.confirm", ["provider"], "subject.instant")
        .allow("hos.record", ["provider"])
        .allow_if("hos.record", ["owner"], SETTLES)
        // Holds end by themselves.
        .allow("order.expire", ["timer"])
        .allow("reservation.expire", ["timer"])
        .allow("payment.expire", ["timer"])
}

/// What is offered: sold, or booked.
fn listing() -> Result<Contract, LawError> {
    let contract = Contract::builder("listing", "2")
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
        .action(ActionDefinition::new(
            "archive",
            ["draft", "paused"],
            "archived",
            "product.delete",
        ));
    // What changes a listing and leaves it where it is. Orders keep what they agreed to.
    let in_place = |contract: ContractBuilder, state: &str| {
        contract
            .action(
                ActionDefinition::new("edit", [state], state, "product.write")
                    .input("content", Type::String)
                    .set("content", "input.content")
                    .proof("listing_edited"),
            )
            .action(
                ActionDefinition::new("add_picture", [state], state, "product.write")
                    .input("digest", Type::String)
                    .proof("picture_added"),
            )
            .action(
                ActionDefinition::new("set_stock", [state], state, "stock.manage")
                    .input("stock", Type::Integer)
                    .fact("stock", Type::Integer)
                    .guard("not_for_sale", "subject.flow == 'sale'")
                    .guard("stock_below_zero", "input.stock >= 0")
                    .proof("stock_changed"),
            )
    };
    ["draft", "published", "paused"].into_iter().fold(contract, in_place).build()
}

/// The sale: no date, so many pieces. The money of a cancelled one goes back before it ends.
fn order() -> Result<Contract, LawError> {
    Contract::builder("order", "2")
        .states(["pending", "paid", "refund_due", "refunded", "cancelled"])
        .initial("pending")
        .terminal(["refunded", "cancelled"])
        .attribute("customer", Type::String)
        .attribute("listing", Type::String)
        .attribute("quantity", Type::Integer)
        .attribute("method", Type::String)
        .open("order.create", ["customer", "listing", "quantity", "method"])
        .open_guard("quantity_too_small", "subject.quantity >= 1")
        .open_guard("quantity_too_large", &format!("subject.quantity <= {QUANTITY_MAX}"))
        .open_guard("unknown_method", METHODS)
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay").topic("order.paid"))
        .action(cancel("order", ["pending"], "cancelled"))
        .action(cancel("order", ["paid"], "refund_due"))
        .action(ActionDefinition::new("refund", ["refund_due"], "refunded", "order.refund"))
        .action(expire("order"))
        .timer("pending", ORDER_HOLD, "expire")
        .build()
}

/// The booking: a time range of one listing, held while it is pending.
fn reservation() -> Result<Contract, LawError> {
    let contract = Contract::builder("reservation", "2")
        .states(["pending", "confirmed", "checked_in", "completed", "cancelled"])
        .initial("pending")
        .terminal(["completed", "cancelled"])
        .attribute("customer", Type::String)
        .attribute("listing", Type::String)
        .attribute("party_size", Type::Integer)
        .attribute("capacity", Type::Integer)
        .attribute("starts", Type::Time)
        .attribute("ends", Type::Time)
        .attribute("free_until", Type::Time)
        .attribute("method", Type::String)
        .attribute("instant", Type::Bool)
        .attribute("paid", Type::Bool)
        .open(
            "reservation.create",
            [
                "customer",
                "listing",
                "party_size",
                "capacity",
                "starts",
                "ends",
                "free_until",
                "method",
                "instant",
                "paid",
            ],
        )
        .open_guard("party_too_small", "subject.party_size >= 1")
        .open_guard("over_capacity", "subject.party_size <= subject.capacity")
        .open_guard("empty_range", "subject.starts < subject.ends")
        .open_guard("in_the_past", "now < subject.ends")
        .open_guard("paid_too_early", "!subject.paid")
        .open_guard("unknown_method", METHODS)
        .action(
            ActionDefinition::new("confirm", ["pending"], "confirmed", "reservation.confirm")
                .topic("reservation.confirmed"),
        )
        .action(ActionDefinition::new("check_in", ["confirmed"], "checked_in", "reservation.ops"))
        .action(ActionDefinition::new("complete", ["checked_in"], "completed", "reservation.ops"))
        // Unpaid and unconfirmed it binds nobody; later the listing's policy binds its customer.
        .action(
            cancel("reservation", ["pending"], "cancelled")
                .guard("cancellation_closed", format!("!subject.paid || {FREE}").as_str()),
        )
        .action(
            cancel("reservation", ["confirmed", "checked_in"], "cancelled")
                .guard("cancellation_closed", FREE),
        )
        .action(expire("reservation").guard("paid", "!subject.paid"))
        .timer("pending", BOOKING_HOLD, "expire");
    // Not a change of status: the hold is paid for and now waits for the owner, not the clock.
    let pay = |contract: ContractBuilder, state: &str| {
        contract.action(
            ActionDefinition::new("pay", [state], state, "reservation.pay")
                .guard("already_paid", "!subject.paid")
                .set("paid", "true"),
        )
    };
    ["pending", "confirmed", "checked_in"].into_iter().fold(contract, pay).build()
}

/// What is owed for an order or a booking. Each is asked for once; another try is another payment.
fn payment() -> Result<Contract, LawError> {
    Contract::builder("payment", "2")
        .states(["pending", "paid", "failed", "cancelled"])
        .initial("pending")
        .terminal(["paid", "failed", "cancelled"])
        .attribute("customer", Type::String)
        .attribute("payable_kind", Type::String)
        .attribute("payable", Type::String)
        .attribute("amount", Type::Integer)
        .attribute("method", Type::String)
        .open("payment.create", ["customer", "payable_kind", "payable", "amount", "method"])
        .open_guard("unknown_payable", "subject.payable_kind in ['order', 'reservation']")
        .open_guard("nothing_to_pay", "subject.amount >= 1")
        .open_guard("unknown_method", METHODS)
        .action(
            ActionDefinition::new("mark_paid", ["pending"], "paid", "payment.mark_paid")
                .guard("paid_online", "subject.method != 'online' || actor.kind == 'webhook'")
                .topic("payment.paid"),
        )
        .action(ActionDefinition::new("fail", ["pending"], "failed", "payment.fail"))
        .action(ActionDefinition::new("cancel", ["pending"], "cancelled", "payment.cancel"))
        .action(expire("payment"))
        .timer("pending", PAYMENT_HOLD, "expire")
        .build()
}

/// A cancellation, with its reason.
fn cancel<const N: usize>(kind: &str, from: [&str; N], to: &str) -> ActionDefinition {
    ActionDefinition::new("cancel", from, to, &format!("{kind}.cancel"))
        .optional_input("reason", Type::String)
        .topic(&format!("{kind}.cancelled"))
}

/// The end of a hold that nobody pays for.
fn expire(kind: &str) -> ActionDefinition {
    ActionDefinition::new("expire", ["pending"], "cancelled", &format!("{kind}.expire"))
        .guard("paid_in_person", ONLINE)
}
