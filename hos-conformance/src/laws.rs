//! Every law of the suite and of the model, to be looked at.

use hos_core::law::Law;

use crate::cases::{migration, timers};
use crate::{law, model};

/// Every law under which a case or the model plays, each with its contracts.
#[must_use]
pub fn laws() -> Vec<Law> {
    vec![
        law::law(),
        migration::law::later(),
        timers::bells("bell"),
        timers::bells("gate"),
        model::law(),
    ]
}
