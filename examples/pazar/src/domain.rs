//! What the marketplace keeps of its own, in the law's transactions.

pub(crate) mod admin;
pub(crate) mod bundles;
pub(crate) mod checkpoints;
pub(crate) mod deal;
pub(crate) mod erasures;
pub(crate) mod events;
pub(crate) mod evidence;
pub(crate) mod listings;
pub(crate) mod lists;
pub(crate) mod moves;
pub(crate) mod orders;
pub(crate) mod payments;
pub(crate) mod people;
pub(crate) mod pictures;
pub(crate) mod refunds;
pub(crate) mod reservations;
pub(crate) mod schema;
pub(crate) mod tenants;
