//! The law of the work-order world: roles as a matrix, contracts as machines.
//!
//! The matrix is the port's official one, kept as the table that people know; what the port's jobs
//! need beyond it stands apart and is visible as such.

use std::time::Duration;

use hos_core::actor::ActorKind;
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::LawError;
use hos_core::law::{Law, LawBuilder};
use hos_core::policy::RoleDefinition;
use hos_core::value::Type;

/// The six roles of the official matrix, in its order.
pub const ROLES: [&str; 6] =
    ["sistem_yoneticisi", "operasyon", "guvenlik", "finans", "saha", "readonly"];

/// The official matrix: ten resources, and per role of [`ROLES`] read, write, delete.
pub const MATRIX: [(&str, [&str; 6]); 10] = [
    ("cari", ["rwd", "rwd", "r", "rwd", "r", "r"]),
    ("motorbot", ["rwd", "rwd", "r", "", "r", "r"]),
    ("barinma", ["rwd", "rwd", "", "", "", "r"]),
    ("workorder", ["rwd", "rwd", "", "r", "rwd", "r"]),
    ("kurlar", ["rwd", "", "", "rwd", "", "r"]),
    ("tarife", ["rwd", "", "", "rwd", "", "r"]),
    ("guvenlik", ["rwd", "", "rwd", "", "", "r"]),
    ("saha", ["rwd", "r", "", "", "rwd", "r"]),
    ("parametre", ["rwd", "r", "", "", "", "r"]),
    ("hizmet", ["rwd", "rwd", "", "r", "", "r"]),
];

/// The three verbs of the matrix, by their letter.
pub const VERBS: [(char, &str); 3] = [('r', "read"), ('w', "write"), ('d', "delete")];

/// What the jobs need beyond the matrix: each ability with the roles that have it.
///
/// The last row is ours: the matrix keeps work orders from the gate, whose job is to check them.
pub const ADDITIONS: [(&str, &[&str]); 10] = [
    ("workorder.create", &["sistem_yoneticisi", "operasyon", "saha"]),
    ("workorder.approve", &["sistem_yoneticisi", "operasyon"]),
    ("workorder.start", &["sistem_yoneticisi", "operasyon"]),
    ("workorder.complete", &["sistem_yoneticisi", "saha"]),
    ("workorder.invoice", &["sistem_yoneticisi", "finans"]),
    ("workorder.close", &["sistem_yoneticisi"]),
    ("guvenlik.gate", &["sistem_yoneticisi", "guvenlik"]),
    ("rapor.export", &["sistem_yoneticisi", "operasyon", "finans"]),
    ("audit.read", &["sistem_yoneticisi"]),
    ("workorder.read", &["guvenlik"]),
];

/// Who asked from outside, for the own company: the owner, or the company's portal admin.
const OWN: &str = "has(actor.company) && actor.company == subject.company && \
     (has(subject.owner) && subject.owner == actor.id \
     || has(actor.portal_admin) && actor.portal_admin)";

/// The law of the world.
///
/// # Errors
///
/// None: a test builds it. The type is that of every law.
pub fn law() -> Result<Law, LawError> {
    let mut law = official();
    for (ability, roles) in ADDITIONS {
        law = law.allow(ability, roles.iter().copied());
    }
    law.claim("company", Type::String)
        .claim("portal_admin", Type::Bool)
        .allow_if("workorder.create", ["portal"], OWN)
        .allow_if("workorder.read", ["portal"], OWN)
        .allow_if("workorder.submit", ["portal"], OWN)
        .allow("price_list.lapse", ["timer"])
        .allow("hos.record", ["sistem_yoneticisi", "operasyon", "saha", "guvenlik"])
        .critical(["workorder.approve", "workorder.invoice"])
        .contract(order()?)
        .contract(document()?)
        .contract(trip()?)
        .contract(gate()?)
        .contract(price_list()?)
        .build()
}

/// The official matrix alone, as its 180 cells stand: no contracts, no additions.
///
/// # Errors
///
/// None, as for [`law`].
pub fn official_law() -> Result<Law, LawError> {
    official().build()
}

fn official() -> LawBuilder {
    let mut law = Law::builder("workorder", "2026-12-01").roles(ROLES).roles([
        RoleDefinition::superuser("super_admin"),
        RoleDefinition::implicit("portal", ActorKind::User),
        RoleDefinition::implicit("timer", ActorKind::Job),
    ]);
    for (resource, rights) in MATRIX {
        for (letter, verb) in VERBS {
            let holders = ROLES.iter().zip(rights).filter(|(_, rights)| rights.contains(letter));
            law = law.allow(&format!("{resource}.{verb}"), holders.map(|(role, _)| *role));
        }
    }
    law
}

/// A work order: eight states, ten moves. Old names are understood and never shown.
///
/// # Errors
///
/// None, as for [`law`].
pub fn order() -> Result<Contract, LawError> {
    Contract::builder("workorder", "1")
        .states(["draft", "submitted", "approved", "in_progress"])
        .states(["completed", "invoiced", "closed", "rejected"])
        .initial("draft")
        .terminal(["closed"])
        .alias("pending_approval", "submitted")
        .alias("sahada", "in_progress")
        .alias("tamamlandi", "completed")
        .alias("faturalandi", "invoiced")
        .alias("kapandi", "closed")
        .attribute("company", Type::String)
        .attribute("owner", Type::String)
        .attribute("title", Type::String)
        .attribute("description", Type::String)
        .attribute("gate_required", Type::Bool)
        .attribute("crane", Type::Bool)
        .attribute("actual_start", Type::Time)
        .attribute("actual_end", Type::Time)
        .attribute("invoice_number", Type::String)
        .open("workorder.create", ["company", "title", "gate_required", "crane"])
        .open_guard("title_too_short", "size(subject.title) >= 3")
        .open_guard("title_too_long", "size(subject.title) <= 120")
        .action(
            ActionDefinition::new("submit", ["draft"], "submitted", "workorder.submit")
                .fact("items", Type::Integer)
                .guard("subject_too_short", "size(subject.title) >= 5")
                .guard("description_too_short", "size(subject.description) >= 20")
                .guard("no_items", "facts.items >= 1"),
        )
        .action(
            ActionDefinition::new("approve_direct", ["draft"], "approved", "workorder.approve")
                .fact("permit_needed", Type::Bool)
                .fact("customs_permit", Type::String)
                .guard("asked_for_by_portal", "!has(subject.owner)")
                .guard(
                    "customs_permit",
                    r#"!facts.permit_needed || facts.customs_permit == "approved""#,
                ),
        )
        .action(
            ActionDefinition::new("approve", ["submitted"], "approved", "workorder.approve")
                .fact("customs_permit", Type::String)
                .guard("customs_permit", r#"facts.customs_permit == "approved""#),
        )
        .action(rejection("reject", "submitted"))
        .action(rejection("revoke", "approved"))
        .action(resubmission())
        .action(start())
        .action(
            ActionDefinition::new("complete", ["in_progress"], "completed", "workorder.complete")
                .input("actual_end", Type::Time)
                .fact("work_logs", Type::Integer)
                .guard("no_work_log", "facts.work_logs >= 1")
                .guard("ends_before_start", "input.actual_end >= subject.actual_start")
                .set("actual_end", "input.actual_end"),
        )
        .action(invoicing())
        .action(ActionDefinition::new("close", ["invoiced"], "closed", "workorder.close"))
        .build()
}

fn start() -> ActionDefinition {
    ActionDefinition::new("start", ["approved"], "in_progress", "workorder.start")
        .fact("customs_permit", Type::String)
        .fact("permit_until", Type::Time)
        .fact("letter_approved", Type::Bool)
        .fact("persons_approved", Type::Bool)
        .guard("customs_permit", r#"facts.customs_permit == "approved""#)
        .guard("customs_permit_expired", "now < facts.permit_until")
        .guard("letter_not_approved", "!subject.crane || facts.letter_approved")
        .guard("persons_not_approved", "!subject.gate_required || facts.persons_approved")
        .set("actual_start", "now")
}

fn rejection(name: &str, from: &str) -> ActionDefinition {
    ActionDefinition::new(name, [from], "rejected", "workorder.approve")
        .input("reason", Type::String)
        .guard("reason_too_short", "size(input.reason) >= 10")
}

fn resubmission() -> ActionDefinition {
    ActionDefinition::new("resubmit", ["rejected"], "submitted", "workorder.submit")
        .optional_input("title", Type::String)
        .optional_input("description", Type::String)
        .fact("items", Type::Integer)
        .guard(
            "subject_too_short",
            "has(input.title) && size(input.title) >= 5 \
             || !has(input.title) && size(subject.title) >= 5",
        )
        .guard(
            "description_too_short",
            "has(input.description) && size(input.description) >= 20 \
             || !has(input.description) && size(subject.description) >= 20",
        )
        .guard("no_items", "facts.items >= 1")
        .set("title", "input.title")
        .set("description", "input.description")
}

/// The proof of an invoice holds what the price came from; a later change of a list or rate
/// changes no invoiced amount.
fn invoicing() -> ActionDefinition {
    ActionDefinition::new("invoice", ["completed"], "invoiced", "workorder.invoice")
        .input("invoice_number", Type::String)
        .input("invoice_date", Type::Time)
        .fact("items", Type::Integer)
        .fact("items_priced", Type::Integer)
        .fact("total_kurus", Type::Integer)
        .fact("price_list", Type::String)
        .fact("rate", Type::String)
        .guard("invoice_number_missing", "size(input.invoice_number) >= 1")
        .guard("item_without_price", "facts.items >= 1 && facts.items == facts.items_priced")
        .set("invoice_number", "input.invoice_number")
        .topic("workorder.invoiced")
        .proof("price_snapshot")
}

/// A document of the archive, such as the customs permit.
///
/// # Errors
///
/// None, as for [`law`].
pub fn document() -> Result<Contract, LawError> {
    Contract::builder("document", "1")
        .states(["uploaded", "approved", "rejected", "expired"])
        .initial("uploaded")
        .terminal(["rejected", "expired"])
        .attribute("order", Type::String)
        .attribute("digest", Type::String)
        .open("workorder.write", ["order", "digest"])
        .open_guard("not_a_digest", "size(subject.digest) == 64")
        .action(ActionDefinition::new("approve", ["uploaded"], "approved", "workorder.approve"))
        .action(
            ActionDefinition::new("reject", ["uploaded"], "rejected", "workorder.approve")
                .input("reason", Type::String)
                .guard("reason_too_short", "size(input.reason) >= 10"),
        )
        .action(ActionDefinition::new("expire", ["approved"], "expired", "workorder.approve"))
        .build()
}

/// A trip of a boat: five states, five moves.
///
/// # Errors
///
/// None, as for [`law`].
pub fn trip() -> Result<Contract, LawError> {
    Contract::builder("trip", "1")
        .states(["planlandi", "devam_ediyor", "tamamlandi", "faturalandi", "iptal"])
        .initial("planlandi")
        .terminal(["faturalandi", "iptal"])
        .attribute("boat", Type::String)
        .attribute("boat_state", Type::String)
        .attribute("departs_at", Type::Time)
        .attribute("returns_at", Type::Time)
        .open("motorbot.write", ["boat", "boat_state", "departs_at", "returns_at"])
        .open_guard("boat_not_active", r#"subject.boat_state == "aktif""#)
        .open_guard("returns_before_departure", "subject.departs_at < subject.returns_at")
        .action(
            ActionDefinition::new("start", ["planlandi"], "devam_ediyor", "motorbot.write")
                .fact("overlapping", Type::Integer)
                .guard("trip_overlaps", "facts.overlapping == 0"),
        )
        .action(ActionDefinition::new("finish", ["devam_ediyor"], "tamamlandi", "motorbot.write"))
        .action(ActionDefinition::new(
            "invoice",
            ["tamamlandi"],
            "faturalandi",
            "workorder.invoice",
        ))
        .action(ActionDefinition::new(
            "cancel",
            ["planlandi", "devam_ediyor"],
            "iptal",
            "motorbot.write",
        ))
        .build()
}

/// A record of the gate: one way in, one way out, never deleted.
///
/// # Errors
///
/// None, as for [`law`].
pub fn gate() -> Result<Contract, LawError> {
    Contract::builder("gate", "1")
        .states(["inside", "outside"])
        .initial("inside")
        .terminal(["outside"])
        .attribute("order", Type::String)
        .attribute("order_state", Type::String)
        .attribute("plate", Type::String)
        .attribute("checklist_complete", Type::Bool)
        .attribute("exception_reason", Type::String)
        .attribute("entered_at", Type::Time)
        .open(
            "guvenlik.gate",
            ["order", "order_state", "plate", "checklist_complete", "entered_at"],
        )
        .open_guard("order_not_approved", r#"subject.order_state in ["approved", "in_progress"]"#)
        .open_guard(
            "checklist_missing",
            "subject.checklist_complete \
             || has(subject.exception_reason) && size(subject.exception_reason) >= 10",
        )
        .action(
            ActionDefinition::new("exit", ["inside"], "outside", "guvenlik.gate")
                .input("exited_at", Type::Time)
                .guard("exits_before_entry", "input.exited_at >= subject.entered_at"),
        )
        .build()
}

/// A price list: a draft, then in force for at most a year, then retired for good.
///
/// # Errors
///
/// None, as for [`law`].
pub fn price_list() -> Result<Contract, LawError> {
    Contract::builder("price_list", "1")
        .states(["taslak", "aktif", "pasif"])
        .initial("taslak")
        .terminal(["pasif"])
        .open("tarife.write", [""; 0])
        .action(
            ActionDefinition::new("activate", ["taslak"], "aktif", "tarife.write")
                .fact("overlapping", Type::Integer)
                .guard("overlapping_period", "facts.overlapping == 0"),
        )
        .action(ActionDefinition::new("retire", ["aktif"], "pasif", "tarife.write"))
        .action(ActionDefinition::new("lapse", ["aktif"], "pasif", "price_list.lapse"))
        .timer("aktif", Duration::from_secs(366 * 86_400), "lapse")
        .build()
}
